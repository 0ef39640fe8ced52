//! The server's program as a process of its own, whose memory can be read.

#[allow(dead_code, reason = "the other tests of the server use the rest")]
#[path = "../server/support/peer.rs"]
mod peer;
#[allow(dead_code, reason = "the other tests of the server use the rest")]
#[path = "../server/support/socket.rs"]
mod socket;

use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

pub(crate) use peer::{Peer, join_message, json, merge, replace};
pub(crate) use socket::{BINARY, CONTINUATION, FIN, MASKED, PING, Received, Socket, TEXT, frame};

/// How long anything may take that should happen at once, on a machine that has much to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for what should happen at once.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("what should happen at once did not happen")
}

pub(crate) async fn sleep_ms(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// Waits until it is this test's turn: floods one after the other, so that each is measured alone.
pub(crate) async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

/// The longest that a client may take whose end some time limit brings: several times the longest limit.
const END: Duration = Duration::from_secs(120);

/// Runs all clients at once, and says how long the shortest and the longest took.
pub(crate) async fn all<T>(clients: impl Iterator<Item = T>) -> [Duration; 2]
where
    T: Future<Output = Duration> + Send + 'static,
{
    let tasks: Vec<_> = clients.map(tokio::spawn).collect();
    let mut times = [Duration::MAX, Duration::ZERO];
    for task in tasks {
        let ended = tokio::time::timeout(END, task).await.expect("each ends");
        let time = ended.expect("each ends as it should");
        times = [times[0].min(time), times[1].max(time)];
    }
    times
}

impl Socket {
    /// Sends as many bytes as the system takes at once, and says how many that were: 0 also when the connection is gone.
    pub(crate) fn send_what_fits(&self, bytes: &[u8]) -> usize {
        self.stream.try_write(bytes).unwrap_or(0)
    }

    /// Ends the connection without a word: what was sent and is not read yet may be lost.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// A server in a process of its own, which is killed at the end of the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// None for a second handle.
    process: Option<Child>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Server {
    /// A server whose participants are given up as soon as their connection is lost, and which believes the tests whom
    /// they speak for.
    pub(crate) fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_meeting-session-server"))
            .args(["--listen", "127.0.0.1:0", "--grace", "0", "--trusted-proxy", "127.0.0.1"])
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server can be started");
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().parse().unwrap();
        Self { address, process: Some(process) }
    }

    /// Another handle, which does not hold the process.
    pub(crate) fn other(&self) -> Self {
        Self { address: self.address, process: None }
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.process.as_ref().unwrap().id())
    }

    /// The memory that the process has in use, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(self.proc("status")).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// The files, sockets included, that the process has open.
    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(self.proc("fd")).expect("the server runs").count()
    }

    /// Waits until the server has closed all but so many of its files.
    pub(crate) async fn closes_all_but(&self, files: usize) {
        soon(async {
            while self.open_files() > files {
                sleep_ms(20).await;
            }
        })
        .await;
    }
}
