//! What can happen to a client.

use crate::checks::mangled::Mangled;
use crate::checks::span::Span;
use crate::checks::update::{Change, Key, Value};

/// The seed of a client's jitter, and what happens to it.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Run {
    pub(crate) seed: u64,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Step {
    // The page.
    Join {
        name: u8,
        user_data: Option<Value>,
        token: bool,
        resume: bool,
    },
    Leave,
    Update(Change),
    Write(Change, Asked),
    Patch(Change),
    /// With so many attempts at most.
    Transact(u8),
    /// What the function of a transaction writes; means nothing while none was told to run.
    Attempt(Change, Asked),
    /// Of the writes and the transactions that have not ended, this one.
    Withdraw(u8),
    App {
        to: Option<Vec<u8>>,
        data: Value,
    },
    User {
        name: Option<u8>,
        data: Option<Value>,
    },
    Wake,
    Unload,
    Hide,
    // The socket; means nothing while there is none.
    Opened,
    Closed(Closing),
    Message(Message),
    Mangled(Mangled),
    Text(String),
    // Time passes: every deadline is kept, or all that pass are handled late.
    Wait(Span),
    Oversleep(Span),
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Closing {
    Lost,
    Reconnect,
    Final,
    Any(u16),
}

/// What a write asks of the data as the page has it.
#[derive(Debug, Clone, Default)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Asked {
    pub(crate) revision: Option<u64>,
    pub(crate) unchanged: Vec<Key>,
}

/// What the server says. Whether it fits to what the client has is left to chance, but often it does.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Message {
    Joined {
        own: u8,
        resumed: bool,
        forked: bool,
        at: At,
        data: Option<Data>,
        others: Vec<u8>,
        more: bool,
        sync_interval: Number,
        grace: Number,
    },
    Participants {
        ids: Vec<u8>,
        more: bool,
    },
    State {
        at: At,
        data: Data,
    },
    Result {
        sequence: Sequence,
        end: End,
    },
    ParticipantJoined {
        id: u8,
        name: u8,
    },
    ParticipantUpdated {
        id: u8,
        name: u8,
    },
    ParticipantLeft {
        id: u8,
    },
    App {
        from: u8,
        data: Value,
    },
    Refused(bool),
    GoAway(Number),
    Ping,
}

/// A position, seen from the client's.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct At {
    pub(crate) other_epoch: bool,
    pub(crate) ahead: i8,
}

/// The whole data, or a difference.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Data {
    pub(crate) since: Since,
    pub(crate) change: Change,
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Since {
    /// From what the client has.
    Fitting,
    Whole,
    Any(u64),
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Sequence {
    /// Of the updates that are unanswered, this one.
    Unanswered(u8),
    Any(u64),
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum End {
    Applied,
    Unchanged,
    TooLarge,
    BadData,
    SessionReset,
    OutOfOrder,
    Conflict,
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Number {
    Seconds(u8),
    Any(u64),
}
