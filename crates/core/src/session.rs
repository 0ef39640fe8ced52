//! The authority of one session, as a state machine: order, dedupe, participants, and its end.
//!
//! The owner calls one method for each thing that happens, with the time, and then drains
//! [`poll_output`](Session::poll_output) before the next. Nothing here can fail: what a peer does wrong becomes an
//! answer or a [`SessionOutput::Close`].

mod member;
mod reader;
mod saved;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use crate::data::SessionData;
use crate::json::{Json, utf16_units};
use crate::position::{Epoch, Position};
use crate::protocol::*;
use crate::shared_state::SharedState;
use crate::time::Instant;
use crate::update::MergeStrategy;
use member::{Member, Remembered};
use reader::Reader;

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
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self { sync_interval: limits::SYNC_INTERVAL, grace: limits::GRACE }
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

    /// A connection asks to join, or to resume a participant.
    pub fn join(&mut self, now: Instant, connection: ConnectionId, join: Join, admission: Admission) {
        self.dated = (now, admission.date);
        if let Err(code) = check_join(&join) {
            self.outputs.push_back(SessionOutput::Close { connection, code });
            self.end_if_empty();
            return;
        }
        let (id, known) = match self.known_participant(&join) {
            Some(id) if self.is_stale(&id, &join) => {
                self.outputs.push_back(SessionOutput::Close { connection, code: CloseCode::STALE_JOIN });
                return;
            }
            Some(id) => (id, true),
            None if self.members.len() >= limits::PARTICIPANTS => {
                self.outputs.push_back(SessionOutput::Close { connection, code: CloseCode::SESSION_FULL });
                return;
            }
            None => (admission.participant, false),
        };
        // A client that asked for somebody else must not send on what it had sent as that one.
        let same = || self.members.get(&id).is_some_and(|member| member.instance == join.instance);
        let resumed = known && join.resume.as_ref().map_or_else(same, |resume| resume.participant == id);
        let position = join.resume.as_ref().and_then(|resume| resume.position);
        let forked = position.is_some_and(|position| self.state.contradicts(position));
        let position = position.filter(|_| resumed);
        if known {
            self.resume_member(now, &id, connection, join, admission.secret);
        } else {
            let member = Member::new(id.clone(), connection, join, admission.secret, admission.date);
            self.broadcast(now, ServerMessage::ParticipantJoined(member.participant.clone()));
            self.members.insert(id.clone(), member);
        }
        let sent = self.state.position().revision + u64::from(mutant!("snapshot-before-attach"));
        self.readers.insert(connection, Reader::new(now, id.clone(), sent));
        self.answer_join(now, connection, &id, (resumed, forked), position);
    }

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
        let grace = if member.away { limits::AWAY_GRACE.min(self.config.grace) } else { self.config.grace };
        let until = if mutant!("grace-ignored") { now } else { now + grace };
        member.connection = None;
        member.given_up_at = Some(until);
        self.graces.insert((until, reader.participant));
    }

    /// A connection's socket takes no more for the moment. Until [`writable`](Self::writable) it is sent nothing.
    pub fn blocked(&mut self, now: Instant, connection: ConnectionId) {
        if let Some(reader) = self.readers.get_mut(&connection) {
            reader.blocked_since.get_or_insert(now);
        }
    }

    /// A connection's socket takes data again.
    pub fn writable(&mut self, now: Instant, connection: ConnectionId) {
        let Some(reader) = self.readers.get_mut(&connection) else {
            return;
        };
        reader.blocked_since = None;
        for frame in reader.take_queued() {
            reader.spoke_at = now;
            self.outputs.push_back(SessionOutput::Send { connection, frame });
        }
        if mutant!("delta-after-block-skipped") {
            reader.sent = self.state.position().revision;
        }
        self.schedule_flush(now);
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

    /// The participant that a join may take over: the one that it names and proves to be, or, when the answer to an
    /// earlier try got lost and the proof in it, the one that the same instance is, or the document before it was.
    fn known_participant(&self, join: &Join) -> Option<ParticipantId> {
        let named = join.resume.as_ref().and_then(|resume| {
            let member = self.members.get(&resume.participant)?;
            (member.secret == resume.secret).then(|| resume.participant.clone())
        });
        let of_instance = |instance: &str| {
            let member = self.members.values().find(|member| member.instance == instance)?;
            Some(member.participant.id.clone())
        };
        let predecessor = || of_instance(join.predecessor.as_deref()?);
        named.or_else(|| of_instance(&join.instance)).or_else(predecessor)
    }

    /// Whether the participant's client has joined on a newer connection: what is late must not supersede it.
    fn is_stale(&self, id: &ParticipantId, join: &Join) -> bool {
        self.members
            .get(id)
            .is_some_and(|member| member.instance == join.instance && join.attempt <= member.attempt)
            && !mutant!("late-join-accepted")
    }

    fn resume_member(
        &mut self,
        now: Instant,
        id: &ParticipantId,
        connection: ConnectionId,
        join: Join,
        secret: String,
    ) {
        let Some(member) = self.members.get_mut(id) else {
            return;
        };
        if !mutant!("grace-goes-on-after-resume")
            && let Some(until) = member.given_up_at.take()
        {
            self.graces.remove(&(until, id.clone()));
        }
        let superseded = member.connection.replace(connection);
        let changed = member.resume(join, secret);
        let participant = member.participant.clone();
        if let Some(old) = superseded {
            if mutant!("stale-close-applied") {
                self.blocked(now, old);
            } else if !mutant!("superseded-still-speaks") {
                self.readers.remove(&old);
            }
            self.outputs.push_back(SessionOutput::Close { connection: old, code: CloseCode::SUPERSEDED });
        }
        if mutant!("presence-counted-twice") {
            self.broadcast(now, ServerMessage::ParticipantJoined(participant));
        } else if changed {
            self.broadcast(now, ServerMessage::ParticipantUpdated(participant));
        }
    }

    fn answer_join(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        id: &ParticipantId,
        (resumed, forked): (bool, bool),
        position: Option<Position>,
    ) {
        let Some(member) = self.members.get(id) else {
            return;
        };
        let mut participants: Vec<_> =
            self.members.values().map(|member| member.participant.clone()).collect();
        participants.sort_by_key(|participant| participant.joined_at);
        let mut chunks = participants.chunks(limits::PARTICIPANTS_PER_MESSAGE).peekable();
        let first = chunks.next().unwrap_or_default();
        let mut messages = vec![ServerMessage::Joined(Box::new(Joined {
            participant: id.clone(),
            secret: member.secret.clone(),
            resumed,
            forked,
            position: self.state.position(),
            state: self.state.catch_up(position),
            participants: first.to_vec(),
            more: chunks.peek().is_some(),
            sync_interval_ms: millis(self.config.sync_interval),
            grace_ms: millis(self.config.grace),
        }))];
        while let Some(next) = chunks.next() {
            let more = chunks.peek().is_some();
            messages.push(ServerMessage::Participants { participants: next.to_vec(), more });
        }
        for message in messages {
            self.send(now, connection, &Frame::from(message.encode()));
        }
    }

    fn update(&mut self, now: Instant, connection: ConnectionId, id: &ParticipantId, request: UpdateRequest) {
        let Some(member) = self.members.get_mut(id) else {
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
        if conditional && let Some(mut reader) = self.readers.remove(&connection) {
            self.catch_up(now, connection, &mut reader, &mut Vec::new());
            self.readers.insert(connection, reader);
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
        if mutant!("result-before-delta") {
            let frame = Frame::from(ServerMessage::Result { sequence, result }.encode());
            self.send(now, connection, &frame);
        } else if let Some(reader) = self.readers.get_mut(&connection) {
            let frame = ServerMessage::Result { sequence, result }.encode().into();
            if !reader.conclude(frame) {
                self.close(now, connection, CloseCode::SLOW_READER);
            }
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

    fn broadcast(&mut self, now: Instant, message: ServerMessage) {
        let frame = Frame::from(message.encode());
        let receivers: Vec<_> = self.readers.keys().copied().collect();
        for receiver in receivers {
            self.send(now, receiver, &frame);
        }
    }

    /// Sends an event, or lets it wait for a blocked reader. One that has let too much wait is disconnected.
    fn send(&mut self, now: Instant, connection: ConnectionId, frame: &Frame) {
        let Some(reader) = self.readers.get_mut(&connection) else {
            return;
        };
        if reader.blocked_since.is_none() || mutant!("blocked-reader-sent-to") {
            reader.spoke_at = now;
            self.outputs.push_back(SessionOutput::Send { connection, frame: frame.clone() });
        } else if !reader.queue(frame.clone()) {
            self.close(now, connection, CloseCode::SLOW_READER);
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
                reader.spoke_at = now;
                let frame = Frame::from(ServerMessage::Ping.encode());
                self.outputs.push_back(SessionOutput::Send { connection, frame });
            }
        }
        for (connection, code) in overdue {
            self.close(now, connection, code);
        }
    }

    /// Sends deltas at once in an idle session, and gathers them for a moment in a busy one.
    fn schedule_flush(&mut self, now: Instant) {
        self.unflushed = true;
        if self.flush_from <= now {
            self.flush(now);
        }
    }

    fn flush(&mut self, now: Instant) {
        self.unflushed = false;
        self.flush_from = now + limits::CONFLATION_INTERVAL;
        // Nearly all readers have the same revision, so nearly always this is one delta for all of them.
        let mut deltas = Vec::new();
        let mut readers = core::mem::take(&mut self.readers);
        for (&connection, reader) in readers.iter_mut() {
            self.catch_up(now, connection, reader, &mut deltas);
        }
        self.readers = readers;
    }

    /// Sends a reader what it has not got of the data, and the answers that wait for that. `deltas` are those that are
    /// encoded already, by the revision that they begin at.
    fn catch_up(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        reader: &mut Reader,
        deltas: &mut Vec<(u64, Frame)>,
    ) {
        if reader.blocked_since.is_some() {
            if mutant!("result-lost-while-blocked") {
                reader.results.clear();
            }
            return;
        }
        if reader.sent < self.state.position().revision {
            let known = deltas.iter().find(|(since, _)| *since == reader.sent);
            let frame = known.map(|(_, frame)| frame.clone()).unwrap_or_else(|| {
                let change = self.state.change_since(reader.sent);
                let frame =
                    Frame::from(ServerMessage::State { position: self.state.position(), change }.encode());
                deltas.push((reader.sent, frame.clone()));
                frame
            });
            reader.sent = self.state.position().revision;
            reader.spoke_at = now;
            self.outputs.push_back(SessionOutput::Send { connection, frame });
        }
        for frame in reader.results.drain(..) {
            reader.spoke_at = now;
            self.outputs.push_back(SessionOutput::Send { connection, frame });
        }
    }
}

fn check_join(join: &Join) -> Result<(), CloseCode> {
    if join.version != VERSION {
        return Err(CloseCode::UNSUPPORTED_VERSION);
    }
    let instance = &join.instance;
    let proper =
        instance.len() == limits::INSTANCE_DIGITS && instance.bytes().all(|byte| byte.is_ascii_hexdigit());
    let token_fits = join.token.as_ref().is_none_or(|token| utf16_units(token) <= limits::TOKEN_UNITS);
    if !proper || !token_fits || check_user(&join.user_name, join.user_data.as_ref()).is_err() {
        return Err(CloseCode::BAD_JOIN);
    }
    Ok(())
}

/// A name or user data over its limit.
pub(crate) struct UserTooLarge;

/// The limits of a name and of user data, the same in the browser and on the server.
pub(crate) fn check_user(user_name: &str, user_data: Option<&Json>) -> Result<(), UserTooLarge> {
    let name_fits = utf16_units(user_name) <= limits::USER_NAME_UNITS;
    let data_fits = user_data.is_none_or(|data| data.units() <= limits::USER_DATA_UNITS);
    if name_fits && data_fits { Ok(()) } else { Err(UserTooLarge) }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
