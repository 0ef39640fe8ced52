//! What people do with a page: write, in every way there is, leave, reload, crash.

use meeting_session_core::client::WriteId;
use meeting_session_core::protocol::{Condition, limits};
use meeting_session_core::{Client, Json, MergeStrategy, Update};

use super::{PAIR, Page, Phase, marker};
use crate::history::{Event, Kind};

impl Page<'_> {
    /// Does something.
    pub(super) fn act(&mut self) {
        if self.client.position().is_none() {
            return;
        }
        let dice = &mut self.person.dice;
        if dice.chance(self.person.habits.restless) {
            return match dice.between(0, 3) {
                0 => self.input(Client::leave),
                1 => {
                    if let Some(socket) = self.socket.take() {
                        socket.abort();
                    }
                    self.close(self.now(), "crashed");
                }
                _ => {
                    self.reloads = true;
                    self.input(Client::hide);
                    self.close(self.now(), "reloaded");
                }
            };
        }
        match dice.between(0, 99) {
            0..25 => self.write(Kind::Batched),
            25..30 => self.write(Kind::Flush),
            _ => self.write(Kind::Awaited),
        }
    }

    /// Once: writes a last time, and again if that fails.
    pub(super) fn settle(&mut self) {
        if self.person.habits.acts_every.is_none() {
            self.settled = true;
        } else if self.last_wish.is_none() && self.client.position().is_some() {
            self.write(Kind::Awaited);
            self.write(Kind::Flush);
            self.last_wish = Some(self.last_write);
        }
    }

    fn write(&mut self, kind: Kind) {
        self.last_write += 1;
        let write = self.last_write;
        self.record(self.now(), Event::Invoke { write, kind });
        let update = match kind {
            Kind::Flush => Update::noop(),
            Kind::Batched => merge([(format!("batch.{}", self.id.0), Some(self.marker()))]),
            Kind::Awaited => self.change(),
        };
        if kind == Kind::Batched {
            return self.input(|client, now| client.update(now, update));
        }
        let condition = if kind == Kind::Awaited { self.condition(&update) } else { Condition::default() };
        self.open.push(write);
        self.input(|client, now| client.write(now, WriteId(write), update, condition));
    }

    /// What an awaited write asks, if anything. The last one asks nothing: it must succeed.
    fn condition(&mut self, update: &Update) -> Condition {
        let revision = self.client.position().map(|position| position.revision);
        if *self.person.phase.borrow() != Phase::Busy {
            return Condition::default();
        }
        let keys = |named: &str| -> Vec<_> {
            let changed = update.changes().map(|(key, _)| key.to_string());
            changed.filter(|key| key.starts_with(named)).collect()
        };
        match self.person.dice.between(0, 9) {
            0 => Condition { revision, ..Condition::default() },
            // Its own key, which only a replace of somebody else changes, besides itself.
            1 => Condition { unchanged: keys("own"), ..Condition::default() },
            2..4 => Condition { unchanged: keys("shared"), ..Condition::default() },
            4 => Condition { unchanged: keys(""), ..Condition::default() },
            _ => Condition::default(),
        }
    }

    /// What nobody else writes at any other time.
    pub(super) fn marker(&self) -> String {
        marker(self.id, self.last_write)
    }

    /// What an awaited write changes: always one key that is this person's alone, so that the write is known by it.
    fn change(&mut self) -> Update {
        let marker = self.marker();
        let pair = PAIR.map(|key| (key.to_owned(), Some(marker.clone())));
        let own = (format!("own.{}", self.id.0), Some(marker.clone()));
        let dice = &mut self.person.dice;
        let shared = format!("shared.{}", dice.between(0, 3));
        let padded = |length: usize| format!("[{marker},\"{}\"]", "x".repeat(length));
        match dice.between(0, 199) {
            0 => merge([own, (shared, Some(padded(limits::DATA_UNITS)))]), // too large, and rejected
            1..4 => {
                let changes = [own].into_iter().chain(pair).map(|(key, value)| (key.into(), value.map(json)));
                Update::new(MergeStrategy::Replace, changes)
            }
            4..20 => merge([own, (shared, None)]),
            20..40 => merge([own, (shared, Some(padded(2_000)))]),
            40..100 => merge([own].into_iter().chain(pair)),
            _ => merge([own, (shared, Some(marker))]),
        }
    }
}

fn merge(changes: impl IntoIterator<Item = (String, Option<String>)>) -> Update {
    let changes = changes.into_iter().map(|(key, value)| (key.into(), value.map(json)));
    Update::new(MergeStrategy::ShallowMerge, changes)
}

pub(super) fn json(text: String) -> Json {
    Json::parse(&text).expect("it is JSON")
}
