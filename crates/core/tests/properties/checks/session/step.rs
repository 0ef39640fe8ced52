//! What can happen to a session.

use crate::checks::mangled::Mangled;
use crate::checks::span::Span;
use crate::checks::update::{Change, Key, Value};

/// A session's settings, and what happens to it.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Run {
    pub(crate) grace: Span,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Step {
    /// A new connection asks to join.
    Join(Joining),
    /// A new connection sends this first.
    First(Mangled),
    /// A connection sends this.
    Say(Pick, Saying),
    /// A connection sends many updates at once.
    Burst(Pick, Many),
    /// Many new participants join and lose their connections.
    Crowd(Many),
    /// A part of a message comes from a connection.
    Heard(Pick),
    /// A connection breaks.
    Disconnect(Pick),
    /// A socket takes no more.
    Block(Pick),
    /// A socket takes data again.
    Unblock(Pick),
    /// The server is told to stop.
    GoAway { spread: Span, offset: Span },
    /// What the session is is written down.
    Save,
    /// The server is killed, and the next one goes on from what was written down last, which may be long ago.
    Restore { ago: Span },
    /// Time passes, and every deadline is kept.
    Wait(Span),
    /// Time passes in which nothing happens: deadlines are handled late.
    Oversleep(Span),
}

/// A few, and now and then enough to pass the limits there are; that takes its time.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Many(pub(crate) u8);

impl Many {
    pub(crate) fn count(self) -> u16 {
        if self.0 < 240 { u16::from(self.0 % 16) } else { u16::from(self.0 - 239) * 40 }
    }
}

/// One of the connections there are; a small part of the numbers also means those that were closed.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Pick(pub(crate) u8);

/// A join.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Joining {
    /// The connection, open or not, that this one comes after; none: a new client.
    pub(crate) after: Option<u8>,
    /// Whether it is the same instance; otherwise the page was reloaded.
    pub(crate) same_instance: bool,
    pub(crate) attempt: Attempt,
    pub(crate) resume: Resuming,
    /// The position that it says to have.
    pub(crate) position: Claim,
    pub(crate) name: u8,
    pub(crate) user_data: Option<Value>,
    pub(crate) flaw: Option<Flaw>,
}

impl Joining {
    /// A client that was not there before.
    pub(crate) const fn new_client() -> Self {
        Self {
            after: None,
            same_instance: false,
            attempt: Attempt::Next,
            resume: Resuming::No,
            position: Claim::None,
            name: 0,
            user_data: None,
            flaw: None,
        }
    }
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Attempt {
    Next,
    Repeated,
    Any(u64),
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Resuming {
    /// With the secret that the connection before was given.
    Right,
    Wrong,
    No,
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Claim {
    /// That of the connection before.
    Own,
    None,
    /// That of the connection before, with this added to the revision or, if it is 0, another chain.
    Lie(i8),
    OtherEpoch,
}

/// What is wrong with a join.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Flaw {
    Version(u32),
    Instance(String),
    Name,
    UserData,
    Token,
}

/// What a connection sends after it has joined.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Saying {
    Update {
        sequence: Sequence,
        other_epoch: bool,
        change: Change,
        /// Whether the change is a merge patch.
        patch: bool,
        asked: Asked,
    },
    User {
        name: Option<u8>,
        data: Option<Value>,
    },
    /// To those of these connections, or to all, and perhaps to nobody that there is.
    App {
        to: Option<Vec<u8>>,
        data: Value,
    },
    Pong,
    Away,
    Leave,
    Join,
    Mangled(Mangled),
    Text(String),
}

/// What an update asks of the data.
#[derive(Debug, Clone, Default)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Asked {
    /// That it is at this revision.
    pub(crate) revision: Option<Seen>,
    /// That these keys are what they were.
    pub(crate) unchanged: Vec<Key>,
    pub(crate) seen: Seen,
}

/// A revision: that of the connection with this added to it, or any.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Seen {
    Own(i16),
    Any(u64),
}

impl Default for Seen {
    fn default() -> Self {
        Self::Own(0)
    }
}

/// The number of an operation.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Sequence {
    Next,
    /// So many before the last.
    Again(u8),
    Any(u64),
}
