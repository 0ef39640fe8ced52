//! What the data was at every revision.

use std::collections::BTreeMap;
use std::sync::Arc;

use meeting_session_core::position::{Chain, Epoch};
use meeting_session_core::protocol::{Rejection, UpdateRequest, UpdateResult, limits};
use meeting_session_core::{MergeStrategy, Position, Session, Update};

use crate::checks::update::Copy;

/// The revisions of one epoch.
#[derive(Debug, Clone)]
pub(super) struct History {
    epoch: Epoch,
    revisions: BTreeMap<u64, (Chain, Arc<Copy>)>,
}

impl History {
    /// The history of a session that has just begun.
    pub(super) fn of(session: &Session, epoch: Epoch) -> Self {
        let position = session.position();
        assert_eq!(position, Position::start(epoch));
        let revisions = BTreeMap::from([(0, (position.chain, Arc::default()))]);
        Self { epoch: position.epoch, revisions }
    }

    pub(super) fn position(&self) -> Position {
        let (revision, (chain, _)) = self.revisions.last_key_value().unwrap();
        Position { epoch: self.epoch, revision: *revision, chain: *chain }
    }

    pub(super) fn data(&self) -> &Arc<Copy> {
        &self.revisions.last_key_value().unwrap().1.1
    }

    /// The data at a position, if it lies on this history.
    pub(super) fn at(&self, position: Position) -> Option<&Arc<Copy>> {
        let (chain, copy) = self.revisions.get(&position.revision)?;
        (position.epoch == self.epoch && position.chain == *chain).then_some(copy)
    }

    /// How an update must end that nobody has answered before. The session says the chain after it.
    pub(super) fn update(&mut self, request: &UpdateRequest, after: Position) -> UpdateResult {
        let revision = self.position().revision;
        if request.epoch != self.epoch {
            return UpdateResult::Rejected(Rejection::SessionReset);
        }
        let mut next = (**self.data()).clone();
        next.apply(&request.update);
        let size = next.units().max(set_units(&request.update));
        if size > limits::DATA_UNITS {
            return UpdateResult::Rejected(Rejection::TooLarge(size));
        }
        if next == **self.data() {
            return UpdateResult::Unchanged(revision);
        }
        self.revisions.insert(revision + 1, (after.chain, Arc::new(next)));
        UpdateResult::Applied(revision + 1)
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
