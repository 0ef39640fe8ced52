//! What the operator can set: flags, environment variables and their defaults.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use ipnet::IpNet;
use meeting_session_core::protocol::limits;

use crate::client_address;
use crate::origin::Origin;

/// The server of shared sessions: one JSON object per session, live for everybody in it.
///
/// Clients connect to ws://ADDR/NAME, where NAME is any session; it begins when the first one joins and ends, with all
/// its data, when the last one is gone. A browser that opens http://ADDR gets a demo page.
///
/// By default the server listens on 127.0.0.1, a loopback address: only programs on this machine can connect, and only
/// pages that were loaded from this machine (http://localhost:5173 and the like). Before you listen on any other address,
/// know that everybody who can reach it can join every session: there are no accounts. Pages from other origins than
/// the server's own must then be allowed with --allow-origin.
#[allow(rustdoc::bare_urls, reason = "the comments are what --help says")]
#[derive(Debug, Clone, Parser)]
#[command(
    name = "meeting-session-server",
    version,
    after_long_help = AFTER_HELP,
    max_term_width = 100
)]
pub struct Config {
    /// The address to listen on, HOST:PORT; port 0 takes any free one
    #[arg(long, value_name = "ADDR", env = "MEETING_SESSION_LISTEN", default_value = "127.0.0.1:7880")]
    pub listen: String,

    /// An origin whose pages may connect, such as https://app.example.com; can be given more than once
    ///
    /// The page that the server itself serves is always allowed, and so are programs that are no browser. On a loopback
    /// address every loopback origin is. In the environment, origins are separated by commas.
    #[arg(long, value_name = "ORIGIN", env = "MEETING_SESSION_ALLOW_ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<Origin>,

    /// A proxy whose word on the client's address counts: an address, or a range such as 10.0.0.0/8; can be given more
    /// than once
    ///
    /// The client's address is that of whoever connects, unless that is a trusted proxy. Then it is the last one in
    /// X-Forwarded-For that is not trusted itself. It is logged, and what one address may do at a time is limited: so
    /// name the proxy before this server, or all clients count as one, but no network whose clients could connect by
    /// themselves. In the environment, proxies are separated by commas.
    #[arg(
        long,
        value_name = "CIDR",
        env = "MEETING_SESSION_TRUSTED_PROXY",
        value_delimiter = ',',
        value_parser = client_address::range
    )]
    pub trusted_proxy: Vec<IpNet>,

    /// The time between two updates of one client by setMeetingSessionData, such as 1s, 500ms or 0; at most 10s
    #[arg(
        long,
        value_name = "TIME",
        env = "MEETING_SESSION_SYNC_INTERVAL",
        default_value = "1s",
        value_parser = sync_interval
    )]
    pub sync_interval: Duration,

    /// How long a participant whose connection was lost is kept, and with the last one the session, such as 30s or 2m
    #[arg(long, value_name = "TIME", env = "MEETING_SESSION_GRACE", default_value = "30s", value_parser = duration)]
    pub grace: Duration,

    /// The same for one whose page has gone away and may be reloading, such as 5s; never longer than --grace
    #[arg(long, value_name = "TIME", env = "MEETING_SESSION_AWAY_GRACE", default_value = "5s", value_parser = duration)]
    pub away_grace: Duration,

    /// A file that keeps the sessions over a restart: written when the server is told to stop, read and removed when it
    /// starts
    ///
    /// It holds the data of all sessions and the secrets of their participants, and only this user can read it. Sessions
    /// whose participants have been without a connection for longer than --grace by then are not taken up again. Each
    /// server needs a file of its own, and does not start where it could not write it or another server uses it.
    #[arg(long, value_name = "FILE", env = "MEETING_SESSION_STATE_FILE")]
    pub state_file: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  meeting-session-server
      For development: pages on this machine connect to ws://localhost:7880/NAME
  meeting-session-server --listen 127.0.0.1:0
      On any free port; the first line of the output says which
  meeting-session-server --listen 0.0.0.0:7880 --allow-origin https://app.example.com
      For every machine that can reach this one; a proxy before it does TLS
  meeting-session-server --allow-origin https://app.example.com --trusted-proxy 127.0.0.1
      Behind a proxy on this machine that serves https://app.example.com
  meeting-session-server --sync-interval 250ms
      Updates four times a second instead of once
  meeting-session-server --state-file /var/lib/meeting-session/state.json
      A restart does not end the sessions

Output:
  The first line on standard output is `listening on http://ADDR`, when clients can connect.
  The log goes to standard error; RUST_LOG=debug says more, RUST_LOG=warn less.

Exit:
  SIGINT (Ctrl-C) or SIGTERM: /readyz answers 503, nobody new is let in, what is under way is answered, clients are told
  when to reconnect, every connection is closed: within 6 seconds, code 0.
  A second signal: the server ends at once, code 1.
  If it cannot start, it says why: code 1, or 2 for an argument that it does not understand.";

impl Default for Config {
    /// What holds without arguments.
    fn default() -> Self {
        Self::parse_from(["meeting-session-server"])
    }
}

/// Reads `500ms`, `1s`, `2m`, or `0`.
fn duration(text: &str) -> Result<Duration, &'static str> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "" if text == "0" => 0,
        _ => return Err("a time is a number with ms, s or m, such as 500ms, 1s or 2m"),
    };
    // A year is as good as forever, and far from what could overflow.
    const MAX: u64 = 365 * 24 * 3_600 * 1_000;
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|millis| *millis <= MAX)
        .map(Duration::from_millis)
        .ok_or("a time is at most a year, such as 500ms, 1s or 2m")
}

/// Like [`duration`], within what clients follow.
fn sync_interval(text: &str) -> Result<Duration, &'static str> {
    duration(text)
        .and_then(|time| if time <= limits::SYNC_INTERVAL_MAX { Ok(time) } else { Err("it is at most 10s") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        for (text, millis) in [("0", 0), ("0s", 0), ("500ms", 500), ("1s", 1_000), ("2m", 120_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in
            ["", "1", "s", "1 s", "-1s", "1.5s", "1h", "99999999999999999999s", "18446744073709551615m"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arguments_are_read_and_wrong_ones_refused() {
        let read = |args: &[&str]| Config::try_parse_from([&["meeting-session-server"], args].concat());
        let config = read(&[
            "--allow-origin",
            "https://a.example",
            "--allow-origin",
            "http://b.example:81",
            "--grace",
            "5s",
        ]);
        let config = config.unwrap();
        assert_eq!(config.allow_origin.len(), 2);
        assert_eq!(config.grace, Duration::from_secs(5));
        assert!(read(&["--sync-interval", "10s"]).is_ok());
        let config =
            read(&["--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "127.0.0.1,::1/128"]).unwrap();
        let ranges: Vec<_> = config.trusted_proxy.iter().map(ToString::to_string).collect();
        assert_eq!(ranges, ["10.0.0.0/8", "127.0.0.1/32", "::1/128"]);
        for args in [
            &["--sync-interval", "11s"][..],
            &["--allow-origin", "*"],
            &["--trusted-proxy", "proxy.example.com"],
            &["--grace", "5"],
            &["--engine", "redis"],
            &["standup"],
        ] {
            assert!(read(args).is_err(), "{args:?}");
        }
    }

    #[test]
    fn defaults_are_those_of_the_core() {
        let core = meeting_session_core::session::SessionConfig::default();
        let config = Config::default();
        assert_eq!((config.sync_interval, config.grace), (core.sync_interval, core.grace));
    }
}
