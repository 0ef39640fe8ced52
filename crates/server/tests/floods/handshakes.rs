//! Connections that never become participants: silent, slow, too many, given up half way.

use std::time::{Duration, Instant};

use meeting_session_core::protocol::*;

use crate::control::Control;
use crate::support::{FIN, Peer, Received, Server, Socket, TEXT, all, frame, join_message, sleep_ms, turn};

/// So many sockets at once.
const CROWD: usize = 5_000;

/// The time in which a request must be there: `HEAD_TIMEOUT` of the server.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Whoever is still connected after this is not given up by a time limit, however slow the machine is.
const CUT: Duration = Duration::from_secs(60);

/// The time to fill the server: less than any limit after which it gives up the first ones.
const FILLED: Duration = Duration::from_secs(4);

const UPGRADE: &str = "GET /standup HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// So many connections, with the moment in which each was there.
async fn connect(server: &Server, count: usize) -> Vec<(Instant, Socket)> {
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        sockets.push((Instant::now(), Socket::connect(server).await));
    }
    sockets
}

/// Fills the server while nobody is given up yet. A machine that stands still meanwhile gets another chance.
async fn fill_in_time<T>(server: &Server, fill: impl AsyncFn() -> T) -> T {
    let files = server.open_files();
    for _ in 0..5 {
        let start = Instant::now();
        let filled = fill().await;
        if start.elapsed() < FILLED {
            return filled;
        }
        drop(filled);
        server.closes_all_but(files).await;
    }
    panic!("they are never all there at the same time");
}

/// Somebody can join as if nothing had been.
async fn is_as_before(server: &Server, files: usize) {
    server.closes_all_but(files).await;
    Peer::join(server, "afterwards", "Ana").await;
}

#[tokio::test]
async fn sockets_that_say_nothing() {
    let _turn = turn().await;
    let server = Server::start();
    let control = Control::start(&server).await;
    let (files, memory) = (server.open_files(), server.memory());
    let (sockets, each) = fill_in_time(&server, async || {
        let start = Instant::now();
        let sockets = connect(&server, CROWD).await;
        while server.open_files() <= CROWD && start.elapsed() < FILLED {
            sleep_ms(20).await;
        }
        (sockets, server.memory().saturating_sub(memory) * 1024 / CROWD as u64)
    })
    .await;
    let clients = sockets.into_iter().map(|(start, mut socket)| async move {
        assert_eq!(socket.rest().await, "");
        start.elapsed()
    });
    let ended = all(clients).await;
    assert!(ended[0] >= HEAD_TIMEOUT && ended[1] < CUT, "{ended:?}");
    is_as_before(&server, files).await;
    let result = format!("ended after {ended:.1?}, {each} bytes each");
    control.finish(&format!("{CROWD} silent sockets"), &result);
}

#[tokio::test]
async fn requests_that_come_a_byte_a_second() {
    let _turn = turn().await;
    let server = Server::start();
    let control = Control::start(&server).await;
    let files = server.open_files();
    let sockets = connect(&server, CROWD).await;
    let clients = sockets.into_iter().map(|(start, mut socket)| async move {
        for byte in "GET /standup HTTP/1.1".bytes() {
            if socket.try_send_bytes(&[byte]).await.is_err()
                || tokio::time::timeout(Duration::from_secs(1), socket.rest()).await.is_ok()
            {
                return start.elapsed();
            }
        }
        panic!("the server has all the time in the world");
    });
    let ended = all(clients).await;
    assert!(ended[0] >= HEAD_TIMEOUT && ended[1] < CUT, "{ended:?}");
    is_as_before(&server, files).await;
    control.finish(&format!("{CROWD} requests of a byte a second"), &format!("ended after {ended:.1?}"));
}

/// Requests that are answered, or have begun to be, and then nothing.
#[tokio::test]
async fn connections_that_are_kept_and_bodies_that_never_come() {
    let _turn = turn().await;
    let server = Server::start();
    let control = Control::start(&server).await;
    let files = server.open_files();
    let sockets = connect(&server, 2_000).await;
    let requests = [
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /standup HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n",
        "POST /standup HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nHost: loc",
    ];
    let clients = sockets.into_iter().zip(requests.into_iter().cycle()).map(
        |((start, mut socket), request)| async move {
            socket.send_bytes(request.as_bytes()).await;
            assert!(socket.rest().await.starts_with("HTTP/1.1 "));
            start.elapsed()
        },
    );
    let ended = all(clients).await;
    assert!(ended[1] < CUT, "{ended:?}");
    is_as_before(&server, files).await;
    control.finish("2000 kept connections and endless bodies", &format!("ended after {ended:.1?}"));
}

const PER_ADDRESS: usize = limits::JOINING_CONNECTIONS_PER_ADDRESS;

/// The address of a client, so that no address has more than it may.
fn client(index: usize) -> String {
    format!("198.51.100.{}", index / PER_ADDRESS)
}

async fn open_as(server: &Server, index: usize) -> Socket {
    let (socket, head) = Socket::upgrade(server, "/standup", &[("X-Forwarded-For", &client(index))]).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    socket
}

#[tokio::test]
async fn more_upgraded_connections_than_may_wait_for_their_join() {
    let _turn = turn().await;
    let server = Server::start();
    let control = Control::start(&server).await;
    let (files, memory) = (server.open_files(), server.memory());
    let (waiting, each, heads) = fill_in_time(&server, async || {
        let mut waiting = Vec::new();
        for index in 0..limits::JOINING_CONNECTIONS {
            waiting.push((Instant::now(), open_as(&server, index).await));
        }
        let each = server.memory().saturating_sub(memory) * 1024 / limits::JOINING_CONNECTIONS as u64;
        let mut heads = Vec::new();
        for _ in 0..500 {
            heads.push(Socket::upgrade(&server, "/standup", &[]).await.1);
        }
        (waiting, each, heads)
    })
    .await;
    for head in heads {
        assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n"), "{head}");
    }
    let clients = waiting.into_iter().map(|(start, mut socket)| async move {
        let closed = Received::Close(CloseCode::JOIN_TIMEOUT.0, CloseCode::JOIN_TIMEOUT.reason().into());
        assert_eq!(socket.receive_unhurried().await, closed);
        start.elapsed()
    });
    let ended = all(clients).await;
    assert!(ended[0] >= limits::JOIN_TIMEOUT && ended[1] < CUT, "{ended:?}");
    is_as_before(&server, files).await;
    let result = format!("closed with 3003 after {ended:.1?}, {each} bytes each; 500 more got 503");
    control.finish("1000 connections that do not join", &result);
}

/// One way to give up: what is sent, whether the answer is read, and whether the end is said.
#[derive(Clone)]
struct Abort(Vec<u8>, bool, bool);

#[tokio::test]
async fn upgrades_that_are_given_up() {
    const ROUND: usize = 5_000;
    const ROUNDS: usize = 4;
    let _turn = turn().await;
    let server = Server::start();
    let control = Control::start(&server).await;
    let files = server.open_files();
    let join = ClientMessage::Join(Box::new(join_message("standup", "gone"))).encode();
    let join = frame(FIN | TEXT, join.as_bytes());
    let ways: Vec<_> = (0..10)
        .flat_map(|index| {
            let forwarded = format!("X-Forwarded-For: {}\r\n\r\n", client(index * PER_ADDRESS));
            let upgrade = UPGRADE.replace("\r\n\r\n", &format!("\r\n{forwarded}")).into_bytes();
            let half_a_join = [&upgrade, &join[..join.len() / 2]].concat();
            [
                Abort(Vec::new(), false, false),
                Abort(upgrade[..40].to_vec(), false, false),
                Abort(upgrade.clone(), false, false),
                Abort(upgrade.clone(), true, false),
                Abort(upgrade, true, true),
                Abort(half_a_join.clone(), true, false),
                Abort(half_a_join, false, true),
            ]
        })
        .collect();
    let start = Instant::now();
    let mut memory = Vec::new();
    for _ in 0..ROUNDS {
        for way in ways.iter().cycle().take(ROUND) {
            let mut socket = Socket::connect(&server).await;
            let Abort(bytes, reads, says) = way;
            socket.send_bytes(bytes).await;
            if *reads {
                assert!(socket.head().await.starts_with("HTTP/1.1 101 "));
            }
            if !says {
                socket.reset();
            }
        }
        server.closes_all_but(files).await;
        memory.push(server.memory());
    }
    let took = start.elapsed();
    let growth = memory[ROUNDS - 1].saturating_sub(memory[0]);
    assert!(growth < 4 * 1024, "{memory:?} KiB");
    // Every place is free again.
    let mut waiting = Vec::new();
    for index in 0..limits::JOINING_CONNECTIONS {
        waiting.push(open_as(&server, index).await);
    }
    let result = format!("in {took:.1?}, memory after each {ROUND}: {memory:?} KiB");
    control.finish(&format!("{} upgrades given up", ROUND * ROUNDS), &result);
}
