//! What a lost connection, or a lost server, costs: nothing that is not told.

use std::time::Duration;

use meeting_session_core::client::{ClientEvent, ClientOutput, Reset, WriteFailure};
use meeting_session_core::protocol::{ClientMessage, Rejection, limits};

use crate::support::{World, count, merge, replace, updates_sent};

const SECOND: Duration = Duration::from_secs(1);

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
