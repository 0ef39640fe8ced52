//! Frames: masks, reserved bits and opcodes, control frames, fragments, lengths (RFC 6455, section 5).

use meeting_session_core::protocol::{CloseCode, limits};

use super::{Answered, Case, Closed, HELLO, Pong, SILENT, case, hello_of, run, unmasked, with_length};
use crate::support::{BINARY, CLOSE, CONTINUATION, FIN, MASKED, PING, PONG, TEXT, frame};

const BINARY_REFUSED: u16 = CloseCode::BAD_MESSAGE.0;

fn hello() -> Vec<u8> {
    frame(FIN | TEXT, HELLO.as_bytes())
}

fn pong(payload: &[u8]) -> super::Outcome {
    Pong(payload.to_vec())
}

/// Sections 5.1 and 5.3.
fn masks() -> Vec<Case> {
    let with_mask = |mask: [u8; 4]| {
        let masked = HELLO.bytes().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        [&[FIN | TEXT, MASKED | 16], &mask[..], &masked.collect::<Vec<_>>()].concat()
    };
    vec![
        case("a masked text", hello(), &[Answered]),
        case("a mask of zeros", with_mask([0; 4]), &[Answered]),
        case("a mask of ones", with_mask([0xff; 4]), &[Answered]),
        case(
            "two texts with masks of their own",
            [with_mask([1, 2, 3, 4]), hello()].concat(),
            &[Answered, Answered],
        ),
        case("a text that is not masked", unmasked(FIN | TEXT, HELLO.as_bytes()), &[Closed(1002)]),
        case("an empty text that is not masked", unmasked(FIN | TEXT, b""), &[Closed(1002)]),
        case("a ping that is not masked", unmasked(FIN | PING, b"hi"), &[Closed(1002)]),
        case("a close that is not masked", unmasked(FIN | CLOSE, &[3, 232]), &[Closed(1002)]),
        case(
            "a continuation that is not masked",
            [frame(TEXT, b"{"), unmasked(FIN | CONTINUATION, b"}")].concat(),
            &[Closed(1002)],
        ),
    ]
}

/// Section 5.2: nothing is negotiated that would give these bits and opcodes a meaning.
fn reserved() -> Vec<Case> {
    let mut cases = Vec::new();
    for (bit, name) in [(0x40, "1"), (0x20, "2"), (0x10, "3"), (0x70, "1 to 3")] {
        cases.push(case(
            format!("reserved bit {name} of a text"),
            frame(FIN | bit | TEXT, HELLO.as_bytes()),
            &[Closed(1002)],
        ));
    }
    cases.push(case("reserved bit 1 of a ping", frame(FIN | 0x40 | PING, b""), &[Closed(1002)]));
    cases.push(case("reserved bit 1 of a close", frame(FIN | 0x40 | CLOSE, &[3, 232]), &[Closed(1002)]));
    cases.push(case(
        "reserved bit 1 of a continuation",
        [frame(TEXT, b"{"), frame(FIN | 0x40 | CONTINUATION, b"}")].concat(),
        &[Closed(1002)],
    ));
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        cases.push(case(format!("opcode {opcode:x}"), frame(FIN | opcode, b"hi"), &[Closed(1002)]));
        cases.push(case(format!("opcode {opcode:x}, empty"), frame(FIN | opcode, b""), &[Closed(1002)]));
    }
    cases.push(case("opcode 3, not final", frame(0x3, b"hi"), &[Closed(1002)]));
    cases.push(case(
        "after a ping",
        [frame(FIN | PING, b"?"), frame(FIN | 0x3, b"")].concat(),
        &[pong(b"?"), Closed(1002)],
    ));
    cases
}

/// Section 5.5.
fn control_frames() -> Vec<Case> {
    let full = [0xa5; 125];
    vec![
        case("an empty ping", frame(FIN | PING, b""), &[pong(b"")]),
        case("a ping of 125 bytes", frame(FIN | PING, &full), &[pong(&full)]),
        case("a ping that is no text", frame(FIN | PING, b"\xff\xfe\x00"), &[pong(b"\xff\xfe\x00")]),
        case("a ping of 126 bytes", frame(FIN | PING, &[0; 126]), &[Closed(1002)]),
        case("a ping of 65,536 bytes", frame(FIN | PING, &[0; 65_536]), &[Closed(1002)]),
        case(
            "a ping with a length of two bytes",
            with_length(FIN | PING, &[126, 0, 5], b"hello"),
            &[Closed(1002)],
        ),
        case(
            "a ping in two parts",
            [frame(PING, b"a"), frame(FIN | CONTINUATION, b"b")].concat(),
            &[Closed(1002)],
        ),
        case(
            "a pong in two parts",
            [frame(PONG, b"a"), frame(FIN | CONTINUATION, b"b")].concat(),
            &[Closed(1002)],
        ),
        // RFC: only the last of several pings needs an answer. Each gets its own.
        case(
            "three pings at once",
            [frame(FIN | PING, b"1"), frame(FIN | PING, b"2"), frame(FIN | PING, b"3")].concat(),
            &[pong(b"1"), pong(b"2"), pong(b"3")],
        ),
        case("a pong that nobody asked for", [frame(FIN | PONG, b"hi"), hello()].concat(), &[Answered]),
        case("an empty pong", [frame(FIN | PONG, b""), hello()].concat(), &[Answered]),
        case("a pong of 125 bytes", [frame(FIN | PONG, &full), hello()].concat(), &[Answered]),
        case("a pong of 126 bytes", frame(FIN | PONG, &[0; 126]), &[Closed(1002)]),
        case(
            "a pong, then a ping",
            [frame(FIN | PONG, b"a"), frame(FIN | PING, b"b")].concat(),
            &[pong(b"b")],
        ),
    ]
}

/// Section 5.4.
fn fragments() -> Vec<Case> {
    let (start, rest) = HELLO.as_bytes().split_at(7);
    let first = || frame(TEXT, start);
    let last = || frame(FIN | CONTINUATION, rest);
    let nothing = || frame(CONTINUATION, b"");
    let silent = frame(FIN | TEXT, SILENT.as_bytes());
    let silent_parts = [frame(TEXT, SILENT.as_bytes()), frame(FIN | CONTINUATION, b"")].concat();
    let bytes: Vec<u8> = HELLO.bytes().flat_map(|byte| frame(CONTINUATION, &[byte])).collect();
    vec![
        case("two parts", [first(), last()].concat(), &[Answered]),
        case("an empty part between", [first(), nothing(), last()].concat(), &[Answered]),
        case("a hundred empty parts between", [first(), nothing().repeat(100), last()].concat(), &[Answered]),
        case(
            "an empty first part",
            [frame(TEXT, b""), frame(FIN | CONTINUATION, HELLO.as_bytes())].concat(),
            &[Answered],
        ),
        case(
            "an empty last part",
            [frame(TEXT, HELLO.as_bytes()), frame(FIN | CONTINUATION, b"")].concat(),
            &[Answered],
        ),
        case(
            "parts of one byte",
            [frame(TEXT, b" "), bytes, frame(FIN | CONTINUATION, b" ")].concat(),
            &[Answered],
        ),
        case("two fragmented messages", [first(), last(), first(), last()].concat(), &[Answered, Answered]),
        case(
            "a fragmented message and a whole one",
            [first(), last(), hello()].concat(),
            &[Answered, Answered],
        ),
        case(
            "nothing but empty parts",
            [frame(TEXT, b""), nothing(), frame(FIN | CONTINUATION, b"")].concat(),
            &[Closed(BINARY_REFUSED)],
        ),
        case(
            "a ping between parts",
            [first(), frame(FIN | PING, b"?"), last()].concat(),
            &[pong(b"?"), Answered],
        ),
        case("a pong between parts", [first(), frame(FIN | PONG, b"?"), last()].concat(), &[Answered]),
        case("a close between parts", [first(), frame(FIN | CLOSE, &[3, 232])].concat(), &[Closed(1000)]),
        case("a last part of nothing", frame(FIN | CONTINUATION, HELLO.as_bytes()), &[Closed(1002)]),
        case("a part of nothing", frame(CONTINUATION, HELLO.as_bytes()), &[Closed(1002)]),
        case("a part after the last one", [silent_parts, last()].concat(), &[Closed(1002)]).after_join(),
        case("a part after a whole message", [silent, last()].concat(), &[Closed(1002)]).after_join(),
        case("a text between parts", [first(), hello()].concat(), &[Closed(1002)]),
        case("a first part between parts", [first(), first()].concat(), &[Closed(1002)]),
        case("a binary between parts", [first(), frame(FIN | BINARY, b"")].concat(), &[Closed(1002)]),
        // Section 5.6: binary messages are well formed, but this protocol has none.
        case("binary", frame(FIN | BINARY, HELLO.as_bytes()), &[Closed(BINARY_REFUSED)]),
        case("empty binary", frame(FIN | BINARY, b""), &[Closed(BINARY_REFUSED)]),
        case(
            "binary in parts that are no text, and a ping between",
            [frame(BINARY, b"\xff"), frame(FIN | PING, b"?"), frame(FIN | CONTINUATION, b"\xfe")].concat(),
            &[pong(b"?"), Closed(BINARY_REFUSED)],
        ),
    ]
}

/// Section 5.2, on both sides of every edge.
fn lengths() -> Vec<Case> {
    let mut cases = Vec::new();
    for bytes in [16, 125, 126, 127, 65_535, 65_536, 65_537, limits::CLIENT_FRAME_BYTES] {
        cases.push(case(format!("{bytes} bytes"), frame(FIN | TEXT, &hello_of(bytes)), &[Answered]));
    }
    let large = hello_of(limits::CLIENT_FRAME_BYTES + 1);
    cases.push(case("a byte more than is allowed", frame(FIN | TEXT, &large), &[Closed(1009)]));
    for (name, length, code) in [
        ("0 in two bytes", &[126, 0, 0][..], 1002),
        ("16 in two bytes", &[126, 0, 16], 1002),
        ("125 in two bytes", &[126, 0, 125], 1002),
        ("16 in eight bytes", &[127, 0, 0, 0, 0, 0, 0, 0, 16], 1002),
        ("126 in eight bytes", &[127, 0, 0, 0, 0, 0, 0, 0, 126], 1002),
        ("65,535 in eight bytes", &[127, 0, 0, 0, 0, 0, 0, 255, 255], 1002),
        ("2^32", &[127, 0, 0, 0, 1, 0, 0, 0, 0], 1009),
        ("2^62", &[127, 0x40, 0, 0, 0, 0, 0, 0, 0], 1009),
        ("2^63 - 1", &[127, 0x7f, 255, 255, 255, 255, 255, 255, 255], 1009),
        // The highest bit must be 0, so that 1002 would be as right; the connection ends all the same.
        ("2^63", &[127, 0x80, 0, 0, 0, 0, 0, 0, 0], 1009),
        ("2^64 - 1", &[127, 255, 255, 255, 255, 255, 255, 255, 255], 1009),
    ] {
        cases.push(case(
            format!("a length of {name}"),
            with_length(FIN | TEXT, length, HELLO.as_bytes()),
            &[Closed(code)],
        ));
        // The header alone is enough to know.
        cases.push(case(
            format!("a length of {name}, nothing else"),
            with_length(FIN | BINARY, length, b""),
            &[Closed(code)],
        ));
    }
    let half = vec![b' '; limits::CLIENT_FRAME_BYTES / 2];
    let halves = [frame(TEXT, &half), frame(CONTINUATION, &half)].concat();
    cases.push(case(
        "parts that add up to a byte too much",
        [&halves[..], &frame(CONTINUATION, b"x")].concat(),
        &[Closed(1009)],
    ));
    cases
}

#[tokio::test]
async fn masks_reserved_bits_and_reserved_opcodes() {
    run(masks()).await;
    run(reserved()).await;
}

#[tokio::test]
async fn control_frames_and_fragments() {
    run(control_frames()).await;
    run(fragments()).await;
}

#[tokio::test]
async fn lengths_and_limits() {
    run(lengths()).await;
}
