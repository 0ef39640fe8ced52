//! Names and app messages.

use std::time::Duration;

use meeting_session_core::Json;
use meeting_session_core::client::ClientEvent;
use meeting_session_core::protocol::{ParticipantId, limits};

use crate::support::{World, count};

const SECOND: Duration = Duration::from_secs(1);

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
fn an_app_message_does_not_cross_into_another_session() {
    let mut world = World::with(&["ann", "bob"]);
    world.kill_server();
    world.peers[0].client.app_message(world.now, None, Json::parse("\"old\"").unwrap()).unwrap();
    world.serving = true;
    world.run(SECOND * 15);
    assert!(!world.take_events(1).iter().any(|event| matches!(event, ClientEvent::AppMessage { .. })));
}
