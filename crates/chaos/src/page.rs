//! A person with a page: the real client core, a thin shell around it, and a record of all that the page is told.

mod counting;
mod writes;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use meeting_session_core::client::{
    ClientEvent, ClientOutput, Failure, Identity, JoinOptions, WriteEnd, WriteFailure, WriteId,
};
use meeting_session_core::protocol::{ServerMessage, StateChange};
use meeting_session_core::{Client, Instant};
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};

use crate::dice::Dice;
use crate::history::{Event, PageId, Recorder};
use crate::socket::{Socket, SocketEvent};
use counting::Counting;

pub use counting::COUNTER;

/// Two keys that are only ever written together, with the same value.
pub const PAIR: [&str; 2] = ["pair.a", "pair.b"];

/// The mean time between two looks at what a page shows while the run waits for all to show the same, in milliseconds.
const REPORT_EVERY: u64 = 150;

/// What people do in the meantime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// They write, come and go.
    Busy,
    /// All who are away come back and write a last time.
    Settle,
    /// They say what they know, and the run is over.
    End,
}

/// How a person behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// The mean time between two actions, in milliseconds; none: only reads.
    pub(crate) acts_every: Option<u64>,
    /// The share of actions, in thousandths, that end the page: leaving, reloading, crashing.
    pub(crate) restless: u64,
    /// Whether it is recorded who comes and goes.
    pub(crate) roster: bool,
    /// How often it adds one to a number that all others add to as well.
    pub(crate) counts: u32,
}

/// What the run may know of a page while it goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// Joined and connected.
    pub(crate) connected: bool,
    /// Has written its last write, and awaits nothing.
    pub(crate) settled: bool,
    /// What it shows: epoch, revision, digest.
    pub(crate) shown: (u64, u64, u64),
    /// How many participants it knows, and a digest of who.
    pub(crate) people: (usize, u64),
}

/// What a person is given.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) number: u32,
    pub(crate) session: String,
    pub(crate) proxy: SocketAddr,
    pub(crate) habits: Habits,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) status: Arc<Mutex<Status>>,
    pub(crate) dice: Dice,
}

impl Person {
    /// Lives through one page after the other until the run ends.
    pub(crate) async fn live(mut self) {
        let (mut life, mut identity) = (0, None);
        while *self.phase.borrow() != Phase::End {
            life += 1;
            let mut page = Page::open(&mut self, life, identity.take());
            page.live().await;
            identity = page.identity.take();
            let reloads = page.reloads;
            *self.status() = Status::default();
            if !reloads && *self.phase.borrow() == Phase::Busy {
                let away = Duration::from_millis(self.dice.between(100, 3_000));
                tokio::select! {
                    () = sleep(away) => {}
                    _ = self.phase.changed() => {}
                }
            }
        }
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One document.
struct Page<'a> {
    person: &'a mut Person,
    id: PageId,
    client: Client,
    socket: Option<Socket>,
    /// When the last connection attempt began, in microseconds.
    attempt_at: u64,
    /// Keys and the JSON text of their values.
    data: BTreeMap<String, String>,
    last_write: u32,
    open: Vec<u32>,
    /// The write that must succeed before the page is settled.
    last_wish: Option<u32>,
    connected: bool,
    settled: bool,
    counting: Counting,
    /// The page is no more.
    closed: bool,
    reloads: bool,
    identity: Option<Identity>,
}

impl<'a> Page<'a> {
    fn open(person: &'a mut Person, life: u32, resume: Option<Identity>) -> Self {
        let client = Client::new(person.dice.bits());
        let mut page = Self {
            id: PageId(person.number, life),
            client,
            socket: None,
            attempt_at: 0,
            data: BTreeMap::new(),
            last_write: 0,
            open: Vec::new(),
            last_wish: None,
            connected: false,
            settled: false,
            counting: Counting::new(person.habits.counts),
            closed: false,
            reloads: false,
            identity: None,
            person,
        };
        let session = page.person.session.clone();
        let resumes = resume.as_ref().map(|identity| identity.participant.0.clone());
        page.record(page.now(), Event::Start { session: session.clone(), resumes });
        let instance = format!("{:016x}{:016x}", page.person.dice.bits(), page.person.dice.bits());
        let user_name = format!("person {}", page.id.0);
        let options = JoinOptions {
            session,
            user_name,
            user_data: None,
            token: None,
            instance,
            resume,
            predecessors: String::new(),
        };
        page.input(|client, now| client.join(now, options).is_ok());
        page
    }

    async fn live(&mut self) {
        let mut act_at = tokio::time::Instant::now();
        while !self.closed {
            let phase = *self.person.phase.borrow_and_update();
            match phase {
                Phase::Busy => {}
                Phase::Settle => self.settle(),
                Phase::End => {
                    let (people, roster) = self.people();
                    self.record(self.now(), Event::Final { people, roster: format!("{roster:016x}") });
                    return;
                }
            }
            if phase == Phase::Busy && self.person.status().connected != self.connected {
                self.report();
            }
            let wait =
                self.client.poll_timeout().map(|due| due.since(Instant::from_millis(self.now() / 1_000)));
            let acts_every =
                if phase == Phase::Busy { self.person.habits.acts_every } else { Some(REPORT_EVERY) };
            let count_at = self.counting.due_at();
            tokio::select! {
                _ = self.person.phase.changed() => {}
                () = sleep_until(count_at.unwrap_or(act_at)), if count_at.is_some() => self.count(),
                event = next(&mut self.socket) => self.socket_event(event),
                () = sleep(wait.unwrap_or_default()), if wait.is_some() => self.input(Client::handle_timeout),
                () = sleep_until(act_at), if acts_every.is_some() => {
                    let pause = self.person.dice.between(1, 2 * acts_every.unwrap_or(1));
                    act_at = tokio::time::Instant::now() + Duration::from_millis(pause);
                    if phase == Phase::Busy { self.act() } else { self.report() }
                }
            }
        }
    }

    fn now(&self) -> u64 {
        self.person.recorder.now()
    }

    fn record(&self, at: u64, event: Event) {
        self.person.recorder.write(at, Some(self.id), event);
    }

    /// Gives the core an input, and does what it wants done.
    fn input<T>(&mut self, handle: impl FnOnce(&mut Client, Instant) -> T) -> T {
        let at = self.now();
        let result = handle(&mut self.client, Instant::from_millis(at / 1_000));
        loop {
            let outputs = self.client.take_outputs();
            if outputs.is_empty() {
                return result;
            }
            outputs.into_iter().for_each(|output| self.carry_out(at, output));
        }
    }

    fn carry_out(&mut self, at: u64, output: ClientOutput) {
        match output {
            ClientOutput::Connect => {
                self.attempt_at = at;
                self.socket = Some(Socket::connect(self.person.proxy, &self.person.session));
            }
            ClientOutput::Disconnect => self.socket = None,
            ClientOutput::Send(text) => {
                if text.starts_with("{\"type\":\"update\"") {
                    self.record(at, Event::Sent { participant: self.own(), frame: text.clone() });
                }
                if let Some(socket) = &self.socket {
                    socket.send(text);
                }
            }
            ClientOutput::Data(change) => self.take(&change),
            ClientOutput::Event(event) => self.tell(at, event),
        }
    }

    fn socket_event(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Opened => self.input(Client::socket_opened),
            SocketEvent::Message(text) => {
                if text.starts_with("{\"type\":\"result\"")
                    && let Some(ServerMessage::Result { sequence, result }) = ServerMessage::decode(&text)
                {
                    self.record(self.now(), Event::Result { sequence, answer: result.into() });
                }
                self.input(|client, now| client.socket_message(now, &text));
            }
            SocketEvent::Closed(code) => {
                self.socket = None;
                self.input(|client, now| client.socket_closed(now, code));
            }
        }
    }

    fn take(&mut self, change: &StateChange) {
        if change.since.is_none() {
            self.data.clear();
        }
        for key in &change.deleted {
            self.data.remove(key);
        }
        let set = serde_json::from_str::<BTreeMap<String, &RawValue>>(change.set.as_str());
        let set = set.expect("the server sends JSON objects");
        self.data.extend(set.into_iter().map(|(key, value)| (key, value.get().to_owned())));
    }

    fn tell(&mut self, at: u64, event: ClientEvent) {
        let roster = self.person.habits.roster;
        match event {
            ClientEvent::Joined => {
                self.connected = true;
                let people = self.client.participants().iter().map(|one| one.id.0.clone());
                let people = if roster { people.collect() } else { Vec::new() };
                self.record(at, Event::Joined { participant: self.own(), people });
                self.counting.begin();
            }
            ClientEvent::Interrupted => {
                self.connected = false;
                self.record(at, Event::Interrupted);
            }
            ClientEvent::Reconnected => {
                self.connected = true;
                let began = self.attempt_at;
                self.record(at, Event::Reconnected { participant: self.own(), began });
            }
            ClientEvent::DataChanged => {
                if let Some(position) = self.client.position() {
                    let (epoch, chain) = (position.epoch.to_hex(), position.chain.to_hex());
                    let pair = PAIR.map(|key| self.data.get(key).cloned());
                    let digest = format!("{:016x}", digest(&self.data));
                    let revision = position.revision;
                    self.record(at, Event::State { epoch, revision, chain, digest, pair });
                }
            }
            ClientEvent::SessionReset(reset) => {
                self.record(at, Event::Reset { reason: reset.reason().into() });
            }
            ClientEvent::ParticipantJoined(one) if roster => {
                self.record(at, Event::PersonJoined { id: one.id.0 });
            }
            ClientEvent::ParticipantLeft(one) if roster => {
                self.record(at, Event::PersonLeft { id: one.id.0 });
            }
            ClientEvent::WriteEnded { write: WriteId(write), end } => {
                self.open.retain(|open| *open != write);
                let (revision, changed) = match end {
                    WriteEnd::Applied(revision) => (revision, true),
                    WriteEnd::Unchanged(revision) => (revision, false),
                    WriteEnd::Failed(failure) => return self.write_failed(at, Some(write), failure),
                };
                self.record(at, Event::Acknowledged { write, revision, changed });
                self.counted(true);
                self.settled |= self.last_wish == Some(write);
            }
            ClientEvent::WriteFailed(failure) => self.write_failed(at, None, failure),
            ClientEvent::Away { identity, .. } => self.identity = identity,
            ClientEvent::Failed(failure) => {
                let why = match failure {
                    Failure::Unreachable => "unreachable".into(),
                    Failure::Closed(code) => format!("closed with {}", code.0),
                };
                self.record(at, Event::Stopped { why });
            }
            ClientEvent::Left => self.close(at, "left"),
            _ => {}
        }
    }

    fn write_failed(&mut self, at: u64, write: Option<u32>, failure: WriteFailure) {
        if write.is_some() && self.last_wish == write {
            self.last_wish = None;
        }
        self.record(at, Event::Failed { write, code: failure.code().into() });
        self.counted(false);
    }

    fn close(&mut self, at: u64, how: &str) {
        if !std::mem::replace(&mut self.closed, true) {
            self.record(at, Event::Gone { how: how.into() });
        }
    }

    fn own(&self) -> String {
        self.client.participant().map(|id| id.0.clone()).unwrap_or_default()
    }

    fn people(&self) -> (usize, u64) {
        let people = self.client.participants();
        (people.len(), roster_digest(people.iter().map(|one| one.id.0.as_str())))
    }

    /// Lets the run know.
    fn report(&self) {
        let position = self.client.position().map(|position| (position.epoch.0, position.revision));
        let (epoch, revision) = position.unwrap_or_default();
        *self.person.status() = Status {
            connected: self.connected,
            settled: self.settled && self.open.is_empty(),
            shown: (epoch, revision, digest(&self.data)),
            people: self.people(),
        };
    }
}

async fn next(socket: &mut Option<Socket>) -> SocketEvent {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}

/// The JSON text by which a write is known.
pub fn marker(page: PageId, write: u32) -> String {
    format!("\"{}.{}.{write}\"", page.0, page.1)
}

/// A number for some data, to compare it by.
pub fn digest(data: &BTreeMap<String, String>) -> u64 {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    hasher.finish()
}

/// A number for some participants, in any order.
pub fn roster_digest<'a>(ids: impl IntoIterator<Item = &'a str>) -> u64 {
    ids.into_iter().fold(0, |sum, id| {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        hasher.finish().wrapping_add(sum)
    })
}
