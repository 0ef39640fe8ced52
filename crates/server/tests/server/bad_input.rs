//! What is no message, before and after joining: the exact close code, and nobody else is disturbed.

use std::time::Duration;

use meeting_session_core::protocol::*;

use crate::support::{
    BINARY, CLOSE, CONTINUATION, Control, FIN, MASKED, PING, Peer, Received, Server, Socket, TEXT,
    join_message, merge, sleep_ms,
};

const BAD_MESSAGE: u16 = CloseCode::BAD_MESSAGE.0;

/// Texts that are no message of the protocol.
const NO_MESSAGES: &[&str] = &[
    "",
    " ",
    "{",
    "}",
    "nonsense",
    "null",
    "1",
    "\"join\"",
    "[]",
    "[{\"type\":\"join\"}]",
    "{}",
    "{\"type\":null}",
    "{\"type\":1}",
    "{\"type\":[\"join\"]}",
    "{\"type\":\"pong\",\"type\":\"pong\"}",
    "{\"type\":\"pong\"}{\"type\":\"pong\"}",
    "{\"type\":\"pong\"",
    "{'type':'pong'}",
    "\u{feff}{\"type\":\"pong\"}",
    "{\"type\":\"update\"}",
    "{\"type\":\"update\",\"seq\":-1}",
    "{\"type\":\"update\",\"seq\":1.5}",
    "{\"type\":\"update\",\"seq\":\"1\"}",
    "{\"type\":\"update\",\"seq\":18446744073709551616}",
    "{\"type\":\"app-message\"}",
    "{\"type\":\"app-message\",\"to\":\"all\",\"data\":1}",
    "{\"type\":\"app-message\",\"to\":[1],\"data\":1}",
    "{\"type\":\"set-user\",\"userName\":5}",
    "{\"type\":\"join\"}",
    "{\"type\":\"join\",\"version\":\"1\"}",
    "{\"type\":\"join\",\"version\":1,\"session\":\"standup\"}",
    "{\"type\":\"join\",\"version\":1,\"session\":\"standup\",\"instance\":7}",
    "{\"type\":\"join\",\"version\":1,\"session\":\"standup\",\"instance\":\"0\",\"resume\":{}}",
    "{\"type\":\"join\",\"version\":-1,\"session\":\"standup\",\"instance\":\"0\"}",
];

/// Bytes that break the WebSocket protocol, with the close code of each.
fn broken_frames() -> Vec<(&'static str, Vec<u8>, u16)> {
    let masked = |first: u8, payload: &[u8]| {
        let length = u8::try_from(payload.len()).unwrap();
        [&[first, MASKED | length, 0, 0, 0, 0], payload].concat()
    };
    let text = b"{\"type\":\"pong\"}";
    vec![
        ("not masked", [&[FIN | TEXT, 15], &text[..]].concat(), 1002),
        ("reserved bit 1", masked(FIN | 0x40 | TEXT, text), 1002),
        ("reserved bit 2", masked(FIN | 0x20 | TEXT, text), 1002),
        ("reserved bit 3", masked(FIN | 0x10 | TEXT, text), 1002),
        ("reserved opcode", masked(FIN | 3, text), 1002),
        ("reserved control opcode", masked(FIN | 11, text), 1002),
        ("continuation of nothing", masked(FIN | CONTINUATION, text), 1002),
        ("fragmented ping", masked(PING, b""), 1002),
        ("text within fragments", [masked(TEXT, b"{"), masked(FIN | TEXT, text)].concat(), 1002),
        (
            "ping of 126 bytes",
            [&[FIN | PING, MASKED | 126, 0, 126, 0, 0, 0, 0], &[0; 126][..]].concat(),
            1002,
        ),
        ("close with half a code", masked(FIN | CLOSE, &[3]), 1002),
        ("close with a code that is none", masked(FIN | CLOSE, &[0, 5]), 1002),
        ("close with a reserved code", masked(FIN | CLOSE, &1006_u16.to_be_bytes()), 1002),
        ("close whose reason is no text", masked(FIN | CLOSE, &[3, 232, 0xff]), 1007),
        (
            "length written too long",
            [&[FIN | TEXT, MASKED | 126, 0, 15, 0, 0, 0, 0], &text[..]].concat(),
            1002,
        ),
        (
            "a length of 2^63",
            [&[FIN | TEXT, MASKED | 127], &[0x80, 0, 0, 0, 0, 0, 0, 0][..], &[0; 4]].concat(),
            1009,
        ),
        ("a length of 2^64 - 1", [&[FIN | TEXT, MASKED | 127], &[0xff; 8][..], &[0; 4]].concat(), 1009),
        ("a length of 16 MiB", vec![FIN | BINARY, MASKED | 127, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], 1009),
        ("no UTF-8", masked(FIN | TEXT, b"\"\xff\""), 1007),
        ("half a character", masked(FIN | TEXT, b"\"\xc3"), 1007),
        ("a surrogate in UTF-8", masked(FIN | TEXT, b"\"\xed\xa0\x80\""), 1007),
        ("no UTF-8 in a fragment", masked(TEXT, b"\"\xff\""), 1007),
        ("binary", masked(FIN | BINARY, text), BAD_MESSAGE),
        ("empty binary", masked(FIN | BINARY, b""), BAD_MESSAGE),
    ]
}

#[tokio::test]
async fn before_joining_whatever_is_no_join_closes_the_connection_and_only_that() {
    let server = Server::start().await;
    let mut control = Control::new(&server).await;
    let well_formed = ["{\"type\":\"pong\"}", "{\"type\":\"leave\"}", "{\"type\":\"update\",\"seq\":1}"];
    for text in NO_MESSAGES.iter().chain(&well_formed).chain(&["{\"type\":\"unheard-of\"}"]) {
        let mut socket = Socket::open(&server, "/standup").await;
        socket.send_text(text).await;
        assert_eq!(socket.close_code().await, BAD_MESSAGE, "{text}");
    }
    for (what, bytes, code) in broken_frames() {
        let mut socket = Socket::open(&server, "/standup").await;
        socket.send_bytes(&bytes).await;
        assert_eq!(socket.close_code().await, code, "{what}");
        control.check(what).await;
    }
}

#[tokio::test]
async fn after_joining_it_is_the_same() {
    let server = Server::with_grace(0).await;
    let mut control = Control::new(&server).await;
    for text in NO_MESSAGES {
        let mut peer = Peer::join(&server, "standup", "Eve").await;
        peer.socket.send_text(text).await;
        assert_eq!(peer.socket.close_code().await, BAD_MESSAGE, "{text}");
    }
    let mut peer = Peer::join(&server, "standup", "Eve").await;
    let join = ClientMessage::Join(Box::new(join_message("standup", "Eve")));
    peer.send(&join).await;
    assert_eq!(peer.socket.close_code().await, BAD_MESSAGE, "a second join");
    for (what, bytes, code) in broken_frames() {
        let mut peer = Peer::join(&server, "standup", "Eve").await;
        peer.socket.send_bytes(&bytes).await;
        assert_eq!(peer.socket.close_code().await, code, "{what}");
        control.check(what).await;
    }
}

#[tokio::test]
async fn a_message_of_an_unknown_type_is_answered_and_unknown_fields_are_ignored() {
    let server = Server::start().await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    for text in ["{\"type\":\"\"}", "{\"type\":\"Join\"}", "{\"type\":\"lock\",\"key\":\"a\"}"] {
        peer.socket.send_text(text).await;
        assert_eq!(peer.event().await, ServerMessage::Refused(RefusedCode::UnknownType), "{text}");
    }
    let text = " {\"future\":[{}],\"type\":\"set-user\",\"userName\":\"Anna\",\"x\":null} ";
    peer.socket.send_text(text).await;
    assert!(matches!(peer.event().await, ServerMessage::ParticipantUpdated(_)));
}

#[tokio::test]
async fn fragments_and_pings_between_them_and_single_bytes_are_fine() {
    let server = Server::start().await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    let text = ClientMessage::Update(peer.request(1, merge(&[("emoji", "\"😀\"")]))).encode();
    let (one, other) = text.as_bytes().split_at(text.find('😀').unwrap() + 2);
    peer.socket.send_frame(TEXT, one).await;
    peer.socket.send_frame(FIN | PING, b"still there?").await;
    assert_eq!(peer.socket.receive().await, Received::Pong(b"still there?".to_vec()));
    peer.socket.send_frame(CONTINUATION, b"").await;
    peer.socket.send_frame(FIN | CONTINUATION, other).await;
    assert_eq!(peer.result(1).await, UpdateResult::Applied(1));
    assert_eq!(peer.data["emoji"], "\"😀\"");

    for byte in b"\x81\x8f\0\0\0\0{\"type\":\"pung\"}" {
        peer.socket.send_bytes(&[*byte]).await;
    }
    assert_eq!(peer.event().await, ServerMessage::Refused(RefusedCode::UnknownType));
}

#[tokio::test]
async fn a_message_that_is_never_finished_ends_somewhere() {
    let server = Server::start().await;
    let mut witness = Peer::join(&server, "standup", "Ben").await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    peer.socket.send_frame(TEXT, b"{").await;
    // Each an empty fragment: no limit of sizes ever sees them.
    let empty = [CONTINUATION, MASKED, 0, 0, 0, 0].repeat(2_000);
    let mut sent = 0;
    while sent < 4 * limits::CLIENT_FRAME_BYTES && peer.socket.try_send_bytes(&empty).await.is_ok() {
        sent += empty.len();
    }
    assert_eq!(peer.socket.close_code().await, CloseCode::RATE_LIMITED.0);
    assert_eq!(witness.update(merge(&[("well", "true")])).await, UpdateResult::Applied(1));
}

#[tokio::test]
async fn a_message_on_a_slow_line_is_a_sign_of_life() {
    let server = Server::start().await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    let value = format!("\"{}\"", "x".repeat(400));
    let text = ClientMessage::Update(peer.request(1, merge(&[("slow", &value)]))).encode();
    let mut frame = vec![FIN | TEXT, MASKED | 126];
    frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    // Longer than any silence that is allowed.
    let pause = (limits::SILENCE_MAX + Duration::from_secs(10)).as_millis() as u64 / frame.len() as u64;
    for byte in frame {
        peer.socket.send_bytes(&[byte]).await;
        sleep_ms(pause).await;
    }
    assert_eq!(peer.result(1).await, UpdateResult::Applied(1));
}

#[tokio::test]
async fn slow_fragments_are_a_sign_of_life_and_pings_between_them_take_nothing_from_it() {
    let server = Server::start().await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    let text = ClientMessage::Update(peer.request(1, merge(&[("slow", "1")]))).encode();
    let (mut first, mut rest) = (TEXT, text.as_bytes());
    for _ in 0..14 {
        let (now, later) = rest.split_at(2);
        peer.socket.send_frame(first, now).await;
        peer.socket.send_frame(FIN | PING, b"").await;
        (first, rest) = (CONTINUATION, later);
        sleep_ms(3_000).await;
    }
    peer.socket.send_frame(FIN | CONTINUATION, rest).await;
    while !matches!(peer.socket.receive().await, Received::Text(text) if text.contains("applied")) {}
}

#[tokio::test]
async fn pings_alone_are_no_sign_of_life() {
    let server = Server::start().await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    for _ in 0..10 {
        peer.socket.send_frame(FIN | PING, b"still there?").await;
        sleep_ms(2_900).await;
    }
    loop {
        match peer.socket.receive().await {
            Received::Close(code, _) => break assert_eq!(code, CloseCode::SILENT.0),
            Received::Pong(_) | Received::Text(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_close_from_the_client_is_echoed() {
    let server = Server::start().await;
    let mut joined = Peer::join(&server, "standup", "Ana").await.socket;
    let mut not_joined = Socket::open(&server, "/standup").await;
    for socket in [&mut joined, &mut not_joined] {
        socket.send_frame(FIN | CLOSE, &[0x0f, 0xa0]).await;
        assert_eq!(socket.receive().await, Received::Close(4000, String::new()));
        assert_eq!(socket.receive().await, Received::End);
    }
}

#[tokio::test]
async fn a_nesting_deeper_than_any_stack_is_no_danger() {
    let server = Server::start().await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    let deep = "[".repeat(50_000) + &"]".repeat(50_000);
    assert_eq!(peer.update(merge(&[("deep", &deep)])).await, UpdateResult::Applied(1));
    assert_eq!(peer.data["deep"], deep);
}

#[tokio::test]
async fn what_was_answered_before_a_close_arrives_before_it() {
    let server = Server::start().await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    let both = b"\x81\x8f\0\0\0\0{\"type\":\"pung\"}\x81\x84\0\0\0\0null";
    peer.socket.send_bytes(both).await;
    assert_eq!(peer.event().await, ServerMessage::Refused(RefusedCode::UnknownType));
    assert_eq!(peer.socket.close_code().await, BAD_MESSAGE);
}

#[tokio::test]
async fn a_close_says_why_in_words() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server, "/standup").await;
    socket.send_text("nonsense").await;
    let reason = CloseCode::BAD_MESSAGE.reason().to_owned();
    assert_eq!(socket.receive().await, Received::Close(BAD_MESSAGE, reason));
}
