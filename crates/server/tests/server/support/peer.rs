//! A participant: a client that has joined and keeps a copy of the data.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use meeting_session_core::protocol::*;
use meeting_session_core::{Json, MergeStrategy, Position, Update};
use serde_json::value::RawValue;

use super::{Received, Server, Socket, soon};

/// A client that has joined.
pub(crate) struct Peer {
    pub(crate) socket: Socket,
    pub(crate) room: String,
    pub(crate) instance: String,
    pub(crate) joined: Joined,
    pub(crate) position: Position,
    /// The data: the text of every top-level value.
    pub(crate) data: BTreeMap<String, String>,
    /// Every position that the data has been at, with the data's text.
    pub(crate) history: Vec<(Position, String)>,
    pub(crate) sequence: u64,
}

impl Peer {
    /// Joins a session as a new participant.
    pub(crate) async fn join(server: &Server, room: &str, name: &str) -> Self {
        let join = join_message(room, name);
        Self::join_with(server, join).await.unwrap()
    }

    /// Joins, or says with which code the server refused.
    pub(crate) async fn join_with(server: &Server, join: Join) -> Result<Self, u16> {
        let socket = Socket::open(server, &format!("/{}", join.session)).await;
        Self::join_on(socket, join).await
    }

    /// Joins on a WebSocket that is open.
    pub(crate) async fn join_on(mut socket: Socket, join: Join) -> Result<Self, u16> {
        let (room, instance) = (join.session.clone(), join.instance.clone());
        socket.send_text(&ClientMessage::Join(Box::new(join)).encode()).await;
        let joined = match socket.receive().await {
            Received::Text(text) => match ServerMessage::decode(&text) {
                Some(ServerMessage::Joined(joined)) => *joined,
                other => panic!("{other:?} instead of an answer to the join"),
            },
            Received::Close(code, _) => return Err(code),
            other => panic!("{other:?} instead of an answer to the join"),
        };
        let mut peer = Self {
            socket,
            room,
            instance,
            position: joined.position,
            joined,
            data: BTreeMap::new(),
            history: Vec::new(),
            sequence: 0,
        };
        if let Some(state) = peer.joined.state.clone().filter(|state| state.since.is_none()) {
            peer.apply(peer.position, &state);
        }
        Ok(peer)
    }

    /// Takes this participant up again on a new connection.
    pub(crate) async fn resume(&self, server: &Server) -> Self {
        let mut peer = Self::join_with(server, self.resume_message()).await.unwrap();
        assert!(peer.joined.resumed);
        assert_eq!(peer.id(), self.id());
        peer.sequence = self.sequence;
        match peer.joined.state.clone() {
            Some(state) if state.since.is_some() => {
                peer.data = self.data.clone();
                peer.position = self.position;
                peer.apply(peer.joined.position, &state);
            }
            Some(_) => {}
            None => {
                assert_eq!(peer.position, self.position);
                peer.data = self.data.clone();
            }
        }
        peer
    }

    /// The join that takes this participant up again.
    pub(crate) fn resume_message(&self) -> Join {
        Join {
            instance: self.instance.clone(),
            attempt: next_attempt(),
            resume: Some(Resume {
                participant: self.id(),
                secret: self.joined.secret.clone(),
                position: Some(self.position),
            }),
            ..join_message(&self.room, &self.name())
        }
    }

    pub(crate) fn id(&self) -> ParticipantId {
        self.joined.participant.clone()
    }

    fn name(&self) -> String {
        let own = self.joined.participants.iter().find(|other| other.id == self.joined.participant);
        own.map(|own| own.user_name.clone()).unwrap_or_default()
    }

    pub(crate) async fn send(&mut self, message: &ClientMessage) {
        self.socket.send_text(&message.encode()).await;
    }

    /// The next message. Data goes into the copy; a ping is answered and not returned.
    pub(crate) async fn message(&mut self) -> ServerMessage {
        soon(self.message_unhurried()).await
    }

    pub(crate) async fn message_unhurried(&mut self) -> ServerMessage {
        loop {
            let text = match self.socket.receive_unhurried().await {
                Received::Text(text) => text,
                other => panic!("{other:?} instead of a message"),
            };
            match ServerMessage::decode(&text).expect("the server speaks the protocol") {
                ServerMessage::Ping => self.send(&ClientMessage::Pong).await,
                ServerMessage::State { position, change } => {
                    self.apply(position, &change);
                    return ServerMessage::State { position, change };
                }
                message => return message,
            }
        }
    }

    /// The next message that is neither data nor a result.
    pub(crate) async fn event(&mut self) -> ServerMessage {
        loop {
            match self.message().await {
                ServerMessage::State { .. } | ServerMessage::Result { .. } => {}
                event => return event,
            }
        }
    }

    /// Reads until the copy is at `revision`.
    pub(crate) async fn reach(&mut self, revision: u64) {
        while self.position.revision < revision {
            self.message().await;
        }
        assert_eq!(self.position.revision, revision);
    }

    /// Sends an update without waiting for its result.
    pub(crate) async fn send_update(&mut self, update: Update) {
        self.sequence += 1;
        let request = self.request(self.sequence, update);
        self.send(&ClientMessage::Update(request)).await;
    }

    pub(crate) fn request(&self, sequence: u64, update: Update) -> UpdateRequest {
        UpdateRequest { sequence, epoch: self.position.epoch, update, condition: Condition::default() }
    }

    /// Sends an update and waits for its result, past anything else.
    pub(crate) async fn update(&mut self, update: Update) -> UpdateResult {
        self.send_update(update).await;
        self.result(self.sequence).await
    }

    /// The same for one with a condition.
    pub(crate) async fn update_if(&mut self, update: Update, condition: Condition) -> UpdateResult {
        self.sequence += 1;
        let request = UpdateRequest { condition, ..self.request(self.sequence, update) };
        self.send(&ClientMessage::Update(request)).await;
        self.result(self.sequence).await
    }

    pub(crate) async fn result(&mut self, expected: u64) -> UpdateResult {
        loop {
            if let ServerMessage::Result { sequence, result } = self.message().await {
                assert_eq!(sequence, expected);
                return result;
            }
        }
    }

    /// The data as one JSON text.
    pub(crate) fn text(&self) -> String {
        let members: Vec<_> =
            self.data.iter().map(|(key, value)| serde_json::to_string(key).unwrap() + ":" + value).collect();
        format!("{{{}}}", members.join(","))
    }

    /// Applies what the server says has changed. A difference must start from where the copy is.
    pub(crate) fn apply(&mut self, position: Position, change: &StateChange) {
        match change.since {
            Some(since) => assert_eq!(since, self.position.revision, "a difference from elsewhere"),
            None => self.data.clear(),
        }
        let set: BTreeMap<String, Box<RawValue>> = serde_json::from_str(change.set.as_str()).unwrap();
        self.data.extend(set.into_iter().map(|(key, value)| (key, value.get().to_owned())));
        for key in &change.deleted {
            // It may have come and gone within the difference, so that it was never here.
            self.data.remove(key);
        }
        self.position = position;
        self.history.push((position, self.text()));
    }
}

/// A join as a new participant, with an instance id of its own.
pub(crate) fn join_message(room: &str, name: &str) -> Join {
    static INSTANCES: AtomicU64 = AtomicU64::new(1);
    Join {
        version: VERSION,
        session: room.to_owned(),
        instance: format!("{:032x}", INSTANCES.fetch_add(1, Ordering::Relaxed)),
        attempt: next_attempt(),
        user_name: name.to_owned(),
        user_data: None,
        token: None,
        predecessors: String::new(),
        resume: None,
    }
}

/// Higher than all before it, of whatever client.
fn next_attempt() -> u64 {
    static ATTEMPTS: AtomicU64 = AtomicU64::new(1);
    ATTEMPTS.fetch_add(1, Ordering::Relaxed)
}

/// A shallow merge of these keys and JSON texts; an empty text deletes the key.
pub(crate) fn merge(changes: &[(&str, &str)]) -> Update {
    update(MergeStrategy::ShallowMerge, changes)
}

/// A replace by these keys and JSON texts.
pub(crate) fn replace(changes: &[(&str, &str)]) -> Update {
    update(MergeStrategy::Replace, changes)
}

fn update(strategy: MergeStrategy, changes: &[(&str, &str)]) -> Update {
    let value = |text: &str| (!text.is_empty()).then(|| json(text));
    Update::new(strategy, changes.iter().map(|(key, text)| ((*key).into(), value(text))))
}

pub(crate) fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}
