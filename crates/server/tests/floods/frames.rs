//! Frames that are made to cost more than they should: tiny, endless, huge, deep, or no message at all.

use std::time::{Duration, Instant};

use meeting_session_core::protocol::*;

use crate::control::Control;
use crate::support::{
    BINARY, CONTINUATION, FIN, MASKED, Peer, Server, TEXT, frame, merge, replace, sleep_ms, turn,
};

/// Connections that do the same at the same time.
const AT_ONCE: usize = 10;

/// What a client sends after its join, how often, and the code with which the server closes.
struct Flood {
    name: &'static str,
    first: Vec<u8>,
    then: Vec<u8>,
    times: usize,
    code: u16,
}

fn floods() -> Vec<Flood> {
    let open = frame(TEXT, b"\"");
    let header =
        |first: u8, length: u64| [&[first, MASKED | 127][..], &length.to_be_bytes(), &[0; 4]].concat();
    let flood = |name, first: &[u8], then: &[u8], times, code| Flood {
        name,
        first: first.to_vec(),
        then: then.to_vec(),
        times,
        code,
    };
    let rate_limited = CloseCode::RATE_LIMITED.0;
    let bad_message = CloseCode::BAD_MESSAGE.0;
    let too_large = limits::CLIENT_FRAME_BYTES + 1;
    let deep = "[".repeat(limits::CLIENT_FRAME_BYTES);
    vec![
        flood(
            "100,000 fragments of no byte, and more",
            &open,
            &frame(CONTINUATION, b"").repeat(100),
            1_100,
            rate_limited,
        ),
        flood(
            "100,000 fragments of one byte",
            &open,
            &frame(CONTINUATION, b"x").repeat(100),
            1_000,
            rate_limited,
        ),
        flood("a frame of 2^62 bytes", b"", &header(FIN | BINARY, 1 << 62), 1, 1009),
        flood("a frame of 2^62 bytes that come", &header(FIN | BINARY, 1 << 62), &[0; 10_000], 100, 1009),
        flood(
            "a byte more than a message may have",
            b"",
            &frame(FIN | TEXT, &vec![b' '; too_large]),
            1,
            1009,
        ),
        flood(
            "30 MB in one message",
            &frame(TEXT, b"\""),
            &frame(CONTINUATION, &[b'x'; 30_000]),
            1_000,
            1009,
        ),
        flood("a nesting of 327,680 levels", b"", &frame(FIN | TEXT, deep.as_bytes()), 1, bad_message),
        flood("no JSON", b"", &frame(FIN | TEXT, b"{\"type\":"), 100, bad_message),
    ]
}

/// Sends until the server has enough, and says how long that took.
async fn send(
    mut peer: Peer,
    first: Vec<u8>,
    then: Vec<u8>,
    times: usize,
    code: u16,
    name: &str,
) -> Duration {
    let start = Instant::now();
    peer.socket.send_bytes(&first).await;
    for _ in 0..times {
        if peer.socket.try_send_bytes(&then).await.is_err() {
            break;
        }
    }
    assert_eq!(peer.socket.close_code().await, code, "{name}");
    start.elapsed()
}

#[tokio::test]
async fn frames_that_are_made_to_cost() {
    let _turn = turn().await;
    let server = Server::start();
    let control = Control::start(&server).await;
    let memory = server.memory();
    let mut results = Vec::new();
    for Flood { name, first, then, times, code } in floods() {
        let mut peers = Vec::new();
        for _ in 0..AT_ONCE {
            peers.push(Peer::join(&server, "floods", "Eve").await);
        }
        let clients =
            peers.into_iter().map(|peer| send(peer, first.clone(), then.clone(), times, code, name));
        let [_, longest] = crate::support::all(clients).await;
        results.push(format!("{name}: {code} after {longest:.1?}"));
    }
    let grown = server.memory().saturating_sub(memory);
    let result = format!("{}; {grown} KiB more in use", results.join(", "));
    control.finish(&format!("{AT_ONCE} connections each"), &result);
    assert!(grown < 64 * 1024, "{grown} KiB");
}

/// The most that a participant can make the server hold: a message that is whole but for its last byte.
#[tokio::test]
async fn messages_that_are_never_finished() {
    const PARTICIPANTS: usize = 200;
    let _turn = turn().await;
    let server = Server::start();
    let control = Control::start(&server).await;
    let text = vec![b' '; limits::CLIENT_FRAME_BYTES];
    let whole = frame(FIN | TEXT, &text);
    let (part, rest) = text.split_at(limits::CLIENT_FRAME_BYTES / 2);
    let parts = [frame(TEXT, part), frame(CONTINUATION, rest)].concat();
    let mut results = Vec::new();
    for (name, bytes) in
        [("declared", &whole[..10]), ("in one frame", &whole[..whole.len() - 1]), ("in two", &parts)]
    {
        let mut peers = Vec::new();
        for _ in 0..PARTICIPANTS {
            peers.push(Peer::join(&server, "floods", "Eve").await);
        }
        let memory = server.memory();
        for peer in &mut peers {
            peer.socket.send_bytes(bytes).await;
        }
        sleep_ms(500).await;
        let each = server.memory().saturating_sub(memory) / PARTICIPANTS as u64;
        results.push(format!("{name} {each} KiB each"));
        assert!(each < 2 * limits::CLIENT_FRAME_BYTES as u64 / 1024 + 64, "{name}: {each} KiB");
        drop(peers);
        sleep_ms(300).await;
    }
    let memory = server.memory();
    control.finish(
        "200 messages that are never finished",
        &format!("{}, {memory} KiB afterwards", results.join(", ")),
    );
}

/// What is allowed, as deep as it can be: it costs no more than any other update.
#[tokio::test]
async fn a_nesting_as_deep_as_the_data_may_be() {
    let _turn = turn().await;
    let server = Server::start();
    let control = Control::start(&server).await;
    let levels = limits::DATA_UNITS / 2 - 10;
    let deep = "[".repeat(levels) + &"]".repeat(levels);
    let mut peer = Peer::join(&server, "deep", "Eve").await;
    for revision in 1..=30 {
        let change = if revision % 2 == 0 { replace(&[("deep", &deep)]) } else { merge(&[("deep", "0")]) };
        assert_eq!(peer.update(change).await, UpdateResult::Applied(revision));
    }
    control.finish("30 updates with a nesting of 51,190 levels", "all applied");
}
