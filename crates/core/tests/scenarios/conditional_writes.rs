//! Writes that are applied only if the data is still what their writer saw.

use std::time::Duration;

use meeting_session_core::client::{ClientEvent, WriteEnd, WriteFailure, WriteId};
use meeting_session_core::protocol::*;
use meeting_session_core::session::{SavedSession, SessionConfig};
use meeting_session_core::{Session, Update};

use crate::support::{World, ends, merge, replace, set, updates_sent};

const SECOND: Duration = Duration::from_secs(1);

fn at_revision(revision: u64) -> Condition {
    Condition { revision: Some(revision), ..Condition::default() }
}

fn unchanged(keys: &[&str]) -> Condition {
    Condition { unchanged: keys.iter().map(|key| String::from(*key)).collect(), ..Condition::default() }
}

fn write(world: &mut World, peer: usize, number: u32, update: Update, condition: Condition) {
    let now = world.now;
    world.peers[peer].client.write(now, WriteId(number), update, condition);
    world.settle();
}

fn withdraw(world: &mut World, peer: usize, number: u32) -> bool {
    let now = world.now;
    world.peers[peer].client.withdraw(now, WriteId(number))
}

fn conflict(revision: u64) -> WriteEnd {
    WriteEnd::Failed(WriteFailure::Rejected(Rejection::Conflict(revision)))
}

fn revision(world: &World) -> u64 {
    world.session.as_ref().unwrap().position().revision
}

/// The server stops, and the next one goes on from its state file.
fn restart(world: &mut World) {
    let text = serde_json::to_string(&world.session.as_ref().unwrap().save(world.now)).unwrap();
    world.kill_server();
    let saved: SavedSession = serde_json::from_str(&text).unwrap();
    let session = Session::restore(world.now, saved, SECOND, SessionConfig::default()).unwrap();
    let again = serde_json::to_value(session.save(world.now)).unwrap();
    let before: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(again["writes"], before["writes"]);
    world.session = Some(session);
    world.serving = true;
}

#[test]
fn at_a_revision_it_is_applied_at_that_one_and_no_other() {
    let mut world = World::with(&["ann", "bob"]);
    write(&mut world, 0, 1, set("a", 1), at_revision(0));
    write(&mut world, 1, 1, set("b", 1), at_revision(0));
    write(&mut world, 1, 2, set("b", 1), at_revision(2));
    write(&mut world, 1, 3, set("b", 1), at_revision(1));
    world.run(SECOND);
    assert_eq!(ends(&mut world, 0), [(1, WriteEnd::Applied(1))]);
    assert_eq!(ends(&mut world, 1), [(1, conflict(1)), (2, conflict(1)), (3, WriteEnd::Applied(2))]);
    world.assert_equal();
    assert_eq!(world.peers[0].data.to_text(), r#"{"a":1,"b":1}"#);
}

#[test]
fn keys_may_be_there_or_gone_or_never_have_been_there() {
    let mut world = World::with(&["ann", "bob"]);
    write(&mut world, 0, 1, merge(&[("there", Some("1")), ("gone", Some("1"))]), Condition::default());
    write(&mut world, 0, 2, merge(&[("gone", None)]), Condition::default());
    world.run(SECOND);
    // Who sees them as they are may write, also to other keys; what others write elsewhere is no matter.
    write(&mut world, 1, 1, set("else", 1), Condition::default());
    write(&mut world, 0, 3, set("x", 1), unchanged(&["there", "gone", "never"]));
    world.run(SECOND);
    let applied = |number, revision| (number, WriteEnd::Applied(revision));
    assert_eq!(ends(&mut world, 0), [applied(1, 1), applied(2, 2), applied(3, 4)]);

    // Ann does not see what Bob does with each of them.
    for (key, change) in [("there", Some("2")), ("gone", Some("2")), ("never", Some("2")), ("there", None)] {
        world.peers[0].stalled = true;
        write(&mut world, 1, 2, merge(&[(key, change)]), Condition::default());
        let before = revision(&world);
        write(&mut world, 0, 4, set("x", 2), unchanged(&["x", key]));
        world.unstall(0);
        world.run(SECOND);
        assert_eq!(ends(&mut world, 0), [(4, conflict(before))], "{key}");
        assert_eq!(revision(&world), before, "a conflict takes no revision");
        world.assert_equal();
    }
    // Deleted and written again with the same value, a key is another version.
    world.peers[0].stalled = true;
    for change in [None, Some("1")] {
        write(&mut world, 1, 3, merge(&[("x", change)]), Condition::default());
    }
    write(&mut world, 0, 5, set("y", 1), unchanged(&["x"]));
    world.unstall(0);
    world.run(SECOND);
    assert_eq!(ends(&mut world, 0), [(5, conflict(revision(&world)))]);
}

#[test]
fn what_a_client_wrote_itself_and_does_not_see_yet_is_a_conflict_too() {
    let mut world = World::with(&["ann"]);
    world.peers[0].stalled = true;
    write(&mut world, 0, 1, set("n", 1), unchanged(&["n"]));
    write(&mut world, 0, 2, set("n", 2), unchanged(&["n"]));
    write(&mut world, 0, 3, set("m", 3), unchanged(&["m"]));
    world.unstall(0);
    world.run(SECOND);
    let ended = ends(&mut world, 0);
    assert_eq!(ended, [(1, WriteEnd::Applied(1)), (2, conflict(1)), (3, WriteEnd::Applied(2))]);
}

#[test]
fn in_a_busy_session_a_conflict_comes_at_once_after_the_data_that_was_first() {
    let mut world = World::with(&["ann", "bob", "carol"]);
    write(&mut world, 1, 1, set("n", 1), Condition::default());
    // Bob's second write is gathered: nobody has it yet.
    write(&mut world, 1, 2, set("n", 2), Condition::default());
    let seen = |world: &World, peer: usize| world.peers[peer].client.position().unwrap().revision;
    assert_eq!((seen(&world, 0), seen(&world, 1), seen(&world, 2)), (1, 1, 1));
    world.take_events(0);
    let (now, frames) = (world.now, world.frames);
    write(&mut world, 0, 1, set("n", 3), unchanged(&["n"]));
    assert_eq!(world.now, now);
    let ended = ClientEvent::WriteEnded { write: WriteId(1), end: conflict(2) };
    assert_eq!(world.take_events(0), [ClientEvent::DataChanged, ended]);
    assert_eq!((seen(&world, 0), seen(&world, 1), seen(&world, 2)), (2, 1, 1));
    assert_eq!(world.frames - frames, 2, "nobody else is sent anything for it");
    // A retry sees the newest data.
    write(&mut world, 0, 2, set("n", 3), unchanged(&["n"]));
    assert_eq!(ends(&mut world, 0), [(2, WriteEnd::Applied(3))]);
    world.run(limits::CONFLATION_INTERVAL);
    world.assert_equal();
}

#[test]
fn what_is_too_long_ago_to_be_known_is_a_conflict_and_a_retry_works() {
    let mut world = World::with(&["ann", "bob"]);
    write(&mut world, 1, 0, set("there", 1), Condition::default());
    world.cut(0);
    write(&mut world, 0, 1, set("n", 1), unchanged(&["never"]));
    write(&mut world, 0, 2, set("n", 2), unchanged(&["there"]));
    for number in 0..=limits::LOG_UPDATES {
        write(&mut world, 1, 1, set("other", number), Condition::default());
        world.run(Duration::from_millis(25));
    }
    let before = revision(&world);
    world.heal(0);
    world.run(SECOND * 15);
    // The version of a key that is there is always known.
    assert_eq!(ends(&mut world, 0), [(1, conflict(before)), (2, WriteEnd::Applied(before + 1))]);
    write(&mut world, 0, 3, set("m", 1), unchanged(&["never"]));
    assert_eq!(ends(&mut world, 0), [(3, WriteEnd::Applied(before + 2))]);
}

#[test]
fn after_a_resume_the_answer_is_the_one_that_was_lost() {
    let mut world = World::with(&["ann", "bob"]);
    world.peers[0].stalled = true;
    write(&mut world, 1, 1, set("taken", 1), Condition::default());
    write(&mut world, 0, 1, set("free", 1), unchanged(&["free"]));
    write(&mut world, 0, 2, set("taken", 2), unchanged(&["taken"]));
    world.cut(0);
    world.peers[0].stalled = false;
    write(&mut world, 1, 2, set("free", 2), Condition::default());
    world.heal(0);
    world.run(SECOND * 15);
    assert_eq!(ends(&mut world, 0), [(1, WriteEnd::Applied(2)), (2, conflict(2))]);
    assert_eq!(updates_sent(&world, 0).len(), 4, "both were sent again");
    assert_eq!(revision(&world), 3);
    world.assert_equal();
}

#[test]
fn over_a_restart_the_versions_of_the_keys_that_are_there_are_kept() {
    let mut world = World::with(&["ann", "bob"]);
    write(&mut world, 0, 1, merge(&[("old", Some("1")), ("new", Some("1"))]), Condition::default());
    world.run(SECOND);
    world.take_events(0);
    world.cut(0);
    write(&mut world, 1, 1, set("new", 2), Condition::default());
    write(&mut world, 0, 2, set("x", 1), unchanged(&["old"]));
    write(&mut world, 0, 3, set("x", 2), unchanged(&["new"]));
    // Nobody can say that it was not there in between.
    write(&mut world, 0, 4, set("x", 3), unchanged(&["never"]));
    restart(&mut world);
    world.heal(0);
    world.run(SECOND * 15);
    assert_eq!(ends(&mut world, 0), [(2, WriteEnd::Applied(3)), (3, conflict(3)), (4, conflict(3))]);
    write(&mut world, 0, 5, set("x", 3), unchanged(&["never", "old", "new"]));
    assert_eq!(ends(&mut world, 0), [(5, WriteEnd::Applied(4))]);
    world.run(SECOND);
    world.assert_equal();
}

#[test]
fn what_was_made_for_an_earlier_session_is_not_checked_against_the_new_one() {
    let mut world = World::with(&["ann"]);
    world.cut(0);
    write(&mut world, 0, 1, set("n", 1), at_revision(0));
    write(&mut world, 0, 2, set("n", 2), unchanged(&["n"]));
    world.kill_server();
    world.serving = true;
    world.heal(0);
    world.run(SECOND * 15);
    let reset = WriteEnd::Failed(WriteFailure::Rejected(Rejection::SessionReset));
    assert_eq!(ends(&mut world, 0), [(1, reset), (2, reset)]);
    assert_eq!((revision(&world), updates_sent(&world, 0).len()), (0, 0));
}

#[test]
fn what_was_not_sent_can_be_taken_back() {
    let mut world = World::with(&["ann", "bob"]);
    world.cut(0);
    for number in 1..=3 {
        write(&mut world, 0, number, set("n", number as usize), unchanged(&["n"]));
    }
    assert_eq!(world.peers[0].client.unanswered_writes(), 3);
    assert!(withdraw(&mut world, 0, 2));
    assert!(!withdraw(&mut world, 0, 2), "once");
    assert_eq!(world.peers[0].client.unanswered_writes(), 2);
    world.heal(0);
    world.run(SECOND * 15);
    assert_eq!(ends(&mut world, 0), [(1, WriteEnd::Applied(1)), (3, conflict(1))]);
    assert_eq!(updates_sent(&world, 0).len(), 2);

    // Sent, it may be applied all the same, and its end is told.
    world.peers[0].stalled = true;
    write(&mut world, 0, 4, set("n", 4), Condition::default());
    assert!(!withdraw(&mut world, 0, 4));
    world.unstall(0);
    world.run(SECOND);
    assert_eq!(ends(&mut world, 0), [(4, WriteEnd::Applied(2))]);
    assert!(!withdraw(&mut world, 0, 4));
    assert_eq!(world.peers[0].client.unanswered_writes(), 0);
}

#[test]
fn batches_that_a_withdrawn_write_stood_between_are_not_refused_as_one() {
    let mut world = World::with(&["ann"]);
    let half = format!("\"{}\"", "x".repeat(60_000));
    world.cut(0);
    world.update(0, merge(&[("a", Some(&half))]));
    write(&mut world, 0, 1, merge(&[("a", None)]), Condition::default());
    world.update(0, merge(&[("b", Some(&half))]));
    assert!(withdraw(&mut world, 0, 1));
    world.update(0, set("c", 1));
    world.take_events(0);
    world.heal(0);
    world.run(SECOND * 15);
    // The second alone is too much for what is there by then, and what was made with it shares its fate.
    let failed = |event: &ClientEvent| matches!(event, ClientEvent::WriteFailed(_));
    assert_eq!(world.take_events(0).iter().filter(|event| failed(event)).count(), 1);
    assert!(world.peers[0].data.to_text() == format!(r#"{{"a":{half}}}"#), "the first is applied");
}

#[test]
fn what_changes_nothing_is_unchanged_or_a_conflict() {
    let mut world = World::with(&["ann"]);
    world.peers[0].stalled = true;
    write(&mut world, 0, 1, set("n", 1), at_revision(0));
    write(&mut world, 0, 2, set("n", 1), at_revision(0));
    write(&mut world, 0, 3, set("n", 1), unchanged(&["m"]));
    write(&mut world, 0, 4, merge(&[]), unchanged(&["m"]));
    write(&mut world, 0, 5, merge(&[]), unchanged(&["n"]));
    // Whether it would be too large is not even asked.
    write(&mut world, 0, 6, replace(&[("n", &format!("\"{}\"", "x".repeat(110_000)))]), unchanged(&["n"]));
    world.unstall(0);
    world.run(SECOND);
    let unchanged = WriteEnd::Unchanged(1);
    let expected = [
        (1, WriteEnd::Applied(1)),
        (2, conflict(1)),
        (3, unchanged),
        (4, unchanged),
        (5, conflict(1)),
        (6, conflict(1)),
    ];
    assert_eq!(ends(&mut world, 0), expected);
}

#[test]
fn it_is_not_made_one_with_what_is_batched_around_it() {
    let mut world = World::with(&["ann", "bob"]);
    world.update(0, set("first", 1));
    world.take_events(0);
    let sent = updates_sent(&world, 0).len();
    world.update(0, set("a", 1));
    world.update(0, set("b", 1));
    write(&mut world, 0, 1, set("a", 2), unchanged(&["a"]));
    write(&mut world, 0, 2, set("b", 2), unchanged(&["first"]));
    world.update(0, set("a", 3));
    world.update(0, set("c", 3));
    world.run(SECOND * 2);
    assert_eq!(updates_sent(&world, 0).len() - sent, 4);
    // The batch came before them, as it was called before.
    assert_eq!(ends(&mut world, 0), [(1, conflict(2)), (2, WriteEnd::Applied(3))]);
    assert_eq!(world.peers[1].data.to_text(), r#"{"a":3,"b":2,"c":3,"first":1}"#);
    world.assert_equal();
}
