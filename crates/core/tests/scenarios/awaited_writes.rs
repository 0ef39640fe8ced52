//! Writes that somebody waits for: sent at once, in order, each ended exactly once.

use std::time::Duration;

use crate::support::{World, count, ends, merge, replace, set, updates_sent};
use meeting_session_core::client::{ClientEvent, WriteEnd, WriteFailure, WriteId};
use meeting_session_core::protocol::{Condition, Rejection, limits};
use meeting_session_core::throttle::{Throttle, Verdict};
use meeting_session_core::{Instant, Json, Update};

const SECOND: Duration = Duration::from_secs(1);

fn write(world: &mut World, peer: usize, number: u32, update: Update) {
    let now = world.now;
    world.peers[peer].client.write(now, WriteId(number), update, Condition::default());
    world.settle();
}

/// How many frames a peer sent since then.
fn sent_since(world: &World, peer: usize, since: Instant) -> usize {
    world.peers[peer].sent.iter().filter(|(at, _)| *at >= since).count()
}

#[test]
fn it_goes_at_once_and_ends_with_its_revision_after_its_data() {
    let mut world = World::with(&["ann", "bob"]);
    world.take_events(0);
    write(&mut world, 0, 1, set("a", 1));
    write(&mut world, 0, 2, set("a", 1));
    world.run(limits::CONFLATION_INTERVAL);
    let events: Vec<_> = world.take_events(0);
    let ended = |write, end| ClientEvent::WriteEnded { write: WriteId(write), end };
    assert_eq!(
        events,
        [ClientEvent::DataChanged, ended(1, WriteEnd::Applied(1)), ended(2, WriteEnd::Unchanged(1))]
    );
    world.assert_equal();
}

#[test]
fn it_does_not_overtake_what_was_batched_before_it() {
    let mut world = World::with(&["ann", "bob"]);
    world.update(0, set("first", 0));
    world.update(0, set("a", 1));
    world.update(0, set("b", 1));
    // The batch would wait for its second; the awaited write takes it along.
    write(&mut world, 0, 1, set("a", 2));
    world.update(0, set("b", 2));
    world.run(limits::CONFLATION_INTERVAL);
    assert_eq!(world.peers[1].data.to_text(), r#"{"a":2,"b":1,"first":0}"#);
    world.run(SECOND);
    assert_eq!(world.peers[1].data.to_text(), r#"{"a":2,"b":2,"first":0}"#);
}

#[test]
fn a_lost_connection_answers_each_exactly_once() {
    let mut world = World::with(&["ann", "bob"]);
    world.peers[0].stalled = true;
    for number in 0..12 {
        write(&mut world, 0, number, set("n", number as usize));
    }
    world.cut(0);
    world.peers[0].stalled = false;
    assert_eq!(world.session.as_ref().unwrap().position().revision, limits::IN_FLIGHT as u64);
    world.heal(0);
    world.run(SECOND * 2);
    let applied: Vec<_> = (0..12).map(|number| (number, WriteEnd::Applied(u64::from(number) + 1))).collect();
    assert_eq!(ends(&mut world, 0), applied);
    assert_eq!(world.session.as_ref().unwrap().position().revision, 12);
    world.assert_equal();
}

#[test]
fn many_are_paced_below_the_rate_of_the_server() {
    let mut world = World::with(&["ann"]);
    let start = world.now;
    for number in 0..1_000 {
        write(&mut world, 0, number, set("n", number as usize));
        world.run(Duration::from_millis(10));
    }
    let seconds = world.now.since(start).as_secs() as usize;
    let most = (seconds * limits::OPERATIONS_PER_SECOND as usize) + limits::OPERATION_BURST as usize;
    assert!(sent_since(&world, 0, start) < most, "and the server would slow it down");
    world.run(SECOND * 5);
    let ends = ends(&mut world, 0);
    assert_eq!(ends.len(), 1_000, "each has ended");
    let busy = ends.iter().filter(|(_, end)| *end == WriteEnd::Failed(WriteFailure::Busy)).count();
    assert!(busy > 0 && busy < 500, "{busy} were too many at once");
    assert_eq!(world.session.as_ref().unwrap().position().revision, 1_000 - busy as u64);
    world.assert_equal();
}

#[test]
fn one_that_is_refused_is_refused_alone() {
    let mut world = World::with(&["ann"]);
    let half = format!("\"{}\"", "x".repeat(60_000));
    write(&mut world, 0, 1, merge(&[("a", Some(&half))]));
    write(&mut world, 0, 2, merge(&[("b", Some(&half))]));
    write(&mut world, 0, 3, set("c", 1));
    world.run(SECOND);
    let size = r#"{"a":"","b":""}"#.len() + 120_000;
    let refused = WriteEnd::Failed(WriteFailure::Rejected(Rejection::TooLarge(size)));
    let expected = [(1, WriteEnd::Applied(1)), (2, refused), (3, WriteEnd::Applied(2))];
    assert_eq!(ends(&mut world, 0), expected);
}

#[test]
fn what_cannot_be_sent_expires() {
    let mut world = World::with(&["ann", "bob"]);
    world.cut(0);
    write(&mut world, 0, 1, set("mute", 1));
    world.run(Duration::from_secs(25));
    write(&mut world, 0, 2, set("fresh", 1));
    world.run(Duration::from_secs(6));
    assert_eq!(ends(&mut world, 0), [(1, WriteEnd::Failed(WriteFailure::Expired))]);
    world.heal(0);
    world.run(SECOND * 20);
    assert_eq!(ends(&mut world, 0), [(2, WriteEnd::Applied(1))]);
    assert_eq!(world.peers[1].data.to_text(), r#"{"fresh":1}"#);
}

#[test]
fn a_new_session_gets_none_of_them() {
    let mut world = World::with(&["ann"]);
    world.peers[0].stalled = true;
    for number in 0..10 {
        write(&mut world, 0, number, set("n", 1));
    }
    world.update(0, set("batched", 1));
    world.kill_server();
    world.peers[0].stalled = false;
    world.take_events(0);
    world.serving = true;
    world.run(SECOND * 15);
    let events = world.take_events(0);
    let failed = |failure| WriteEnd::Failed(failure);
    let reset = WriteFailure::Rejected(Rejection::SessionReset);
    let ended: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            ClientEvent::WriteEnded { write, end } => Some((write.0, *end)),
            _ => None,
        })
        .collect();
    let expected: Vec<_> = (0..10)
        .map(|number| (number, failed(if number < 8 { WriteFailure::Unknown } else { reset })))
        .collect();
    assert_eq!(ended, expected);
    assert_eq!(events.iter().filter(|event| **event == ClientEvent::WriteFailed(reset)).count(), 1);
    assert_eq!(world.peers[0].data.to_text(), "{}");
}

#[test]
fn leaving_waits_for_all_of_them() {
    let mut world = World::with(&["ann", "bob"]);
    for number in 0..20 {
        write(&mut world, 0, number, set("n", number as usize));
    }
    let now = world.now;
    world.peers[0].client.leave(now);
    world.settle();
    world.run(SECOND);
    assert_eq!(ends(&mut world, 0).len(), 20);
    assert_eq!(world.peers[1].data.to_text(), r#"{"n":19}"#);
}

/// Somebody who gets no answers any more writes this often and something batched, and leaves.
fn leave_unanswered(writes: u32) -> World {
    let mut world = World::with(&["ann", "bob"]);
    world.peers[0].stalled = true;
    for number in 0..writes {
        write(&mut world, 0, number, set(&format!("k{number}"), 1));
    }
    world.update(0, set("last", 1));
    world.take_events(0);
    let now = world.now;
    world.peers[0].client.leave(now);
    world.settle();
    assert_eq!(updates_sent(&world, 0).len(), limits::IN_FLIGHT);
    world
}

#[test]
fn leaving_sends_all_of_them_though_none_is_answered() {
    let mut world = leave_unanswered(20);
    world.run(limits::LEAVE_TIMEOUT - Duration::from_millis(1));
    assert_eq!(world.take_events(0), [], "it waits for answers");
    world.run(Duration::from_millis(1));
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 1, "it has left");
    let data = world.session.as_ref().unwrap().data();
    assert!((0..20).all(|number| data.get(&format!("k{number}")).is_some()) && data.get("last").is_some());
    let unknown = WriteFailure::Unknown;
    let ended = (0..20).map(|number| (number, WriteEnd::Failed(unknown)));
    let events = world.take_events(0);
    assert_eq!(count(&events, &ClientEvent::WriteFailed(unknown)), 1);
    world.peers[0].events = events;
    assert_eq!(ends(&mut world, 0), ended.collect::<Vec<_>>());
}

#[test]
fn a_connection_that_is_lost_while_leaving_ends_what_it_could_not_send() {
    let mut world = leave_unanswered(10);
    world.cut(0);
    assert_eq!(updates_sent(&world, 0).len(), limits::IN_FLIGHT);
    let events = world.take_events(0);
    assert_eq!(count(&events, &ClientEvent::WriteFailed(WriteFailure::Left)), 1);
    let ended = |failure| {
        let is = |event: &&ClientEvent| matches!(event, ClientEvent::WriteEnded { end, .. } if *end == WriteEnd::Failed(failure));
        events.iter().filter(is).count()
    };
    assert_eq!((ended(WriteFailure::Unknown), ended(WriteFailure::Left)), (8, 2));
}

#[test]
fn before_the_join_and_after_the_end_it_is_refused_at_once() {
    let mut world = World::with(&["ann"]);
    let now = world.now;
    world.peers[0].client.leave(now);
    world.settle();
    world.take_events(0);
    write(&mut world, 0, 1, replace(&[("a", "1")]));
    assert_eq!(ends(&mut world, 0), [(1, WriteEnd::Failed(WriteFailure::Left))]);
}

#[test]
fn writes_and_messages_together_stay_below_the_rate_of_the_server() {
    let mut world = World::with(&["ann", "bob"]);
    let mut throttle = Throttle::new(world.now);
    let (start, mut counted) = (world.now, world.peers[0].sent.len());
    for number in 0..3_000 {
        write(&mut world, 0, number, set("n", number as usize));
        if number % 4 == 0 {
            let now = world.now;
            let hello = Json::parse("\"refresh\"").unwrap();
            world.peers[0].client.app_message(now, None, hello).unwrap();
        }
        world.run(Duration::from_millis(20));
        for (at, _) in &world.peers[0].sent[counted..] {
            assert_eq!(throttle.admit(*at), Verdict::Now, "after {:?}", at.since(start));
        }
        counted = world.peers[0].sent.len();
    }
}

#[test]
fn a_page_that_goes_away_sends_all_that_waits() {
    let mut world = World::with(&["ann", "bob"]);
    world.peers[0].stalled = true;
    for number in 0..20 {
        write(&mut world, 0, number, set(&format!("k{number}"), 1));
    }
    world.update(0, set("last", 1));
    let now = world.now;
    world.peers[0].client.hide(now);
    world.settle();
    world.cut(0);
    world.run(SECOND);
    let data = world.session.as_ref().unwrap().data();
    assert!((0..20).all(|number| data.get(&format!("k{number}")).is_some()) && data.get("last").is_some());

    // It comes back: what the server still remembers is answered, and nothing is applied twice.
    let revision = world.session.as_ref().unwrap().position().revision;
    world.peers[0].stalled = false;
    world.heal(0);
    let now = world.now;
    world.peers[0].client.wake(now);
    world.run(SECOND);
    let ends = ends(&mut world, 0);
    let applied = ends.iter().filter(|(_, end)| matches!(end, WriteEnd::Applied(_))).count();
    assert_eq!((ends.len(), applied), (20, limits::IN_FLIGHT - 1));
    assert_eq!(world.session.as_ref().unwrap().position().revision, revision);
    world.assert_equal();
}
