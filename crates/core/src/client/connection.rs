//! A client's connection: when a socket is opened and when it is given up, and as whom the client joins over it.
//!
//! It is told what happens to the socket and says what is due; it holds no socket, and knows nothing of data or writes.

use alloc::string::String;
use core::time::Duration;

use super::event::ClientEvent;
use crate::json::Json;
use crate::position::Position;
use crate::protocol::*;
use crate::random::Random;
use crate::time::Instant;

/// What a join needs. The address is the owner's business.
#[derive(Debug, Clone)]
pub struct JoinOptions {
    /// The session's name.
    pub session: String,
    /// The participant's name; may be empty.
    pub user_name: String,
    /// The participant's user data, if any.
    pub user_data: Option<Json>,
    /// The token of the address, if any.
    pub token: Option<String>,
    /// 32 random hexadecimal digits, new for every join.
    pub instance: String,
    /// What [`ClientEvent::Away`] said to an earlier document of the same tab: the participant to come back as.
    pub resume: Option<Identity>,
    /// And the instances whose joins may have made a participant without anybody having learned of it: see
    /// [`Join::predecessors`].
    pub predecessors: String,
}

/// Who a client is, and the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The participant.
    pub participant: ParticipantId,
    /// What the last [`Joined`] said. It is good for one resume.
    pub secret: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not joined, or not any more.
    Idle,
    /// A socket was asked for at that time.
    Connecting(Instant),
    /// The socket is open, and the join is sent.
    Joining,
    Joined,
    /// Lost; the next attempt is at that time.
    Backoff(Instant),
}

/// What the time has come for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Opening a socket.
    Connect,
    /// Giving up the socket that there is.
    Abandon,
    /// Giving up the join.
    Fail,
}

/// The connection of one join, over any number of sockets.
#[derive(Debug)]
pub(super) struct Connection {
    state: State,
    /// What the joins say; none while idle.
    pub(super) options: Option<JoinOptions>,
    /// When this join began; none once it has succeeded.
    joining_since: Option<Instant>,
    /// Whether the server may have answered a join, and so have made the secret void, without this client knowing.
    join_unanswered: bool,
    /// Who this client is, from the last join answer; before it, who it wants to come back as.
    identity: Option<Identity>,
    /// How many sockets this join has opened; numbers the join messages, so that a late one is told from the newest.
    attempt: u64,
    failed_attempts: u32,
    heard_at: Instant,
    /// When the last join succeeded.
    joined_at: Instant,
    /// When the connection was lost over which the client was joined.
    lost_at: Option<Instant>,
    /// For how long after that the server knows the participant.
    grace: Duration,
    /// The server stops: this is the pause before the reconnect.
    going_away: Option<Duration>,
}

impl Connection {
    pub(super) fn new() -> Self {
        Self {
            state: State::Idle,
            options: None,
            joining_since: None,
            join_unanswered: false,
            identity: None,
            attempt: 0,
            failed_attempts: 0,
            heard_at: Instant::default(),
            joined_at: Instant::default(),
            lost_at: None,
            grace: limits::GRACE,
            going_away: None,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    /// Whether the first join is under way.
    pub(super) const fn is_first_join(&self) -> bool {
        self.joining_since.is_some()
    }

    /// Whether the join message is sent and not answered.
    pub(super) fn is_joining(&self) -> bool {
        self.state == State::Joining
    }

    pub(super) fn is_joined(&self) -> bool {
        self.state == State::Joined
    }

    /// Whether the server has said that it stops. Writes then wait for the next connection.
    pub(super) const fn is_going_away(&self) -> bool {
        self.going_away.is_some()
    }

    /// This client's own participant; none before it has joined for the first time.
    pub(super) fn participant(&self) -> Option<&ParticipantId> {
        self.identity.as_ref().map(|identity| &identity.participant)
    }

    /// When [`due`](Self::due) has something to say; none while idle.
    pub(super) fn due_at(&self) -> Option<Instant> {
        let state = match self.state {
            State::Idle => return None,
            State::Connecting(since) => since + limits::ATTEMPT_TIMEOUT,
            State::Joining | State::Joined => self.heard_at + limits::SILENCE_MAX,
            State::Backoff(until) => until,
        };
        Some(self.unreachable_at().map_or(state, |at| at.min(state)))
    }

    pub(super) fn due(&self, now: Instant) -> Option<Due> {
        if self.unreachable_at().is_some_and(|at| at <= now) {
            return Some(Due::Fail);
        }
        match self.state {
            State::Connecting(since) if now.since(since) >= limits::ATTEMPT_TIMEOUT => Some(Due::Abandon),
            State::Joining | State::Joined
                if now.since(self.heard_at) >= limits::SILENCE_MAX && !mutant!("silence-not-noticed") =>
            {
                Some(Due::Abandon)
            }
            State::Backoff(until) if until <= now => Some(Due::Connect),
            State::Idle | State::Connecting(_) | State::Joining | State::Joined | State::Backoff(_) => None,
        }
    }

    /// When a first join gives up. Not while a server has answered and only the join takes its time.
    fn unreachable_at(&self) -> Option<Instant> {
        let since = self.joining_since.filter(|_| !self.is_joining())?;
        Some(since + limits::FIRST_JOIN_TIMEOUT)
    }

    /// Until when the server knows the participant of a lost connection, and so what it has answered to it.
    pub(super) fn known_until(&self) -> Option<Instant> {
        self.lost_at.map(|lost| lost + self.grace)
    }

    /// A join begins. A socket is the next thing.
    pub(super) fn begin(&mut self, now: Instant, mut options: JoinOptions) {
        self.identity = options.resume.take();
        let surplus = options.predecessors.len().saturating_sub(limits::PREDECESSORS_UNITS);
        options.predecessors = String::from(options.predecessors.get(surplus..).unwrap_or_default());
        self.attempt = 0;
        self.join_unanswered = false;
        self.options = Some(options);
        self.joining_since = Some(now);
    }

    /// A socket is being opened.
    pub(super) fn connecting(&mut self, now: Instant) {
        self.state = State::Connecting(now);
    }

    /// The socket is open: what to say over it. `position` is where the data is that this client has.
    pub(super) fn opened(&mut self, now: Instant, position: Option<Position>) -> Option<Join> {
        let (State::Connecting(_), Some(options)) = (self.state, &self.options) else {
            return None;
        };
        self.heard_at = now;
        self.state = State::Joining;
        self.attempt += 1;
        self.join_unanswered = true;
        let resume = self.identity.clone().map(|Identity { participant, secret }| Resume {
            participant,
            secret,
            position,
        });
        Some(Join {
            version: VERSION,
            session: options.session.clone(),
            instance: options.instance.clone(),
            attempt: self.attempt,
            predecessors: options.predecessors.clone(),
            user_name: options.user_name.clone(),
            user_data: options.user_data.clone(),
            token: options.token.clone(),
            resume,
        })
    }

    /// Something came from the server.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// The join is answered. True when it is the first answer to this join.
    pub(super) fn joined(&mut self, now: Instant, identity: Identity, grace: Duration) -> bool {
        self.state = State::Joined;
        self.joined_at = now;
        self.lost_at = None;
        self.going_away = None;
        self.grace = grace;
        self.identity = Some(identity);
        self.join_unanswered = false;
        // They were before the secret that there is now.
        if let Some(options) = &mut self.options {
            options.predecessors.clear();
        }
        self.joining_since.take().is_some()
    }

    /// The server stops, and wants nobody back before that time has passed.
    pub(super) fn go_away(&mut self, pause: Duration) {
        self.going_away = Some(pause.min(limits::BACKOFF_MAX));
    }

    /// The socket is lost; the next attempt follows after a pause. True if the client was joined over it.
    pub(super) fn lost(&mut self, now: Instant, random: &mut Random) -> bool {
        let was_joined = self.is_joined();
        if was_joined {
            self.lost_at = Some(now);
            if now.since(self.joined_at) >= limits::STABLE_AFTER {
                self.failed_attempts = 0;
            }
        }
        let pause = self.going_away.take().unwrap_or_else(|| {
            // Full jitter: a random share of a limit that doubles, so that a thousand clients do not come back as one.
            let first = limits::BACKOFF_FIRST.as_millis() as u64;
            let limit = (first << self.failed_attempts.min(16)).min(limits::BACKOFF_MAX.as_millis() as u64);
            self.failed_attempts += 1;
            Duration::from_millis(random.below(limit))
        });
        self.state = State::Backoff(now + pause);
        was_joined
    }

    /// The page was away. That time is none in which it tried to join.
    pub(super) fn came_back(&mut self, now: Instant) {
        self.joining_since = self.joining_since.map(|_| now);
    }

    /// There may be a network again: whether to open a socket at once, instead of what is waited for.
    pub(super) fn hurry(&mut self, now: Instant) -> bool {
        match self.state {
            State::Backoff(_) => {
                self.failed_attempts = 0;
                true
            }
            // It may be waiting for a network that is no longer there.
            State::Connecting(since) => now.since(since) >= limits::STALE_CONNECT,
            State::Idle | State::Joining | State::Joined => false,
        }
    }

    /// What the next document of this tab has to know, to come back as this participant.
    pub(super) fn away(&self) -> ClientEvent {
        let mut predecessors = String::new();
        if let Some(options) = &self.options {
            predecessors.push_str(&options.predecessors);
            if self.join_unanswered && !mutant!("unanswered-join-forgotten") {
                if !predecessors.is_empty() {
                    predecessors.push(' ');
                }
                predecessors.push_str(&options.instance);
            }
        }
        ClientEvent::Away { identity: self.identity.clone(), predecessors }
    }
}
