//! A guarantee that did not hold.

use std::fmt;

/// Which guarantee was broken, and how it showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its number in the list of guarantees, such as `G5`.
    pub guarantee: &'static str,
    /// What was seen, and what should have been.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}: {}", self.guarantee, self.what))
    }
}

/// What every step of a run comes to.
pub(crate) type Checked<T = ()> = Result<T, Violation>;

/// Ends the run with a violation unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $guarantee:literal, $($what:tt)+) => {
        if !$holds {
            return Err($crate::violation::Violation { guarantee: $guarantee, what: format!($($what)+) });
        }
    };
}

pub(crate) use ensure;
