//! What people write on conditions: single writes, transactions that try again, and what they take back.

use meeting_session_core::MergeStrategy;
use meeting_session_core::client::{WriteEnd, WriteFailure, WriteId};
use meeting_session_core::protocol::{Condition, Rejection};

use super::workload::{KEYS, marked};
use super::{Event, World};
use crate::checks::{COUNTER, PAIR, TURN, count, counted};
use crate::model::{Change, Text};
use crate::violation::Checked;

/// How often a transaction is tried.
const ATTEMPTS: [u32; 3] = [2, 4, 10];

/// A key that nobody ever writes.
const NEVER: &str = "never";

/// A key with what the last transaction about [`TURN`] was.
const LAST_TURN: &str = "turn.last";

/// The last try of a person's transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transaction {
    /// Whether it counts, or takes or puts back a thing.
    counts: bool,
    write: usize,
    attempts: u32,
    attempt: u32,
}

impl World {
    /// What somebody may ask of the data that the page shows.
    pub(super) fn condition(&mut self, person: usize) -> Condition {
        let mut condition = Condition::default();
        if !self.dice.chance(self.options.conditional) {
            return condition;
        }
        let kind = self.dice.below(8);
        if kind < 3 {
            condition.revision = self.shown_revision(person);
            if self.dice.chance(50) {
                condition.revision =
                    condition.revision.map(|revision| revision + 1 - self.dice.below(3).min(revision));
            }
        }
        if kind > 1 {
            for _ in 0..self.dice.between(1, 3) {
                let key = if self.dice.chance(100) { NEVER } else { self.dice.pick(&KEYS) };
                condition.unchanged.push(key.into());
            }
        }
        self.totals.count("writes made on a condition");
        condition
    }

    fn shown_revision(&self, person: usize) -> Option<u64> {
        self.people[person].view.shown.map(|shown| shown.revision)
    }

    /// Begins a transaction, unless the person is in one.
    pub(super) fn transact(&mut self, person: usize) -> Checked {
        if self.people[person].transaction.is_some() {
            return Ok(());
        }
        self.totals.count("transactions begun");
        let counts = self.dice.chance(700);
        let attempts = self.dice.pick(&ATTEMPTS);
        self.attempt(person, counts, attempts, 1)
    }

    /// Reads what the page shows, and writes what follows from it if that is still so.
    fn attempt(&mut self, person: usize, counts: bool, attempts: u32, attempt: u32) -> Checked {
        let number = self.ledger.next();
        let data = &self.people[person].view.data;
        let mut change = Change { strategy: MergeStrategy::ShallowMerge, keys: Default::default() };
        let mut condition = Condition::default();
        if counts {
            let next = count(data) + 1;
            change.keys.insert(COUNTER.into(), Some(counted(number, next)));
            condition.unchanged.push(COUNTER.into());
            if self.dice.chance(300) {
                change.strategy = MergeStrategy::MergePatch;
            }
        } else {
            let taken = data.contains_key(TURN);
            change.keys.insert(TURN.into(), (!taken).then(|| marked(number, 'x', 0)));
            change.keys.insert(LAST_TURN.into(), Some(marked(number, 'x', 0)));
            condition.unchanged.push(TURN.into());
        }
        match self.dice.below(10) {
            0 => condition.unchanged.push(self.dice.pick(&KEYS).into()),
            1 => condition.unchanged.push(NEVER.into()),
            // What looks at all keys depends on the revision.
            2 => condition = Condition { revision: self.shown_revision(person), ..Condition::default() },
            _ => {}
        }
        self.people[person].transaction = Some(Transaction { counts, write: number, attempts, attempt });
        self.make(person, number, change, Some(condition))
    }

    /// A write has ended: if it was the try of a transaction, there may be another one.
    pub(super) fn transaction_ended(&mut self, person: usize, number: usize, end: WriteEnd) {
        let Some(tried) = self.people[person].transaction.filter(|tried| tried.write == number) else {
            return;
        };
        let conflict = matches!(end, WriteEnd::Failed(WriteFailure::Rejected(Rejection::Conflict(_))));
        if !conflict || tried.attempt == tried.attempts {
            self.people[person].transaction = None;
            self.totals.count(match end {
                WriteEnd::Applied(_) => "transactions done",
                _ if conflict => "transactions given up",
                _ => "transactions ended otherwise",
            });
            return;
        }
        // The first one again at once, the later ones after a while.
        let pause = if tried.attempt == 1 { 0 } else { self.dice.below(50 << tried.attempt) };
        let life = self.people[person].life;
        self.schedule(self.now + pause, Event::Retry { person, life });
    }

    pub(super) fn retry(&mut self, person: usize, life: usize) -> Checked {
        let one = &mut self.people[person];
        let Some(tried) = one.transaction.filter(|_| one.life == life && one.joined() && !self.parting)
        else {
            return Ok(());
        };
        if one.frozen_until > self.now {
            let at = one.frozen_until;
            self.schedule(at, Event::Retry { person, life });
            return Ok(());
        }
        self.totals.count("transactions tried again");
        self.attempt(person, tried.counts, tried.attempts, tried.attempt + 1)
    }

    /// Takes back an awaited write that has no end yet, sent or not.
    pub(super) fn withdraw(&mut self, person: usize) -> Checked {
        let open = self.ledger.open(self.people[person].life);
        if open.is_empty() {
            return Ok(());
        }
        let number = self.dice.pick(&open);
        let in_time = self.client_input(person, |client, now| client.withdraw(now, WriteId(number as u32)));
        self.note(|| format!("{person} withdraws write {number}, in time: {in_time}"));
        self.totals.count(if in_time { "writes withdrawn" } else { "writes withdrawn too late" });
        self.ledger.withdrawn(number, in_time)?;
        if in_time {
            let one = &mut self.people[person];
            one.custody.withdrawn(number);
            one.transaction = one.transaction.filter(|tried| tried.write != number);
        }
        // What it held back may be sent now.
        self.follow_up(person)
    }

    /// A merge patch for what others write, too.
    pub(super) fn patch(&mut self, number: usize) -> Change {
        let mut change = Change { strategy: MergeStrategy::MergePatch, keys: Default::default() };
        for _ in 0..self.dice.between(1, 2) {
            let key = self.dice.pick(&KEYS);
            let value: Text = match self.dice.below(8) {
                0 => "null".into(),
                1 => "[{\"m\":null}]".into(),
                2 => "{\"pad\":null,\"in\":{\"x\":null,\"y\":{}}}".into(),
                3 => format!("{{\"m\":{number},\"in\":null}}").into(),
                4 => format!(
                    "{{\"m\":{number},\"in\":{{\"{}\":[{number}]}}}}",
                    self.dice.pick(&["x", "y", "é\\n"])
                )
                .into(),
                _ => format!("{{\"m\":{number},\"{}\":1.50}}", self.dice.pick(&["b", "a", "10"])).into(),
            };
            change.keys.insert(key.into(), Some(value.clone()));
            if self.dice.chance(100) {
                change.keys.extend(PAIR.map(|key| (Text::from(key), Some(value.clone()))));
            }
        }
        change
    }
}
