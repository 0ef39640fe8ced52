//! Time for the core: milliseconds since the server started.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use meeting_session_core::Instant;

/// Turns the runtime's time into the core's and back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(tokio::time::Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::from_millis(millis(self.0.elapsed()))
    }

    /// When the runtime's time is `instant`.
    pub(crate) fn at(self, instant: Instant) -> tokio::time::Instant {
        self.0 + Duration::from_millis(instant.as_millis())
    }
}

/// The date in milliseconds since 1970 UTC.
pub(crate) fn date() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
