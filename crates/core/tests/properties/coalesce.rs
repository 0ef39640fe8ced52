//! `coalesce` with any updates.

use proptest::prelude::*;

use crate::checks::coalesce::{Writes, check};
use crate::checks::update::{Change, Key, Value};

pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        24 => any::<u8>().prop_map(Value::Usual),
        12 => any::<i64>().prop_map(Value::Number),
        12 => any::<String>().prop_map(Value::Text),
        1 => any::<u8>().prop_map(Value::Long),
        1 => (-2..3_i8).prop_map(Value::Full),
    ]
}

pub(crate) fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        16 => any::<u8>().prop_map(Key::Usual),
        3 => any::<String>().prop_map(Key::Any),
        1 => any::<u8>().prop_map(Key::Long),
    ]
}

pub(crate) fn any_change() -> impl Strategy<Value = Change> {
    let members = prop::collection::vec((any_key(), prop::option::weighted(0.7, any_value())), 0..6);
    (prop::bool::weighted(0.3), members).prop_map(|(replace, members)| Change { replace, members })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn coalesced_updates_do_what_they_did_one_by_one(
        start in any_change(),
        changes in prop::collection::vec(any_change(), 0..6),
    ) {
        check(&Writes { start, changes });
    }
}
