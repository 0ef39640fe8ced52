//! A few clients and a session with a network that is slow and breaks, and what they tell of one key.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use meeting_session_core::client::{ClientEvent, ClientOutput, JoinOptions, WriteEnd, WriteFailure, WriteId};
use meeting_session_core::position::Epoch;
use meeting_session_core::protocol::{ClientMessage, Condition, ParticipantId, Rejection};
use meeting_session_core::random::Random;
use meeting_session_core::session::{Admission, ConnectionId, SessionConfig, SessionOutput};
use meeting_session_core::{Client, Instant, Json, MergeStrategy, Session, Update};

use super::checker::{Call, Operation, Value};

const KEY: &str = "register";
const LOST: u16 = 1006;
const PAGES: usize = 3;
const CALLS: u64 = 12;

/// When the run ends: all that can be answered is by then.
const END: u64 = 60_000;

enum Item {
    Open,
    Text(String),
    Close(u16),
}

/// Where something on its way arrives.
#[derive(Clone, Copy)]
enum To {
    Server(usize),
    Page(usize),
}

struct Page {
    client: Client,
    /// Its socket, by the number of the connection.
    socket: Option<usize>,
    value: Value,
    calls: BTreeMap<u32, Operation>,
}

/// One connection: both ways in order, until it breaks.
struct Connection {
    page: usize,
    up: VecDeque<(u64, Item)>,
    down: VecDeque<(u64, Item)>,
    broken: bool,
}

pub(crate) struct World {
    random: Random,
    now: u64,
    /// Numbers begins and ends of calls in the order in which they are.
    steps: usize,
    latency: u64,
    session: Session,
    pages: Vec<Page>,
    connections: Vec<Connection>,
    history: Vec<Operation>,
}

/// The history of one run.
pub(crate) fn history(seed: u64) -> Vec<Operation> {
    let mut random = Random::new(seed);
    let config =
        SessionConfig { grace: Duration::from_millis(500 + random.below(4_000)), ..Default::default() };
    let pages = (0..PAGES).map(|_| Page {
        client: Client::new(random.bits()),
        socket: None,
        value: None,
        calls: BTreeMap::new(),
    });
    let pages = pages.collect();
    let latency = 1 + random.below(300);
    let session = Session::new(Instant::default(), Epoch(seed + 1), config);
    let mut world = World {
        random,
        now: 0,
        steps: 0,
        latency,
        session,
        pages,
        connections: Vec::new(),
        history: Vec::new(),
    };
    world.play();
    world.history
}

impl World {
    fn play(&mut self) {
        for page in 0..PAGES {
            let options = JoinOptions {
                session: "s".into(),
                user_name: String::new(),
                user_data: None,
                token: None,
                instance: format!("{page:032x}"),
                resume: None,
                predecessors: String::new(),
            };
            self.input(page, |client, now| client.join(now, options).unwrap());
        }
        self.run_until(5_000);
        for number in 1..=CALLS {
            let pause = self.random.below(200);
            self.run_until(self.now + pause);
            let page = self.random.below(PAGES as u64) as usize;
            self.call(page, number as u32);
            if self.random.below(8) == 0 {
                let connection = self.random.below(self.connections.len() as u64) as usize;
                self.cut(connection);
            }
        }
        self.run_until(END);
        for page in &mut self.pages {
            self.history.extend(std::mem::take(&mut page.calls).into_values());
        }
    }

    /// Asks something of the register on the ground of what the page shows.
    fn call(&mut self, page: usize, number: u32) {
        let nothing = Update::noop();
        let set = Update::new(
            MergeStrategy::ShallowMerge,
            [(KEY.into(), Some(Json::from_stringified(number.to_string())))],
        );
        let (kind, by_revision) = (self.random.below(10), self.random.below(3) == 0);
        let Page { client, value, calls, .. } = &mut self.pages[page];
        let Some(position) = client.position() else { return };
        let swap = Call::Swap { expected: *value, new: number, done: None };
        let (call, update, condition) = match kind {
            0..2 => (Call::Read(None), nothing, Condition::default()),
            2..4 => (Call::Write(number), set, Condition::default()),
            _ if by_revision => {
                (swap, set, Condition { revision: Some(position.revision), ..Condition::default() })
            }
            _ => (swap, set, Condition { unchanged: vec![KEY.into()], ..Condition::default() }),
        };
        calls.insert(number, Operation { call, began: self.steps, ended: None });
        self.steps += 1;
        self.input(page, |client, now| client.write(now, WriteId(number), update, condition));
    }

    fn answered(&mut self, page: usize, number: u32, end: WriteEnd) {
        let Page { value, calls, .. } = &mut self.pages[page];
        let mut operation = calls.remove(&number).expect("a call ends once");
        operation.ended = Some(self.steps);
        self.steps += 1;
        match (&mut operation.call, end) {
            (Call::Read(read), WriteEnd::Unchanged(_)) => *read = *value,
            (Call::Write(_), WriteEnd::Applied(_)) => {}
            (Call::Swap { done, .. }, WriteEnd::Applied(_)) => *done = Some(true),
            (Call::Swap { done, .. }, WriteEnd::Failed(WriteFailure::Rejected(Rejection::Conflict(_)))) => {
                *done = Some(false);
                // The newest data comes with it.
                self.history.push(Operation { call: Call::Read(*value), ..operation });
            }
            // Reads that had no answer say nothing.
            (Call::Read(_), WriteEnd::Failed(_)) => return,
            (_, WriteEnd::Failed(WriteFailure::Unknown)) => operation.ended = None,
            (_, WriteEnd::Failed(WriteFailure::Expired | WriteFailure::Busy | WriteFailure::Left)) => return,
            (call, end) => panic!("{call:?} ended with {end:?}"),
        }
        self.history.push(operation);
    }

    fn input(&mut self, page: usize, input: impl FnOnce(&mut Client, Instant)) {
        input(&mut self.pages[page].client, Instant::from_millis(self.now));
        for output in self.pages[page].client.take_outputs() {
            match output {
                ClientOutput::Connect => {
                    self.hang_up(page);
                    self.pages[page].socket = Some(self.connections.len());
                    let (up, down) = (VecDeque::new(), VecDeque::new());
                    self.connections.push(Connection { page, up, down, broken: false });
                    self.say(page, Item::Open);
                }
                ClientOutput::Send(text) => self.say(page, Item::Text(text)),
                ClientOutput::Disconnect => self.hang_up(page),
                ClientOutput::Data(change) => {
                    let set: BTreeMap<String, u32> = serde_json::from_str(change.set.as_str()).unwrap();
                    let value = &mut self.pages[page].value;
                    *value = set.get(KEY).copied().or(*value);
                }
                ClientOutput::Event(ClientEvent::WriteEnded { write, end }) => {
                    self.answered(page, write.0, end);
                }
                ClientOutput::Event(event) => {
                    let over = matches!(event, ClientEvent::Failed(_) | ClientEvent::SessionReset(_));
                    assert!(!over, "{event:?}");
                }
            }
        }
    }

    /// What the page says goes on its way.
    fn say(&mut self, page: usize, item: Item) {
        if let Some(connection) = self.pages[page].socket {
            self.put(To::Server(connection), item);
        }
    }

    fn hang_up(&mut self, page: usize) {
        self.say(page, Item::Close(LOST));
        self.pages[page].socket = None;
    }

    fn put(&mut self, to: To, item: Item) {
        let at = self.now + self.random.below(self.latency);
        let (To::Server(number) | To::Page(number)) = to;
        let Connection { up, down, broken, .. } = &mut self.connections[number];
        if !*broken {
            let pipe = if matches!(to, To::Server(_)) { up } else { down };
            pipe.push_back((pipe.back().map_or(at, |(last, _)| at.max(*last)), item));
        }
    }

    /// Breaks a connection: some of what is on its way is lost, and each end learns of it at some time. One page stays,
    /// so that the session does.
    fn cut(&mut self, number: usize) {
        if self.connections[number].page == 0 || self.connections[number].broken {
            return;
        }
        for to in [To::Server(number), To::Page(number)] {
            let late = self.now + self.random.below(8_000);
            let Connection { up, down, .. } = &mut self.connections[number];
            let pipe = if matches!(to, To::Server(_)) { up } else { down };
            pipe.truncate(self.random.below(pipe.len() as u64 + 1) as usize);
            pipe.push_back((pipe.back().map_or(late, |(last, _)| late.max(*last)), Item::Close(LOST)));
        }
        self.connections[number].broken = true;
    }

    fn run_until(&mut self, end: u64) {
        loop {
            let arrivals = self.connections.iter().enumerate().flat_map(|(number, connection)| {
                let up = connection.up.front().map(|(at, _)| (*at, To::Server(number)));
                let down = connection.down.front().map(|(at, _)| (*at, To::Page(number)));
                up.into_iter().chain(down)
            });
            let arrival = arrivals.min_by_key(|(at, _)| *at);
            let timeouts = self.pages.iter().filter_map(|page| page.client.poll_timeout());
            let timeout = timeouts.fold(self.session.poll_timeout(), Instant::min).as_millis().max(self.now);
            if arrival.map_or(timeout, |(at, _)| at.min(timeout)) > end {
                self.now = self.now.max(end);
                return;
            }
            match arrival {
                Some((at, to)) if at <= timeout => {
                    self.now = self.now.max(at);
                    self.arrive(to);
                }
                _ => {
                    self.now = timeout;
                    let now = Instant::from_millis(self.now);
                    self.session.handle_timeout(now);
                    self.serve();
                    for page in 0..PAGES {
                        if self.pages[page].client.poll_timeout().is_some_and(|due| due <= now) {
                            self.input(page, Client::handle_timeout);
                        }
                    }
                }
            }
        }
    }

    fn arrive(&mut self, to: To) {
        let now = Instant::from_millis(self.now);
        match to {
            To::Page(number) => {
                let Some((_, item)) = self.connections[number].down.pop_front() else { return };
                let page = self.connections[number].page;
                if self.pages[page].socket != Some(number) {
                    return;
                }
                self.input(page, |client, now| match item {
                    Item::Open => client.socket_opened(now),
                    Item::Text(text) => client.socket_message(now, &text),
                    Item::Close(code) => client.socket_closed(now, code),
                });
            }
            To::Server(number) => {
                let Some((_, item)) = self.connections[number].up.pop_front() else { return };
                let connection = ConnectionId(number as u64);
                match item {
                    Item::Open => self.put(To::Page(number), Item::Open),
                    Item::Close(_) => self.session.disconnected(now, connection),
                    Item::Text(text) => match ClientMessage::decode(&text) {
                        Ok(ClientMessage::Join(join)) => {
                            let participant = ParticipantId(format!("participant-{number}"));
                            let admission =
                                Admission { participant, secret: number.to_string(), date: self.now };
                            self.session.join(now, connection, *join, admission);
                        }
                        message => self.session.receive(now, connection, message),
                    },
                }
                self.serve();
            }
        }
    }

    fn serve(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                SessionOutput::Send { connection, frame } => {
                    self.put(To::Page(connection.0 as usize), Item::Text(frame.as_ref().into()));
                }
                SessionOutput::Close { connection, code } => {
                    self.put(To::Page(connection.0 as usize), Item::Close(code.0));
                }
                SessionOutput::Ended => panic!("the first page stays"),
            }
        }
    }
}
