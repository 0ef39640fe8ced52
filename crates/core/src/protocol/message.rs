//! The messages, as data.

use crate::json::Json;
use crate::position::{Epoch, Position};
use crate::scan::strings;
use crate::update::Update;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// A participant's public id (`session_id` in Daily's words): new on every join, kept by a resume.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantId(pub String);

impl ParticipantId {
    /// The ids in a JSON array of strings; none for anything else.
    pub fn list_from_stringified(text: &str) -> Option<Vec<Self>> {
        Some(strings(text)?.into_iter().map(Self).collect())
    }
}

/// What client to server messages say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// The first message of a connection: who wants in.
    Join(Box<Join>),
    /// A change of the session data.
    Update(UpdateRequest),
    /// A new name or new user data for the sender; what is absent stays. Always answered by
    /// [`ServerMessage::ParticipantUpdated`].
    SetUser {
        /// The new name, at most [`USER_NAME_UNITS`](super::limits::USER_NAME_UNITS).
        user_name: Option<String>,
        /// The new user data, at most [`USER_DATA_UNITS`](super::limits::USER_DATA_UNITS).
        user_data: Option<Json>,
    },
    /// A message to others that is not kept.
    AppMessage {
        /// The recipients; none: everybody but the sender.
        to: Option<Vec<ParticipantId>>,
        /// Any JSON value, at most [`APP_MESSAGE_UNITS`](super::limits::APP_MESSAGE_UNITS).
        data: Json,
    },
    /// The answer to [`ServerMessage::Ping`].
    Pong,
    /// The page goes away and may come back (a reload, the back/forward cache).
    Away,
    /// The participant leaves for good.
    Leave,
}

/// Who wants in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The protocol version, [`VERSION`](super::VERSION).
    pub version: u32,
    /// The session's name.
    pub session: String,
    /// A random number of the client, new for every join: what its operations are counted under. Never sent to others.
    pub instance: String,
    /// 1, 2, 3… for each connection of the instance. A join that comes late, after a newer one, is turned away.
    pub attempt: u64,
    /// The instances of documents before it that were reloaded while they waited for the answer to a join, oldest first,
    /// with a space between them; at most [`PREDECESSORS_UNITS`](super::limits::PREDECESSORS_UNITS).
    pub predecessors: String,
    /// The participant's name; may be empty.
    pub user_name: String,
    /// The participant's user data, if any.
    pub user_data: Option<Json>,
    /// The token of the address, if any. This version of the server does not look at it.
    pub token: Option<String>,
    /// Which participant reconnects; none: a new one joins.
    pub resume: Option<Resume>,
}

/// Which participant comes back, the proof, and what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The participant.
    pub participant: ParticipantId,
    /// What the last [`Joined`] said.
    pub secret: String,
    /// The position of the data that the client has; none: it has lost it and needs all.
    pub position: Option<Position>,
}

/// A change asked for, with what makes sending it again harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateRequest {
    /// 1, 2, 3… for each instance. A number that the server has answered gets the same answer again.
    pub sequence: u64,
    /// The epoch that the write was made in.
    pub epoch: Epoch,
    /// The change.
    pub update: Update,
    /// What must hold for it to be applied.
    pub condition: Condition,
}

/// What a write asks of the data as it is just before it. The default asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// The session is at exactly this revision.
    pub revision: Option<u64>,
    /// None of these keys has changed since the writer saw them, or their absence.
    pub unchanged: Vec<String>,
    /// The revision of the data that the writer had: what `unchanged` counts from.
    pub seen: u64,
}

impl Condition {
    /// A condition from what the page stringified: the keys are one JSON array. None when one of them is no legal text.
    pub fn from_stringified(revision: Option<u64>, keys: &str) -> Option<Self> {
        Some(Self { revision, unchanged: strings(keys)?, seen: 0 })
    }

    /// Whether it asks for anything.
    pub fn is_some(&self) -> bool {
        self.revision.is_some() || !self.unchanged.is_empty()
    }
}

/// A participant as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Public id.
    pub id: ParticipantId,
    /// Name; may be empty.
    pub user_name: String,
    /// User data, if any was set.
    pub user_data: Option<Json>,
    /// When it joined, by the server's clock: milliseconds since 1970 UTC.
    pub joined_at: u64,
}

/// A change of the session data as readers get it: the whole, or the difference from a revision they have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// The revision that this is the difference from; none: `set` is the whole data.
    pub since: Option<u64>,
    /// One JSON object: the keys that were set, with their values.
    pub set: Json,
    /// The keys that were deleted.
    pub deleted: Vec<String>,
    /// Who last changed each of the keys, as on the wire: one JSON array.
    pub writes: Json,
}

/// The answer to a join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The participant that this connection now is.
    pub participant: ParticipantId,
    /// The proof for the next resume; the one before it is void.
    pub secret: String,
    /// Whether it is the participant that the join asked to resume.
    pub resumed: bool,
    /// Whether the client's position lies on another history of the same epoch: the server has lost what led to it.
    pub forked: bool,
    /// The position that `state` leads to.
    pub position: Position,
    /// What the client needs to get there; none when it is there.
    pub state: Option<StateChange>,
    /// The participants, the client's own included; the first ones when `more` is set.
    pub participants: Vec<Participant>,
    /// Whether [`ServerMessage::Participants`] follow.
    pub more: bool,
    /// The time between two updates by `setMeetingSessionData`, in milliseconds.
    pub sync_interval_ms: u64,
    /// How long the participant is kept when its connection is lost, in milliseconds.
    pub grace_ms: u64,
}

/// How an update ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateResult {
    /// It became this revision.
    Applied(u64),
    /// The data already was like that, at this revision.
    Unchanged(u64),
    /// It was not applied.
    Rejected(Rejection),
}

/// Why an update was not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// `too_large`: the update, or the data after it, would have this many units.
    TooLarge(usize),
    /// `bad_data`: a key stands twice, is deleted under replace or is no legal text, or a patch is too deep.
    BadData,
    /// `session_reset`: it was made in an earlier epoch.
    SessionReset,
    /// `conflict`: its condition did not hold; the session was at this revision.
    Conflict(u64),
    /// `out_of_order`: an operation number that was answered too long ago to say how it ended.
    OutOfOrder,
}

impl Rejection {
    /// The name on the wire and in `details.code`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge(_) => "too_large",
            Self::BadData => "bad_data",
            Self::SessionReset => "session_reset",
            Self::Conflict(_) => "conflict",
            Self::OutOfOrder => "out_of_order",
        }
    }
}

/// What server to client messages say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerMessage {
    /// The answer to a join.
    Joined(Box<Joined>),
    /// More participants, after [`Joined`].
    Participants {
        /// The next ones.
        participants: Vec<Participant>,
        /// Whether still more follow.
        more: bool,
    },
    /// The session data changed.
    State {
        /// The revision and chain after it, in the epoch of the join.
        position: Position,
        /// The change.
        change: StateChange,
    },
    /// How one of the client's own updates ended. Comes after the data that it led to.
    Result {
        /// The number of the update.
        sequence: u64,
        /// Its end.
        result: UpdateResult,
    },
    /// Somebody joined.
    ParticipantJoined(Participant),
    /// Somebody's name or user data changed, or the receiver's own request to change them was handled.
    ParticipantUpdated(Participant),
    /// Somebody left.
    ParticipantLeft(ParticipantId),
    /// A message from another participant.
    AppMessage {
        /// The sender.
        from: ParticipantId,
        /// The value.
        data: Json,
    },
    /// A message of the client was refused and changed nothing.
    Refused(RefusedCode),
    /// The server stops. Updates are still answered; then the client should leave by itself and reconnect after the time.
    GoAway {
        /// In milliseconds; another one for each client, so that they do not come back all at once.
        reconnect_after_ms: u64,
    },
    /// A sign of life, to be answered with [`ClientMessage::Pong`].
    Ping,
}

/// Why a message that is no update was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedCode {
    /// `unknown_type`: this server has no message of that type.
    UnknownType,
    /// `too_large`: an app message, a name or user data over its limit.
    TooLarge,
}

impl RefusedCode {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownType => "unknown_type",
            Self::TooLarge => "too_large",
        }
    }

    /// The code of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::UnknownType, Self::TooLarge].into_iter().find(|code| code.name() == name)
    }
}
