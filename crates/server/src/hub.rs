//! All sessions by name.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use meeting_session_core::protocol::Join;
use meeting_session_core::session::{ConnectionId, SessionConfig};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::clock::Clock;
use crate::outbox::Outbox;
use crate::session::{Input, SessionTask};

/// Inputs that wait for one session: a message of each of half its connections. Those that have more to say wait.
const INBOX: usize = 256;

/// Finds the session of a name, or begins it.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) config: SessionConfig,
    pub(crate) clock: Clock,
    /// A `std` lock: it is never held across an `await`.
    sessions: Mutex<HashMap<String, Sender<Input>>>,
    connections: AtomicU64,
}

/// The session has more to do than it can take in.
#[derive(Debug)]
pub(crate) struct Busy;

impl Hub {
    pub(crate) fn new(config: SessionConfig, clock: Clock) -> Self {
        Self { config, clock, sessions: Mutex::default(), connections: AtomicU64::new(1) }
    }

    /// Hands a join to its session, and says where the connection's further input goes.
    pub(crate) fn join(
        self: &Arc<Self>,
        join: Box<Join>,
        outbox: Outbox,
    ) -> Result<(ConnectionId, Sender<Input>), Busy> {
        let connection = ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed));
        let name = join.session.clone();
        let mut input = Input::Join { connection, join, outbox };
        // The lock is held until the join is in the inbox, so that a session that ends either sees it there or is
        // not found any more.
        let mut sessions = self.sessions();
        if let Some(inbox) = sessions.get(&name) {
            input = match inbox.try_send(input) {
                Ok(()) => return Ok((connection, inbox.clone())),
                Err(TrySendError::Full(_)) => return Err(Busy),
                Err(TrySendError::Closed(input)) => input,
            };
        }
        let (inbox, receiver) = mpsc::channel(INBOX);
        inbox.try_send(input).map_err(|_| Busy)?;
        sessions.insert(name.clone(), inbox.clone());
        tokio::spawn(SessionTask::new(self.clone(), name, receiver).run());
        Ok((connection, inbox))
    }

    /// Removes a session in which nobody is left, unless somebody has just come. True when it is removed.
    pub(crate) fn remove_if_unused(&self, name: &str, inbox: &Receiver<Input>) -> bool {
        let mut sessions = self.sessions();
        let unused = inbox.is_empty();
        if unused {
            sessions.remove(name);
        }
        unused
    }

    /// Removes a session whose task is gone.
    pub(crate) fn remove_dead(&self, name: &str) {
        let mut sessions = self.sessions();
        if sessions.get(name).is_some_and(Sender::is_closed) {
            sessions.remove(name);
        }
    }

    /// Lets go of all sessions; each ends when its last connection does.
    pub(crate) fn clear(&self) {
        self.sessions().clear();
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Sender<Input>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use meeting_session_core::protocol::{ClientMessage, CloseCode, ServerMessage, VERSION};

    use super::*;
    use crate::outbox::{self, Outgoing};
    use crate::random;

    fn hub() -> Arc<Hub> {
        Arc::new(Hub::new(SessionConfig::default(), Clock::start()))
    }

    fn join(hub: &Arc<Hub>, name: &str) -> Result<(ConnectionId, Sender<Input>, Outgoing), Busy> {
        let (outbox, outgoing) = outbox::pair();
        let join = Join {
            version: VERSION,
            session: name.into(),
            instance: random::secret(),
            attempt: 1,
            user_name: String::new(),
            user_data: None,
            token: None,
            resume: None,
        };
        let (connection, inbox) = hub.join(Box::new(join), outbox)?;
        Ok((connection, inbox, outgoing))
    }

    /// The epoch of the session that a connection has joined.
    async fn epoch(outgoing: &Outgoing) -> String {
        loop {
            if let Some(frame) = outgoing.take() {
                match ServerMessage::decode(std::str::from_utf8(&frame).unwrap()) {
                    Some(ServerMessage::Joined(joined)) => return joined.position.epoch.to_hex(),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(outgoing.watch(std::task::Waker::noop()), None, "the join was refused");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_join_that_waits_while_its_session_ends_begins_a_new_one() {
        let hub = hub();
        let (connection, inbox, ana) = join(&hub, "standup").unwrap();
        let first = epoch(&ana).await;
        // Both are in the inbox before the session's task gets to see the first.
        inbox.try_send(Input::Message { connection, message: Ok(ClientMessage::Leave) }).unwrap();
        let (_, _, ben) = join(&hub, "standup").unwrap();
        let second = epoch(&ben).await;
        assert_ne!(second, first);
        assert_eq!(ana.watch(std::task::Waker::noop()), Some(CloseCode::NORMAL));
        let (_, _, cem) = join(&hub, "standup").unwrap();
        assert_eq!(epoch(&cem).await, second);
    }

    #[tokio::test]
    async fn a_session_whose_inbox_is_full_is_busy() {
        let hub = hub();
        let (_, inbox, _ana) = join(&hub, "standup").unwrap();
        while inbox.try_send(Input::Drained).is_ok() {}
        assert!(join(&hub, "standup").is_err());
        assert!(join(&hub, "another").is_ok());
    }

    #[tokio::test]
    async fn a_session_whose_task_is_gone_is_replaced_by_the_next_join_or_removed() {
        let hub = hub();
        for name in ["joined", "removed"] {
            let (dead, _) = mpsc::channel(1);
            hub.sessions().insert(name.into(), dead);
        }
        let (_, inbox, _ana) = join(&hub, "joined").unwrap();
        assert!(!inbox.is_closed());
        hub.remove_dead("joined");
        hub.remove_dead("removed");
        let names: Vec<_> = hub.sessions().keys().cloned().collect();
        assert_eq!(names, ["joined"]);
    }
}
