//! What becomes of what is written, while the connection is there.

use std::time::Duration;

use meeting_session_core::Update;
use meeting_session_core::client::{ClientEvent, WriteFailure};
use meeting_session_core::protocol::{Rejection, limits};

use crate::support::{World, count, merge, replace, updates_sent};

const SECOND: Duration = Duration::from_secs(1);

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
fn what_is_due_is_sent_with_the_next_message_also_when_no_timer_runs() {
    let mut world = World::with(&["ann", "bob"]);
    world.update(0, merge(&[("a", Some("1"))]));
    world.update(0, merge(&[("b", Some("2"))]));
    // Deadlines pass, and nobody handles them.
    world.now = world.now + SECOND;
    assert_eq!(updates_sent(&world, 0).len(), 1);
    world.update(1, merge(&[("c", Some("3"))]));
    assert_eq!(updates_sent(&world, 0).len(), 2);
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
