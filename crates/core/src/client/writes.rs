//! The writes of one client on their way to the server: what waits, and what is sent and not yet answered.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem::take;
use core::time::Duration;

use super::event::{WriteFailure, WriteId};
use crate::json::utf16_units;
use crate::position::Position;
use crate::protocol::{Condition, Rejection, UpdateRequest, UpdateResult, limits};
use crate::time::Instant;
use crate::update::Update;

/// Batched writes made this close together share one fate when they cannot be sent.
const BATCH_SPAN: Duration = Duration::from_secs(5);

/// What one frame of any kind costs, in milliseconds: a quarter more than at the server, which thus never has to slow this client down.
const FRAME_COST_MILLIS: u64 = 1_250 / limits::OPERATIONS_PER_SECOND as u64;

/// What may be sent without a pause: half of what the server allows at once.
const BURST: Duration = Duration::from_millis(FRAME_COST_MILLIS * limits::OPERATION_BURST as u64 / 2);

/// Whose end it is: that of one awaited write, or, with none, of batched ones, which nobody waits for.
pub(super) type Owner = Option<WriteId>;

/// All writes of one client, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// Not sent, oldest first.
    pending: Vec<Pending>,
    /// Sent and frozen, oldest first: what goes out again after a reconnect is the same text.
    in_flight: Vec<InFlight>,
    last_sequence: u64,
    /// When the last batch was sent.
    synced_at: Option<Instant>,
    /// When all frames sent so far are paid for.
    paid_at: Instant,
}

/// An awaited write, or a batch of those that are not.
#[derive(Debug)]
struct Pending {
    /// When it was made; of a batch, when the first one was.
    since: Instant,
    owner: Owner,
    update: Update,
    condition: Condition,
}

#[derive(Debug)]
struct InFlight {
    sequence: u64,
    owner: Owner,
    frame: String,
}

impl Writes {
    /// Adds a write to what waits.
    ///
    /// # Errors
    /// Why it was not added. What changes nothing always is: it serves to wait for the end of all before it. A batch that is
    /// over [`limits::DATA_UNITS`] would be refused as a whole, so the write that makes it too large is refused alone.
    pub(super) fn push(
        &mut self,
        now: Instant,
        owner: Owner,
        update: Update,
        condition: Condition,
    ) -> Result<(), WriteFailure> {
        if owner.is_none() {
            let last = self.pending.last_mut();
            let batch = last.filter(|last| last.owner.is_none() && now.since(last.since) < BATCH_SPAN);
            let units =
                batch.as_ref().map_or_else(|| update.units(), |batch| units_together(&batch.update, &update));
            if units > limits::DATA_UNITS {
                return Err(WriteFailure::Rejected(Rejection::TooLarge(units)));
            }
            if let Some(batch) = batch {
                batch.update.coalesce(update);
                return Ok(());
            }
        } else if self.pending.len() >= limits::UNSENT_WRITES && !update.is_noop() {
            return Err(WriteFailure::Busy);
        }
        self.pending.push(Pending { since: now, owner, update, condition });
        Ok(())
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(super) fn has_in_flight(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// So many frames were sent, of writes or of anything else.
    pub(super) fn pay(&mut self, now: Instant, frames: u32) {
        self.paid_at = self.paid_at.max(now) + Duration::from_millis(FRAME_COST_MILLIS * u64::from(frames));
    }

    /// When the first of what waits may be sent. None while nothing waits or too much is unanswered.
    ///
    /// Batched writes go at once after a quiet interval, otherwise at its end. An awaited one goes at once, and so does
    /// what was written before it; only the server's rate holds it back.
    pub(super) fn due_at(&self, interval: Duration) -> Option<Instant> {
        let first = self.pending.first()?;
        if self.pending.iter().any(|write| write.owner.is_some()) {
            let free = self.in_flight.len() < limits::IN_FLIGHT;
            free.then(|| first.since.max(self.paid_at.before(BURST)))
        } else {
            let quiet = self.synced_at.map_or(first.since, |synced| synced + interval);
            self.in_flight.is_empty().then_some(quiet)
        }
    }

    /// Takes the first of what waits, an awaited write or all that is batched before the next one, as a frame to send.
    /// `None` when nothing waits or too much is unanswered; `hurry` sends it all the same, for a page that cannot wait.
    ///
    /// # Errors
    /// The units of a frame that the server would not read, for the length of the keys that it deletes. It is dropped:
    /// sent, it would cost the connection, and after the reconnect again.
    pub(super) fn send(
        &mut self,
        now: Instant,
        position: Position,
        hurry: bool,
    ) -> Option<Result<String, (Owner, WriteFailure)>> {
        if self.in_flight.len() >= limits::IN_FLIGHT && !hurry {
            return None;
        }
        let mut waiting = take(&mut self.pending).into_iter().peekable();
        let Pending { owner, mut update, mut condition, .. } = waiting.next()?;
        if mutant!("condition-stamped-when-sent") && !condition.unchanged.is_empty() {
            condition.seen = position.revision;
        }
        while owner.is_none()
            && let Some(later) = waiting.next_if(|later| {
                later.owner.is_none() && units_together(&update, &later.update) <= limits::DATA_UNITS
            })
        {
            update.coalesce(later.update);
        }
        self.pending.extend(waiting);
        let sequence = self.last_sequence + 1;
        let frame = UpdateRequest { sequence, epoch: position.epoch, update, condition }.encode();
        if frame.len() > limits::CLIENT_FRAME_BYTES {
            return Some(Err((owner, WriteFailure::Rejected(Rejection::TooLarge(utf16_units(&frame))))));
        }
        if owner.is_none() {
            self.synced_at = Some(now);
        }
        self.last_sequence = sequence;
        self.in_flight.push(InFlight { sequence, owner, frame: frame.clone() });
        Some(Ok(frame))
    }

    /// Takes back an awaited write that was not sent; false when it was, or has ended.
    pub(super) fn withdraw(&mut self, write: WriteId) -> bool {
        let found = self.pending.iter().any(|pending| pending.owner == Some(write));
        self.pending.retain(|pending| pending.owner != Some(write) || mutant!("withdrawn-write-sent"));
        found
    }

    /// Whether an awaited write was sent and is not answered.
    pub(super) fn is_in_flight(&self, write: WriteId) -> bool {
        self.in_flight.iter().any(|sent| sent.owner == Some(write))
    }

    /// Whether an awaited write waits or is in flight.
    pub(super) fn is_unanswered(&self, write: WriteId) -> bool {
        self.pending.iter().any(|waiting| waiting.owner == Some(write)) || self.is_in_flight(write)
    }

    /// How many are not answered. What is batched counts as one.
    pub(super) fn unanswered_count(&self) -> usize {
        self.pending.len() + self.in_flight.len()
    }

    /// The frames to send again after a reconnect, in order.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = &str> {
        self.in_flight.iter().map(|write| write.frame.as_str())
    }

    /// Ends the write that the server answered; `None` when it is none of ours.
    pub(super) fn answered(&mut self, sequence: u64, result: UpdateResult) -> Option<(Owner, UpdateResult)> {
        let mut ended = None;
        self.in_flight.retain(|write| {
            let found = write.sequence == sequence;
            if found {
                ended = Some((write.owner, result));
            }
            !found
        });
        ended
    }

    /// When the oldest of what waits has waited too long.
    pub(super) fn expires_at(&self) -> Option<Instant> {
        self.pending.first().map(|write| write.since + limits::UNSENT_MAX)
    }

    /// Drops what has waited too long, and says whose it was.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Owner> {
        let mut expired = Vec::new();
        self.pending.retain(|write| {
            let fresh = write.since + limits::UNSENT_MAX > now || mutant!("expired-write-sent");
            if !fresh {
                expired.push(write.owner);
            }
            fresh
        });
        expired
    }

    /// Gives up waiting for answers, and says whose they were.
    pub(super) fn drop_in_flight(&mut self) -> Vec<Owner> {
        if mutant!("in-flight-sent-again-after-unknown") {
            return self.in_flight.iter().map(|write| write.owner).collect();
        }
        take(&mut self.in_flight).iter().map(|write| write.owner).collect()
    }

    /// Drops what waits, and says whose it was.
    pub(super) fn drop_pending(&mut self) -> Vec<Owner> {
        take(&mut self.pending).iter().map(|write| write.owner).collect()
    }
}

/// The units of two batches that become one, or more than that where both fit anyway.
fn units_together(earlier: &Update, later: &Update) -> usize {
    let apart = earlier.units() + later.units();
    if apart <= limits::DATA_UNITS {
        return apart;
    }
    let mut both = earlier.clone();
    both.coalesce(later.clone());
    both.units()
}
