//! The queue between a session, which never waits, and a connection, whose socket may.
//!
//! A session pushes what it has to say. Once too much waits, the connection counts as blocked, and the session holds
//! its events back and lets the data be conflated until everything has gone out. So the queue holds at most a little
//! more than its marks, whatever the reader does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::Bytes;
use meeting_session_core::protocol::CloseCode;

/// Frames that may wait before the connection counts as blocked: a burst of small events passes, a backlog does not.
const MARK_FRAMES: usize = 64;

/// Bytes that may wait before the connection counts as blocked: one update of full size and some events.
const MARK_BYTES: usize = 128 * 1024;

/// What a peer is told when its session ended without a word, by a panic: try again.
const INTERNAL_ERROR: CloseCode = CloseCode(1011);

/// Makes the two ends of a queue.
pub(crate) fn pair() -> (Outbox, Outgoing) {
    let queue = Arc::new(Mutex::new(Queue::default()));
    (Outbox(queue.clone()), Outgoing(queue))
}

/// The session's end. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Outbox(Arc<Mutex<Queue>>);

/// The connection's end.
#[derive(Debug)]
pub(crate) struct Outgoing(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Whether the marks were passed and not all has gone out since.
    blocked: bool,
    /// Why the connection is to be closed, after the frames.
    close: Option<CloseCode>,
    /// The connection's task.
    waker: Option<Waker>,
}

impl Outbox {
    /// Queues a frame. True when that made the connection a blocked one.
    pub(crate) fn push(&self, frame: Bytes) -> bool {
        let mut queue = lock(&self.0);
        queue.bytes += frame.len();
        queue.frames.push_back(frame);
        let over = queue.frames.len() > MARK_FRAMES || queue.bytes > MARK_BYTES;
        let newly_blocked = over && !queue.blocked;
        queue.blocked |= over;
        wake(queue);
        newly_blocked
    }

    pub(crate) fn is_blocked(&self) -> bool {
        lock(&self.0).blocked
    }

    /// Closes the connection after what is queued.
    pub(crate) fn close(self, code: CloseCode) {
        lock(&self.0).close = Some(code);
        // Dropping it wakes the connection.
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.close.get_or_insert(INTERNAL_ERROR);
        wake(queue);
    }
}

impl Outgoing {
    /// Has the task of `waker` woken when something is queued. Says why the connection is to be closed, if it is.
    pub(crate) fn watch(&self, waker: &Waker) -> Option<CloseCode> {
        let mut queue = lock(&self.0);
        if queue.close.is_none() {
            queue.waker = Some(waker.clone());
        }
        queue.close
    }

    /// The next frame to send.
    pub(crate) fn take(&self) -> Option<Bytes> {
        let mut queue = lock(&self.0);
        let frame = queue.frames.pop_front()?;
        queue.bytes -= frame.len();
        Some(frame)
    }

    /// To be called when the socket has taken all frames. True when the connection was a blocked one until then.
    pub(crate) fn drained(&self) -> bool {
        let mut queue = lock(&self.0);
        if !queue.frames.is_empty() {
            return false;
        }
        // The memory of a backlog is not kept.
        queue.frames = VecDeque::new();
        std::mem::take(&mut queue.blocked)
    }
}

/// Wakes the connection after the lock is released, as it takes the lock at once.
fn wake(mut queue: MutexGuard<'_, Queue>) {
    let waker = queue.waker.take();
    drop(queue);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// A panic elsewhere cannot leave a queue half changed, so a poisoned lock is as good as any.
fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize) -> Bytes {
        Bytes::from(vec![b'x'; bytes])
    }

    #[test]
    fn a_connection_is_blocked_from_the_mark_until_all_is_out() {
        let (outbox, outgoing) = pair();
        for _ in 0..MARK_FRAMES {
            assert!(!outbox.push(frame(1)));
        }
        assert!(outbox.push(frame(1)), "the mark is passed");
        assert!(!outbox.push(frame(1)), "it is so once");
        while outgoing.take().is_some() {
            assert!(outbox.is_blocked());
        }
        assert!(outgoing.drained());
        assert!(!outbox.is_blocked());
        assert!(!outgoing.drained());
    }

    #[test]
    fn bytes_count_as_well() {
        let (outbox, outgoing) = pair();
        assert!(!outbox.push(frame(MARK_BYTES)));
        assert!(outbox.push(frame(1)));
        assert!(!outgoing.drained(), "two frames wait");
    }

    #[test]
    fn a_close_comes_with_what_was_queued_and_a_dropped_session_closes_too() {
        let (outbox, outgoing) = pair();
        outbox.push(frame(3));
        outbox.close(CloseCode::SUPERSEDED);
        assert_eq!(outgoing.watch(Waker::noop()), Some(CloseCode::SUPERSEDED));
        assert_eq!(outgoing.take(), Some(frame(3)));

        let (outbox, outgoing) = pair();
        assert_eq!(outgoing.watch(Waker::noop()), None);
        drop(outbox);
        assert_eq!(outgoing.watch(Waker::noop()), Some(INTERNAL_ERROR));
    }
}
