//! Whole stories: clients and a session on one clock.

#![allow(clippy::unwrap_used)] // a test that unwraps has found something

use std::time::Duration;

use crate::support::{World, merge, replace};
use meeting_session_core::client::{ClientEvent, ClientOutput, Failure, Reset, WriteFailure};
use meeting_session_core::protocol::{ClientMessage, ParticipantId, Rejection, limits};
use meeting_session_core::{Json, Update};

const SECOND: Duration = Duration::from_secs(1);

fn updates_sent(world: &World, peer: usize) -> Vec<u64> {
    let is_update = |text: &str| matches!(ClientMessage::decode(text), Ok(ClientMessage::Update(_)));
    world.peers[peer].sent.iter().filter(|(_, text)| is_update(text)).map(|(at, _)| at.as_millis()).collect()
}

fn count(events: &[ClientEvent], wanted: &ClientEvent) -> usize {
    events.iter().filter(|event| *event == wanted).count()
}

#[test]
fn what_one_writes_the_others_and_the_writer_get() {
    let mut world = World::with(&["ann", "bob"]);
    world.take_events(0);
    world.update(0, replace(&[("pinned", r#""hello""#)]));
    world.assert_equal();
    assert_eq!(world.peers[1].data.to_text(), r#"{"pinned":"hello"}"#);
    assert_eq!(world.take_events(0), [ClientEvent::DataChanged]);
}

#[test]
fn a_join_tells_everything_once_and_in_order() {
    let mut world = World::with(&["ann"]);
    world.update(0, replace(&[("a", "1")]));
    let bob = world.join("bob");
    assert_eq!(
        world.take_events(bob),
        [
            ClientEvent::Joined,
            ClientEvent::CountsChanged,
            ClientEvent::SessionChanged,
            ClientEvent::DataChanged
        ]
    );
    assert_eq!(world.peers[bob].client.participants().len(), 2);
    assert_eq!(world.peers[bob].data.to_text(), r#"{"a":1}"#);
    assert!(
        matches!(world.take_events(0).as_slice(), [.., ClientEvent::ParticipantJoined(bob), ClientEvent::CountsChanged] if bob.user_name == "bob")
    );
}

#[test]
fn a_hundred_writes_in_a_second_are_two_frames() {
    let mut world = World::with(&["ann", "bob"]);
    for n in 0..100 {
        world.update(0, merge(&[("n", Some(&n.to_string()))]));
        world.run(Duration::from_millis(10));
    }
    world.run(SECOND * 3);
    let at = updates_sent(&world, 0);
    assert_eq!(at.len(), 2, "{at:?}");
    assert!(at[1] - at[0] >= 1000);
    assert_eq!(world.peers[1].data.to_text(), r#"{"n":99}"#);
}

#[test]
fn a_write_after_a_quiet_interval_goes_at_once() {
    let mut world = World::with(&["ann"]);
    for _ in 0..3 {
        world.run(SECOND);
        let asked_at = world.now.as_millis();
        world.update(0, merge(&[("at", Some(&asked_at.to_string()))]));
        assert_eq!(updates_sent(&world, 0).last(), Some(&asked_at));
    }
}

#[test]
fn writing_what_is_there_is_no_revision_and_no_event() {
    let mut world = World::with(&["ann"]);
    world.update(0, replace(&[("a", "1")]));
    world.take_events(0);
    world.run(SECOND);
    world.update(0, replace(&[("a", "1")]));
    world.run(SECOND);
    assert_eq!(world.session.as_ref().unwrap().position().revision, 1);
    assert_eq!(world.take_events(0), []);
}

#[test]
fn a_merged_result_that_is_too_large_is_refused_with_its_size() {
    let mut world = World::with(&["ann"]);
    let half = format!("\"{}\"", "x".repeat(60_000));
    world.update(0, merge(&[("a", Some(&half))]));
    world.run(SECOND);
    world.update(0, merge(&[("b", Some(&half))]));
    let size = r#"{"a":"","b":""}"#.len() + 120_000;
    let failed = ClientEvent::WriteFailed(WriteFailure::Rejected(Rejection::TooLarge(size)));
    assert_eq!(count(&world.take_events(0), &failed), 1);
    assert_eq!(world.session.as_ref().unwrap().position().revision, 1);
    world.assert_equal();
}

#[test]
fn the_limit_of_the_merged_data_is_exact() {
    // `{"a":"…"}` with one unit to spare, then none, in units that cost one, two and three bytes and an escape.
    for (unit, units) in [("x", 1), ("é", 1), ("汉", 1), ("😀", 2), (r"\ud800", 6)] {
        let mut world = World::with(&["ann"]);
        let room = limits::DATA_UNITS - r#"{"a":""}"#.len();
        let fitting = unit.repeat(room / units) + &"y".repeat(room % units);
        for (text, accepted) in [(fitting.clone(), true), (fitting + "z", false)] {
            world.update(0, replace(&[("a", &format!("\"{text}\""))]));
            world.run(SECOND);
            let failures = world.take_events(0);
            let refused = failures.iter().any(|event| matches!(event, ClientEvent::WriteFailed(_)));
            assert_eq!(!refused, accepted, "{unit}");
        }
        world.assert_equal();
    }
}

#[test]
fn what_was_set_while_disconnected_is_sent_once_and_in_order() {
    let mut world = World::with(&["ann", "bob"]);
    world.update(0, replace(&[("a", "1")]));
    world.cut(0);
    assert!(world.take_events(0).contains(&ClientEvent::Interrupted));
    world.update(0, merge(&[("b", Some("2"))]));
    world.update(0, merge(&[("a", None), ("c", Some("3"))]));
    world.update(1, merge(&[("d", Some("4"))]));
    world.run(SECOND * 3);
    world.heal(0);
    world.run(SECOND * 15);
    world.assert_equal();
    assert_eq!(world.peers[1].data.to_text(), r#"{"b":2,"c":3,"d":4}"#);
    assert_eq!(world.session.as_ref().unwrap().position().revision, 3);
    let others = world.take_events(1);
    assert!(
        !others.iter().any(|event| matches!(event, ClientEvent::ParticipantLeft(_))),
        "nobody saw it leave"
    );
    assert_eq!(count(&world.take_events(0), &ClientEvent::Reconnected), 1);
}

#[test]
fn a_write_whose_answer_was_lost_is_answered_again_and_not_applied_again() {
    let mut world = World::with(&["ann", "bob"]);
    world.peers[0].stalled = true;
    world.update(0, merge(&[("n", Some("1"))]));
    world.update(1, merge(&[("n", Some("2"))]));
    world.cut(0);
    world.peers[0].stalled = false;
    world.heal(0);
    world.run(SECOND * 15);
    assert_eq!(updates_sent(&world, 0).len(), 2, "it was sent again");
    assert_eq!(world.peers[1].data.to_text(), r#"{"n":2}"#, "and did not undo the later write");
    world.assert_equal();
    assert_eq!(count(&world.take_events(0), &ClientEvent::WriteFailed(WriteFailure::Unknown)), 0);
}

#[test]
fn after_a_restart_of_the_server_nothing_old_is_merged_into_the_new_session() {
    let mut world = World::with(&["ann", "bob"]);
    world.update(0, replace(&[("old", "1")]));
    world.kill_server();
    world.update(0, merge(&[("older", Some("2"))]));
    world.run(SECOND * 5);
    world.take_events(0);
    world.serving = true;
    world.run(SECOND * 15);
    world.assert_equal();
    assert_eq!(world.peers[0].data.to_text(), "{}");
    let events = world.take_events(0);
    let failed = ClientEvent::WriteFailed(WriteFailure::Rejected(Rejection::SessionReset));
    assert_eq!(count(&events, &failed), 1);
    assert_eq!(count(&events, &ClientEvent::SessionReset(Reset::NewSession)), 1);
    let order: Vec<_> =
        [ClientEvent::SessionChanged, ClientEvent::DataChanged, ClientEvent::SessionReset(Reset::NewSession)]
            .iter()
            .map(|wanted| events.iter().position(|event| event == wanted).unwrap())
            .collect();
    assert!(order.is_sorted(), "{events:?}");
    world.update(1, merge(&[("new", Some("3"))]));
    world.run(SECOND * 2);
    assert_eq!(world.peers[0].data.to_text(), r#"{"new":3}"#);
    world.assert_equal();
}

#[test]
fn a_write_that_cannot_be_sent_expires_and_never_fires_late() {
    let mut world = World::with(&["ann", "bob"]);
    world.cut(0);
    world.update(0, merge(&[("mute", Some("true"))]));
    world.run(Duration::from_secs(25));
    world.update(0, merge(&[("fresh", Some("1"))]));
    world.run(Duration::from_secs(6));
    assert_eq!(count(&world.take_events(0), &ClientEvent::WriteFailed(WriteFailure::Expired)), 1);
    world.heal(0);
    world.run(SECOND * 20);
    world.assert_equal();
    assert_eq!(world.peers[1].data.to_text(), r#"{"fresh":1}"#);
}

#[test]
fn no_interval_is_so_long_that_a_write_expires_in_it() {
    let mut world = World::new();
    world.sync_interval = Duration::from_secs(3_600);
    world.join("ann");
    world.update(0, merge(&[("first", Some("1"))]));
    world.update(0, merge(&[("second", Some("2"))]));
    world.run(limits::UNSENT_MAX + SECOND);
    assert_eq!(world.session.as_ref().unwrap().data().to_text(), r#"{"first":1,"second":2}"#);
    let failed = |event: &ClientEvent| matches!(event, ClientEvent::WriteFailed(_));
    assert!(!world.take_events(0).iter().any(failed));
}

#[test]
fn an_unanswered_write_is_unknown_once_the_resume_window_has_passed() {
    let mut world = World::with(&["ann", "bob"]);
    world.peers[0].stalled = true;
    world.update(0, merge(&[("n", Some("1"))]));
    world.cut(0);
    world.peers[0].stalled = false;
    world.run(limits::GRACE + SECOND);
    assert_eq!(count(&world.take_events(0), &ClientEvent::WriteFailed(WriteFailure::Unknown)), 1);
    world.heal(0);
    world.run(SECOND * 15);
    assert_eq!(updates_sent(&world, 0).len(), 1, "never sent again");
    world.assert_equal();
}

#[test]
fn leaving_sends_what_waits_and_is_seen_at_once() {
    let mut world = World::with(&["ann", "bob"]);
    world.update(0, merge(&[("a", Some("1"))]));
    world.update(0, merge(&[("b", Some("2"))]));
    let now = world.now;
    world.peers[0].client.leave(now);
    world.run(SECOND / 10);
    assert_eq!(world.take_events(0).last(), Some(&ClientEvent::Left));
    assert_eq!(world.peers[1].data.to_text(), r#"{"a":1,"b":2}"#);
    assert!(
        matches!(world.take_events(1).as_slice(), [.., ClientEvent::ParticipantLeft(ann), ClientEvent::CountsChanged] if ann.user_name == "ann")
    );
}

#[test]
fn leaving_while_disconnected_reports_what_was_not_sent() {
    let mut world = World::with(&["ann", "bob"]);
    world.cut(0);
    world.update(0, merge(&[("a", Some("1"))]));
    let now = world.now;
    world.peers[0].client.leave(now);
    world.settle();
    let events = world.take_events(0);
    assert!(
        events.ends_with(&[ClientEvent::WriteFailed(WriteFailure::Left), ClientEvent::Left]),
        "{events:?}"
    );
}

#[test]
fn a_page_that_goes_away_sends_what_waits_and_is_given_up_sooner() {
    let mut world = World::with(&["ann", "bob"]);
    world.update(0, merge(&[("a", Some("1"))]));
    world.update(0, merge(&[("b", Some("2"))]));
    let now = world.now;
    world.peers[0].client.hide(now);
    world.settle();
    world.cut(0);
    world.run(SECOND / 10);
    assert_eq!(world.peers[1].data.to_text(), r#"{"a":1,"b":2}"#);
    world.run(limits::AWAY_GRACE - SECOND);
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);
    world.run(SECOND * 2);
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 1);
}

#[test]
fn a_lost_connection_is_given_up_after_the_grace() {
    let mut world = World::with(&["ann", "bob"]);
    world.cut(0);
    world.run(limits::GRACE - SECOND);
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);
    world.run(SECOND * 2);
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 1);
}

#[test]
fn a_session_ends_with_its_last_participant_and_the_next_one_is_new() {
    let mut world = World::with(&["ann"]);
    world.update(0, replace(&[("a", "1")]));
    let first = world.peers[0].client.position().unwrap().epoch;
    let now = world.now;
    world.peers[0].client.leave(now);
    world.settle();
    assert!(world.session.is_none());
    let bob = world.join("bob");
    assert_ne!(world.peers[bob].client.position().unwrap().epoch, first);
    assert_eq!(world.peers[bob].data.to_text(), "{}");
}

#[test]
fn a_first_join_that_reaches_nobody_fails_after_fifteen_seconds() {
    let mut world = World::new();
    world.serving = false;
    world.join("ann");
    world.run(Duration::from_secs(14));
    assert_eq!(world.take_events(0), []);
    world.run(Duration::from_secs(2));
    assert_eq!(world.take_events(0), [ClientEvent::Failed(Failure::Unreachable), ClientEvent::Left]);
    assert_eq!(world.peers[0].client.poll_timeout(), None);
}

#[test]
fn a_client_that_has_joined_never_gives_up() {
    let mut world = World::with(&["ann"]);
    world.kill_server();
    world.run(Duration::from_secs(3600));
    world.serving = true;
    world.run(Duration::from_secs(11));
    world.assert_equal();
}

#[test]
fn waking_up_reconnects_at_once() {
    let mut world = World::with(&["ann"]);
    world.kill_server();
    world.run(Duration::from_secs(600));
    world.serving = true;
    let now = world.now;
    world.peers[0].client.wake(now);
    world.settle();
    world.assert_equal();
}

#[test]
fn idle_connections_are_kept_alive_and_silent_ones_are_not() {
    let mut world = World::with(&["ann", "bob"]);
    world.run(Duration::from_secs(600));
    for peer in 0..2 {
        let events = world.take_events(peer);
        assert_eq!(count(&events, &ClientEvent::Interrupted), 0);
    }
    // A reader that only listens is asked for a sign of life too, however much it is sent.
    for n in 0..120 {
        world.update(0, merge(&[("n", Some(&n.to_string()))]));
        world.run(SECOND);
    }
    assert_eq!(count(&world.take_events(1), &ClientEvent::Interrupted), 0);

    world.peers[1].stalled = true;
    world.run(Duration::from_secs(45));
    assert!(
        world.take_events(1).contains(&ClientEvent::Interrupted),
        "silence in both directions is noticed"
    );
}

#[test]
fn a_slow_reader_costs_one_delta_however_much_it_missed() {
    let mut world = World::with(&["ann", "bob"]);
    world.update(0, replace(&[("keep", "0"), ("drop", "0")]));
    world.run(SECOND);
    world.peers[1].stalled = true;
    world.update(0, merge(&[("n", Some("-1"))]));
    world.run(SECOND);
    let before = world.frames;
    for n in 0..20 {
        let drop = (n == 10).then_some(("drop", None));
        let changes: Vec<_> = [("n", Some(n.to_string()))].into_iter().collect();
        let mut changes: Vec<(&str, Option<&str>)> =
            changes.iter().map(|(k, v)| (*k, v.as_deref())).collect();
        changes.extend(drop);
        world.update(0, merge(&changes));
        world.run(SECOND);
    }
    let to_the_writer = world.frames - before;
    world.unstall(1);
    world.assert_equal();
    assert_eq!(world.frames - before - to_the_writer, 1, "one delta for twenty updates");
    assert_eq!(world.peers[1].data.to_text(), r#"{"keep":0,"n":19}"#);
}

#[test]
fn a_busy_session_sends_a_multiple_less_than_one_frame_an_update() {
    let mut world = World::new();
    for n in 0..50 {
        world.join(&format!("p{n}"));
    }
    world.run(SECOND);
    let before = world.frames;
    // Everybody writes once, within a fifth of a second.
    for peer in 0..50 {
        world.update(peer, merge(&[(&format!("k{peer}"), Some("1"))]));
        world.run(Duration::from_millis(4));
    }
    world.run(SECOND);
    world.assert_equal();
    let frames = world.frames - before;
    assert!(frames < 50 * 50 / 3, "{frames} frames for 50 updates to 50 readers");
}

#[test]
fn app_messages_reach_those_they_are_for_and_never_the_sender_of_a_broadcast() {
    let mut world = World::with(&["ann", "bob", "cem"]);
    (0..3).for_each(|peer| drop(world.take_events(peer)));
    let now = world.now;
    let id = |world: &World, peer: usize| world.peers[peer].client.participant().unwrap().clone();
    let data = Json::parse(r#"{"hi":null}"#).unwrap();
    world.peers[0].client.app_message(now, None, data.clone()).unwrap();
    world.settle();
    let only_cem: Option<Vec<ParticipantId>> =
        Some(vec![id(&world, 2), id(&world, 2), ParticipantId("gone".into())]);
    world.peers[0].client.app_message(now, only_cem, data.clone()).unwrap();
    world.settle();
    let message = ClientEvent::AppMessage { from: id(&world, 0), data };
    let received: Vec<_> = (0..3).map(|peer| count(&world.take_events(peer), &message)).collect();
    assert_eq!(received, [0, 1, 2]);
}

#[test]
fn an_app_message_made_while_disconnected_follows_the_reconnect() {
    let mut world = World::with(&["ann", "bob"]);
    world.cut(0);
    let (now, data) = (world.now, Json::parse("[1]").unwrap());
    world.peers[0].client.app_message(now, None, data.clone()).unwrap();
    world.heal(0);
    world.run(SECOND * 5);
    let from = world.peers[0].client.participant().unwrap().clone();
    assert_eq!(count(&world.take_events(1), &ClientEvent::AppMessage { from, data }), 1);
}

#[test]
fn a_new_name_is_seen_by_all_and_survives_a_reconnect() {
    let mut world = World::with(&["ann", "bob"]);
    let names = |world: &World, peer: usize| {
        world.peers[peer].client.participants().iter().map(|one| one.user_name.clone()).collect::<Vec<_>>()
    };
    world.peers[0].client.set_user(Some("Ann".into()), Json::parse("null").ok()).unwrap();
    world.settle();
    assert_eq!(names(&world, 1), ["Ann", "bob"]);
    assert_eq!(count(&world.take_events(0), &ClientEvent::UserSet), 1);
    world.cut(0);
    world.peers[0].client.set_user(Some("Anna".into()), None).unwrap();
    world.heal(0);
    world.run(SECOND * 5);
    assert_eq!(names(&world, 1), ["Anna", "bob"]);
    assert_eq!(names(&world, 0), ["Anna", "bob"]);
    assert_eq!(count(&world.take_events(0), &ClientEvent::UserSet), 1);
    let too_long = "x".repeat(limits::USER_NAME_UNITS + 1);
    assert!(world.peers[0].client.set_user(Some(too_long), None).is_err());
}

#[test]
fn a_large_meeting_comes_in_parts_and_joins_whole() {
    let mut world = World::new();
    for n in 0..limits::PARTICIPANTS_PER_MESSAGE * 2 + 5 {
        world.join(&format!("p{n}"));
    }
    let last = world.peers.last().unwrap();
    assert_eq!(last.client.participants().len(), world.peers.len());
    assert_eq!(last.events.first(), Some(&ClientEvent::Joined));
}

#[test]
fn a_full_session_takes_nobody_more_and_tells_so() {
    let mut world = World::new();
    for n in 0..=limits::PARTICIPANTS {
        world.join(&format!("p{n}"));
    }
    let events = world.take_events(limits::PARTICIPANTS);
    assert!(
        matches!(events.as_slice(), [ClientEvent::Failed(Failure::Closed(_)), ClientEvent::Left]),
        "{events:?}"
    );
    assert_eq!(world.session.as_ref().unwrap().participant_count(), limits::PARTICIPANTS);
}

#[test]
fn a_noop_sends_nothing() {
    let mut world = World::with(&["ann"]);
    world.update(0, merge(&[]));
    world.run(SECOND * 2);
    assert!(updates_sent(&world, 0).is_empty());
}

#[test]
fn every_client_sees_the_same_history() {
    let mut world = World::with(&["ann", "bob", "cem"]);
    let write = |world: &mut World, peer: usize, update: Update| {
        world.update(peer, update);
        world.run(Duration::from_millis(130));
        world.assert_equal();
    };
    for round in 0..30 {
        let value = round.to_string();
        write(&mut world, 0, merge(&[("shared", Some(&value)), ("a", Some(&value))]));
        write(&mut world, 1, merge(&[("shared", Some("\"b\"")), ("a", None)]));
        write(&mut world, 2, replace(&[("shared", "null"), ("c", &value)]));
    }
}

#[test]
fn a_lost_answer_to_a_resume_costs_neither_identity_nor_answer() {
    let mut world = World::with(&["ann", "bob"]);
    let id = world.peers[0].client.participant().cloned();
    world.peers[0].stalled = true;
    world.update(0, merge(&[("n", Some("1"))]));
    // Two reconnects in a row: the answer to the first, with the new secret in it, never arrives.
    for _ in 0..2 {
        world.cut(0);
        world.heal(0);
        world.run(SECOND);
    }
    world.cut(0);
    world.peers[0].stalled = false;
    world.heal(0);
    world.run(SECOND * 15);
    assert_eq!(world.peers[0].client.participant().cloned(), id);
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);
    let failed = |event: &ClientEvent| matches!(event, ClientEvent::WriteFailed(_));
    assert!(!world.take_events(0).iter().any(failed));
    world.assert_equal();
}

#[test]
fn a_join_that_comes_late_does_not_supersede_the_connection_that_works() {
    let mut world = World::with(&["ann"]);
    let join = world.peers[0].sent[0].1.clone();
    world.deliver_late(&join);
    world.run(Duration::from_secs(60));
    let failed = |event: &ClientEvent| matches!(event, ClientEvent::Failed(_) | ClientEvent::Interrupted);
    assert!(!world.take_events(0).iter().any(failed));
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 1);
}

#[test]
fn a_name_set_between_join_and_answer_reaches_the_others() {
    let mut world = World::with(&["ann", "bob"]);
    world.cut(0);
    world.heal(0);
    world.peers[0].stalled = true;
    world.run(SECOND);
    // The join with the old name is sent, its answer waits in the socket.
    world.peers[0].client.set_user(Some("Anna".into()), None).unwrap();
    world.unstall(0);
    world.run(SECOND);
    let names: Vec<_> =
        world.peers[1].client.participants().iter().map(|one| one.user_name.clone()).collect();
    assert_eq!(names, ["Anna", "bob"]);
    assert_eq!(count(&world.take_events(0), &ClientEvent::UserSet), 1);
}

#[test]
fn leaving_before_the_join_is_answered_leaves_no_ghost() {
    let mut world = World::with(&["ann"]);
    let bob = world.peers.len();
    world.stall_new = true;
    world.join("bob");
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);
    let now = world.now;
    world.peers[bob].client.leave(now);
    world.settle();
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 1);
}

#[test]
fn one_write_too_many_is_refused_alone() {
    let mut world = World::with(&["ann"]);
    world.update(0, merge(&[("first", Some("0"))]));
    let half = format!("\"{}\"", "x".repeat(60_000));
    world.update(0, merge(&[("a", Some(&half))]));
    world.update(0, merge(&[("b", Some(&half))]));
    world.update(0, merge(&[("c", Some("1"))]));
    world.run(SECOND * 3);
    let refused = |event: &&ClientEvent| matches!(event, ClientEvent::WriteFailed(_));
    assert_eq!(world.take_events(0).iter().filter(refused).count(), 1);
    let data = world.session.as_ref().unwrap().data();
    assert!(data.get("a").is_some() && data.get("b").is_none() && data.get("c").is_some());
}

#[test]
fn an_app_message_does_not_cross_into_another_session() {
    let mut world = World::with(&["ann", "bob"]);
    world.kill_server();
    world.peers[0].client.app_message(world.now, None, Json::parse("\"old\"").unwrap()).unwrap();
    world.serving = true;
    world.run(SECOND * 15);
    assert!(!world.take_events(1).iter().any(|event| matches!(event, ClientEvent::AppMessage { .. })));
}

#[test]
fn what_a_page_writes_while_it_goes_away_is_sent_at_once() {
    let mut world = World::with(&["ann", "bob"]);
    world.update(0, merge(&[("here", Some("true"))]));
    let now = world.now;
    world.peers[0].client.hide(now);
    world.settle();
    world.update(0, merge(&[("here", None)]));
    world.cut(0);
    world.run(SECOND / 10);
    assert_eq!(world.peers[1].data.to_text(), "{}");
    world.run(limits::AWAY_GRACE + SECOND);
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 1, "and it is still away");
}

#[test]
fn a_page_that_comes_back_is_no_longer_away() {
    let mut world = World::with(&["ann", "bob"]);
    let now = world.now;
    world.peers[0].client.hide(now);
    world.settle();
    world.peers[0].client.wake(now);
    world.settle();
    world.cut(0);
    world.run(limits::AWAY_GRACE * 2);
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);
}

#[test]
fn a_gap_in_the_revisions_is_never_papered_over() {
    let mut world = World::with(&["ann", "bob"]);
    world.update(1, replace(&[("a", "1")]));
    let position = world.peers[0].client.position().unwrap();
    let epoch = position.epoch.to_hex();
    let forged = format!(
        r#"{{"type":"state","epoch":"{epoch}","revision":9,"chain":"{epoch}","since":8,"set":{{"b":2}}}}"#
    );
    let now = world.now;
    world.peers[0].client.socket_message(now, &forged);
    world.run(SECOND * 5);
    assert_eq!(count(&world.take_events(0), &ClientEvent::Reconnected), 1);
    assert_eq!(world.peers[0].data.to_text(), r#"{"a":1}"#);
    world.assert_equal();
}

#[test]
fn connections_that_do_not_last_are_tried_less_and_less_often() {
    let mut world = World::with(&["ann"]);
    let joins = |world: &World| {
        let is_join = |text: &str| matches!(ClientMessage::decode(text), Ok(ClientMessage::Join(_)));
        world.peers[0].sent.iter().filter(|(_, text)| is_join(text)).count()
    };
    for _ in 0..1200 {
        world.run(Duration::from_millis(100));
        world.cut(0);
        world.heal(0);
    }
    let in_two_minutes = joins(&world);
    assert!(in_two_minutes < 60, "{in_two_minutes} joins in two minutes");
    world.run(Duration::from_secs(30));
    world.assert_equal();
}

#[test]
fn a_join_whose_answer_takes_long_is_waited_for_once_the_socket_is_open() {
    let mut world = World::new();
    world.stall_new = true;
    world.join("ann");
    world.run(Duration::from_secs(25));
    assert_eq!(world.take_events(0), []);
    world.unstall(0);
    assert_eq!(world.take_events(0).first(), Some(&ClientEvent::Joined));
}

#[test]
fn a_socket_that_opens_for_too_long_is_replaced_when_the_network_comes_back() {
    let mut client = meeting_session_core::Client::new(1);
    let start = meeting_session_core::Instant::from_millis(1_000);
    client.join(start, crate::support::options("ann", 0)).unwrap();
    assert_eq!(client.take_outputs(), [ClientOutput::Connect]);
    client.wake(start + SECOND / 2);
    assert_eq!(client.take_outputs(), []);
    client.wake(start + SECOND * 2);
    assert_eq!(client.take_outputs(), [ClientOutput::Connect]);
}

#[test]
fn a_token_that_is_too_long_is_refused_before_anything_happens() {
    let mut client = meeting_session_core::Client::new(1);
    let mut options = crate::support::options("ann", 0);
    options.token = Some("t".repeat(limits::TOKEN_UNITS + 1));
    assert!(client.join(meeting_session_core::Instant::default(), options).is_err());
    assert_eq!(client.take_outputs(), []);
}
