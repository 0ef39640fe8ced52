//! Who is sent what, and when: events at once, data as deltas that skip what a reader was too slow for.

use alloc::vec::Vec;

use super::reader::Reader;
use super::{ConnectionId, Frame, Session, SessionOutput};
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
            reader.spoke_at = now;
            self.outputs.push_back(SessionOutput::Send { connection, frame });
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
            reader.spoke_at = now;
            self.outputs.push_back(SessionOutput::Send { connection, frame: frame.clone() });
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
        let mut readers = core::mem::take(&mut self.readers);
        for (&connection, reader) in readers.iter_mut() {
            self.catch_up(now, connection, reader, &mut deltas);
        }
        self.readers = readers;
    }

    /// Sends a reader what it has not got of the data, and the answers that wait for that. `deltas` are those that are
    /// encoded already, by the revision that they begin at.
    pub(super) fn catch_up(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        reader: &mut Reader,
        deltas: &mut Vec<(u64, Frame)>,
    ) {
        if reader.blocked_since.is_some() {
            if mutant!("result-lost-while-blocked") {
                reader.results.clear();
            }
            return;
        }
        if reader.sent < self.state.position().revision {
            let known = deltas.iter().find(|(since, _)| *since == reader.sent);
            let frame = known.map(|(_, frame)| frame.clone()).unwrap_or_else(|| {
                let change = self.state.change_since(reader.sent);
                let frame =
                    Frame::from(ServerMessage::State { position: self.state.position(), change }.encode());
                deltas.push((reader.sent, frame.clone()));
                frame
            });
            reader.sent = self.state.position().revision;
            reader.spoke_at = now;
            self.outputs.push_back(SessionOutput::Send { connection, frame });
        }
        for frame in reader.results.drain(..) {
            reader.spoke_at = now;
            self.outputs.push_back(SessionOutput::Send { connection, frame });
        }
    }
}
