//! Every choice of a run that is ours to make, from one seed.

use meeting_session_core::random::Random;

/// A source of choices.
#[derive(Debug)]
pub(crate) struct Dice(Random);

impl Dice {
    /// One of many independent sources that a seed has.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(Random::new(Random::new(seed).bits() ^ stream.wrapping_mul(0xd134_2543_de82_ef95)))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0.bits()
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.below(high.saturating_sub(low) + 1)
    }

    /// True that many times in a thousand.
    pub(crate) fn chance(&mut self, permille: u64) -> bool {
        self.0.below(1_000) < permille
    }

    /// One of several.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.below(from.len() as u64) as usize]
    }
}
