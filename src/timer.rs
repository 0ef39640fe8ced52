//! The one timer: fires at the next deadline of the core.

use gloo_timers::callback::Timeout;
use meeting_session_core::Instant;

/// Browsers count timeouts in a signed 32-bit number of milliseconds and fire at once beyond it.
const LONGEST_MS: u64 = i32::MAX as u64;

/// The timer, armed or not. Dropping it cancels it.
#[derive(Default)]
pub(crate) struct Timer {
    armed: Option<(Instant, Timeout)>,
}

impl Timer {
    /// Makes sure that `fire` runs at `deadline`, or earlier: one that is armed for an earlier time stays, so that a
    /// deadline which moves away with every message does not cost a new timer each time.
    pub(crate) fn set(&mut self, now: Instant, deadline: Option<Instant>, fire: impl FnOnce() + 'static) {
        let Some(deadline) = deadline else {
            self.armed = None;
            return;
        };
        if self.armed.as_ref().is_some_and(|(at, _)| *at <= deadline) {
            return;
        }
        let pause = deadline.as_millis().saturating_sub(now.as_millis()).min(LONGEST_MS);
        let timeout = Timeout::new(u32::try_from(pause).unwrap_or(0), fire);
        self.armed = Some((deadline, timeout));
    }

    /// The timeout has fired; there is nothing left to cancel.
    pub(crate) fn fired(&mut self) {
        if let Some((_, timeout)) = self.armed.take() {
            timeout.forget();
        }
    }
}
