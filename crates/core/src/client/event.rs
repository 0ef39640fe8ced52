//! What a client wants done, and what it has to tell.

use super::Identity;
use crate::json::Json;
use crate::protocol::*;
use alloc::string::String;

/// What the owner has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientOutput {
    /// Open a new socket, in place of the one there may be.
    Connect,
    /// Send this text.
    Send(String),
    /// Close the socket; the client has forgotten it already.
    Disconnect,
    /// Take this change over into the data. It becomes visible with the events after it.
    Data(StateChange),
    /// Tell the page.
    Event(ClientEvent),
}

/// What the page is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// The join succeeded; participants, position and data are there.
    Joined,
    /// Somebody joined.
    ParticipantJoined(Participant),
    /// Somebody's name or user data changed.
    ParticipantUpdated(Participant),
    /// Somebody left.
    ParticipantLeft(Participant),
    /// The number of participants changed.
    CountsChanged,
    /// The session is a new one: its epoch changed, or it was joined.
    SessionChanged,
    /// The data changed, or it was joined.
    DataChanged,
    /// The connection was lost and is being restored.
    Interrupted,
    /// The connection is back.
    Reconnected,
    /// After a reconnect the data is not what came of the data that the client had.
    SessionReset(Reset),
    /// Batched writes did not come to pass, or nobody knows.
    WriteFailed(WriteFailure),
    /// A transaction makes an attempt: its function runs on the data as it is now, and what it writes is handed over by
    /// [`Client::write`](super::Client::write) under the transaction's number; or nothing is, by
    /// [`Client::withdraw`](super::Client::withdraw). One that has ended in the meantime makes none.
    Attempt(WriteId),
    /// An awaited write or a transaction has ended, after the data that it led to.
    WriteEnded {
        /// Which one.
        write: WriteId,
        /// How.
        end: WriteEnd,
    },
    /// A message from another participant.
    AppMessage {
        /// The sender.
        from: ParticipantId,
        /// The value.
        data: Json,
    },
    /// The oldest unanswered [`Client::set_user`](super::Client::set_user) has taken effect.
    UserSet,
    /// The page goes away. The next document of the tab may come back as this participant, or go on with a join that
    /// has no answer: see [`JoinOptions::predecessors`](super::JoinOptions::predecessors).
    Away {
        /// The participant, if there is one.
        identity: Option<Identity>,
        /// The instances whose joins have no answer.
        predecessors: String,
    },
    /// The client has stopped and will not try again.
    Failed(Failure),
    /// The client has left, by itself or after a failure.
    Left,
}

/// The number by which the owner knows a write or a transaction that it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteId(pub u32);

/// Why the data is another one than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// The session has begun anew.
    NewSession,
    /// The server has lost a part of its history, and went on from before it.
    Forked,
}

impl Reset {
    /// The name in `reason`.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NewSession => "new_session",
            Self::Forked => "forked",
        }
    }
}

/// How an awaited write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteEnd {
    /// It became this revision.
    Applied(u64),
    /// The data already was like that, at this revision.
    Unchanged(u64),
    /// It did not come to pass, or nobody knows.
    Failed(WriteFailure),
}

/// Why writes did not come to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteFailure {
    /// The server refused it.
    Rejected(Rejection),
    /// They could not be sent for [`limits::UNSENT_MAX`].
    Expired,
    /// [`limits::UNSENT_WRITES`] were waiting already.
    Busy,
    /// `leave()`, or a failure, came before they could be sent.
    Left,
    /// The connection was lost for good, or the call left, after they were sent: they may have been applied or not.
    Unknown,
}

impl WriteFailure {
    /// The name in `details.code`.
    pub const fn code(self) -> &'static str {
        match self {
            // What the server has forgotten is not known to anybody.
            Self::Rejected(Rejection::OutOfOrder) | Self::Unknown => "unknown",
            Self::Rejected(rejection) => rejection.code(),
            Self::Expired => "expired",
            Self::Busy => "busy",
            Self::Left => "left",
        }
    }

    /// What goes with the reason: how many units the data would have had, or at which revision the condition failed.
    pub const fn number(self) -> Option<u64> {
        match self {
            Self::Rejected(Rejection::TooLarge(size)) => Some(size as u64),
            Self::Rejected(Rejection::Conflict(revision)) => Some(revision),
            Self::Rejected(_) | Self::Expired | Self::Busy | Self::Left | Self::Unknown => None,
        }
    }
}

/// Why a client stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No server answered within [`limits::FIRST_JOIN_TIMEOUT`].
    Unreachable,
    /// The server closed the connection with a final code.
    Closed(CloseCode),
}

impl Failure {
    /// Which of Daily's fatal errors it is.
    pub const fn kind(self) -> FatalKind {
        match self {
            Self::Unreachable => FatalKind::ConnectionError,
            Self::Closed(code) => code.fatal_kind(),
        }
    }
}
