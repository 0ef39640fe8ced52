//! Where a request comes from: the address of the client itself, also behind proxies that the operator trusts.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::{IpNet, Ipv4Net};

/// Each proxy appends the address that its request came from.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Reads a range of addresses, `10.0.0.0/8`, or a single one, `::1`.
///
/// # Errors
/// A sentence that shows right ones.
pub(crate) fn range(text: &str) -> Result<IpNet, &'static str> {
    let single = || text.parse::<IpAddr>().map(IpNet::from);
    let range = text.parse::<IpNet>().or_else(|_| single()).map_err(
        |_| "a proxy's address is one such as 127.0.0.1 or ::1, or a range such as 10.0.0.0/8 or fd00::/8",
    )?;
    // The addresses it is compared with are never IPv4 ones in an IPv6 form.
    let mapped = match range {
        IpNet::V6(v6) => v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96)),
        IpNet::V4(_) => None,
    };
    Ok(mapped.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(range, IpNet::V4))
}

/// The client that a request comes from, which came in on a connection from `peer`.
///
/// It is `peer`, unless that is a trusted proxy. Then it is whom the proxy names, unless that is another trusted proxy,
/// and so on: nothing counts that only somebody untrusted has said. What is no address ends the way at the last hop
/// before it.
pub(crate) fn client_address(peer: IpAddr, trusted: &[IpNet], headers: &HeaderMap) -> IpAddr {
    let hops = headers.get_all(FORWARDED_FOR).into_iter().rev();
    let mut hops = hops.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    let mut client = peer.to_canonical();
    while is_in(trusted, client) {
        match hops.next().and_then(address) {
            Some(named) => client = named,
            None => break,
        }
    }
    client
}

/// Whether somebody who is no trusted proxy says for whom it asks, as a proxy does that was forgotten.
pub(crate) fn is_ignored(peer: IpAddr, trusted: &[IpNet], headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED_FOR) && !is_in(trusted, peer.to_canonical())
}

/// Whether an address, which is in its canonical form, is in one of these ranges.
fn is_in(ranges: &[IpNet], address: IpAddr) -> bool {
    ranges.iter().any(|range| range.contains(&address))
}

/// One hop: an address. Some proxies add its port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop).ok()?.trim();
    let address = hop.parse().or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The client of a request from `peer` with these `X-Forwarded-For` headers.
    fn client(peer: &str, trusted: &[&str], forwarded: &[&str]) -> String {
        let trusted: Vec<_> = trusted.iter().map(|text| range(text).unwrap()).collect();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.as_bytes().try_into().unwrap());
        }
        client_address(peer.parse().unwrap(), &trusted, &headers).to_string()
    }

    #[test]
    fn without_a_trusted_proxy_the_client_is_the_peer_whatever_it_says() {
        assert_eq!(client("203.0.113.9", &[], &[]), "203.0.113.9");
        assert_eq!(client("127.0.0.1", &[], &["198.51.100.1"]), "127.0.0.1");
        assert_eq!(client("203.0.113.9", &["127.0.0.1"], &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("127.0.0.2", &["127.0.0.1"], &["198.51.100.1"]), "127.0.0.2");
    }

    #[test]
    fn a_trusted_proxy_names_the_client_and_what_the_client_said_before_counts_for_nothing() {
        for (forwarded, expected) in [
            (&["198.51.100.1"][..], "198.51.100.1"),
            (&["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
            (&["192.0.2.66", "198.51.100.1"], "198.51.100.1"),
            (&["127.0.0.1,198.51.100.1"], "198.51.100.1"),
            (&["no address, 198.51.100.1"], "198.51.100.1"),
            // Whatever the client says itself stands before what the proxy appends.
            (&["\u{e9}, 198.51.100.1"], "198.51.100.1"),
            (&[" 2001:db8::5 "], "2001:db8::5"),
            (&["198.51.100.1:5678"], "198.51.100.1"),
            (&["[2001:db8::5]:5678"], "2001:db8::5"),
        ] {
            assert_eq!(client("127.0.0.1", &["127.0.0.1"], forwarded), expected, "{forwarded:?}");
        }
    }

    #[test]
    fn proxies_may_stand_behind_one_another_as_long_as_each_is_trusted() {
        let trusted = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"];
        let through = |forwarded: &[&str]| client("127.0.0.1", &trusted, forwarded);
        assert_eq!(through(&["192.0.2.66, 198.51.100.1, fd00::7, 10.1.2.3"]), "198.51.100.1");
        assert_eq!(through(&["192.0.2.66, 198.51.100.1", "fd00::7", "10.1.2.3"]), "198.51.100.1");
        // A client in a trusted network.
        assert_eq!(through(&["10.9.9.9, 10.1.2.3"]), "10.9.9.9");
    }

    #[test]
    fn what_is_no_address_ends_the_way_at_the_last_hop_before_it() {
        let trusted = ["127.0.0.1", "10.0.0.0/8"];
        for last in
            ["unknown", "", " ", "example.com", "198.51.100.1/8", "198.51.100.256", "_hidden", "\u{e9}"]
        {
            let forwarded = format!("192.0.2.66, {last}, 10.1.2.3");
            let lines = ["192.0.2.66", last, "10.1.2.3"];
            assert_eq!(client("127.0.0.1", &trusted, &[&forwarded]), "10.1.2.3", "{last}");
            assert_eq!(client("127.0.0.1", &trusted, &lines), "10.1.2.3", "{last}");
        }
    }

    #[test]
    fn an_ipv4_address_is_the_same_in_either_form() {
        assert_eq!(client("::ffff:203.0.113.9", &[], &[]), "203.0.113.9");
        assert_eq!(client("::ffff:127.0.0.1", &["127.0.0.0/8"], &["::ffff:198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["::ffff:127.0.0.0/104"], &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["::ffff:127.0.0.1"], &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["::/0"], &["198.51.100.1"]), "127.0.0.1");
    }

    #[test]
    fn ranges_are_read_and_wrong_ones_refused() {
        for (text, read) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("::1/128", "::1/128"),
            ("192.0.2.1", "192.0.2.1/32"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            assert_eq!(range(text).map(|range| range.to_string()).as_deref(), Ok(read));
        }
        for text in ["", "localhost", "10.0.0.0/33", "::1/129", "10.0.0/8", "10.0.0.0/", "127.0.0.1:80", "*"]
        {
            assert!(range(text).is_err_and(|sentence| sentence.contains("10.0.0.0/8")), "{text}");
        }
    }
}
