//! A WebSocket and its outbox as one thing to wait for: frames go out while the next message is awaited.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, Stream, StreamExt, sink::Sink};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use meeting_session_core::protocol::{CloseCode, limits};
use tokio::io::AsyncWriteExt;
use tokio_websockets::{Config, Error, Limits, Message, ServerBuilder, WebSocketStream};

use crate::metered::Metered;
use crate::outbox::Outgoing;

/// How long a peer has to take what is left and to answer a close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// What a peer is told whose text was not UTF-8.
const NOT_UTF8: CloseCode = CloseCode(1007);

/// A read buffer up to this size is kept while nothing comes.
const KEPT_BUFFER: usize = 8 * 1024;

/// One end of a WebSocket.
pub(crate) struct Socket {
    stream: WebSocketStream<Metered<TokioIo<Upgraded>>>,
    outgoing: Outgoing,
    /// The last message, if it was a big one.
    big: Option<Message>,
    /// How many bytes had been read at the last message.
    read_before: u64,
}

/// What happens on a socket.
#[derive(Debug)]
pub(crate) enum Event {
    /// A message came.
    Received(Message),
    /// A frame broke the protocol or was too large, or the transport failed.
    Failed(Error),
    /// The peer closed the connection, or it is lost.
    Gone,
    /// A reader that was blocked has taken everything.
    Drained,
    /// The session wants the connection closed, or what came is not to be taken.
    Close(CloseCode),
}

impl Socket {
    /// Takes over an upgraded connection, from which only as much is accepted as a first message needs.
    pub(crate) fn new(io: Upgraded, outgoing: Outgoing) -> Self {
        let stream = ServerBuilder::new()
            .config(Config::default())
            .limits(Limits::default().max_payload_len(Some(limits::JOIN_FRAME_BYTES)))
            .serve(Metered::new(TokioIo::new(io)));
        Self { stream, outgoing, big: None, read_before: 0 }
    }

    /// Bytes that came so far: a sign of life also while a message is on its way over a slow line.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.stream.get_ref().read()
    }

    /// Accepts messages of full size from now on.
    pub(crate) fn accept_updates(&mut self) {
        self.stream.limits_mut().set_max_payload_len(Some(limits::CLIENT_FRAME_BYTES));
    }

    /// Waits for the next event, and sends meanwhile. Without `read` nothing is taken from the peer.
    ///
    /// Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self, read: bool) -> Event {
        poll_fn(|cx| self.poll_next(cx, read)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Event> {
        if let Some(code) = self.outgoing.watch(cx.waker()) {
            return Poll::Ready(Event::Close(code));
        }
        match self.poll_send(cx) {
            Poll::Ready(Ok(())) if self.outgoing.drained() => return Poll::Ready(Event::Drained),
            Poll::Ready(Err(error)) => return Poll::Ready(Event::Failed(error)),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        if read { self.poll_receive(cx) } else { Poll::Pending }
    }

    /// Sends all that is queued: many frames, one flush.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut stream = Pin::new(&mut self.stream);
        loop {
            std::task::ready!(stream.as_mut().poll_ready(cx))?;
            let Some(frame) = self.outgoing.take() else {
                return stream.poll_flush(cx);
            };
            stream.as_mut().start_send(text(frame))?;
        }
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        let received = Pin::new(&mut self.stream).poll_next(cx);
        if received.is_pending() && self.bytes_read() - self.read_before > limits::UNFINISHED_BYTES {
            return Poll::Ready(Event::Close(CloseCode::RATE_LIMITED));
        }
        // The stream would go on with the buffer that a big message came in, if that were free again. As long as the
        // message is there, it gets a new one of normal size.
        self.big = None;
        received.map(|received| match received {
            Some(Ok(message)) => {
                self.read_before = self.bytes_read();
                // The stream does not see half a character at the end of a text whose last fragment is empty, and would
                // hand it out as a `str`.
                if message.is_text() && std::str::from_utf8(message.as_payload()).is_err() {
                    return Event::Close(NOT_UTF8);
                }
                if message.as_payload().len() > KEPT_BUFFER {
                    self.big = Some(message.clone());
                }
                Event::Received(message)
            }
            Some(Err(error)) => Event::Failed(error),
            None => Event::Gone,
        })
    }

    /// Sends what is queued and a close frame, and waits a moment for the peer's.
    pub(crate) async fn close(mut self, code: CloseCode) {
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, async {
            while let Some(frame) = self.outgoing.take() {
                self.stream.feed(text(frame)).await?;
            }
            let close = Message::close(code.0.try_into().ok(), code.reason());
            self.finish(Some(close)).await;
            Ok::<_, Error>(())
        })
        .await;
    }

    /// Ends a connection that failed: the peer is told why, if it can be told anything.
    pub(crate) async fn fail(mut self, error: Error) {
        // The stream itself answers all violations but one: a message that grew too large in fragments.
        let too_large = matches!(error, Error::PayloadTooLong { .. });
        let close = too_large.then(|| Message::close(Some(tokio_websockets::CloseCode::MESSAGE_TOO_BIG), ""));
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, async {
            self.finish(close).await;
            // There may be more to read. Closing before that would reset the connection, and the peer might never see
            // why; so it has to close first.
            let io = self.stream.get_mut();
            io.shutdown().await?;
            tokio::io::copy(io, &mut tokio::io::sink()).await
        })
        .await;
    }

    /// Lets a close from the peer be answered.
    pub(crate) async fn acknowledge(mut self) {
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.finish(None)).await;
    }

    /// Sends a close frame, if there is one to send, and reads until the peer's.
    async fn finish(&mut self, close: Option<Message>) {
        if let Some(close) = close {
            // It fails when the stream has said a close of its own.
            let _ = self.stream.send(close).await;
        }
        while self.stream.next().await.is_some_and(|received| received.is_ok()) {}
    }
}

fn text(frame: Bytes) -> Message {
    Message::text(frame)
}
