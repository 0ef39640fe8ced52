//! Computes an epoch again from the updates that went out (G1, G2, G5, G8).
//!
//! The answers say which update became which revision. One without an answer is found by the chain: only the right
//! update leads from one chain to the next.

use std::collections::{BTreeMap, BTreeSet};

use meeting_session_core::position::{Chain, Epoch as EpochId};
use meeting_session_core::{MergeStrategy, Position};

use super::conditions::Conditions;
use super::{Acknowledged, Epoch, Operation, Verdict};
use crate::history::{Answer, PageId};
use crate::page::{digest, marker};

/// Attempts to find what stands between two chains. Where many unanswered updates come together, as when a server is
/// killed, there may be too many orders to try; these revisions are then not replayed, and what the data was is not known
/// until it is replaced as a whole.
const ATTEMPTS: u32 = 100_000;

pub(super) fn check(name: &str, epoch: &Epoch, failed: &[String], forgets: bool, verdict: &mut Verdict) {
    let Some(id) = EpochId::from_hex(name) else { return };
    let mut claimed: BTreeMap<u64, &Operation> = BTreeMap::new();
    let mut unanswered = Vec::new();
    for operation in &epoch.operations {
        match operation.answer {
            Some(Answer::Applied(revision)) => {
                if let Some(other) = claimed.insert(revision, operation) {
                    let pages = (other.page, operation.page);
                    verdict
                        .find("G1", format!("{name}: revision {revision} is that of two updates: {pages:?}"));
                }
            }
            Some(Answer::Unchanged(_) | Answer::Conflict(_) | Answer::Rejected) => {}
            None => unanswered.push(operation),
        }
    }
    let last = epoch.shown.keys().next_back().copied().unwrap_or(0);
    verdict.totals.revisions += last;

    let mut replay =
        Replay { position: Position::start(id), data: Some(BTreeMap::new()), placed: BTreeMap::new() };
    let mut conditions = Conditions::new(&epoch.operations, forgets);
    conditions.check_answers(name, 0, verdict);
    for (revision, shown) in &epoch.shown {
        let Some(goal) = Chain::from_hex(&shown.chain) else { return };
        let from = replay.position.revision;
        let slots: Vec<_> = (from + 1..=*revision).map(|at| claimed.get(&at).copied()).collect();
        let mut candidates = unanswered.clone();
        candidates.retain(|operation| operation.sent < shown.at);
        let path = match replay.path_to(goal, &slots, &candidates, false) {
            Path::Found(path) => path,
            Path::TooMany => {
                replay.position = Position { revision: *revision, chain: goal, ..replay.position };
                replay.data = None;
                conditions.lose();
                continue;
            }
            Path::None => {
                // Only what went out again, or was applied without an answer, can stand twice.
                let suspects = epoch.operations.iter().filter(|one| one.repeated || one.answer.is_none());
                let suspects: Vec<_> = suspects.collect();
                if let Path::Found(path) = replay.path_to(goal, &slots, &suspects, true) {
                    for (operation, page) in replay.repeated(&path, &claimed) {
                        verdict.totals.applied_twice += 1;
                        let what = format!(
                            "{name}: update {operation} of {page:?} was applied twice, again after {from}"
                        );
                        verdict.find("G2", what);
                    }
                    return;
                }
                let inside = |write: &&Acknowledged| {
                    write.marked && write.changed && (from + 1..=*revision).contains(&write.revision)
                };
                let lost = epoch.acknowledged.iter().filter(inside).count();
                verdict.totals.lost += lost as u64;
                let what = format!(
                    "{name}: what was sent and answered does not lead from revision {from} to {revision} as \
                     {:?} saw it; {lost} acknowledged writes are among it",
                    shown.page
                );
                verdict.find("G2", what);
                return;
            }
        };
        for operation in path {
            conditions.apply(name, replay.position.revision, operation, verdict);
            replay.apply(operation);
            unanswered.retain(|other| other.key() != operation.key());
            verdict.totals.replayed += 1;
        }
        let computed = replay.data.as_ref().map(|data| format!("{:016x}", digest(data)));
        if computed.is_some_and(|computed| computed != shown.digest) {
            let page = shown.page;
            let what =
                format!("{name}: {page:?} shows other data at revision {revision} than the writes make");
            verdict.find("G5", what);
            return;
        }
    }
    check_markers(name, epoch, failed, &replay, verdict);
}

/// G2: each acknowledged write is the update of its revision, and no failed one is in the history.
fn check_markers(name: &str, epoch: &Epoch, failed: &[String], replay: &Replay<'_>, verdict: &mut Verdict) {
    let mut marks: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (revision, operation) in replay.placed.values() {
        let key = format!("own.{}", operation.page.0);
        if let Some(Some(mark)) = operation.update.change(&key) {
            marks.entry(mark.as_str().to_owned()).or_default().push(*revision);
        }
    }
    let replayed: BTreeSet<_> = replay.placed.values().map(|(revision, _)| *revision).collect();
    let known =
        |write: &&Acknowledged| write.marked && (!write.changed || replayed.contains(&write.revision));
    for write in epoch.acknowledged.iter().filter(known) {
        let found = marks.get(&marker(write.page, write.write)).map_or(&[][..], Vec::as_slice);
        let right = if write.changed { found == [write.revision] } else { found.is_empty() };
        if !right {
            verdict.totals.lost += u64::from(found.is_empty());
            let what = format!(
                "{name}: write {} of {:?} was acknowledged as revision {} and is at {found:?}",
                write.write, write.page, write.revision
            );
            verdict.find("G2", what);
        }
    }
    for mark in failed.iter().filter(|mark| marks.contains_key(*mark)) {
        verdict.find("G2", format!("{name}: write {mark} was reported as failed, and was applied"));
    }
}

/// An operation is known by its page and number.
type Key = (PageId, u64);

impl Operation {
    fn key(&self) -> Key {
        (self.page, self.sequence)
    }
}

/// An epoch up to some revision.
struct Replay<'a> {
    position: Position,
    data: Option<BTreeMap<String, String>>,
    placed: BTreeMap<Key, (u64, &'a Operation)>,
}

/// How a later revision can be reached.
enum Path<'a> {
    Found(Vec<&'a Operation>),
    None,
    /// It would take too long to find out.
    TooMany,
}

impl<'a> Replay<'a> {
    /// Finds the updates that lead to a chain. `slots` are the revisions up to it, as far as it is known what they are;
    /// the others are some of the candidates, and with `again` those may stand twice.
    fn path_to(
        &self,
        goal: Chain,
        slots: &[Option<&'a Operation>],
        candidates: &[&'a Operation],
        again: bool,
    ) -> Path<'a> {
        let mut search = Search { candidates, goal, placed: &self.placed, again, attempts: ATTEMPTS };
        let mut path = Vec::new();
        if search.fill(slots, self.position, &mut path) {
            Path::Found(path)
        } else if search.attempts == 0 {
            Path::TooMany
        } else {
            Path::None
        }
    }

    /// The updates of a path that stand before it, in it or after it as well.
    fn repeated(&self, path: &[&Operation], claimed: &BTreeMap<u64, &Operation>) -> Vec<(u64, PageId)> {
        let mut seen: BTreeMap<Key, usize> = BTreeMap::new();
        let after = claimed.range(self.position.revision + path.len() as u64 + 1..).map(|(_, later)| *later);
        for operation in path.iter().copied().chain(after) {
            *seen.entry(operation.key()).or_default() += 1;
        }
        let again = seen.into_iter().filter(|(key, count)| *count > 1 || self.placed.contains_key(key));
        again.map(|((page, sequence), _)| (sequence, page)).collect()
    }

    fn apply(&mut self, operation: &'a Operation) {
        self.position = step(self.position, operation);
        if operation.update.strategy() == MergeStrategy::Replace {
            self.data = Some(BTreeMap::new());
        }
        if let Some(data) = &mut self.data {
            for (key, value) in operation.update.changes() {
                match value {
                    Some(value) => drop(data.insert(key.to_string(), value.as_str().to_owned())),
                    None => drop(data.remove(&**key)),
                }
            }
        }
        self.placed.insert(operation.key(), (self.position.revision, operation));
    }
}

fn step(position: Position, operation: &Operation) -> Position {
    position.next(&operation.participant, operation.sequence, &operation.update)
}

/// Looks for updates that lead to a chain.
struct Search<'s, 'a> {
    candidates: &'s [&'a Operation],
    goal: Chain,
    placed: &'s BTreeMap<Key, (u64, &'a Operation)>,
    /// Whether an update may stand twice.
    again: bool,
    attempts: u32,
}

impl<'a> Search<'_, 'a> {
    /// Fills the revisions of which it is not known what they are. Those left are in `path` if it succeeds.
    fn fill(
        &mut self,
        slots: &[Option<&'a Operation>],
        from: Position,
        path: &mut Vec<&'a Operation>,
    ) -> bool {
        let Some((first, rest)) = slots.split_first() else {
            return from.chain == self.goal;
        };
        let candidates = match first {
            Some(known) => std::slice::from_ref(known),
            None => self.candidates,
        };
        for &candidate in candidates {
            // The updates of one page are applied in their order.
            let later = |key: Key| key.0 == candidate.page && key.1 >= candidate.sequence;
            let free = || {
                let placed = self.placed.range(candidate.key()..).next();
                !placed.is_some_and(|(key, _)| later(*key)) && !path.iter().any(|one| later(one.key()))
            };
            let free = first.is_some() || self.again || free();
            if !free {
                continue;
            }
            if first.is_none() {
                let Some(left) = self.attempts.checked_sub(1) else { return false };
                self.attempts = left;
            }
            path.push(candidate);
            if self.fill(rest, step(from, candidate), path) {
                return true;
            }
            path.pop();
        }
        false
    }
}
