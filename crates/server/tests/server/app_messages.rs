//! Messages between participants, which are not kept.

use meeting_session_core::protocol::*;

use crate::support::{Peer, Server, json};

async fn three(server: &Server) -> [Peer; 3] {
    let mut ana = Peer::join(server, "standup", "Ana").await;
    let mut ben = Peer::join(server, "standup", "Ben").await;
    let cem = Peer::join(server, "standup", "Cem").await;
    ana.event().await;
    ana.event().await;
    ben.event().await;
    [ana, ben, cem]
}

/// That nothing but the answer to its own message comes to a peer.
async fn hears_nothing(peer: &mut Peer) {
    peer.socket.send_text("{\"type\":\"nonsense\"}").await;
    assert_eq!(peer.event().await, ServerMessage::Refused(RefusedCode::UnknownType));
}

#[tokio::test]
async fn a_message_to_all_reaches_all_but_its_sender() {
    let server = Server::start().await;
    let [mut ana, mut ben, mut cem] = three(&server).await;
    let mut outsider = Peer::join(&server, "another", "Dan").await;
    for value in ["{\"wave\":true}", "null", "\"\\ud800\"", "12345678901234567890"] {
        ana.send(&ClientMessage::AppMessage { to: None, data: json(value) }).await;
        let expected = ServerMessage::AppMessage { from: ana.id(), data: json(value) };
        assert_eq!(ben.event().await, expected);
        assert_eq!(cem.event().await, expected);
    }
    hears_nothing(&mut ana).await;
    hears_nothing(&mut outsider).await;
}

#[tokio::test]
async fn a_message_to_some_reaches_those_once_and_nobody_else() {
    let server = Server::start().await;
    let [mut ana, mut ben, mut cem] = three(&server).await;
    let stranger = ParticipantId("nobody".into());
    let to = Some(vec![cem.id(), stranger, cem.id()]);
    ana.send(&ClientMessage::AppMessage { to, data: json("1") }).await;
    assert_eq!(cem.event().await, ServerMessage::AppMessage { from: ana.id(), data: json("1") });
    for peer in [&mut ana, &mut ben, &mut cem] {
        hears_nothing(peer).await;
    }
    ana.send(&ClientMessage::AppMessage { to: Some(vec![]), data: json("1") }).await;
    for peer in [&mut ana, &mut ben, &mut cem] {
        hears_nothing(peer).await;
    }
}

#[tokio::test]
async fn messages_of_one_sender_arrive_in_order() {
    let server = Server::start().await;
    let [mut ana, mut ben, _cem] = three(&server).await;
    for number in 0..80 {
        ana.send(&ClientMessage::AppMessage { to: None, data: json(&number.to_string()) }).await;
    }
    for number in 0..80 {
        let expected = ServerMessage::AppMessage { from: ana.id(), data: json(&number.to_string()) };
        assert_eq!(ben.event().await, expected);
    }
}
