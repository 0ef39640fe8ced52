//! Each limit, on both sides of it.

use std::time::{Duration, Instant};

use meeting_session_core::protocol::*;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::support::{
    CONTINUATION, FIN, Peer, Received, Server, Socket, TEXT, join_message, json, merge, replace, soon,
    within_join_timeout,
};

/// A JSON string whose text is `units` UTF-16 units long, made of `part`, which is `part_units` long.
fn string_of(part: &str, part_units: usize, units: usize) -> String {
    let parts = (units - 2) / part_units;
    let rest = (units - 2) % part_units;
    format!("\"{}{}\"", part.repeat(parts), "x".repeat(rest))
}

const ALPHABETS: [(&str, usize); 4] = [("x", 1), ("é", 1), ("😀", 2), ("\\ud800", 6)];

#[tokio::test]
async fn data_of_102400_units_is_accepted_and_of_102401_refused() {
    let server = Server::start().await;
    let mut reader = Peer::join(&server, "standup", "Ben").await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    for (number, (part, part_units)) in (1..).zip(ALPHABETS) {
        let around = "{\"key\":}".len();
        let full = string_of(part, part_units, limits::DATA_UNITS - around);
        assert_eq!(peer.update(replace(&[("key", &full)])).await, UpdateResult::Applied(number), "{part}");
        reader.reach(number).await;
        assert_eq!(reader.data["key"], full, "{part}");

        let over = string_of(part, part_units, limits::DATA_UNITS + 1 - around);
        let refused = UpdateResult::Rejected(Rejection::TooLarge(limits::DATA_UNITS + 1));
        assert_eq!(peer.update(replace(&[("key", &over)])).await, refused, "{part}");
        assert_eq!(peer.update(merge(&[("key", &over)])).await, refused, "{part}");
        assert_eq!(peer.data["key"], full, "nothing has changed");
    }
}

#[tokio::test]
async fn a_merged_result_of_102400_units_is_accepted_and_of_102401_refused() {
    let server = Server::start().await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    let mut revision = 0;
    for (part, part_units) in ALPHABETS {
        let half = string_of(part, part_units, limits::DATA_UNITS / 2);
        let around = "{\"a\":,\"b\":}".len();
        let rest = limits::DATA_UNITS / 2 - around;
        assert_eq!(peer.update(replace(&[("a", &half)])).await, UpdateResult::Applied(revision + 1));
        let over = merge(&[("b", &string_of(part, part_units, rest + 1))]);
        let refused = UpdateResult::Rejected(Rejection::TooLarge(limits::DATA_UNITS + 1));
        assert_eq!(peer.update(over).await, refused, "{part}");
        let fits = merge(&[("b", &string_of(part, part_units, rest))]);
        assert_eq!(peer.update(fits).await, UpdateResult::Applied(revision + 2), "{part}");
        revision += 2;
    }
}

#[tokio::test]
async fn a_frame_of_320_kib_is_read_and_a_larger_one_closes_with_1009() {
    let server = Server::start().await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    let mut text = ClientMessage::Update(peer.request(1, merge(&[("a", "1")]))).encode();
    text += &" ".repeat(limits::CLIENT_FRAME_BYTES - text.len());
    peer.socket.send_text(&text).await;
    assert_eq!(peer.result(1).await, UpdateResult::Applied(1));
    peer.socket.send_text(&(text.clone() + " ")).await;
    assert_eq!(peer.socket.close_code().await, 1009);
    // Whoever is still sending gets to see it, too.
    let mut peer = peer.resume(&server).await;
    peer.socket.send_text(&text.repeat(50)).await;
    assert_eq!(peer.socket.close_code().await, 1009);
}

#[tokio::test]
async fn fragments_that_add_up_to_too_much_close_with_1009() {
    let server = Server::start().await;
    let mut peer = Peer::join(&server, "standup", "Ana").await;
    let part = vec![b' '; limits::CLIENT_FRAME_BYTES / 2];
    peer.socket.send_frame(TEXT, &part).await;
    peer.socket.send_frame(CONTINUATION, &part).await;
    peer.socket.send_frame(FIN | CONTINUATION, b" ").await;
    assert_eq!(peer.socket.close_code().await, 1009);
}

#[tokio::test]
async fn a_first_message_of_more_than_48_kib_closes_with_1009() {
    let server = Server::start().await;
    for (bytes, code) in [(limits::JOIN_FRAME_BYTES, None), (limits::JOIN_FRAME_BYTES + 1, Some(1009))] {
        let mut socket = Socket::open(&server, "/standup").await;
        let mut join = ClientMessage::Join(Box::new(join_message("standup", "Ana"))).encode();
        join += &" ".repeat(bytes - join.len());
        socket.send_text(&join).await;
        match code {
            Some(code) => assert_eq!(socket.close_code().await, code),
            None => assert!(matches!(socket.receive().await, Received::Text(_))),
        }
    }
}

#[tokio::test]
async fn a_connection_that_does_not_join_is_closed_after_5_seconds() {
    let server = Server::start().await;
    let start = Instant::now();
    let mut silent = Socket::open(&server, "/standup").await;
    let mut pinging = Socket::open(&server, "/standup").await;
    pinging.send_frame(FIN | crate::support::PING, b"hello").await;
    assert_eq!(pinging.receive().await, Received::Pong(b"hello".to_vec()));
    assert_eq!(silent.close_code().await, CloseCode::JOIN_TIMEOUT.0);
    assert_eq!(pinging.close_code().await, CloseCode::JOIN_TIMEOUT.0);
    let waited = start.elapsed();
    assert!(waited >= limits::JOIN_TIMEOUT && waited < Duration::from_secs(60), "{waited:?}");
}

#[tokio::test]
async fn an_app_message_of_4096_units_is_delivered_and_a_larger_one_refused() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    ana.event().await;
    for (part, part_units) in ALPHABETS {
        let full = json(&string_of(part, part_units, limits::APP_MESSAGE_UNITS));
        ana.send(&ClientMessage::AppMessage { to: None, data: full.clone() }).await;
        assert_eq!(ben.event().await, ServerMessage::AppMessage { from: ana.id(), data: full });
        let over = json(&string_of(part, part_units, limits::APP_MESSAGE_UNITS + 1));
        ana.send(&ClientMessage::AppMessage { to: None, data: over }).await;
        assert_eq!(ana.event().await, ServerMessage::Refused(RefusedCode::TooLarge));
    }
    let crowd = vec![ben.id(); limits::APP_MESSAGE_RECIPIENTS + 1];
    ana.send(&ClientMessage::AppMessage { to: Some(crowd), data: json("1") }).await;
    assert_eq!(ana.event().await, ServerMessage::Refused(RefusedCode::TooLarge));
    ben.socket.send_text("{\"type\":\"nonsense\"}").await;
    assert_eq!(ben.event().await, ServerMessage::Refused(RefusedCode::UnknownType));
}

#[tokio::test]
async fn names_and_user_data_have_their_limits_at_the_join_and_later() {
    let server = Server::start().await;
    let name = |units: usize| "😀".repeat(units / 2) + &"x".repeat(units % 2);
    let data = |units| json(&string_of("é", 1, units));
    let full = Join {
        user_name: name(limits::USER_NAME_UNITS),
        user_data: Some(data(limits::USER_DATA_UNITS)),
        ..join_message("standup", "")
    };
    let mut ana = Peer::join_with(&server, full.clone()).await.unwrap();
    let long_name = Join { user_name: name(limits::USER_NAME_UNITS + 1), ..full.clone() };
    let much_data = Join { user_data: Some(data(limits::USER_DATA_UNITS + 1)), ..full.clone() };
    let bad_instance = Join { instance: "0123".into(), ..full.clone() };
    let many_predecessors = Join { predecessors: "a".repeat(limits::PREDECESSORS_UNITS + 1), ..full.clone() };
    let later_version = Join { version: VERSION + 1, ..full };
    for (join, code) in [
        (long_name, CloseCode::BAD_JOIN),
        (much_data, CloseCode::BAD_JOIN),
        (bad_instance, CloseCode::BAD_JOIN),
        (many_predecessors, CloseCode::BAD_JOIN),
        (later_version, CloseCode::UNSUPPORTED_VERSION),
    ] {
        assert_eq!(Peer::join_with(&server, join).await.err(), Some(code.0));
    }
    for message in [
        ClientMessage::SetUser { user_name: Some(name(limits::USER_NAME_UNITS + 1)), user_data: None },
        ClientMessage::SetUser { user_name: None, user_data: Some(data(limits::USER_DATA_UNITS + 1)) },
    ] {
        ana.send(&message).await;
        assert_eq!(ana.event().await, ServerMessage::Refused(RefusedCode::TooLarge));
    }
}

#[tokio::test]
async fn beyond_its_burst_a_connection_is_slowed_down_and_nothing_is_lost() {
    let server = Server::start().await;
    let mut other = Peer::join(&server, "standup", "Ben").await;
    // Nobody else has to wait for it. On a machine that stands still now and then not every time.
    let mut waited = Vec::new();
    while waited.last().is_none_or(|own| *own >= Duration::from_millis(500)) {
        assert!(waited.len() < 5, "{waited:?}");
        waited.push(flood_beside(&server, &mut other).await);
    }
}

/// Sends twice a burst at once and waits for all results. Returns how long an update of the other one takes meanwhile.
async fn flood_beside(server: &Server, other: &mut Peer) -> Duration {
    let mut flooder = Peer::join(server, "standup", "Ana").await;
    let start = Instant::now();
    for turn in 1..=200 {
        flooder.send_update(merge(&[("turn", &turn.to_string())])).await;
    }
    let own = Instant::now();
    other.update(merge(&[("other", "1")])).await;
    let own = own.elapsed();
    for turn in 1..=200 {
        assert!(matches!(flooder.result(turn).await, UpdateResult::Applied(_)), "{turn}");
    }
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(1_900), "{took:?}");
    assert!(took < Duration::from_secs(30), "{took:?}");
    own
}

#[tokio::test]
async fn a_flood_that_does_not_stop_is_cut_off() {
    const CUT: Duration = limits::THROTTLED_MAX.saturating_mul(12);
    let server = Server::start().await;
    let mut flooder = Peer::join(&server, "standup", "Ana").await;
    // Pongs cost as much as anything else.
    let pongs = b"\x81\x8f\0\0\0\0{\"type\":\"pong\"}".repeat(50);
    let start = Instant::now();
    let code = loop {
        let written = timeout(CUT, flooder.socket.stream.write_all(&pongs)).await;
        if written.expect("the flood goes on").is_err() {
            break flooder.socket.close_code().await;
        }
        if let Ok(received) = timeout(Duration::from_millis(10), flooder.socket.receive()).await {
            match received {
                Received::Close(code, _) => break code,
                Received::Text(_) => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(start.elapsed() < CUT, "the flood goes on");
    };
    assert_eq!(code, CloseCode::RATE_LIMITED.0);
    assert!(start.elapsed() >= limits::THROTTLED_MAX, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_takes_500_participants_and_lists_them_in_parts() {
    let server = Server::start().await;
    let mut first = Peer::join(&server, "standup", "first").await;
    let mut peers = Vec::new();
    for _ in 1..limits::PARTICIPANTS {
        peers.push(Peer::join(&server, "standup", "more").await);
    }
    let refused = Peer::join_with(&server, join_message("standup", "too many")).await;
    assert_eq!(refused.err(), Some(CloseCode::SESSION_FULL.0));

    let last = peers.last_mut().unwrap();
    let mut listed = last.joined.participants.len();
    let mut more = last.joined.more;
    assert_eq!(listed, limits::PARTICIPANTS_PER_MESSAGE);
    while more {
        let ServerMessage::Participants { participants, more: still } = last.message().await else {
            panic!("the list has an end");
        };
        listed += participants.len();
        more = still;
    }
    assert_eq!(listed, limits::PARTICIPANTS);

    // Nobody is lost in the crowd, and one that leaves makes room.
    for _ in 1..limits::PARTICIPANTS {
        assert!(matches!(first.event().await, ServerMessage::ParticipantJoined(_)));
    }
    let mut last = peers.pop().unwrap();
    last.send(&ClientMessage::Leave).await;
    assert_eq!(first.event().await, ServerMessage::ParticipantLeft(last.id()));
    Peer::join(&server, "standup", "in time").await;
}

/// All join at once, so that each is sent many large events in a moment: that alone makes nobody a slow reader.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_joins_at_once_gets_in_and_hears_of_everybody() {
    const CROWD: usize = 60;
    let server = std::sync::Arc::new(Server::start().await);
    let tasks: Vec<_> = (0..CROWD)
        .map(|_| {
            let server = server.clone();
            tokio::spawn(async move {
                let join = Join {
                    user_data: Some(json(&string_of("x", 1, limits::USER_DATA_UNITS))),
                    ..join_message("standup", "one of many")
                };
                let mut peer = Peer::join_with(&server, join).await.unwrap();
                let mut known = peer.joined.participants.len();
                while known < CROWD {
                    known += match peer.message().await {
                        ServerMessage::ParticipantJoined(_) => 1,
                        ServerMessage::Participants { participants, .. } => participants.len(),
                        other => panic!("{other:?}"),
                    };
                }
                peer
            })
        })
        .collect();
    for task in tasks {
        soon(task).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_do_not_join_cannot_take_all_places() {
    let join = ClientMessage::Join(Box::new(join_message("standup", "Ana"))).encode();
    let (server, _waiting, head, joined) = within_join_timeout(async || {
        let trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
        let server = Server::with(|config| config.trusted_proxy = trusted_proxy).await;
        let mut waiting = Vec::new();
        for index in 0..limits::JOINING_CONNECTIONS {
            let client = format!("198.51.100.{}", index / limits::JOINING_CONNECTIONS_PER_ADDRESS);
            let (socket, head) = Socket::upgrade(&server, "/standup", &[("X-Forwarded-For", &client)]).await;
            assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
            waiting.push(socket);
        }
        let (_, head) = Socket::upgrade(&server, "/standup", &[]).await;
        let last = waiting.last_mut().unwrap();
        last.send_text(&join).await;
        let joined = last.receive().await;
        (server, waiting, head, joined)
    })
    .await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert!(head.contains("retry-after: 1"), "{head}");
    // One that joins makes room, and pages are served all the time.
    assert!(matches!(joined, Received::Text(_)), "{joined:?}");
    Socket::open(&server, "/standup").await;
}
