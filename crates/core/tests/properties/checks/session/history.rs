//! What the data was at every revision, and who changed it.

use std::collections::BTreeMap;
use std::sync::Arc;

use meeting_session_core::position::{Chain, Epoch};
use meeting_session_core::protocol::*;
use meeting_session_core::{Instant, MergeStrategy, Position, Session, Update};

use crate::checks::update::Copy;

/// The revisions of one epoch.
#[derive(Debug, Clone)]
pub(super) struct History {
    epoch: Epoch,
    revisions: BTreeMap<u64, Revision>,
    /// The last revision of whose deletes the session has no memory any more.
    forgotten: u64,
}

#[derive(Debug, Clone)]
struct Revision {
    chain: Chain,
    data: Arc<Copy>,
    changed: Vec<Arc<str>>,
    by: ParticipantId,
    at: Instant,
}

/// Who changed a key, and when: the revision, the participant and the date.
pub(super) type Write = (u64, ParticipantId, u64);

impl History {
    /// The history of a session that has just begun.
    pub(super) fn of(session: &Session, epoch: Epoch) -> Self {
        let position = session.position();
        assert_eq!(position, Position::start(epoch));
        let start = Revision {
            chain: position.chain,
            data: Arc::default(),
            changed: Vec::new(),
            by: ParticipantId(String::new()),
            at: Instant::default(),
        };
        Self { epoch: position.epoch, revisions: BTreeMap::from([(0, start)]), forgotten: 0 }
    }

    pub(super) fn position(&self) -> Position {
        let (revision, newest) = self.revisions.last_key_value().unwrap();
        Position { epoch: self.epoch, revision: *revision, chain: newest.chain }
    }

    pub(super) fn data(&self) -> &Arc<Copy> {
        &self.revisions.last_key_value().unwrap().1.data
    }

    /// The data at a position, if it lies on this history.
    pub(super) fn at(&self, position: Position) -> Option<&Arc<Copy>> {
        let revision = self.revisions.get(&position.revision)?;
        (position.epoch == self.epoch && position.chain == revision.chain).then_some(&revision.data)
    }

    /// How an update must end that nobody has answered before. The session says the chain after it.
    pub(super) fn update(
        &mut self,
        now: Instant,
        by: &ParticipantId,
        request: &UpdateRequest,
        after: Position,
    ) -> UpdateResult {
        let revision = self.position().revision;
        if request.epoch != self.epoch {
            return UpdateResult::Rejected(Rejection::SessionReset);
        }
        if !self.holds(&request.condition) {
            return UpdateResult::Rejected(Rejection::Conflict(revision));
        }
        let asked = set_units(&request.update);
        if asked > limits::DATA_UNITS && request.update.strategy() == MergeStrategy::MergePatch {
            return UpdateResult::Rejected(Rejection::TooLarge(asked));
        }
        let update = match request.update.strategy() {
            MergeStrategy::MergePatch => self.data().resolve(&request.update),
            MergeStrategy::Replace | MergeStrategy::ShallowMerge => Some(request.update.clone()),
        };
        let Some(update) = update else {
            return UpdateResult::Rejected(Rejection::BadData);
        };
        let mut next = (**self.data()).clone();
        next.apply(&update);
        let size = next.units().max(set_units(&update)).max(asked);
        if size > limits::DATA_UNITS {
            return UpdateResult::Rejected(Rejection::TooLarge(size));
        }
        let changed = next.differences(self.data());
        if changed.is_empty() {
            return UpdateResult::Unchanged(revision);
        }
        let next = Revision { chain: after.chain, data: Arc::new(next), changed, by: by.clone(), at: now };
        self.revisions.insert(revision + 1, next);
        self.forget();
        UpdateResult::Applied(revision + 1)
    }

    /// Who changed a key last, a delete included, when the session was at `revision`.
    pub(super) fn last_write(&self, key: &str, revision: u64) -> Option<Write> {
        let mut before = self.revisions.range(..=revision).rev();
        let (revision, write) =
            before.find(|(_, write)| write.changed.iter().any(|changed| **changed == *key))?;
        Some((*revision, write.by.clone(), write.at.as_millis()))
    }

    fn holds(&self, condition: &Condition) -> bool {
        let now = self.position().revision;
        let unchanged = |key: &String| {
            let changed_at = self.last_write(key, now).map_or(0, |(revision, ..)| revision);
            let known = self.data().0.contains_key(&**key) || condition.seen >= self.forgotten;
            known && changed_at <= condition.seen
        };
        condition.revision.is_none_or(|revision| revision == now)
            && (condition.unchanged.is_empty()
                || condition.seen <= now && condition.unchanged.iter().all(unchanged))
    }

    /// Forgets what is too much to be remembered.
    fn forget(&mut self) {
        let bytes =
            |revision: &Revision| -> usize { revision.changed.iter().map(|key| key.len() + 48).sum() };
        let held = self.revisions.range(self.forgotten + 1..).rev();
        let (mut count, mut total) = (0, 0);
        for (number, revision) in held {
            count += 1;
            total += bytes(revision);
            if count > limits::LOG_UPDATES || total > limits::LOG_KEY_BYTES {
                self.forgotten = *number;
                break;
            }
        }
    }

    /// Forgets what is too long ago to be remembered.
    pub(super) fn expire(&mut self, now: Instant) {
        let held = self.revisions.range(self.forgotten + 1..);
        let mut old = held.take_while(|(_, revision)| now.since(revision.at) > limits::LOG_AGE);
        self.forgotten = old.by_ref().last().map_or(self.forgotten, |(number, _)| *number);
    }

    /// The same history on another server, which remembers no deletes.
    pub(super) fn restored(self) -> Self {
        Self { forgotten: self.position().revision, ..self }
    }
}

fn set_units(update: &Update) -> usize {
    let mut set = Copy::default();
    set.apply(&Update::new(
        MergeStrategy::Replace,
        update.changes().map(|(key, value)| (key.clone(), value.cloned())),
    ));
    set.units()
}
