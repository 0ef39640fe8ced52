//! Runs a client through its steps as its owner would, and watches what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use meeting_session_core::client::{ClientEvent, ClientOutput, Identity, JoinOptions, WriteId};
use meeting_session_core::protocol::*;
use meeting_session_core::{Client, Instant, Position};

use super::server::participant_id;
use super::step::*;
use crate::checks::update::Value;

/// Runs all steps; panics when something is wrong.
pub(crate) fn run(run: &Run) {
    let mut world = World::new(run.seed);
    for step in &run.steps {
        world.step(step);
        world.drain();
        world.check();
    }
    world.finish();
}

/// The client, its socket, and what its page was told.
pub(super) struct World {
    now: Instant,
    pub(super) client: Client,
    joins: u64,
    socket: Socket,
    /// Whether the page takes part in a session, or tries to.
    active: bool,
    /// Whether the page was told that the join succeeded.
    joined: bool,
    interrupted: bool,
    /// Awaited writes that have not ended.
    writes: BTreeSet<u32>,
    last_write: u32,
    /// `set_user` calls that are not settled.
    users: usize,
    /// The text of every update that was sent since the join, by its number.
    sent: BTreeMap<u64, String>,
    /// Updates that were sent and have no result that the client can have read.
    pub(super) unanswered: BTreeSet<u64>,
    /// Where the page's data is.
    position: Option<Position>,
}

/// The socket as its owner knows it.
#[derive(Debug, PartialEq)]
enum Socket {
    None,
    Opening,
    Open {
        /// Whether the join was sent on it.
        asked: bool,
        /// Whether the client has joined by it.
        answered: bool,
        /// Updates that were sent on it.
        updates: BTreeSet<u64>,
    },
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            now: Instant::from_millis(1_000_000),
            client: Client::new(seed),
            joins: 0,
            socket: Socket::None,
            active: false,
            joined: false,
            interrupted: false,
            writes: BTreeSet::new(),
            last_write: 0,
            users: 0,
            sent: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            position: None,
        }
    }

    fn step(&mut self, step: &Step) {
        let now = self.now;
        match step {
            Step::Join { name, user_data, token, resume } => self.join(*name, user_data, *token, *resume),
            Step::Leave => self.client.leave(now),
            Step::Update(change) => self.client.update(now, change.update()),
            Step::Write(change) => {
                self.last_write += 1;
                self.writes.insert(self.last_write);
                self.client.write(now, WriteId(self.last_write), change.update());
            }
            Step::App { to, data } => {
                let to = to.as_ref().map(|to| to.iter().copied().map(participant_id).collect());
                let _ = self.client.app_message(now, to, data.json());
            }
            Step::User { name, data } => {
                let name = name.map(|name| "n".repeat(usize::from(name) * 2));
                let set = self.client.set_user(name, data.as_ref().map(Value::json));
                self.users += usize::from(self.active && set.is_ok());
            }
            Step::Wake => self.client.wake(now),
            Step::Unload => self.client.unload(now),
            Step::Hide => self.client.hide(now),
            Step::Opened => {
                if self.socket == Socket::Opening {
                    self.socket = Socket::Open { asked: false, answered: false, updates: BTreeSet::new() };
                    self.client.socket_opened(now);
                }
            }
            Step::Closed(closing) => {
                if core::mem::replace(&mut self.socket, Socket::None) != Socket::None {
                    self.client.socket_closed(now, closing.code());
                }
            }
            Step::Message(message) => self.message(&self.text(message)),
            Step::Mangled(mangled) => self.message(&mangled.of_server()),
            Step::Text(text) => self.message(text),
            Step::Wait(span) => self.wait(span.duration()),
            Step::Oversleep(span) => self.now = now + span.duration(),
        }
    }

    /// The page leaves, and then nothing is left of its writes.
    fn finish(&mut self) {
        self.client.leave(self.now);
        self.drain();
        self.wait(limits::LEAVE_TIMEOUT);
        self.drain();
        assert!(!self.active, "leaving has an end");
    }

    fn join(&mut self, name: u8, user_data: &Option<Value>, token: bool, resume: bool) {
        self.joins += 1;
        let secret = String::from("s3");
        let options = JoinOptions {
            session: "standup".into(),
            user_name: "é".repeat(usize::from(name) * 2),
            user_data: user_data.as_ref().map(Value::json),
            token: token.then(|| "t".repeat(limits::TOKEN_UNITS)),
            instance: format!("{:032x}", self.joins),
            resume: resume.then(|| Identity { participant: participant_id(0), secret }),
        };
        if self.client.join(self.now, options).is_ok() && !self.active {
            self.active = true;
            self.sent.clear();
            self.unanswered.clear();
        }
    }

    fn message(&mut self, text: &str) {
        let Socket::Open { answered, .. } = self.socket else { return };
        if answered && let Some(ServerMessage::Result { sequence, .. }) = ServerMessage::decode(text) {
            self.unanswered.remove(&sequence);
        }
        self.client.socket_message(self.now, text);
    }

    /// Lets time pass, and every deadline be kept.
    fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(due) = self.client.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.check();
        }
        self.now = until;
    }

    /// Does what is due. What must be true then is that nothing is due any more, or its owner would never sleep.
    fn check(&mut self) {
        let due = |world: &Self| world.client.poll_timeout().is_some_and(|due| due <= world.now);
        // A lost connection may be followed by a pause of no time at all.
        for _ in 0..3 {
            if due(self) {
                self.client.handle_timeout(self.now);
                self.drain();
            }
        }
        assert!(!due(self), "what was due is done");
        assert!(self.active || self.client.poll_timeout().is_none(), "nothing is awaited");
        assert_eq!(self.joined, self.client.position().is_some());
        assert!(self.joined || self.client.participants().is_empty());
    }

    /// Does what the client wants done.
    fn drain(&mut self) {
        let outputs = self.client.take_outputs();
        let mut changes = Vec::new();
        for (index, output) in outputs.iter().enumerate() {
            match output {
                ClientOutput::Connect => {
                    assert!(self.active);
                    self.socket = Socket::Opening;
                }
                ClientOutput::Disconnect => self.socket = Socket::None,
                ClientOutput::Send(frame) => {
                    // The farewell may go nowhere; then there is no socket any more after it, either.
                    let last = outputs.get(index + 1) == Some(&ClientOutput::Disconnect);
                    if !(last && *frame == ClientMessage::Leave.encode()) {
                        self.send(frame);
                    }
                }
                ClientOutput::Data(change) => changes.push(change),
                ClientOutput::Event(event) => {
                    let last = index + 1 == outputs.len();
                    let left = outputs.get(index + 1) == Some(&ClientOutput::Event(ClientEvent::Left));
                    match event {
                        ClientEvent::Left => assert!(last, "nothing comes after the end"),
                        ClientEvent::Failed(_) => assert!(left, "a failure is the end"),
                        _ => {}
                    }
                    self.event(event);
                }
            }
        }
        self.follow(&changes);
    }

    /// The data of the page is at the position of the client, and was brought there by what it was handed.
    fn follow(&mut self, changes: &[&StateChange]) {
        let (before, after) = (self.position, self.client.position());
        self.position = after;
        match (changes, after) {
            (_, None) => {}
            ([], Some(_)) => assert_eq!(after, before, "data that changes is handed on"),
            ([change], Some(after)) => {
                let fits = |since| {
                    before.is_some_and(|before| before.revision == since && before.epoch == after.epoch)
                };
                assert!(change.since.is_none_or(fits), "a difference from what the page has: {change:?}");
            }
            _ => panic!("{} changes at once", changes.len()),
        }
    }

    fn send(&mut self, frame: &str) {
        let Socket::Open { asked, answered, updates } = &mut self.socket else {
            panic!("sent on a socket that is not open: {frame}")
        };
        assert!(frame.len() <= limits::CLIENT_FRAME_BYTES);
        let message = ClientMessage::decode(frame).unwrap_or_else(|error| panic!("{error:?}: {frame}"));
        assert_eq!(message.encode(), frame);
        let join = matches!(message, ClientMessage::Join(_));
        assert_eq!(join, !core::mem::replace(asked, true), "the join is the first message, and no other");
        assert!(join || *answered, "nothing is sent before the join is answered: {frame}");
        if let ClientMessage::Update(request) = message {
            let number = request.sequence;
            assert!(updates.insert(number), "an update is sent once on a connection");
            let last = self.sent.last_key_value().map_or(0, |(last, _)| *last);
            if let Some(before) = self.sent.insert(number, frame.into()) {
                assert_eq!(before, frame, "what is sent again is the same text");
                assert!(self.unanswered.contains(&number), "what is answered is not sent again");
            } else {
                assert_eq!(number, last + 1);
                self.unanswered.insert(number);
            }
        }
    }

    fn event(&mut self, event: &ClientEvent) {
        match event {
            ClientEvent::Joined => {
                assert!(self.active && !self.joined);
                (self.joined, self.interrupted) = (true, false);
                self.join_answered();
            }
            ClientEvent::Interrupted => {
                assert!(self.joined && !self.interrupted);
                self.interrupted = true;
            }
            ClientEvent::Reconnected => {
                assert!(self.joined && self.interrupted);
                self.interrupted = false;
                self.join_answered();
            }
            ClientEvent::WriteEnded { write, .. } => {
                assert!(self.writes.remove(&write.0), "a write ends once: {write:?}");
            }
            ClientEvent::UserSet => {
                assert!(self.users > 0, "each change of the user takes effect once");
                self.users -= 1;
            }
            ClientEvent::Left => {
                assert!(self.active);
                assert!(self.writes.is_empty(), "every write has ended: {:?}", self.writes);
                assert_eq!(self.socket, Socket::None);
                (self.active, self.joined, self.interrupted, self.users) = (false, false, false, 0);
            }
            // Also said to a page that writes without having joined.
            ClientEvent::WriteFailed(_) | ClientEvent::Failed(_) => {}
            ClientEvent::SessionReset(_) | ClientEvent::SessionChanged | ClientEvent::Away(_) => {
                assert!(self.joined);
            }
            ClientEvent::ParticipantJoined(_)
            | ClientEvent::ParticipantUpdated(_)
            | ClientEvent::ParticipantLeft(_)
            | ClientEvent::CountsChanged
            | ClientEvent::DataChanged
            | ClientEvent::AppMessage { .. } => assert!(self.joined && !self.interrupted),
        }
    }

    fn join_answered(&mut self) {
        let Socket::Open { answered, .. } = &mut self.socket else { panic!("no socket is open") };
        *answered = true;
    }
}
