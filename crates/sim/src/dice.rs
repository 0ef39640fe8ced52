//! Every choice of a run, from one seed.

use meeting_session_core::random::Random;

/// Milliseconds of simulated time, since the start of the run.
pub(crate) type Millis = u64;

/// The run's only source of randomness.
#[derive(Debug)]
pub(crate) struct Dice(Random);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0.bits()
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.below(high.saturating_sub(low) + 1)
    }

    /// True that many times in a thousand.
    pub(crate) fn chance(&mut self, permille: u64) -> bool {
        self.0.below(1_000) < permille
    }

    /// A time around `mean`: most are short, some up to eight times as long.
    pub(crate) fn spread(&mut self, mean: Millis) -> Millis {
        let stretch = if self.chance(100) { 8 } else { 2 };
        self.below(mean * stretch + 1)
    }

    /// One of several.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    /// An index below `count`, which must not be 0.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        self.0.below(count as u64) as usize
    }
}
