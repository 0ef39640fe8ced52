//! A server that stops in order.

use std::time::Duration;

use meeting_session_core::client::{ClientEvent, WriteEnd, WriteId};
use meeting_session_core::protocol::{ClientMessage, Condition};

use crate::support::{World, merge};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn clients_go_when_their_writes_are_answered_and_come_back_spread_out() {
    let names: Vec<_> = (0..20).map(|number| format!("p{number}")).collect();
    let mut world = World::with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let now = world.now;
    for peer in 0..20 {
        world.take_events(peer);
        let update = merge(&[(&format!("k{peer}"), Some("1"))]);
        world.peers[peer].client.write(now, WriteId(1), update, Condition::default());
    }
    world.session.as_mut().unwrap().go_away(now, SECOND * 2, Duration::from_millis(700));
    world.settle();
    world.run(Duration::from_millis(100));
    for peer in 0..20 {
        let events = world.take_events(peer);
        let answered =
            |event: &ClientEvent| matches!(event, ClientEvent::WriteEnded { end: WriteEnd::Applied(_), .. });
        assert!(events.iter().any(answered), "{events:?}");
        // What is written now waits for the next server.
        world.update(peer, merge(&[(&format!("later{peer}"), Some("1"))]));
    }
    world.run(SECOND * 3);
    let mut joins: Vec<_> = world
        .peers
        .iter()
        .map(|peer| {
            let is_join = |text: &str| matches!(ClientMessage::decode(text), Ok(ClientMessage::Join(_)));
            let (at, _) = peer.sent.iter().rfind(|(_, text)| is_join(text)).unwrap();
            at.since(now).as_millis()
        })
        .collect();
    joins.sort_unstable();
    let gaps: Vec<_> = joins.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(joins[0] < 150 && joins[19] > 1_800 && gaps.iter().all(|gap| *gap <= 150), "{joins:?}");
    world.assert_equal();
    let data = world.session.as_ref().unwrap().data();
    assert!((0..20).all(|peer| data.get(&format!("later{peer}")).is_some()));
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 20, "and nobody has left");
}

#[test]
fn leaving_goes_before_going_away() {
    let mut world = World::with(&["ann", "bob"]);
    let now = world.now;
    world.update(0, merge(&[("a", Some("1"))]));
    world.update(0, merge(&[("a", Some("2"))]));
    world.peers[0].client.leave(now);
    world.session.as_mut().unwrap().go_away(now, SECOND, Duration::ZERO);
    world.run(Duration::from_millis(100));
    assert_eq!(world.take_events(0).last(), Some(&ClientEvent::Left));
    assert_eq!(world.session.as_ref().unwrap().participant_count(), 1);
    assert_eq!(world.session.as_ref().unwrap().data().to_text(), r#"{"a":2}"#);
}
