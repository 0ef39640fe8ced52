//! A session and its clients on one clock, with a network that a test can cut.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use meeting_session_core::client::{ClientEvent, ClientOutput, Identity, JoinOptions, WriteEnd};
use meeting_session_core::position::Epoch;
use meeting_session_core::protocol::{ClientMessage, CloseCode, ParticipantId, StateChange};
use meeting_session_core::session::{Admission, ConnectionId, SessionConfig, SessionOutput};
use meeting_session_core::{Client, Instant, Json, MergeStrategy, Session, SessionData, Update};

/// One client with its page's view of the data.
pub(crate) struct Peer {
    pub(crate) client: Client,
    pub(crate) data: SessionData,
    pub(crate) events: Vec<ClientEvent>,
    /// Every text that reached the server, with its time.
    pub(crate) sent: Vec<(Instant, String)>,
    /// Messages from the server stay unread in its socket.
    pub(crate) stalled: bool,
    /// Whether a new connection can be made.
    pub(crate) online: bool,
    connection: Option<ConnectionId>,
    inbox: VecDeque<Arc<str>>,
}

/// The whole system.
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) session: Option<Session>,
    pub(crate) peers: Vec<Peer>,
    /// Frames that the session sent, counted.
    pub(crate) frames: usize,
    /// Whether the server accepts connections.
    pub(crate) serving: bool,
    /// Whether those who join next are stalled from the beginning.
    pub(crate) stall_new: bool,
    /// What sessions that begin from now on say.
    pub(crate) sync_interval: Duration,
    pub(crate) away_grace: Duration,
    closed: Vec<(ConnectionId, CloseCode)>,
    connections: u64,
    epochs: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            now: Instant::from_millis(1_000_000),
            session: None,
            peers: Vec::new(),
            frames: 0,
            serving: true,
            stall_new: false,
            sync_interval: SessionConfig::default().sync_interval,
            away_grace: SessionConfig::default().away_grace,
            closed: Vec::new(),
            connections: 0,
            epochs: 0,
        }
    }

    /// A world in which these have joined.
    pub(crate) fn with(names: &[&str]) -> Self {
        let mut world = Self::new();
        for name in names {
            world.join(name);
        }
        world
    }

    /// Adds a client and lets it join; returns its index.
    pub(crate) fn join(&mut self, name: &str) -> usize {
        self.join_as(name, None)
    }

    /// The same for a document that has this of an earlier one.
    pub(crate) fn join_as(&mut self, name: &str, resume: Option<Identity>) -> usize {
        self.join_with(JoinOptions { resume, ..options(name, self.peers.len()) })
    }

    pub(crate) fn join_with(&mut self, options: JoinOptions) -> usize {
        let index = self.peers.len();
        let mut client = Client::new(index as u64 + 1);
        client.join(self.now, options).expect("a short name");
        self.peers.push(Peer {
            client,
            data: SessionData::default(),
            events: Vec::new(),
            sent: Vec::new(),
            stalled: self.stall_new,
            online: true,
            connection: None,
            inbox: VecDeque::new(),
        });
        self.settle();
        index
    }

    pub(crate) fn update(&mut self, peer: usize, update: Update) {
        let now = self.now;
        self.peers[peer].client.update(now, update);
        self.settle();
    }

    /// The connection breaks without a word; the client cannot come back before [`heal`](Self::heal).
    pub(crate) fn cut(&mut self, peer: usize) {
        self.peers[peer].online = false;
        if let Some(connection) = self.peers[peer].connection.take() {
            self.peers[peer].inbox.clear();
            let now = self.now;
            if let Some(session) = &mut self.session {
                session.disconnected(now, connection);
            }
            self.peers[peer].client.socket_closed(now, 1006);
        }
        self.settle();
    }

    pub(crate) fn heal(&mut self, peer: usize) {
        self.peers[peer].online = true;
    }

    /// The server dies and forgets everything.
    pub(crate) fn kill_server(&mut self) {
        self.session = None;
        self.serving = false;
        for peer in &mut self.peers {
            if peer.connection.take().is_some() {
                peer.inbox.clear();
                peer.client.socket_closed(self.now, 1006);
            }
        }
        self.settle();
    }

    /// Lets the time pass, from deadline to deadline.
    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.settle();
        loop {
            let deadlines = self.peers.iter().filter_map(|peer| peer.client.poll_timeout());
            let next = deadlines.chain(self.session.as_ref().map(Session::poll_timeout)).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            for peer in &mut self.peers {
                if peer.client.poll_timeout().is_some_and(|due| due <= self.now) {
                    peer.client.handle_timeout(self.now);
                }
            }
            if let Some(session) = &mut self.session {
                session.handle_timeout(self.now);
            }
            self.settle();
        }
        self.now = end;
    }

    /// Delivers everything that is under way.
    pub(crate) fn settle(&mut self) {
        loop {
            let busy = (0..self.peers.len()).fold(false, |busy, peer| self.step_client(peer) | busy);
            if !(self.step_session() | busy) {
                return;
            }
        }
    }

    pub(crate) fn assert_equal(&self) {
        let session = self.session.as_ref().expect("a session");
        for peer in &self.peers {
            assert_eq!(peer.client.position(), Some(session.position()));
            assert_eq!(peer.data.to_text(), session.data().to_text());
        }
    }

    pub(crate) fn take_events(&mut self, peer: usize) -> Vec<ClientEvent> {
        std::mem::take(&mut self.peers[peer].events)
    }

    fn step_client(&mut self, index: usize) -> bool {
        let peer = &mut self.peers[index];
        let frame = if peer.stalled { None } else { peer.inbox.pop_front() };
        if let Some(frame) = &frame {
            peer.client.socket_message(self.now, frame);
        }
        self.drain_client(index) || frame.is_some()
    }

    fn drain_client(&mut self, index: usize) -> bool {
        let mut busy = false;
        loop {
            let outputs = self.peers[index].client.take_outputs();
            if outputs.is_empty() {
                return busy;
            }
            busy = true;
            outputs.into_iter().for_each(|output| self.carry_out(index, output));
        }
    }

    fn carry_out(&mut self, index: usize, output: ClientOutput) {
        match output {
            ClientOutput::Connect => {
                self.disconnect(index);
                if self.serving && self.peers[index].online {
                    self.connections += 1;
                    self.peers[index].connection = Some(ConnectionId(self.connections));
                    self.peers[index].client.socket_opened(self.now);
                } else {
                    self.peers[index].client.socket_closed(self.now, 1006);
                }
            }
            ClientOutput::Send(text) => self.deliver_to_session(index, text),
            ClientOutput::Disconnect => self.disconnect(index),
            ClientOutput::Data(change) => take_over(&mut self.peers[index].data, &change),
            ClientOutput::Event(event) => self.peers[index].events.push(event),
        }
    }

    fn deliver_to_session(&mut self, index: usize, text: String) {
        let Some(connection) = self.peers[index].connection else {
            return;
        };
        self.peers[index].sent.push((self.now, text.clone()));
        match ClientMessage::decode(&text) {
            Ok(ClientMessage::Join(join)) => {
                if self.session.is_none() {
                    self.epochs += 1;
                    let config = SessionConfig {
                        sync_interval: self.sync_interval,
                        away_grace: self.away_grace,
                        ..SessionConfig::default()
                    };
                    self.session = Some(Session::new(self.now, Epoch(self.epochs), config));
                }
                let admission = Admission {
                    participant: ParticipantId(format!("p{}", connection.0)),
                    secret: format!("s{}", connection.0),
                    date: self.now.as_millis(),
                };
                self.session.as_mut().expect("made above").join(self.now, connection, *join, admission);
            }
            message => {
                if let Some(session) = &mut self.session {
                    session.receive(self.now, connection, message);
                }
            }
        }
        self.step_session();
    }

    /// A text of an earlier connection arrives only now, on a connection that nobody listens to any more.
    pub(crate) fn deliver_late(&mut self, text: &str) {
        let Ok(ClientMessage::Join(join)) = ClientMessage::decode(text) else { panic!("no join: {text}") };
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let admission =
            Admission { participant: ParticipantId("late".into()), secret: "late".into(), date: 0 };
        let session = self.session.as_mut().expect("a session");
        session.join(self.now, connection, *join, admission);
        self.settle();
    }

    fn step_session(&mut self) -> bool {
        let mut busy = false;
        while let Some(output) = self.session.as_mut().and_then(Session::poll_output) {
            busy = true;
            match output {
                SessionOutput::Send { connection, frame } => {
                    self.frames += 1;
                    if let Some(peer) = self.peers.iter_mut().find(|peer| peer.connection == Some(connection))
                    {
                        peer.inbox.push_back(frame);
                        if peer.stalled
                            && let Some(session) = &mut self.session
                        {
                            session.blocked(self.now, connection);
                        }
                    }
                }
                SessionOutput::Close { connection, code } => self.closed.push((connection, code)),
                SessionOutput::Ended => self.session = None,
            }
        }
        for (connection, code) in std::mem::take(&mut self.closed) {
            if let Some(peer) = self.peers.iter_mut().find(|peer| peer.connection == Some(connection)) {
                peer.connection = None;
                peer.inbox.clear();
                peer.client.socket_closed(self.now, code.0);
            }
        }
        busy
    }

    /// A stalled reader reads again.
    pub(crate) fn unstall(&mut self, peer: usize) {
        self.peers[peer].stalled = false;
        if let (Some(session), Some(connection)) = (&mut self.session, self.peers[peer].connection) {
            session.writable(self.now, connection);
        }
        self.settle();
    }

    fn disconnect(&mut self, index: usize) {
        if let (Some(connection), Some(session)) = (self.peers[index].connection.take(), &mut self.session) {
            session.disconnected(self.now, connection);
        }
        self.peers[index].inbox.clear();
    }
}

pub(crate) fn options(name: &str, index: usize) -> JoinOptions {
    JoinOptions {
        session: "standup".into(),
        user_name: name.into(),
        user_data: None,
        token: None,
        instance: instance(index),
        resume: None,
        predecessors: String::new(),
    }
}

/// What a client calls itself.
pub(crate) fn instance(index: usize) -> String {
    format!("{index:032x}")
}

/// Does what the browser does with a change.
fn take_over(data: &mut SessionData, change: &StateChange) {
    let set: std::collections::BTreeMap<String, &serde_json::value::RawValue> =
        serde_json::from_str(change.set.as_str()).expect("an object");
    let sets = set.into_iter().map(|(key, value)| (key.into(), Some(Json::from(value))));
    let deletes = change.deleted.iter().map(|key| (key.as_str().into(), None));
    let strategy = if change.since.is_some() { MergeStrategy::ShallowMerge } else { MergeStrategy::Replace };
    data.apply(Update::new(strategy, sets.chain(deletes)));
}

/// How the awaited writes of a peer ended, in the order of the events.
pub(crate) fn ends(world: &mut World, peer: usize) -> Vec<(u32, WriteEnd)> {
    let ended = |event| match event {
        ClientEvent::WriteEnded { write, end } => Some((write.0, end)),
        _ => None,
    };
    world.take_events(peer).into_iter().filter_map(ended).collect()
}

pub(crate) fn merge(changes: &[(&str, Option<&str>)]) -> Update {
    build(MergeStrategy::ShallowMerge, changes)
}

/// One key with a number.
pub(crate) fn set(key: &str, value: usize) -> Update {
    merge(&[(key, Some(&value.to_string()))])
}

pub(crate) fn replace(changes: &[(&str, &str)]) -> Update {
    let changes: Vec<_> = changes.iter().map(|(key, value)| (*key, Some(*value))).collect();
    build(MergeStrategy::Replace, &changes)
}

fn build(strategy: MergeStrategy, changes: &[(&str, Option<&str>)]) -> Update {
    let json = |text: &str| Json::parse(text).expect("JSON in the test");
    Update::new(strategy, changes.iter().map(|(key, value)| (Arc::from(*key), value.map(json))))
}

/// When a client sent an update.
pub(crate) fn updates_sent(world: &World, peer: usize) -> Vec<u64> {
    let is_update = |text: &str| matches!(ClientMessage::decode(text), Ok(ClientMessage::Update(_)));
    world.peers[peer].sent.iter().filter(|(_, text)| is_update(text)).map(|(at, _)| at.as_millis()).collect()
}

/// How often it was told something.
pub(crate) fn count(events: &[ClientEvent], wanted: &ClientEvent) -> usize {
    events.iter().filter(|event| *event == wanted).count()
}
