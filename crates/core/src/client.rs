//! The client's half of a session, as a state machine: batching, answers, reconnect, resume.
//!
//! The owner calls one method for each thing that happens (the page asks for something, the socket says something, a
//! deadline passes) and then drains [`take_outputs`](Client::take_outputs) before the next. It owns the socket, the
//! timer and the data as JavaScript sees it; all decisions are made here.

mod event;
mod writes;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::json::{Json, utf16_units};
use crate::position::Position;
use crate::protocol::*;
use crate::random::Random;
use crate::session::check_user;
use crate::time::Instant;
use crate::update::Update;
use writes::{Owner, Writes};

pub use event::{ClientEvent, ClientOutput, Failure, Reset, WriteEnd, WriteFailure, WriteId};

/// How long after it was said to unload a page counts as unloading: its handlers run at once, one after the other.
const UNLOADING: Duration = Duration::from_secs(1);

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
    /// And the instance of a join that may have made a participant without anybody having learned of it.
    pub predecessor: Option<String>,
}

/// Who a client is, and the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The participant.
    pub participant: ParticipantId,
    /// What the last [`Joined`] said. It is good for one resume.
    pub secret: String,
}

/// A name, user data or an app message is over its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

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

/// The client.
#[derive(Debug)]
pub struct Client {
    random: Random,
    state: State,
    options: Option<JoinOptions>,
    /// When this join began; none once it has succeeded.
    joining_since: Option<Instant>,
    /// Who this client is, from the last join answer; before it, who it wants to come back as.
    identity: Option<Identity>,
    position: Option<Position>,
    /// Something was lost on the way: the next join must bring the whole data.
    needs_snapshot: bool,
    participants: Vec<Participant>,
    /// A join answer whose participants have not all come yet.
    incomplete: Option<Box<Joined>>,
    sync_interval: Duration,
    grace: Duration,
    writes: Writes,
    /// Frames that were sent and not yet counted against the server's rate.
    unpaid_frames: u32,
    /// App messages that wait for a reconnect.
    app_messages: Vec<(Instant, String)>,
    /// How many `set_user` wait for the server to have the newest name and data.
    unset_users: usize,
    /// How many changes of them the server has still to answer on this connection.
    unanswered_users: usize,
    /// How many connections this join has taken; numbers the joins, so that a late one is told from the newest.
    attempt: u64,
    /// When the last join succeeded.
    joined_at: Instant,
    /// The page has gone away and may not come back.
    hidden: bool,
    /// When the page was last said to be about to go away.
    unloaded_at: Option<Instant>,
    failed_attempts: u32,
    heard_at: Instant,
    lost_at: Option<Instant>,
    /// The server stops: writes wait, and after the answers to those that are sent this is the pause before the reconnect.
    going_away: Option<Duration>,
    /// Until when `leave()` waits for answers.
    leaving_until: Option<Instant>,
    outputs: Vec<ClientOutput>,
}

impl Client {
    /// A client that has not joined. The seed drives the jitter of its reconnects.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            state: State::Idle,
            options: None,
            joining_since: None,
            identity: None,
            position: None,
            needs_snapshot: false,
            participants: Vec::new(),
            incomplete: None,
            sync_interval: limits::SYNC_INTERVAL,
            grace: limits::GRACE,
            writes: Writes::default(),
            unpaid_frames: 0,
            app_messages: Vec::new(),
            unset_users: 0,
            unanswered_users: 0,
            attempt: 0,
            joined_at: Instant::default(),
            hidden: false,
            unloaded_at: None,
            failed_attempts: 0,
            heard_at: Instant::default(),
            lost_at: None,
            going_away: None,
            leaving_until: None,
            outputs: Vec::new(),
        }
    }

    /// What to do, in this order. Take it after every input, until there is nothing.
    pub fn take_outputs(&mut self) -> Vec<ClientOutput> {
        core::mem::take(&mut self.outputs)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due; none while nothing is awaited.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let state = match self.state {
            State::Idle => return None,
            State::Connecting(since) => since + limits::ATTEMPT_TIMEOUT,
            State::Joining | State::Joined => self.heard_at + limits::SILENCE_MAX,
            State::Backoff(until) => until,
        };
        let connected = self.state == State::Joined;
        let syncs = connected && self.going_away.is_none();
        let sync = syncs.then(|| self.writes.due_at(self.sync_interval)).flatten();
        let first_join = self.unreachable_at();
        let in_flight = self.lost_at.filter(|_| self.writes.has_in_flight()).map(|lost| lost + self.grace);
        let expiry = self.writes.expires_at();
        let others = [sync, first_join, in_flight, expiry, self.leaving_until];
        Some(others.into_iter().flatten().fold(state, Instant::min))
    }

    /// All participants, this client's own included; empty while not joined.
    pub fn participants(&self) -> &[Participant] {
        &self.participants
    }

    /// This client's own participant; none before it has joined for the first time.
    pub fn participant(&self) -> Option<&ParticipantId> {
        self.identity.as_ref().map(|identity| &identity.participant)
    }

    /// The position of the data; none while not joined.
    pub const fn position(&self) -> Option<Position> {
        self.position
    }

    /// Joins a session. Only for a client that is not joined or joining; others ignore it.
    ///
    /// # Errors
    /// [`TooLarge`] over [`limits::USER_NAME_UNITS`], [`limits::USER_DATA_UNITS`] or [`limits::TOKEN_UNITS`]; nothing
    /// has happened then.
    pub fn join(&mut self, now: Instant, mut options: JoinOptions) -> Result<(), TooLarge> {
        check_user(&options.user_name, options.user_data.as_ref()).map_err(|_| TooLarge)?;
        if options.token.as_ref().is_some_and(|token| utf16_units(token) > limits::TOKEN_UNITS) {
            return Err(TooLarge);
        }
        if self.state != State::Idle {
            return Ok(());
        }
        self.identity = options.resume.take();
        self.attempt = 0;
        self.options = Some(options);
        self.joining_since = Some(now);
        self.connect(now);
        Ok(())
    }

    /// Leaves: sends what waits without regard to the interval, waits for answers for at most
    /// [`limits::LEAVE_TIMEOUT`], then goes. [`ClientEvent::Left`] is the end of it.
    ///
    /// While the page unloads it may be a reload, as 100ms's provider leaves then: the participant only goes away, and is
    /// given up by the server if nobody comes back.
    pub fn leave(&mut self, now: Instant) {
        match self.state {
            State::Idle => {}
            State::Joined if self.unloaded_at.is_some_and(|at| now.since(at) < UNLOADING) => {
                self.hide(now);
                self.outputs.push(ClientOutput::Disconnect);
                self.stop(None);
            }
            State::Joined => {
                self.leaving_until.get_or_insert(now + limits::LEAVE_TIMEOUT);
                self.send_pending(now, false);
                self.leave_if_answered();
            }
            State::Connecting(_) | State::Joining | State::Backoff(_) => self.finish_leave(),
        }
    }

    /// Writes session data, batched: at once after a quiet interval, otherwise with the rest at its end.
    pub fn update(&mut self, now: Instant, update: Update) {
        if self.joining_since.is_none() && !update.is_noop() {
            self.push_write(now, None, update, Condition::default());
        }
    }

    /// Writes session data at once, after all that was written before. [`ClientEvent::WriteEnded`] with the number that
    /// the owner gives it follows in any case. `condition` is about the data as it is here now.
    pub fn write(&mut self, now: Instant, write: WriteId, update: Update, mut condition: Condition) {
        if !condition.unchanged.is_empty() {
            condition.seen = self.position.map_or(0, |position| position.revision);
        }
        self.push_write(now, Some(write), update, condition);
    }

    /// Takes back a write if it was not sent, so that it never is, and nothing more is told of it. False when it is too
    /// late.
    pub fn withdraw(&mut self, write: WriteId) -> bool {
        let withdrawn = self.writes.withdraw(write);
        self.leave_if_answered();
        withdrawn
    }

    /// How many writes have no answer yet. What is batched counts as one.
    pub fn unanswered_writes(&self) -> usize {
        self.writes.unanswered_count()
    }

    fn push_write(&mut self, now: Instant, owner: Owner, update: Update, condition: Condition) {
        if self.state == State::Idle || self.joining_since.is_some() {
            return self.write_failed(owner, WriteFailure::Left);
        }
        if let Err(failure) = self.writes.push(now, owner, update, condition) {
            return self.write_failed(owner, failure);
        }
        if self.hidden {
            self.unload(now);
        } else if self.leaving_until.is_some() {
            self.send_pending(now, false);
        }
        self.sync(now);
    }

    /// Sends a message to some or all others; while the connection is lost it waits for a moment.
    ///
    /// # Errors
    /// [`TooLarge`] when the value has more than [`limits::APP_MESSAGE_UNITS`] or the recipients are more than
    /// [`limits::APP_MESSAGE_RECIPIENTS`].
    pub fn app_message(
        &mut self,
        now: Instant,
        to: Option<Vec<ParticipantId>>,
        data: Json,
    ) -> Result<(), TooLarge> {
        let recipients = to.as_ref().map_or(0, Vec::len);
        if data.units() > limits::APP_MESSAGE_UNITS || recipients > limits::APP_MESSAGE_RECIPIENTS {
            return Err(TooLarge);
        }
        let frame = ClientMessage::AppMessage { to, data }.encode();
        if frame.len() > limits::CLIENT_FRAME_BYTES {
            return Err(TooLarge);
        }
        if self.state == State::Joined {
            self.send(frame);
        } else {
            self.app_messages.push((now, frame));
            // Beyond the limit the newest are dropped: what was said first makes sense without what follows it.
            self.app_messages.truncate(limits::UNSENT_APP_MESSAGES);
        }
        Ok(())
    }

    /// Changes this participant's name or user data. [`ClientEvent::UserSet`] follows.
    ///
    /// # Errors
    /// [`TooLarge`] over [`limits::USER_NAME_UNITS`] or [`limits::USER_DATA_UNITS`]; nothing is changed.
    pub fn set_user(&mut self, user_name: Option<String>, user_data: Option<Json>) -> Result<(), TooLarge> {
        check_user(user_name.as_deref().unwrap_or_default(), user_data.as_ref()).map_err(|_| TooLarge)?;
        let Some(options) = &mut self.options else {
            return Ok(());
        };
        // A reconnect says name and user data anyway, so nothing has to be kept for it.
        if let Some(user_name) = &user_name {
            options.user_name.clone_from(user_name);
        }
        if user_data.is_some() {
            options.user_data.clone_from(&user_data);
        }
        self.unset_users += 1;
        if self.state == State::Joined {
            self.unanswered_users += 1;
            self.send(ClientMessage::SetUser { user_name, user_data }.encode());
        }
        Ok(())
    }

    /// The page became visible, came back, or the network did: whatever waits for a retry is tried at once.
    pub fn wake(&mut self, now: Instant) {
        self.unloaded_at = None;
        if core::mem::take(&mut self.hidden) {
            // The time in which the page was away is none in which it tried.
            self.joining_since = self.joining_since.map(|_| now);
            if self.state == State::Joined {
                // Any message takes an `away` back.
                self.send(ClientMessage::Pong.encode());
            }
        }
        match self.state {
            State::Backoff(_) => {
                self.failed_attempts = 0;
                self.connect(now);
            }
            // It may be waiting for a network that is no longer there.
            State::Connecting(since) if now.since(since) >= limits::STALE_CONNECT => self.connect(now),
            State::Idle | State::Connecting(_) | State::Joining | State::Joined => self.handle_timeout(now),
        }
    }

    /// The page may be about to go away: what waits is sent at once, and the server told.
    pub fn unload(&mut self, now: Instant) {
        self.unloaded_at = Some(now);
        if self.state == State::Joined {
            self.send_pending(now, true);
            self.send(ClientMessage::Away.encode());
        }
    }

    /// The page goes away and may not come back. Until [`wake`](Self::wake) nothing waits any more.
    pub fn hide(&mut self, now: Instant) {
        self.hidden = true;
        self.unload(now);
        if self.state != State::Idle {
            let options = self.options.as_ref();
            let predecessor = match (&self.joining_since, self.attempt) {
                (None, _) => None,
                (Some(_), 0) => options.and_then(|options| options.predecessor.clone()),
                (Some(_), _) => options.map(|options| options.instance.clone()),
            };
            self.event(ClientEvent::Away { identity: self.identity.clone(), predecessor });
        }
    }

    /// The page stops running, until [`wake`](Self::wake) or for ever. One that went away gives up its socket, which a
    /// browser keeps open in its back/forward cache: the others would see somebody who is not there.
    pub fn freeze(&mut self, now: Instant) {
        if self.hidden && self.state != State::Idle {
            self.unload(now);
            self.abandon_socket(now);
        }
    }

    /// The socket is open.
    pub fn socket_opened(&mut self, now: Instant) {
        let (State::Connecting(_), Some(options)) = (self.state, &self.options) else {
            return;
        };
        self.heard_at = now;
        self.state = State::Joining;
        self.attempt += 1;
        let resume = self.identity.clone().map(|Identity { participant, secret }| Resume {
            participant,
            secret,
            position: self.position.filter(|_| !self.needs_snapshot),
        });
        let join = Join {
            version: VERSION,
            session: options.session.clone(),
            instance: options.instance.clone(),
            attempt: self.attempt,
            predecessor: options.predecessor.clone(),
            user_name: options.user_name.clone(),
            user_data: options.user_data.clone(),
            token: options.token.clone(),
            resume,
        };
        self.send(ClientMessage::Join(Box::new(join)).encode());
    }

    /// A text frame came. One that is no message of this protocol is ignored: a later server may say more.
    pub fn socket_message(&mut self, now: Instant, text: &str) {
        let message = ServerMessage::decode(text);
        // Something else may speak at that address, for ever, but does not answer a join.
        if self.state == State::Joined || message.is_some() {
            self.heard_at = now;
        }
        let Some(message) = message else {
            return;
        };
        match (self.state, message) {
            (State::Joining, ServerMessage::Joined(joined)) => {
                self.incomplete = Some(joined);
                self.complete_join(now);
            }
            (State::Joining, ServerMessage::Participants { participants, more }) => {
                if let Some(joined) = &mut self.incomplete {
                    joined.participants.extend(participants);
                    joined.more = more;
                    self.complete_join(now);
                }
            }
            (State::Joined, message) => {
                self.joined_message(now, message);
                // The timers of a hidden page hardly run, but messages come: what is due goes with them.
                self.sync(now);
            }
            _ => {}
        }
    }

    /// The socket closed, or could not be opened. The code is what its close event says.
    pub fn socket_closed(&mut self, now: Instant, code: u16) {
        let code = CloseCode(code);
        if self.state == State::Idle {
            return;
        }
        if code.is_final() {
            self.fail(Failure::Closed(code));
        } else {
            self.lose_connection(now);
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.unreachable_at().is_some_and(|at| at <= now) {
            self.outputs.push(ClientOutput::Disconnect);
            return self.fail(Failure::Unreachable);
        }
        if self.leaving_until.is_some_and(|until| until <= now) {
            return self.finish_leave();
        }
        match self.state {
            State::Idle => return,
            State::Connecting(since) if now.since(since) >= limits::ATTEMPT_TIMEOUT => {
                self.abandon_socket(now)
            }
            State::Joining | State::Joined
                if now.since(self.heard_at) >= limits::SILENCE_MAX && !mutant!("silence-not-noticed") =>
            {
                self.abandon_socket(now);
            }
            State::Backoff(until) if until <= now => self.connect(now),
            State::Connecting(_) | State::Joining | State::Joined | State::Backoff(_) => {}
        }
        if self.lost_at.is_some_and(|lost| now.since(lost) >= self.grace) {
            self.give_up_in_flight();
        }
        self.expire_writes(now);
        self.sync(now);
    }

    /// When a first join gives up. Not while a server has answered and only the join takes its time.
    fn unreachable_at(&self) -> Option<Instant> {
        let since = self.joining_since.filter(|_| !matches!(self.state, State::Joining))?;
        Some(since + limits::FIRST_JOIN_TIMEOUT)
    }

    fn connect(&mut self, now: Instant) {
        self.state = State::Connecting(now);
        self.incomplete = None;
        self.outputs.push(ClientOutput::Connect);
    }

    fn abandon_socket(&mut self, now: Instant) {
        self.outputs.push(ClientOutput::Disconnect);
        self.lose_connection(now);
    }

    fn lose_connection(&mut self, now: Instant) {
        if self.leaving_until.is_some() {
            return self.finish_leave();
        }
        if self.state == State::Joined {
            self.lost_at = Some(now);
            if !mutant!("name-forgotten") {
                self.unanswered_users = 0;
            }
            if now.since(self.joined_at) >= limits::STABLE_AFTER {
                self.failed_attempts = 0;
            }
            self.event(ClientEvent::Interrupted);
        }
        if let Some(pause) = self.going_away.take() {
            self.state = State::Backoff(now + pause);
            return;
        }
        // Full jitter: a random share of a limit that doubles, so that a thousand clients do not come back as one.
        let first = limits::BACKOFF_FIRST.as_millis() as u64;
        let limit = (first << self.failed_attempts.min(16)).min(limits::BACKOFF_MAX.as_millis() as u64);
        let pause = self.random.below(limit);
        self.failed_attempts += 1;
        self.state = State::Backoff(now + Duration::from_millis(pause));
    }

    /// Takes over a join answer once all participants have come.
    fn complete_join(&mut self, now: Instant) {
        let Some(joined) = self.incomplete.take() else {
            return;
        };
        if joined.more {
            self.incomplete = Some(joined);
            return;
        }
        if !self.is_led_on_by(&joined) {
            self.needs_snapshot = true;
            return self.abandon_socket(now);
        }
        let before = self.position;
        let own_before = self.participant().cloned();
        let first = self.joining_since.take().is_some();
        self.state = State::Joined;
        self.joined_at = now;
        self.lost_at = None;
        self.going_away = None;
        self.needs_snapshot = false;
        self.sync_interval = Duration::from_millis(joined.sync_interval_ms).min(limits::SYNC_INTERVAL_MAX);
        self.grace = Duration::from_millis(joined.grace_ms);
        self.identity = Some(Identity { participant: joined.participant, secret: joined.secret });
        self.position = Some(joined.position);
        let changed = joined.state.is_some();
        self.outputs.extend(joined.state.map(ClientOutput::Data));
        let participants = joined.participants;

        if first {
            self.participants = participants;
            for event in [
                ClientEvent::Joined,
                ClientEvent::CountsChanged,
                ClientEvent::SessionChanged,
                ClientEvent::DataChanged,
            ] {
                self.event(event);
            }
        } else {
            let new_session = before.is_some_and(|before| before.epoch != joined.position.epoch);
            // Without a position in the join the server could not tell.
            let back = before.is_some_and(|before| before.revision > joined.position.revision);
            let reset = new_session || back || joined.forked;
            self.event(ClientEvent::Reconnected);
            if reset {
                // All were made for a session that is gone: what was sent may have been part of it, the rest not. Of
                // the batched ones one event speaks for both.
                let in_flight = if mutant!("in-flight-kept-over-epoch-change") {
                    Vec::new()
                } else {
                    self.writes.drop_in_flight()
                };
                let mut others = Vec::new();
                for owner in in_flight {
                    match owner {
                        Some(_) => self.write_failed(owner, WriteFailure::Unknown),
                        None => others.push(owner),
                    }
                }
                if !mutant!("pending-kept-over-epoch-change") {
                    others.extend(self.writes.drop_pending());
                }
                self.writes_failed(others, WriteFailure::Rejected(Rejection::SessionReset));
                self.app_messages.clear();
                self.event(ClientEvent::SessionChanged);
            } else if !joined.resumed && !mutant!("in-flight-sent-again-as-another") {
                self.give_up_in_flight();
            }
            self.replace_participants(own_before.as_ref(), participants);
            if changed || reset {
                self.event(ClientEvent::DataChanged);
            }
            if reset && !mutant!("reset-not-told") {
                self.event(ClientEvent::SessionReset(if new_session {
                    Reset::NewSession
                } else {
                    Reset::Forked
                }));
            }
        }
        self.settle_user();
        self.outputs.extend(self.writes.unanswered().map(|frame| ClientOutput::Send(frame.into())));
        let app_messages = if mutant!("message-sent-twice") {
            self.app_messages.clone()
        } else {
            core::mem::take(&mut self.app_messages)
        };
        for (since, frame) in app_messages {
            if now.since(since) < limits::UNSENT_MAX {
                self.send(frame);
            }
        }
        self.sync(now);
    }

    /// Whether a join answer leads from what this client said it has to where the server is.
    fn is_led_on_by(&self, joined: &Joined) -> bool {
        let asked = self.position.filter(|_| !self.needs_snapshot);
        let Some(change) = &joined.state else { return asked == Some(joined.position) };
        change.since.is_none_or(|since| {
            asked.is_some_and(|asked| asked.epoch == joined.position.epoch && asked.revision == since)
        })
    }

    /// Ends the waiting of all `set_user` once the server has the newest name and data; sends them when it has not.
    fn settle_user(&mut self) {
        let own = self.participant().and_then(|id| find(&self.participants, id));
        let (Some(own), Some(options)) = (own, &self.options) else { return };
        if self.unanswered_users > 0 {
            return;
        }
        if own.user_name != options.user_name || own.user_data != options.user_data {
            // It was changed after the join had said it.
            let (user_name, user_data) = (Some(options.user_name.clone()), options.user_data.clone());
            self.unanswered_users += 1;
            return self.send(ClientMessage::SetUser { user_name, user_data }.encode());
        }
        for _ in 0..core::mem::take(&mut self.unset_users) {
            self.event(ClientEvent::UserSet);
        }
    }

    /// Tells what is different about the participants after a reconnect. That this client itself may have got another
    /// id is an update of its own participant; nobody has left or joined.
    fn replace_participants(&mut self, own_before: Option<&ParticipantId>, now: Vec<Participant>) {
        let before = core::mem::replace(&mut self.participants, now);
        let own = self.participant().cloned();
        let mut tell = |event| self.outputs.push(ClientOutput::Event(event));
        for old in &before {
            if find(&self.participants, &old.id).is_none() && Some(&old.id) != own_before {
                tell(ClientEvent::ParticipantLeft(old.clone()));
            }
        }
        for participant in &self.participants {
            // Whoever has the id that was this client's own is somebody else.
            let known = find(&before, &participant.id)
                .filter(|old| own_before == own.as_ref() || Some(&old.id) != own_before);
            match known {
                Some(old) if old == participant => {}
                None if Some(&participant.id) != own.as_ref() => {
                    tell(ClientEvent::ParticipantJoined(participant.clone()));
                }
                Some(_) | None => tell(ClientEvent::ParticipantUpdated(participant.clone())),
            }
        }
        if before.len() != self.participants.len() {
            tell(ClientEvent::CountsChanged);
        }
    }

    fn joined_message(&mut self, now: Instant, message: ServerMessage) {
        match message {
            ServerMessage::State { position, change } => self.state_changed(now, position, change),
            ServerMessage::Result { sequence, result } => {
                if let Some((owner, result)) = self.writes.answered(sequence, result) {
                    self.write_ended(owner, result);
                }
                if self.leaving_until.is_some() {
                    self.send_pending(now, false);
                }
                self.leave_if_answered();
                self.go_away_if_answered(now);
            }
            ServerMessage::ParticipantJoined(participant) => {
                self.participants.push(participant.clone());
                self.event(ClientEvent::ParticipantJoined(participant));
                self.event(ClientEvent::CountsChanged);
            }
            ServerMessage::ParticipantUpdated(participant) => {
                let own = self.participant() == Some(&participant.id);
                if let Some(known) = self.participants.iter_mut().find(|one| one.id == participant.id) {
                    known.clone_from(&participant);
                }
                self.event(ClientEvent::ParticipantUpdated(participant));
                if own {
                    self.unanswered_users = self.unanswered_users.saturating_sub(1);
                    self.settle_user();
                }
            }
            ServerMessage::ParticipantLeft(id) => {
                if let Some(participant) = find(&self.participants, &id).cloned() {
                    self.participants.retain(|one| one.id != id);
                    self.event(ClientEvent::ParticipantLeft(participant));
                    self.event(ClientEvent::CountsChanged);
                }
            }
            ServerMessage::AppMessage { from, data } => self.event(ClientEvent::AppMessage { from, data }),
            ServerMessage::GoAway { reconnect_after_ms } => {
                self.going_away = Some(Duration::from_millis(reconnect_after_ms).min(limits::BACKOFF_MAX));
                self.go_away_if_answered(now);
            }
            ServerMessage::Ping => self.send(ClientMessage::Pong.encode()),
            // Refused: this client checks every limit before it sends. The others belong to a join.
            ServerMessage::Refused(_) | ServerMessage::Joined(_) | ServerMessage::Participants { .. } => {}
        }
    }

    fn state_changed(&mut self, now: Instant, position: Position, change: StateChange) {
        let Some(mine) = self.position else { return };
        if position.epoch == mine.epoch && position.revision <= mine.revision {
            return;
        }
        let fits = position.epoch == mine.epoch && change.since.is_none_or(|since| since == mine.revision);
        if !fits {
            // Something was lost on the way, which must never be papered over: ask for all of it.
            self.needs_snapshot = true;
            return self.abandon_socket(now);
        }
        self.position = Some(position);
        self.outputs.push(ClientOutput::Data(change));
        self.event(ClientEvent::DataChanged);
    }

    /// Sends what waits as far as its time has come.
    fn sync(&mut self, now: Instant) {
        loop {
            self.writes.pay(now, core::mem::take(&mut self.unpaid_frames));
            let due = self.writes.due_at(self.sync_interval).is_some_and(|due| due <= now);
            if self.state != State::Joined || self.going_away.is_some() || !due {
                return;
            }
            self.send_next(now, false);
        }
    }

    /// Sends what waits, without regard to intervals; in a hurry also to what is unanswered.
    fn send_pending(&mut self, now: Instant, hurry: bool) {
        while self.send_next(now, hurry) {}
    }

    fn send_next(&mut self, now: Instant, hurry: bool) -> bool {
        let Some(position) = self.position else { return false };
        // What comes in here may come before the deadline is handled.
        self.expire_writes(now);
        match self.writes.send(now, position, hurry) {
            Some(Ok(frame)) => self.send(frame),
            Some(Err((owner, failure))) => self.write_failed(owner, failure),
            None => return false,
        }
        true
    }

    fn expire_writes(&mut self, now: Instant) {
        let expired = self.writes.expire(now);
        self.writes_failed(expired, WriteFailure::Expired);
    }

    fn leave_if_answered(&mut self) {
        if self.leaving_until.is_some() && !self.writes.has_in_flight() && !self.writes.has_pending() {
            self.finish_leave();
        }
    }

    fn go_away_if_answered(&mut self, now: Instant) {
        if self.state == State::Joined && self.going_away.is_some() && !self.writes.has_in_flight() {
            self.abandon_socket(now);
        }
    }

    fn finish_leave(&mut self) {
        // Also when the join is not answered yet: on a socket that is not open it is lost, which is as well.
        self.send(ClientMessage::Leave.encode());
        self.outputs.push(ClientOutput::Disconnect);
        self.stop(None);
    }

    fn fail(&mut self, failure: Failure) {
        self.stop(Some(failure));
    }

    /// Back to the beginning; only the jitter goes on.
    fn stop(&mut self, failure: Option<Failure>) {
        self.give_up_in_flight();
        let pending = self.writes.drop_pending();
        self.writes_failed(pending, WriteFailure::Left);
        self.outputs.extend(failure.map(|failure| ClientOutput::Event(ClientEvent::Failed(failure))));
        self.event(ClientEvent::Left);
        let seed = self.random.bits();
        let outputs = core::mem::take(&mut self.outputs);
        *self = Self { outputs, ..Self::new(seed) };
    }

    fn give_up_in_flight(&mut self) {
        let in_flight = self.writes.drop_in_flight();
        self.writes_failed(in_flight, WriteFailure::Unknown);
    }

    /// One event for each awaited write and one for all batched ones.
    fn writes_failed(&mut self, owners: Vec<Owner>, failure: WriteFailure) {
        let mut batched = false;
        for owner in owners {
            if owner.is_some() || !core::mem::replace(&mut batched, true) {
                self.write_failed(owner, failure);
            }
        }
    }

    fn write_failed(&mut self, owner: Owner, failure: WriteFailure) {
        self.event(match owner {
            Some(write) => ClientEvent::WriteEnded { write, end: WriteEnd::Failed(failure) },
            None => ClientEvent::WriteFailed(failure),
        });
    }

    fn write_ended(&mut self, owner: Owner, result: UpdateResult) {
        let end = match (result, owner) {
            (UpdateResult::Rejected(rejection), _) => {
                return self.write_failed(owner, WriteFailure::Rejected(rejection));
            }
            (_, None) => return,
            (UpdateResult::Applied(revision), Some(write)) => (write, WriteEnd::Applied(revision)),
            (UpdateResult::Unchanged(revision), Some(write)) => (write, WriteEnd::Unchanged(revision)),
        };
        self.event(ClientEvent::WriteEnded { write: end.0, end: end.1 });
    }

    fn event(&mut self, event: ClientEvent) {
        self.outputs.push(ClientOutput::Event(event));
    }

    fn send(&mut self, frame: String) {
        self.unpaid_frames += 1;
        self.outputs.push(ClientOutput::Send(frame));
    }
}

fn find<'a>(participants: &'a [Participant], id: &ParticipantId) -> Option<&'a Participant> {
    participants.iter().find(|participant| participant.id == *id)
}
