//! The opening handshake (RFC 6455, sections 4.1, 4.2 and 11.3; HTTP by RFC 9112).

use meeting_session_core::protocol::*;

use crate::support::{Control, FIN, PING, Received, Server, Socket, TEXT, frame, join_message};

/// The key in the RFC's example, and its answer.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Instead of a status: the connection is closed without an answer.
const DROPPED: u16 = 0;

/// A request and the status of its answer, with what must be in the answer's head.
struct Case {
    name: String,
    request: String,
    status: u16,
    head: &'static str,
}

/// A request with these lines instead of the usual ones; a line is replaced by those of the same name.
fn with(lines: &[&str]) -> String {
    let name = |line: &str| line.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let key = format!("Sec-WebSocket-Key: {KEY}");
    let usual =
        ["Host: localhost", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", &key];
    let kept = usual.into_iter().filter(|line| lines.iter().all(|other| name(other) != name(line)));
    let all: Vec<_> = kept.chain(lines.iter().copied().filter(|line| !line.ends_with(": -"))).collect();
    format!("GET /cases HTTP/1.1\r\n{}\r\n\r\n", all.join("\r\n"))
}

fn usual() -> String {
    with(&[])
}

/// A row in which these header lines replace the usual ones. One with the value `-` is left out.
fn row(lines: &[&str], status: u16, head: &'static str) -> Case {
    Case { name: lines.join(" and "), request: with(lines), status, head }
}

fn request(name: &str, request: String, status: u16) -> Case {
    Case { name: name.into(), request, status, head: "" }
}

/// What the server answers to each of the handshake's headers.
fn headers() -> Vec<Case> {
    vec![
        row(&[], 101, ACCEPT),
        row(&["Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw=="], 101, "accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk="),
        row(&[], 101, "upgrade: websocket"),
        row(&[], 101, "connection: Upgrade"),
        // The version: another one is answered with 426 and the one that is spoken.
        row(&["Sec-WebSocket-Version: -"], 426, "sec-websocket-version: 13"),
        row(&["Sec-WebSocket-Version: 8"], 426, "sec-websocket-version: 13"),
        row(&["Sec-WebSocket-Version: 14"], 426, "sec-websocket-version: 13"),
        row(&["Sec-WebSocket-Version: 013"], 426, "sec-websocket-version: 13"),
        row(&["Sec-WebSocket-Version: 13, 8"], 426, "sec-websocket-version: 13"),
        row(&["Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8"], 426, "sec-websocket-version: 13"),
        row(&["Sec-WebSocket-Version:   13  "], 101, ACCEPT),
        // The key: 16 bytes in base64, once.
        row(&["Sec-WebSocket-Key: -"], 400, ""),
        row(&["Sec-WebSocket-Key: "], 400, ""),
        row(&["Sec-WebSocket-Key: c2hvcnQ="], 400, ""),
        row(&["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE="], 400, ""),
        row(&["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"], 400, ""),
        row(&["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR=="], 400, ""),
        row(&["Sec-WebSocket-Key: ?????????????????????="], 400, ""),
        row(&["Sec-WebSocket-Key: dGhlIHNhbXBs ZSBub25jZQ=="], 400, ""),
        row(
            &["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw=="],
            400,
            "",
        ),
        // Connection: a list of tokens, whatever their case.
        row(&["Connection: -"], 400, ""),
        row(&["Connection: keep-alive"], 400, ""),
        row(&["Connection: Upgraded"], 400, ""),
        row(&["Connection: upgrade"], 101, ACCEPT),
        row(&["Connection: keep-alive, UPGRADE"], 101, ACCEPT),
        row(&["Connection: Upgrade,keep-alive"], 101, ACCEPT),
        row(&["Connection: keep-alive", "Connection: Upgrade"], 101, ACCEPT),
        // Upgrade, likewise. A request that does not ask for a WebSocket gets the page.
        row(&["Upgrade: WebSocket"], 101, ACCEPT),
        row(&["Upgrade: h2c, websocket"], 101, ACCEPT),
        row(&["Upgrade: -"], 200, "content-type: text/html"),
        row(&["Upgrade: h2c"], 200, "content-type: text/html"),
        row(&["Upgrade: websockets"], 200, "content-type: text/html"),
        row(&["Upgrade: websocket/13"], 200, "content-type: text/html"),
        // Names of headers have no case.
        row(&["host: localhost", "CONNECTION: Upgrade", "sEC-wEBsOCKET-vERSION: 13"], 101, ACCEPT),
        // Subprotocols: a list of names, which do have a case, as browsers compare them so.
        row(&["Sec-WebSocket-Protocol: meeting-session.v1"], 101, "protocol: meeting-session.v1"),
        row(&["Sec-WebSocket-Protocol: chat, meeting-session.v1"], 101, "protocol: meeting-session.v1"),
        row(
            &["Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: meeting-session.v1"],
            101,
            "protocol: meeting-session.v1",
        ),
        row(&["Sec-WebSocket-Protocol: chat"], 400, ""),
        row(&["Sec-WebSocket-Protocol: Meeting-Session.v1"], 400, ""),
        row(&["Sec-WebSocket-Protocol: "], 400, ""),
        // Lax: HTTP demands 400 for a request without Host, and for one with two. Host is checked only to keep pages of
        // other sites out, whose browser sends exactly one; the first one counts.
        row(&["Host: -"], 101, ACCEPT),
        row(&["Host: localhost", "Host: localhost"], 101, ACCEPT),
    ]
}

/// What does not depend on the handshake's own headers.
fn requests() -> Vec<Case> {
    let line = |line: &str| usual().replace("GET /cases HTTP/1.1", line);
    let many: Vec<_> = (0..64).map(|number| format!("X-{number}: 1")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let large = format!("X: {}", "x".repeat(16 * 1024));
    let sizeable = format!("X: {}", "x".repeat(8 * 1024));
    vec![
        request("PUT", line("PUT /cases HTTP/1.1"), 405),
        request("POST", line("POST /cases HTTP/1.1"), 405),
        request("get in small letters", line("get /cases HTTP/1.1"), 405),
        request("HEAD gets the head of the page", line("HEAD /cases HTTP/1.1"), 200),
        request("HTTP/1.0", line("GET /cases HTTP/1.0"), 400),
        request("HTTP/1.2", line("GET /cases HTTP/1.2"), 400),
        request("HTTP/2.0", line("GET /cases HTTP/2.0"), 400),
        request("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), DROPPED),
        request("HTTP/0.9", "GET /cases\r\n\r\n".into(), 400),
        request("a whole address", line("GET http://localhost/cases HTTP/1.1"), 101),
        request("a query", line("GET /cases?a=b HTTP/1.1"), 101),
        request("a fragment", line("GET /cases#a HTTP/1.1"), 101),
        request("no name", line("GET / HTTP/1.1"), 404),
        request("no path", line("GET * HTTP/1.1"), 404),
        request("no address", line("GET  HTTP/1.1"), 400),
        request("a space in the path", line("GET /a b HTTP/1.1"), 400),
        request("64 more headers", with(&many), 431),
        request("59 more headers", with(&many[..59]), 101),
        request("a header of 16 KiB", with(&[&large]), 431),
        request("a header of 8 KiB", with(&[&sizeable]), 101),
        request("a path of 20 KiB", line(&format!("GET /{} HTTP/1.1", "a".repeat(20 * 1024))), 431),
        request("a header without a colon", with(&["nonsense"]), 400),
        request("a space before the colon", with(&["X-A : b"]), 400),
        request("a header over two lines", with(&["X-A: b\r\n c"]), 400),
        request("a zero byte in a header", with(&["X-A: \0"]), 400),
        request("nonsense", "\u{16}\u{3}\u{1}\r\n\r\n".into(), 400),
        request("an empty line first", format!("\r\n{}", usual()), 101),
        // Lax: HTTP lets a server take these.
        request("lines that end with LF alone", usual().replace("\r\n", "\n"), 101),
        request("an expectation", with(&["Expect: 100-continue"]), 101),
        request("an empty body", with(&["Content-Length: 0"]), 101),
        request("two lengths", with(&["Content-Length: 1", "Content-Length: 2"]), 400),
        request("a length and chunks", with(&["Content-Length: 1", "Transfer-Encoding: chunked"]), 400),
        request("a body", with(&["Content-Length: 5"]) + "hello", 400),
        request("a body in chunks", with(&["Transfer-Encoding: chunked"]) + "5\r\nhello\r\n0\r\n\r\n", 400),
    ]
}

fn status(head: &str) -> u16 {
    head[9..12].parse().unwrap()
}

async fn run(cases: Vec<Case>) {
    let server = Server::start().await;
    let mut control = Control::new(&server).await;
    for Case { name, request, status: expected, head: part } in &cases {
        for byte_by_byte in [false, true] {
            if byte_by_byte && request.len() > 1_000 {
                continue;
            }
            let mut socket = Socket::connect(&server).await;
            let parts = if byte_by_byte { 1 } else { request.len() };
            for part in request.as_bytes().chunks(parts) {
                let _ = socket.try_send_bytes(part).await;
            }
            if *expected == DROPPED {
                assert_eq!(socket.rest().await, "", "{name}");
                continue;
            }
            let head = socket.head().await;
            assert_eq!(status(&head), *expected, "{name}: {head}");
            assert!(head.contains(part), "{name}: {head}");
            if *expected == 101 {
                socket.send_frame(FIN | PING, b"?").await;
                assert_eq!(socket.receive().await, Received::Pong(b"?".to_vec()), "{name}");
            }
        }
        control.check(name).await;
    }
}

#[tokio::test]
async fn the_headers_of_the_handshake() {
    run(headers()).await;
}

#[tokio::test]
async fn requests_that_are_none_and_some_that_are() {
    run(requests()).await;
}

#[tokio::test]
async fn extensions_are_not_negotiated_nor_a_subprotocol_that_was_not_offered() {
    let server = Server::start().await;
    for offer in [
        "permessage-deflate; client_max_window_bits",
        "x-unheard-of",
        "permessage-deflate, permessage-deflate",
    ] {
        let (_, head) = Socket::upgrade(
            &server,
            "/cases",
            &[("Sec-WebSocket-Extensions", offer), ("Sec-WebSocket-Protocol", "")],
        )
        .await;
        assert_eq!(status(&head), 101, "{head}");
        assert!(!head.contains("sec-websocket-extensions"), "{head}");
        assert!(!head.contains("sec-websocket-protocol"), "{head}");
    }
}

#[tokio::test]
async fn frames_may_come_with_the_request_and_requests_may_come_before_it() {
    let server = Server::start().await;
    let health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for part in [100_000, 100, 1] {
        let join = ClientMessage::Join(Box::new(join_message("cases", "Ana"))).encode();
        let join = frame(FIN | TEXT, join.as_bytes());
        let bytes = [health.as_bytes(), usual().as_bytes(), &frame(FIN | PING, b"?"), &join].concat();
        let mut socket = Socket::connect(&server).await;
        for part in bytes.chunks(part) {
            socket.send_bytes(part).await;
        }
        assert_eq!(status(&socket.head().await), 200);
        let head = socket.head().await;
        let head = head.strip_prefix("ok").unwrap();
        assert_eq!(status(head), 101, "{head}");
        assert_eq!(socket.receive().await, Received::Pong(b"?".to_vec()));
        assert!(matches!(socket.receive().await, Received::Text(_)));
    }
    // Once it is a WebSocket, nothing else is spoken.
    let mut socket = Socket::open(&server, "/cases").await;
    socket.send_bytes(health.as_bytes()).await;
    assert_eq!(socket.close_code().await, 1002);
}
