//! Messages that are all allowed, and far too many.

use std::time::{Duration, Instant};

use meeting_session_core::protocol::*;

use crate::control::Control;
use crate::support::{FIN, PING, Peer, Received, Server, TEXT, all, frame, json, merge, soon, turn};

/// Connections that send the same at the same time, each in a session with one who reads all of it.
const AT_ONCE: usize = 4;

fn text(message: &ClientMessage) -> Vec<u8> {
    frame(FIN | TEXT, message.encode().as_bytes())
}

/// What one kind of flood sends again and again.
fn message(kind: &str, peer: &Peer) -> Vec<u8> {
    let large = json(&format!("\"{}\"", "x".repeat(limits::APP_MESSAGE_UNITS - 2)));
    match kind {
        "app messages of 4 KiB" => text(&ClientMessage::AppMessage { to: None, data: large }),
        "set-user with 4 KiB" => text(&ClientMessage::SetUser { user_name: None, user_data: Some(large) }),
        "updates of 1 KiB" => {
            let value = format!("\"{}\"", "x".repeat(1_024));
            text(&ClientMessage::Update(peer.request(1, merge(&[("a", &value)]))))
        }
        "updates that cannot be read" => frame(FIN | TEXT, b"{\"type\":\"update\",\"seq\":7}"),
        "pongs" => text(&ClientMessage::Pong),
        "pings of the WebSocket" => frame(FIN | PING, &[b'x'; 125]),
        other => panic!("{other}"),
    }
}

/// Reads what comes until the other one is gone.
async fn stand_by(mut peer: Peer) {
    while !matches!(peer.message_unhurried().await, ServerMessage::ParticipantLeft(_)) {}
}

/// Sends as much as the connection takes, reads or not, and says when it was closed with 3005.
async fn send(mut peer: Peer, kind: &str, reads: bool) -> Duration {
    let start = Instant::now();
    let bytes = message(kind, &peer).repeat(64);
    let mut sent = 0;
    loop {
        sent = (sent + peer.socket.send_what_fits(&bytes[sent..])) % bytes.len();
        if !reads && start.elapsed() < limits::THROTTLED_MAX {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        }
        while let Ok(received) =
            tokio::time::timeout(Duration::from_millis(5), peer.socket.receive_unhurried()).await
        {
            match received {
                Received::Close(code, _) => {
                    assert_eq!(code, CloseCode::RATE_LIMITED.0, "{kind}");
                    return start.elapsed();
                }
                Received::End => panic!("{kind}: no close came in {:?}", start.elapsed()),
                Received::Text(_) | Received::Pong(_) => {}
            }
        }
    }
}

#[tokio::test]
async fn more_messages_than_a_connection_may_send() {
    let _turn = turn().await;
    let server = Server::start();
    let control = Control::start(&server).await;
    let memory = server.memory();
    let kinds = [
        ("app messages of 4 KiB", true),
        ("set-user with 4 KiB", true),
        ("updates of 1 KiB", true),
        ("updates that cannot be read", true),
        ("pongs", false),
        ("pings of the WebSocket", false),
    ];
    let mut clients = Vec::new();
    let mut witnesses = Vec::new();
    for (kind, reads) in kinds {
        for number in 0..AT_ONCE {
            let session = format!("{}-{number}", kind.replace(' ', "-"));
            witnesses.push(tokio::spawn(stand_by(Peer::join(&server, &session, "Ana").await)));
            clients.push(send(Peer::join(&server, &session, "Eve").await, kind, reads));
        }
    }
    let count = clients.len();
    let ended = all(clients.into_iter()).await;
    assert!(ended[0] >= limits::THROTTLED_MAX && ended[1] < limits::THROTTLED_MAX * 12, "{ended:?}");
    for witness in witnesses {
        soon(witness).await.expect("who is in the same session goes on");
    }
    let grown = server.memory().saturating_sub(memory);
    let result = format!("closed with 3005 after {ended:.1?}, {grown} KiB more in use");
    control.finish(&format!("{count} floods of six kinds"), &result);
}
