//! All sessions by name.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use meeting_session_core::Session;
use meeting_session_core::protocol::{CloseCode, Join};
use meeting_session_core::session::{ConnectionId, SavedSession, SessionConfig};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::outbox::Outbox;
use crate::random;
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
    /// Every connection that has joined holds a receiver.
    joined: watch::Sender<()>,
    /// Nobody new is let in, and those who are in were told to go.
    going_away: AtomicBool,
}

/// What a connection that has joined holds of its session: where its input goes.
#[derive(Debug)]
pub(crate) struct SessionHandle {
    pub(crate) connection: ConnectionId,
    pub(crate) inbox: Sender<Input>,
    _joined: watch::Receiver<()>,
}

impl Hub {
    pub(crate) fn new(config: SessionConfig, clock: Clock) -> Self {
        let joined = watch::Sender::new(());
        Self {
            config,
            clock,
            sessions: Mutex::default(),
            connections: AtomicU64::new(1),
            joined,
            going_away: AtomicBool::new(false),
        }
    }

    /// Hands the join of a client at `address` to its session, and says where the connection's further input goes.
    ///
    /// # Errors
    /// Why nobody is let in: the server goes away, or the session has more to do than it can take in.
    pub(crate) fn join(
        self: &Arc<Self>,
        join: Box<Join>,
        outbox: Outbox,
        address: IpAddr,
    ) -> Result<SessionHandle, CloseCode> {
        if self.is_going_away() {
            return Err(CloseCode::GOING_AWAY);
        }
        let connection = ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed));
        let name = join.session.clone();
        let mut input = Input::Join { connection, join, outbox, address };
        // The lock is held until the join is in the inbox, so that a session that ends either sees it there or is
        // not found any more.
        let mut sessions = self.sessions();
        if let Some(inbox) = sessions.get(&name) {
            input = match inbox.try_send(input) {
                Ok(()) => return Ok(self.handle(connection, inbox)),
                Err(TrySendError::Full(_)) => return Err(CloseCode::BUSY),
                Err(TrySendError::Closed(input)) => input,
            };
        }
        let (inbox, receiver) = mpsc::channel(INBOX);
        inbox.try_send(input).map_err(|_| CloseCode::BUSY)?;
        sessions.insert(name.clone(), inbox.clone());
        tokio::spawn(SessionTask::new(self.clone(), name, receiver, None).run());
        Ok(self.handle(connection, &inbox))
    }

    fn handle(&self, connection: ConnectionId, inbox: &Sender<Input>) -> SessionHandle {
        SessionHandle { connection, inbox: inbox.clone(), _joined: self.joined.subscribe() }
    }

    /// How many connections have joined.
    pub(crate) fn connected(&self) -> usize {
        self.joined.receiver_count()
    }

    /// Completes when no connection is joined any more.
    pub(crate) async fn disconnected(&self) {
        self.joined.closed().await;
    }

    /// Whether nobody new is let in any more.
    pub(crate) fn is_going_away(&self) -> bool {
        self.going_away.load(Ordering::Relaxed)
    }

    /// Tells the clients of all sessions to reconnect within `spread`, and lets nobody in any more.
    pub(crate) async fn go_away(&self, spread: Duration) {
        self.going_away.store(true, Ordering::Relaxed);
        for (_, inbox) in self.all() {
            let offset = random::up_to(spread);
            let _ = inbox.send(Input::GoAway { spread, offset }).await;
        }
    }

    /// All sessions in which somebody is, or may come back.
    pub(crate) async fn save(&self) -> BTreeMap<String, SavedSession> {
        let mut saved = BTreeMap::new();
        for (name, inbox) in self.all() {
            let (reply, answer) = oneshot::channel();
            let _ = inbox.send(Input::Save(reply)).await;
            if let Ok(session) = answer.await {
                saved.insert(name, session);
            }
        }
        saved
    }

    /// Takes up sessions that were saved `ago`, before anybody can join.
    pub(crate) fn restore(self: &Arc<Self>, saved: BTreeMap<String, SavedSession>, ago: Duration) {
        for (name, session) in saved {
            let Some(session) = Session::restore(self.clock.now(), session, ago, self.config) else {
                continue;
            };
            let (inbox, receiver) = mpsc::channel(INBOX);
            self.sessions().insert(name.clone(), inbox);
            tokio::spawn(SessionTask::new(self.clone(), name, receiver, Some(session)).run());
        }
    }

    fn all(&self) -> Vec<(String, Sender<Input>)> {
        self.sessions().iter().map(|(name, inbox)| (name.clone(), inbox.clone())).collect()
    }

    /// Removes a session in which nobody is left, unless somebody has just come: then this is their join. What else
    /// waits in the inbox was meant for the session that ended.
    pub(crate) fn remove_unless_joined(&self, name: &str, inbox: &mut Receiver<Input>) -> Option<Input> {
        let mut sessions = self.sessions();
        while let Ok(input) = inbox.try_recv() {
            if matches!(input, Input::Join { .. }) {
                return Some(input);
            }
        }
        sessions.remove(name);
        None
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
    use std::io::Read;
    use std::net::Ipv4Addr;

    use meeting_session_core::protocol::{ClientMessage, ServerMessage, VERSION};

    use super::*;
    use crate::outbox::{self, Outgoing};

    fn hub() -> Arc<Hub> {
        Arc::new(Hub::new(SessionConfig::default(), Clock::start()))
    }

    fn join(hub: &Arc<Hub>, name: &str) -> Result<(ConnectionId, Sender<Input>, Outgoing), CloseCode> {
        let (outbox, outgoing) = outbox::pair();
        let join = Join {
            version: VERSION,
            session: name.into(),
            instance: random::secret(),
            attempt: 1,
            predecessors: String::new(),
            user_name: String::new(),
            user_data: None,
            token: None,
            resume: None,
        };
        let SessionHandle { connection, inbox, .. } =
            hub.join(Box::new(join), outbox, Ipv4Addr::LOCALHOST.into())?;
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
    async fn what_a_connection_says_after_its_session_ended_begins_no_other() {
        let (mut log, writer) = std::io::pipe().unwrap();
        let subscriber = tracing_subscriber::fmt().with_writer(Mutex::new(writer)).finish();
        {
            let _guard = tracing::subscriber::set_default(subscriber);
            let hub = hub();
            let (connection, inbox, _ana) = join(&hub, "standup").unwrap();
            for input in [
                Input::Message { connection, message: Ok(ClientMessage::Leave) },
                Input::Drained,
                Input::Disconnected(connection),
            ] {
                inbox.try_send(input).unwrap();
            }
            inbox.closed().await;
        }
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        assert_eq!(text.matches("session begins").count(), 1, "{text}");
        assert_eq!(text.matches("session ended").count(), 1, "{text}");
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
