//! What a session may be called, and how the last segment of a path says it.

use crate::protocol::limits;
use alloc::string::String;
use alloc::vec::Vec;

/// Whether `name` can be the name of a session: 1 to 128 of `A-Z a-z 0-9 _ . ~ -`, but not `.` or `..`, which every
/// URL parser takes for steps in the path.
pub fn is_session_name(name: &str) -> bool {
    (1..=limits::SESSION_NAME_UNITS).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.~-".contains(&byte))
        && name != "."
        && name != ".."
}

/// Decodes `%41` and the like; none when what follows a `%` is not two digits or the result is not UTF-8.
pub fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_safe_in_a_path() {
        let (longest, too_long) = ("a".repeat(128), "a".repeat(129));
        for name in ["standup", "A.b_c~d-9", "...", longest.as_str()] {
            assert!(is_session_name(name), "{name}");
        }
        for name in ["", ".", "..", "a b", "a/b", "é", "%41", too_long.as_str()] {
            assert!(!is_session_name(name), "{name}");
        }
    }

    #[test]
    fn percent_signs_are_decoded_or_refused() {
        assert_eq!(percent_decoded("st%61nd%2Dup").as_deref(), Some("stand-up"));
        assert_eq!(percent_decoded("%C3%A9").as_deref(), Some("é"));
        for text in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(percent_decoded(text), None, "{text}");
        }
    }
}
