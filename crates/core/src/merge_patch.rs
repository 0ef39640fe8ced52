//! JSON Merge Patch (RFC 7396) on raw JSON text. For the server alone: the browser module leaves it out.

use alloc::borrow::{Cow, ToOwned};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::data::SessionData;
use crate::json::Json;
use crate::protocol::limits::PATCH_DEPTH;
use crate::scan;
use crate::update::{MergeStrategy, Update};

/// A merge patch has more than [`PATCH_DEPTH`] objects one in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooDeep;

/// The shallow merge that does to `data` what `patch` says. An update of another strategy is returned as it is.
///
/// In the shallow merge stand the keys of the patch, those included that it leaves as they are. What the patch does not
/// touch keeps its text to the letter, and its place in its object; new members are appended in the patch's order. An
/// object in which nothing changes keeps its white space too, so that equal texts say "unchanged".
///
/// # Errors
/// [`TooDeep`], whatever the data.
pub fn resolve(patch: Update, data: &SessionData) -> Result<Update, TooDeep> {
    if patch.strategy() != MergeStrategy::MergePatch {
        return Ok(patch);
    }
    let mut changes = Vec::new();
    for (key, value) in patch.into_changes() {
        let old = data.get(&key).map(Json::as_str);
        let new = merged(old, value.as_ref().map(Json::as_str), PATCH_DEPTH - 1)?;
        changes.push((key, new.map(Json::from_stringified)));
    }
    Ok(Update::new(MergeStrategy::ShallowMerge, changes))
}

/// What `patch` makes of the value `old`; `None` is a value that is not there. The patch may have `depth` objects one in
/// another.
fn merged(old: Option<&str>, patch: Option<&str>, depth: usize) -> Result<Option<String>, TooDeep> {
    let Some(patch) = patch.filter(|patch| *patch != "null") else { return Ok(None) };
    let Some(changes) = read(patch) else { return Ok(Some(patch.to_owned())) };
    let depth = depth.checked_sub(1).ok_or(TooDeep)?;
    let old_object = old.and_then(read);
    let mut changed = old_object.is_none();
    let mut object = old_object.unwrap_or_default();
    for (name, change) in in_order(changes) {
        let place = object.len();
        let member = object.entry(name).or_insert(Member { place, key: change.key, value: None });
        let new = merged(member.value.as_deref(), change.value.as_deref(), depth)?;
        if member.value.as_deref() != new.as_deref() {
            member.value = new.map(Cow::Owned);
            changed = true;
        }
    }
    Ok(if changed { Some(write(object)) } else { old.map(ToOwned::to_owned) })
}

/// The members of an object by name: the UTF-16 code units of the key, as a name may have half a surrogate pair.
type Object<'a> = BTreeMap<Vec<u16>, Member<'a>>;

struct Member<'a> {
    /// Where it stands among the members. The numbers of those that are not there are left out.
    place: usize,
    /// The key as it is spelled, without the quotes.
    key: &'a str,
    value: Option<Cow<'a, str>>,
}

/// The object that `text` stands for; `None` for anything else. Of a repeated key the first place and the last value
/// count, as in JavaScript.
fn read(text: &str) -> Option<Object<'_>> {
    let mut object = Object::new();
    for (key, value) in scan::members(text)? {
        let place = object.len();
        let member = object.entry(units(key)).or_insert(Member { place, key, value: None });
        member.value = Some(Cow::Borrowed(value));
    }
    Some(object)
}

fn write(object: Object<'_>) -> String {
    let mut text = String::from("{");
    for (_, member) in in_order(object) {
        let Some(value) = member.value else { continue };
        if text.len() > 1 {
            text.push(',');
        }
        text.push('"');
        text.push_str(member.key);
        text.push_str("\":");
        text.push_str(&value);
    }
    text.push('}');
    text
}

fn in_order(object: Object<'_>) -> Vec<(Vec<u16>, Member<'_>)> {
    let mut members: Vec<_> = object.into_iter().collect();
    members.sort_unstable_by_key(|(_, member)| member.place);
    members
}

/// The UTF-16 code units of the JSON string that has `rest` between its quotes.
fn units(mut rest: &str) -> Vec<u16> {
    let mut units = Vec::with_capacity(rest.len());
    while let Some((plain, escape)) = rest.split_once('\\') {
        units.extend(plain.encode_utf16());
        if let Some((digits, after)) = escape.strip_prefix('u').and_then(|hex| hex.split_at_checked(4)) {
            units.extend(u16::from_str_radix(digits, 16));
            rest = after;
        } else {
            let mut letters = escape.chars();
            units.extend(letters.next().map(|letter| match letter {
                'b' => 0x8,
                'f' => 0xc,
                'n' => 0xa,
                'r' => 0xd,
                't' => 0x9,
                // A quote, a slash or a backslash stands for itself.
                itself => itself as u16,
            }));
            rest = letters.as_str();
        }
    }
    units.extend(rest.encode_utf16());
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use MergeStrategy::{MergePatch, Replace, ShallowMerge};
    use proptest::prelude::*;
    use serde_json::Value;

    fn update(strategy: MergeStrategy, object: &str) -> Update {
        let members = scan::members(object).unwrap().into_iter();
        Update::new(
            strategy,
            members.map(|(key, value)| {
                (scan::unescaped(key).unwrap().into(), Some(Json::parse(value).unwrap()))
            }),
        )
    }

    fn data(object: &str) -> SessionData {
        let mut data = SessionData::default();
        data.apply(update(Replace, object));
        data
    }

    fn patched(old: &str, patch: &str) -> SessionData {
        let mut data = data(old);
        data.apply(resolve(update(MergePatch, patch), &data).unwrap());
        data
    }

    /// What becomes of the text `old` below a top-level key; none if the key is deleted.
    fn patched_below(old: &str, patch: &str) -> Option<String> {
        let below = |text: &str| format!("{{\"k\":{text}}}");
        Some(patched(&below(old), &below(patch)).get("k")?.as_str().to_owned())
    }

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    /// The pseudocode of RFC 7396, section 2.
    fn naive(target: Option<Value>, patch: &Value) -> Value {
        let Value::Object(patch) = patch else { return patch.clone() };
        let mut object = match target {
            Some(Value::Object(object)) => object,
            _ => serde_json::Map::new(),
        };
        for (name, change) in patch {
            let old = object.remove(name);
            if !change.is_null() {
                object.insert(name.clone(), naive(old, change));
            }
        }
        Value::Object(object)
    }

    /// RFC 7396, appendix A.
    const VECTORS: [(&str, &str, &str); 15] = [
        (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"a":null}"#, r#"{}"#),
        (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
        (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
        (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
        (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
        (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
        (r#"{"a":"foo"}"#, "null", "null"),
        (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
        (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
        (r#"[1,2]"#, r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
        (r#"{}"#, r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
    ];

    #[test]
    fn vectors_of_the_rfc_hold() {
        for (old, patch, new) in VECTORS {
            // A member that becomes null is one that is gone.
            let new = Some(new).filter(|new| *new != "null");
            assert_eq!(patched_below(old, patch).as_deref(), new, "{old} {patch}");
            if let (true, true, Some(new)) = (old.starts_with('{'), patch.starts_with('{'), new) {
                assert_eq!(value(&patched(old, patch).to_text()), value(new), "{old} {patch}");
            }
        }
    }

    #[test]
    fn texts_are_kept_to_the_letter() {
        for (old, patch, new) in [
            // Nothing changes.
            (
                r#"{ "b" : [1, 2],  "a":{ } }"#,
                r#"{"a":{"x":null},"c":null}"#,
                r#"{ "b" : [1, 2],  "a":{ } }"#,
            ),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3}"#, r#"{"a":1,"b":2,"a":3}"#),
            // What is not touched stays as it is, where it is.
            (r#"{ "b" : [1, 2],  "a":{ } }"#, r#"{"c":1,"a":0}"#, r#"{"b":[1, 2],"a":0,"c":1}"#),
            (
                r#"{"n":1e400,"z":-0,"a":1,"o":{"y":1, "x":2}}"#,
                r#"{"a":1.0}"#,
                r#"{"n":1e400,"z":-0,"a":1.0,"o":{"y":1, "x":2}}"#,
            ),
            (
                r#"{"s":"\ud800","\udc00":"\/","a":1}"#,
                r#"{"a":"\udbff"}"#,
                r#"{"s":"\ud800","\udc00":"\/","a":"\udbff"}"#,
            ),
            (r#"{"b":1}"#, r#"{"c":2,"1":3,"a":4}"#, r#"{"b":1,"c":2,"1":3,"a":4}"#),
            (r#"{"a":null}"#, r#"{"b":1}"#, r#"{"a":null,"b":1}"#),
            // Nulls are left out of objects that are new, and only there.
            (
                r#"{"a":null}"#,
                r#"{"a":{"b":null,"c":{"d":null}},"e":[null,{"f":null}]}"#,
                r#"{"a":{"c":{}},"e":[null,{"f":null}]}"#,
            ),
            ("[]", r#"{ "a" : null }"#, "{}"),
            // Of a repeated key the last one counts.
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"b":4}"#, r#"{"a":3,"b":4}"#),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":null}"#, r#"{"b":2}"#),
            (r#"{"a":{"x":1}}"#, r#"{"a":null,"a":{"z":2}}"#, r#"{"a":{"x":1,"z":2}}"#),
            (r#"{}"#, r#"{"a":1,"b":2,"a":null}"#, r#"{"b":2}"#),
            // Names that mean something elsewhere.
            (r#"{"":1}"#, r#"{"":{"":2}}"#, r#"{"":{"":2}}"#),
            (
                r#"{"__proto__":{"x":1}}"#,
                r#"{"__proto__":{"y":2},"constructor":3}"#,
                r#"{"__proto__":{"x":1,"y":2},"constructor":3}"#,
            ),
            (r#"{"}":1,",":2,":\"":3}"#, r#"{",":null,":\"":4}"#, r#"{"}":1,":\"":4}"#),
        ] {
            assert_eq!(patched_below(old, patch).as_deref(), Some(new), "{old} {patch}");
        }
    }

    #[test]
    fn keys_are_the_strings_that_they_spell() {
        for (one, other) in [
            ("a", r"\u0061"),
            ("é", r"\u00E9"),
            ("😀", r"\ud83d\uDE00"),
            ("/", r"\/"),
            (r#"\""#, r"\u0022"),
            (r"\b\f\n\r\t\\", r"\u0008\u000c\u000a\u000d\u0009\u005c"),
            (r"\ud800", r"\uD800"),
            (r"\udc00\ud800é", r"\uDC00\uD800\u00e9"),
        ] {
            let (old, patch) = (format!("{{\"{one}\":1}}"), format!("{{\"{other}\":2}}"));
            assert_eq!(patched_below(&old, &patch), Some(format!("{{\"{one}\":2}}")));
        }
        for (one, other) in [
            (r"\ud800", r"\ud801"),
            (r"\ud800", "\u{fffd}"),
            (r"\\ud800", r"\ud800"),
            ("é", "e\u{301}"),
            ("a", "A"),
        ] {
            let (old, patch) = (format!("{{\"{one}\":1}}"), format!("{{\"{other}\":2}}"));
            assert_eq!(patched_below(&old, &patch), Some(format!("{{\"{one}\":1,\"{other}\":2}}")));
        }
    }

    #[test]
    fn a_patch_becomes_a_shallow_merge() {
        let data = data(r#"{"a":{"x":1},"b":{ "y":1 },"c":1,"d":1}"#);
        let patch = update(MergePatch, r#"{"a":{"z":2},"b":{"y":1},"c":null,"e":null}"#);
        let expected =
            [("a", Some(r#"{"x":1,"z":2}"#)), ("b", Some(r#"{ "y":1 }"#)), ("c", None), ("e", None)];
        let resolved = resolve(patch, &data).unwrap();
        let changes = resolved.changes().map(|(key, value)| (&**key, value.map(Json::as_str)));
        assert_eq!(changes.collect::<Vec<_>>(), expected);
        assert_eq!(resolved.strategy(), ShallowMerge);
        for strategy in [ShallowMerge, Replace] {
            let other = update(strategy, r#"{"a":{"z":null},"c":null}"#);
            assert_eq!(resolve(other.clone(), &data), Ok(other));
        }
    }

    #[test]
    fn a_patch_may_be_so_deep_and_no_deeper() {
        let nested = |levels: usize, leaf: &str| r#"{"a":"#.repeat(levels) + leaf + &"}".repeat(levels);
        let deepest = nested(PATCH_DEPTH, "1");
        let too_deep = nested(PATCH_DEPTH + 1, "1");
        for old in ["{}", r#"{"a":1}"#, &deepest, &too_deep, &nested(1_000, "1")] {
            assert_eq!(value(&patched(old, &deepest).to_text()), value(&deepest));
            assert_eq!(resolve(update(MergePatch, &too_deep), &data(old)), Err(TooDeep));
        }
        // What is only copied may be as deep as it likes.
        let array = nested(PATCH_DEPTH, &format!("[{}]", nested(100_000, "1")));
        assert_eq!(patched(&array, &array).to_text(), array);
        assert_eq!(
            patched(&array, r#"{"b":1}"#).to_text(),
            array.strip_suffix('}').unwrap().to_owned() + r#","b":1}"#
        );
    }

    #[test]
    fn an_object_may_be_wide() {
        let wide = |range: core::ops::Range<u32>, leaf: &str| {
            let members: Vec<_> = range.map(|number| format!("\"{number}\":{leaf}")).collect();
            format!("{{{}}}", members.join(","))
        };
        let new = patched_below(&wide(0..10_000, "1"), &wide(5_000..10_000, "null")).unwrap();
        assert_eq!(new, wide(0..5_000, "1"));
        assert_eq!(patched_below(&new, &wide(5_000..10_000, "1")), Some(wide(0..10_000, "1")));
    }

    fn object_text() -> impl Strategy<Value = String> {
        let key = || {
            prop::sample::select(vec![
                r#""a""#,
                r#""\u0061""#,
                r#""b""#,
                r#""c" "#,
                r#""""#,
                r#""__proto__""#,
                r#""0""#,
            ])
        };
        let leaf = prop::sample::select(vec![
            "null",
            "null",
            "1",
            "1.0",
            r#""é""#,
            r#"[{"a":null}, null]"#,
            "{}",
            "{ }",
        ]);
        let object = move |member| {
            prop::collection::vec((key(), member), 0..5).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}:{value}")).collect();
                format!("{{{}}}", members.join(" ,"))
            })
        };
        object(leaf.prop_map(String::from).prop_recursive(4, 40, 5, object).boxed())
    }

    /// The members as JavaScript would list them, integer-like keys aside.
    fn listed(object: &str) -> Vec<(String, &str)> {
        let mut listed: Vec<(String, &str)> = Vec::new();
        for (key, value) in scan::members(object).unwrap_or_default() {
            let key = scan::unescaped(key).unwrap();
            match listed.iter_mut().find(|(other, _)| *other == key) {
                Some(member) => member.1 = value,
                None => listed.push((key, value)),
            }
        }
        listed
    }

    /// Checks that `new` has the members of `old` and then those of `patch`, and the texts that they have there.
    fn check_places_and_texts(old: &str, patch: &str, new: &str) {
        let (old, patch, new) = (listed(old), listed(patch), listed(new));
        let mut expected: Vec<_> = old.clone();
        for (key, change) in &patch {
            if !expected.iter().any(|(other, _)| other == key) {
                expected.push((key.clone(), change));
            }
        }
        expected.retain(|(key, _)| !patch.contains(&(key.clone(), "null")));
        assert_eq!(new.len(), expected.len());
        for ((key, was), (new_key, is)) in expected.into_iter().zip(new) {
            assert_eq!(key, new_key);
            match patch.iter().find(|(other, _)| *other == key) {
                None => assert_eq!(is, was),
                Some((_, change)) if !change.starts_with('{') => assert_eq!(is, *change),
                Some((_, change)) if old.contains(&(key, was)) => check_places_and_texts(was, change, is),
                Some((_, change)) => check_places_and_texts("{}", change, is),
            }
        }
    }

    proptest! {
        #[test]
        fn a_patch_does_what_the_rfc_says(old in object_text(), patch in object_text()) {
            let new = patched(&old, &patch);
            prop_assert_eq!(value(&new.to_text()), naive(Some(value(&old)), &value(&patch)));
        }

        #[test]
        fn what_does_not_change_keeps_its_text(old in object_text(), patch in object_text()) {
            if naive(Some(value(&old)), &value(&patch)) == value(&old) {
                prop_assert_eq!(patched_below(&old, &patch), Some(old));
            }
        }

        #[test]
        fn places_and_texts_stay(old in object_text(), patch in object_text()) {
            check_places_and_texts(&old, &patch, &patched_below(&old, &patch).unwrap());
        }

        #[test]
        fn the_same_patch_again_changes_nothing(old in object_text(), patch in object_text()) {
            let mut data = patched(&old, &patch);
            let again = resolve(update(MergePatch, &patch), &data).unwrap();
            prop_assert!(data.apply(again).is_empty());
        }
    }
}
