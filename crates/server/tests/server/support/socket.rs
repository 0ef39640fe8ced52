//! A WebSocket made of bytes, so that a test can break it where it likes.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::{Server, soon};

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;
pub(crate) const MASKED: u8 = 0x80;
pub(crate) const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];

/// A client's end of a TCP connection, before or after the upgrade.
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    unread: Vec<u8>,
}

/// What comes from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Received {
    Text(String),
    Pong(Vec<u8>),
    Close(u16, String),
    /// The connection is gone, without or after a close frame.
    End,
}

impl Socket {
    pub(crate) async fn connect(server: &Server) -> Self {
        let stream = soon(TcpStream::connect(server.address)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, unread: Vec::new() }
    }

    /// A WebSocket to the session at `path`, which has not joined yet.
    pub(crate) async fn open(server: &Server, path: &str) -> Self {
        let (socket, head) = Self::upgrade(server, path, &[]).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        socket
    }

    /// Like [`open`](Self::open), but the system keeps hardly anything for it that is not read.
    pub(crate) async fn narrow(server: &Server, path: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let stream = socket.connect(server.address).await.unwrap();
        let mut socket = Self { stream, unread: Vec::new() };
        let head = socket.request_upgrade(server, path, &[]).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        socket
    }

    /// Asks for a WebSocket, with these headers besides or instead of the usual ones, and returns the answer's head.
    /// A header with an empty value is left out.
    pub(crate) async fn upgrade(server: &Server, path: &str, headers: &[(&str, &str)]) -> (Self, String) {
        let mut socket = Self::connect(server).await;
        let head = socket.request_upgrade(server, path, headers).await;
        (socket, head)
    }

    async fn request_upgrade(&mut self, server: &Server, path: &str, headers: &[(&str, &str)]) -> String {
        let host = server.address.to_string();
        let usual = [
            ("Host", host.as_str()),
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Protocol", "meeting-session.v1"),
        ];
        let replaced = |name: &str| headers.iter().any(|(other, _)| *other == name);
        let mut request = format!("GET {path} HTTP/1.1\r\n");
        for (name, value) in usual.iter().filter(|(name, _)| !replaced(name)).chain(headers) {
            if !value.is_empty() {
                request += &format!("{name}: {value}\r\n");
            }
        }
        self.send_bytes((request + "\r\n").as_bytes()).await;
        self.head().await
    }

    /// Reads the head of an HTTP response.
    pub(crate) async fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = self.unread.drain(..end + 4).collect();
                return String::from_utf8(head).unwrap();
            }
            assert!(self.read_more().await, "the connection ended instead of a response");
        }
    }

    /// Everything until the server closes the connection.
    pub(crate) async fn rest(&mut self) -> String {
        while self.read_more().await {}
        String::from_utf8(std::mem::take(&mut self.unread)).unwrap()
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.try_send_bytes(bytes).await.unwrap();
    }

    /// The server may have closed the connection already.
    pub(crate) async fn try_send_bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        soon(self.stream.write_all(bytes)).await
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.send_frame(FIN | TEXT, text.as_bytes()).await;
    }

    /// Sends one masked frame; `first` is its first byte.
    pub(crate) async fn send_frame(&mut self, first: u8, payload: &[u8]) {
        self.send_bytes(&frame(first, payload)).await;
    }

    /// The next thing that comes. A close is answered.
    pub(crate) async fn receive(&mut self) -> Received {
        soon(self.receive_unhurried()).await
    }

    pub(crate) async fn receive_unhurried(&mut self) -> Received {
        loop {
            if let Some((opcode, payload)) = self.take_frame() {
                match opcode {
                    TEXT => return Received::Text(String::from_utf8(payload).unwrap()),
                    PONG => return Received::Pong(payload),
                    CLOSE => {
                        let (code, reason) = payload.split_at(payload.len().min(2));
                        let reason = String::from_utf8(reason.to_vec()).unwrap();
                        // Not awaited: who floods may have no room for it, and must not lose the close over that.
                        let _ = self.stream.try_write(&frame(FIN | CLOSE, code));
                        let code = code.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                        return Received::Close(code, reason);
                    }
                    other => panic!("unexpected opcode {other}"),
                }
            } else if !self.read_more().await {
                return Received::End;
            }
        }
    }

    /// The code of the close that comes next but for texts; then the connection must end. 1006 when there is none.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            match self.receive().await {
                Received::Text(_) | Received::Pong(_) => {}
                Received::Close(code, _) => {
                    assert_eq!(self.receive().await, Received::End);
                    return code;
                }
                Received::End => return 1006,
            }
        }
    }

    /// A whole frame from the server: its opcode and payload.
    fn take_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, second) = (*self.unread.first()?, *self.unread.get(1)?);
        assert_eq!(first & 0xf0, FIN, "the server neither fragments nor sets reserved bits");
        assert_eq!(second & MASKED, 0, "the server does not mask");
        let (start, length) = match second {
            126 => (4, usize::from(u16::from_be_bytes(*self.unread.get(2..)?.first_chunk()?))),
            127 => (10, u64::from_be_bytes(*self.unread.get(2..)?.first_chunk()?).try_into().unwrap()),
            short => (2, usize::from(short)),
        };
        let payload = self.unread.get(start..start + length)?.to_vec();
        self.unread.drain(..start + length);
        Some((first & 0xf, payload))
    }

    /// False at the end of the connection.
    async fn read_more(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.unread).await, Ok(1..))
    }
}

/// A masked frame; `first` is its first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(MASKED | u8::try_from(length).unwrap()),
        length @ ..65_536 => {
            frame.push(MASKED | 126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(MASKED | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
