//! A stream that counts what is read from it, and lets others have their turn.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are read at most before other tasks have their turn. They may be thousands of tiny frames, of which the
/// reader takes one after the other without ever waiting.
const TURN_BYTES: usize = 16 * 1024;

/// Counts bytes as they come, before anything makes messages of them.
#[derive(Debug)]
pub(crate) struct Metered<T> {
    io: T,
    read: u64,
    /// Bytes read since the reader last had to wait.
    turn: usize,
}

impl<T> Metered<T> {
    pub(crate) const fn new(io: T) -> Self {
        Self { io, read: 0, turn: 0 }
    }

    /// Bytes that were read so far.
    pub(crate) const fn read(&self) -> u64 {
        self.read
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.turn >= TURN_BYTES {
            self.turn = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.io).poll_read(cx, buffer);
        let read = buffer.filled().len() - before;
        self.read += read as u64;
        self.turn = if result.is_pending() { 0 } else { self.turn + read };
        result
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn who_reads_much_has_to_wait_a_turn_and_then_goes_on() {
        let mut io = Metered::new(tokio::io::repeat(1));
        let cx = &mut Context::from_waker(Waker::noop());
        let mut bytes = [0; TURN_BYTES / 2];
        let mut turns =
            (0..6).map(|_| Pin::new(&mut io).poll_read(cx, &mut ReadBuf::new(&mut bytes)).is_ready());
        assert!(turns.by_ref().eq([true, true, false, true, true, false]));
        drop(turns);
        assert_eq!(io.read(), 2 * TURN_BYTES as u64);
    }
}
