//! Texts: what is UTF-8 and what is not, whole and in parts (RFC 6455, sections 5.6 and 8.1).

use super::{Answered, Case, Closed, Pong, case, run};
use crate::support::{CONTINUATION, FIN, PING, TEXT, frame};

/// A message of an unknown type, with these bytes in the type.
fn text(bytes: &[u8]) -> Vec<u8> {
    [b"{\"type\":\"", bytes, b"\"}"].concat()
}

fn good() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, characters) in [
        ("two bytes", "é"),
        ("three bytes", "☃"),
        ("four bytes", "😀"),
        ("the first of each length", "\u{80}\u{800}\u{10000}"),
        ("the last of each length", "\u{7f}\u{7ff}\u{ffff}\u{10ffff}"),
        ("around the surrogates", "\u{d7ff}\u{e000}"),
        ("no characters", "\u{fffe}\u{ffff}\u{1fffe}"),
        ("a byte order mark within", "\u{feff}"),
    ] {
        let text = text(characters.as_bytes());
        cases.push(case(name, frame(FIN | TEXT, &text), &[Answered]));
        for cut in 10..text.len() - 2 {
            let parts = [frame(TEXT, &text[..cut]), frame(FIN | CONTINUATION, &text[cut..])];
            cases.push(case(format!("{name}, cut at {cut}"), parts.concat(), &[Answered]));
        }
    }
    let text = text("😀".as_bytes());
    let bytes: Vec<u8> = text.iter().flat_map(|byte| frame(CONTINUATION, &[*byte])).collect();
    let parts = [frame(TEXT, b""), bytes.clone(), frame(FIN | CONTINUATION, b"")];
    cases.push(case("every byte for itself", parts.concat(), &[Answered]));
    let bytes = bytes.chunks(7).collect::<Vec<_>>().join(&frame(FIN | PING, b"?")[..]);
    let pongs = vec![Pong(b"?".to_vec()); text.len() - 1];
    let parts = [frame(TEXT, b""), bytes, frame(FIN | CONTINUATION, b"")].concat();
    cases.push(case("every byte for itself, and pings", parts, &[pongs, vec![Answered]].concat()));
    cases
}

fn bad() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, bytes) in [
        ("a continuation byte alone", &b"\x80"[..]),
        ("two continuation bytes", b"\xbf\xbf"),
        ("0xfe", b"\xfe"),
        ("0xff", b"\xff"),
        ("a slash in two bytes", b"\xc0\xaf"),
        ("U+007F in two bytes", b"\xc1\xbf"),
        ("U+0000 in three bytes", b"\xe0\x80\x80"),
        ("U+07FF in three bytes", b"\xe0\x9f\xbf"),
        ("U+0000 in four bytes", b"\xf0\x80\x80\x80"),
        ("U+FFFF in four bytes", b"\xf0\x8f\xbf\xbf"),
        ("a high surrogate", b"\xed\xa0\x80"),
        ("a low surrogate", b"\xed\xbf\xbf"),
        ("a pair of surrogates", b"\xed\xa0\xbd\xed\xb8\x80"),
        ("U+110000", b"\xf4\x90\x80\x80"),
        ("a sequence from 0xf5", b"\xf5\x80\x80\x80"),
        ("five bytes", b"\xf8\x88\x80\x80\x80"),
        ("a character that is cut short by another", b"\xe2\x98a"),
    ] {
        let text = text(bytes);
        cases.push(case(name, frame(FIN | TEXT, &text), &[Closed(1007)]));
        let (start, end) = text.split_at(10);
        let parts = [frame(TEXT, start), frame(FIN | CONTINUATION, end)];
        cases.push(case(format!("{name}, in two parts"), parts.concat(), &[Closed(1007)]));
    }
    let half = |bytes: &[u8]| [b"\"", bytes].concat();
    for (name, bytes) in [
        ("one of two bytes", &b"\xc3"[..]),
        ("two of three bytes", b"\xe2\x98"),
        ("three of four bytes", b"\xf0\x9f\x98"),
    ] {
        cases.push(case(format!("{name} at the end"), frame(FIN | TEXT, &half(bytes)), &[Closed(1007)]));
        let parts = [frame(TEXT, b""), frame(FIN | CONTINUATION, &half(bytes))];
        cases.push(case(format!("{name} at the end of the last part"), parts.concat(), &[Closed(1007)]));
        let parts = [frame(TEXT, &half(bytes)), frame(FIN | CONTINUATION, b"")];
        cases.push(case(format!("{name} before an empty last part"), parts.concat(), &[Closed(1007)]));
    }
    // It does not have to be the last part, nor a whole one, to know.
    cases.push(case("no UTF-8 in a first part", frame(TEXT, b"\"\xff"), &[Closed(1007)]));
    cases.push(case(
        "no UTF-8 in a part between",
        [frame(TEXT, b"\""), frame(CONTINUATION, b"\xff")].concat(),
        &[Closed(1007)],
    ));
    let mut beginning = frame(FIN | TEXT, &[&b"\"\xff"[..], &[b' '; 100]].concat());
    beginning.truncate(20);
    cases.push(case("no UTF-8 at the beginning of a frame", beginning, &[Closed(1007)]));
    cases
}

#[tokio::test]
async fn what_is_utf_8_gets_through_however_it_is_cut() {
    run(good()).await;
}

#[tokio::test]
async fn what_is_not_closes_with_1007() {
    run(bad()).await;
}
