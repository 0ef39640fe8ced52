//! Readers that are many, busy or slow.

use std::time::Duration;

use meeting_session_core::client::ClientEvent;
use meeting_session_core::protocol::*;
use meeting_session_core::session::{Admission, ConnectionId};

use crate::support::{World, merge, replace};

const SECOND: Duration = Duration::from_secs(1);

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
fn who_writes_without_reading_the_answers_is_disconnected() {
    let mut world = World::with(&["ann", "bob"]);
    let (session, connection) = (world.session.as_mut().unwrap(), ConnectionId(1_000));
    let instance = "0123456789abcdef0123456789abcdef";
    let join = ClientMessage::decode(&format!(
        r#"{{"type":"join","version":1,"session":"s","instance":"{instance}","attempt":1}}"#
    ));
    let Ok(ClientMessage::Join(join)) = join else { panic!() };
    let admission = Admission { participant: ParticipantId("hog".into()), secret: "s".into(), date: 0 };
    session.join(world.now, connection, *join, admission);
    session.blocked(world.now, connection);
    let epoch = session.position().epoch;
    let last = (1..).find(|&sequence| {
        let update = merge(&[("a", Some(&sequence.to_string()))]);
        let request = UpdateRequest { sequence, epoch, update, condition: Condition::default() };
        world.now = world.now + limits::CONFLATION_INTERVAL;
        session.handle_timeout(world.now);
        session.receive(world.now, connection, Ok(ClientMessage::Update(request)));
        session.waiting(connection).0 == 0
    });
    assert_eq!(last, Some(limits::QUEUED_RESULTS as u64 + 1));
    world.run(SECOND);
    assert_eq!(world.session.as_ref().unwrap().position().revision, limits::QUEUED_RESULTS as u64 + 1);
    // Also what it wrote last, which cost it its connection.
    world.assert_equal();
}
