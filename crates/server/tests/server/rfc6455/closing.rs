//! Closing frames (RFC 6455, sections 5.5.1 and 7.4).

use super::{Case, Closed, HELLO, SILENT, case, run, with_length};
use crate::support::{CLOSE, FIN, PING, TEXT, frame};

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    // A code is echoed, an empty close by an empty one. 1012 to 1014 came after the RFC; 1010 and 1011 have a side that
    // they come from, which makes no difference here.
    for code in (1000..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4999]) {
        cases.push(case(format!("code {code}"), close(code, b""), &[Closed(code)]));
    }
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        cases.push(case(format!("code {code}"), close(code, b""), &[Closed(1002)]));
    }
    let longest = "é".repeat(61) + "x";
    cases.extend([
        case("an empty close", frame(FIN | CLOSE, b""), &[Closed(1005)]),
        case("half a code", frame(FIN | CLOSE, &[3]), &[Closed(1002)]),
        case("a reason", close(1000, b"done"), &[Closed(1000)]),
        case("the longest reason", close(1000, longest.as_bytes()), &[Closed(1000)]),
        case("a longer reason", close(1000, &[b'x'; 124]), &[Closed(1002)]),
        case("a length of two bytes", with_length(FIN | CLOSE, &[126, 0, 2], &[3, 232]), &[Closed(1002)]),
        case("a reason that is no text", close(1000, b"\xff"), &[Closed(1007)]),
        case("a reason that ends within a character", close(1000, b"\xe2\x98"), &[Closed(1007)]),
        case("a reason with a surrogate", close(1000, b"\xed\xa0\x80"), &[Closed(1007)]),
        case("a close in parts", frame(CLOSE, &[3, 232]), &[Closed(1002)]),
        case("two closes", [close(1000, b""), close(1001, b"")].concat(), &[Closed(1000)]),
        case(
            "a text after the close",
            [close(1000, b""), frame(FIN | TEXT, HELLO.as_bytes())].concat(),
            &[Closed(1000)],
        ),
        case("a ping after the close", [close(1000, b""), frame(FIN | PING, b"?")].concat(), &[Closed(1000)]),
        case("nonsense after the close", [close(1000, b""), vec![0xff; 100]].concat(), &[Closed(1000)]),
        case(
            "a text before the close",
            [frame(FIN | TEXT, SILENT.as_bytes()), close(1000, b"")].concat(),
            &[Closed(1000)],
        )
        .after_join(),
    ]);
    cases
}

#[tokio::test]
async fn a_close_is_answered_once_and_by_the_rules() {
    run(cases()).await;
}
