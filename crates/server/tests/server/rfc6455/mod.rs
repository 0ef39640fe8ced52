//! RFC 6455 in cases, each a row of a table: what a client sends, and exactly what the server does with it.
//!
//! Where the server lets more pass than the RFC does, a comment that begins with "Lax" says why that is fine.

mod closing;
mod frames;
mod opening;
mod text;

use meeting_session_core::protocol::*;

use crate::support::{Control, MASK, MASKED, Peer, Received, Server, Socket, soon};

/// A message that the server answers with one `refused`, whatever it is padded to, and which changes nothing.
const HELLO: &str = r#"{"type":"hello"}"#;

/// A message that is well formed and has no answer, so that what follows it is the only thing to come. An answer to a
/// message is the session's, and one that is under way when the connection ends is lost.
const SILENT: &str = r#"{"type":"pong"}"#;

/// Bytes after the join, and everything that comes in return.
struct Case {
    name: String,
    bytes: Vec<u8>,
    expected: Vec<Outcome>,
    /// Whether the bytes mean something else before the join.
    after_join: bool,
}

impl Case {
    fn after_join(self) -> Self {
        Self { after_join: true, ..self }
    }
}

/// One thing that comes from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// The answer to one [`HELLO`]: a whole message got through.
    Answered,
    /// A pong with this payload.
    Pong(Vec<u8>),
    /// A close with this code, 1005 when it has none, and then the end of the connection.
    Closed(u16),
}
use Outcome::{Answered, Closed, Pong};

fn case(name: impl Into<String>, bytes: Vec<u8>, expected: &[Outcome]) -> Case {
    Case { name: name.into(), bytes, expected: expected.to_vec(), after_join: false }
}

/// A frame with this first byte and these bytes for its length, whatever its payload really is.
fn with_length(first: u8, length: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first, MASKED | length[0]];
    bytes.extend(&length[1..]);
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A frame whose payload is not masked.
fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, u8::try_from(payload.len()).unwrap()], payload].concat()
}

/// [`HELLO`] as so many bytes.
fn hello_of(bytes: usize) -> Vec<u8> {
    let mut text = HELLO.as_bytes().to_vec();
    text.resize(bytes, b' ');
    text
}

/// Runs every case on connections of its own, beside two participants who notice nothing.
async fn run(cases: Vec<Case>) {
    let server = Server::with_grace(0).await;
    let mut control = Control::new(&server).await;
    for case in &cases {
        let peer = Peer::join(&server, "cases", "Eve").await;
        check(peer.socket, case, false).await;
        // How the bytes are cut on their way must make no difference.
        if case.bytes.len() < 500 {
            let peer = Peer::join(&server, "cases", "Eve").await;
            check(peer.socket, case, true).await;
        }
        // Nor must it whether the client has joined.
        if !case.after_join && !case.expected.contains(&Answered) {
            check(Socket::open(&server, "/cases").await, case, false).await;
        }
        control.check(&case.name).await;
    }
}

async fn check(mut socket: Socket, case: &Case, byte_by_byte: bool) {
    let Case { name, bytes, expected, .. } = case;
    if byte_by_byte {
        for byte in bytes {
            // The server may have closed the connection already.
            let _ = socket.try_send_bytes(&[*byte]).await;
        }
    } else {
        let _ = socket.try_send_bytes(bytes).await;
    }
    for outcome in expected {
        assert_eq!(&next(&mut socket, name).await, outcome, "{name}");
    }
    if matches!(expected.last(), Some(Closed(_))) {
        assert_eq!(socket.receive().await, Received::End, "{name}");
    } else {
        // Nothing else comes, and the connection goes on.
        socket.send_frame(crate::support::FIN | crate::support::PING, b"and now?").await;
        assert_eq!(next(&mut socket, name).await, Pong(b"and now?".to_vec()), "{name}");
    }
}

async fn next(socket: &mut Socket, name: &str) -> Outcome {
    match soon(socket.receive_unhurried()).await {
        Received::Text(text) => {
            let message = ServerMessage::decode(&text);
            assert_eq!(message, Some(ServerMessage::Refused(RefusedCode::UnknownType)), "{name}");
            Answered
        }
        Received::Pong(payload) => Pong(payload),
        Received::Close(code, _) => Closed(code),
        Received::End => panic!("{name}: the connection ended without a close"),
    }
}
