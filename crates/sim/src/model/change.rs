//! Replace, merge, delete and patch, on plain maps.

use std::collections::BTreeMap;
use std::sync::Arc;

use meeting_session_core::{Json, MergeStrategy, Update};

use super::patch::patched;

/// The text of a key or of a value.
pub(crate) type Text = Arc<str>;

/// Session data: the JSON text of each value by key.
pub(crate) type Data = BTreeMap<Text, Text>;

/// One change of the data, or several made one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Whether everything that it does not set goes, or stays, or what it sets are patches.
    pub(crate) strategy: MergeStrategy,
    /// What it sets; `None` deletes.
    pub(crate) keys: BTreeMap<Text, Option<Text>>,
}

impl Change {
    pub(crate) fn of(update: &Update) -> Self {
        let text = |value: &Json| Text::from(value.as_str());
        let keys = update.changes().map(|(key, value)| (key.clone(), value.map(text))).collect();
        Self { strategy: update.strategy(), keys }
    }

    pub(crate) fn to_update(&self) -> Update {
        let json = |text: &Text| Json::from_stringified(&**text);
        Update::new(
            self.strategy,
            self.keys.iter().map(|(key, value)| (key.clone(), value.as_ref().map(json))),
        )
    }

    /// Makes this what it and then `later` come to.
    pub(crate) fn then(&mut self, later: &Self) {
        if later.strategy == MergeStrategy::Replace {
            self.clone_from(later);
            return;
        }
        for (key, value) in &later.keys {
            if self.strategy == MergeStrategy::Replace && value.is_none() {
                self.keys.remove(key);
            } else {
                self.keys.insert(key.clone(), value.clone());
            }
        }
    }

    /// The data after it.
    pub(crate) fn apply(&self, data: &Data) -> Data {
        let replace = self.strategy == MergeStrategy::Replace;
        let mut after = if replace { Data::new() } else { data.clone() };
        for (key, value) in &self.keys {
            let patch = value.as_ref().filter(|_| self.strategy == MergeStrategy::MergePatch);
            let patched = patch.map(|patch| patched(data.get(key).map(|old| &**old), patch));
            match patched.as_ref().unwrap_or(value) {
                Some(value) => after.insert(key.clone(), value.clone()),
                None => after.remove(key),
            };
        }
        after
    }

    /// Length of the JSON text of what it sets.
    pub(crate) fn units(&self) -> usize {
        units(self.keys.iter().filter_map(|(key, value)| Some((key, value.as_ref()?))))
    }

    /// The numbers of the writes that it carries, in order.
    pub(crate) fn markers(&self) -> Vec<usize> {
        let mut markers: Vec<_> = self.keys.values().filter_map(|value| marker(value.as_deref()?)).collect();
        markers.sort_unstable();
        markers.dedup();
        markers
    }
}

/// The number of the write that a value comes from, for a value that only one write has: `{"m":17…`.
fn marker(value: &str) -> Option<usize> {
    let rest = value.strip_prefix("{\"m\":")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest.get(..digits)?.parse().ok()
}

/// Length of the JSON text of an object in UTF-16 code units, as JavaScript counts.
pub(crate) fn units<'a>(members: impl Iterator<Item = (&'a Text, &'a Text)>) -> usize {
    let mut text_units = 0;
    let mut count = 0;
    for (key, value) in members {
        text_units += key_units(key) + 1 + value.encode_utf16().count();
        count += 1;
    }
    // The braces, and a comma between any two.
    text_units + 2 + usize::saturating_sub(count, 1)
}

fn key_units(key: &str) -> usize {
    serde_json::to_string(key).map_or(0, |quoted| quoted.encode_utf16().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use MergeStrategy::{Replace, ShallowMerge};

    fn change(strategy: MergeStrategy, keys: &[(&str, Option<&str>)]) -> Change {
        let keys = keys.iter().map(|(key, value)| ((*key).into(), value.map(Text::from))).collect();
        Change { strategy, keys }
    }

    #[test]
    fn a_merge_keeps_and_a_replace_drops_what_it_does_not_name() {
        let start = change(Replace, &[("a", Some("1")), ("b", Some("2"))]).apply(&Data::new());
        let merged = change(ShallowMerge, &[("a", None), ("c", Some("3"))]).apply(&start);
        assert_eq!(merged.keys().map(|key| &**key).collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(change(Replace, &[("d", Some("4"))]).apply(&merged).len(), 1);
    }

    #[test]
    fn two_changes_made_one_do_what_they_did_one_by_one() {
        let pieces = [
            change(ShallowMerge, &[("a", Some("1")), ("b", None)]),
            change(Replace, &[("b", Some("2")), ("c", Some("3"))]),
            change(ShallowMerge, &[("a", Some("4")), ("c", None)]),
            change(ShallowMerge, &[("c", Some("5"))]),
        ];
        let start = change(Replace, &[("x", Some("0")), ("b", Some("0"))]).apply(&Data::new());
        for from in 0..pieces.len() {
            let mut one = pieces[from].clone();
            let mut data = pieces[from].apply(&start);
            for later in &pieces[from + 1..] {
                one.then(later);
                data = later.apply(&data);
                assert_eq!(one.apply(&start), data);
            }
        }
    }

    #[test]
    fn units_are_those_of_the_text() {
        assert_eq!(change(ShallowMerge, &[]).units(), "{}".len());
        let two = change(ShallowMerge, &[("a\"", Some("\"😀\"")), ("é", Some("[1]")), ("z", None)]);
        assert_eq!(two.units(), r#"{"a\"":"😀","é":[1]}"#.encode_utf16().count());
    }

    #[test]
    fn markers_are_read_from_values_of_their_form_only() {
        assert_eq!(marker("{\"m\":17,\"pad\":\"x\"}"), Some(17));
        assert_eq!(marker("{\"m\":17}"), Some(17));
        assert_eq!(marker("17"), None);
    }
}
