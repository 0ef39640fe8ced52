//! Who is sent what, and when: events at once, data as deltas that skip what a reader was too slow for.

use alloc::vec::Vec;

use super::{ConnectionId, Frame, Session};
use crate::protocol::*;
use crate::time::Instant;

impl Session {
    /// A connection's socket takes no more for the moment. Until [`writable`](Self::writable) it is sent nothing.
    pub fn blocked(&mut self, now: Instant, connection: ConnectionId) {
        if let Some(reader) = self.readers.get_mut(&connection) {
            reader.blocked_since.get_or_insert(now);
        }
    }

    /// A connection's socket takes data again.
    pub fn writable(&mut self, now: Instant, connection: ConnectionId) {
        let Some(reader) = self.readers.get_mut(&connection) else {
            return;
        };
        reader.blocked_since = None;
        for frame in reader.take_queued() {
            self.outputs.push_back(reader.send(now, frame));
        }
        if mutant!("delta-after-block-skipped") {
            reader.sent = self.state.position().revision;
        }
        self.schedule_flush(now);
    }

    pub(super) fn broadcast(&mut self, now: Instant, message: ServerMessage) {
        let frame = Frame::from(message.encode());
        let receivers: Vec<_> = self.readers.keys().copied().collect();
        for receiver in receivers {
            self.send(now, receiver, &frame);
        }
    }

    /// Sends an event, or lets it wait for a blocked reader. One that has let too much wait is disconnected.
    pub(super) fn send(&mut self, now: Instant, connection: ConnectionId, frame: &Frame) {
        let Some(reader) = self.readers.get_mut(&connection) else {
            return;
        };
        if reader.blocked_since.is_none() || mutant!("blocked-reader-sent-to") {
            self.outputs.push_back(reader.send(now, frame.clone()));
        } else if !reader.queue(frame.clone()) {
            self.close(now, connection, CloseCode::SLOW_READER);
        }
    }

    /// Sends deltas at once in an idle session, and gathers them for a moment in a busy one.
    pub(super) fn schedule_flush(&mut self, now: Instant) {
        self.unflushed = true;
        if self.flush_from <= now {
            self.flush(now);
        }
    }

    pub(super) fn flush(&mut self, now: Instant) {
        self.unflushed = false;
        self.flush_from = now + limits::CONFLATION_INTERVAL;
        // Nearly all readers have the same revision, so nearly always this is one delta for all of them.
        let mut deltas = Vec::new();
        for reader in self.readers.values_mut() {
            reader.catch_up(now, &self.state, &mut deltas, &mut self.outputs);
        }
    }
}
