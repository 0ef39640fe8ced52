//! One connection as the session sees it: what it has been sent and what waits for it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::Frame;
use crate::protocol::{ParticipantId, limits};
use crate::time::Instant;

/// A connection that has joined. Data never queues up here: only the revision that it was sent last is kept.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) participant: ParticipantId,
    /// The revision that it has, once all that was sent arrives.
    pub(super) sent: u64,
    /// Since when its socket has taken nothing.
    pub(super) blocked_since: Option<Instant>,
    /// When it last sent something.
    pub(super) heard_at: Instant,
    /// When it was last sent something.
    pub(super) spoke_at: Instant,
    /// Answers that go out after the next delta: while the socket takes nothing, at most [`limits::QUEUED_RESULTS`], and
    /// otherwise as many as can come in a moment.
    pub(super) results: Vec<Frame>,
    events: VecDeque<Frame>,
    event_bytes: usize,
}

impl Reader {
    pub(super) fn new(now: Instant, participant: ParticipantId, sent: u64) -> Self {
        Self {
            participant,
            sent,
            blocked_since: None,
            heard_at: now,
            spoke_at: now,
            results: Vec::new(),
            events: VecDeque::new(),
            event_bytes: 0,
        }
    }

    /// Lets an event wait; false when too much waits already.
    pub(super) fn queue(&mut self, frame: Frame) -> bool {
        self.event_bytes += frame.len();
        self.events.push_back(frame);
        mutant!("queue-without-limit")
            || self.events.len() <= limits::QUEUED_EVENTS && self.event_bytes <= limits::QUEUED_EVENT_BYTES
    }

    /// Lets an answer wait for the next delta; false when too many wait already.
    pub(super) fn conclude(&mut self, frame: Frame) -> bool {
        self.results.push(frame);
        mutant!("queue-without-limit")
            || self.blocked_since.is_none()
            || self.results.len() <= limits::QUEUED_RESULTS
    }

    /// How many frames wait, and their bytes.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let results: usize = self.results.iter().map(|frame| frame.len()).sum();
        (self.events.len() + self.results.len(), self.event_bytes + results)
    }

    pub(super) fn take_queued(&mut self) -> VecDeque<Frame> {
        self.event_bytes = 0;
        core::mem::take(&mut self.events)
    }

    /// A ping keeps the client sure of the server, and makes a quiet client show that it is alive.
    pub(super) fn needs_ping(&self, now: Instant) -> bool {
        now.since(self.spoke_at.min(self.heard_at)) >= limits::PING_INTERVAL
    }
}
