//! The writes of one client on their way to the server: what waits, and what is sent and not yet answered.

use core::time::Duration;

use crate::json::utf16_units;
use crate::position::Epoch;
use crate::protocol::{UpdateRequest, UpdateResult, limits};
use crate::time::Instant;
use crate::update::Update;

/// Writes made this close together share one fate when they cannot be sent.
const BATCH_SPAN: Duration = Duration::from_secs(5);

/// The write queue of `setMeetingSessionData`.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// Not sent, oldest first, with the time of the first write in each batch. More than one only while offline.
    pending: Vec<(Instant, Update)>,
    /// Sent and frozen, oldest first: what goes out again after a reconnect is the same text.
    in_flight: Vec<InFlight>,
    last_sequence: u64,
    synced_at: Option<Instant>,
}

#[derive(Debug)]
struct InFlight {
    sequence: u64,
    frame: String,
}

impl Writes {
    /// Adds a write to what waits.
    ///
    /// # Errors
    /// The units that all that waits would have with it, when they are more than [`limits::DATA_UNITS`]. Applied after
    /// the writes before it, it would be refused as well, so it is not added, and they are not lost with it.
    pub(super) fn push(&mut self, now: Instant, update: Update) -> Result<(), usize> {
        let apart: usize = self.pending.iter().map(|(_, batch)| batch.units()).sum();
        if apart + update.units() > limits::DATA_UNITS {
            let units = self.all_pending(update.clone()).units();
            if units > limits::DATA_UNITS {
                return Err(units);
            }
        }
        match self.pending.last_mut() {
            Some((since, batch)) if now.since(*since) < BATCH_SPAN => batch.coalesce(update),
            _ => self.pending.push((now, update)),
        }
        Ok(())
    }

    /// What waits and then `last`, as one update.
    fn all_pending(&self, last: Update) -> Update {
        let mut batches = self.pending.iter().map(|(_, batch)| batch.clone()).chain([last]);
        let first = batches.next().unwrap_or_else(Update::noop);
        batches.fold(first, |mut all, later| {
            all.coalesce(later);
            all
        })
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(super) fn has_in_flight(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// When what waits may be sent: at once after a quiet interval, otherwise at the end of the interval. None while
    /// nothing waits or an answer is outstanding.
    pub(super) fn due_at(&self, interval: Duration) -> Option<Instant> {
        let (since, _) = self.pending.first()?;
        self.in_flight.is_empty().then(|| self.synced_at.map_or(*since, |synced| synced + interval))
    }

    /// Takes all that waits, as one frame to send. `None` when nothing waits or too much is in flight.
    ///
    /// # Errors
    /// The units of a frame that the server would not read, for the length of the keys that it deletes. It is dropped:
    /// sent, it would cost the connection, and after the reconnect again.
    pub(super) fn send(&mut self, now: Instant, epoch: Epoch) -> Option<Result<String, usize>> {
        if self.in_flight.len() >= limits::IN_FLIGHT {
            return None;
        }
        let mut batches = core::mem::take(&mut self.pending).into_iter();
        let (_, mut update) = batches.next()?;
        for (_, later) in batches {
            update.coalesce(later);
        }
        let sequence = self.last_sequence + 1;
        let frame = UpdateRequest { sequence, epoch, update }.encode();
        if frame.len() > limits::CLIENT_FRAME_BYTES {
            return Some(Err(utf16_units(&frame)));
        }
        self.synced_at = Some(now);
        self.last_sequence = sequence;
        self.in_flight.push(InFlight { sequence, frame: frame.clone() });
        Some(Ok(frame))
    }

    /// The frames to send again after a reconnect, in order.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = &str> {
        self.in_flight.iter().map(|write| write.frame.as_str())
    }

    /// Ends the write that the server answered; `None` when it is none of ours.
    pub(super) fn answered(&mut self, sequence: u64, result: UpdateResult) -> Option<UpdateResult> {
        let before = self.in_flight.len();
        self.in_flight.retain(|write| write.sequence != sequence);
        (self.in_flight.len() < before).then_some(result)
    }

    /// When the oldest batch has waited too long.
    pub(super) fn expires_at(&self) -> Option<Instant> {
        self.pending.first().map(|(since, _)| *since + limits::UNSENT_MAX)
    }

    /// Drops the batches that have waited too long; true if there were any.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        let before = self.pending.len();
        self.pending.retain(|(since, _)| *since + limits::UNSENT_MAX > now);
        self.pending.len() < before
    }

    /// Gives up waiting for answers; true if any were outstanding.
    pub(super) fn drop_in_flight(&mut self) -> bool {
        let outstanding = self.has_in_flight();
        self.in_flight.clear();
        outstanding
    }

    /// Drops what waits; true if anything did.
    pub(super) fn drop_pending(&mut self) -> bool {
        let waiting = self.has_pending();
        self.pending.clear();
        waiting
    }
}
