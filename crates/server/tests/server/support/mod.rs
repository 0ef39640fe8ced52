//! A server to test, and clients from raw bytes up to a participant with a copy of the data.

mod control;
mod peer;
mod socket;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use meeting_session_core::protocol::limits;
use meeting_session_server::{Config, run};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) use control::Control;
pub(crate) use peer::{Peer, join_message, json, merge, replace};
pub(crate) use socket::{
    BINARY, CLOSE, CONTINUATION, FIN, MASK, MASKED, PING, PONG, Received, Socket, TEXT, frame,
};

/// How long anything may take that should happen at once or after a time limit of the server, on a machine that has much
/// to do. Less than the grace: somebody who is gone at once must not be taken for one whom it ended.
const PATIENCE: Duration = Duration::from_secs(25);

/// Waits for what should happen at once, or after a time limit of the server.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("what should happen at once did not happen")
}

pub(crate) async fn sleep_ms(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// Makes an attempt whose result says something only if it took less than a connection may take to join. A machine that
/// stands still meanwhile gets another chance.
pub(crate) async fn within_join_timeout<T>(attempt: impl AsyncFn() -> T) -> T {
    for _ in 0..5 {
        let start = Instant::now();
        let result = attempt().await;
        if start.elapsed() < limits::JOIN_TIMEOUT - Duration::from_secs(1) {
            return result;
        }
    }
    panic!("no attempt took less time than a connection may take to join");
}

/// A server on a free port.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server whose participants are given up so soon after their connection was lost.
    pub(crate) async fn with_grace(millis: u64) -> Self {
        Self::with(|config| config.grace = Duration::from_millis(millis)).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { listen: "127.0.0.1:0".into(), ..Config::default() };
        change(&mut config);
        let listener = TcpListener::bind(&config.listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(run(listener, config, async {
            let _ = stopped.await;
        }));
        Self { address, stop, task }
    }

    /// A server that runs as a program of its own.
    pub(crate) fn elsewhere(address: SocketAddr) -> Self {
        Self { address, stop: oneshot::channel().0, task: tokio::spawn(async { Ok(()) }) }
    }

    /// Tells the server to stop.
    pub(crate) fn stop(self) -> JoinHandle<io::Result<()>> {
        self.stop.send(()).unwrap();
        self.task
    }
}
