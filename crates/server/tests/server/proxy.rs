//! Behind a proxy: whose address counts, what the log says of it, and which pages and names are allowed.

use std::io::{self, PipeReader, Read};
use std::sync::Mutex;

use meeting_session_core::protocol::*;
use meeting_session_server::Config;
use tracing::subscriber::DefaultGuard;

use crate::support::{BINARY, FIN, Peer, Server, Socket, join_message, merge};

/// Behind a proxy on the same machine that serves https://app.example.com.
fn behind_a_proxy(config: &mut Config) {
    config.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
    config.allow_origin = vec!["https://app.example.com".parse().unwrap()];
}

/// A WebSocket as a proxy asks for it, for a browser at `client` with a page of `origin`.
async fn through_the_proxy(server: &Server, client: &str, origin: &str) -> (Socket, String) {
    let headers = [("Host", "app.example.com"), ("Origin", origin), ("X-Forwarded-For", client)];
    Socket::upgrade(server, "/state/standup", &headers).await
}

/// What this thread logs, from debug up, until the guard is dropped.
fn log() -> (PipeReader, DefaultGuard) {
    let (log, writer) = io::pipe().unwrap();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(Mutex::new(writer))
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

fn text((mut log, guard): (PipeReader, DefaultGuard)) -> String {
    drop(guard);
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    text
}

/// The only line of a log with these words.
fn line<'a>(log: &'a str, words: &str) -> &'a str {
    let lines: Vec<_> = log.lines().filter(|line| line.contains(words)).collect();
    assert_eq!(lines.len(), 1, "{words} in {log}");
    lines[0]
}

#[tokio::test]
async fn the_log_names_the_client_and_neither_the_proxy_nor_what_was_said() {
    let log = log();
    let server = Server::with(behind_a_proxy).await;
    let forwarded = "192.0.2.66, 198.51.100.7";
    let (socket, head) = through_the_proxy(&server, forwarded, "https://app.example.com").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let join = Join { token: Some("a-token".into()), ..join_message("standup", "a-name") };
    let mut ana = Peer::join_on(socket, join).await.unwrap();
    ana.update(merge(&[("a-key", "\"a-value\"")])).await;
    ana.socket.send_frame(FIN | BINARY, b"a-payload").await;
    assert_eq!(ana.socket.close_code().await, CloseCode::BAD_MESSAGE.0);
    let (mut refused, _) = through_the_proxy(&server, "198.51.100.8", "https://evil.example.com").await;
    assert_eq!(refused.close_code().await, CloseCode::ORIGIN_REFUSED.0);
    server.stop().await.unwrap().unwrap();

    let log = text(log);
    assert!(line(&log, "joins").contains("address=198.51.100.7"), "{log}");
    assert!(line(&log, "origin refused").contains("address=198.51.100.8"), "{log}");
    assert!(line(&log, "closing").contains("address=198.51.100.7"), "{log}");
    for secret in ["a-token", "a-name", "a-key", "a-value", "a-payload", &ana.instance, &ana.joined.secret] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn whoever_is_no_trusted_proxy_speaks_for_itself() {
    let log = log();
    let server = Server::start().await;
    let headers = [("X-Forwarded-For", "198.51.100.7")];
    let (socket, _) = Socket::upgrade(&server, "/standup", &headers).await;
    Peer::join_on(socket, join_message("standup", "Ana")).await.unwrap();
    Socket::upgrade(&server, "/standup", &headers).await;
    server.stop().await.unwrap().unwrap();
    let log = text(log);
    assert!(line(&log, "joins").contains("address=127.0.0.1"), "{log}");
    // A proxy that was forgotten is pointed out, once.
    assert!(line(&log, "--trusted-proxy").contains("peer=127.0.0.1"), "{log}");
}

#[tokio::test]
async fn the_page_of_a_proxy_may_connect_and_a_page_on_the_visitors_machine_may_not() {
    let server = Server::with(behind_a_proxy).await;
    let (socket, _) = through_the_proxy(&server, "198.51.100.7", "https://app.example.com").await;
    Peer::join_on(socket, join_message("standup", "Ana")).await.unwrap();
    // On the server's own machine every loopback page may. But this one is on the visitor's.
    for origin in ["http://localhost:5173", "http://127.0.0.1:7880"] {
        let (mut socket, _) = through_the_proxy(&server, "198.51.100.7", origin).await;
        assert_eq!(socket.close_code().await, CloseCode::ORIGIN_REFUSED.0, "{origin}");
    }
    let (socket, _) = Socket::upgrade(&server, "/standup", &[("Origin", "http://localhost:5173")]).await;
    Peer::join_on(socket, join_message("standup", "Ben")).await.unwrap();
}

#[tokio::test]
async fn a_proxy_whose_host_was_not_allowed_is_told_what_is_missing() {
    let server = Server::with(|config| config.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()]).await;
    let headers = [("Host", "app.example.com"), ("Connection", "Upgrade, close")];
    let (mut socket, head) = Socket::upgrade(&server, "/state/standup", &headers).await;
    assert!(head.starts_with("HTTP/1.1 421 "), "{head}");
    let sentence = socket.rest().await;
    assert!(sentence.contains("--allow-origin"), "{sentence}");
}
