//! The client's half of a session, as a state machine: batching, answers, reconnect, resume.
//!
//! The owner calls one method for each thing that happens (the page asks for something, the socket says something, a
//! deadline passes) and then drains [`take_outputs`](Client::take_outputs) before the next. It owns the socket, the
//! timer and the data as JavaScript sees it; all decisions are made here.

mod connection;
mod event;
mod received;
mod transactions;
mod writes;
mod writing;

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
use connection::{Connection, Due};
use transactions::Transactions;
use writes::Writes;

pub use connection::{Identity, JoinOptions};
pub use event::{ClientEvent, ClientOutput, Failure, Reset, WriteEnd, WriteFailure, WriteId};

/// How long after it was said to unload a page counts as unloading: its handlers run at once, one after the other.
const UNLOADING: Duration = Duration::from_secs(1);

/// A name, user data or an app message is over its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

/// The client.
#[derive(Debug)]
pub struct Client {
    random: Random,
    connection: Connection,
    position: Option<Position>,
    /// Something was lost on the way: the next join must bring the whole data.
    needs_snapshot: bool,
    participants: Vec<Participant>,
    /// A join answer whose participants have not all come yet.
    incomplete: Option<Box<Joined>>,
    sync_interval: Duration,
    writes: Writes,
    transactions: Transactions,
    /// Frames that were sent and not yet counted against the server's rate.
    unpaid_frames: u32,
    /// App messages that wait for a reconnect.
    app_messages: Vec<(Instant, String)>,
    /// How many `set_user` wait for the server to have the newest name and data.
    unset_users: usize,
    /// How many changes of them the server has still to answer on this connection.
    unanswered_users: usize,
    /// The page has gone away and may not come back.
    hidden: bool,
    /// When the page was last said to be about to go away.
    unloaded_at: Option<Instant>,
    /// Until when `leave()` waits for answers.
    leaving_until: Option<Instant>,
    outputs: Vec<ClientOutput>,
}

impl Client {
    /// A client that has not joined. The seed drives the jitter of its reconnects and of its transactions.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            connection: Connection::new(),
            position: None,
            needs_snapshot: false,
            participants: Vec::new(),
            incomplete: None,
            sync_interval: limits::SYNC_INTERVAL,
            writes: Writes::default(),
            transactions: Transactions::default(),
            unpaid_frames: 0,
            app_messages: Vec::new(),
            unset_users: 0,
            unanswered_users: 0,
            hidden: false,
            unloaded_at: None,
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
        let connection = self.connection.due_at()?;
        let syncs = self.connection.is_joined() && !self.connection.is_going_away();
        let sync = syncs.then(|| self.writes.due_at(self.sync_interval)).flatten();
        let in_flight = self.connection.known_until().filter(|_| self.writes.has_in_flight());
        let expiry = self.writes.expires_at();
        let (attempt, turn) = (self.transactions.attempt_at(), self.transactions.expires_at());
        let others = [sync, in_flight, expiry, attempt, turn, self.leaving_until];
        Some(others.into_iter().flatten().fold(connection, Instant::min))
    }

    /// All participants, this client's own included; empty while not joined.
    pub fn participants(&self) -> &[Participant] {
        &self.participants
    }

    /// This client's own participant; none before it has joined for the first time.
    pub fn participant(&self) -> Option<&ParticipantId> {
        self.connection.participant()
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
    pub fn join(&mut self, now: Instant, options: JoinOptions) -> Result<(), TooLarge> {
        check_user(&options.user_name, options.user_data.as_ref()).map_err(|_| TooLarge)?;
        if options.token.as_ref().is_some_and(|token| utf16_units(token) > limits::TOKEN_UNITS) {
            return Err(TooLarge);
        }
        if self.connection.is_idle() {
            self.connection.begin(now, options);
            self.connect(now);
        }
        Ok(())
    }

    /// Leaves: sends what waits without regard to the interval, waits for answers for at most
    /// [`limits::LEAVE_TIMEOUT`], sends what still waits then, and goes. [`ClientEvent::Left`] is the end of it.
    ///
    /// While the page unloads it may be a reload, as 100ms's provider leaves then: the participant only goes away, and is
    /// given up by the server if nobody comes back.
    pub fn leave(&mut self, now: Instant) {
        if self.connection.is_idle() {
            return;
        }
        if self.unloaded_at.is_some_and(|at| now.since(at) < UNLOADING) {
            self.hide(now);
            self.outputs.push(ClientOutput::Disconnect);
            return self.stop(None);
        }
        if !self.connection.is_joined() {
            return self.finish_leave();
        }
        self.leaving_until.get_or_insert(now + limits::LEAVE_TIMEOUT);
        self.send_pending(now, false);
        self.leave_if_answered();
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
        if self.connection.is_joined() {
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
        let Some(options) = &mut self.connection.options else {
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
        if self.connection.is_joined() {
            self.unanswered_users += 1;
            self.send(ClientMessage::SetUser { user_name, user_data }.encode());
        }
        Ok(())
    }

    /// The page became visible, came back, or the network did: whatever waits for a retry is tried at once.
    pub fn wake(&mut self, now: Instant) {
        self.unloaded_at = None;
        if core::mem::take(&mut self.hidden) {
            self.connection.came_back(now);
            if self.connection.is_joined() || self.connection.is_joining() {
                // Any message takes an `away` back.
                self.send(ClientMessage::Pong.encode());
            }
        }
        if self.connection.hurry(now) {
            self.connect(now);
        } else {
            self.handle_timeout(now);
        }
    }

    /// The page may be about to go away: what waits is sent at once, and the server told.
    pub fn unload(&mut self, now: Instant) {
        self.unloaded_at = Some(now);
        if self.connection.is_joined() {
            self.send_pending(now, true);
        }
        if self.connection.is_joined() || self.connection.is_joining() {
            self.send(ClientMessage::Away.encode());
        }
    }

    /// The page goes away and may not come back. Until [`wake`](Self::wake) nothing waits any more.
    pub fn hide(&mut self, now: Instant) {
        self.hidden = true;
        self.unload(now);
        if !self.connection.is_idle() {
            self.event(self.connection.away());
        }
    }

    /// The page stops running, until [`wake`](Self::wake) or for ever. One that went away gives up its socket, which a
    /// browser keeps open in its back/forward cache: the others would see somebody who is not there.
    pub fn freeze(&mut self, now: Instant) {
        if self.hidden && !self.connection.is_idle() {
            self.unload(now);
            self.abandon_socket(now);
        }
    }

    /// The socket is open.
    pub fn socket_opened(&mut self, now: Instant) {
        if let Some(join) = self.connection.opened(now, self.resumable_position()) {
            self.send(ClientMessage::Join(Box::new(join)).encode());
        }
    }

    /// A text frame came. One that is no message of this protocol is ignored: a later server may say more.
    pub fn socket_message(&mut self, now: Instant, text: &str) {
        let message = ServerMessage::decode(text);
        // Something else may speak at that address, for ever, but does not answer a join.
        if self.connection.is_joined() || message.is_some() {
            self.connection.heard(now);
        }
        let Some(message) = message else {
            return;
        };
        if self.connection.is_joined() {
            self.joined_message(now, message);
            // The timers of a hidden page hardly run, but messages come: what is due goes with them.
            self.sync(now);
        } else if self.connection.is_joining() {
            self.joining_message(now, message);
        }
    }

    /// The socket closed, or could not be opened. The code is what its close event says.
    pub fn socket_closed(&mut self, now: Instant, code: u16) {
        let code = CloseCode(code);
        if self.connection.is_idle() {
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
        if self.leaving_until.is_some_and(|until| until <= now) {
            self.send_pending(now, true);
            return self.finish_leave();
        }
        match self.connection.due(now) {
            Some(Due::Fail) => {
                self.outputs.push(ClientOutput::Disconnect);
                return self.fail(Failure::Unreachable);
            }
            Some(Due::Abandon) => self.abandon_socket(now),
            Some(Due::Connect) => self.connect(now),
            None => {}
        }
        if self.connection.known_until().is_some_and(|until| until <= now) {
            self.give_up_in_flight();
        }
        self.expire_writes(now);
        self.sync(now);
    }

    fn connect(&mut self, now: Instant) {
        self.connection.connecting(now);
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
        if self.connection.lost(now, &mut self.random) {
            if !mutant!("name-forgotten") {
                self.unanswered_users = 0;
            }
            self.event(ClientEvent::Interrupted);
        }
    }

    fn leave_if_answered(&mut self) {
        if self.leaving_until.is_some() && !self.writes.has_in_flight() && !self.writes.has_pending() {
            self.finish_leave();
        }
    }

    fn go_away_if_answered(&mut self, now: Instant) {
        if self.connection.is_joined() && self.connection.is_going_away() && !self.writes.has_in_flight() {
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
        while let Some(transaction) = self.transactions.first() {
            self.write_failed(Some(transaction), WriteFailure::Left);
        }
        self.outputs.extend(failure.map(|failure| ClientOutput::Event(ClientEvent::Failed(failure))));
        self.event(ClientEvent::Left);
        let seed = self.random.bits();
        let outputs = core::mem::take(&mut self.outputs);
        *self = Self { outputs, ..Self::new(seed) };
    }

    /// Where the data is, if the next join can go on from there.
    fn resumable_position(&self) -> Option<Position> {
        self.position.filter(|_| !self.needs_snapshot)
    }

    fn event(&mut self, event: ClientEvent) {
        self.outputs.push(ClientOutput::Event(event));
    }

    fn send(&mut self, frame: String) {
        self.unpaid_frames += 1;
        self.outputs.push(ClientOutput::Send(frame));
    }
}
