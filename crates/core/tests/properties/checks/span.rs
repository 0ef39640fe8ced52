//! Times that a run may wait.

use std::time::Duration;

/// A time from nothing to four minutes; short ones are as likely as long ones.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Span {
    pub(crate) factor: u8,
    pub(crate) exponent: u8,
}

impl Span {
    pub(crate) fn duration(self) -> Duration {
        Duration::from_millis(u64::from(self.factor) << (self.exponent % 11))
    }
}
