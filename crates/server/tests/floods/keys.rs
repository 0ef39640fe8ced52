//! Data of as many keys as there can be: what a session takes beside its participants.

use crate::support::{Peer, Server, replace, turn};

/// Sessions that are measured together.
const SESSIONS: usize = 10;

/// Keys of one character: with their quotes, a digit and what is between them 6 units each.
const KEYS: usize = 17_000;

/// The most that one session may take.
const SESSION_KIB: u64 = 5 * 1024;

#[tokio::test]
async fn sessions_of_as_many_keys_as_there_can_be() {
    let _turn = turn().await;
    let server = Server::start();
    let keys: Vec<String> = ('\u{3400}'..).take(KEYS).map(String::from).collect();
    let members: Vec<_> = keys.iter().map(|key| (key.as_str(), "1")).collect();
    let memory = server.memory();
    let mut peers = Vec::new();
    for session in 0..SESSIONS {
        let mut peer = Peer::join(&server, &format!("keys-{session}"), "").await;
        peer.update(replace(&members)).await;
        assert_eq!(peer.data.len(), KEYS);
        peers.push(peer);
    }
    let each = (server.memory() - memory) / SESSIONS as u64;
    println!("a session of {KEYS} keys: {each} KiB");
    assert!(each <= SESSION_KIB, "{each} KiB");
}
