//! One change of session data, and how several become one.

use alloc::collections::BinaryHeap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::json::{Json, push_quoted, quoted_units};
use crate::scan::{items, members, string, unescaped};

/// How an update combines with the data that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeStrategy {
    /// The whole object is replaced.
    Replace,
    /// Top-level keys are set or deleted; the others stay. Nested objects are replaced, not merged.
    ShallowMerge,
    /// The keys that are set are the members of a JSON Merge Patch (RFC 7396), `null` included; none is deleted by
    /// name. Only the server, which has the data, knows what comes of it: see [`merge_patch`](crate::merge_patch).
    MergePatch,
}

impl MergeStrategy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Replace, Self::ShallowMerge, Self::MergePatch];

    /// The name that JavaScript and the wire use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::ShallowMerge => "shallow-merge",
            Self::MergePatch => "merge-patch",
        }
    }

    /// The strategy of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }
}

/// A change asked for: top-level keys to set, and under shallow-merge keys to delete.
///
/// A key stands at most once, and a replace deletes nothing by name; the constructors see to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    strategy: MergeStrategy,
    /// Sorted by key. A map would do the same and cost the browser module a tenth of its size.
    changes: Vec<Change>,
}

/// A key and its new value; `None` deletes it.
type Change = (Arc<str>, Option<Json>);

impl Update {
    /// An update that sets or, where the value is `None`, deletes keys. Of a repeated key the last one counts.
    pub fn new(strategy: MergeStrategy, changes: impl IntoIterator<Item = (Arc<str>, Option<Json>)>) -> Self {
        let mut update = Self { strategy, changes: changes.into_iter().collect() };
        update.normalise();
        update
    }

    /// An update that changes nothing.
    pub const fn noop() -> Self {
        Self { strategy: MergeStrategy::ShallowMerge, changes: Vec::new() }
    }

    /// An update from what the page stringified: one JSON object with the keys to set, one array with those to delete.
    ///
    /// None when a key has no text that every participant could read back, as one with half a surrogate pair has not.
    pub fn from_stringified(strategy: MergeStrategy, set: &str, deleted: &str) -> Option<Self> {
        let mut changes = Vec::new();
        for (key, value) in members(set)? {
            changes.push((unescaped(key)?.into(), Some(Json::from_stringified(value))));
        }
        for key in items(deleted)? {
            changes.push((string(key)?.into(), None));
        }
        Some(Self::new(strategy, changes))
    }

    /// The strategy.
    pub const fn strategy(&self) -> MergeStrategy {
        self.strategy
    }

    /// The changes by key, in the order of the keys; `None` deletes.
    pub fn changes(&self) -> impl Iterator<Item = (&Arc<str>, Option<&Json>)> {
        self.changes.iter().map(|(key, value)| (key, value.as_ref()))
    }

    /// The keys that are set, with their values.
    pub fn sets(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.changes.iter().filter_map(|(key, value)| Some((&**key, value.as_ref()?)))
    }

    /// The keys that are deleted by name.
    pub fn deletes(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| &**key)
    }

    /// The change of one key, if there is one.
    pub fn change(&self, key: &str) -> Option<Option<&Json>> {
        let at = self.changes.binary_search_by(|(other, _)| (**other).cmp(key)).ok()?;
        self.changes.get(at).map(|(_, value)| value.as_ref())
    }

    /// Whether it changes nothing, whatever the data (`{}` unless it is a replace).
    pub fn is_noop(&self) -> bool {
        self.strategy != MergeStrategy::Replace && self.changes.is_empty()
    }

    /// Size of the JSON text of the keys that are set, in UTF-16 code units.
    pub fn units(&self) -> usize {
        object_units(self.sets())
    }

    /// Makes this update do what it and then `later` would have done.
    ///
    /// These are the rules of Daily's client queue: a replace takes the place of all before it; a merge is laid over
    /// what is queued and leaves its strategy; a set cancels a delete and the reverse. Not for a merge patch, which may
    /// reach into what lies below it: each is sent on its own.
    pub fn coalesce(&mut self, later: Self) {
        match later.strategy {
            MergeStrategy::Replace => *self = later,
            MergeStrategy::ShallowMerge | MergeStrategy::MergePatch => {
                let lost = mutant!("delete-lost-in-coalescing");
                self.changes.extend(later.changes.into_iter().filter(|(_, value)| value.is_some() || !lost));
                self.normalise();
            }
        }
    }

    /// The changes themselves, for the data that takes them over.
    pub(crate) fn into_changes(self) -> impl Iterator<Item = Change> {
        self.changes.into_iter()
    }

    /// Sorts by key, keeps the last of a repeated one, and drops deletes under replace.
    fn normalise(&mut self) {
        // A heap sorts as fast as this needs and is a tenth of the code of `sort`, which the browser has to load.
        let numbered = core::mem::take(&mut self.changes)
            .into_iter()
            .enumerate()
            .map(|(number, (key, value))| (key, number, value));
        for (key, _, value) in numbered.collect::<BinaryHeap<_>>().into_sorted_vec() {
            if self.changes.last().is_some_and(|(last, _)| *last == key) {
                self.changes.pop();
            }
            self.changes.push((key, value));
        }
        if self.strategy == MergeStrategy::Replace {
            self.changes.retain(|(_, value)| value.is_some());
        }
    }
}

/// Size of the JSON text of an object, in UTF-16 code units, as `JSON.stringify(object).length` would say.
pub fn object_units<'a>(members: impl Iterator<Item = (&'a str, &'a Json)>) -> usize {
    let (count, units) =
        members.fold((0, 0), |(count, units), (key, value)| (count + 1, units + member_units(key, value)));
    units + braces_and_commas(count)
}

/// Size of `"key":value`.
pub(crate) fn member_units(key: &str, value: &Json) -> usize {
    quoted_units(key) + 1 + value.units()
}

/// Size of what stands around `count` members.
pub(crate) const fn braces_and_commas(count: usize) -> usize {
    2 + count.saturating_sub(1)
}

/// Appends the JSON text of an object to `out`.
pub fn push_object<'a>(out: &mut String, members: impl Iterator<Item = (&'a str, &'a Json)>) {
    out.push('{');
    for (index, (key, value)) in members.enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_quoted(out, key);
        out.push(':');
        out.push_str(value.as_str());
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use MergeStrategy::{Replace, ShallowMerge};

    fn update(strategy: MergeStrategy, changes: &[(&str, Option<&str>)]) -> Update {
        let json = |text: &&str| Json::parse(text).unwrap();
        Update::new(strategy, changes.iter().map(|(key, value)| (Arc::from(*key), value.as_ref().map(json))))
    }

    fn coalesced(updates: &[Update]) -> Update {
        let (first, rest) = updates.split_first().unwrap();
        rest.iter().fold(first.clone(), |mut queued, later| {
            queued.coalesce(later.clone());
            queued
        })
    }

    /// The vectors of Daily's own queue (its public tests of 2022 to 2024).
    #[test]
    fn queue_vectors_of_daily_hold() {
        let foo_bar = update(ShallowMerge, &[("foo", Some("\"bar\""))]);
        let foo_10 = update(ShallowMerge, &[("foo", Some("10"))]);
        let hello = update(ShallowMerge, &[("hello", Some("\"world\""))]);
        assert_eq!(
            coalesced(&[foo_bar, foo_10, hello.clone()]),
            update(ShallowMerge, &[("foo", Some("10")), ("hello", Some("\"world\""))])
        );

        let both = update(ShallowMerge, &[("foo", Some("\"bar\"")), ("baz", Some("\"boo\""))]);
        let delete_both = update(ShallowMerge, &[("foo", None), ("baz", None)]);
        let merged = [both.clone(), delete_both.clone(), hello.clone()];
        assert_eq!(
            coalesced(&merged),
            update(ShallowMerge, &[("foo", None), ("baz", None), ("hello", Some("\"world\""))])
        );

        let replace = update(Replace, &[("hello", Some("\"world\""))]);
        assert_eq!(coalesced(&[both.clone(), delete_both, replace.clone()]), replace);

        let empty = update(Replace, &[]);
        assert_eq!(coalesced(&[both, empty, hello]), replace);
    }

    #[test]
    fn a_strategy_is_known_by_its_name() {
        for strategy in [Replace, ShallowMerge, MergeStrategy::MergePatch] {
            assert_eq!(MergeStrategy::from_name(strategy.name()), Some(strategy));
        }
        assert_eq!(MergeStrategy::from_name("deep-merge"), None);
    }

    #[test]
    fn what_the_page_stringified_is_taken_apart_again() {
        let found = Update::from_stringified(
            ShallowMerge,
            r#"{"a\n":[1,{"b":2}],"__proto__":"x"}"#,
            r#"["c","\"d"]"#,
        );
        let changes =
            [("a\n", Some(r#"[1,{"b":2}]"#)), ("__proto__", Some("\"x\"")), ("c", None), ("\"d", None)];
        assert_eq!(found, Some(update(ShallowMerge, &changes)));
        assert_eq!(Update::from_stringified(Replace, r#"{"\ud800":1}"#, "[]"), None);
    }

    #[test]
    fn a_set_cancels_a_delete_and_the_reverse() {
        let set = update(ShallowMerge, &[("a", Some("1"))]);
        let delete = update(ShallowMerge, &[("a", None)]);
        assert_eq!(coalesced(&[delete.clone(), set.clone()]), set);
        assert_eq!(coalesced(&[set, delete.clone()]), delete);
    }

    #[test]
    fn a_delete_after_a_replace_only_takes_the_key_out() {
        let replace = update(Replace, &[("a", Some("1")), ("b", Some("2"))]);
        let delete = update(ShallowMerge, &[("a", None), ("c", None)]);
        assert_eq!(coalesced(&[replace, delete]), update(Replace, &[("b", Some("2"))]));
    }

    #[test]
    fn only_an_empty_merge_is_a_noop() {
        assert!(update(ShallowMerge, &[]).is_noop());
        assert!(update(MergeStrategy::MergePatch, &[]).is_noop());
        assert!(!update(MergeStrategy::MergePatch, &[("a", Some("null"))]).is_noop());
        assert!(!update(Replace, &[]).is_noop());
        assert!(!update(ShallowMerge, &[("a", None)]).is_noop());
    }

    #[test]
    fn size_is_that_of_the_stringified_object() {
        assert_eq!(update(Replace, &[]).units(), "{}".len());
        assert_eq!(update(Replace, &[("a", Some("1"))]).units(), r#"{"a":1}"#.len());
        let two = update(ShallowMerge, &[("a\n", Some("\"😀\"")), ("b", Some("[1,2]")), ("c", None)]);
        assert_eq!(two.units(), r#"{"a\n":"😀","b":[1,2]}"#.encode_utf16().count());
    }
}
