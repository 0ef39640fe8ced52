//! How a client writes: what is accepted, when it is sent, and how the page is told of its end.

use alloc::vec::Vec;

use super::Client;
use super::event::{ClientEvent, WriteEnd, WriteFailure, WriteId};
use super::writes::Owner;
use crate::protocol::*;
use crate::time::Instant;
use crate::update::Update;

impl Client {
    /// Writes session data, batched: at once after a quiet interval, otherwise with the rest at its end.
    pub fn update(&mut self, now: Instant, update: Update) {
        if !self.connection.is_first_join() && !update.is_noop() {
            self.push_write(now, None, update, Condition::default());
        }
    }

    /// Writes session data at once, after all that was written before. [`ClientEvent::WriteEnded`] with the number that
    /// the owner gives it follows in any case. `condition` is about the data as it is here now.
    pub fn write(&mut self, now: Instant, write: WriteId, update: Update, mut condition: Condition) {
        if !condition.unchanged.is_empty() {
            condition.seen = self.position.map_or(0, |position| position.revision);
        }
        self.push_write(now, Some(write), update, condition);
    }

    /// Begins a transaction, with a number as for a write. [`ClientEvent::Attempt`] follows when those before it have ended,
    /// again when the write of an attempt met a conflict, at most `attempts` times, and in the end, unless it is withdrawn,
    /// [`ClientEvent::WriteEnded`].
    pub fn transact(&mut self, now: Instant, transaction: WriteId, attempts: u32) {
        if !self.accepts_writes() {
            return self.write_failed(Some(transaction), WriteFailure::Left);
        }
        self.transactions.begin(now, transaction, attempts);
        self.sync(now);
    }

    /// Takes back a write or a transaction if it was not sent, so that it never is, and nothing more is told of it. False
    /// when it is too late: it goes on, but a transaction is not tried again.
    pub fn withdraw(&mut self, now: Instant, write: WriteId) -> bool {
        let sent = self.writes.is_in_flight(write);
        let found = self.transactions.end(write) | self.writes.withdraw(write);
        self.leave_if_answered();
        self.sync(now);
        found && !sent
    }

    /// How many writes and transactions have not ended. What is batched counts as one.
    pub fn unanswered_writes(&self) -> usize {
        // The write of the transaction that has its turn is none of its own.
        let under_way = self.transactions.first().is_some_and(|first| self.writes.is_unanswered(first));
        self.writes.unanswered_count() + self.transactions.count() - usize::from(under_way)
    }

    fn push_write(&mut self, now: Instant, owner: Owner, update: Update, condition: Condition) {
        if !self.accepts_writes() {
            return self.write_failed(owner, WriteFailure::Left);
        }
        if let Err(failure) = self.writes.push(now, owner, update, condition) {
            return self.write_failed(owner, failure);
        }
        if self.hidden {
            self.unload(now);
        } else if self.leaving_until.is_some() {
            self.send_pending(now, false);
        }
        self.sync(now);
    }

    fn accepts_writes(&self) -> bool {
        !self.connection.is_idle() && !self.connection.is_first_join()
    }

    /// Sends what waits as far as its time has come, and has the transaction whose turn it is make its attempt.
    pub(super) fn sync(&mut self, now: Instant) {
        loop {
            self.writes.pay(now, core::mem::take(&mut self.unpaid_frames));
            let due = self.writes.due_at(self.sync_interval).is_some_and(|due| due <= now);
            if !self.connection.is_joined() || self.connection.is_going_away() || !due {
                break;
            }
            self.send_next(now, false);
        }
        while let Some(overdue) = self.transactions.overdue(now) {
            self.write_failed(Some(overdue), WriteFailure::Expired);
        }
        if let Some(transaction) = self.transactions.attempt(now) {
            self.event(ClientEvent::Attempt(transaction));
        }
    }

    /// Sends what waits, without regard to intervals; in a hurry also to what is unanswered.
    pub(super) fn send_pending(&mut self, now: Instant, hurry: bool) {
        while self.send_next(now, hurry) {}
    }

    fn send_next(&mut self, now: Instant, hurry: bool) -> bool {
        let Some(position) = self.position else { return false };
        // What comes in here may come before the deadline is handled.
        self.expire_writes(now);
        match self.writes.send(now, position, hurry) {
            Some(Ok(frame)) => self.send(frame),
            Some(Err((owner, failure))) => self.write_failed(owner, failure),
            None => return false,
        }
        true
    }

    pub(super) fn expire_writes(&mut self, now: Instant) {
        let expired = self.writes.expire(now);
        self.writes_failed(expired, WriteFailure::Expired);
    }

    pub(super) fn give_up_in_flight(&mut self) {
        let in_flight = self.writes.drop_in_flight();
        self.writes_failed(in_flight, WriteFailure::Unknown);
    }

    /// One event for each awaited write and one for all batched ones.
    pub(super) fn writes_failed(&mut self, owners: Vec<Owner>, failure: WriteFailure) {
        let mut batched = false;
        for owner in owners {
            if owner.is_some() || !core::mem::replace(&mut batched, true) {
                self.write_failed(owner, failure);
            }
        }
    }

    pub(super) fn write_failed(&mut self, owner: Owner, failure: WriteFailure) {
        match owner {
            Some(write) => self.awaited_ended(write, WriteEnd::Failed(failure)),
            None => self.event(ClientEvent::WriteFailed(failure)),
        }
    }

    pub(super) fn write_ended(&mut self, now: Instant, owner: Owner, result: UpdateResult) {
        let end = match result {
            UpdateResult::Applied(revision) => WriteEnd::Applied(revision),
            UpdateResult::Unchanged(revision) => WriteEnd::Unchanged(revision),
            UpdateResult::Rejected(rejection) => {
                let again = matches!(rejection, Rejection::Conflict(_))
                    && owner.is_some_and(|write| self.transactions.try_again(now, write, &mut self.random));
                if !again {
                    self.write_failed(owner, WriteFailure::Rejected(rejection));
                }
                return;
            }
        };
        if let Some(write) = owner {
            self.awaited_ended(write, end);
        }
    }

    fn awaited_ended(&mut self, write: WriteId, end: WriteEnd) {
        self.transactions.end(write);
        self.event(ClientEvent::WriteEnded { write, end });
    }
}
