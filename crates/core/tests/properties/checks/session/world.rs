//! Runs a session through its steps as its owner would, and compares what it does with the model.

use std::collections::BTreeMap;
use std::time::Duration;

use meeting_session_core::protocol::*;
use meeting_session_core::session::{ConnectionId, SavedSession, SessionConfig, SessionOutput};
use meeting_session_core::{Instant, Session};

use super::history::History;
use super::members::Members;
use super::peer::{CHECKS, Peer};
use super::step::*;
use crate::checks::span::Span;
use crate::checks::update::{Change, Copy, Key, Value};

/// Runs all steps; panics when something is wrong.
pub(crate) fn run(run: &Run) {
    let mut world = World::new(run.grace.duration());
    for step in &run.steps {
        world.step(step);
        world.check();
    }
    world.finish();
}

/// The session, those who use it, and what must be true of it.
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) config: SessionConfig,
    /// None when nobody is left.
    pub(super) live: Option<Live>,
    /// All connections there ever were, by number.
    pub(super) peers: BTreeMap<u64, Peer>,
    /// Connections that the session must close now.
    pub(super) closing: BTreeMap<u64, CloseCode>,
    /// The last numbers of each instance: of a join, and of an operation.
    pub(super) numbers: BTreeMap<String, (u64, u64)>,
    /// The connection that has just written on a condition, and so gets its answer and the data before it at once.
    pub(super) hurried: Option<u64>,
    saved: Option<Saved>,
    pub(super) epochs: u64,
    pub(super) participants: u64,
}

/// A session and its model.
pub(super) struct Live {
    pub(super) session: Session,
    pub(super) history: History,
    pub(super) members: Members,
    /// When the session next forgets what is too long ago.
    pub(super) check_at: Instant,
}

/// What was written down of a session, and what its model was.
struct Saved {
    text: String,
    at: Instant,
    history: History,
    members: Members,
}

impl World {
    fn new(grace: Duration) -> Self {
        Self {
            now: Instant::from_millis(1_000_000),
            config: SessionConfig { grace, ..SessionConfig::default() },
            live: None,
            peers: BTreeMap::new(),
            closing: BTreeMap::new(),
            numbers: BTreeMap::new(),
            hurried: None,
            saved: None,
            epochs: 0,
            participants: 0,
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Join(joining) => drop(self.join_as(joining)),
            Step::First(mangled) => {
                if let Ok(ClientMessage::Join(join)) = ClientMessage::decode(&mangled.of_client()) {
                    self.join(*join);
                }
            }
            Step::Say(pick, saying) => {
                let Some(connection) = self.pick(*pick) else { return };
                let message = self.message(connection, saying);
                self.receive(connection, message);
            }
            Step::Burst(pick, count) => {
                let Some(connection) = self.pick(*pick) else { return };
                for number in 0..count.count() {
                    let member = (Key::Usual(number as u8), Some(Value::Number(number.into())));
                    let change = Change { replace: false, members: vec![member] };
                    let saying = Saying::Update {
                        sequence: Sequence::Next,
                        other_epoch: false,
                        change,
                        patch: false,
                        asked: Asked::default(),
                    };
                    let message = self.message(connection, &saying);
                    self.receive(connection, message);
                }
            }
            Step::Crowd(count) => {
                for _ in 0..count.count() {
                    // Each is told of all who are there: a full session is too slow to be fuzzed.
                    let there = self.live.as_ref().map_or(0, |live| live.members.0.len());
                    if cfg!(fuzzing) && there > limits::PARTICIPANTS_PER_MESSAGE {
                        break;
                    }
                    let connection = self.join_as(&Joining::new_client());
                    self.disconnect(connection);
                }
            }
            Step::Heard(pick) => {
                if let Some(connection) = self.pick(*pick) {
                    self.peer(connection).heard_at = self.now;
                    self.call(|session, now| session.heard(now, ConnectionId(connection)));
                }
            }
            Step::Disconnect(pick) => {
                if let Some(connection) = self.pick(*pick) {
                    self.disconnect(connection);
                }
            }
            Step::Block(pick) => {
                if let Some(connection) = self.pick(*pick) {
                    let now = self.now;
                    self.peer(connection).blocked_since.get_or_insert(now);
                    self.call(|session, now| session.blocked(now, ConnectionId(connection)));
                }
            }
            Step::Unblock(pick) => {
                if let Some(connection) = self.pick(*pick) {
                    self.unblock(connection);
                }
            }
            Step::GoAway { spread, offset } => {
                let millis = |span: &Span| u64::try_from(span.duration().as_millis()).unwrap();
                let (spread, offset) = (millis(spread).max(1), millis(offset));
                let open = self.open();
                for (index, connection) in open.iter().enumerate() {
                    let share = spread * index as u64 / open.len() as u64;
                    let message = ServerMessage::GoAway { reconnect_after_ms: (offset + share) % spread };
                    self.peer(*connection).events.push_back(message);
                }
                let (spread, offset) = (Duration::from_millis(spread), Duration::from_millis(offset));
                self.call(|session, now| session.go_away(now, spread, offset));
            }
            Step::Save => self.save(),
            Step::Restore { ago } => self.restore(ago.duration()),
            Step::Wait(span) => self.wait(span.duration()),
            Step::Oversleep(span) => self.now = self.now + span.duration(),
        }
    }

    /// Lets everybody catch up, and then lets them go.
    fn finish(&mut self) {
        for connection in self.open() {
            self.unblock(connection);
        }
        self.wait(limits::CONFLATION_INTERVAL);
        self.check();
        for connection in self.open() {
            let current = self.live.as_ref().map(|live| live.history.position());
            let peer = &self.peers[&connection];
            assert_eq!(peer.position, current, "everybody has the data in the end");
            assert!(peer.results.is_empty(), "every update is answered");
        }
        for connection in self.open() {
            self.disconnect(connection);
        }
        self.wait(self.config.grace);
        self.check();
        assert!(self.live.is_none(), "a session without anybody ends");
    }

    fn open(&self) -> Vec<u64> {
        self.peers.iter().filter(|(_, peer)| peer.open).map(|(connection, _)| *connection).collect()
    }

    fn pick(&self, Pick(which): Pick) -> Option<u64> {
        let mut candidates = self.open();
        if which >= 230 || candidates.is_empty() {
            candidates = self.peers.keys().copied().collect();
        }
        candidates.get(usize::from(which).checked_rem(candidates.len())?).copied()
    }

    pub(super) fn peer(&mut self, connection: u64) -> &mut Peer {
        self.peers.get_mut(&connection).unwrap()
    }

    fn disconnect(&mut self, connection: u64) {
        let peer = self.peers.get_mut(&connection).unwrap();
        if core::mem::take(&mut peer.open)
            && let Some(live) = &mut self.live
        {
            live.members.lost(self.now, connection, self.config.grace);
        }
        self.call(|session, now| session.disconnected(now, ConnectionId(connection)));
    }

    fn unblock(&mut self, connection: u64) {
        let now = self.now;
        let peer = self.peer(connection);
        peer.blocked_since = None;
        peer.behind_since = peer.behind_since.map(|_| now);
        peer.results.iter_mut().for_each(|(since, ..)| *since = now);
        self.call(|session, now| session.writable(now, ConnectionId(connection)));
    }

    fn save(&mut self) {
        let Some(live) = &self.live else { return };
        let text = serde_json::to_string(&live.session.save(self.now)).unwrap();
        let (history, members) = (live.history.clone(), live.members.clone());
        self.saved = Some(Saved { text, at: self.now, history, members });
    }

    fn restore(&mut self, ago: Duration) {
        if self.saved.is_none() {
            self.save();
        }
        let Some(Saved { text, at, history, members }) = self.saved.take() else { return };
        for peer in self.peers.values_mut() {
            peer.open = false;
        }
        let members = members.restored(at, self.now, ago, self.config.grace);
        let saved: SavedSession = serde_json::from_str(&text).unwrap();
        let session = Session::restore(self.now, saved, ago, self.config);
        assert_eq!(session.is_some(), !members.0.is_empty());
        let (history, check_at) = (history.restored(), self.now + CHECKS);
        self.live = session.map(|session| Live { session, history, members, check_at });
        if let Some(live) = &self.live {
            assert_eq!(live.session.position(), live.history.position());
            assert_eq!(Copy::of(live.session.data()), **live.history.data());
        }
        self.drain();
    }

    /// Lets time pass, and every deadline be kept.
    fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(live) = &self.live
            && live.session.poll_timeout() <= until
        {
            self.now = self.now.max(live.session.poll_timeout());
            self.handle_timeout();
            self.check();
        }
        self.now = until;
    }

    fn handle_timeout(&mut self) {
        let Some(live) = &mut self.live else { return };
        let given_up = live.members.take_given_up(self.now);
        if live.check_at <= self.now {
            live.check_at = self.now + CHECKS;
            live.history.expire(self.now);
        }
        live.session.handle_timeout(self.now);
        for id in given_up {
            self.broadcast(ServerMessage::ParticipantLeft(id));
        }
        self.drain();
    }

    /// What must be true after every step, once what is due is done.
    fn check(&mut self) {
        let due =
            |world: &Self| world.live.as_ref().is_some_and(|live| live.session.poll_timeout() <= world.now);
        // Twice, as a connection may be closed in the first and its participant, without any grace, be due at once.
        for _ in 0..2 {
            if due(self) {
                self.handle_timeout();
            }
        }
        assert!(!due(self), "what was due is done");
        for peer in self.peers.values().filter(|peer| peer.open) {
            peer.check(self.now);
        }
    }

    fn call(&mut self, input: impl FnOnce(&mut Session, Instant)) {
        if let Some(live) = &mut self.live {
            input(&mut live.session, self.now);
            self.drain();
        }
    }

    /// Does what the session wants done.
    pub(super) fn drain(&mut self) {
        let Some(mut live) = self.live.take() else { return };
        let mut ended = false;
        while let Some(output) = live.session.poll_output() {
            assert!(!ended, "nothing comes after the end: {output:?}");
            match output {
                SessionOutput::Send { connection, frame } => {
                    let peer = self.peers.get_mut(&connection.0).expect("a known connection");
                    peer.receive(&frame, &live.history);
                }
                SessionOutput::Close { connection, code } => {
                    self.closed(connection.0, code);
                    live.members.lost(self.now, connection.0, self.config.grace);
                }
                SessionOutput::Ended => ended = true,
            }
        }
        assert!(self.closing.is_empty(), "to be closed: {:?}", self.closing);
        assert_eq!(live.session.participant_count(), live.members.0.len());
        assert_eq!(live.session.position(), live.history.position());
        assert_eq!(ended, live.members.0.is_empty(), "it ends when nobody is left");
        if ended {
            assert!(self.open().is_empty());
        } else {
            self.live = Some(live);
        }
    }

    fn closed(&mut self, connection: u64, code: CloseCode) {
        let peer = self.peers.get_mut(&connection).expect("a known connection");
        assert!(peer.open, "a connection is closed once");
        peer.open = false;
        let allowed = match code {
            CloseCode::SILENT => self.now.since(peer.heard_at) >= limits::SILENCE_MAX,
            CloseCode::SLOW_READER => peer
                .blocked_since
                .is_some_and(|since| peer.overflows() || self.now.since(since) >= limits::BLOCKED_MAX),
            _ => false,
        };
        match self.closing.remove(&connection) {
            Some(owed) => assert_eq!(code, owed),
            None => assert!(allowed, "closed with {code:?}"),
        }
    }
}
