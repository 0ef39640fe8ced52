//! Connections: two pipes that keep the order, take their time, and can break.

use std::collections::{BTreeMap, VecDeque};

use meeting_session_core::Instant;
use meeting_session_core::protocol::CloseCode;
use meeting_session_core::session::{ConnectionId, Frame};
use meeting_session_core::throttle::Throttle;

use crate::dice::Millis;

/// Frames that may wait for a socket before the connection counts as blocked; as the server's outbox has it.
const MARK_FRAMES: usize = 64;

/// Bytes that may wait for a socket before the connection counts as blocked; as the server's outbox has it.
const MARK_BYTES: usize = 128 * 1024;

/// What a close event says of a connection that was lost.
pub(crate) const LOST: u16 = 1006;

/// What travels.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// To the server: the request for a connection. To the client: it is open.
    Open,
    /// A text frame.
    Text(Frame),
    /// A close frame, or the notice of a loss. Nothing comes after it.
    Close(u16),
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    queue: VecDeque<(Millis, Item)>,
    last_arrival: Millis,
    /// Nothing that is put in arrives any more.
    pub(crate) dead: bool,
    /// Nothing that is put in arrives before.
    pub(crate) stalled_until: Millis,
}

impl Pipe {
    /// Puts something in; says when it arrives, if it does.
    pub(crate) fn put(&mut self, earliest: Millis, item: Item) -> Option<Millis> {
        (!self.dead).then(|| self.force(earliest, item))
    }

    /// Like [`put`](Self::put), behind what is under way by the time that the item itself takes.
    pub(crate) fn put_slowly(
        &mut self,
        now: Millis,
        latency: Millis,
        takes: Millis,
        item: Item,
    ) -> Option<Millis> {
        self.put((now + latency).max(self.last_arrival) + takes, item)
    }

    /// Like [`put`](Self::put), also when the pipe is dead: the notice that it is.
    pub(crate) fn force(&mut self, earliest: Millis, item: Item) -> Millis {
        let arrival = earliest.max(self.last_arrival).max(self.stalled_until);
        self.last_arrival = arrival;
        self.queue.push_back((arrival, item));
        arrival
    }

    /// Takes out what has arrived.
    pub(crate) fn take(&mut self, now: Millis) -> Option<Item> {
        if self.queue.front()?.0 > now {
            return None;
        }
        self.queue.pop_front().map(|(_, item)| item)
    }

    /// Loses what is under way.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    /// Everything under way comes that much later; says when the first of it does.
    pub(crate) fn delay(&mut self, by: Millis) -> Option<Millis> {
        for (arrival, _) in &mut self.queue {
            *arrival += by;
        }
        self.last_arrival += by;
        self.queue.front().map(|(arrival, _)| *arrival)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Everything under way arrives by `time`.
    pub(crate) fn hurry(&mut self, time: Millis) {
        self.stalled_until = 0;
        self.last_arrival = self.last_arrival.min(time);
        for (arrival, _) in &mut self.queue {
            *arrival = (*arrival).min(time);
        }
    }
}

/// How far a connection is on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seat {
    /// The request has not arrived.
    None,
    /// It is open, and the first message is awaited.
    Open,
    /// It has asked a session to join.
    Joined,
    /// The server has closed it. What it had said before may still be on its way to the session.
    Closed,
    /// The server knows nothing of it any more.
    Gone,
}

/// A connection with both its ends.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) person: usize,
    pub(crate) session: usize,
    pub(crate) up: Pipe,
    pub(crate) down: Pipe,
    /// Whether the page's socket is open, so that what the page says goes out.
    pub(crate) client_speaks: bool,
    /// Whether the page still listens.
    pub(crate) client_listens: bool,
    pub(crate) seat: Seat,
    pub(crate) throttle: Throttle,
    /// A message that the server's rate limit holds back, and until when.
    pub(crate) held: Option<(Millis, Frame)>,
    /// What the socket has not taken yet.
    outbox: VecDeque<Frame>,
    outbox_bytes: usize,
    blocked: bool,
    /// Why it is to be closed, after the outbox.
    closing: Option<CloseCode>,
    /// Bytes that the socket has taken and the page has not read.
    unread: usize,
}

impl Connection {
    pub(crate) fn new(person: usize, session: usize) -> Self {
        Self {
            person,
            session,
            up: Pipe::default(),
            down: Pipe::default(),
            client_speaks: false,
            client_listens: true,
            seat: Seat::None,
            throttle: Throttle::new(Instant::default()),
            held: None,
            outbox: VecDeque::new(),
            outbox_bytes: 0,
            blocked: false,
            closing: None,
            unread: 0,
        }
    }

    /// Queues a frame of the session. True when that made the connection a blocked one.
    pub(crate) fn push(&mut self, frame: Frame) -> bool {
        self.outbox_bytes += frame.len();
        self.outbox.push_back(frame);
        let over = self.outbox.len() > MARK_FRAMES || self.outbox_bytes > MARK_BYTES;
        let newly_blocked = over && !self.blocked;
        self.blocked |= over;
        newly_blocked
    }

    /// Has the connection closed after what is queued.
    pub(crate) fn close(&mut self, code: CloseCode) {
        self.closing.get_or_insert(code);
    }

    /// What the socket takes next, as long as the page reads.
    pub(crate) fn next_out(&mut self, window: usize) -> Option<Item> {
        let Some(frame) = self.outbox.front() else {
            return self.closing.take().map(|code| Item::Close(code.0));
        };
        if self.unread > 0 && self.unread + frame.len() > window {
            return None;
        }
        let frame = self.outbox.pop_front()?;
        self.outbox_bytes -= frame.len();
        self.unread += frame.len();
        Some(Item::Text(frame))
    }

    /// The page has read a frame.
    pub(crate) fn read(&mut self, frame: &Frame) {
        self.unread -= frame.len();
    }

    /// True once when the socket has taken everything of a blocked connection.
    pub(crate) fn drained(&mut self) -> bool {
        self.outbox.is_empty() && std::mem::take(&mut self.blocked)
    }

    /// Bytes that wait in the outbox.
    pub(crate) const fn waiting(&self) -> usize {
        self.outbox_bytes
    }

    /// The server dies: what it had queued is gone.
    pub(crate) fn forget(&mut self) {
        self.outbox.clear();
        self.outbox_bytes = 0;
        self.blocked = false;
        self.closing = None;
        self.held = None;
        self.seat = Seat::Gone;
    }

    /// Whether nothing can happen on it any more.
    pub(crate) fn is_over(&self) -> bool {
        !self.client_listens && self.seat == Seat::Gone && self.up.is_empty() && self.down.is_empty()
    }
}

/// All connections by number, which rises with every new one.
#[derive(Debug, Default)]
pub(crate) struct Network {
    connections: BTreeMap<u64, Connection>,
    last: u64,
}

impl Network {
    pub(crate) fn open(&mut self, person: usize, session: usize) -> ConnectionId {
        self.connections.retain(|_, connection| !connection.is_over());
        self.last += 1;
        self.connections.insert(self.last, Connection::new(person, session));
        ConnectionId(self.last)
    }

    pub(crate) fn get(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.get_mut(&id.0)
    }

    /// The numbers of all connections.
    pub(crate) fn ids(&self) -> Vec<ConnectionId> {
        self.connections.keys().copied().map(ConnectionId).collect()
    }

    /// The numbers of one person's connections, oldest first.
    pub(crate) fn of(&self, person: usize) -> Vec<ConnectionId> {
        let own = self.connections.iter().filter(|(_, connection)| connection.person == person);
        own.map(|(id, _)| ConnectionId(*id)).collect()
    }
}
