//! Whose pages may connect: the `Origin` and `Host` headers against what the operator allows.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// What a browser says a page comes from: scheme, host and port, or `null` for a page without an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// The text is no origin. Its `Display` says what one looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidOrigin;

impl std::error::Error for InvalidOrigin {}

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an origin is scheme://host or scheme://host:port, without a path, such as https://example.com",
        )
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        if text == "null" {
            let scheme = text.to_owned();
            return Ok(Self { scheme, host: String::new(), port: None });
        }
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://").ok_or(InvalidOrigin)?;
        let proper = scheme.starts_with(|first: char| first.is_ascii_lowercase())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if !proper {
            return Err(InvalidOrigin);
        }
        let (host, port) = host_and_port(authority).ok_or(InvalidOrigin)?;
        Ok(Self {
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            // Browsers leave the default port out.
            port: port.filter(|port| Some(*port) != default_port(scheme)),
        })
    }
}

/// Which pages may open a WebSocket, and which names the server answers to.
#[derive(Debug, Clone)]
pub(crate) struct OriginPolicy {
    loopback: bool,
    allowed: Vec<Origin>,
}

impl OriginPolicy {
    /// The policy of a server that listens on `address`, with the operator's list.
    pub(crate) fn new(address: IpAddr, allowed: Vec<Origin>) -> Self {
        Self { loopback: address.to_canonical().is_loopback(), allowed }
    }

    /// Whether a page of this `Origin` may connect. Programs that are no browser send none and may.
    ///
    /// A page on a loopback address is one of this machine only if this server was called by a loopback name as well:
    /// what comes through a proxy has another name, and such a page is on the visitor's machine.
    ///
    /// [`accepts_host`](Self::accepts_host) must have accepted `host`.
    pub(crate) fn allows(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(text) = origin else { return true };
        let Ok(origin) = text.parse::<Origin>() else {
            return false;
        };
        let is_web = origin.scheme == "http" || origin.scheme == "https";
        self.allowed.contains(&origin)
            || is_web && self.loopback && is_loopback_name(&origin.host) && host.is_none_or(is_loopback_host)
            || is_web && !self.loopback && host.is_some_and(|host| origin.is_served_at(host))
    }

    /// Whether the server answers to this `Host`.
    ///
    /// A page whose own name was made to resolve to 127.0.0.1 (DNS rebinding) may read what a loopback server
    /// answers. Its name is in `Host`, so there the name must be a loopback one, or that of a listed origin when a
    /// proxy stands before the server.
    pub(crate) fn accepts_host(&self, host: Option<&str>) -> bool {
        let Some(host) = host.filter(|_| self.loopback) else {
            return true;
        };
        let host = host.to_ascii_lowercase();
        host_and_port(&host).is_some_and(|(name, _)| {
            is_loopback_name(name) || self.allowed.iter().any(|origin| origin.host == name)
        })
    }
}

impl Origin {
    /// Whether a page of this origin was served under this `Host`. A proxy may have turned https into http.
    fn is_served_at(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let port = |port: Option<u16>| port.or_else(|| default_port(&self.scheme));
        host_and_port(&host).is_some_and(|(name, at)| name == self.host && port(at) == port(self.port))
    }
}

/// Whether a `Host` is a loopback name, with any port.
fn is_loopback_host(host: &str) -> bool {
    host_and_port(&host.to_ascii_lowercase()).is_some_and(|(name, _)| is_loopback_name(name))
}

/// `localhost`, anything under it, 127.0.0.0/8 and `[::1]`.
fn is_loopback_name(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    if let Some(v6) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        return v6.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
    }
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Splits `host` or `host:port`; none when the host could not stand in a URL.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    // The colons of an IPv6 address stand before its closing bracket.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            (host, Some(port.parse().ok().filter(|_| digits)?))
        }
        _ => (authority, None),
    };
    let proper = match host.strip_prefix('[') {
        Some(v6) => v6.strip_suffix(']')?.parse::<Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    };
    proper.then_some((host, port))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(address: &str, allowed: &[&str]) -> OriginPolicy {
        let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
        OriginPolicy::new(address.parse().unwrap(), allowed)
    }

    #[test]
    fn a_loopback_server_allows_every_loopback_page_and_no_other() {
        for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            let policy = policy(address, &[]);
            let allows = |origin| policy.allows(Some(origin), Some("localhost:7880"));
            for origin in [
                "http://localhost:5173",
                "https://localhost",
                "http://app.localhost:3000",
                "http://LOCALHOST.:1",
                "http://127.0.0.1:7880",
                "http://127.200.0.9",
                "https://[::1]:7880",
            ] {
                assert!(allows(origin), "{origin} on {address}");
            }
            for origin in [
                "http://example.com",
                "http://localhost.example.com",
                "http://notlocalhost",
                "http://128.0.0.1",
                "http://[::2]",
                "ftp://localhost",
                "null",
                "",
                "localhost",
                "http://localhost/path",
                "http://localhost:",
                "http://localhost:99999",
                "http://localhost:+80",
            ] {
                assert!(!allows(origin), "{origin} on {address}");
            }
        }
    }

    #[test]
    fn a_public_server_allows_the_list_and_its_own_page() {
        let policy = policy("0.0.0.0", &["https://app.example.com", "tauri://localhost"]);
        let allows = |origin, host| policy.allows(Some(origin), Some(host));
        for (origin, host) in [
            ("https://app.example.com", "sessions.example.com"),
            ("https://app.example.com:443", "sessions.example.com"),
            ("tauri://localhost", "sessions.example.com"),
            ("https://sessions.example.com", "sessions.example.com"),
            ("http://sessions.example.com:7880", "Sessions.example.com:7880"),
            ("http://10.0.0.5:7880", "10.0.0.5:7880"),
        ] {
            assert!(allows(origin, host), "{origin} at {host}");
        }
        for (origin, host) in [
            ("http://app.example.com", "sessions.example.com"),
            ("https://app.example.com:8443", "sessions.example.com"),
            ("https://example.com", "sessions.example.com"),
            ("http://localhost:5173", "sessions.example.com"),
            ("http://sessions.example.com:7881", "sessions.example.com:7880"),
            ("https://sessions.example.com.evil.org", "sessions.example.com"),
            ("null", "sessions.example.com"),
        ] {
            assert!(!allows(origin, host), "{origin} at {host}");
        }
    }

    #[test]
    fn a_program_that_is_no_browser_may_connect_and_null_must_be_listed() {
        assert!(policy("0.0.0.0", &[]).allows(None, Some("example.com")));
        assert!(policy("127.0.0.1", &["null"]).allows(Some("null"), None));
    }

    #[test]
    fn a_loopback_server_answers_to_loopback_names_and_listed_hosts_only() {
        let policy_ = policy("127.0.0.1", &["https://app.example.com"]);
        for host in ["localhost:7880", "127.0.0.1", "[::1]:7880", "a.localhost", "app.example.com"] {
            assert!(policy_.accepts_host(Some(host)), "{host}");
        }
        for host in ["evil.example.com:7880", "example.com", "", "localhost@evil.org", "[::1", "10.0.0.5"] {
            assert!(!policy_.accepts_host(Some(host)), "{host}");
        }
        assert!(policy_.accepts_host(None));
        assert!(policy("0.0.0.0", &[]).accepts_host(Some("anything.example.com")));
    }

    #[test]
    fn an_allowed_origin_must_be_one() {
        for text in
            ["*", "example.com", "https://", "https://*.example.com", "https://example.com/", "https://ä.de"]
        {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
    }
}
