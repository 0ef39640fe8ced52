//! What is checked at every step, named after the guarantees.

mod counter;
mod custody;
mod heal;
mod ledger;
mod messages;
mod view;

pub(crate) use counter::{COUNTER, TURN, count, counted, in_turn};
pub(crate) use custody::Custody;
pub(crate) use heal::unsettled;
pub(crate) use ledger::{Ledger, Write};
pub(crate) use messages::Messages;
pub(crate) use view::{PAIR, View};
