//! The authority of one session, as a state machine: the shared state, who is there, and the end.
//!
//! The owner calls one method for each thing that happens, with the time, and then drains
//! [`poll_output`](Session::poll_output) before the next. Nothing here can fail: what a peer does wrong becomes an
//! answer or a [`SessionOutput::Close`].

mod fan_out;
mod join;
mod member;
mod reader;
mod requests;
mod saved;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::data::SessionData;
use crate::position::{Epoch, Position};
use crate::protocol::*;
use crate::shared_state::SharedState;
use crate::time::Instant;
use member::Member;
use reader::Reader;

pub(crate) use member::check_user;
pub use saved::SavedSession;

/// One WebSocket. Does not survive a reconnect; the participant does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The text of a message. A broadcast is encoded once and shared by all its receivers.
pub type Frame = Arc<str>;

/// What the operator can set.
#[derive(Debug, Clone, Copy)]
pub struct SessionConfig {
    /// The time between two updates of one client by `setMeetingSessionData`.
    pub sync_interval: Duration,
    /// How long a participant whose connection was lost is kept.
    pub grace: Duration,
    /// The same for one whose page said that it goes away, at most `grace`.
    pub away_grace: Duration,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self { sync_interval: limits::SYNC_INTERVAL, grace: limits::GRACE, away_grace: limits::AWAY_GRACE }
    }
}

/// What the owner of the session adds to a join: randomness and the date, which the core has not.
#[derive(Debug, Clone)]
pub struct Admission {
    /// The id that the participant gets if it is a new one.
    pub participant: ParticipantId,
    /// The secret for its next resume, 128 random bits.
    pub secret: String,
    /// Milliseconds since 1970 UTC.
    pub date: u64,
}

/// What the owner has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionOutput {
    /// Send this text.
    Send {
        /// To whom.
        connection: ConnectionId,
        /// The message.
        frame: Frame,
    },
    /// Close the connection, after what was sent before. The session has forgotten it already.
    Close {
        /// Which one.
        connection: ConnectionId,
        /// Why.
        code: CloseCode,
    },
    /// Nobody is left: drop the session. The next join begins a new one, with a new epoch.
    Ended,
}

/// The session.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    state: SharedState,
    members: BTreeMap<ParticipantId, Member>,
    readers: BTreeMap<ConnectionId, Reader>,
    /// When each participant without a connection is given up, soonest first.
    graces: BTreeSet<(Instant, ParticipantId)>,
    /// When readers may be sent the next delta; they are, at once, if that is past.
    flush_from: Instant,
    /// The date at some past time, from which later ones are reckoned.
    dated: (Instant, u64),
    /// Whether some reader has not been sent everything.
    unflushed: bool,
    /// When the connections are next checked for life.
    check_at: Instant,
    outputs: VecDeque<SessionOutput>,
}

/// How often connections are checked for life. Pings and timeouts come up to this much late.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
const _: () = assert!(
    limits::PING_INTERVAL.as_millis() + CHECK_INTERVAL.as_millis() < limits::SILENCE_MAX.as_millis(),
    "a ping must come before a live client is taken for gone"
);

impl Session {
    /// A session that begins at `now`. `epoch` must be random.
    pub fn new(now: Instant, epoch: Epoch, config: SessionConfig) -> Self {
        let epoch = if mutant!("epoch-reused") { Epoch(1) } else { epoch };
        Self {
            config,
            state: SharedState::new(epoch),
            members: BTreeMap::new(),
            readers: BTreeMap::new(),
            graces: BTreeSet::new(),
            flush_from: now,
            dated: (now, 0),
            unflushed: false,
            check_at: now + CHECK_INTERVAL,
            outputs: VecDeque::new(),
        }
    }

    /// The position of the data.
    pub const fn position(&self) -> Position {
        self.state.position()
    }

    /// The data.
    pub const fn data(&self) -> &SessionData {
        self.state.data()
    }

    /// How many participants there are, those in grace included.
    pub fn participant_count(&self) -> usize {
        self.members.len()
    }

    /// How many frames wait for a connection whose socket takes nothing, and their bytes. Data never waits.
    pub fn waiting(&self, connection: ConnectionId) -> (usize, usize) {
        self.readers.get(&connection).map_or((0, 0), Reader::waiting)
    }

    /// Bytes of the log, by which clients catch up.
    pub fn log_bytes(&self) -> usize {
        self.state.log_bytes()
    }

    /// The next thing to do. Drain this before the next input.
    pub fn poll_output(&mut self) -> Option<SessionOutput> {
        self.outputs.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Instant {
        let flush = self.unflushed.then_some(self.flush_from);
        let grace = self.graces.first().map(|(until, _)| *until);
        [flush, grace].into_iter().flatten().fold(self.check_at, Instant::min)
    }

    /// Something came from a connection, a part of a message perhaps: it lives.
    pub fn heard(&mut self, now: Instant, connection: ConnectionId) {
        if let Some(reader) = self.readers.get_mut(&connection) {
            reader.heard_at = now;
        }
    }

    /// A connection was lost. One that the session closed or that was superseded is ignored.
    pub fn disconnected(&mut self, now: Instant, connection: ConnectionId) {
        let Some(reader) = self.readers.remove(&connection) else {
            return;
        };
        let Some(member) = self.members.get_mut(&reader.participant) else {
            return;
        };
        let SessionConfig { grace, away_grace, .. } = self.config;
        let grace = if member.away { away_grace.min(grace) } else { grace };
        let until = if mutant!("grace-ignored") { now } else { now + grace };
        member.connection = None;
        member.given_up_at = Some(until);
        self.graces.insert((until, reader.participant));
    }

    /// The server stops: tells every client to reconnect, each after another time of up to `spread`, the first after
    /// `offset`, which should be random.
    pub fn go_away(&mut self, now: Instant, spread: Duration, offset: Duration) {
        let (spread, offset) = (millis(spread).max(1), millis(offset));
        let receivers: Vec<_> = self.readers.keys().copied().collect();
        for (index, receiver) in (0..).zip(&receivers) {
            let reconnect_after_ms = (offset + spread * index / receivers.len() as u64) % spread;
            let message = ServerMessage::GoAway { reconnect_after_ms };
            self.send(now, *receiver, &Frame::from(message.encode()));
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((until, id)) = self.graces.first().cloned()
            && until <= now
        {
            self.graces.pop_first();
            self.remove_member(now, &id);
        }
        if self.check_at <= now {
            self.check_at = now + CHECK_INTERVAL;
            self.state.expire(now);
            self.check_connections(now);
        }
        if self.unflushed && self.flush_from <= now {
            self.flush(now);
        }
    }

    fn close(&mut self, now: Instant, connection: ConnectionId, code: CloseCode) {
        self.disconnected(now, connection);
        self.outputs.push_back(SessionOutput::Close { connection, code });
    }

    fn remove_member(&mut self, now: Instant, id: &ParticipantId) {
        let Some(member) = self.members.remove(id) else {
            return;
        };
        if let Some(until) = member.given_up_at {
            self.graces.remove(&(until, id.clone()));
        }
        self.broadcast(now, ServerMessage::ParticipantLeft(id.clone()));
        self.end_if_empty();
    }

    fn end_if_empty(&mut self) {
        let ended = mutant!("ended-with-somebody-in-grace")
            && self.members.values().all(|member| member.connection.is_none());
        if self.members.is_empty() || ended {
            self.outputs.push_back(SessionOutput::Ended);
        }
    }

    fn check_connections(&mut self, now: Instant) {
        let mut overdue = Vec::new();
        for (&connection, reader) in &mut self.readers {
            let blocked = reader.blocked_since.is_some_and(|since| now.since(since) >= limits::BLOCKED_MAX);
            if blocked {
                overdue.push((connection, CloseCode::SLOW_READER));
            } else if now.since(reader.heard_at) >= limits::SILENCE_MAX {
                overdue.push((connection, CloseCode::SILENT));
            } else if reader.blocked_since.is_none() && reader.needs_ping(now) {
                let ping = Frame::from(ServerMessage::Ping.encode());
                self.outputs.push_back(reader.send(now, ping));
            }
        }
        for (connection, code) in overdue {
            self.close(now, connection, code);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
