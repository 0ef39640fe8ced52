//! Several updates made one must do what they would have done one after the other.

use meeting_session_core::protocol::{ClientMessage, Condition, UpdateRequest};
use meeting_session_core::{Epoch, SessionData, Update};

use super::update::{Change, Copy};

/// Some data, and the updates that follow it.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Writes {
    pub(crate) start: Change,
    pub(crate) changes: Vec<Change>,
}

pub(crate) fn check(writes: &Writes) {
    let (mut expected, mut before, mut one_by_one) =
        (Copy::default(), SessionData::default(), SessionData::default());
    writes.start.apply(&mut expected);
    before.apply(writes.start.update());
    one_by_one.apply(writes.start.update());
    assert_eq!(Copy::of(&before), expected);

    for change in &writes.changes {
        let previous = expected.clone();
        let foretold = one_by_one.units_after(&change.update());
        change.apply(&mut expected);
        let changed = one_by_one.apply(change.update());
        assert_eq!(Copy::of(&one_by_one), expected);
        assert_eq!(foretold, expected.units());
        assert_eq!(one_by_one.units(), expected.units());
        // The keys that changed are named, each once, and no others.
        let mut named = changed.clone();
        named.sort();
        let keys = previous.0.keys().chain(expected.0.keys());
        let mut differing: Vec<_> =
            keys.filter(|&key| previous.0.get(key) != expected.0.get(key)).cloned().collect();
        differing.sort();
        differing.dedup();
        assert_eq!(named, differing);
    }

    let updates: Vec<_> = writes.changes.iter().map(Change::update).collect();
    let from_left = updates.iter().cloned().fold(Update::noop(), joined);
    let from_right = updates.iter().cloned().rev().fold(Update::noop(), |later, first| joined(first, later));
    assert_eq!(from_left, from_right, "how they are grouped makes no difference");

    let sum: usize = updates.iter().map(Update::units).sum();
    assert!(from_left.units() <= sum.max(2), "it is no larger than its parts");
    assert_eq!(before.units_after(&from_left), expected.units());
    before.apply(from_left.clone());
    assert_eq!(Copy::of(&before), expected, "at once as one by one");
    assert!(before.apply(from_left.clone()).is_empty(), "twice is as once");

    let message = ClientMessage::Update(UpdateRequest {
        sequence: 1,
        epoch: Epoch(1),
        update: from_left,
        condition: Condition::default(),
    });
    assert_eq!(ClientMessage::decode(&message.encode()), Ok(message), "it survives the wire");
}

fn joined(mut first: Update, later: Update) -> Update {
    first.coalesce(later);
    first
}
