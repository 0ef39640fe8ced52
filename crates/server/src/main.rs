//! The server's program: arguments, log, signals.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::{ExitCode, exit};

use clap::Parser;
use meeting_session_server::{Config, run};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::warn;
use tracing_subscriber::EnvFilter;

/// Connections that may wait until they are accepted: as many clients as may come back at the same moment. Tokio says 128,
/// and the system lets each one beyond that wait for a second. (Its own limit, `net.core.somaxconn`, is 4,096.)
#[cfg(target_os = "linux")]
const BACKLOG: i32 = 4_096;

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    match serve(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            let _ = writeln!(io::stderr(), "error: {sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> Result<(), String> {
    let listener =
        TcpListener::bind(&config.listen).await.map_err(|error| cannot_listen(&config.listen, &error))?;
    let address = listener.local_addr().map_err(|error| cannot_listen(&config.listen, &error))?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(&listener)
        .listen(BACKLOG)
        .map_err(|error| cannot_listen(&config.listen, &error))?;
    // Signals count from here on, so that one that comes right after the first line is not lost.
    let shutdown = shutdown().map_err(|error| format!("cannot receive signals: {error}"))?;
    if !address.ip().to_canonical().is_loopback() {
        warn!(%address, "everybody who can reach this address can join every session");
    }
    say(format_args!("listening on http://{address}"));
    run(listener, config, shutdown).await.map_err(|error| format!("the server failed: {error}"))
}

/// Completes at the first signal. The second one ends the program at once.
fn shutdown() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        either(&mut interrupt, &mut terminate).await;
        tokio::spawn(async move {
            either(&mut interrupt, &mut terminate).await;
            exit(1);
        });
    })
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

fn cannot_listen(listen: &str, error: &io::Error) -> String {
    let why = match error.kind() {
        ErrorKind::AddrInUse => {
            "another program already listens there. End it, or choose another port, such as --listen 127.0.0.1:7881".into()
        }
        ErrorKind::AddrNotAvailable => "this machine has no such address".into(),
        ErrorKind::PermissionDenied => "this user may not; ports from 1024 on need no rights".into(),
        ErrorKind::InvalidInput => "an address is HOST:PORT, such as 127.0.0.1:7880".into(),
        _ => error.to_string(),
    };
    format!("cannot listen on {listen}: {why}")
}

/// Nobody may be there to read it, which is no reason to stop.
fn say(what: impl Display) {
    let mut stdout = io::stdout();
    let _ = writeln!(stdout, "{what}").and_then(|()| stdout.flush());
}
