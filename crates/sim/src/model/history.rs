//! The order of one epoch: which operation became which revision, and what the data then is.

use std::collections::{BTreeMap, BTreeSet};

use meeting_session_core::MergeStrategy;
use meeting_session_core::position::{Chain, Epoch, Position};
use meeting_session_core::protocol::{
    Condition, ParticipantId, Rejection, UpdateRequest, UpdateResult, limits,
};

use super::change::{Change, Data, Text, units};
use crate::dice::Millis;
use crate::violation::{Checked, ensure};

/// No log takes more for a key, beside its name.
const KEY_OVERHEAD_MAX: usize = 64;

/// Who asks for an update.
#[derive(Debug, Clone)]
pub(crate) struct Author {
    pub(crate) participant: ParticipantId,
    /// The client.
    pub(crate) instance: String,
}

/// An operation that was applied.
#[derive(Debug, Clone)]
pub(crate) struct Op {
    author: Author,
    pub(crate) change: Change,
    /// The date.
    at: Millis,
    /// How many keys it changed, and the length of their names.
    changed: (usize, usize),
}

impl Op {
    /// The client that it comes from.
    pub(crate) fn instance(&self) -> &str {
        &self.author.instance
    }
}

/// Who changed a key, when, and which revision that became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Touch {
    pub(crate) revision: u64,
    pub(crate) by: ParticipantId,
    pub(crate) at: Millis,
}

/// What must become of an update.
#[derive(Debug)]
pub(crate) enum Decision {
    /// It is answered as it was before, or nobody can say any more how it was.
    Repeated,
    /// It is decided now.
    New(UpdateResult),
}

/// One epoch.
#[derive(Debug)]
pub(crate) struct History {
    epoch: Epoch,
    /// The data at each revision, from 0 on.
    states: Vec<Data>,
    chains: Vec<Chain>,
    /// The operation that led to each revision, from 1 on.
    ops: Vec<Op>,
    /// The revisions that changed each key, deletes included.
    touched: BTreeMap<Text, Vec<u64>>,
    /// The revision at which the server was last started again, with an empty log.
    restarted_at: u64,
    /// What was decided, by client and operation number.
    decided: BTreeSet<(String, u64)>,
    /// The highest revision that a writer was told.
    pub(crate) acknowledged: u64,
    /// The revisions that an awaited write was told to be.
    claimed: BTreeSet<u64>,
    /// The last write of each client that was applied.
    last_write: BTreeMap<String, usize>,
}

impl History {
    pub(crate) fn new(start: Position) -> Self {
        Self {
            epoch: start.epoch,
            states: vec![Data::new()],
            chains: vec![start.chain],
            ops: Vec::new(),
            touched: BTreeMap::new(),
            restarted_at: 0,
            decided: BTreeSet::new(),
            acknowledged: 0,
            claimed: BTreeSet::new(),
            last_write: BTreeMap::new(),
        }
    }

    pub(crate) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) const fn revision(&self) -> u64 {
        self.ops.len() as u64
    }

    pub(crate) fn data(&self) -> &Data {
        &self.states[self.ops.len()]
    }

    /// The data at a revision, if there was one.
    pub(crate) fn at(&self, revision: u64) -> Option<&Data> {
        self.states.get(revision as usize)
    }

    /// The operation that became a revision.
    pub(crate) fn op(&self, revision: u64) -> Option<&Op> {
        self.ops.get(usize::try_from(revision.checked_sub(1)?).ok()?)
    }

    /// Whether a position is one of this history.
    pub(crate) fn contains(&self, position: Position) -> bool {
        position.epoch == self.epoch && self.chains.get(position.revision as usize) == Some(&position.chain)
    }

    /// Decides an update that is asked for at that date. `conflicts` says what the session made of its condition, where
    /// that may be a conflict for the only reason that the session has forgotten what is long ago.
    pub(crate) fn decide(
        &mut self,
        author: &Author,
        at: Millis,
        request: &UpdateRequest,
        conflicts: impl FnOnce() -> bool,
    ) -> (Decision, Change) {
        let change = Change::of(&request.update);
        if !self.decided.insert((author.instance.clone(), request.sequence)) {
            return (Decision::Repeated, change);
        }
        if request.epoch != self.epoch {
            return (Decision::New(UpdateResult::Rejected(Rejection::SessionReset)), change);
        }
        let doubtful = self.is_doubtful(at, &request.condition);
        if !self.holds(&request.condition) || doubtful && conflicts() {
            return (Decision::New(UpdateResult::Rejected(Rejection::Conflict(self.revision()))), change);
        }
        let after = change.apply(self.data());
        let patch = change.strategy == MergeStrategy::MergePatch && change.units() > limits::DATA_UNITS;
        let size = if patch { change.units() } else { units(after.iter()).max(change.units()) };
        let result = if size > limits::DATA_UNITS {
            UpdateResult::Rejected(Rejection::TooLarge(size))
        } else if after == *self.data() {
            UpdateResult::Unchanged(self.revision())
        } else {
            let keys: BTreeSet<_> = self.data().keys().chain(after.keys()).cloned().collect();
            let changed: Vec<_> =
                keys.into_iter().filter(|key| self.data().get(key) != after.get(key)).collect();
            self.states.push(after);
            let names = changed.iter().map(|key| key.len()).sum();
            let changed_count = (changed.len(), names);
            self.ops.push(Op { author: author.clone(), change: change.clone(), at, changed: changed_count });
            for key in changed {
                self.touched.entry(key).or_default().push(self.ops.len() as u64);
            }
            UpdateResult::Applied(self.revision())
        };
        (Decision::New(result), change)
    }

    /// Whether a condition holds now.
    fn holds(&self, condition: &Condition) -> bool {
        let Condition { revision, unchanged, seen } = condition;
        let changed = |key: &String| self.touched.get(key.as_str()).and_then(|revisions| revisions.last());
        revision.is_none_or(|revision| revision == self.revision())
            && (unchanged.is_empty() || *seen <= self.revision())
            && unchanged.iter().all(|key| changed(key).is_none_or(|revision| revision <= seen))
    }

    /// Whether a condition asks about a key that is not there and about revisions that the log may not have any more.
    fn is_doubtful(&self, at: Millis, condition: &Condition) -> bool {
        let absent = |key: &String| !self.data().contains_key(key.as_str());
        if !condition.unchanged.iter().any(absent) {
            return false;
        }
        let missed = &self.ops[self.ops.len().min(condition.seen as usize)..];
        let bytes: usize = missed.iter().map(|op| op.changed.1 + op.changed.0 * KEY_OVERHEAD_MAX).sum();
        let old = missed.first().is_some_and(|op| at - op.at > limits::LOG_AGE.as_millis() as Millis);
        let many = missed.len() > limits::LOG_UPDATES || bytes > limits::LOG_KEY_BYTES;
        old || many || condition.seen < self.restarted_at
    }

    /// Who changed a key last, up to that revision.
    pub(crate) fn touch(&self, key: &str, until: u64) -> Option<Touch> {
        let revisions = self.touched.get(key)?;
        let before = revisions.partition_point(|revision| *revision <= until);
        let revision = *revisions.get(before.checked_sub(1)?)?;
        let op = self.op(revision)?;
        Some(Touch { revision, by: op.author.participant.clone(), at: op.at })
    }

    /// Another server goes on with it.
    pub(crate) const fn restarted(&mut self) {
        self.restarted_at = self.revision();
    }

    /// Checks that the session stands where this history does, and learns the chain of a new revision.
    pub(crate) fn follow(&mut self, position: Position) -> Checked {
        ensure!(
            position.epoch == self.epoch && position.revision == self.revision(),
            "G1",
            "the session is at {position:?} and should be at revision {} of {:?}",
            self.revision(),
            self.epoch
        );
        match self.chains.get(position.revision as usize) {
            Some(chain) => {
                ensure!(*chain == position.chain, "G1", "revision {} got another chain", position.revision)
            }
            None => {
                let before = self.chains.last();
                ensure!(before != Some(&position.chain), "G1", "the chain did not change with the revision");
                self.chains.push(position.chain);
            }
        }
        Ok(())
    }

    /// Checks that the writes of one client are applied in the order in which they were made.
    pub(crate) fn in_call_order(&mut self, instance: &str, markers: &[usize]) -> Checked {
        let (Some(&first), Some(&last)) = (markers.first(), markers.last()) else { return Ok(()) };
        let before = self.last_write.insert(instance.into(), last);
        ensure!(
            before.is_none_or(|before| before < first),
            "G1",
            "write {first} was applied after write {before:?} of the same client"
        );
        Ok(())
    }

    /// Whether an operation of the client `instance` was decided.
    pub(crate) fn has_decided(&self, instance: &str, sequence: u64) -> bool {
        self.decided.contains(&(instance.into(), sequence))
    }

    /// Takes note that an awaited write was told to be `revision`, which no other may be.
    pub(crate) fn claim(&mut self, revision: u64) -> bool {
        self.claimed.insert(revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meeting_session_core::{Json, Update};

    fn request(sequence: u64, value: &str) -> UpdateRequest {
        let update = Update::new(MergeStrategy::ShallowMerge, [("a".into(), Json::parse(value).ok())]);
        UpdateRequest { sequence, epoch: Epoch(1), update, condition: Condition::default() }
    }

    fn decided(history: &mut History, request: &UpdateRequest) -> Option<UpdateResult> {
        let author = Author { participant: ParticipantId("p".into()), instance: "ann".into() };
        match history.decide(&author, 5, request, || false).0 {
            Decision::Repeated => None,
            Decision::New(result) => Some(result),
        }
    }

    #[test]
    fn an_update_is_decided_once() {
        let history = &mut History::new(Position::start(Epoch(1)));
        assert_eq!(decided(history, &request(1, "1")), Some(UpdateResult::Applied(1)));
        assert_eq!(decided(history, &request(1, "1")), None);
        assert_eq!(decided(history, &request(2, "1")), Some(UpdateResult::Unchanged(1)));
        let text = format!("\"{}\"", "x".repeat(limits::DATA_UNITS - r#"{"a":""}"#.len()));
        assert_eq!(decided(history, &request(3, &text)), Some(UpdateResult::Applied(2)));
        let larger = format!("\"{}\"", "x".repeat(limits::DATA_UNITS - r#"{"a":""}"#.len() + 1));
        let too_large = UpdateResult::Rejected(Rejection::TooLarge(limits::DATA_UNITS + 1));
        assert_eq!(decided(history, &request(4, &larger)), Some(too_large));
    }

    #[test]
    fn a_skipped_or_forked_revision_is_found() {
        let start = Position::start(Epoch(1));
        let history = &mut History::new(start);
        assert!(history.follow(start).is_ok());
        decided(history, &request(1, "1"));
        assert!(history.follow(start).is_err(), "nothing was applied");
        let next = |revision, chain| Position { revision, chain: Chain(chain), ..start };
        assert!(history.follow(next(2, 5)).is_err(), "a revision was skipped");
        assert!(history.follow(next(1, start.chain.0)).is_err(), "the chain stood still");
        assert!(history.follow(next(1, 5)).is_ok());
        assert!(history.follow(next(1, 6)).is_err(), "the chain changed without a revision");
    }

    #[test]
    fn writes_of_one_client_in_the_wrong_order_are_found() {
        let history = &mut History::new(Position::start(Epoch(1)));
        assert!(history.in_call_order("ann", &[3, 5]).is_ok());
        assert!(history.in_call_order("bob", &[4]).is_ok());
        assert!(history.in_call_order("ann", &[]).is_ok());
        assert!(history.in_call_order("ann", &[5]).is_err());
    }
}
