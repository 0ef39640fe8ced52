//! A real server process, and its end in every way there is.

use std::fs::OpenOptions;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child as StdChild, Command as StdCommand, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The time for the first line of its output.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// The server promises to exit within 6 seconds of SIGTERM; a busy machine gets some more.
const STOP_TIMEOUT: Duration = Duration::from_secs(12);

/// How to start servers that take the place of one another.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    /// All servers of the run add to it.
    pub(crate) log: PathBuf,
    pub(crate) arguments: Vec<String>,
}

/// A running server. It ends when this is dropped, and also when this process does, however that happens.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pid: String,
    watchdog: StdChild,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts one on a free port and waits until it listens.
    pub(crate) async fn start(recipe: &Recipe) -> io::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(&recipe.log)?;
        let mut child = Command::new(&recipe.program)
            .args(["--listen", "127.0.0.1:0"])
            .args(&recipe.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().map(|pid| pid.to_string()).unwrap_or_default();
        let watchdog = watch_over(&pid)?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            timeout(START_TIMEOUT, BufReader::new(stdout).read_line(&mut line)).await??;
        }
        let address = line.trim_end().strip_prefix("listening on http://").and_then(|at| at.parse().ok());
        let address = address.ok_or_else(|| {
            io::Error::other(format!("the server did not start: see {}", recipe.log.display()))
        })?;
        Ok(Self { child, pid, watchdog, address })
    }

    /// Kills it like `kill -9`.
    pub(crate) async fn kill(&mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Stops it like a deploy does, and says how long it took.
    ///
    /// # Errors
    /// When it takes too long or does not end with code 0.
    pub(crate) async fn terminate(&mut self) -> io::Result<Duration> {
        let asked = Instant::now();
        self.signal("TERM").await?;
        let status = timeout(STOP_TIMEOUT, self.child.wait()).await??;
        if status.success() {
            Ok(asked.elapsed())
        } else {
            Err(io::Error::other(format!("the server ended with {status}")))
        }
    }

    /// Freezes it, or lets it go on.
    pub(crate) async fn freeze(&self, frozen: bool) -> io::Result<()> {
        self.signal(if frozen { "STOP" } else { "CONT" }).await
    }

    async fn signal(&self, name: &str) -> io::Result<()> {
        let sent = Command::new("kill").args(["-s", name, &self.pid]).status().await?;
        if sent.success() { Ok(()) } else { Err(io::Error::other(format!("cannot send {name}"))) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone already when it was waited for.
        let _ = self.child.start_kill();
        let _ = self.watchdog.kill();
        let _ = self.watchdog.wait();
    }
}

/// A process that kills another one as soon as this one is no more, even by `kill -9`: the pipe closes then.
fn watch_over(pid: &str) -> io::Result<StdChild> {
    StdCommand::new("sh")
        .args(["-c", "trap '' INT TERM HUP; read _; kill -9 \"$1\"", "watchdog", pid])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// The server's program: the one named, or the one beside this program.
///
/// # Errors
/// A sentence that says how to build it.
pub fn find(named: Option<&Path>) -> Result<PathBuf, String> {
    let beside = || std::env::current_exe().ok().map(|me| me.with_file_name("meeting-session-server"));
    let program = named.map(Path::to_path_buf).or_else(beside).unwrap_or_default();
    if program.is_file() {
        return Ok(program);
    }
    Err(format!(
        "there is no server at {}. Build it with `cargo build --release -p meeting-session-server`, \
         or name another with --server FILE.",
        program.display()
    ))
}
