//! Two participants who must not notice what goes on beside them.

use super::{Peer, Server, json, merge};

/// A session with two participants, who go on as if nothing were.
pub(crate) struct Control(Peer, Peer);

impl Control {
    pub(crate) async fn new(server: &Server) -> Self {
        Self(Peer::join(server, "control", "Ana").await, Peer::join(server, "control", "Ben").await)
    }

    /// Has one of them write and the other one see it.
    pub(crate) async fn check(&mut self, after: &str) {
        let Self(ana, ben) = self;
        let text = format!("{after:?}");
        ana.update(merge(&[("after", json(&text).as_str())])).await;
        ben.reach(ana.position.revision).await;
        assert_eq!(ben.data["after"], text);
    }
}
