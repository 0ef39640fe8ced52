//! Updates described in few bytes, and what one does to a plain map: the model that the core is held to.

use std::collections::BTreeMap;
use std::sync::Arc;

use meeting_session_core::protocol::limits;
use meeting_session_core::{Json, MergeStrategy, SessionData, Update, merge_patch};
use serde_json::value::RawValue;

/// An update as somebody may write it, with repeated keys and with deletes under replace.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Change {
    pub(crate) replace: bool,
    /// Keys to set or, without a value, to delete, one after the other.
    pub(crate) members: Vec<(Key, Option<Value>)>,
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Key {
    /// One of a few, so that changes meet.
    Usual(u8),
    /// So many times 256 letters.
    Long(u8),
    Any(String),
}

#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Value {
    /// One of a few, so that equal texts meet.
    Usual(u8),
    Number(i64),
    /// So many times 512 letters.
    Long(u8),
    /// What makes an object of a key of one letter as large as data may be, or so much larger.
    Full(i8),
    Text(String),
}

const KEYS: [&str; 12] =
    ["a", "b", "c", "", "é", "😀", "q\"\\", "__proto__", "constructor", "\0", "a\n", "\u{2028}"];
const VALUES: [&str; 15] = [
    "null",
    "1",
    "1.0",
    "true",
    "\"\"",
    "1e400",
    "-0",
    "9007199254740993",
    "\"\\ud800\"",
    "[1, 2]",
    "{\"a\":[]}",
    "\"é😀\"",
    "{ \"a\": null, \"b\":{\"c\":1}}",
    "{\"b\":{\"c\":null,\"d\":2}}",
    "{\"b\":null}",
];

impl Key {
    pub(crate) fn text(&self) -> Arc<str> {
        match self {
            Self::Usual(which) => KEYS[usize::from(*which) % KEYS.len()].into(),
            Self::Long(length) => "k".repeat(usize::from(*length) * 256).into(),
            Self::Any(text) => text.as_str().into(),
        }
    }
}

impl Value {
    pub(crate) const NULL: Self = Self::Usual(0);

    pub(crate) fn json(&self) -> Json {
        let text = match self {
            Self::Usual(which) => VALUES[usize::from(*which) % VALUES.len()].into(),
            Self::Number(number) => number.to_string(),
            Self::Long(length) => format!("\"{}\"", "v".repeat(usize::from(*length) * 512)),
            Self::Full(more) => {
                let length = (limits::DATA_UNITS - r#"{"a":""}"#.len()).saturating_add_signed((*more).into());
                format!("\"{}\"", "v".repeat(length))
            }
            Self::Text(text) => serde_json::to_string(text).unwrap(),
        };
        Json::parse(&text).unwrap()
    }
}

impl Change {
    pub(crate) fn update(&self) -> Update {
        let strategy = if self.replace { MergeStrategy::Replace } else { MergeStrategy::ShallowMerge };
        let members = self.members.iter();
        Update::new(strategy, members.map(|(key, value)| (key.text(), value.as_ref().map(Value::json))))
    }

    /// The same as a merge patch, in which what is to be deleted is `null`.
    pub(crate) fn patch(&self) -> Update {
        let value = |value: &Option<Value>| Some(value.as_ref().unwrap_or(&Value::NULL).json());
        let members = self.members.iter().map(|(key, change)| (key.text(), value(change)));
        Update::new(MergeStrategy::MergePatch, members)
    }

    /// What it means, said in another way than in the core.
    pub(crate) fn apply(&self, copy: &mut Copy) {
        if self.replace {
            copy.0.clear();
        }
        for (key, value) in &self.members {
            copy.change(key.text(), value.as_ref().map(|value| value.json().as_str().into()));
        }
    }
}

/// Session data as somebody has it: keys and the text of their values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Copy(pub(crate) BTreeMap<Arc<str>, Arc<str>>);

impl Copy {
    pub(crate) fn of(data: &SessionData) -> Self {
        Self(data.iter().map(|(key, value)| (key.into(), value.as_str().into())).collect())
    }

    /// The data in an object that came over the wire.
    pub(crate) fn parse(object: &Json) -> Self {
        // What the core sends names each key once; serde_json would keep the last.
        let members: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(object.as_str()).expect("an object");
        Self(members.into_iter().map(|(key, value)| (key.into(), value.get().into())).collect())
    }

    pub(crate) fn apply(&mut self, update: &Update) {
        if update.strategy() == MergeStrategy::Replace {
            self.0.clear();
        }
        for (key, value) in update.changes() {
            self.change(key.clone(), value.map(|value| value.as_str().into()));
        }
    }

    /// The shallow merge that a merge patch means here; none if it is too deep.
    pub(crate) fn resolve(&self, patch: &Update) -> Option<Update> {
        let mut data = SessionData::default();
        let members = self.0.iter().map(|(key, text)| (key.clone(), Some(Json::parse(text).unwrap())));
        data.apply(Update::new(MergeStrategy::Replace, members));
        let merge = merge_patch::resolve(patch.clone(), &data).ok()?;
        for (key, change) in patch.changes() {
            // The texts are the core's matter. That they mean the right thing is seen where serde_json can read them.
            let read = |text: &str| serde_json::from_str(text).ok();
            let old = self.0.get(key).map(|text| read(text));
            let (Some(change), None | Some(Some(_))) =
                (change.and_then(|change| read(change.as_str())), &old)
            else {
                continue;
            };
            let Some(new) = merge.change(key) else {
                panic!("{key} is in the patch, and has to be in the merge")
            };
            assert_eq!(
                new.and_then(|new| read(new.as_str())),
                patched(old.flatten(), &change),
                "{key}: {patch:?}"
            );
        }
        Some(merge)
    }

    /// The keys that are other ones here than there, or only in one of the two.
    pub(crate) fn differences(&self, other: &Self) -> Vec<Arc<str>> {
        let gone = other.0.keys().filter(|key| !self.0.contains_key(*key));
        let others =
            self.0.iter().filter(|(key, value)| other.0.get(*key) != Some(value)).map(|(key, _)| key);
        gone.chain(others).cloned().collect()
    }

    pub(crate) fn change(&mut self, key: Arc<str>, value: Option<Arc<str>>) {
        match value {
            Some(value) => self.0.insert(key, value),
            None => self.0.remove(&key),
        };
    }

    /// The size of its JSON text in UTF-16 units.
    pub(crate) fn units(&self) -> usize {
        let member = |(key, value): (&Arc<str>, &Arc<str>)| {
            serde_json::to_string(&**key).unwrap().encode_utf16().count() + 1 + value.encode_utf16().count()
        };
        let members: Vec<_> = self.0.iter().map(member).collect();
        2 + members.len().saturating_sub(1) + members.iter().sum::<usize>()
    }
}

/// What RFC 7396 makes of a value; none if it is gone.
fn patched(old: Option<serde_json::Value>, patch: &serde_json::Value) -> Option<serde_json::Value> {
    use serde_json::Value::{Null, Object};
    let patch = match patch {
        Null => return None,
        Object(patch) => patch,
        other => return Some(other.clone()),
    };
    let mut object = if let Some(Object(old)) = old { old } else { serde_json::Map::new() };
    for (name, change) in patch {
        let old = object.remove(name);
        object.extend(patched(old, change).map(|new| (name.clone(), new)));
    }
    Some(Object(object))
}
