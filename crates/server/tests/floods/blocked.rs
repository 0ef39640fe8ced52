//! Readers that never read, answers that nobody takes, connections that are gone without a word: what they cost, and when
//! the server gives them up.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use meeting_session_core::protocol::*;

use crate::control::Control;
use crate::support::{Peer, Server, Socket, join_message, json, merge, sleep_ms, soon, turn};

/// Readers that never read, half of them in each of two sessions.
const READERS: usize = 200;

/// The most that one of them may cost, besides what the system holds, if what it does not take is its own.
const READER_KIB: u64 = 300;

/// The most if it is the same for all, so that they share it.
const SHARED_KIB: u64 = 100;

/// Participants whose connection is gone without a word.
const HALF_OPEN: usize = 50;

/// Connections that take no answer, and requests on each.
const DOWNLOADS: usize = 100;
const REQUESTS: usize = 2_000;

/// When whoever neither reads nor speaks is gone at the latest: the server looks every 5 s, and says goodbye for 2 s. The
/// rest is for a machine that has much to do.
const CUT: Duration = Duration::from_secs(60);

/// A session with one who writes and many who read nothing.
struct Group {
    writer: Peer,
    readers: Vec<Peer>,
    start: Instant,
    turn: u64,
    /// When each reader was gone.
    gone: HashMap<ParticipantId, Duration>,
}

impl Group {
    async fn new(server: &Server, session: &str) -> Self {
        let writer = Peer::join(server, session, "writer").await;
        let start = Instant::now();
        let mut group = Self { writer, readers: Vec::new(), start, turn: 0, gone: HashMap::new() };
        // The whole data is there when the readers come.
        group.write().await;
        group.write().await;
        group
    }

    async fn fill(&mut self, server: &Server) {
        self.start = Instant::now();
        for _ in 0..READERS / 2 {
            let socket = Socket::narrow(server, &format!("/{}", self.writer.room)).await;
            let join = join_message(&self.writer.room, "reads nothing");
            self.readers.push(Peer::join_on(socket, join).await.unwrap());
        }
    }

    /// Makes half of the 100 KB of data another one, and notes who is gone.
    async fn write(&mut self) {
        let value = format!("\"{} {}\"", self.turn, "x".repeat(50_000));
        let key = if self.turn.is_multiple_of(2) { "even" } else { "odd" };
        self.turn += 1;
        self.writer.send_update(merge(&[(key, &value)])).await;
        loop {
            match self.writer.message().await {
                ServerMessage::Result { result, .. } => {
                    return assert!(matches!(result, UpdateResult::Applied(_)), "{result:?}");
                }
                ServerMessage::ParticipantLeft(id) => {
                    self.gone.insert(id, self.start.elapsed());
                }
                _ => {}
            }
        }
    }

    fn all_gone(&self) -> bool {
        self.gone.len() == self.readers.len()
    }

    /// When the first and the last reader were gone.
    fn times(&self) -> [Duration; 2] {
        [*self.gone.values().min().unwrap(), *self.gone.values().max().unwrap()]
    }
}

#[tokio::test]
async fn those_who_take_nothing() {
    let server = Server::start();
    let control = {
        let _turn = turn().await;
        Control::start(&server).await
    };
    let files = server.open_files();

    let memory = server.memory();
    let mut downloads = Vec::new();
    for _ in 0..DOWNLOADS {
        let socket = Socket::connect(&server).await;
        let requests = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(REQUESTS);
        assert!(socket.send_what_fits(requests.as_bytes()) > 0);
        downloads.push(socket);
    }
    let mut half_open = Vec::new();
    for _ in 0..HALF_OPEN {
        half_open.push(Peer::join(&server, "half-open", "gone").await);
    }
    let others = (server.memory() - memory) / (DOWNLOADS + HALF_OPEN) as u64;

    let mut silent = Group::new(&server, "silent").await;
    let mut talking = Group::new(&server, "talking").await;
    let memory = server.memory();
    silent.fill(&server).await;
    talking.fill(&server).await;
    let start = Instant::now();
    let mut most = memory;
    while !(silent.all_gone() && talking.all_gone()) {
        silent.write().await;
        talking.write().await;
        for peer in &mut talking.readers {
            // It only says that it is still there.
            peer.socket.send_what_fits(b"\x81\x8f\0\0\0\0{\"type\":\"pong\"}");
        }
        most = most.max(server.memory());
        sleep_ms(500).await;
        assert!(start.elapsed() < CUT, "{} and {} are gone", silent.gone.len(), talking.gone.len());
    }
    let each = (most - memory) / READERS as u64;

    for peer in &mut half_open {
        assert_eq!(soon(peer.socket.close_code()).await, CloseCode::SILENT.0);
    }
    let (silent_times, talking_times) = (silent.times(), talking.times());
    drop((silent.writer, talking.writer));
    server.closes_all_but(files).await;
    assert!(silent.gone.values().all(|time| *time > limits::SILENCE_MAX / 2), "{:?}", silent.gone);
    let result = format!(
        "{each} KiB each, gone after {:.1?}, those that send pongs after {:.1?}; {DOWNLOADS} downloads and {HALF_OPEN} \
         half-open connections: {others} KiB each",
        silent_times, talking_times
    );
    control.finish(&format!("{READERS} readers that never read"), &result);
    assert!(each <= SHARED_KIB, "{each} KiB");
}

/// As much as the server may hold for a reader, and all of it for that one alone, so that nothing is shared.
#[tokio::test]
async fn those_who_take_nothing_of_what_is_theirs_alone() {
    const PAIRS: usize = 30;
    /// App messages of full size: a little less than may wait.
    const MESSAGES: usize = limits::QUEUED_EVENT_BYTES / (limits::APP_MESSAGE_UNITS + 100);
    let _turn = turn().await;
    let server = Server::start();
    let control = Control::start(&server).await;
    let mut group = Group::new(&server, "alone").await;
    let mut senders = Vec::new();
    for _ in 0..PAIRS {
        senders.push(Peer::join(&server, "alone", "sender").await);
    }
    let before = server.memory();
    for _ in 0..PAIRS {
        let socket = Socket::narrow(&server, "/alone").await;
        group.readers.push(Peer::join_on(socket, join_message("alone", "reads nothing")).await.unwrap());
    }
    for _ in 0..12 {
        group.write().await;
        sleep_ms(30).await;
    }
    for (sender, reader) in senders.iter_mut().zip(&group.readers) {
        let data = json(&format!("\"{}\"", "x".repeat(limits::APP_MESSAGE_UNITS - 2)));
        for _ in 0..MESSAGES {
            sender.send(&ClientMessage::AppMessage { to: Some(vec![reader.id()]), data: data.clone() }).await;
        }
    }
    // All is through when an update that comes after it is answered.
    for (number, sender) in senders.iter_mut().enumerate() {
        sender.update(merge(&[("through", &number.to_string())])).await;
    }
    let each = server.memory().saturating_sub(before) / PAIRS as u64;
    group.write().await;
    assert!(group.gone.is_empty(), "{:?}", group.gone);
    let result = format!("{each} KiB each");
    control.finish(&format!("{PAIRS} readers with {MESSAGES} messages of their own"), &result);
    // The rest is what the whole process needs meanwhile.
    assert!(each <= READER_KIB + 100, "{each} KiB");
}
