//! Places for connections that have not joined, by the client's address.

use meeting_session_core::protocol::limits::JOINING_CONNECTIONS_PER_ADDRESS;

use crate::support::{Peer, Server, Socket, join_message, within_join_timeout};

async fn proxied() -> Server {
    Server::with(|config| config.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()]).await
}

/// Opens as many connections for one client as may wait; `client` gives the header for each.
async fn fill(server: &Server, client: impl Fn(usize) -> String) -> Vec<Socket> {
    let mut waiting = Vec::new();
    for index in 0..JOINING_CONNECTIONS_PER_ADDRESS {
        let (socket, head) = open(server, &client(index)).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        waiting.push(socket);
    }
    waiting
}

async fn open(server: &Server, client: &str) -> (Socket, String) {
    Socket::upgrade(server, "/standup", &[("X-Forwarded-For", client)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_client_cannot_take_the_places_of_others() {
    let (server, _waiting, (mut refused, head), joined) = within_join_timeout(async || {
        let server = proxied().await;
        // Whatever it says of itself, the proxy adds what is true.
        let mut waiting =
            fill(&server, |index| format!("198.51.{}.{}, 192.0.2.66", index / 256, index % 256)).await;
        let headers = [("X-Forwarded-For", "192.0.2.66"), ("Connection", "Upgrade, close")];
        let refused = Socket::upgrade(&server, "/standup", &headers).await;
        let (socket, _) = open(&server, "192.0.2.67").await;
        Peer::join_on(socket, join_message("standup", "another client")).await.unwrap();
        let joined = Peer::join_on(waiting.remove(0), join_message("standup", "one of many")).await;
        (server, waiting, refused, joined.map(drop))
    })
    .await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert!(head.contains("retry-after: 1"), "{head}");
    assert_eq!(refused.rest().await, "Too many connections from this address are joining right now.\n");
    joined.unwrap();
    let (_, head) = open(&server, "192.0.2.66").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}
