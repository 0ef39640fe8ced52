//! One WebSocket from its first message to its end.

use std::sync::Arc;
use std::time::Duration;

use hyper::upgrade::Upgraded;
use meeting_session_core::protocol::{ClientMessage, CloseCode, DecodeError, Join, limits};
use meeting_session_core::throttle::{Throttle, Verdict};
use tokio::time::Instant;
use tokio_websockets::{Error, Message};
use tracing::debug;

use crate::clock::Clock;
use crate::hub::{Hub, SessionHandle};
use crate::joining;
use crate::outbox::{self, Outbox};
use crate::server::Stop;
use crate::session::Input;
use crate::socket::{Event, Socket};

/// How a connection ends.
enum Ending {
    /// By us.
    Close(CloseCode),
    /// By a frame that broke the protocol, or by an error of the transport.
    Failed(Error),
    /// By the peer.
    Gone,
}

/// Serves an upgraded connection to the session `name`, until it or the server ends.
///
/// `joining` is its place among the connections that have not joined.
pub(crate) async fn serve(io: Upgraded, name: &str, hub: &Arc<Hub>, joining: joining::Place, mut stop: Stop) {
    let (outbox, outgoing) = outbox::pair();
    let mut socket = Socket::new(io, outgoing);
    let ending = tokio::select! {
        ending = converse(&mut socket, outbox, name, hub, joining) => ending,
        () = stop.requested() => Ending::Close(CloseCode::GOING_AWAY),
    };
    match ending {
        Ending::Close(code) => {
            debug!(session = name, code = code.0, "closing");
            socket.close(code).await;
        }
        Ending::Failed(error) => {
            debug!(session = name, %error, "connection failed");
            socket.fail(error).await;
        }
        Ending::Gone => socket.acknowledge().await,
    }
}

/// Closes an upgraded connection at once. A browser tells a page the code of a close, but not that of a refused upgrade.
pub(crate) async fn refuse(io: Upgraded, code: CloseCode) {
    let (_, outgoing) = outbox::pair();
    Socket::new(io, outgoing).close(code).await;
}

async fn converse(
    socket: &mut Socket,
    outbox: Outbox,
    name: &str,
    hub: &Arc<Hub>,
    joining: joining::Place,
) -> Ending {
    let mut throttle = Throttle::new(hub.clock.now());
    let first = first_message(socket, &mut throttle, hub.clock);
    let join = match tokio::time::timeout(limits::JOIN_TIMEOUT, first).await {
        Ok(Ok(join)) => join,
        Ok(Err(ending)) => return ending,
        Err(_) => return Ending::Close(CloseCode::JOIN_TIMEOUT),
    };
    if join.session != name {
        return Ending::Close(CloseCode::BAD_JOIN);
    }
    let session = match hub.join(join, outbox, joining.address) {
        Ok(session) => session,
        Err(code) => return Ending::Close(code),
    };
    drop(joining);
    socket.accept_updates();

    let mut seat = Seat { session, throttle, clock: hub.clock };
    let ending = seat.relay(socket).await;
    seat.tell(Input::Disconnected(seat.session.connection)).await;
    ending
}

/// The first message, which must be a join.
async fn first_message(
    socket: &mut Socket,
    throttle: &mut Throttle,
    clock: Clock,
) -> Result<Box<Join>, Ending> {
    loop {
        match socket.next(true).await {
            Event::Received(message) if message.is_close() => return Err(Ending::Gone),
            Event::Received(message) => match decode(&message) {
                Some(Ok(ClientMessage::Join(join))) => return Ok(join),
                Some(_) => return Err(Ending::Close(CloseCode::BAD_MESSAGE)),
                // Pings cost something, too.
                None if throttle.admit(clock.now()) != Verdict::Now => {
                    return Err(Ending::Close(CloseCode::RATE_LIMITED));
                }
                None => {}
            },
            Event::Failed(error) => return Err(Ending::Failed(error)),
            Event::Gone => return Err(Ending::Gone),
            Event::Close(code) => return Err(Ending::Close(code)),
            Event::Drained => {}
        }
    }
}

/// How often a message that is still on its way counts as a sign of life.
const HEARD_INTERVAL: Duration = Duration::from_secs(10);

/// A connection that has joined.
struct Seat {
    session: SessionHandle,
    throttle: Throttle,
    clock: Clock,
}

impl Seat {
    /// Carries messages between socket and session.
    async fn relay(&mut self, socket: &mut Socket) -> Ending {
        // The message that has to wait for its turn. Nothing is read before that.
        let mut waiting: Option<(Instant, Message)> = None;
        // Bytes that are no later sign of life: of messages that the session has got, and of pings.
        let mut accounted = socket.bytes_read();
        let mut check = Instant::now() + HEARD_INTERVAL;
        loop {
            let event = match &waiting {
                None => match tokio::time::timeout_at(check, socket.next(true)).await {
                    Ok(event) => event,
                    Err(_) => {
                        if socket.bytes_read() > accounted {
                            accounted = socket.bytes_read();
                            self.tell(Input::Heard(self.session.connection)).await;
                        }
                        check = Instant::now() + HEARD_INTERVAL;
                        continue;
                    }
                },
                Some((due, message)) => match tokio::time::timeout_at(*due, socket.next(false)).await {
                    Ok(event) => event,
                    Err(_) => {
                        self.forward(message).await;
                        waiting = None;
                        continue;
                    }
                },
            };
            if let Event::Received(message) = &event {
                let ping = message.is_ping() || message.is_pong();
                accounted = if ping { accounted + frame_bytes(message) } else { socket.bytes_read() };
            }
            match event {
                Event::Received(message) if message.is_close() => {
                    self.forward(&message).await;
                    return Ending::Gone;
                }
                Event::Received(message) => match self.throttle.admit(self.clock.now()) {
                    Verdict::Now => self.forward(&message).await,
                    Verdict::After(wait) => waiting = Some((Instant::now() + wait, message)),
                    Verdict::Refuse => return Ending::Close(CloseCode::RATE_LIMITED),
                },
                // When the inbox is full, the session is awake and will look.
                Event::Drained => drop(self.session.inbox.try_send(Input::Drained)),
                Event::Close(code) => return Ending::Close(code),
                Event::Failed(error) => return Ending::Failed(error),
                Event::Gone => return Ending::Gone,
            }
        }
    }

    async fn forward(&self, message: &Message) {
        if let Some(message) = decode(message) {
            let connection = self.session.connection;
            self.tell(Input::Message { connection, message }).await;
        }
    }

    /// Waits while the session is busy. One that is gone has closed the outbox, so that the next event is the end.
    async fn tell(&self, input: Input) {
        let _ = self.session.inbox.send(input).await;
    }
}

/// What a ping or pong of a client takes: header, mask and payload.
fn frame_bytes(message: &Message) -> u64 {
    6 + message.as_payload().len() as u64
}

/// What a message means to the protocol; pings and pongs of the WebSocket mean nothing.
fn decode(message: &Message) -> Option<Result<ClientMessage, DecodeError>> {
    // A browser closes with this code when a page goes that had no time to say so itself.
    if message.as_close().is_some_and(|(code, _)| code == tokio_websockets::CloseCode::GOING_AWAY) {
        return Some(Ok(ClientMessage::Away));
    }
    if message.is_binary() {
        return Some(Err(DecodeError::Malformed));
    }
    message.as_text().map(ClientMessage::decode)
}
