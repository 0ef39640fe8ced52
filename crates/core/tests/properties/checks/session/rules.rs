//! What each join and each message must lead to.

use meeting_session_core::position::Epoch;
use meeting_session_core::protocol::*;
use meeting_session_core::session::{Admission, ConnectionId};
use meeting_session_core::{Json, Session};

use super::history::History;
use super::members::{Member, Members, Verdict, units};
use super::peer::{Answer, CHECKS, Peer};
use super::world::{Live, World};
use crate::checks::update::Copy;

/// The epoch in the golden files, so that their messages mean this session.
const FIRST_EPOCH: u64 = 0x1f2e_3d4c_5b6a_7988;

impl World {
    /// A join comes in on a new connection.
    pub(super) fn join(&mut self, join: Join) -> u64 {
        let (now, config) = (self.now, self.config);
        let connection = self.peers.len() as u64 + 1;
        let (last_attempt, _) = self.numbers.entry(join.instance.clone()).or_default();
        *last_attempt = join.attempt.max(*last_attempt);
        let live = self.live.get_or_insert_with(|| {
            let epoch = Epoch(FIRST_EPOCH + self.epochs);
            self.epochs += 1;
            let session = Session::new(now, epoch, config);
            let history = History::of(&session, epoch);
            Live { session, history, members: Members::default(), check_at: now + CHECKS }
        });
        self.participants += 1;
        // The first two and their secrets are those of the golden files.
        let id = match self.participants {
            1 => "6f1e".into(),
            2 => "77aa".into(),
            number => format!("p{number}"),
        };
        let secret = format!("s{}", self.participants);
        let admission = Admission { participant: ParticipantId(id), secret, date: now.as_millis() };

        let mut peer = Peer::new(now, join.instance.clone());
        let mut told = None;
        let joined = match live.members.judge(&join) {
            Verdict::Refused(code) => {
                self.closing.insert(connection, code);
                None
            }
            Verdict::New => {
                let participant = live.members.add(&join, &admission, connection);
                let id = participant.id.clone();
                told = Some(ServerMessage::ParticipantJoined(participant));
                Some((id, false))
            }
            Verdict::Known { id, resumed } => {
                let member = live.members.0.get_mut(&id).unwrap();
                self.closing.extend(member.connection.map(|old| (old, CloseCode::SUPERSEDED)));
                if member.resume(&join, admission.secret.clone(), connection) {
                    told = Some(ServerMessage::ParticipantUpdated(member.participant.clone()));
                }
                Some((id, resumed))
            }
        };
        peer.awaited = joined.map(|(participant, resumed)| Answer {
            participant,
            secret: admission.secret.clone(),
            resumed,
            claimed: join.resume.as_ref().and_then(|resume| resume.position),
            participants: live.members.list(),
        });
        live.session.join(now, ConnectionId(connection), join, admission);
        if let Some(message) = told {
            self.broadcast(message);
        }
        self.peers.insert(connection, peer);
        self.drain();
        connection
    }

    /// A message comes in. What comes from a connection that is closed means nothing.
    pub(super) fn receive(&mut self, connection: u64, message: Result<ClientMessage, DecodeError>) {
        let now = self.now;
        let Some(live) = &mut self.live else { return };
        live.session.receive(now, ConnectionId(connection), message.clone());
        let peer = self.peers.get_mut(&connection).unwrap();
        if let (true, Some((id, _))) = (peer.open, peer.identity.clone()) {
            peer.heard_at = now;
            live.members.0.get_mut(&id).unwrap().away = message == Ok(ClientMessage::Away);
            self.received(connection, id, message);
        }
        self.drain();
        if let Some(peer) = self.hurried.take().and_then(|connection| self.peers.get(&connection)) {
            peer.check_caught_up();
        }
    }

    /// What a message of somebody who has joined must lead to.
    fn received(&mut self, connection: u64, id: ParticipantId, message: Result<ClientMessage, DecodeError>) {
        match message {
            Ok(ClientMessage::Update(request)) => self.update(connection, &id, request),
            Err(DecodeError::BadUpdate { sequence }) => {
                self.answer(connection, &id, sequence, UpdateResult::Rejected(Rejection::BadData));
            }
            Ok(ClientMessage::SetUser { user_name, user_data }) => {
                let name = user_name.as_deref().map_or(0, units);
                let data = user_data.as_ref().map_or(0, |data| units(data.as_str()));
                if name > limits::USER_NAME_UNITS || data > limits::USER_DATA_UNITS {
                    return self.refuse(connection, RefusedCode::TooLarge);
                }
                let participant = &mut self.member(&id).participant;
                if let Some(user_name) = user_name {
                    participant.user_name = user_name;
                }
                if user_data.is_some() {
                    participant.user_data = user_data;
                }
                let updated = ServerMessage::ParticipantUpdated(participant.clone());
                self.broadcast(updated);
            }
            Ok(ClientMessage::AppMessage { to, data }) => {
                let recipients = to.as_ref().map_or(0, Vec::len);
                if units(data.as_str()) > limits::APP_MESSAGE_UNITS
                    || recipients > limits::APP_MESSAGE_RECIPIENTS
                {
                    return self.refuse(connection, RefusedCode::TooLarge);
                }
                self.app_message(connection, id, to, data);
            }
            Ok(ClientMessage::Pong | ClientMessage::Away) => {}
            Ok(ClientMessage::Leave) => {
                self.closing.insert(connection, CloseCode::NORMAL);
                self.live.as_mut().unwrap().members.0.remove(&id);
                self.broadcast(ServerMessage::ParticipantLeft(id));
            }
            Err(DecodeError::UnknownType) => self.refuse(connection, RefusedCode::UnknownType),
            Ok(ClientMessage::Join(_)) | Err(DecodeError::Malformed) => {
                self.closing.insert(connection, CloseCode::BAD_MESSAGE);
            }
        }
    }

    fn update(&mut self, connection: u64, id: &ParticipantId, request: UpdateRequest) {
        let now = self.now;
        let Live { session, history, members, .. } = self.live.as_mut().unwrap();
        let before = history.position();
        let answered = members.0[id].answered(request.sequence);
        let result = answered.unwrap_or_else(|| history.update(now, id, &request, session.position()));
        if history.position() != before {
            assert_eq!(Copy::of(session.data()), **history.data());
            for peer in self.peers.values_mut() {
                peer.behind_since.get_or_insert(now);
            }
        }
        self.answer(connection, id, request.sequence, result);
        self.hurried = Some(connection).filter(|_| request.condition.is_some());
    }

    fn answer(&mut self, connection: u64, id: &ParticipantId, sequence: u64, result: UpdateResult) {
        let now = self.now;
        self.member(id).remember(sequence, result);
        self.peer(connection).results.push_back((now, sequence, result));
    }

    fn refuse(&mut self, connection: u64, code: RefusedCode) {
        self.peer(connection).events.push_back(ServerMessage::Refused(code));
    }

    fn member(&mut self, id: &ParticipantId) -> &mut Member {
        self.live.as_mut().unwrap().members.0.get_mut(id).unwrap()
    }

    /// A message goes to everybody but its sender, or to those named who are there.
    fn app_message(&mut self, sender: u64, from: ParticipantId, to: Option<Vec<ParticipantId>>, data: Json) {
        for (connection, peer) in self.peers.iter_mut().filter(|(_, peer)| peer.open) {
            let receives = match (&to, &peer.identity) {
                (None, _) => *connection != sender,
                (Some(to), identity) => identity.as_ref().is_some_and(|(id, _)| to.contains(id)),
            };
            if receives {
                peer.events.push_back(ServerMessage::AppMessage { from: from.clone(), data: data.clone() });
            }
        }
    }

    /// Everybody is owed this message.
    pub(super) fn broadcast(&mut self, message: ServerMessage) {
        for peer in self.peers.values_mut().filter(|peer| peer.open) {
            peer.events.push_back(message.clone());
        }
    }
}
