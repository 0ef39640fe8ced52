//! Readers that take nothing: they cost the others no time and the server little memory.

use std::time::{Duration, Instant};

use meeting_session_core::protocol::*;

use crate::support::{Peer, Received, Server, Socket, join_message, json, merge, sleep_ms};

/// A participant whose socket takes only a little until it is read.
async fn narrow_peer(server: &Server) -> Peer {
    let socket = Socket::narrow(server, "/standup").await;
    Peer::join_on(socket, join_message("standup", "slow")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_nothing_delays_nobody_and_then_gets_one_delta_to_the_newest() {
    const UPDATES: u64 = 80;
    let server = Server::start().await;
    let mut slow = narrow_peer(&server).await;
    let mut writer = Peer::join(&server, "standup", "writer").await;
    let mut reader = Peer::join(&server, "standup", "reader").await;
    let mut late = Vec::new();
    for turn in 0..UPDATES {
        // Two keys in turn, so that the newest delta alone would not do.
        let value = format!("\"{turn} {}\"", "x".repeat(50_000));
        let start = Instant::now();
        let update = merge(&[(if turn % 2 == 0 { "even" } else { "odd" }, &value)]);
        assert_eq!(writer.update(update).await, UpdateResult::Applied(turn + 1));
        reader.reach(turn + 1).await;
        late.extend(Some(start.elapsed()).filter(|time| *time >= Duration::from_millis(500)));
    }
    // A reader that held up the others would do so from some update on.
    assert!(late.len() <= 3, "updates took {late:?}");

    let mut bytes = 0;
    let mut leap = 0;
    while slow.position.revision < UPDATES {
        let before = slow.position.revision;
        if let ServerMessage::State { change, .. } = slow.message().await {
            bytes += change.set.as_str().len();
            leap = slow.position.revision - before;
        }
    }
    assert_eq!((slow.position, slow.text()), (reader.position, reader.text()));
    assert!(leap > UPDATES / 2, "the last delta covers only {leap} updates");
    assert!(bytes < 1024 * 1024, "{bytes} bytes were kept for a reader that took nothing");
    // From then on it is one of them again.
    writer.update(merge(&[("even", "0")])).await;
    slow.reach(UPDATES + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_wait_for_a_slow_reader_in_order_up_to_a_limit_and_then_it_is_closed() {
    let server = Server::with_grace(0).await;
    let mut writer = Peer::join(&server, "standup", "writer").await;
    let mut slow = narrow_peer(&server).await;
    let mut slower = narrow_peer(&server).await;
    fill(&mut writer).await;
    let to =
        |peer: &Peer, data: &str| ClientMessage::AppMessage { to: Some(vec![peer.id()]), data: json(data) };
    for number in 0..10 {
        writer.send(&to(&slow, &number.to_string())).await;
    }
    for _ in 0..80 {
        writer.send(&to(&slower, &format!("\"{}\"", "x".repeat(4_000)))).await;
    }
    // Only this one is closed, and then all before it is through.
    loop {
        if let ServerMessage::ParticipantLeft(id) = writer.event().await {
            break assert_eq!(id, slower.id());
        }
    }

    for number in 0..10 {
        let expected = ServerMessage::AppMessage { from: writer.id(), data: json(&number.to_string()) };
        loop {
            let event = slow.event().await;
            if matches!(event, ServerMessage::AppMessage { .. }) {
                break assert_eq!(event, expected);
            }
        }
    }
    // For the close itself the server has no room before this one reads, and does not wait for that for long.
    let code = slower.socket.close_code().await;
    assert!([CloseCode::SLOW_READER.0, 1006].contains(&code), "{code}");
}

/// Writes until every buffer on the way to a reader that takes nothing is full.
async fn fill(writer: &mut Peer) {
    for turn in 0..60 {
        let value = format!("\"{turn} {}\"", "x".repeat(100_000));
        writer.update(merge(&[("filler", &value)])).await;
    }
    sleep_ms(50).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_still_heard() {
    let server = Server::start().await;
    let mut writer = Peer::join(&server, "standup", "writer").await;
    let mut slow = narrow_peer(&server).await;
    fill(&mut writer).await;
    slow.send(&ClientMessage::AppMessage { to: None, data: json("\"hello\"") }).await;
    let expected = ServerMessage::AppMessage { from: slow.id(), data: json("\"hello\"") };
    loop {
        let event = writer.event().await;
        if matches!(event, ServerMessage::AppMessage { .. }) {
            break assert_eq!(event, expected);
        }
    }
    let id = slow.id();
    slow.send(&ClientMessage::Leave).await;
    assert_eq!(writer.event().await, ServerMessage::ParticipantLeft(id));
    loop {
        match slow.socket.receive().await {
            Received::Text(_) => {}
            // For the close the server has no room before this one reads, and does not wait for that for long.
            Received::End => break,
            other => break assert_eq!(other, Received::Close(CloseCode::NORMAL.0, "left".into())),
        }
    }
}
