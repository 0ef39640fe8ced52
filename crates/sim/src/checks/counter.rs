//! What transactions keep that only conditions can keep: a counter, and a thing that is taken and put back in turn (G8).

use crate::model::{Change, Data, Text};
use crate::violation::{Checked, ensure};

/// A key that only transactions write, each of which counts one on. Whatever replaces all takes it back to nothing.
pub(crate) const COUNTER: &str = "counter";

/// A key that a transaction deletes when it is there, and otherwise sets.
pub(crate) const TURN: &str = "turn";

/// What the counter is at.
pub(crate) fn count(data: &Data) -> u64 {
    let value = data.get(COUNTER).and_then(|value| serde_json::from_str::<serde_json::Value>(value).ok());
    value.and_then(|value| value.get("n")?.as_u64()).unwrap_or(0)
}

/// The counter's value, as the write of that number sets it.
pub(crate) fn counted(number: usize, count: u64) -> Text {
    format!("{{\"m\":{number},\"n\":{count}}}").into()
}

/// Checks that what was applied had seen what it was applied to.
pub(crate) fn in_turn(change: &Change, before: &Data, after: &Data) -> Checked {
    if change.keys.contains_key(COUNTER) {
        let (old, new) = (count(before), count(after));
        ensure!(new == old + 1, "G8", "the counter went from {old} to {new} by {change:?}");
    }
    if let Some(turn) = change.keys.get(TURN) {
        let there = before.contains_key(TURN);
        ensure!(turn.is_some() != there, "G8", "{change:?} was applied to what was there: {there}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use meeting_session_core::MergeStrategy;

    fn set(key: &str, value: Option<Text>) -> Change {
        Change { strategy: MergeStrategy::ShallowMerge, keys: [(key.into(), value)].into() }
    }

    #[test]
    fn a_lost_count_and_a_turn_taken_twice_are_found() {
        let outcome = |before: &Data, change: &Change| in_turn(change, before, &change.apply(before));
        let nothing = Data::new();
        let one = set(COUNTER, Some(counted(1, 1)));
        assert_eq!(outcome(&nothing, &one), Ok(()));
        assert_eq!(outcome(&one.apply(&nothing), &set(COUNTER, Some(counted(2, 2)))), Ok(()));
        assert!(outcome(&one.apply(&nothing), &set(COUNTER, Some(counted(2, 1)))).is_err());
        let (put, take) = (set(TURN, Some("1".into())), set(TURN, None));
        assert_eq!(outcome(&nothing, &put), Ok(()));
        assert_eq!(outcome(&put.apply(&nothing), &take), Ok(()));
        assert!(outcome(&put.apply(&nothing), &put).is_err());
        assert!(outcome(&nothing, &take).is_err());
    }
}
