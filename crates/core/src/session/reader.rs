//! One connection as the session sees it: what it has been sent and what waits for it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{ConnectionId, Frame, SessionOutput};
use crate::protocol::{ParticipantId, ServerMessage, limits};
use crate::shared_state::SharedState;
use crate::time::Instant;

/// A connection that has joined. Data never queues up here: only the revision that it was sent last is kept.
#[derive(Debug)]
pub(super) struct Reader {
    connection: ConnectionId,
    pub(super) participant: ParticipantId,
    /// The revision that it has, once all that was sent arrives.
    pub(super) sent: u64,
    /// Since when its socket has taken nothing.
    pub(super) blocked_since: Option<Instant>,
    /// When it last sent something.
    pub(super) heard_at: Instant,
    /// When it was last sent something.
    spoke_at: Instant,
    /// Answers that go out after the next delta: while the socket takes nothing, at most [`limits::QUEUED_RESULTS`], and
    /// otherwise as many as can come in a moment.
    results: Vec<Frame>,
    events: VecDeque<Frame>,
    event_bytes: usize,
}

impl Reader {
    pub(super) fn new(now: Instant, connection: ConnectionId, participant: ParticipantId, sent: u64) -> Self {
        Self {
            connection,
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

    /// What sends it this text.
    pub(super) fn send(&mut self, now: Instant, frame: Frame) -> SessionOutput {
        self.spoke_at = now;
        SessionOutput::Send { connection: self.connection, frame }
    }

    /// Sends what it has not got of the data, and the answers that wait for that; nothing while it is blocked. `deltas`
    /// are those that are encoded already, by the revision that they begin at.
    pub(super) fn catch_up(
        &mut self,
        now: Instant,
        state: &SharedState,
        deltas: &mut Vec<(u64, Frame)>,
        outputs: &mut VecDeque<SessionOutput>,
    ) {
        if self.blocked_since.is_some() {
            if mutant!("result-lost-while-blocked") {
                self.results.clear();
            }
            return;
        }
        let position = state.position();
        if self.sent < position.revision {
            let known = deltas.iter().find(|(since, _)| *since == self.sent);
            let frame = known.map(|(_, frame)| frame.clone()).unwrap_or_else(|| {
                let change = state.change_since(self.sent);
                let frame = Frame::from(ServerMessage::State { position, change }.encode());
                deltas.push((self.sent, frame.clone()));
                frame
            });
            self.sent = position.revision;
            outputs.push_back(self.send(now, frame));
        }
        for frame in core::mem::take(&mut self.results) {
            outputs.push_back(self.send(now, frame));
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
