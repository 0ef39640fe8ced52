//! Joining, leaving, going away, and the end of a session.

use std::time::Duration;

use meeting_session_core::client::{ClientEvent, Failure, WriteFailure};
use meeting_session_core::protocol::limits;

use crate::support::{World, merge, replace};

const SECOND: Duration = Duration::from_secs(1);

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
fn a_token_that_is_too_long_is_refused_before_anything_happens() {
    let mut client = meeting_session_core::Client::new(1);
    let mut options = crate::support::options("ann", 0);
    options.token = Some("t".repeat(limits::TOKEN_UNITS + 1));
    assert!(client.join(meeting_session_core::Instant::default(), options).is_err());
    assert_eq!(client.take_outputs(), []);
}
