//! Everything on one thread: pages, network, server, and the agenda of what happens next.

mod clock;
mod conditions;
mod faults;
mod pages;
mod person;
mod restarts;
mod serving;
mod workload;

use std::collections::BTreeMap;

use meeting_session_core::session::ConnectionId;

use crate::checks::{Ledger, Messages, unsettled};
use crate::dice::{Dice, Millis};
use crate::digest::Digest;
use crate::network::{Network, Way};
use crate::options::Options;
use crate::server::Server;
use crate::totals::Totals;
use crate::violation::{Checked, ensure};
use clock::Clock;
pub(crate) use person::Person;

/// How long it may take until everybody shows the same once nothing goes wrong any more: a dead line is noticed after
/// 30 seconds of silence, the pause before the next attempt is at most 10, clocks run up to 5 % slow.
const EQUAL_WITHIN: Millis = 50_000;

/// How long it may take until nothing of the faults is left: a participant whose dead line the server notices after 30
/// to 35 seconds is kept for 30 more.
const SETTLED_WITHIN: Millis = 90_000;

/// More events than that at one moment are a loop that does not end.
const EVENTS_AT_ONCE: usize = 50_000;

/// What is to happen at some time.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// Something may have arrived at an end of a connection.
    Arrival {
        connection: ConnectionId,
        way: Way,
    },
    /// The socket of a blocked connection has taken everything.
    Drained(ConnectionId),
    /// The server's task of a closed connection ends.
    Forget(ConnectionId),
    /// The first message of a connection is due.
    JoinTimeout(ConnectionId),
    /// The timer of a page that was set last but for those after it.
    PageTimer {
        person: usize,
        number: u64,
    },
    SessionTimer {
        session: usize,
    },
    /// A person does something.
    Act(usize),
    /// A transaction is tried again in this life of the page.
    Retry {
        person: usize,
        life: usize,
    },
    /// Something goes wrong.
    Fault,
    /// A connection breaks while it is being made.
    Break(ConnectionId),
    /// A page that was frozen goes on.
    Thaw(usize),
    /// A machine has its network again.
    Online(usize),
    /// A slow reader reads fast again.
    ReadsFast(usize),
    /// A page joins, in a life that begins with it.
    Join(usize),
    /// The server that has sent its clients away ends.
    ServerStops,
    /// A pause of the server is over, or it is started again.
    ServerWorks,
}

/// The whole system.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Millis,
    pub(crate) options: Options,
    pub(crate) dice: Dice,
    pub(crate) people: Vec<Person>,
    pub(crate) network: Network,
    pub(crate) server: Server,
    pub(crate) ledger: Ledger,
    pub(crate) totals: Totals,
    messages: Messages,
    agenda: BTreeMap<(Millis, u64), Event>,
    /// Numbers events, timers and lives.
    numbers: u64,
    lives: usize,
    /// Nothing goes wrong any more.
    healing: bool,
    /// Everybody leaves for good.
    parting: bool,
    pub(crate) digest: Digest,
    /// What happened, in words, if somebody wants to read it.
    pub(crate) trace: Option<Vec<String>>,
}

impl World {
    pub(crate) fn new(seed: u64, options: Options, traced: bool) -> Self {
        let mut dice = Dice::new(seed);
        let people = (0..options.people)
            .map(|_| {
                let speed = dice.between(1_000 - options.drift, 1_000 + options.drift);
                Person::new(dice.bits(), Clock::new(dice.below(1_000_000), speed))
            })
            .collect();
        Self {
            now: 0,
            options,
            dice,
            people,
            network: Network::default(),
            server: Server { up: true, ..Server::default() },
            ledger: Ledger::default(),
            totals: Totals::default(),
            messages: Messages::default(),
            agenda: BTreeMap::new(),
            numbers: 0,
            lives: 0,
            healing: false,
            parting: false,
            digest: Digest::new(),
            trace: traced.then(Vec::new),
        }
    }

    /// The whole run: faults, then none, then everybody leaves.
    pub(crate) fn play(&mut self) -> Checked {
        for person in 0..self.people.len() {
            let at = self.dice.below(2_000);
            self.schedule(at, Event::Act(person));
        }
        if !self.options.faults.is_empty() {
            let at = self.dice.spread(self.options.fault_every);
            self.schedule(at, Event::Fault);
        }
        self.run_until(self.options.chaos)?;
        self.note(|| "--- nothing goes wrong any more".into());
        self.heal()?;
        self.converge()?;
        self.part()
    }

    /// Waits until all is as it should be, which it must be in time.
    fn converge(&mut self) -> Checked {
        let begun = self.now;
        let mut equal = false;
        loop {
            let waited = self.now - begun;
            let (unequal, unsettled) = unsettled(self);
            if unequal.is_none() && !equal {
                equal = true;
                self.totals.add("milliseconds until equal", waited);
                self.totals.most("most milliseconds until equal", waited);
            }
            if unequal.is_none() && unsettled.is_none() {
                self.totals.add("milliseconds until settled", waited);
                self.totals.most("most milliseconds until settled", waited);
                return Ok(());
            }
            ensure!(
                unequal.is_none() || waited < EQUAL_WITHIN,
                "G10",
                "after {waited} ms without faults {}",
                unequal.unwrap_or_default()
            );
            ensure!(
                waited < SETTLED_WITHIN,
                "G17",
                "after {waited} ms without faults {}",
                unsettled.or(unequal).unwrap_or_default()
            );
            self.run_until(self.now + 250)?;
        }
    }

    /// Everybody leaves, and then every session must be over.
    fn part(&mut self) -> Checked {
        self.parting = true;
        for person in 0..self.people.len() {
            self.person_input(person, |client, now| client.leave(now))?;
        }
        let begun = self.now;
        while !self.server.hosts.is_empty() && self.now < begun + SETTLED_WITHIN {
            self.run_until(self.now + 1_000)?;
        }
        let left: Vec<_> = self.server.hosts.keys().collect();
        ensure!(left.is_empty(), "G14", "everybody has left, and the sessions {left:?} go on");
        Ok(())
    }

    fn run_until(&mut self, end: Millis) -> Checked {
        let mut at_once = 0;
        while let Some(entry) = self.agenda.first_entry()
            && entry.key().0 <= end
        {
            let ((time, _), event) = entry.remove_entry();
            at_once = if time > self.now { 0 } else { at_once + 1 };
            ensure!(at_once < EVENTS_AT_ONCE, "G17", "time stands still at {}: {event:?}", self.now);
            self.now = self.now.max(time);
            self.totals.count("events");
            self.handle(event)?;
        }
        self.now = end;
        Ok(())
    }

    fn handle(&mut self, event: Event) -> Checked {
        match event {
            Event::Arrival { connection, way: Way::ToClient } => self.arrive_at_page(connection),
            Event::PageTimer { person, number } => self.page_timer(person, number),
            Event::Act(person) => self.act(person),
            Event::Retry { person, life } => self.retry(person, life),
            Event::Fault => self.fault(),
            Event::Break(connection) => {
                self.cut(connection);
                Ok(())
            }
            Event::Thaw(person) => self.thaw(person),
            Event::Online(person) => self.online(person),
            Event::ReadsFast(person) => {
                self.people[person].reads = None;
                Ok(())
            }
            Event::Join(person) => self.join(person),
            Event::ServerWorks => self.server_works(),
            Event::Arrival { .. }
            | Event::Drained(_)
            | Event::Forget(_)
            | Event::JoinTimeout(_)
            | Event::SessionTimer { .. }
            | Event::ServerStops => self.handle_on_server(event),
        }
    }

    /// What the server has to handle, now or when its pause is over.
    fn handle_on_server(&mut self, event: Event) -> Checked {
        if !self.server.up {
            return Ok(());
        }
        if !self.server.works(self.now) {
            self.schedule(self.server.paused_until, event);
            return Ok(());
        }
        match event {
            Event::Arrival { connection, .. } => self.arrive_at_server(connection),
            Event::Drained(connection) => self.drained(connection),
            Event::Forget(connection) => self.forget(connection),
            Event::JoinTimeout(connection) => self.join_timeout(connection),
            Event::SessionTimer { session } => self.session_timer(session),
            Event::ServerStops => self.stop_now(),
            _ => Ok(()),
        }
    }

    fn schedule(&mut self, at: Millis, event: Event) {
        let number = self.number();
        self.agenda.insert((at.max(self.now), number), event);
    }

    /// The next number of anything.
    const fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Writes down what happens, if somebody wants to read it.
    pub(crate) fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>7} {}", self.now, what()));
        }
    }
}
