//! What a participant asks for: writes, another name, messages to others, to leave.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use super::member::{Remembered, check_user};
use super::{ConnectionId, Frame, Session, millis};
use crate::json::Json;
use crate::protocol::*;
use crate::time::Instant;
use crate::update::MergeStrategy;

impl Session {
    /// A frame came from a connection that has joined.
    pub fn receive(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        message: Result<ClientMessage, DecodeError>,
    ) {
        let Some(reader) = self.readers.get_mut(&connection) else {
            return;
        };
        reader.heard_at = now;
        let id = reader.participant.clone();
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        member.away = message == Ok(ClientMessage::Away) || mutant!("away-for-ever") && member.away;
        if mutant!("stale-close-applied") && member.connection != Some(connection) {
            return;
        }
        match message {
            Ok(ClientMessage::Update(request)) => self.update(now, connection, &id, request),
            Err(DecodeError::BadUpdate { sequence }) => {
                self.conclude(now, connection, &id, sequence, UpdateResult::Rejected(Rejection::BadData));
            }
            Ok(ClientMessage::SetUser { user_name, user_data }) => {
                self.set_user(now, connection, &id, user_name, user_data);
            }
            Ok(ClientMessage::AppMessage { to, data }) => self.app_message(now, connection, id, to, data),
            Ok(ClientMessage::Pong | ClientMessage::Away) => {}
            Ok(ClientMessage::Leave) => {
                self.close(now, connection, CloseCode::NORMAL);
                self.remove_member(now, &id);
            }
            Err(DecodeError::UnknownType) => self.refuse(now, connection, RefusedCode::UnknownType),
            Ok(ClientMessage::Join(_)) | Err(DecodeError::Malformed) => {
                self.close(now, connection, CloseCode::BAD_MESSAGE);
            }
        }
    }

    /// Answers an update: as before if it has come before, otherwise by what becomes of it now.
    fn update(&mut self, now: Instant, connection: ConnectionId, id: &ParticipantId, request: UpdateRequest) {
        let Some(member) = self.members.get(id) else {
            return;
        };
        let sequence = request.sequence;
        let conditional = request.condition.is_some();
        let remembered = match request.update.strategy() {
            _ if mutant!("dedupe-skipped") => Remembered::New,
            MergeStrategy::MergePatch if mutant!("patch-applied-twice-on-re-send") => Remembered::New,
            _ => member.remembered(sequence),
        };
        let result = match remembered {
            Remembered::Answered(result) => result,
            Remembered::Forgotten => UpdateResult::Rejected(Rejection::OutOfOrder),
            Remembered::New => {
                let date = self.dated.1 + millis(now.since(self.dated.0));
                self.state.commit(now, date, id, request)
            }
        };
        self.conclude(now, connection, id, sequence, result);
        // Who writes on a condition, and must perhaps try again, needs the newest data and not what was gathered.
        if conditional && let Some(reader) = self.readers.get_mut(&connection) {
            reader.catch_up(now, &self.state, &mut Vec::new(), &mut self.outputs);
        }
    }

    /// Remembers how an operation ended and sends the answer, after the data that it led to.
    fn conclude(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        id: &ParticipantId,
        sequence: u64,
        result: UpdateResult,
    ) {
        if let Some(member) = self.members.get_mut(id) {
            member.remember(sequence, result);
        }
        let result = match result {
            UpdateResult::Rejected(Rejection::TooLarge(_)) if mutant!("rejected-told-as-applied") => {
                UpdateResult::Applied(self.state.position().revision)
            }
            result => result,
        };
        let frame = Frame::from(ServerMessage::Result { sequence, result }.encode());
        if mutant!("result-before-delta") {
            self.send(now, connection, &frame);
        } else if let Some(reader) = self.readers.get_mut(&connection)
            && !reader.conclude(frame)
        {
            self.close(now, connection, CloseCode::SLOW_READER);
        }
        self.schedule_flush(now);
    }

    fn set_user(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        id: &ParticipantId,
        user_name: Option<String>,
        user_data: Option<Json>,
    ) {
        if check_user(user_name.as_deref().unwrap_or_default(), user_data.as_ref()).is_err() {
            return self.refuse(now, connection, RefusedCode::TooLarge);
        }
        let Some(member) = self.members.get_mut(id) else {
            return;
        };
        member.set_user(user_name, user_data);
        let updated = ServerMessage::ParticipantUpdated(member.participant.clone());
        self.broadcast(now, updated);
    }

    fn app_message(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        from: ParticipantId,
        to: Option<Vec<ParticipantId>>,
        data: Json,
    ) {
        let recipients = to.as_ref().map_or(0, Vec::len);
        if data.units() > limits::APP_MESSAGE_UNITS || recipients > limits::APP_MESSAGE_RECIPIENTS {
            return self.refuse(now, connection, RefusedCode::TooLarge);
        }
        let receivers: Vec<_> = match to {
            None => self
                .readers
                .keys()
                .copied()
                .filter(|&other| other != connection || mutant!("message-to-its-sender"))
                .collect(),
            Some(ids) => {
                let ids: BTreeSet<_> = ids.into_iter().collect();
                ids.iter().filter_map(|id| self.members.get(id)?.connection).collect()
            }
        };
        let frame = Frame::from(ServerMessage::AppMessage { from, data }.encode());
        for receiver in receivers {
            self.send(now, receiver, &frame);
        }
    }

    fn refuse(&mut self, now: Instant, connection: ConnectionId, code: RefusedCode) {
        self.send(now, connection, &Frame::from(ServerMessage::Refused(code).encode()));
    }
}
