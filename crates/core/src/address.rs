//! The address of a session: where the server is and what the session is called.

use core::fmt;

use crate::protocol::limits;

/// What `url` on Daily's face and `initEndpoint` on 100ms's face say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// What to connect to: `ws:` or `wss:`, without token and fragment.
    pub socket_url: String,
    /// The name of the session: the last segment of the path.
    pub session: String,
    /// What `?t=` said.
    pub token: Option<String>,
}

/// The text is no address of a session. Its `Display` is a sentence that shows a valid one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidAddress;

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "The url must be the address of a session, such as wss://example.com/standup: ws, wss, http or https, \
             and a last path segment of 1 to 128 letters, digits or any of _ . ~ -",
        )
    }
}

impl Address {
    /// Reads an address: `ws`, `wss`, `http` or `https` (http means ws, https wss), a host, an optional path prefix,
    /// and the session's name as the last segment. `?t=` is a token and is taken out; a fragment is ignored.
    ///
    /// # Errors
    /// [`InvalidAddress`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let text = text.trim();
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let (scheme, rest) = text.split_once("://").ok_or(InvalidAddress)?;
        let secure = ["wss", "https"]
            .iter()
            .any(|name| scheme.eq_ignore_ascii_case(name));
        if !secure
            && !["ws", "http"]
                .iter()
                .any(|name| scheme.eq_ignore_ascii_case(name))
        {
            return Err(InvalidAddress);
        }
        let (rest, query) = rest
            .split_once('?')
            .map_or((rest, ""), |(before, query)| (before, query));
        let (host, path) = rest.split_once('/').ok_or(InvalidAddress)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let (prefix, last) = path
            .rsplit_once('/')
            .map_or(("", path), |(prefix, last)| (prefix, last));
        if host.is_empty() || text.contains(|c: char| c.is_ascii_whitespace() || c == '\\') {
            return Err(InvalidAddress);
        }
        let session = percent_decoded(last).ok_or(InvalidAddress)?;
        if !is_session_name(&session) {
            return Err(InvalidAddress);
        }

        let mut token = None;
        let mut socket_url = String::from(if secure { "wss://" } else { "ws://" });
        for part in [
            host,
            "/",
            prefix,
            if prefix.is_empty() { "" } else { "/" },
            &session,
        ] {
            socket_url.push_str(part);
        }
        let mut separator = '?';
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            if let Some(value) = pair.strip_prefix("t=") {
                token = percent_decoded(value);
            } else {
                socket_url.push(separator);
                socket_url.push_str(pair);
                separator = '&';
            }
        }
        Ok(Self {
            socket_url,
            session,
            token,
        })
    }
}

/// Whether `name` can be the name of a session: 1 to 128 of `A-Z a-z 0-9 _ . ~ -`, but not `.` or `..`, which every
/// URL parser takes for steps in the path.
pub fn is_session_name(name: &str) -> bool {
    (1..=limits::SESSION_NAME_UNITS).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.~-".contains(&byte))
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

    fn check(text: &str, socket_url: &str, session: &str, token: Option<&str>) {
        let expected = Address {
            socket_url: socket_url.into(),
            session: session.into(),
            token: token.map(Into::into),
        };
        assert_eq!(Address::parse(text), Ok(expected), "{text}");
    }

    #[test]
    fn every_form_of_a_valid_address_is_read() {
        check(
            "ws://localhost:7880/standup",
            "ws://localhost:7880/standup",
            "standup",
            None,
        );
        check(
            "https://example.com/standup",
            "wss://example.com/standup",
            "standup",
            None,
        );
        check(
            "HTTP://[::1]:80/a/b/standup/",
            "ws://[::1]:80/a/b/standup",
            "standup",
            None,
        );
        check(
            "wss://example.com/st%61nd.up~1",
            "wss://example.com/stand.up~1",
            "stand.up~1",
            None,
        );
        check("wss://h/s?t=a%20b#frag", "wss://h/s", "s", Some("a b"));
        check("wss://h/s?x=1&t=abc&y=2", "wss://h/s?x=1&y=2", "s", Some("abc"));
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("wss://h/{}", "a".repeat(129));
        for text in [
            "",
            "standup",
            "/standup",
            "ftp://h/s",
            "wss://h",
            "wss://h/",
            "wss:///s",
            "wss://h/a b",
            "wss://h/%zz",
            "wss://h/é",
            "wss://h/..",
            "wss://h/%2e",
            "wss://h/a\\b",
            "wss://h/%2f",
            long.as_str(),
        ] {
            assert_eq!(Address::parse(text), Err(InvalidAddress), "{text}");
        }
    }
}
