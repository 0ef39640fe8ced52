//! Who changed each key last, when, and at which revision: the versions that conditional writes are checked against.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::json::{Json, decimal, push_quoted};
use crate::protocol::ParticipantId;

/// What an applied update leaves on each key that it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The revision that it became, and so the version of the keys.
    pub revision: u64,
    /// Who asked for it.
    pub by: ParticipantId,
    /// When it was applied, by the server's clock: milliseconds since 1970 UTC.
    pub at: u64,
}

/// The keys that each revision was the last to change, with its stamp.
pub(crate) fn by_revision<'a>(
    stamped: impl Iterator<Item = (&'a str, &'a Arc<Stamp>)>,
) -> BTreeMap<u64, (&'a Stamp, Vec<&'a str>)> {
    let mut revisions = BTreeMap::new();
    for (key, stamp) in stamped {
        revisions.entry(stamp.revision).or_insert((&**stamp, Vec::new())).1.push(key);
    }
    revisions
}

/// The JSON text of `writes`: who last changed each of these keys, one entry for each revision, oldest first.
pub(crate) fn writes<'a>(stamped: impl Iterator<Item = (&'a str, &'a Arc<Stamp>)>) -> Json {
    let revisions = by_revision(stamped);
    let alone = revisions.len() == 1;
    let mut text = String::from("[");
    for (stamp, keys) in revisions.values() {
        text.push_str(if text.len() > 1 { ",{\"revision\":" } else { "{\"revision\":" });
        text.push_str(&decimal(stamp.revision));
        text.push_str(",\"by\":");
        push_quoted(&mut text, &stamp.by.0);
        text.push_str(",\"at\":");
        text.push_str(&decimal(stamp.at));
        // The only one speaks for all keys of the message.
        if !alone {
            for (index, key) in keys.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { ",\"keys\":[" });
                push_quoted(&mut text, key);
            }
            text.push(']');
        }
        text.push('}');
    }
    text.push(']');
    Json::from_stringified(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_write_names_no_keys_and_several_name_theirs() {
        let stamp = |revision, by: &str| Arc::new(Stamp { revision, by: ParticipantId(by.into()), at: 9 });
        let (old, new) = (stamp(3, "x"), stamp(12, "q\""));
        assert_eq!(writes([].into_iter()).as_str(), "[]");
        assert_eq!(
            writes([("a", &new), ("b", &new)].into_iter()).as_str(),
            r#"[{"revision":12,"by":"q\"","at":9}]"#
        );
        assert_eq!(
            writes([("a", &new), ("b", &old), ("c", &new)].into_iter()).as_str(),
            r#"[{"revision":3,"by":"x","at":9,"keys":["b"]},{"revision":12,"by":"q\"","at":9,"keys":["a","c"]}]"#
        );
    }
}
