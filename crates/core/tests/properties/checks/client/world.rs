//! Runs a client through its steps as its owner would, and watches what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use meeting_session_core::client::{Identity, JoinOptions, WriteId};
use meeting_session_core::protocol::*;
use meeting_session_core::{Client, Instant, Position, Update};

use super::server::participant_id;
use super::step::*;
use crate::checks::update::{Change, Value};

/// Runs all steps; panics when something is wrong.
pub(crate) fn run(run: &Run) {
    let mut world = World::new(run.seed);
    for step in &run.steps {
        world.step(step);
        world.drain();
        world.check();
    }
    world.finish();
}

/// The client, its socket, and what its page was told.
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) client: Client,
    pub(super) joins: u64,
    pub(super) socket: Socket,
    /// Whether the page takes part in a session, or tries to.
    pub(super) active: bool,
    /// Whether the page was told that the join succeeded.
    pub(super) joined: bool,
    pub(super) interrupted: bool,
    /// Awaited writes that have not ended.
    pub(super) writes: BTreeMap<u32, (Update, Condition)>,
    /// Those with a condition that may still be sent, in the order in which they were made.
    pub(super) conditional: Vec<(Update, Condition)>,
    pub(super) last_write: u32,
    /// Transactions that have not ended, in order.
    pub(super) transactions: Vec<u32>,
    /// Whether the function of the first is to run.
    pub(super) attempting: bool,
    /// And what it wrote last.
    pub(super) attempted: Option<(Update, Condition)>,
    /// `set_user` calls that are not settled.
    pub(super) users: usize,
    /// The text of every update that was sent since the join, by its number.
    pub(super) sent: BTreeMap<u64, String>,
    /// App messages that were asked for and are not sent.
    pub(super) app_messages: usize,
    /// Whether the last join answer lets the client go on with what it had sent before.
    pub(super) goes_on: bool,
    /// Updates that were sent and may be sent again: no answer has come, and no other session.
    pub(super) unanswered: BTreeSet<u64>,
    /// Where the page's data is.
    pub(super) position: Option<Position>,
}

/// The socket as its owner knows it.
#[derive(Debug, PartialEq)]
pub(super) enum Socket {
    None,
    Opening,
    Open {
        /// Whether the join was sent on it.
        asked: bool,
        /// Whether the client has joined by it.
        answered: bool,
        /// Updates that were sent on it.
        updates: BTreeSet<u64>,
    },
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            now: Instant::from_millis(1_000_000),
            client: Client::new(seed),
            joins: 0,
            socket: Socket::None,
            active: false,
            joined: false,
            interrupted: false,
            writes: BTreeMap::new(),
            conditional: Vec::new(),
            last_write: 0,
            transactions: Vec::new(),
            attempting: false,
            attempted: None,
            users: 0,
            sent: BTreeMap::new(),
            app_messages: 0,
            goes_on: false,
            unanswered: BTreeSet::new(),
            position: None,
        }
    }

    fn step(&mut self, step: &Step) {
        let now = self.now;
        match step {
            Step::Join { name, user_data, token, resume } => self.join(*name, user_data, *token, *resume),
            Step::Leave => self.client.leave(now),
            Step::Update(change) => self.client.update(now, change.update()),
            Step::Write(change, asked) => {
                self.last_write += 1;
                let asked = self.write(self.last_write, change, asked);
                self.writes.insert(self.last_write, asked);
            }
            Step::Patch(change) => {
                self.last_write += 1;
                self.writes.insert(self.last_write, (change.patch(), Condition::default()));
                self.client.write(now, WriteId(self.last_write), change.patch(), Condition::default());
            }
            Step::Transact(attempts) => {
                self.last_write += 1;
                self.transactions.push(self.last_write);
                self.client.transact(now, WriteId(self.last_write), u32::from(*attempts));
            }
            Step::Attempt(change, asked) => {
                if core::mem::take(&mut self.attempting) {
                    self.attempted = Some(self.write(self.transactions[0], change, asked));
                }
            }
            Step::Withdraw(which) => {
                let open: Vec<_> = self.writes.keys().chain(&self.transactions).copied().collect();
                if let Some(which) = usize::from(*which).checked_rem(open.len()) {
                    self.withdraw(open[which]);
                }
            }
            Step::App { to, data } => {
                let to = to.as_ref().map(|to| to.iter().copied().map(participant_id).collect());
                let accepted = self.client.app_message(now, to, data.json()).is_ok();
                self.app_messages += usize::from(accepted);
            }
            Step::User { name, data } => {
                let name = name.map(|name| "n".repeat(usize::from(name) * 2));
                let set = self.client.set_user(name, data.as_ref().map(Value::json));
                self.users += usize::from(self.active && set.is_ok());
            }
            Step::Wake => self.client.wake(now),
            Step::Unload => self.client.unload(now),
            Step::Hide => self.client.hide(now),
            Step::Opened => {
                if self.socket == Socket::Opening {
                    self.socket = Socket::Open { asked: false, answered: false, updates: BTreeSet::new() };
                    self.client.socket_opened(now);
                }
            }
            Step::Closed(closing) => {
                if core::mem::replace(&mut self.socket, Socket::None) != Socket::None {
                    self.client.socket_closed(now, closing.code());
                }
            }
            Step::Message(message) => self.message(&self.text(message)),
            Step::Mangled(mangled) => self.message(&mangled.of_server()),
            Step::Text(text) => self.message(text),
            Step::Wait(span) => self.wait(span.duration()),
            Step::Oversleep(span) => self.now = now + span.duration(),
        }
    }

    /// Returns what is asked of the client: what it counts from is what the page has now, and not what it has when it is
    /// sent.
    fn write(&mut self, number: u32, change: &Change, asked: &Asked) -> (Update, Condition) {
        let (update, condition) = (change.update(), asked.condition());
        let seen = self.position.filter(|_| !condition.unchanged.is_empty());
        let seen = seen.map_or(0, |position| position.revision);
        let asked = (update.clone(), Condition { seen, ..condition.clone() });
        self.conditional.extend(Some(asked.clone()).filter(|_| condition.is_some()));
        self.client.write(self.now, WriteId(number), update, condition);
        asked
    }

    fn withdraw(&mut self, number: u32) {
        let withdrawn = self.client.withdraw(self.now, WriteId(number));
        let attempted = self.attempted.take_if(|_| self.transactions.first() == Some(&number));
        if self.forget_transaction(number) {
            if withdrawn {
                attempted.map(|asked| self.take_conditional(&asked));
            } else {
                // It is a write as any other now.
                self.writes.insert(number, attempted.expect("only what was sent cannot be taken back"));
            }
        } else if withdrawn && let Some(asked) = self.writes.remove(&number) {
            self.take_conditional(&asked);
        }
    }

    /// A transaction is over; false when there is none of that number.
    pub(super) fn forget_transaction(&mut self, number: u32) -> bool {
        let Some(place) = self.transactions.iter().position(|other| *other == number) else {
            return false;
        };
        self.transactions.remove(place);
        if place == 0 {
            (self.attempting, self.attempted) = (false, None);
        }
        true
    }

    /// The page leaves, and then nothing is left of its writes.
    fn finish(&mut self) {
        self.client.leave(self.now);
        self.drain();
        self.wait(limits::LEAVE_TIMEOUT);
        self.drain();
        assert!(!self.active, "leaving has an end");
    }

    fn join(&mut self, name: u8, user_data: &Option<Value>, token: bool, resume: bool) {
        self.joins += 1;
        let secret = String::from("s3");
        let options = JoinOptions {
            session: "standup".into(),
            user_name: "é".repeat(usize::from(name) * 2),
            user_data: user_data.as_ref().map(Value::json),
            token: token.then(|| "t".repeat(limits::TOKEN_UNITS)),
            instance: format!("{:032x}", self.joins),
            resume: resume.then(|| Identity { participant: participant_id(0), secret }),
            predecessors: String::new(),
        };
        if self.client.join(self.now, options).is_ok() && !self.active {
            self.active = true;
            self.sent.clear();
            self.unanswered.clear();
        }
    }

    /// Forgets a write with a condition; false when there is none like it.
    pub(super) fn take_conditional(&mut self, asked: &(Update, Condition)) -> bool {
        let at = self.conditional.iter().position(|other| other == asked);
        at.map(|at| self.conditional.remove(at)).is_some()
    }

    fn message(&mut self, text: &str) {
        let Socket::Open { answered, .. } = self.socket else { return };
        match ServerMessage::decode(text) {
            Some(ServerMessage::Result { sequence, .. }) if answered => {
                self.unanswered.remove(&sequence);
            }
            Some(ServerMessage::Joined(joined)) if !answered => {
                let same = self.position.is_none_or(|before| before.epoch == joined.position.epoch);
                self.goes_on = joined.resumed && !joined.forked && same;
            }
            _ => {}
        }
        self.client.socket_message(self.now, text);
    }

    /// Lets time pass, and every deadline be kept.
    fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(due) = self.client.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.check();
        }
        self.now = until;
    }

    /// Does what is due. What must be true then is that nothing is due any more, or its owner would never sleep.
    fn check(&mut self) {
        let due = |world: &Self| world.client.poll_timeout().is_some_and(|due| due <= world.now);
        // A lost connection may be followed by a pause of no time at all.
        for _ in 0..3 {
            if due(self) {
                self.client.handle_timeout(self.now);
                self.drain();
            }
        }
        assert!(!due(self), "what was due is done");
        assert!(self.active || self.client.poll_timeout().is_none(), "nothing is awaited");
        assert_eq!(self.joined, self.client.position().is_some());
        assert!(self.joined || self.client.participants().is_empty());
    }
}

impl Asked {
    fn condition(&self) -> Condition {
        let unchanged = self.unchanged.iter().map(|key| key.text().to_string()).collect();
        Condition { revision: self.revision, unchanged, seen: 0 }
    }
}
