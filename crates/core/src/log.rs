//! Which keys each of the last updates changed.
//!
//! The log holds no values: a delta is made from the keys that changed since a revision and the values that they have
//! now, so that one delta can skip over any number of revisions.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::position::{Chain, Position};
use crate::protocol::limits;

/// The last updates of a session, bounded by [`limits::LOG_UPDATES`] and [`limits::LOG_KEY_BYTES`].
#[derive(Debug)]
pub struct Log {
    /// The chain at the position right before the oldest entry.
    floor: Position,
    entries: VecDeque<Entry>,
    key_bytes: usize,
}

#[derive(Debug)]
struct Entry {
    chain: Chain,
    changed: Vec<Arc<str>>,
}

impl Log {
    /// An empty log that begins at `position`.
    pub const fn new(position: Position) -> Self {
        Self { floor: position, entries: VecDeque::new(), key_bytes: 0 }
    }

    /// Adds the update that led to `position` and changed these keys.
    pub fn push(&mut self, position: Position, changed: Vec<Arc<str>>) {
        debug_assert_eq!(position.revision, self.floor.revision + self.entries.len() as u64 + 1);
        self.key_bytes += key_bytes(&changed);
        self.entries.push_back(Entry { chain: position.chain, changed });
        while self.entries.len() > limits::LOG_UPDATES || self.key_bytes > limits::LOG_KEY_BYTES {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.key_bytes -= key_bytes(&oldest.changed);
            if mutant!("log-floor-off-by-one") && self.entries.pop_front().is_some() {
                continue;
            }
            self.floor.revision += 1;
            self.floor.chain = oldest.chain;
        }
    }

    /// Whether `position` lies on this history and not below the log's floor.
    pub fn reaches(&self, position: Position) -> bool {
        if mutant!("chain-not-compared") {
            return self.changed_since(position.revision).is_some();
        }
        position.epoch == self.floor.epoch && self.chain_at(position.revision) == Some(position.chain)
    }

    /// Whether `position` is of this epoch and surely not on this history. Below the log's floor nobody can tell.
    pub fn contradicts(&self, position: Position) -> bool {
        let newest = self.floor.revision + self.entries.len() as u64;
        let other = || self.chain_at(position.revision).is_some_and(|chain| chain != position.chain);
        position.epoch == self.floor.epoch && (position.revision > newest || other())
    }

    /// The keys that changed after `revision`, each once; none when the log does not reach back that far.
    pub fn changed_since(&self, revision: u64) -> Option<BTreeSet<&Arc<str>>> {
        let skip = usize::try_from(revision.checked_sub(self.floor.revision)?).ok()?;
        (skip <= self.entries.len())
            .then(|| self.entries.range(skip..).flat_map(|entry| &entry.changed).collect())
    }

    fn chain_at(&self, revision: u64) -> Option<Chain> {
        match revision.checked_sub(self.floor.revision)? {
            0 => Some(self.floor.chain),
            nth => self.entries.get(usize::try_from(nth - 1).ok()?).map(|entry| entry.chain),
        }
    }
}

fn key_bytes(keys: &[Arc<str>]) -> usize {
    keys.iter().map(|key| key.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Epoch;

    fn filled(updates: u64) -> Log {
        let mut log = Log::new(Position::start(Epoch(1)));
        for revision in 1..=updates {
            let position = Position { epoch: Epoch(1), revision, chain: Chain(revision * 10) };
            log.push(position, vec![Arc::from(format!("k{revision}")), Arc::from("every")]);
        }
        log
    }

    #[test]
    fn changed_keys_are_listed_once_and_only_back_to_the_floor() {
        let log = filled(3);
        let keys = |revision| {
            log.changed_since(revision).map(|keys| keys.iter().map(|key| key.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(keys(1).unwrap(), ["every", "k2", "k3"]);
        assert_eq!(keys(3).unwrap(), Vec::<String>::new());
        assert_eq!(keys(4), None);

        let long = filled(limits::LOG_UPDATES as u64 + 5);
        assert!(long.changed_since(4).is_none());
        assert!(long.changed_since(5).is_some());
    }

    #[test]
    fn a_position_fits_only_with_its_own_chain() {
        let log = filled(3);
        let at = |epoch, revision, chain| Position { epoch: Epoch(epoch), revision, chain: Chain(chain) };
        assert!(log.reaches(Position::start(Epoch(1))));
        assert!(log.reaches(at(1, 2, 20)));
        assert!(!log.reaches(at(1, 2, 21)), "another history");
        assert!(!log.reaches(at(2, 2, 20)), "another epoch");
        assert!(!log.reaches(at(1, 4, 40)), "the future");
    }

    #[test]
    fn memory_is_bounded_by_the_size_of_the_keys_too() {
        let mut log = Log::new(Position::start(Epoch(1)));
        let big: Arc<str> = "k".repeat(limits::LOG_KEY_BYTES / 2).into();
        for revision in 1..=10 {
            log.push(Position { epoch: Epoch(1), revision, chain: Chain(revision) }, vec![big.clone()]);
        }
        assert!(log.changed_since(7).is_none());
        assert!(log.changed_since(8).is_some());
    }
}
