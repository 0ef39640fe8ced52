//! JSON Merge Patch as RFC 7396 has it in its pseudocode, on texts: what is not touched stays as it is, where it is.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Text;

/// What `patch` makes of the value `target`; `None` is a value that is not there.
pub(crate) fn patched(target: Option<&str>, patch: &str) -> Option<Text> {
    if patch == "null" {
        return None;
    }
    let Some(changes) = members(patch) else { return Some(patch.into()) };
    let mut object = target.and_then(members).unwrap_or_default();
    for (key, change) in changes {
        let place = object.iter().position(|(other, _)| *other == key);
        let old = place.map(|place| object[place].1.clone());
        match (place, patched(old.as_deref(), &change)) {
            (Some(place), Some(new)) => object[place].1 = new,
            (Some(place), None) => drop(object.remove(place)),
            (None, Some(new)) => object.push((key, new)),
            (None, None) => {}
        }
    }
    let members = object.iter().map(|(key, value)| format!("{}:{value}", serde_json::json!(key)));
    Some(format!("{{{}}}", members.collect::<Vec<_>>().join(",")).into())
}

/// The members of an object in their order; none for a value that is none.
fn members(text: &str) -> Option<Vec<(String, Text)>> {
    Some(serde_json::from_str::<Members>(text).ok()?.0)
}

struct Members(Vec<(String, Text)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((key, value.get().into()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_does_what_the_rfc_says() {
        for (target, patch, expected) in [
            (Some(r#"{"a":"b"}"#), r#"{"a":"c","d":1}"#, Some(r#"{"a":"c","d":1}"#)),
            (Some(r#"{"b":1.50,"a":2}"#), r#"{"a":null,"0":3}"#, Some(r#"{"b":1.50,"0":3}"#)),
            (Some("[1]"), r#"{"a":{"b":null}}"#, Some(r#"{"a":{}}"#)),
            (None, r#"{"a":[null]}"#, Some(r#"{"a":[null]}"#)),
            (Some(r#"{"a":{"x":1}}"#), r#"{"a":{"y":2}}"#, Some(r#"{"a":{"x":1,"y":2}}"#)),
            (Some("1"), "null", None),
        ] {
            assert_eq!(patched(target, patch).as_deref(), expected, "{target:?} {patch}");
        }
    }
}
