//! A WebSocket as a page has it: sending never waits, and closing it sends what was sent before.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use meeting_session_core::protocol::SUBPROTOCOL;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::task::AbortHandle;
use tokio_websockets::{ClientBuilder, Error, MaybeTlsStream, Message, WebSocketStream};

/// How long a socket that was let go has to send what is left and close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Messages that wait for a busy page; what more comes stays in the network.
const UNREAD: usize = 64;

/// What a browser says when a connection was lost or never made.
const LOST: u16 = 1006;

/// What happens on a socket.
#[derive(Debug)]
pub(crate) enum SocketEvent {
    Opened,
    Message(String),
    /// With the code of the server's close frame, or 1006.
    Closed(u16),
}

/// A socket that is connecting, open or closed. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Socket {
    frames: UnboundedSender<String>,
    events: Receiver<SocketEvent>,
    task: AbortHandle,
}

impl Socket {
    /// Starts to connect.
    pub(crate) fn connect(address: SocketAddr, session: &str) -> Self {
        let (frames, outgoing) = mpsc::unbounded_channel();
        let (incoming, events) = mpsc::channel(UNREAD);
        let uri = format!("ws://{address}/{session}");
        let task = tokio::spawn(async move {
            let code = serve(address, &uri, outgoing, &incoming).await.unwrap_or(LOST);
            let _ = incoming.send(SocketEvent::Closed(code)).await;
        });
        Self { frames, events, task: task.abort_handle() }
    }

    /// Sends a text. One that is closed already loses it.
    pub(crate) fn send(&self, text: String) {
        let _ = self.frames.send(text);
    }

    /// The next event; for ever pending after the last.
    pub(crate) async fn next(&mut self) -> SocketEvent {
        match self.events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }

    /// Ends it like a process that dies: nothing more is sent.
    pub(crate) fn abort(self) {
        self.task.abort();
    }
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn serve(
    address: SocketAddr,
    uri: &str,
    mut outgoing: UnboundedReceiver<String>,
    incoming: &Sender<SocketEvent>,
) -> Result<u16, Error> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let uri = uri.parse().map_err(|_| Error::NoUriConfigured)?;
    let builder = ClientBuilder::from_uri(uri)
        .add_header(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL))?;
    let connecting = builder.connect_on(MaybeTlsStream::Plain(stream));
    let (stream, _): (Stream, _) = tokio::select! {
        connected = connecting => connected?,
        () = incoming.closed() => return Ok(LOST),
    };
    let _ = incoming.send(SocketEvent::Opened).await;
    let (mut sink, mut messages) = stream.split();

    // Both at a time: a peer that takes nothing must not keep us from hearing it.
    let reading = async {
        while let Some(message) = messages.next().await {
            let message = message?;
            if let Some((code, _)) = message.as_close() {
                return Ok(u16::from(code));
            }
            if let Some(text) = message.as_text() {
                // A page that has let go of the socket reads no more, but what it sent still goes out.
                let _ = incoming.send(SocketEvent::Message(text.to_owned())).await;
            }
        }
        Ok(LOST)
    };
    let writing = async {
        while let Some(frame) = outgoing.recv().await {
            sink.send(Message::text(frame)).await?;
        }
        sink.close().await
    };
    let let_go = async {
        incoming.closed().await;
        tokio::time::sleep(CLOSE_TIMEOUT).await;
    };
    tokio::select! {
        code = reading => code,
        // Only a page that has let go of the socket ends the writing.
        written = async { writing.await?; std::future::pending().await } => written,
        () = let_go => Ok(LOST),
    }
}
