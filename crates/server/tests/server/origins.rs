//! Whose pages may connect, and under which name the server answers.

use meeting_session_core::protocol::*;
use meeting_session_server::Config;

use crate::support::{Received, Server, Socket, join_message};

/// What a page of this origin, or a program when it is empty, gets from a session on a server that is called `host`.
async fn connect(server: &Server, origin: &str, host: &str) -> Result<(), u16> {
    let (mut socket, head) = Socket::upgrade(server, "/standup", &[("Origin", origin), ("Host", host)]).await;
    if !head.starts_with("HTTP/1.1 101 ") {
        return Err(head[9..12].parse().unwrap());
    }
    let join = ClientMessage::Join(Box::new(join_message("standup", "Ana"))).encode();
    let _ = socket.try_send_bytes(b"").await;
    socket.send_text(&join).await;
    match socket.receive().await {
        Received::Text(_) => Ok(()),
        Received::Close(code, _) => Err(code),
        other => panic!("{other:?}"),
    }
}

fn allow(config: &mut Config, origins: &[&str]) {
    config.allow_origin = origins.iter().map(|origin| origin.parse().unwrap()).collect();
}

const REFUSED: Result<(), u16> = Err(CloseCode::ORIGIN_REFUSED.0);

#[tokio::test]
async fn on_a_loopback_address_pages_of_this_machine_and_listed_ones_may_connect() {
    let server = Server::with(|config| allow(config, &["https://app.example.com"])).await;
    let host = server.address.to_string();
    for origin in
        ["", "http://localhost:5173", "https://127.0.0.1", "http://[::1]:3000", "https://app.example.com"]
    {
        assert_eq!(connect(&server, origin, &host).await, Ok(()), "{origin}");
    }
    for origin in ["https://evil.example.com", "null", "http://localhost.example.com", "file://", "é"] {
        assert_eq!(connect(&server, origin, &host).await, REFUSED, "{origin}");
    }
}

#[tokio::test]
async fn on_a_loopback_address_the_server_answers_only_to_a_loopback_name_or_that_of_a_listed_origin() {
    let server = Server::with(|config| allow(config, &["https://app.example.com"])).await;
    for host in ["localhost", "localhost:1", "[::1]:80", "app.example.com"] {
        assert_eq!(connect(&server, "", host).await, Ok(()), "{host}");
    }
    // As after DNS rebinding: the page's name leads here, and it is the page's own origin.
    let rebound = connect(&server, "http://evil.example.com:7880", "evil.example.com:7880").await;
    assert_eq!(rebound, Err(421));
    let mut socket = Socket::connect(&server).await;
    socket.send_bytes(b"GET /healthz HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n").await;
    let answer = socket.rest().await;
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
    assert!(answer.contains("--allow-origin"), "{answer}");
}

#[tokio::test]
async fn on_another_address_the_servers_own_page_and_listed_ones_may_connect() {
    let server = Server::with(|config| {
        config.listen = "0.0.0.0:0".into();
        allow(config, &["https://app.example.com", "null"]);
    })
    .await;
    let host = "sessions.example.com:7880";
    for origin in ["", "http://sessions.example.com:7880", "https://app.example.com", "null"] {
        assert_eq!(connect(&server, origin, host).await, Ok(()), "{origin}");
    }
    for origin in ["http://localhost:5173", "http://sessions.example.com", "https://evil.example.com"] {
        assert_eq!(connect(&server, origin, host).await, REFUSED, "{origin}");
    }
}
