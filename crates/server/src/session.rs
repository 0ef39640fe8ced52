//! The task that owns one session: input from its connections and time in, frames out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use meeting_session_core::protocol::{ClientMessage, DecodeError, Join};
use meeting_session_core::session::{Admission, ConnectionId, Frame, SavedSession, SessionOutput};
use meeting_session_core::{Instant, Session};
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tracing::info;

use crate::hub::Hub;
use crate::outbox::Outbox;
use crate::{clock, random};

/// What a connection tells its session.
#[derive(Debug)]
pub(crate) enum Input {
    /// A new connection asks to join.
    Join { connection: ConnectionId, join: Box<Join>, outbox: Outbox, address: IpAddr },
    /// A frame came.
    Message { connection: ConnectionId, message: Result<ClientMessage, DecodeError> },
    /// Bytes came that are no whole message yet.
    Heard(ConnectionId),
    /// The connection is gone.
    Disconnected(ConnectionId),
    /// The server stops: the clients are to reconnect within `spread`, the first after `offset`.
    GoAway { spread: Duration, offset: Duration },
    /// What the session is, for the next server.
    Save(oneshot::Sender<SavedSession>),
    /// Some connection is no longer blocked. It only wakes the session, which looks for itself on every turn.
    Drained,
}

/// A session and the connections in it.
pub(crate) struct SessionTask {
    inbox: Receiver<Input>,
    session: Session,
    outboxes: HashMap<ConnectionId, Outbox>,
    /// Connections that the session was told are blocked.
    blocked: Vec<ConnectionId>,
    entry: Entry,
}

impl SessionTask {
    /// The task of a session that goes on, or of a new one.
    pub(crate) fn new(hub: Arc<Hub>, name: String, inbox: Receiver<Input>, session: Option<Session>) -> Self {
        let entry = Entry { hub, name };
        let session = session.unwrap_or_else(|| entry.new_session());
        Self { inbox, session, outboxes: HashMap::new(), blocked: Vec::new(), entry }
    }

    /// Runs until nobody is left.
    pub(crate) async fn run(mut self) {
        let clock = self.entry.hub.clock;
        loop {
            let deadline = clock.at(self.session.poll_timeout());
            let input = tokio::time::timeout_at(deadline, self.inbox.recv()).await;
            let now = clock.now();
            let mut newly_blocked = match input {
                Ok(Some(input)) => self.handle(now, input),
                Ok(None) => return,
                Err(_) => false,
            };
            newly_blocked |= self.unblock(now);
            if self.session.poll_timeout() <= now {
                self.session.handle_timeout(now);
                newly_blocked |= self.deliver(now);
            }
            while self.session.participant_count() == 0 {
                info!(session = self.entry.name, "session ended");
                let Some(join) = self.entry.hub.remove_unless_joined(&self.entry.name, &mut self.inbox)
                else {
                    return;
                };
                self.session = self.entry.new_session();
                newly_blocked |= self.handle(now, join);
            }
            if newly_blocked {
                // After a burst a reader may only seem slow, because its connection has not had its turn.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Like [`deliver`](Self::deliver), for what the input leads to.
    fn handle(&mut self, now: Instant, input: Input) -> bool {
        match input {
            Input::Join { connection, join, outbox, address } => {
                self.outboxes.insert(connection, outbox);
                let admission = Admission {
                    participant: random::participant_id(),
                    secret: random::secret(),
                    date: clock::date(),
                };
                self.session.join(now, connection, *join, admission);
                info!(
                    session = self.entry.name,
                    connection = connection.0,
                    %address,
                    participants = self.session.participant_count(),
                    "joins"
                );
            }
            Input::Message { connection, message } => self.session.receive(now, connection, message),
            Input::Heard(connection) => self.session.heard(now, connection),
            Input::Disconnected(connection) => {
                self.session.disconnected(now, connection);
                if self.outboxes.remove(&connection).is_some() {
                    self.log(connection, None, "connection lost");
                }
            }
            Input::GoAway { spread, offset } => self.session.go_away(now, spread, offset),
            // Whoever asked may have given up.
            Input::Save(reply) => drop(reply.send(self.session.save(now))),
            Input::Drained => {}
        }
        self.deliver(now)
    }

    /// Tells the session which connections take data again.
    fn unblock(&mut self, now: Instant) -> bool {
        let mut newly_blocked = false;
        for connection in std::mem::take(&mut self.blocked) {
            match self.outboxes.get(&connection) {
                Some(outbox) if outbox.is_blocked() => self.blocked.push(connection),
                Some(_) => {
                    self.session.writable(now, connection);
                    newly_blocked |= self.deliver(now);
                }
                None => {}
            }
        }
        newly_blocked
    }

    /// Does what the session wants done. True when a connection was found to be blocked.
    fn deliver(&mut self, now: Instant) -> bool {
        let mut newly_blocked = Vec::new();
        while let Some(output) = self.session.poll_output() {
            match output {
                SessionOutput::Send { connection, frame } => {
                    if let Some(outbox) = self.outboxes.get(&connection)
                        && outbox.push(Bytes::from_owner(FrameText(frame)))
                    {
                        newly_blocked.push(connection);
                    }
                }
                SessionOutput::Close { connection, code } => {
                    if let Some(outbox) = self.outboxes.remove(&connection) {
                        self.log(connection, Some(code.0), code.reason());
                        outbox.close(code);
                    }
                }
                // The participants are counted after every input, which comes to the same.
                SessionOutput::Ended => {}
            }
        }
        for &connection in &newly_blocked {
            self.session.blocked(now, connection);
        }
        self.blocked.extend(&newly_blocked);
        !newly_blocked.is_empty()
    }

    fn log(&self, connection: ConnectionId, code: Option<u16>, what: &str) {
        info!(
            session = self.entry.name,
            connection = connection.0,
            code,
            participants = self.session.participant_count(),
            "{what}"
        );
    }
}

/// The session's place in the hub, given up also when the task panics.
struct Entry {
    hub: Arc<Hub>,
    name: String,
}

impl Entry {
    fn new_session(&self) -> Session {
        let epoch = random::epoch();
        info!(session = self.name, epoch = epoch.to_hex(), "session begins");
        Session::new(self.hub.clock.now(), epoch, self.hub.config)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // The inbox, which is an earlier field of the task, is closed by now.
        self.hub.remove_dead(&self.name);
    }
}

/// A frame as what `Bytes` can share without copying it.
struct FrameText(Frame);

impl AsRef<[u8]> for FrameText {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
