//! The shared object: top-level keys and the raw JSON text of their values.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::json::Json;
use crate::update::{MergeStrategy, Update, braces_and_commas, member_units, push_object};

/// Session data as the server holds it. The order of top-level keys carries no meaning.
#[derive(Debug, Clone, Default)]
pub struct SessionData {
    entries: BTreeMap<Arc<str>, Json>,
    /// Sum of `member_units` over all entries, kept so that a size check need not walk the data.
    member_units: usize,
}

impl SessionData {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.entries.get(key)
    }

    /// All members, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.entries.iter().map(|(key, value)| (&**key, value))
    }

    /// Size of the JSON text of the object, in UTF-16 code units.
    pub fn units(&self) -> usize {
        self.member_units + braces_and_commas(self.entries.len())
    }

    /// The JSON text of the object.
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.units());
        push_object(&mut text, self.iter());
        text
    }

    /// The size that [`apply`](Self::apply) would lead to, in UTF-16 code units.
    pub fn units_after(&self, update: &Update) -> usize {
        if update.strategy() == MergeStrategy::Replace {
            return update.units();
        }
        let (mut count, mut units) = (self.entries.len(), self.member_units);
        for (key, value) in update.changes() {
            if let Some(old) = self.get(key) {
                count -= 1;
                units -= member_units(key, old);
            }
            if let Some(new) = value {
                count += 1;
                units += member_units(key, new);
            }
        }
        units + braces_and_commas(count)
    }

    /// Applies `update` and returns the keys whose text changed, deleted ones included. None: nothing changed.
    pub fn apply(&mut self, update: Update) -> Vec<Arc<str>> {
        let mut changed = Vec::new();
        if update.strategy() == MergeStrategy::Replace {
            let gone = self.entries.keys().filter(|key| update.change(key).is_none()).cloned();
            changed.extend(gone.collect::<Vec<_>>());
            for key in &changed {
                self.remove(key);
            }
        }
        for (key, value) in update.into_changes() {
            if mutant!("update-applied-by-half") && !changed.is_empty() {
                break;
            }
            if self.entries.get(&key) != value.as_ref() {
                self.remove(&key);
                changed.push(key.clone());
                if let Some(value) = value {
                    self.member_units += member_units(&key, &value);
                    self.entries.insert(key, value);
                }
            }
        }
        changed
    }

    fn remove(&mut self, key: &str) {
        if let Some(old) = self.entries.remove(key) {
            self.member_units -= member_units(key, &old);
        }
    }
}

impl PartialEq for SessionData {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MergeStrategy::{Replace, ShallowMerge};
    use proptest::prelude::*;

    fn update(strategy: MergeStrategy, changes: &[(&str, Option<&str>)]) -> Update {
        let json = |text: &&str| Json::parse(text).unwrap();
        Update::new(strategy, changes.iter().map(|(key, value)| (Arc::from(*key), value.as_ref().map(json))))
    }

    /// The three examples of Daily's documentation page for `setMeetingSessionData`, one after the other.
    #[test]
    fn examples_of_the_specification_hold() {
        let finland = update(Replace, &[("address", Some(r#"{"country":"Finland"}"#))]);
        let mut data = SessionData::default();
        data.apply(finland.clone());

        data.apply(update(Replace, &[("code", Some(r#""358""#))]));
        assert_eq!(data.to_text(), r#"{"code":"358"}"#);

        data.apply(finland);
        data.apply(update(ShallowMerge, &[("code", Some(r#""358""#))]));
        assert_eq!(data.to_text(), r#"{"address":{"country":"Finland"},"code":"358"}"#);

        data.apply(update(ShallowMerge, &[("address", Some(r#"{"city":"Helsinki"}"#))]));
        assert_eq!(data.to_text(), r#"{"address":{"city":"Helsinki"},"code":"358"}"#);
    }

    #[test]
    fn apply_names_the_keys_whose_text_changed() {
        let mut data = SessionData::default();
        let names =
            |changed: Vec<Arc<str>>| changed.iter().map(|key| String::from(&**key)).collect::<Vec<_>>();
        assert_eq!(names(data.apply(update(Replace, &[("a", Some("1")), ("b", Some("2"))]))), ["a", "b"]);
        assert!(data.apply(update(ShallowMerge, &[("a", Some("1"))])).is_empty());
        assert_eq!(names(data.apply(update(ShallowMerge, &[("a", None), ("x", None)]))), ["a"]);
        assert_eq!(names(data.apply(update(Replace, &[("c", Some("3"))]))), ["b", "c"]);
    }

    #[test]
    fn proto_is_an_ordinary_key() {
        let mut data = SessionData::default();
        data.apply(update(Replace, &[("__proto__", Some(r#"{"polluted":true}"#))]));
        assert_eq!(data.to_text(), r#"{"__proto__":{"polluted":true}}"#);
    }

    fn any_update() -> impl Strategy<Value = Update> {
        let key = prop::sample::select(vec!["a", "b", "c", "é", "😀", "q\"", "__proto__", ""]);
        let value = prop::option::of(prop::sample::select(vec!["1", "2", "null", r#""é""#, r#"{"a":[]}"#]));
        let changes = prop::collection::vec((key, value), 0..6);
        (prop::bool::ANY, changes)
            .prop_map(|(replace, changes)| update(if replace { Replace } else { ShallowMerge }, &changes))
    }

    proptest! {
        #[test]
        fn coalescing_agrees_with_applying_one_by_one(
            start in any_update(),
            updates in prop::collection::vec(any_update(), 1..6),
        ) {
            let mut one_by_one = SessionData::default();
            one_by_one.apply(start);
            let mut at_once = one_by_one.clone();

            let mut coalesced = updates[0].clone();
            updates[1..].iter().for_each(|later| coalesced.coalesce(later.clone()));
            at_once.apply(coalesced);
            for update in updates {
                one_by_one.apply(update);
            }
            prop_assert_eq!(one_by_one.to_text(), at_once.to_text());
        }

        #[test]
        fn coalescing_is_associative(a in any_update(), b in any_update(), c in any_update()) {
            let join = |mut first: Update, later: &Update| {
                first.coalesce(later.clone());
                first
            };
            prop_assert_eq!(join(join(a.clone(), &b), &c), join(a, &join(b, &c)));
        }

        #[test]
        fn applying_twice_changes_nothing_more(start in any_update(), again in any_update()) {
            let mut data = SessionData::default();
            data.apply(start);
            data.apply(again.clone());
            prop_assert!(data.apply(again).is_empty());
        }

        #[test]
        fn sizes_agree_with_the_text(updates in prop::collection::vec(any_update(), 0..6)) {
            let mut data = SessionData::default();
            for update in updates {
                let foretold = data.units_after(&update);
                data.apply(update);
                prop_assert_eq!(data.units(), foretold);
                prop_assert_eq!(data.units(), data.to_text().encode_utf16().count());
            }
        }

        #[test]
        fn merges_of_different_keys_commute(left in "[ab]", right in "[cd]", start in any_update()) {
            let set = |key: &str| update(ShallowMerge, &[(key, Some("7"))]);
            let run = |first: &str, second: &str| {
                let mut data = SessionData::default();
                data.apply(start.clone());
                data.apply(set(first));
                data.apply(set(second));
                data.to_text()
            };
            prop_assert_eq!(run(&left, &right), run(&right, &left));
        }
    }
}
