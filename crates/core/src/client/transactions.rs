//! The transactions of one client: whose turn it is, when it is tried again, and when that is given up.
//!
//! What a transaction reads and writes is the owner's business; each of its attempts is an awaited write.

use alloc::vec::Vec;
use core::time::Duration;

use super::event::WriteId;
use crate::protocol::limits;
use crate::random::Random;
use crate::time::Instant;

/// The longest pause before the third attempt, in milliseconds; it doubles with each further one.
const PAUSE_FIRST_MILLIS: u64 = 40;

/// What it grows to.
const PAUSE_MAX_MILLIS: u64 = 1_000;

/// All transactions of one client that have not ended, in the order in which they were begun. The first has its turn: of
/// several at once all but one would meet a conflict.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    open: Vec<Transaction>,
}

#[derive(Debug)]
struct Transaction {
    write: WriteId,
    /// When it was begun.
    since: Instant,
    /// How many attempts there may be; the first is made in any case.
    attempts: u32,
    attempt: u32,
    /// When the next attempt is due, once it has its turn; none while one is under way.
    due: Option<Instant>,
}

impl Transactions {
    pub(super) fn begin(&mut self, now: Instant, write: WriteId, attempts: u32) {
        self.open.push(Transaction { write, since: now, attempts, attempt: 0, due: Some(now) });
    }

    /// When the next attempt is due.
    pub(super) fn attempt_at(&self) -> Option<Instant> {
        self.open.first()?.due
    }

    /// When the oldest that has not had its turn has waited too long for it: as long as any write that is not sent.
    pub(super) fn expires_at(&self) -> Option<Instant> {
        Some(self.waiting()?.since + limits::UNSENT_MAX)
    }

    fn waiting(&self) -> Option<&Transaction> {
        self.open.iter().find(|one| one.attempt == 0)
    }

    /// Whose that is, if it is past.
    pub(super) fn overdue(&self, now: Instant) -> Option<WriteId> {
        self.expires_at().filter(|at| *at <= now).and_then(|_| self.waiting()).map(|waiting| waiting.write)
    }

    /// Begins the attempt that is due, and says whose it is.
    pub(super) fn attempt(&mut self, now: Instant) -> Option<WriteId> {
        let first = self.open.first_mut()?;
        first.due.take_if(|due| *due <= now)?;
        first.attempt += 1;
        Some(first.write)
    }

    /// The write of an attempt met a conflict. False when there is no further attempt, or it was of no transaction.
    ///
    /// The second attempt has the newest data. If that was not enough, several are at it, and must get out of step.
    pub(super) fn try_again(&mut self, now: Instant, write: WriteId, random: &mut Random) -> bool {
        let Some(first) = self.open.first_mut().filter(|first| first.write == write) else {
            return false;
        };
        if first.attempt >= first.attempts {
            return false;
        }
        let limit = match first.attempt {
            1 => 0,
            attempt => (PAUSE_FIRST_MILLIS << (attempt - 2).min(16)).min(PAUSE_MAX_MILLIS),
        };
        first.due = Some(now + Duration::from_millis(random.below(limit)));
        true
    }

    /// Ends one, in whatever way. False when there is none of that number.
    pub(super) fn end(&mut self, write: WriteId) -> bool {
        let before = self.open.len();
        self.open.retain(|one| one.write != write);
        self.open.len() < before
    }

    /// How many have not ended.
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    /// The one that has its turn.
    pub(super) fn first(&self) -> Option<WriteId> {
        self.open.first().map(|first| first.write)
    }
}
