//! The server's side: what reaches it, what its sessions want done, and the sockets that take it. It does what the
//! connection and session tasks of the real server do.

use meeting_session_core::position::Epoch;
use meeting_session_core::protocol::{ClientMessage, CloseCode, DecodeError, Join, ParticipantId, limits};
use meeting_session_core::session::{Admission, ConnectionId, Frame, SessionConfig, SessionOutput};
use meeting_session_core::throttle;
use std::collections::BTreeSet;
use std::time::Duration;

use super::person::instance;
use super::{Event, World};
use crate::dice::Millis;
use crate::model::Expected;
use crate::network::{Item, LOST, Seat, Way};
use crate::options::Fault;
use crate::server::{Host, Input, Server};
use crate::violation::{Checked, ensure};

/// How a browser closes the sockets of a page that goes away.
pub(super) const GOING_AWAY: u16 = 1001;

/// How long what a connection had said may still be on its way to a session that has closed it.
const LEFTOVERS: Millis = 500;

/// More than this never waits in a connection's outbox: its mark, all events that a reader may let wait, and the
/// largest delta.
const OUTBOX_MAX: usize = 128 * 1024 + limits::QUEUED_EVENT_BYTES + limits::CLIENT_FRAME_BYTES;

impl World {
    /// Reads what has arrived at the server.
    pub(super) fn arrive_at_server(&mut self, connection: ConnectionId) -> Checked {
        loop {
            let now = self.now;
            let Some(found) = self.network.get(connection) else { return Ok(()) };
            match found.held.take() {
                Some((until, frame)) if until > now => {
                    found.held = Some((until, frame));
                    return Ok(());
                }
                Some((_, frame)) => {
                    self.forward(connection, ClientMessage::decode(&frame))?;
                    continue;
                }
                None => {}
            }
            let Some(item) = found.up.take(now) else { return Ok(()) };
            match (found.seat, item) {
                (Seat::None, Item::Open) => {
                    found.seat = Seat::Open;
                    found.throttle = throttle::Throttle::new(Server::clock(now));
                    self.send_down(connection, Item::Open);
                    let at = now + limits::JOIN_TIMEOUT.as_millis() as Millis;
                    self.schedule(at, Event::JoinTimeout(connection));
                }
                (Seat::Open, Item::Text(frame)) => match ClientMessage::decode(&frame) {
                    Ok(ClientMessage::Join(join)) => self.seat(connection, join)?,
                    other => ensure!(false, "G19", "the first message was {other:?}"),
                },
                (Seat::Joined | Seat::Closed, Item::Text(frame)) => self.throttle(connection, &frame)?,
                (Seat::None | Seat::Open, Item::Close(_)) => found.seat = Seat::Gone,
                (Seat::Joined | Seat::Closed, Item::Close(code)) => {
                    found.seat = Seat::Gone;
                    if code == GOING_AWAY {
                        self.forward(connection, Ok(ClientMessage::Away))?;
                    }
                    self.session_input(connection, Input::Disconnected(connection))?;
                }
                (Seat::Gone, Item::Open | Item::Text(_)) => self.tell_of_loss(connection, Way::ToClient, 0),
                (_, Item::Open) | (Seat::None, Item::Text(_)) | (Seat::Gone, Item::Close(_)) => {}
            }
        }
    }

    /// Hands a join to its session, which begins with it if there is none.
    fn seat(&mut self, connection: ConnectionId, join: Box<Join>) -> Checked {
        if self.server.going.is_some() {
            self.close(connection, CloseCode::GOING_AWAY);
            return Ok(());
        }
        let Some(found) = self.network.get(connection) else { return Ok(()) };
        found.seat = Seat::Joined;
        let session = found.session;
        self.note(|| {
            format!("server <- {connection:?} join, instance {}, attempt {}", join.instance, join.attempt)
        });
        if !self.server.hosts.contains_key(&session) {
            let config = SessionConfig {
                sync_interval: Duration::from_millis(self.options.sync_interval),
                grace: Duration::from_millis(self.options.grace),
                ..SessionConfig::default()
            };
            let journalled = self.options.faults.contains(&Fault::Rollback);
            let epoch = Epoch(self.dice.bits());
            self.totals.count("sessions begun");
            let host = Host::new(Server::clock(self.now), epoch, config, journalled);
            self.server.hosts.insert(session, host);
        }
        self.check_lineage(session, &join)?;
        let admission = Admission {
            participant: ParticipantId(format!("participant-{}", self.number())),
            secret: format!("{:032x}", self.dice.bits()),
            date: self.now,
        };
        self.session_input(connection, Input::Join { connection, join, admission })
    }

    /// A page that was told who the one before it was does not become somebody else beside it.
    fn check_lineage(&self, session: usize, join: &Join) -> Checked {
        let Some(members) = self.server.hosts.get(&session).map(|host| &host.members) else { return Ok(()) };
        // A session that was set back knows no secret of later.
        if members.expect(join) != Expected::New || self.options.faults.contains(&Fault::Rollback) {
            return Ok(());
        }
        let page = self.people.iter().find(|one| instance(one.life) == join.instance);
        let left_over = page.and_then(|page| page.lineage.iter().find(|life| members.has_instance(life)));
        ensure!(
            left_over.is_none(),
            "G13",
            "{} joins as somebody new beside {left_over:?}, who it was before",
            join.instance
        );
        Ok(())
    }

    fn throttle(&mut self, connection: ConnectionId, frame: &Frame) -> Checked {
        let now = self.now;
        let Some(found) = self.network.get(connection) else { return Ok(()) };
        match found.throttle.admit(Server::clock(now)) {
            throttle::Verdict::Now => self.forward(connection, ClientMessage::decode(frame)),
            throttle::Verdict::After(wait) => {
                let at = now + wait.as_millis() as Millis + 1;
                found.held = Some((at, frame.clone()));
                self.totals.count("messages held back by the rate limit");
                self.schedule(at, Event::Arrival { connection, way: Way::ToServer });
                Ok(())
            }
            throttle::Verdict::Refuse => {
                self.totals.count("closed: rate limited");
                self.close(connection, CloseCode::RATE_LIMITED);
                self.session_input(connection, Input::Disconnected(connection))
            }
        }
    }

    fn forward(&mut self, connection: ConnectionId, message: Result<ClientMessage, DecodeError>) -> Checked {
        ensure!(message.is_ok(), "G19", "a client's message cannot be read: {message:?}");
        self.session_input(connection, Input::Message { connection, message })
    }

    /// One turn of a session's task.
    fn session_input(&mut self, connection: ConnectionId, input: Input) -> Checked {
        let Some(session) = self.network.get(connection).map(|found| found.session) else { return Ok(()) };
        self.host_input(session, input)
    }

    pub(super) fn host_input(&mut self, session: usize, input: Input) -> Checked {
        self.turn(session, input)?;
        self.end_turn(session)
    }

    pub(super) fn session_timer(&mut self, session: usize) -> Checked {
        let now = Server::clock(self.now);
        match self.server.hosts.get_mut(&session) {
            Some(host) if host.timer.is_some_and(|timer| timer <= now) => {
                host.timer = None;
                self.end_turn(session)
            }
            _ => Ok(()),
        }
    }

    /// What a session's task does after every input: what is due, and the end.
    fn end_turn(&mut self, session: usize) -> Checked {
        let now = Server::clock(self.now);
        let due = |host: &Host| host.deadline() <= now && !host.ended;
        if self.server.hosts.get(&session).is_some_and(due) {
            self.turn(session, Input::Timeout)?;
        }
        let Some(host) = self.server.hosts.get_mut(&session) else { return Ok(()) };
        if host.ended {
            self.note(|| format!("session {session} is over"));
            self.server.bury(session);
            return Ok(());
        }
        let deadline = host.deadline();
        if host.timer.is_none_or(|timer| timer > deadline) {
            host.timer = Some(deadline);
            self.schedule(Server::when(deadline), Event::SessionTimer { session });
        }
        Ok(())
    }

    fn turn(&mut self, session: usize, input: Input) -> Checked {
        let now = Server::clock(self.now);
        let Some(host) = self.server.hosts.get_mut(&session) else { return Ok(()) };
        let outputs = host.turn(now, input, &mut self.ledger, &mut self.totals)?;
        let (mut touched, mut blocked) = (BTreeSet::new(), Vec::new());
        for output in outputs {
            match output {
                SessionOutput::Send { connection, frame } => {
                    self.totals.count("frames to pages");
                    let Some(found) = self.network.get(connection).filter(|found| found.seat == Seat::Joined)
                    else {
                        continue;
                    };
                    if found.push(frame) {
                        blocked.push(connection);
                    }
                    let waiting = found.waiting();
                    self.totals.most("most bytes in one outbox", waiting as u64);
                    ensure!(
                        waiting <= OUTBOX_MAX,
                        "G15",
                        "{waiting} bytes wait for connection {}",
                        connection.0
                    );
                    touched.insert(connection);
                }
                SessionOutput::Close { connection, code } => self.close(connection, code),
                SessionOutput::Ended => {}
            }
        }
        for connection in blocked {
            self.totals.count("connections blocked");
            self.turn(session, Input::Blocked(connection))?;
        }
        for connection in touched {
            self.pump(connection);
        }
        Ok(())
    }

    /// Closes a connection after what is queued for it.
    fn close(&mut self, connection: ConnectionId, code: CloseCode) {
        self.note(|| format!("server closes {connection:?}: {}", code.reason()));
        let Some(found) = self.network.get(connection) else { return };
        found.close(code);
        found.seat = if found.seat == Seat::Joined { Seat::Closed } else { Seat::Gone };
        self.pump(connection);
        let at = self.now + self.dice.below(LEFTOVERS);
        self.schedule(at, Event::Forget(connection));
    }

    /// The task of a connection that was closed ends, which the session is told like any other loss.
    pub(super) fn forget(&mut self, connection: ConnectionId) -> Checked {
        match self.network.get(connection) {
            Some(found) if found.seat == Seat::Closed => {
                found.seat = Seat::Gone;
                self.session_input(connection, Input::Disconnected(connection))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn join_timeout(&mut self, connection: ConnectionId) -> Checked {
        if self.network.get(connection).is_some_and(|found| found.seat == Seat::Open) {
            self.totals.count("closed: no join in time");
            self.close(connection, CloseCode::JOIN_TIMEOUT);
        }
        Ok(())
    }

    /// Lets a connection's socket take what it can.
    pub(super) fn pump(&mut self, connection: ConnectionId) {
        let window = self.options.window;
        while let Some(item) = self.network.get(connection).and_then(|found| found.next_out(window)) {
            self.send_down(connection, item);
        }
        if self.network.get(connection).is_some_and(crate::network::Connection::drained) {
            self.schedule(self.now, Event::Drained(connection));
        }
    }

    pub(super) fn drained(&mut self, connection: ConnectionId) -> Checked {
        self.session_input(connection, Input::Writable(connection))
    }

    /// Puts something on its way to the page.
    fn send_down(&mut self, connection: ConnectionId, item: Item) {
        let latency = self.latency();
        let Some(found) = self.network.get(connection) else { return };
        let takes = match (&item, self.people[found.person].reads) {
            (Item::Text(frame), Some(reads)) => frame.len() as u64 * 1_000 / reads,
            _ => 0,
        };
        if let Some(arrival) = found.down.put_slowly(self.now, latency, takes, item) {
            self.schedule(arrival, Event::Arrival { connection, way: Way::ToClient });
        }
    }

    /// One end of a broken connection learns of it.
    pub(super) fn tell_of_loss(&mut self, connection: ConnectionId, way: Way, delay: Millis) {
        let at = self.now + self.latency() + delay;
        let Some(found) = self.network.get(connection) else { return };
        let pipe = if way == Way::ToClient { &mut found.down } else { &mut found.up };
        let arrival = pipe.force(at, Item::Close(LOST));
        self.schedule(arrival, Event::Arrival { connection, way });
    }

    /// The server goes on after a pause, or after it died.
    pub(super) fn server_works(&mut self) -> Checked {
        if !self.server.up && self.server.paused_until <= self.now {
            self.server.up = true;
            self.take_up()?;
        }
        if self.server.works(self.now) {
            for connection in self.network.ids() {
                self.arrive_at_server(connection)?;
            }
        }
        Ok(())
    }
}
