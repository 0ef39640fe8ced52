//! Pages that go away and come back as other documents.

use std::time::Duration;

use meeting_session_core::client::{ClientEvent, ClientOutput, Failure, Identity, JoinOptions};
use meeting_session_core::protocol::{CloseCode, limits};
use meeting_session_core::{Client, Json};

use crate::support::{World, instance, merge, options};

const SECOND: Duration = Duration::from_secs(1);

/// The page goes away, and with it its socket; returns who it was.
fn unload(world: &mut World, peer: usize) -> Identity {
    go_away(world, peer).resume.expect("it was somebody")
}

fn presence_changes(world: &mut World, peer: usize) -> usize {
    let change = |event: &ClientEvent| {
        matches!(event, ClientEvent::ParticipantJoined(_) | ClientEvent::ParticipantLeft(_))
    };
    world.take_events(peer).iter().filter(|event| change(event)).count()
}

#[test]
fn a_reload_is_the_same_participant() {
    let mut world = World::with(&["ann", "bob"]);
    world.update(0, merge(&[("a", Some("1"))]));
    let before = world.peers[0].client.participant().cloned();
    world.take_events(1);
    let mut page = 0;
    for _ in 0..20 {
        let left = unload(&mut world, page);
        world.run(SECOND);
        page = world.join_as("ann", Some(left));
        assert_eq!(world.peers[page].client.participant().cloned(), before);
        assert_eq!(world.peers[page].data.to_text(), r#"{"a":1}"#);
        assert_eq!(world.take_events(page).first(), Some(&ClientEvent::Joined));
    }
    world.update(page, merge(&[("b", Some("2"))]));
    world.run(Duration::from_secs(60));
    assert_eq!(presence_changes(&mut world, 1), 0);
    assert_eq!(world.peers[1].data.to_text(), r#"{"a":1,"b":2}"#);
}

#[test]
fn the_only_participant_keeps_its_session_over_a_reload() {
    let mut world = World::with(&["ann"]);
    world.update(0, merge(&[("a", Some("1"))]));
    let left = unload(&mut world, 0);
    world.run(limits::AWAY_GRACE - SECOND);
    let page = world.join_as("ann", Some(left));
    assert_eq!(world.peers[page].data.to_text(), r#"{"a":1}"#);
}

#[test]
fn after_the_grace_a_reload_is_somebody_new() {
    let mut world = World::with(&["ann", "bob"]);
    let before = world.peers[0].client.participant().cloned();
    let left = unload(&mut world, 0);
    world.run(limits::AWAY_GRACE + SECOND);
    let page = world.join_as("ann", Some(left));
    assert_ne!(world.peers[page].client.participant().cloned(), before);
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);
}

#[test]
fn of_two_that_take_the_same_identity_the_first_is_it() {
    let mut world = World::with(&["ann", "bob"]);
    let before = world.peers[0].client.participant().cloned();
    let left = unload(&mut world, 0);
    let first = world.join_as("ann", Some(left.clone()));
    let second = world.join_as("ann", Some(left));
    assert_eq!(world.peers[first].client.participant().cloned(), before);
    assert_ne!(world.peers[second].client.participant().cloned(), before);
    world.run(Duration::from_secs(60));
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 3);
    let failed = |event: &ClientEvent| matches!(event, ClientEvent::Failed(_) | ClientEvent::Interrupted);
    assert!(!world.take_events(first).iter().any(failed));
}

#[test]
fn a_resume_of_a_live_participant_supersedes_it_and_it_stops() {
    let mut world = World::with(&["ann", "bob"]);
    let stolen = hide(&mut world, 0).resume;
    let thief = world.join_as("ann", stolen);
    let superseded = ClientEvent::Failed(Failure::Closed(CloseCode::SUPERSEDED));
    assert!(world.take_events(0).contains(&superseded));
    world.run(Duration::from_secs(60));
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);
    assert!(!world.take_events(thief).contains(&ClientEvent::Interrupted));
}

#[test]
fn a_page_that_is_frozen_as_it_goes_away_is_given_up_as_if_it_had_gone() {
    let mut world = World::with(&["ann", "bob"]);
    let go_away_and_come_back = |world: &mut World, after: Duration| {
        let now = world.now;
        world.peers[0].client.hide(now);
        // A last word of the page itself takes back that it goes away.
        world.peers[0].client.app_message(now, None, Json::from_stringified("\"bye\"")).unwrap();
        world.peers[0].client.freeze(now);
        world.settle();
        world.cut(0);
        world.run(after);
        world.heal(0);
        let now = world.now;
        world.peers[0].client.wake(now);
        world.settle();
    };
    let before = world.peers[0].client.participant().cloned();
    go_away_and_come_back(&mut world, limits::AWAY_GRACE - SECOND);
    assert_eq!(world.peers[0].client.participant().cloned(), before);
    assert_eq!(presence_changes(&mut world, 1), 0);

    go_away_and_come_back(&mut world, limits::AWAY_GRACE + SECOND);
    assert_ne!(world.peers[0].client.participant().cloned(), before);
    assert_eq!(presence_changes(&mut world, 1), 2);
}

#[test]
fn the_operator_says_how_long_a_reload_may_take_up_to_the_grace() {
    for (away_grace, kept) in [(SECOND * 20, SECOND * 20), (limits::GRACE * 2, limits::GRACE)] {
        let mut world = World::new();
        world.away_grace = away_grace;
        world.join("ann");
        world.join("bob");
        go_away(&mut world, 0);
        world.run(kept - SECOND);
        assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);
        world.run(SECOND * 2);
        assert_eq!(world.session.as_ref().unwrap().participant_count(), 1);
    }
}

#[test]
fn leaving_while_the_page_unloads_may_be_a_reload() {
    let mut world = World::with(&["ann", "bob"]);
    let before = world.peers[0].client.participant().cloned();
    world.update(0, merge(&[("a", Some("1"))]));
    world.update(0, merge(&[("a", Some("2"))]));
    let now = world.now;
    world.peers[0].client.unload(now);
    world.peers[0].client.leave(now);
    world.settle();
    let events = world.take_events(0);
    assert_eq!(events.last(), Some(&ClientEvent::Left));
    let left = events.into_iter().find_map(|event| match event {
        ClientEvent::Away { identity, .. } => identity,
        _ => None,
    });
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);
    let page = world.join_as("ann", left);
    assert_eq!(world.peers[page].client.participant().cloned(), before);
    assert_eq!(world.peers[page].data.to_text(), r#"{"a":2}"#);

    // Nobody comes back: it has left, though a moment later.
    let now = world.now;
    world.peers[page].client.unload(now);
    world.peers[page].client.leave(now);
    world.run(limits::AWAY_GRACE + SECOND);
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 1);
}

#[test]
fn leaving_while_the_page_unloads_may_be_a_reload_before_it_is_joined_too() {
    let leave = |world: &mut World, peer: usize| {
        let now = world.now;
        world.peers[peer].client.unload(now);
        world.peers[peer].client.leave(now);
        world.settle();
        what_is_left(world.take_events(peer).into_iter(), options("ann", 7))
    };
    let mut world = World::with(&["ann", "bob"]);
    let before = world.peers[0].client.participant().cloned();
    world.take_events(1);
    world.cut(0);
    let left = leave(&mut world, 0);
    let unanswered = join_unanswered(&mut world, left);
    let left = leave(&mut world, unanswered);
    let page = world.join_with(JoinOptions { instance: instance(8), ..left });
    assert_eq!(world.peers[page].client.participant().cloned(), before);
    assert_eq!(presence_changes(&mut world, 1), 0);

    // Nobody comes back: it has left, though a moment later.
    let left = hide(&mut world, page);
    world.cut(page);
    let unanswered = join_unanswered(&mut world, JoinOptions { instance: instance(9), ..left });
    leave(&mut world, unanswered);
    world.run(limits::AWAY_GRACE + SECOND);
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 1);
}

#[test]
fn leaving_some_time_after_a_page_stayed_is_leaving() {
    let mut world = World::with(&["ann", "bob"]);
    let now = world.now;
    world.peers[0].client.unload(now);
    world.run(SECOND * 2);
    let now = world.now;
    world.peers[0].client.leave(now);
    world.settle();
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 1);
}

#[test]
fn a_page_that_is_reloaded_while_it_joins_goes_on_with_that_join() {
    let mut world = World::with(&["bob"]);
    world.take_events(0);
    let first = join_unanswered(&mut world, options("ann", 6));
    let left = go_away(&mut world, first);
    assert_eq!(left.resume, None);
    let next = world.join_with(JoinOptions { instance: instance(7), ..left.clone() });
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);
    assert_eq!(presence_changes(&mut world, 0), 1, "one ann");
    world.update(next, merge(&[("a", Some("1"))]));

    // Whoever has taken a copy of that is not answered with what this one was.
    let copy = world.join_with(JoinOptions { instance: instance(8), ..left });
    world.update(copy, merge(&[("b", Some("2"))]));
    world.run(SECOND * 2);
    assert_eq!(world.session.as_ref().unwrap().data().to_text(), r#"{"a":1,"b":2}"#);
    assert_eq!(world.peers[next].client.participant().map(|_| ()), Some(()), "and this one is left alone");
    assert_ne!(world.peers[next].client.participant(), world.peers[copy].client.participant());
}

#[test]
fn a_page_that_is_reloaded_again_and_again_before_it_is_answered_is_one_participant() {
    for joined_before in [true, false] {
        let mut world = World::with(&["bob"]);
        let mut left = options("ann", 10);
        if joined_before {
            let ann = world.join_with(left);
            left = go_away(&mut world, ann);
        }
        world.take_events(0);
        // The server makes a participant of this one, or its secret void.
        let unanswered = join_unanswered(&mut world, JoinOptions { instance: instance(11), ..left });
        left = go_away(&mut world, unanswered);
        // And of these it never hears.
        for index in 12..12 + limits::PREDECESSORS - 1 {
            left = unheard(&world, JoinOptions { instance: instance(index), ..left });
        }
        assert_eq!(left.predecessors.len(), limits::PREDECESSORS_UNITS);
        let last = world.join_with(JoinOptions { instance: instance(99), ..left });
        world.run(Duration::from_secs(60));
        assert_eq!(presence_changes(&mut world, 0), usize::from(!joined_before), "one ann");
        assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);

        // Who has an answer needs them no more.
        assert_eq!(go_away(&mut world, last).predecessors, "");
    }
}

#[test]
fn a_page_that_is_reloaded_before_its_reconnect_is_answered_is_the_same_participant() {
    let mut world = World::with(&["ann", "bob"]);
    world.take_events(1);
    world.cut(0);
    world.peers[0].stalled = true;
    world.heal(0);
    world.run(SECOND);
    let left = go_away(&mut world, 0);
    world.join_with(JoinOptions { instance: instance(7), ..left });
    world.run(Duration::from_secs(60));
    assert_eq!(presence_changes(&mut world, 1), 0);
}

#[test]
fn a_join_names_no_more_documents_than_it_may() {
    let mut world = World::new();
    let unanswered = join_unanswered(&mut world, options("ann", limits::PREDECESSORS));
    let left = go_away(&mut world, unanswered);
    // The oldest is left out, as is whatever else is too much in the storage of a page.
    let older: Vec<_> = (0..limits::PREDECESSORS).map(instance).collect();
    let predecessors = format!("{} {}", older.join(" "), left.predecessors);
    let next = world.join_with(JoinOptions { predecessors, instance: instance(99), ..left });
    assert!(world.take_events(next).contains(&ClientEvent::Joined));
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 1);
    let (_, join) = &world.peers[next].sent[0];
    assert!(join.contains(&instance(1)) && !join.contains(&instance(0)), "{join}");
}

#[test]
fn a_page_that_comes_back_while_it_joins_is_not_away() {
    let mut world = World::with(&["bob"]);
    let ann = join_unanswered(&mut world, options("ann", 7));
    hide(&mut world, ann);
    let now = world.now;
    world.peers[ann].client.wake(now);
    world.settle();
    world.cut(ann);
    world.run(limits::AWAY_GRACE + SECOND);
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 2);
}

/// Somebody joins and gets no answer.
fn join_unanswered(world: &mut World, options: JoinOptions) -> usize {
    world.stall_new = true;
    let peer = world.join_with(options);
    world.stall_new = false;
    peer
}

/// A document goes away right after it has sent its join, which is lost. Returns what it leaves for the next one.
fn unheard(world: &World, options: JoinOptions) -> JoinOptions {
    let mut client = Client::new(1);
    client.join(world.now, options.clone()).unwrap();
    client.socket_opened(world.now);
    client.hide(world.now);
    let event = |output| match output {
        ClientOutput::Event(event) => Some(event),
        _ => None,
    };
    what_is_left(client.take_outputs().into_iter().filter_map(event), options)
}

/// The page goes away, and with it its socket; returns what it leaves for the next one.
fn go_away(world: &mut World, peer: usize) -> JoinOptions {
    let left = hide(world, peer);
    world.cut(peer);
    left
}

fn hide(world: &mut World, peer: usize) -> JoinOptions {
    let now = world.now;
    world.peers[peer].client.hide(now);
    world.settle();
    what_is_left(world.take_events(peer).into_iter(), options("ann", 0))
}

fn what_is_left(mut events: impl Iterator<Item = ClientEvent>, options: JoinOptions) -> JoinOptions {
    let away = |event| match event {
        ClientEvent::Away { identity, predecessors } => Some((identity, predecessors)),
        _ => None,
    };
    let (resume, predecessors) = events.find_map(away).expect("it said who it was");
    JoinOptions { resume, predecessors, ..options }
}
