//! Raw JSON text, and its size in Daily's unit.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use serde_json::value::RawValue;

/// One JSON value as the text its writer produced.
///
/// Values are never decoded and encoded again between the writer's `JSON.stringify` and the readers' `JSON.parse`, so
/// that number precision, lone surrogates (as `\ud800` escapes) and the order of nested keys survive exactly. Two
/// values are equal when their texts are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json(Box<str>);

impl Json {
    /// Checks that `text` is exactly one JSON value and keeps it without the white space around it.
    ///
    /// # Errors
    /// [`InvalidJson`] when it is not.
    pub fn parse(text: &str) -> Result<Self, InvalidJson> {
        serde_json::from_str::<&RawValue>(text).map(Self::from).map_err(|_| InvalidJson)
    }

    /// Takes text that `JSON.stringify` or this crate produced and that therefore needs no check.
    pub fn from_stringified(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Size in UTF-16 code units, which is what `.length` says in JavaScript.
    pub fn units(&self) -> usize {
        utf16_units(&self.0)
    }
}

impl From<&RawValue> for Json {
    fn from(raw: &RawValue) -> Self {
        Self(raw.get().into())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not one JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidJson;

/// Length of `text` in UTF-16 code units.
pub fn utf16_units(text: &str) -> usize {
    // Every character starts with one byte that is no continuation byte; the four-byte ones need two units.
    text.as_bytes().iter().map(|&byte| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0)).sum()
}

/// Length of `JSON.stringify(text)` in UTF-16 code units, without making it.
pub fn quoted_units(text: &str) -> usize {
    let escapes: usize = text.bytes().map(|byte| escape(byte).map_or(0, |escaped| escaped.units() - 1)).sum();
    utf16_units(text) + escapes + 2
}

/// Appends `text` to `out` as a JSON string, escaped as `JSON.stringify` does.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut clean_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let Some(escaped) = escape(byte) else { continue };
        out.push_str(text.get(clean_from..at).unwrap_or_default());
        clean_from = at + 1;
        match escaped {
            Escape::Short(letter) => out.extend(['\\', letter]),
            Escape::Hex => {
                out.push_str("\\u00");
                out.push_str(&hex(&[byte]));
            }
        }
    }
    out.push_str(text.get(clean_from..).unwrap_or_default());
    out.push('"');
}

/// A number in decimal digits. Like [`hex`] it spares the browser module the machinery of `format!`.
pub fn decimal(number: u64) -> String {
    let mut text = if number < 10 { String::new() } else { decimal(number / 10) };
    text.push(char::from(b'0' + (number % 10) as u8));
    text
}

/// Two hexadecimal digits for each byte.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0xf] {
            text.push(char::from(if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble }));
        }
    }
    text
}

enum Escape {
    Short(char),
    Hex,
}

impl Escape {
    const fn units(&self) -> usize {
        match self {
            Self::Short(_) => 2,
            Self::Hex => 6,
        }
    }
}

fn escape(byte: u8) -> Option<Escape> {
    match byte {
        b'"' | b'\\' => Some(Escape::Short(char::from(byte))),
        0x08 => Some(Escape::Short('b')),
        0x09 => Some(Escape::Short('t')),
        0x0a => Some(Escape::Short('n')),
        0x0c => Some(Escape::Short('f')),
        0x0d => Some(Escape::Short('r')),
        0..0x20 => Some(Escape::Hex),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_what_javascript_calls_length() {
        for (text, units) in [("", 0), ("abc", 3), ("é", 1), ("汉字", 2), ("😀", 2), ("a😀é", 4)] {
            assert_eq!(utf16_units(text), units, "{text}");
        }
    }

    #[test]
    fn text_of_a_value_is_kept_to_the_letter() {
        for text in ["9007199254740993", "1e400", "-0", "1.0", r#""\ud800""#, r#"{"b":1,"a":2}"#, "[]"] {
            assert_eq!(Json::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(Json::parse(" [1] \n").unwrap().as_str(), "[1]");
    }

    #[test]
    fn text_that_is_not_one_value_is_refused() {
        for text in
            ["", " ", "{", "1 2", "undefined", "NaN", "'a'", "\u{feff}1", "[1,]", r#"{"a":1,}"#, "\"\u{1}\""]
        {
            assert_eq!(Json::parse(text), Err(InvalidJson), "{text:?}");
        }
    }

    #[test]
    fn numbers_are_written_as_always() {
        for number in [0, 7, 10, 102_400, u64::MAX] {
            assert_eq!(decimal(number), number.to_string());
        }
        assert_eq!(hex(&[0, 0xa5, 0xff]), "00a5ff");
    }

    #[test]
    fn a_deeply_nested_value_is_no_danger() {
        let text = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Json::parse(&text).is_ok());
    }

    proptest! {
        #[test]
        fn quoting_agrees_with_serde_json(text in any::<String>()) {
            let mut quoted = String::new();
            push_quoted(&mut quoted, &text);
            prop_assert_eq!(&quoted, &serde_json::to_string(&text).unwrap());
            prop_assert_eq!(quoted_units(&text), quoted.encode_utf16().count());
            prop_assert_eq!(utf16_units(&text), text.encode_utf16().count());
        }
    }
}
