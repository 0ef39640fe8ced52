//! The server's own rate limit: a connection that sends too much is slowed down first and cut off later.

use core::time::Duration;

use crate::protocol::limits;
use crate::time::Instant;

/// Counts the operations of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Throttle {
    /// The instant at which everything admitted so far has been paid for.
    paid_at: Instant,
    /// Since when every operation has had to wait.
    waiting_since: Option<Instant>,
}

/// What to do with an operation that has just arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Handle it at once.
    Now,
    /// Handle it after this long, and read nothing further until then.
    After(Duration),
    /// The connection has been over its limit for too long: close it.
    Refuse,
}

impl Throttle {
    /// The throttle of a connection that opened at `now`, with its whole burst unused.
    pub const fn new(now: Instant) -> Self {
        Self { paid_at: now, waiting_since: None }
    }

    /// Counts one operation that arrived at `now`.
    pub fn admit(&mut self, now: Instant) -> Verdict {
        let cost = Duration::from_secs(1) / limits::OPERATIONS_PER_SECOND;
        let burst = cost * limits::OPERATION_BURST;
        self.paid_at = self.paid_at.max(now) + cost;
        let debt = self.paid_at.since(now);
        if debt <= burst / 2 {
            // Only a real pause ends the wait. At the edge of the burst a flood that is slowed down would end it with
            // every little delay, and never be refused.
            self.waiting_since = None;
        }
        if debt <= burst {
            return Verdict::Now;
        }
        let since = *self.waiting_since.get_or_insert(now);
        if now.since(since) > limits::THROTTLED_MAX {
            return Verdict::Refuse;
        }
        Verdict::After(debt - burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `count` operations as fast as the throttle lets them and returns how long that took.
    fn flood(throttle: &mut Throttle, mut now: Instant, count: usize) -> Result<Duration, Duration> {
        let start = now;
        for _ in 0..count {
            match throttle.admit(now) {
                Verdict::Now => {}
                Verdict::After(wait) => now = now + wait,
                Verdict::Refuse => return Err(now.since(start)),
            }
        }
        Ok(now.since(start))
    }

    #[test]
    fn a_burst_passes_at_once_and_the_rest_is_slowed_to_the_rate() {
        let start = Instant::from_millis(5_000);
        assert_eq!(flood(&mut Throttle::new(start), start, 100), Ok(Duration::ZERO));
        assert_eq!(flood(&mut Throttle::new(start), start, 200), Ok(Duration::from_secs(2)));
    }

    #[test]
    fn a_flood_that_does_not_stop_is_refused() {
        let start = Instant::from_millis(5_000);
        let refused_after = flood(&mut Throttle::new(start), start, 10_000).unwrap_err();
        assert!(refused_after > limits::THROTTLED_MAX && refused_after < limits::THROTTLED_MAX * 2);
    }

    #[test]
    fn small_delays_do_not_excuse_a_flood() {
        let mut now = Instant::from_millis(5_000);
        let mut throttle = Throttle::new(now);
        let refused = (0..10_000).any(|count| {
            match throttle.admit(now) {
                Verdict::Now => {}
                Verdict::After(wait) => now = now + wait,
                Verdict::Refuse => return true,
            }
            if count % 50 == 0 {
                now = now + Duration::from_millis(30);
            }
            false
        });
        assert!(refused);
    }

    #[test]
    fn a_pause_gives_the_burst_back() {
        let start = Instant::from_millis(5_000);
        let mut throttle = Throttle::new(start);
        flood(&mut throttle, start, 300).unwrap();
        assert_eq!(flood(&mut throttle, start + Duration::from_secs(60), 100), Ok(Duration::ZERO));
    }
}
