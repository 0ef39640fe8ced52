//! A page's clock, which starts anywhere, runs fast or slow, and may stand still while the machine sleeps.

use meeting_session_core::Instant;

use crate::dice::Millis;

/// How a page's time follows from that of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Millis,
    /// Thousandths of its speed: 1,000 is exact.
    speed: u64,
    /// How long it has stood still.
    lost: Millis,
}

impl Clock {
    pub(crate) const fn new(start: Millis, speed: u64) -> Self {
        Self { start, speed, lost: 0 }
    }

    /// What it shows.
    pub(crate) const fn at(self, now: Millis) -> Instant {
        Instant::from_millis(self.start + (now - self.lost) * self.speed / 1_000)
    }

    /// The first time of the run at which it shows that.
    pub(crate) const fn when(self, instant: Instant) -> Millis {
        let shown = instant.as_millis().saturating_sub(self.start);
        (shown * 1_000).div_ceil(self.speed) + self.lost
    }

    /// It has stood still for that long.
    pub(crate) const fn stood_still(&mut self, duration: Millis) {
        self.lost += duration;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_reached_when_it_is_said_to_be_and_not_before() {
        for speed in [950, 1_000, 1_037] {
            let mut clock = Clock::new(77, speed);
            clock.stood_still(500);
            for deadline in 100..2_000 {
                let deadline = Instant::from_millis(deadline);
                let when = clock.when(deadline);
                assert!(clock.at(when) >= deadline);
                assert!(when == 500 || clock.at(when - 1) < deadline, "{speed} {deadline:?}");
            }
        }
    }
}
