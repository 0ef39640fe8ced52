//! Who is in a session: joins, resumes, leaves, and the session's end.

use std::time::Duration;

use meeting_session_core::protocol::*;

use crate::support::{Peer, Received, Server, Socket, join_message, json, merge, sleep_ms, soon};

#[tokio::test]
async fn a_join_is_answered_with_the_data_the_participants_and_the_settings() {
    let server = Server::with(|config| {
        config.grace = Duration::from_secs(7);
        config.sync_interval = Duration::from_millis(250);
    })
    .await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    assert_eq!(ana.text(), "{}");
    assert_eq!(ana.position.revision, 0);
    ana.update(merge(&[("topic", "\"budget\"")])).await;

    let join = Join { user_data: Some(json("{\"role\":\"guest\"}")), ..join_message("standup", "Ben") };
    let ben = Peer::join_with(&server, join).await.unwrap();
    assert!(!ben.joined.resumed);
    assert_eq!(ben.text(), "{\"topic\":\"budget\"}");
    assert_eq!(ben.position, ana.position);
    assert_eq!((ben.joined.grace_ms, ben.joined.sync_interval_ms), (7_000, 250));
    let mut names: Vec<_> = ben.joined.participants.iter().map(|who| who.user_name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Ana", "Ben"]);

    let ServerMessage::ParticipantJoined(seen) = ana.event().await else {
        panic!("no participant-joined");
    };
    assert_eq!((seen.id, seen.user_name.as_str()), (ben.id(), "Ben"));
    assert_eq!(seen.user_data.unwrap().as_str(), "{\"role\":\"guest\"}");
    assert_ne!(ana.id(), ben.id());
    assert_ne!(ana.joined.secret, ben.joined.secret);
}

#[tokio::test]
async fn sessions_of_different_names_have_nothing_in_common() {
    let server = Server::start().await;
    let mut one = Peer::join(&server, "one", "Ana").await;
    let mut other = Peer::join(&server, "other", "Ben").await;
    assert_ne!(one.position.epoch, other.position.epoch);
    one.update(merge(&[("a", "1")])).await;
    other.update(merge(&[("b", "2")])).await;
    assert_eq!((one.text().as_str(), other.text().as_str()), ("{\"a\":1}", "{\"b\":2}"));
    assert_eq!(other.joined.participants.len(), 1);
}

#[tokio::test]
async fn a_resume_keeps_the_participant_and_brings_what_was_missed_and_nobody_sees_it() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    ana.event().await;
    ben.update(merge(&[("kept", "1"), ("gone", "2")])).await;
    ana.reach(1).await;

    let first_secret = ana.joined.secret.clone();
    ben.update(merge(&[("gone", ""), ("new", "3")])).await;
    let mut ana = ana.resume(&server).await;
    assert_ne!(ana.joined.secret, first_secret, "the secret is used once");
    let missed = ana.joined.state.clone().unwrap();
    assert_eq!(missed.since, Some(1), "a difference, not the whole");
    assert_eq!(missed.set.as_str(), "{\"new\":3}");
    assert_eq!(missed.deleted, ["gone"]);
    ana.update(merge(&[("last", "4")])).await;

    // Ben sees the data and no coming or going.
    ben.socket.send_text("{\"type\":\"nonsense\"}").await;
    assert_eq!(ben.event().await, ServerMessage::Refused(RefusedCode::UnknownType));
    ben.reach(3).await;
    assert_eq!(ana.text(), ben.text());
}

#[tokio::test]
async fn a_client_that_has_everything_is_sent_nothing_again() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    ana.update(merge(&[("a", "1")])).await;
    let again = ana.resume(&server).await;
    assert_eq!(again.joined.state, None);
    assert_eq!(again.joined.position, ana.position);
}

#[tokio::test]
async fn a_wrong_secret_joins_as_somebody_else() {
    let server = Server::start().await;
    let ana = Peer::join(&server, "standup", "Ana").await;
    let mut resume = ana.resume_message();
    resume.instance = "f".repeat(32);
    resume.resume.as_mut().unwrap().secret = "0".repeat(32);
    let thief = Peer::join_with(&server, resume).await.unwrap();
    assert!(!thief.joined.resumed);
    assert_ne!(thief.id(), ana.id());
    assert_eq!(thief.joined.participants.len(), 2);
}

#[tokio::test]
async fn a_superseded_connection_is_told_so_and_its_late_end_does_no_harm() {
    let server = Server::with_grace(200).await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    let mut old = Peer::join(&server, "standup", "Ana").await;
    ben.event().await;
    let mut new = old.resume(&server).await;
    assert_eq!(old.socket.close_code().await, CloseCode::SUPERSEDED.0);
    drop(old);
    sleep_ms(600).await;
    new.update(merge(&[("still", "true")])).await;
    ben.send(&ClientMessage::AppMessage { to: Some(vec![new.id()]), data: json("1") }).await;
    assert!(matches!(new.event().await, ServerMessage::AppMessage { .. }));
    ben.socket.send_text("{\"type\":\"nonsense\"}").await;
    assert_eq!(ben.event().await, ServerMessage::Refused(RefusedCode::UnknownType), "nobody left");
}

#[tokio::test]
async fn a_new_name_and_new_user_data_reach_everybody() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    ana.event().await;
    ana.send(&ClientMessage::SetUser { user_name: Some("Anna".into()), user_data: Some(json("null")) }).await;
    for peer in [&mut ana, &mut ben] {
        let ServerMessage::ParticipantUpdated(seen) = peer.event().await else {
            panic!("no participant-updated");
        };
        assert_eq!((seen.user_name.as_str(), seen.user_data.unwrap().as_str()), ("Anna", "null"));
    }
}

#[tokio::test]
async fn who_leaves_is_gone_at_once() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    ana.event().await;
    ben.send(&ClientMessage::Leave).await;
    assert_eq!(ana.event().await, ServerMessage::ParticipantLeft(ben.id()));
    assert_eq!(ben.socket.close_code().await, CloseCode::NORMAL.0);
}

#[tokio::test]
async fn a_page_that_went_without_a_word_but_with_code_1001_is_kept_for_a_reload_only() {
    let away_grace = Duration::from_secs(2);
    let server = Server::with(|config| config.away_grace = away_grace).await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    ana.event().await;
    ben.socket.send_frame(0x88, &1001_u16.to_be_bytes()).await;
    let closed = std::time::Instant::now();
    while ana.socket.receive_unhurried().await
        != Received::Text(ServerMessage::ParticipantLeft(ben.id()).encode())
    {}
    assert!(closed.elapsed() >= away_grace, "{:?}", closed.elapsed());
    assert!(closed.elapsed() < limits::GRACE, "{:?}", closed.elapsed());
}

#[tokio::test]
async fn who_loses_the_connection_is_gone_after_the_grace_and_not_before() {
    let server = Server::with_grace(500).await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let ben = Peer::join(&server, "standup", "Ben").await;
    ana.event().await;
    let id = ben.id();
    let lost = std::time::Instant::now();
    drop(ben);
    assert_eq!(ana.event().await, ServerMessage::ParticipantLeft(id));
    assert!(lost.elapsed().as_millis() >= 500, "{:?}", lost.elapsed());
}

#[tokio::test]
async fn within_the_grace_a_session_outlives_its_connections_and_after_it_nothing_is_left() {
    let server = Server::with_grace(3_000).await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    ana.update(merge(&[("a", "1")])).await;
    let resume = Join { resume: None, ..ana.resume_message() };
    let epoch = ana.position.epoch;
    drop(ana);
    sleep_ms(100).await;
    let again = Peer::join(&server, "standup", "Ben").await;
    assert_eq!((again.position.epoch, again.text().as_str()), (epoch, "{\"a\":1}"));
    drop(again);
    sleep_ms(4_500).await;
    let later = Peer::join_with(&server, resume).await.unwrap();
    assert_ne!(later.position.epoch, epoch);
    assert_eq!((later.position.revision, later.text().as_str()), (0, "{}"));
    assert_eq!(later.joined.participants.len(), 1);
}

#[tokio::test]
async fn a_session_ends_with_its_last_leave_and_a_resume_after_it_is_a_new_participant() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    ana.update(merge(&[("a", "1")])).await;
    let resume = ana.resume_message();
    ana.send(&ClientMessage::Leave).await;
    assert_eq!(ana.socket.close_code().await, CloseCode::NORMAL.0);
    let again = Peer::join_with(&server, resume).await.unwrap();
    assert!(!again.joined.resumed);
    assert_ne!(again.position.epoch, ana.position.epoch);
    assert_eq!(again.text(), "{}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_that_meets_the_end_of_the_session_is_in_the_old_one_or_in_a_new_one_and_never_lost() {
    let server = std::sync::Arc::new(Server::start().await);
    let mut epochs = std::collections::BTreeSet::new();
    for round in 0..200 {
        let mut last = Peer::join(&server, "standup", "last").await;
        epochs.insert(last.position.epoch.to_hex());
        let joiner = tokio::spawn({
            let server = server.clone();
            async move {
                let mut next = Peer::join(&server, "standup", "next").await;
                let result = next.update(merge(&[("round", &round.to_string())])).await;
                assert_eq!(result, UpdateResult::Applied(1), "round {round}");
                next.send(&ClientMessage::Leave).await;
                next.socket.close_code().await
            }
        });
        if round % 2 == 0 {
            tokio::task::yield_now().await;
        }
        last.send(&ClientMessage::Leave).await;
        assert_eq!(last.socket.close_code().await, CloseCode::NORMAL.0);
        assert_eq!(soon(joiner).await.unwrap(), CloseCode::NORMAL.0);
    }
    assert_eq!(epochs.len(), 200, "each round began with a session of its own");
}

#[tokio::test]
async fn the_session_of_the_first_message_must_be_that_of_the_path() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server, "/standup").await;
    let join = ClientMessage::Join(Box::new(join_message("another", "Ana")));
    socket.send_text(&join.encode()).await;
    assert_eq!(socket.close_code().await, CloseCode::BAD_JOIN.0);
}

#[tokio::test]
async fn prefixes_and_percent_signs_in_the_path_lead_to_the_same_session() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    for path in ["/a/b/standup", "/st%61ndup", "/standup/", "/-/standup?x=1"] {
        let mut socket = Socket::open(&server, path).await;
        let join = ClientMessage::Join(Box::new(join_message("standup", path)));
        socket.send_text(&join.encode()).await;
        let ServerMessage::ParticipantJoined(seen) = ana.event().await else {
            panic!("no participant-joined for {path}");
        };
        assert_eq!(seen.user_name, path);
    }
}
