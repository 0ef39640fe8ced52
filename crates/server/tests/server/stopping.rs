//! The server's end, and clients that go away in the middle of something.

use std::time::{Duration, Instant};

use meeting_session_core::protocol::*;

use crate::support::{CLOSE, FIN, Peer, Received, Server, Socket, TEXT, merge, sleep_ms, soon};

#[tokio::test]
async fn a_server_that_stops_tells_every_connection_and_then_returns() {
    // These clients do not go by themselves. The fastest of some, as the machine may stand still for a while.
    let fastest = stop_and_listen().await.min(stop_and_listen().await).min(stop_and_listen().await);
    assert!(fastest < Duration::from_millis(2_500), "{fastest:?}");
}

/// How long a server takes to stop that tells every connection.
async fn stop_and_listen() -> Duration {
    let server = Server::start().await;
    let mut joined = Peer::join(&server, "standup", "Ana").await;
    let mut other = Peer::join(&server, "another", "Ben").await;
    let mut not_joined = Socket::open(&server, "/standup").await;
    let mut idle = Socket::connect(&server).await;
    idle.send_bytes(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    idle.head().await;
    let address = server.address;
    let start = Instant::now();
    let task = server.stop();
    for peer in [&mut joined, &mut other] {
        assert!(matches!(peer.message().await, ServerMessage::GoAway { .. }));
    }
    let going_away = Received::Close(CloseCode::GOING_AWAY.0, CloseCode::GOING_AWAY.reason().into());
    for socket in [&mut joined.socket, &mut other.socket, &mut not_joined] {
        assert_eq!(socket.receive().await, going_away);
        assert_eq!(socket.receive().await, Received::End);
    }
    assert_eq!(idle.rest().await, "ok");
    soon(task).await.unwrap().unwrap();
    let took = start.elapsed();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    took
}

#[tokio::test]
async fn clients_that_do_not_answer_cannot_keep_the_server_from_stopping() {
    let server = Server::start().await;
    let mut deaf = Vec::new();
    for _ in 0..5 {
        deaf.push(Peer::join(&server, "standup", "deaf").await);
    }
    let mut half = Socket::connect(&server).await;
    half.send_bytes(b"GET /healthz HTT").await;
    sleep_ms(50).await;
    let start = Instant::now();
    soon(server.stop()).await.unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[tokio::test]
async fn what_was_said_before_the_stop_arrives_before_the_close() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    ana.update(merge(&[("last", "\"words\"")])).await;
    let task = server.stop();
    ben.reach(1).await;
    for peer in [&mut ana, &mut ben] {
        assert!(matches!(peer.event().await, ServerMessage::GoAway { .. }));
    }
    assert_eq!(ben.socket.close_code().await, CloseCode::GOING_AWAY.0);
    assert_eq!(ana.socket.close_code().await, CloseCode::GOING_AWAY.0);
    soon(task).await.unwrap().unwrap();
}

#[tokio::test]
async fn clients_that_vanish_at_any_point_leave_the_server_well() {
    let server = Server::with_grace(0).await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let upgrade = "GET /standup HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for round in 0..200 {
        let mut socket = Socket::connect(&server).await;
        match round % 4 {
            0 => {}
            1 => socket.send_bytes(&upgrade.as_bytes()[..round % 150]).await,
            2 => socket.send_bytes(upgrade.as_bytes()).await,
            _ => {
                socket.send_bytes(upgrade.as_bytes()).await;
                socket.head().await;
                socket.send_bytes(&[FIN | TEXT, 0xff, 0, 0]).await;
            }
        }
    }
    for round in 0..20_u8 {
        let mut peer = Peer::join(&server, "standup", "Eve").await;
        let frame = [FIN | CLOSE, 0x82, 0, 0, 0, 0, 3, 232];
        peer.socket.send_bytes(&frame[..usize::from(round % 8)]).await;
    }
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    ana.update(merge(&[("well", "true")])).await;
    ben.reach(1).await;
    // Nobody who vanished is still there.
    soon(async {
        while Peer::join(&server, "standup", "Cem").await.joined.participants.len() > 3 {
            sleep_ms(20).await;
        }
    })
    .await;
}

#[tokio::test]
async fn half_a_request_is_given_up_after_5_seconds() {
    let server = Server::start().await;
    let start = Instant::now();
    let mut half = Socket::connect(&server).await;
    half.send_bytes(b"GET /standup HTTP/1.1\r\nHost: loc").await;
    let mut nothing = Socket::connect(&server).await;
    half.rest().await;
    nothing.rest().await;
    let waited = start.elapsed();
    assert!(waited >= Duration::from_secs(4) && waited < Duration::from_secs(30), "{waited:?}");
}
