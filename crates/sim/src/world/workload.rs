//! What the people do: join, write in every way there is, talk, rename themselves, leave, reload, look elsewhere.

use meeting_session_core::client::{WriteFailure, WriteId};
use meeting_session_core::protocol::{Condition, Rejection, limits};
use meeting_session_core::{Client, Json, MergeStrategy};
use std::collections::BTreeMap;

use super::person::{Saved, instance};
use super::serving::GOING_AWAY;
use super::{Event, World};
use crate::checks::{PAIR, Write};
use crate::model::{Change, Text, units};
use crate::network::Way;
use crate::violation::{Checked, ensure};

pub(super) const KEYS: [&str; 7] = ["a", "b", "c", "d", "é😀", "quo\"te\n", "__proto__"];

/// Values that many writes have in common.
const COMMON: [&str; 5] = ["null", "true", "0", "\"\"", "[{\"k\":1.50}]"];

/// A key with a name of that length makes the log overflow after a few dozen updates.
const LONG_KEY: usize = 6_000;

impl World {
    /// A person does something, and will again.
    pub(super) fn act(&mut self, person: usize) -> Checked {
        if self.healing {
            return Ok(());
        }
        let next = self.now + 1 + self.dice.spread(self.options.act_every);
        self.schedule(next, Event::Act(person));
        let one = &self.people[person];
        if one.frozen_until > self.now {
            return Ok(());
        }
        if !one.present {
            return if self.dice.chance(500) { self.join(person) } else { Ok(()) };
        }
        if !one.joined() {
            return if self.dice.chance(10) { self.leave(person) } else { Ok(()) };
        }
        if self.dice.chance(self.options.life) {
            return self.live(person);
        }
        if self.dice.chance(self.options.bursts) {
            for _ in 0..self.dice.between(20, 160) {
                let awaited = self.dice.chance(self.options.awaited);
                self.write(person, awaited)?;
            }
            return Ok(());
        }
        if self.dice.chance(self.options.talk) {
            return self.speak(person);
        }
        if self.dice.chance(self.options.transactions) {
            return self.transact(person);
        }
        match self.dice.below(50) {
            0..5 => self.rename(person),
            5 => self.flush(person),
            6 => self.withdraw(person),
            _ => {
                let awaited = self.dice.chance(self.options.awaited);
                self.write(person, awaited)
            }
        }
    }

    pub(super) fn join(&mut self, person: usize) -> Checked {
        if self.parting || self.people[person].present || self.people[person].frozen_until > self.now {
            return Ok(());
        }
        self.lives += 1;
        let (life, sessions) = (self.lives, self.options.sessions);
        let saved = self.saved(person);
        // Most have one session that they come back to.
        let session = match &saved {
            Some(saved) => saved.session,
            None if self.dice.chance(800) => person % sessions,
            None => self.dice.index(sessions),
        };
        let name = format!("person {person}.{life}");
        self.note(|| format!("{person} joins session {session} as life {life}"));
        let options = self.people[person].begin(life, session, name, saved);
        self.person_input(person, |client, now| client.join(now, options))?.ok();
        Ok(())
    }

    /// The participant that a page wants to come back as: what its tab has saved, or a copy of what another has.
    fn saved(&mut self, person: usize) -> Option<Saved> {
        let own = self.people[person].saved.take();
        if own.is_some() || !self.dice.chance(100) {
            return own.filter(|_| self.dice.chance(900));
        }
        let other = self.dice.index(self.people.len());
        let original = self.people[other].saved.as_mut()?;
        // Of the two that come back with it only the first can be who that was, and none if the page lives on.
        original.lineage.clear();
        let copied = original.clone();
        self.totals.count("identities copied");
        for one in &mut self.people {
            let copy = copied.identity.as_ref().map(|identity| &identity.participant);
            one.taken |= one.client.participant().is_some() && one.client.participant() == copy;
            one.taken |= copied.predecessors.contains(&*instance(one.life));
        }
        Some(copied)
    }

    fn leave(&mut self, person: usize) -> Checked {
        self.note(|| format!("{person} leaves"));
        self.person_input(person, Client::leave)
    }

    /// Something in the life of the page.
    fn live(&mut self, person: usize) -> Checked {
        match self.dice.below(8) {
            0 | 1 => self.leave(person),
            2 | 3 => self.reload(person),
            4 => {
                let until = self.now + self.dice.spread(self.options.fault_length);
                self.cache(person, until)
            }
            5 => {
                self.people[person].hurried = true;
                self.person_input(person, Client::unload)
            }
            _ if self.people[person].hidden => self.wake(person),
            _ => self.hide(person),
        }
    }

    fn hide(&mut self, person: usize) -> Checked {
        (self.people[person].hidden, self.people[person].hurried) = (true, true);
        self.person_input(person, Client::hide)
    }

    /// The page is loaded anew, after a word to its client or without. What it waited for, it waits for no more.
    fn reload(&mut self, person: usize) -> Checked {
        self.note(|| format!("{person} reloads"));
        self.totals.count("reloads");
        if self.dice.chance(700) {
            self.hide(person)?;
            if self.dice.chance(300) {
                // As 100ms's provider does when its component goes.
                self.leave(person)?;
            }
        }
        let old = self.people[person].socket;
        if self.dice.chance(700) {
            self.close_socket(person, GOING_AWAY);
        } else if let Some(found) = old.and_then(|old| self.network.get(old)) {
            // Nobody says anything; the server has to find out.
            found.client_listens = false;
            found.up.dead = true;
        }
        let seed = self.dice.bits();
        let one = &mut self.people[person];
        one.client = Client::new(seed);
        one.view = Default::default();
        (one.present, one.hidden, one.socket, one.timer) = (false, false, None, None);
        one.timer_missed = false;
        let at = self.now + self.dice.below(3_000);
        self.schedule(at, Event::Join(person));
        Ok(())
    }

    /// The page goes into the back/forward cache: the server sees its socket close, and it sees nothing.
    fn cache(&mut self, person: usize, until: u64) -> Checked {
        self.note(|| format!("{person} goes into the back/forward cache until {until}"));
        self.hide(person)?;
        if let Some(connection) = self.people[person].socket {
            self.send_up(connection, crate::network::Item::Close(GOING_AWAY));
            if let Some(found) = self.network.get(connection) {
                found.up.dead = true;
            }
            self.tell_of_loss(connection, Way::ToClient, 0);
        }
        self.freeze(person, until);
        Ok(())
    }

    fn rename(&mut self, person: usize) -> Checked {
        let name = format!("person {person} {}", self.number());
        let one = &mut self.people[person];
        one.name.clone_from(&name);
        one.unset_names += 1;
        self.person_input(person, |client, _| client.set_user(Some(name), None))?.ok();
        Ok(())
    }

    fn speak(&mut self, person: usize) -> Checked {
        let one = &self.people[person];
        let others: Vec<_> =
            one.view.roster.keys().filter(|id| one.client.participant() != Some(id)).cloned().collect();
        let few = self.dice.chance(300);
        let to = few.then(|| others.into_iter().filter(|_| self.dice.chance(500)).collect::<Vec<_>>());
        let number = self.messages.next();
        self.messages.sent(one.life, one.session, to.clone());
        self.totals.count("app messages sent");
        let data = Json::from_stringified(number.to_string());
        self.person_input(person, |client, now| client.app_message(now, to, data))?.ok();
        Ok(())
    }

    /// A write, awaited or batched.
    pub(super) fn write(&mut self, person: usize, awaited: bool) -> Checked {
        if !self.people[person].joined() {
            return Ok(());
        }
        let number = self.ledger.next();
        if !awaited {
            let change = self.change(person, number);
            return self.make(person, number, change, None);
        }
        let patch = self.dice.chance(self.options.patches);
        let change = if patch { self.patch(number) } else { self.change(person, number) };
        let condition = self.condition(person);
        self.make(person, number, change, Some(condition))
    }

    fn flush(&mut self, person: usize) -> Checked {
        let nothing = Change { strategy: MergeStrategy::ShallowMerge, keys: BTreeMap::new() };
        self.totals.count("flushes");
        self.make(person, self.ledger.next(), nothing, Some(Condition::default()))
    }

    /// Makes a write: an awaited one with what it asks, or a batched one.
    pub(super) fn make(
        &mut self,
        person: usize,
        number: usize,
        change: Change,
        awaited: Option<Condition>,
    ) -> Checked {
        self.note(|| format!("{person} makes write {number}, awaited: {awaited:?}"));
        let one = &mut self.people[person];
        let host = self.server.hosts.get(&one.session);
        let floor = host.map(|host| (host.history.epoch(), host.history.acknowledged));
        let made_at = one.clock.at(self.now);
        let made_in = one.view.shown.map(|shown| shown.epoch);
        let units = one.custody.batch_units(&self.ledger, &change, made_at);
        let update = change.to_update();
        let mut write = Write::new(one.life, awaited.is_some(), change, made_at, made_in, floor);
        if let Some(condition) = &awaited {
            write.condition.clone_from(condition);
            if !condition.unchanged.is_empty() {
                write.condition.seen = one.view.shown.map_or(0, |shown| shown.revision);
            }
        }
        self.ledger.add(write);
        one.custody.made(number);
        if let Some(condition) = awaited {
            self.totals.count("awaited writes made");
            let write = WriteId(number as u32);
            return self.person_input(person, |client, now| client.write(now, write, update, condition));
        }
        self.totals.count("batched writes made");
        one.refused = None;
        let certain = one.custody.is_certain();
        self.person_input(person, |client, now| client.update(now, update))?;
        let one = &mut self.people[person];
        let too_large = match one.refused {
            Some(WriteFailure::Rejected(Rejection::TooLarge(size))) => Some(size),
            _ => None,
        };
        if too_large.is_some() {
            one.custody.ended(number);
        }
        let expected = Some(units).filter(|units| *units > limits::DATA_UNITS);
        ensure!(
            !certain || too_large == expected,
            "G19",
            "a batch of {units} units was refused for {too_large:?}"
        );
        Ok(())
    }

    /// What somebody might write. `number` marks the values that no other write has.
    fn change(&mut self, person: usize, number: usize) -> Change {
        let replace = self.dice.chance(self.options.replaces);
        let strategy = if replace { MergeStrategy::Replace } else { MergeStrategy::ShallowMerge };
        let mut change = Change { strategy, keys: BTreeMap::new() };
        if self.dice.chance(self.options.large) {
            self.fill(person, number, &mut change);
            return change;
        }
        for _ in 0..self.dice.between(1, 3) {
            let value = self.value(number, replace);
            let key = if self.options.long_keys && self.dice.chance(500) {
                format!("{}{}", "k".repeat(LONG_KEY), self.dice.below(8)).into()
            } else {
                Text::from(self.dice.pick(&KEYS))
            };
            change.keys.insert(key, value);
        }
        if self.dice.chance(150) {
            let value = self.value(number, replace);
            change.keys.extend(PAIR.map(|key| (Text::from(key), value.clone())));
        }
        change
    }

    fn value(&mut self, number: usize, replace: bool) -> Option<Text> {
        if !replace && self.dice.chance(self.options.deletes) {
            return None;
        }
        if self.dice.chance(150) {
            return Some(self.dice.pick(&COMMON).into());
        }
        let padding = if self.dice.chance(100) { self.dice.below(3_000) as usize } else { 0 };
        Some(marked(number, 'x', padding))
    }

    /// Makes the change one that leads to data just at the limit, just below or just over it.
    fn fill(&mut self, person: usize, number: usize, change: &mut Change) {
        let letter = self.dice.pick(&['x', 'é', '汉']);
        let wanted = limits::DATA_UNITS - 1 + self.dice.index(3);
        let key = Text::from(self.dice.pick(&KEYS));
        change.keys.insert(key.clone(), Some(marked(number, letter, 0)));
        let without = units(change.apply(&self.people[person].view.data).iter());
        if without < wanted {
            change.keys.insert(key, Some(marked(number, letter, wanted - without)));
        }
    }
}

/// A value that only the write of that number has.
pub(super) fn marked(number: usize, letter: char, padding: usize) -> Text {
    format!("{{\"m\":{number},\"pad\":\"{}\"}}", String::from(letter).repeat(padding)).into()
}
