//! Transactions: turns, repeated attempts, and every way in which they end.

use std::time::Duration;

use meeting_session_core::Update;
use meeting_session_core::client::{ClientEvent, WriteEnd, WriteFailure, WriteId};
use meeting_session_core::protocol::*;

use crate::support::{World, ends, merge, set, updates_sent};

const SECOND: Duration = Duration::from_secs(1);

fn begin(world: &mut World, peer: usize, number: u32, attempts: u32) {
    let now = world.now;
    world.peers[peer].client.transact(now, WriteId(number), attempts);
    world.settle();
}

/// The attempts that a peer was told to make since its events were looked at last.
fn attempts(world: &mut World, peer: usize) -> Vec<u32> {
    let attempt = |event| match event {
        ClientEvent::Attempt(number) => Some(number.0),
        _ => None,
    };
    world.take_events(peer).into_iter().filter_map(attempt).collect()
}

/// What the function of a transaction writes.
fn answer(world: &mut World, peer: usize, number: u32, update: Update) {
    answer_on(world, peer, number, update, Condition { unchanged: vec!["n".into()], ..Condition::default() });
}

/// The same on a condition that does not hold.
fn lose(world: &mut World, peer: usize, number: u32) {
    let condition = Condition { revision: Some(9_999), ..Condition::default() };
    answer_on(world, peer, number, set("n", 1), condition);
}

fn answer_on(world: &mut World, peer: usize, number: u32, update: Update, condition: Condition) {
    let now = world.now;
    world.peers[peer].client.write(now, WriteId(number), update, condition);
    world.settle();
}

fn withdraw(world: &mut World, peer: usize, number: u32) -> bool {
    let now = world.now;
    let withdrawn = world.peers[peer].client.withdraw(now, WriteId(number));
    world.settle();
    withdrawn
}

fn conflict(end: WriteEnd) -> bool {
    matches!(end, WriteEnd::Failed(WriteFailure::Rejected(Rejection::Conflict(_))))
}

#[test]
fn transactions_take_turns_in_the_order_in_which_they_were_begun() {
    let mut world = World::with(&["ann", "bob"]);
    for number in 1..=3 {
        begin(&mut world, 0, number, 10);
    }
    assert_eq!(attempts(&mut world, 0), [1]);
    answer(&mut world, 0, 1, set("n", 1));
    let events = world.take_events(0);
    let at = |wanted: &ClientEvent| events.iter().position(|event| event == wanted);
    let ended = ClientEvent::WriteEnded { write: WriteId(1), end: WriteEnd::Applied(1) };
    assert!(at(&ended).is_some() && at(&ended) < at(&ClientEvent::Attempt(WriteId(2))), "{events:?}");
    // What has nothing to write takes no turn at the server.
    assert!(withdraw(&mut world, 0, 2));
    assert_eq!(attempts(&mut world, 0), [3]);
    answer(&mut world, 0, 3, set("n", 2));
    assert_eq!(ends(&mut world, 0), [(3, WriteEnd::Applied(2))]);
    assert_eq!(updates_sent(&world, 0).len(), 2);
    assert_eq!(world.peers[0].client.unanswered_writes(), 0);
}

#[test]
fn a_transaction_counts_as_one_unanswered_write_until_it_has_ended() {
    let mut world = World::with(&["ann", "bob"]);
    let unanswered = |world: &World| world.peers[0].client.unanswered_writes();
    begin(&mut world, 0, 1, 10);
    begin(&mut world, 0, 2, 10);
    assert_eq!(unanswered(&world), 2);
    for _ in 0..3 {
        lose(&mut world, 0, 1);
        assert_eq!(unanswered(&world), 2, "between two attempts");
        world.run(SECOND);
    }
    world.peers[0].stalled = true;
    answer(&mut world, 0, 1, set("n", 1));
    assert_eq!(unanswered(&world), 2, "while its write is under way");
    world.unstall(0);
    world.run(SECOND);
    assert_eq!(unanswered(&world), 1);
    assert!(withdraw(&mut world, 0, 2));
    assert_eq!(unanswered(&world), 0);
}

#[test]
fn a_transaction_that_lost_is_tried_again_at_once_and_nobody_overtakes_it() {
    let mut world = World::with(&["ann", "bob"]);
    begin(&mut world, 0, 1, 10);
    begin(&mut world, 0, 2, 10);
    world.take_events(0);
    world.peers[0].stalled = true;
    world.update(1, set("n", 7));
    answer(&mut world, 0, 1, set("n", 1));
    world.unstall(0);
    world.run(SECOND);
    // The loss of one attempt is not told, and the new data is there when the function runs again.
    assert_eq!(world.take_events(0), [ClientEvent::DataChanged, ClientEvent::Attempt(WriteId(1))]);
    answer(&mut world, 0, 1, set("n", 1));
    assert_eq!(ends(&mut world, 0), [(1, WriteEnd::Applied(2))]);
}

#[test]
fn the_pause_before_a_further_attempt_grows_to_a_second_and_is_jittered() {
    let mut longest = [0; 14];
    let mut shortest = [u64::MAX; 14];
    for run in 0..30 {
        let mut world = World::new();
        // The place among the peers is the seed.
        for _ in 0..=run {
            world.join("ann");
        }
        world.peers.swap(0, run);
        begin(&mut world, 0, 1, u32::MAX);
        assert_eq!(attempts(&mut world, 0), [1]);
        for (longest, shortest) in longest.iter_mut().zip(&mut shortest) {
            lose(&mut world, 0, 1);
            let lost_at = world.now;
            let again = (0..1_000).find(|_| {
                let again = attempts(&mut world, 0) == [1];
                world.run(Duration::from_millis(u64::from(!again)));
                again
            });
            assert!(again.is_some(), "within a second");
            let pause = world.now.since(lost_at).as_millis() as u64;
            *longest = (*longest).max(pause);
            *shortest = (*shortest).min(pause);
        }
    }
    assert_eq!(longest[0], 0, "the second attempt follows at once");
    for (index, limit) in [40, 80, 160, 320, 640, 1_000, 1_000, 1_000].into_iter().enumerate() {
        let (longest, shortest) = (longest[index + 1], shortest[index + 1]);
        assert!(longest < limit && longest > limit * 3 / 4, "{index}: {longest} of {limit}");
        assert!(shortest < limit / 4, "{index}: {shortest} of {limit}");
    }
    assert!(longest[9..].iter().all(|longest| (750..1_000).contains(longest)), "{longest:?}");
}

#[test]
fn after_so_many_attempts_the_conflict_is_the_end() {
    for most in [0, 1, 3] {
        let mut world = World::with(&["ann", "bob"]);
        begin(&mut world, 0, 1, most);
        begin(&mut world, 0, 2, most);
        for attempt in 1..=most.max(1) {
            assert_eq!(attempts(&mut world, 0), [1], "attempt {attempt} of {most}");
            lose(&mut world, 0, 1);
            if attempt > 1 && attempt < most {
                world.run(SECOND);
            }
        }
        let events = world.take_events(0);
        let ended = events.iter().find_map(|event| match event {
            ClientEvent::WriteEnded { write: WriteId(1), end } => Some(*end),
            _ => None,
        });
        assert!(ended.is_some_and(conflict), "{events:?}");
        assert_eq!(events.last(), Some(&ClientEvent::Attempt(WriteId(2))), "the next one has its turn");
    }
}

#[test]
fn what_waits_too_long_for_its_turn_expires_and_so_does_a_write_that_is_not_sent() {
    let mut world = World::with(&["ann"]);
    world.cut(0);
    begin(&mut world, 0, 1, 10);
    begin(&mut world, 0, 2, 10);
    world.run(SECOND * 10);
    begin(&mut world, 0, 3, 10);
    assert_eq!(attempts(&mut world, 0), [1]);
    answer(&mut world, 0, 1, set("n", 1));
    let almost = limits::UNSENT_MAX - SECOND * 10 - Duration::from_millis(1);
    world.run(almost);
    assert_eq!(ends(&mut world, 0), []);
    world.run(Duration::from_millis(1));
    let expired = WriteEnd::Failed(WriteFailure::Expired);
    assert_eq!(ends(&mut world, 0), [(2, expired)], "30 s after it was begun");
    world.run(SECOND * 10 - Duration::from_millis(1));
    assert_eq!(ends(&mut world, 0), []);
    world.run(Duration::from_millis(1));
    assert_eq!(ends(&mut world, 0), [(1, expired), (3, expired)]);
}

#[test]
fn a_page_that_slept_does_not_begin_what_has_waited_too_long() {
    let mut world = World::with(&["ann"]);
    begin(&mut world, 0, 1, 10);
    begin(&mut world, 0, 2, 10);
    world.take_events(0);
    world.now = world.now + limits::UNSENT_MAX;
    assert!(withdraw(&mut world, 0, 1));
    assert_eq!(
        world.take_events(0),
        [ClientEvent::WriteEnded { write: WriteId(2), end: WriteEnd::Failed(WriteFailure::Expired) }]
    );
}

#[test]
fn leaving_ends_all_of_them_and_the_next_meeting_has_none() {
    let mut world = World::with(&["ann", "bob"]);
    begin(&mut world, 0, 1, 10);
    world.take_events(0);
    lose(&mut world, 0, 1);
    assert_eq!(attempts(&mut world, 0), [1]);
    lose(&mut world, 0, 1);
    begin(&mut world, 0, 2, 10);
    let sent = updates_sent(&world, 0).len();
    let now = world.now;
    world.peers[0].client.leave(now);
    world.settle();
    let left = WriteEnd::Failed(WriteFailure::Left);
    assert_eq!(ends(&mut world, 0), [(1, left), (2, left)]);
    begin(&mut world, 0, 3, 10);
    assert_eq!(ends(&mut world, 0), [(3, left)], "there is no meeting");

    world.peers[0].client.join(now, crate::support::options("ann", 7)).unwrap();
    begin(&mut world, 0, 4, 10);
    world.run(SECOND * 40);
    assert_eq!(updates_sent(&world, 0).len(), sent);
}

#[test]
fn a_transaction_is_taken_back_wherever_it_waits() {
    let mut world = World::with(&["ann", "bob"]);
    for number in 1..=4 {
        begin(&mut world, 0, number, 10);
    }
    world.take_events(0);
    // For its turn.
    assert!(withdraw(&mut world, 0, 2));
    assert!(!withdraw(&mut world, 0, 2), "once");
    assert_eq!(world.take_events(0), []);
    // For the next attempt.
    lose(&mut world, 0, 1);
    lose(&mut world, 0, 1);
    world.take_events(0);
    assert!(withdraw(&mut world, 0, 1));
    assert_eq!(attempts(&mut world, 0), [3]);
    world.run(SECOND * 2);
    assert!(attempts(&mut world, 0).is_empty());
    // To be sent.
    world.cut(0);
    answer(&mut world, 0, 3, set("n", 3));
    world.take_events(0);
    assert!(withdraw(&mut world, 0, 3));
    assert_eq!(world.take_events(0), [ClientEvent::Attempt(WriteId(4))]);
    world.heal(0);
    world.run(SECOND * 15);
    let sent = updates_sent(&world, 0).len();
    assert!(withdraw(&mut world, 0, 4), "for its function");
    assert_eq!(updates_sent(&world, 0).len(), sent);
    assert_eq!(ends(&mut world, 0), []);
}

#[test]
fn what_was_taken_back_too_late_may_still_be_applied_but_is_not_tried_again() {
    let mut world = World::with(&["ann", "bob"]);
    begin(&mut world, 0, 1, 10);
    begin(&mut world, 0, 2, 10);
    world.peers[0].stalled = true;
    world.peers[1].client.write(world.now, WriteId(1), set("n", 7), Condition::default());
    world.settle();
    answer(&mut world, 0, 1, set("n", 1));
    world.take_events(0);
    assert!(!withdraw(&mut world, 0, 1));
    assert_eq!(
        world.take_events(0),
        [ClientEvent::Attempt(WriteId(2))],
        "who comes next need not wait for it"
    );
    world.unstall(0);
    world.run(SECOND);
    let told = ends(&mut world, 0);
    assert!(matches!(told[..], [(1, end)] if conflict(end)), "{told:?}");
}

#[test]
fn a_transaction_ends_with_its_write_and_the_next_one_has_its_turn() {
    let mut world = World::with(&["ann"]);
    for number in 1..=3 {
        begin(&mut world, 0, number, 10);
    }
    // A frame that is over the limit is refused when it would be sent.
    let keys: Vec<String> = (0..6_000).map(|n| format!("{n:0>100}")).collect();
    let deletes: Vec<(&str, Option<&str>)> = keys.iter().map(|key| (key.as_str(), None)).collect();
    world.take_events(0);
    answer(&mut world, 0, 1, merge(&deletes));
    let events = world.take_events(0);
    let too_large =
        |end: &WriteEnd| matches!(end, WriteEnd::Failed(WriteFailure::Rejected(Rejection::TooLarge(_))));
    assert!(
        matches!(&events[..], [ClientEvent::WriteEnded { write: WriteId(1), end }, ClientEvent::Attempt(WriteId(2))] if too_large(end)),
        "{events:?}"
    );
    // And what was sent to a session that is no more.
    world.peers[0].stalled = true;
    answer(&mut world, 0, 2, set("n", 2));
    world.kill_server();
    world.peers[0].stalled = false;
    world.serving = true;
    world.run(SECOND * 15);
    let unknown = WriteEnd::Failed(WriteFailure::Unknown);
    let events = world.take_events(0);
    assert!(events.contains(&ClientEvent::WriteEnded { write: WriteId(2), end: unknown }), "{events:?}");
    assert_eq!(events.last(), Some(&ClientEvent::Attempt(WriteId(3))));
    answer(&mut world, 0, 3, set("n", 3));
    assert_eq!(ends(&mut world, 0), [(3, WriteEnd::Applied(1))]);
}
