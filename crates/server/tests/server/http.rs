//! Everything that is not a WebSocket: the page, its files, health, and what is refused.

use meeting_session_core::protocol::*;

use crate::support::{Received, Server, Socket, join_message};

/// The head and the body of the answer to a request.
async fn request(server: &Server, method: &str, path: &str, headers: &str) -> (String, String) {
    let mut socket = Socket::connect(server).await;
    let text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    socket.send_bytes(text.as_bytes()).await;
    (socket.head().await, socket.rest().await)
}

async fn get(server: &Server, path: &str) -> (String, String) {
    request(server, "GET", path, "").await
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.clone().find(|(other, _)| *other == name).map_or("", |(_, value)| value)
}

fn status(head: &str) -> u16 {
    head[9..12].parse().unwrap()
}

#[tokio::test]
async fn the_server_says_that_it_is_well() {
    let server = Server::start().await;
    let (head, body) = get(&server, "/healthz").await;
    assert_eq!((status(&head), body.as_str()), (200, "ok"));
}

#[tokio::test]
async fn the_page_is_at_the_root_and_at_every_session() {
    let server = Server::start().await;
    let pages = [
        "/",
        "/standup",
        "/a/b/standup",
        "/st%61ndup",
        "/standup/",
        "/standup?t=1",
        "/-",
        "/-/demo/index.html",
    ];
    for path in pages {
        let (head, body) = get(&server, path).await;
        assert_eq!(status(&head), 200, "{path}");
        assert_eq!(header(&head, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&head, "x-content-type-options"), "nosniff");
        let policy = header(&head, "content-security-policy");
        for part in [
            "default-src 'self'",
            "'wasm-unsafe-eval'",
            "connect-src 'self' ws: wss:",
            "frame-ancestors 'self'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(body.starts_with("<!doctype html>"), "{path}");
    }
    for path in ["/a b", "/..", "/%2e", "/%zz", "/st%c3%a9", "//", "/a%2fb", &format!("/{}", "a".repeat(129))]
    {
        let (head, body) = get(&server, &path.replace(' ', "%20")).await;
        assert_eq!(status(&head), 404, "{path}");
        assert!(body.contains("/NAME"), "{body}");
    }
}

#[tokio::test]
async fn files_are_found_below_every_prefix_and_nothing_else_is() {
    let server = Server::start().await;
    for (path, content_type) in [
        ("/-/demo/main.js", "text/javascript; charset=utf-8"),
        ("/-/demo/style.css", "text/css; charset=utf-8"),
        ("/-/demo/icon.svg", "image/svg+xml"),
        ("/prefix/-/demo/main.js", "text/javascript; charset=utf-8"),
        ("/-/demo/-/demo/main.js", "text/javascript; charset=utf-8"),
    ] {
        let (head, body) = get(&server, path).await;
        assert_eq!(status(&head), 200, "{path}");
        assert_eq!(header(&head, "content-type"), content_type, "{path}");
        assert_eq!(header(&head, "x-content-type-options"), "nosniff");
        assert_eq!(header(&head, "content-length"), body.len().to_string());
    }
    for path in [
        "/-/demo/nothing.js",
        "/-/demo/",
        "/-/demo",
        "/-/",
        "/-/another/main.js",
        "/-/demo/../../Cargo.toml",
        "/-/demo//etc/passwd",
        "/-/demo/%2e%2e/package.json",
        "/-/demo/main.js/",
    ] {
        assert_eq!(status(&get(&server, path).await.0), 404, "{path}");
    }
    // The module is there when it was built; when not, the answer says how.
    let (head, body) = get(&server, "/-/module/index.js").await;
    match status(&head) {
        200 => assert_eq!(header(&head, "content-type"), "text/javascript; charset=utf-8"),
        503 => assert!(body.contains("npm run build"), "{body}"),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_file_that_the_browser_has_is_not_sent_again() {
    let server = Server::start().await;
    let (head, _) = get(&server, "/-/demo/main.js").await;
    let tag = header(&head, "etag").to_owned();
    assert_eq!(header(&head, "cache-control"), "no-cache");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
        let condition = format!("If-None-Match: {known}\r\n");
        let (head, body) = request(&server, "GET", "/-/demo/main.js", &condition).await;
        assert_eq!((status(&head), body.as_str()), (304, ""), "{known}");
        assert_eq!(header(&head, "etag"), tag);
    }
    let (head, _) = request(&server, "GET", "/-/demo/main.js", "If-None-Match: \"other\"\r\n").await;
    assert_eq!(status(&head), 200);
}

#[tokio::test]
async fn only_get_and_head_are_allowed() {
    let server = Server::start().await;
    for path in ["/", "/standup", "/-/demo/main.js", "/healthz", "/%zz"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let (head, _) = request(&server, method, path, "Content-Length: 0\r\n").await;
            assert_eq!(status(&head), 405, "{method} {path}");
            assert!(header(&head, "allow").contains("GET"), "{head}");
        }
    }
    for path in ["/", "/-/demo/main.js"] {
        let (full, body) = get(&server, path).await;
        let (head, nothing) = request(&server, "HEAD", path, "").await;
        assert_eq!((status(&head), nothing.as_str()), (200, ""));
        assert!(!body.is_empty());
        assert_eq!(header(&head, "content-length"), header(&full, "content-length"));
    }
}

#[tokio::test]
async fn an_upgrade_is_checked_and_answered_by_the_rules() {
    let server = Server::start().await;
    let (_, head) = Socket::upgrade(&server, "/standup", &[]).await;
    assert_eq!(status(&head), 101);
    assert_eq!(header(&head, "sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(header(&head, "sec-websocket-protocol"), SUBPROTOCOL);

    let protocol = "Sec-WebSocket-Protocol";
    for (offered, chosen) in [("", ""), ("chat, meeting-session.v1", SUBPROTOCOL)] {
        let (_, head) = Socket::upgrade(&server, "/standup", &[(protocol, offered)]).await;
        assert_eq!((status(&head), header(&head, "sec-websocket-protocol")), (101, chosen), "{offered}");
    }
    for (name, value, code) in [
        (protocol, "chat", 400),
        (protocol, "meeting-session.v2", 400),
        ("Connection", "keep-alive", 400),
        ("Sec-WebSocket-Key", "", 400),
        ("Sec-WebSocket-Key", "c2hvcnQ=", 400),
        ("Sec-WebSocket-Version", "8", 426),
        ("Sec-WebSocket-Version", "", 426),
    ] {
        let (_, head) = Socket::upgrade(&server, "/standup", &[(name, value)]).await;
        assert_eq!(status(&head), code, "{name}: {value}");
        if code == 426 {
            assert_eq!(header(&head, "sec-websocket-version"), "13");
        }
    }
    let (_, head) = Socket::upgrade(&server, "/standup", &[("Connection", "keep-alive, Upgrade")]).await;
    assert_eq!(status(&head), 101, "as Firefox says it");
    for path in ["/", "/%zz", "/a%2fb"] {
        let (_, head) = Socket::upgrade(&server, path, &[]).await;
        assert_eq!(status(&head), 404, "{path}");
    }
}

#[tokio::test]
async fn a_session_may_be_called_like_another_path_of_the_server() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server, "/healthz").await;
    let join = ClientMessage::Join(Box::new(join_message("healthz", "Ana")));
    socket.send_text(&join.encode()).await;
    assert!(matches!(socket.receive().await, Received::Text(_)));
}

#[tokio::test]
async fn a_head_that_is_too_large_or_makes_no_sense_is_refused() {
    let server = Server::start().await;
    let large = format!("X-Large: {}\r\n", "x".repeat(40_000));
    assert_eq!(status(&request(&server, "GET", "/", &large).await.0), 431);
    let many: String = (0..70).map(|number| format!("X-{number}: 1\r\n")).collect();
    assert_eq!(status(&request(&server, "GET", "/", &many).await.0), 431);
    let mut socket = Socket::connect(&server).await;
    socket.send_bytes(b"\x16\x03\x01\x02\x00\x01\r\n\r\n").await;
    assert_eq!(status(&socket.rest().await), 400, "as when a browser tries https");
}
