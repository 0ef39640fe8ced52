//! What should happen, written down a second time and as plainly as possible.
//!
//! Nothing here uses the core's own merging, ordering or bookkeeping. It learns what reached a session and says what
//! the session must then be.

mod change;
mod history;
mod members;
mod patch;

pub(crate) use change::{Change, Data, Text, units};
pub(crate) use history::{Author, Decision, History, Touch};
pub(crate) use members::{Expected, Members};
