//! Cuts JSON text into pieces without decoding it.
//!
//! For text that is JSON the pieces are right; text that is not is either refused or cut into pieces that no decoder
//! will take. Nothing here panics or recurses.

use alloc::string::String;
use alloc::vec::Vec;
/// The members of an object: the text between the quotes of each key, escapes and all, and the text of its value.
pub(crate) fn members(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut members = Vec::new();
    let mut rest = text.trim_ascii().strip_prefix('{')?.strip_suffix('}')?.trim_ascii();
    while !rest.is_empty() {
        let (key, after) = value(rest)?;
        let (member, after) = value(after.trim_ascii_start().strip_prefix(':')?.trim_ascii_start())?;
        members.push((key.strip_prefix('"')?.strip_suffix('"')?, member));
        rest = after_comma(after)?;
    }
    Some(members)
}

/// The items of an array, as text.
pub(crate) fn items(text: &str) -> Option<Vec<&str>> {
    let mut items = Vec::new();
    let mut rest = text.trim_ascii().strip_prefix('[')?.strip_suffix(']')?.trim_ascii();
    while !rest.is_empty() {
        let (item, after) = value(rest)?;
        items.push(item);
        rest = after_comma(after)?;
    }
    Some(items)
}

/// The texts in an array of JSON strings; `None` for anything else and where one has half a surrogate pair.
pub(crate) fn strings(text: &str) -> Option<Vec<String>> {
    let mut strings = Vec::new();
    for item in items(text)? {
        strings.push(string(item)?);
    }
    Some(strings)
}

/// The text that a JSON string stands for; `None` for anything else and for half a surrogate pair.
pub(crate) fn string(text: &str) -> Option<String> {
    unescaped(text.strip_prefix('"')?.strip_suffix('"')?)
}

/// The same for what stands between the quotes.
pub(crate) fn unescaped(mut rest: &str) -> Option<String> {
    let mut decoded = String::with_capacity(rest.len());
    while let Some(at) = rest.bytes().position(|byte| byte == b'\\') {
        decoded.push_str(rest.get(..at)?);
        let escape = *rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        decoded.push(match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut unit = hex(rest)?;
                rest = rest.get(4..)?;
                if (0xd800..0xdc00).contains(&unit) {
                    let low =
                        hex(rest.strip_prefix("\\u")?)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    rest = rest.get(6..)?;
                    unit = 0x1_0000 + ((unit - 0xd800) << 10) + low;
                }
                char::from_u32(unit)?
            }
            _ => return None,
        });
    }
    decoded.push_str(rest);
    Some(decoded)
}

/// A whole number that is not negative.
pub(crate) fn number(text: &str) -> Option<u64> {
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        // `checked_mul` would bring 128-bit arithmetic into the browser module.
        let tens = (number <= u64::MAX / 10).then(|| number * 10)?;
        tens.checked_add(u64::from(digit))
    })
}

/// The number that up to sixteen hexadecimal digits stand for.
pub(crate) fn hex_number(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0, |number, digit| {
        let digit = char::from(digit).to_digit(16)?;
        Some(number << 4 | u64::from(digit))
    })
}

/// The text of the value that `text` begins with, and what follows it.
fn value(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at + 1)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => break,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            break;
        }
    }
    if depth > 0 || at == 0 { None } else { text.split_at_checked(at) }
}

/// Where the string ends whose first character is at `at`: the position of its closing quote.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == b'"' || byte == b'\\')?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// What follows the comma, or the end.
fn after_comma(text: &str) -> Option<&str> {
    let text = text.trim_ascii_start();
    if text.is_empty() { Some(text) } else { text.strip_prefix(',').map(str::trim_ascii_start) }
}

fn hex(text: &str) -> Option<u32> {
    u32::try_from(hex_number(text.get(..4)?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;

    fn json_text() -> impl Strategy<Value = String> {
        let text = any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap());
        let odd = prop::sample::select(vec![
            "null",
            "true",
            "-1.5e3",
            r#""\\\"\ud83d\ude00""#,
            r#""]},{[\"""#,
            "{ }",
            "[ ]",
        ]);
        let leaf = prop_oneof![text.clone(), odd.prop_map(String::from)];
        leaf.prop_recursive(4, 20, 4, move |inner| {
            let array = prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(" ,\n")));
            let member = (text.clone(), inner).prop_map(|(key, value)| format!("{key} : {value}"));
            let object = prop::collection::vec(member, 0..4)
                .prop_map(|members| format!(" {{ {} }}", members.join(",")));
            prop_oneof![array, object]
        })
    }

    proptest! {
        #[test]
        fn pieces_agree_with_serde_json(text in json_text()) {
            if let Ok(expected) = serde_json::from_str::<Vec<&RawValue>>(&text) {
                let expected: Vec<_> = expected.into_iter().map(RawValue::get).collect();
                prop_assert_eq!(items(&text), Some(expected));
            }
            if let Ok(expected) = serde_json::from_str::<BTreeMap<String, &RawValue>>(&text) {
                let found = members(&text).unwrap();
                let found: BTreeMap<_, _> =
                    found.into_iter().map(|(key, value)| (unescaped(key).unwrap(), value)).collect();
                let expected: BTreeMap<_, _> = expected.into_iter().map(|(key, value)| (key, value.get())).collect();
                prop_assert_eq!(found, expected);
            }
            if let Ok(expected) = serde_json::from_str::<String>(&text) {
                prop_assert_eq!(string(text.trim_ascii()), Some(expected));
            }
        }

        #[test]
        fn any_text_is_cut_without_a_panic(text in "[\\[\\]{}\":,\\\\u0-9a-fé\\s]{0,40}") {
            let _ = (members(&text), items(&text), string(&text), number(&text));
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        for text in
            [r#""\ud800""#, r#""\ud800\ud800""#, r#""\udc00""#, r#""\ud800x""#, r#""\u12""#, r#""\x""#]
        {
            assert_eq!(string(text), None, "{text}");
        }
        assert_eq!(string(r#""\ud83d\ude00""#).as_deref(), Some("😀"));
    }

    #[test]
    fn numbers_are_whole_and_fit() {
        assert_eq!(number("18446744073709551615"), Some(u64::MAX));
        for text in ["18446744073709551616", "-1", "1.0", "1e3", "x"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
