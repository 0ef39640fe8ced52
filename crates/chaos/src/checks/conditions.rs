//! A write with a condition is applied if, and only if, the condition holds at that point of the one order (G8).

use std::collections::BTreeMap;

use meeting_session_core::MergeStrategy;
use meeting_session_core::protocol::limits;

use super::{Operation, Verdict};
use crate::history::Answer;

/// All keys while an epoch is computed again, and what was decided at each revision without changing anything.
pub(super) struct Conditions<'a> {
    /// The revision that last changed a key, and its value; none when it is deleted.
    keys: BTreeMap<String, (u64, Option<String>)>,
    decided: BTreeMap<u64, Vec<&'a Operation>>,
    /// Whether a server may not know any more what was deleted.
    forgets: bool,
    /// It is not known any more what was changed.
    lost: bool,
}

#[derive(PartialEq)]
enum Holds {
    Yes,
    No,
    /// It does, but the server need not know that.
    Perhaps,
}

impl<'a> Conditions<'a> {
    pub(super) fn new(operations: &'a [Operation], forgets: bool) -> Self {
        let mut decided: BTreeMap<u64, Vec<&Operation>> = BTreeMap::new();
        for operation in operations {
            if let Some(Answer::Unchanged(revision) | Answer::Conflict(revision)) = operation.answer {
                decided.entry(revision).or_default().push(operation);
            }
        }
        Self { keys: BTreeMap::new(), decided, forgets, lost: false }
    }

    /// From here on nothing can be said: it is not known what was changed.
    pub(super) fn lose(&mut self) {
        self.lost = true;
    }

    /// An update is applied to what is there at `revision`.
    pub(super) fn apply(&mut self, name: &str, revision: u64, operation: &Operation, verdict: &mut Verdict) {
        if self.lost {
            return;
        }
        if self.holds(operation, revision) == Holds::No {
            let (page, condition) = (operation.page, &operation.condition);
            let what = format!("{name}: {page:?} wrote after revision {revision} against {condition:?}");
            verdict.find("G8", what);
        }
        let update = &operation.update;
        let mut changes: BTreeMap<String, Option<String>> = BTreeMap::new();
        if update.strategy() == MergeStrategy::Replace {
            changes.extend(self.keys.keys().map(|key| (key.clone(), None)));
        }
        let named =
            update.changes().map(|(key, value)| (key.to_string(), value.map(|value| value.as_str().into())));
        changes.extend(named);
        for (key, value) in changes {
            let version = self.keys.entry(key).or_insert((0, None));
            if version.1 != value {
                *version = (revision + 1, value);
            }
        }
        self.check_answers(name, revision + 1, verdict);
    }

    /// What was answered at this revision without changing anything.
    pub(super) fn check_answers(&self, name: &str, revision: u64, verdict: &mut Verdict) {
        for operation in self.decided.get(&revision).into_iter().flatten() {
            let conflict = matches!(operation.answer, Some(Answer::Conflict(_)));
            let wrong = if conflict { Holds::Yes } else { Holds::No };
            if self.holds(operation, revision) == wrong {
                let Operation { page, sequence, condition, answer, .. } = operation;
                let what =
                    format!("{name}: update {sequence} of {page:?} is answered {answer:?} to {condition:?}");
                verdict.find("G8", what);
            }
        }
    }

    fn holds(&self, operation: &Operation, revision: u64) -> Holds {
        let condition = &operation.condition;
        let seen = condition.seen;
        let version =
            |key: &String| self.keys.get(key).map_or((0, false), |(at, value)| (*at, value.is_some()));
        let changed = |key: &String| version(key).0 > seen;
        let forgotten = |key: &String| {
            let far = revision.saturating_sub(seen) > limits::LOG_UPDATES as u64;
            !version(key).1 && seen < revision && (self.forgets || far)
        };
        let future = !condition.unchanged.is_empty() && seen > revision;
        let other = condition.revision.is_some_and(|asked| asked != revision);
        if other || future || condition.unchanged.iter().any(changed) {
            Holds::No
        } else if condition.unchanged.iter().any(forgotten) {
            Holds::Perhaps
        } else {
            Holds::Yes
        }
    }
}
