//! The shared object and its history: what becomes of a write, and what a reader needs to catch up.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::OnceCell;

use crate::data::SessionData;
use crate::json::Json;
use crate::log::Log;
use crate::merge_patch;
use crate::position::{Chain, Epoch, Position};
use crate::protocol::{
    Condition, ParticipantId, Rejection, StateChange, UpdateRequest, UpdateResult, limits,
};
use crate::stamp::{Stamp, writes};
use crate::time::Instant;
use crate::update::{MergeStrategy, Update, push_object};

/// The data, where it stands, who last changed each of its keys, and the last changes.
///
/// It knows no participants and no connections: who asks, and whether it has been answered before, is the
/// [`Session`](crate::Session)'s business.
#[derive(Debug)]
pub struct SharedState {
    position: Position,
    data: SessionData,
    /// Who last changed each key that is there.
    stamps: BTreeMap<Arc<str>, Arc<Stamp>>,
    log: Log,
}

impl SharedState {
    /// Empty data, at revision 0 of `epoch`.
    pub fn new(epoch: Epoch) -> Self {
        let position = Position::start(epoch);
        Self { position, data: SessionData::default(), stamps: BTreeMap::new(), log: Log::new(position) }
    }

    /// What was saved: the position, the chains up to it with its own at the end, the data, and who last changed each of
    /// its keys. None when the data is over its limit, or the stamps are not those of this data.
    ///
    /// The keys of the last updates are not saved, so nobody who is behind can be sent a delta.
    pub(crate) fn restore(
        position: Position,
        chains: VecDeque<Chain>,
        data: SessionData,
        stamps: BTreeMap<Arc<str>, Arc<Stamp>>,
    ) -> Option<Self> {
        let stamped = data
            .iter()
            .all(|(key, _)| stamps.get(key).is_some_and(|stamp| stamp.revision <= position.revision));
        let fits = stamped && stamps.len() == data.iter().count() && data.units() <= limits::DATA_UNITS;
        fits.then(|| Self { position, data, stamps, log: Log::restored(position, chains) })
    }

    /// The epoch, the revision, and the chain of all that led there.
    pub const fn position(&self) -> Position {
        self.position
    }

    /// The data.
    pub const fn data(&self) -> &SessionData {
        &self.data
    }

    /// Who last changed each key that is there, in the order of the keys.
    pub(crate) fn stamps(&self) -> impl Iterator<Item = (&str, &Arc<Stamp>)> {
        self.stamps.iter().map(|(key, stamp)| (&**key, stamp))
    }

    /// The chains at the last revisions, the newest last.
    pub(crate) fn chains(&self) -> impl Iterator<Item = Chain> {
        self.log.chains()
    }

    /// Bytes of the log, by which readers catch up.
    pub fn log_bytes(&self) -> usize {
        self.log.bytes()
    }

    /// Forgets which keys were changed longer than [`limits::LOG_AGE`] ago.
    pub fn expire(&mut self, now: Instant) {
        self.log.expire(now);
    }

    /// Applies what `by` asks for, or says why not. `date` is that of `now`, in milliseconds since 1970 UTC.
    ///
    /// The condition is decided before the limits, so that who was too late hears of just that.
    pub fn commit(
        &mut self,
        now: Instant,
        date: u64,
        by: &ParticipantId,
        request: UpdateRequest,
    ) -> UpdateResult {
        let UpdateRequest { sequence, epoch, update, condition } = request;
        if epoch != self.position.epoch {
            return UpdateResult::Rejected(Rejection::SessionReset);
        }
        if !self.holds(&condition) {
            if mutant!("conflict-takes-a-revision") {
                self.position = self.position.next(&by.0, sequence, &update);
            }
            return UpdateResult::Rejected(Rejection::Conflict(self.position.revision));
        }
        match self.admit(update) {
            Ok(update) => self.apply(now, date, by, sequence, update),
            Err(rejection) => UpdateResult::Rejected(rejection),
        }
    }

    /// Whether a condition holds now.
    fn holds(&self, condition: &Condition) -> bool {
        let Condition { revision, unchanged, seen } = condition;
        if mutant!("condition-ignored") {
            return true;
        }
        let seen = seen + u64::from(mutant!("condition-checked-against-a-stale-revision"));
        let revision_holds = revision.is_none_or(|revision| revision == self.position.revision);
        revision_holds
            && (unchanged.is_empty()
                || seen <= self.position.revision && self.unchanged_since(seen, unchanged))
    }

    /// Whether none of these keys has changed after a revision. What cannot be said any more counts as changed.
    fn unchanged_since(&self, revision: u64, keys: &[String]) -> bool {
        let changed = OnceCell::new();
        keys.iter().all(|key| match self.stamps.get(&**key) {
            Some(stamp) => stamp.revision <= revision,
            // It is not there: the log knows whether it was deleted since then.
            None => {
                (changed.get_or_init(|| self.log.changed_since(revision)).as_ref()).is_some_and(|changed| {
                    !changed.contains_key(&**key) || mutant!("deletes-revision-forgotten")
                })
            }
        })
    }

    /// The update as it is to be applied, a merge patch resolved; it and what it leads to are within the limits.
    fn admit(&self, update: Update) -> Result<Update, Rejection> {
        let asked = update.units();
        // A patch that is too large is not worth the work of finding out what it would lead to.
        if asked > limits::DATA_UNITS && update.strategy() == MergeStrategy::MergePatch {
            return Err(Rejection::TooLarge(asked));
        }
        let update = merge_patch::resolve(update, &self.data).map_err(|_| Rejection::BadData)?;
        let size = asked.max(update.units()).max(self.data.units_after(&update));
        if size > limits::DATA_UNITS || mutant!("limit-off-by-one") && size == limits::DATA_UNITS {
            return Err(Rejection::TooLarge(size));
        }
        Ok(update)
    }

    /// Changes the data, and takes the next position unless that changed nothing.
    fn apply(
        &mut self,
        now: Instant,
        date: u64,
        by: &ParticipantId,
        sequence: u64,
        update: Update,
    ) -> UpdateResult {
        let next = self.position.next(&by.0, sequence, &update);
        let changed = self.data.apply(update);
        if changed.is_empty() && !mutant!("equal-value-takes-a-revision") {
            return UpdateResult::Unchanged(self.position.revision);
        }
        let stamp = Arc::new(Stamp { revision: next.revision, by: by.clone(), at: date });
        for key in &changed {
            if self.data.get(key).is_some() {
                self.stamps.insert(key.clone(), stamp.clone());
            } else {
                self.stamps.remove(key);
            }
        }
        self.position = next;
        self.log.push(now, next, stamp, changed);
        UpdateResult::Applied(next.revision)
    }

    /// Whether `position` is of this epoch and not of this history: what led to it has been lost.
    pub fn contradicts(&self, position: Position) -> bool {
        self.log.contradicts(position)
    }

    /// What a reader that has the data at `position` needs to be at the newest; none when it is there. It is the whole
    /// data for one that has none, or none of this history, or has missed more than the log holds.
    pub fn catch_up(&self, position: Option<Position>) -> Option<StateChange> {
        match position {
            Some(position) if position == self.position => None,
            Some(position) if self.log.reaches(position) => Some(self.change_since(position.revision)),
            Some(_) | None => Some(self.whole()),
        }
    }

    /// The difference from a revision to now, or the whole when the log does not reach back that far.
    pub fn change_since(&self, revision: u64) -> StateChange {
        let Some(keys) = self.log.changed_since(revision) else {
            return self.whole();
        };
        let mut set = String::new();
        push_object(&mut set, keys.keys().filter_map(|key| Some((*key, self.data.get(key)?))));
        let deleted = keys
            .keys()
            .filter(|key| self.data.get(key).is_none() && !mutant!("delete-lost-in-delta"))
            .map(|key| key.to_string())
            .collect();
        let writes = writes(keys.iter().map(|(key, stamp)| (*key, *stamp)));
        StateChange { since: Some(revision), set: Json::from_stringified(set), deleted, writes }
    }

    fn whole(&self) -> StateChange {
        let set = Json::from_stringified(self.data.to_text());
        StateChange { since: None, set, deleted: Vec::new(), writes: writes(self.stamps()) }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use MergeStrategy::{Replace, ShallowMerge};
    use UpdateResult::{Applied, Rejected, Unchanged};

    const NOW: Instant = Instant::from_millis(1_000);
    const EPOCH: Epoch = Epoch(7);

    fn update(strategy: MergeStrategy, changes: &[(&str, Option<&str>)]) -> Update {
        let json = |text: &&str| Json::parse(text).unwrap();
        Update::new(strategy, changes.iter().map(|(key, value)| (Arc::from(*key), value.as_ref().map(json))))
    }

    fn set(key: &str, value: &str) -> Update {
        update(ShallowMerge, &[(key, Some(value))])
    }

    fn delete(key: &str) -> Update {
        update(ShallowMerge, &[(key, None)])
    }

    fn unchanged(key: &str, seen: u64) -> Condition {
        Condition { unchanged: vec![key.into()], seen, ..Condition::default() }
    }

    fn at_revision(revision: u64) -> Condition {
        Condition { revision: Some(revision), ..Condition::default() }
    }

    fn commit_in(
        state: &mut SharedState,
        epoch: Epoch,
        update: Update,
        condition: Condition,
    ) -> UpdateResult {
        let request = UpdateRequest { sequence: 1, epoch, update, condition };
        state.commit(NOW, 9, &ParticipantId("p".into()), request)
    }

    fn commit(state: &mut SharedState, update: Update, condition: Condition) -> UpdateResult {
        commit_in(state, EPOCH, update, condition)
    }

    /// The state after each of `updates`, the first one before any.
    fn written(updates: &[Update]) -> (SharedState, Vec<Position>) {
        let mut state = SharedState::new(EPOCH);
        let mut positions = vec![state.position()];
        for (revision, update) in (1..).zip(updates) {
            assert_eq!(commit(&mut state, update.clone(), Condition::default()), Applied(revision));
            positions.push(state.position());
        }
        (state, positions)
    }

    #[test]
    fn only_what_changes_something_takes_a_revision() {
        let (mut state, positions) = written(&[set("a", "1")]);
        let large = format!("\"{}\"", "x".repeat(limits::DATA_UNITS));
        let too_large = Rejection::TooLarge(r#"{"b":""}"#.len() + limits::DATA_UNITS);
        for (update, condition, result) in [
            (set("a", "1"), Condition::default(), Unchanged(1)),
            (delete("b"), Condition::default(), Unchanged(1)),
            (set("a", "2"), at_revision(0), Rejected(Rejection::Conflict(1))),
            (update(Replace, &[("b", Some(&large))]), at_revision(1), Rejected(too_large)),
            (update(Replace, &[("b", Some(&large))]), at_revision(0), Rejected(Rejection::Conflict(1))),
        ] {
            assert_eq!(commit(&mut state, update, condition), result);
            assert_eq!(state.position(), positions[1]);
            assert_eq!(state.data().to_text(), r#"{"a":1}"#);
        }
    }

    #[test]
    fn keys_are_unchanged_since_they_were_written_or_deleted_last() {
        let both = update(ShallowMerge, &[("there", Some("1")), ("gone", Some("1"))]);
        let (mut state, _) = written(&[both, delete("gone")]);
        for (key, seen, holds) in [
            ("there", 0, false),
            ("there", 1, true),
            ("gone", 1, false),
            ("gone", 2, true),
            ("never", 0, true),
        ] {
            let expected = if holds { Unchanged(2) } else { Rejected(Rejection::Conflict(2)) };
            assert_eq!(commit(&mut state, delete("x"), unchanged(key, seen)), expected, "{key} {seen}");
        }
        // When the log is gone, nobody can say any more that a key which is not there never was.
        state.expire(NOW + limits::LOG_AGE + Duration::from_millis(1));
        for (key, seen, holds) in [("there", 1, true), ("never", 1, false), ("never", 2, true)] {
            let expected = if holds { Unchanged(2) } else { Rejected(Rejection::Conflict(2)) };
            assert_eq!(commit(&mut state, delete("x"), unchanged(key, seen)), expected, "{key} {seen}");
        }
    }

    #[test]
    fn who_says_to_have_seen_the_future_has_a_conflict() {
        let (mut state, _) = written(&[set("n", "1")]);
        for seen in [2, u64::MAX, 0] {
            let result = commit(&mut state, set("n", "2"), unchanged("n", seen));
            assert_eq!(result, Rejected(Rejection::Conflict(1)), "{seen}");
        }
        assert_eq!(commit(&mut state, set("n", "2"), unchanged("n", 1)), Applied(2));
    }

    #[test]
    fn what_was_made_in_an_earlier_epoch_is_not_checked_against_this_one() {
        let (mut state, _) = written(&[]);
        for condition in [Condition::default(), at_revision(0), at_revision(9), unchanged("n", 0)] {
            let result = commit_in(&mut state, Epoch(77), set("n", "1"), condition);
            assert_eq!(result, Rejected(Rejection::SessionReset));
        }
    }

    #[test]
    fn readers_catch_up_by_what_they_missed_or_get_the_whole() {
        let (mut state, positions) = written(&[set("a", "1"), set("b", "2"), delete("a"), set("c", "3")]);
        let newest = positions[4];
        assert_eq!(state.catch_up(Some(newest)), None);
        let change = state.catch_up(Some(positions[2])).unwrap();
        assert_eq!(
            (change.since, change.set.as_str(), &change.deleted[..]),
            (Some(2), r#"{"c":3}"#, &["a".into()][..])
        );
        let writes =
            r#"[{"revision":3,"by":"p","at":9,"keys":["a"]},{"revision":4,"by":"p","at":9,"keys":["c"]}]"#;
        assert_eq!(change.writes.as_str(), writes);

        let whole = state.catch_up(None).unwrap();
        assert_eq!((whole.since, whole.set.as_str(), whole.deleted.len()), (None, r#"{"b":2,"c":3}"#, 0));
        for other in [
            Position { epoch: Epoch(8), ..newest },
            Position { chain: Chain(1), ..newest },
            Position { revision: 5, ..newest },
        ] {
            assert_eq!(state.catch_up(Some(other)).as_ref(), Some(&whole));
        }
        state.expire(NOW + limits::LOG_AGE + Duration::from_millis(1));
        assert_eq!(state.catch_up(Some(positions[2])), Some(whole));
        assert_eq!(state.catch_up(Some(newest)), None);
    }

    #[test]
    fn what_does_not_belong_together_is_not_restored() {
        let (state, positions) = written(&[set("a", "1"), set("b", "2")]);
        let restore = |position, stamps: &[(&str, u64)]| {
            let stamp = |revision| Arc::new(Stamp { revision, by: ParticipantId("p".into()), at: 9 });
            let stamps = stamps.iter().map(|(key, revision)| (Arc::from(*key), stamp(*revision))).collect();
            SharedState::restore(position, state.chains().collect(), state.data().clone(), stamps)
        };
        let mut restored = restore(state.position(), &[("a", 1), ("b", 2)]).unwrap();
        assert_eq!(restored.catch_up(Some(positions[1])), state.catch_up(None));
        assert_eq!(commit(&mut restored, set("c", "3"), unchanged("a", 1)), Applied(3));

        assert!(restore(state.position(), &[("a", 1)]).is_none(), "nobody wrote one of the keys");
        assert!(restore(state.position(), &[("a", 1), ("b", 2), ("c", 2)]).is_none(), "one is not there");
        assert!(restore(state.position(), &[("a", 1), ("b", 3)]).is_none(), "one was written later");

        let mut large = SessionData::default();
        large.apply(set("a", &"1".repeat(limits::DATA_UNITS)));
        let stamps = state.stamps().take(1).map(|(key, stamp)| (key.into(), stamp.clone())).collect();
        let restored = SharedState::restore(state.position(), state.chains().collect(), large, stamps);
        assert!(restored.is_none(), "it is over the limit");
    }
}
