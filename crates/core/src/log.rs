//! Which keys each of the last updates changed, by whom, and the chain at each of the last revisions.
//!
//! The log holds no values: a delta is made from the keys that changed since a revision and the values that they have
//! now, so that one delta can skip over any number of revisions. The chains reach further back than the keys, so that
//! a client that has missed too much for a delta can still be told whether its history is this one.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::position::{Chain, Epoch, Position};
use crate::protocol::limits;
use crate::stamp::Stamp;
use crate::time::Instant;

/// The last updates of a session, bounded by [`limits::LOG_UPDATES`], [`limits::LOG_KEY_BYTES`] and
/// [`limits::LOG_AGE`], and its last [`limits::LOG_CHAINS`] chains.
#[derive(Debug)]
pub struct Log {
    epoch: Epoch,
    /// The last revision.
    newest: u64,
    /// The chain at `newest`, at the end, and at each revision before it.
    chains: VecDeque<Chain>,
    /// Whether it goes on from what another server had, which may not have been all that clients have seen.
    restored: bool,
    /// The update that led to `newest`, at the end, and those before it.
    updates: VecDeque<Logged>,
    key_bytes: usize,
}

#[derive(Debug)]
struct Logged {
    at: Instant,
    stamp: Arc<Stamp>,
    changed: Vec<Arc<str>>,
}

impl Log {
    /// An empty log that begins at `position`.
    pub fn new(position: Position) -> Self {
        Self {
            epoch: position.epoch,
            newest: position.revision,
            chains: [position.chain].into(),
            restored: false,
            updates: VecDeque::new(),
            key_bytes: 0,
        }
    }

    /// The log of a session that was saved at `position`, with these chains, the last of which is that of `position`.
    pub(crate) fn restored(position: Position, chains: VecDeque<Chain>) -> Self {
        Self { chains, restored: true, ..Self::new(position) }
    }

    /// Adds the update that led to `position` and changed these keys.
    pub fn push(&mut self, now: Instant, position: Position, stamp: Arc<Stamp>, changed: Vec<Arc<str>>) {
        debug_assert_eq!(position.revision, self.newest + 1);
        self.newest = position.revision;
        self.chains.push_back(position.chain);
        if self.chains.len() > limits::LOG_CHAINS {
            self.chains.pop_front();
        }
        self.key_bytes += key_bytes(&changed);
        self.updates.push_back(Logged { at: now, stamp, changed });
        while (self.updates.len() > limits::LOG_UPDATES || self.key_bytes > limits::LOG_KEY_BYTES)
            && !mutant!("log-without-limit")
        {
            self.forget_oldest();
        }
    }

    /// Forgets updates that are older than [`limits::LOG_AGE`].
    pub fn expire(&mut self, now: Instant) {
        while self.updates.front().is_some_and(|oldest| now.since(oldest.at) > limits::LOG_AGE) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.updates.pop_front() {
            self.key_bytes -= key_bytes(&oldest.changed);
        }
    }

    /// Whether `position` is of this history and there is a delta from it to the newest one.
    pub fn reaches(&self, position: Position) -> bool {
        position.epoch == self.epoch
            && !self.contradicts(position)
            && self.updates_since(position.revision).is_some()
    }

    /// Whether `position` is of this epoch and not of this history. Where there was a restart, one that is so far back
    /// that nobody can tell any more counts as not: a lost history must never pass for the one that a client has.
    pub fn contradicts(&self, position: Position) -> bool {
        let other = match self.chain_at(position.revision) {
            Some(chain) => chain != position.chain,
            None => position.revision > self.newest || self.restored,
        };
        position.epoch == self.epoch && other && !mutant!("chain-not-compared")
    }

    /// The keys that changed after `revision`, with who changed each last; none when the log does not reach back that far.
    pub fn changed_since(&self, revision: u64) -> Option<BTreeMap<&str, &Arc<Stamp>>> {
        let missed = self.updates_since(revision)?;
        let from = self.updates.len() - missed;
        let mut changed = BTreeMap::new();
        for update in self.updates.range(from..) {
            for key in &update.changed {
                let last = changed.entry(&**key).or_insert(&update.stamp);
                if !mutant!("wrong-writer-named") {
                    *last = &update.stamp;
                }
            }
        }
        Some(changed)
    }

    /// The chains at the last revisions, the newest last.
    pub(crate) fn chains(&self) -> impl Iterator<Item = Chain> {
        self.chains.iter().copied()
    }

    /// Updates, keys and chains that are held, in bytes.
    pub fn bytes(&self) -> usize {
        self.updates.len() * size_of::<Logged>() + self.key_bytes + self.chains.len() * size_of::<Chain>()
    }

    /// How many updates came after `revision`, if all of them are here.
    fn updates_since(&self, revision: u64) -> Option<usize> {
        let missed = usize::try_from(self.newest.checked_sub(revision)?).ok()?;
        let held = self.updates.len() + usize::from(mutant!("log-floor-off-by-one"));
        (missed <= held).then(|| missed.min(self.updates.len()))
    }

    fn chain_at(&self, revision: u64) -> Option<Chain> {
        let back = usize::try_from(self.newest.checked_sub(revision)?).ok()?;
        self.chains.len().checked_sub(back + 1).and_then(|index| self.chains.get(index).copied())
    }
}

/// What a key takes beside its name: a place in the list, and the head of its allocation.
const KEY_OVERHEAD: usize = 48;

fn key_bytes(keys: &[Arc<str>]) -> usize {
    keys.iter().map(|key| key.len() + KEY_OVERHEAD).sum()
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::protocol::ParticipantId;

    const START: Instant = Instant::from_millis(1_000);

    fn filled(updates: u64) -> Log {
        let mut log = Log::new(Position::start(Epoch(1)));
        for revision in 1..=updates {
            let changed = vec![Arc::from(format!("k{revision}")), Arc::from("every")];
            log.push(
                START + Duration::from_secs(revision),
                at(1, revision, revision * 10),
                stamp(revision),
                changed,
            );
        }
        log
    }

    fn stamp(revision: u64) -> Arc<Stamp> {
        Arc::new(Stamp { revision, by: ParticipantId("p".into()), at: 0 })
    }

    fn at(epoch: u64, revision: u64, chain: u64) -> Position {
        Position { epoch: Epoch(epoch), revision, chain: Chain(chain) }
    }

    #[test]
    fn changed_keys_are_listed_once_and_only_as_far_back_as_is_known() {
        let log = filled(3);
        let keys = |revision| {
            log.changed_since(revision).map(|keys| {
                keys.iter().map(|(key, stamp)| format!("{key} {}", stamp.revision)).collect::<Vec<_>>()
            })
        };
        assert_eq!(keys(1).unwrap(), ["every 3", "k2 2", "k3 3"]);
        assert_eq!(keys(3).unwrap(), Vec::<String>::new());
        assert_eq!(keys(4), None);

        let long = filled(limits::LOG_UPDATES as u64 + 5);
        assert!(long.changed_since(4).is_none());
        assert!(long.changed_since(5).is_some());
    }

    #[test]
    fn a_position_fits_only_with_its_own_chain() {
        let log = filled(3);
        assert!(log.reaches(Position::start(Epoch(1))));
        assert!(log.reaches(at(1, 2, 20)));
        assert!(!log.reaches(at(1, 2, 21)), "another history");
        assert!(!log.reaches(at(2, 2, 20)), "another epoch");
        assert!(!log.reaches(at(1, 4, 40)), "the future");
        assert!(log.contradicts(at(1, 2, 21)));
        assert!(log.contradicts(at(1, 4, 40)));
        assert!(!log.contradicts(at(2, 2, 20)), "another epoch is no other history");
    }

    #[test]
    fn a_history_is_known_for_longer_than_there_are_deltas() {
        let log = filled(limits::LOG_UPDATES as u64 + 5);
        assert!(!log.reaches(at(1, 4, 40)));
        assert!(!log.contradicts(at(1, 4, 40)));
        assert!(log.contradicts(at(1, 4, 41)));

        let chains = limits::LOG_CHAINS as u64;
        let mut longer = filled(chains + 5);
        assert!(!longer.contradicts(at(1, 6, 60)));
        assert!(!longer.contradicts(at(1, 5, 50)), "there never was another history");
        longer.restored = true;
        assert!(!longer.contradicts(at(1, 6, 60)));
        assert!(longer.contradicts(at(1, 5, 50)), "nobody can tell any more");
    }

    #[test]
    fn memory_is_bounded_by_the_size_of_the_keys_and_by_time_too() {
        let mut log = Log::new(Position::start(Epoch(1)));
        let big: Arc<str> = "k".repeat(limits::LOG_KEY_BYTES / 2 - KEY_OVERHEAD).into();
        for revision in 1..=10 {
            log.push(START, at(1, revision, revision), stamp(revision), vec![big.clone()]);
        }
        assert!(log.changed_since(7).is_none());
        assert!(log.changed_since(8).is_some());
        log.expire(START + limits::LOG_AGE);
        assert!(log.changed_since(8).is_some());
        log.expire(START + limits::LOG_AGE + Duration::from_millis(1));
        assert!(log.changed_since(9).is_none());
        assert!(log.changed_since(10).is_some(), "who has missed nothing needs no log");
        assert!(log.bytes() < 200, "{}", log.bytes());
    }
}
