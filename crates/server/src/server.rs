//! Accepts connections until it is told to stop, and then ends them all.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Once};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use meeting_session_core::protocol::limits;
use meeting_session_core::session::SessionConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tracing::{debug, info, warn};

use crate::clock::Clock;
use crate::config::Config;
use crate::hub::Hub;
use crate::origin::OriginPolicy;
use crate::state_file::StateFile;
use crate::{joining, routes};

/// The time in which a client must have sent its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// The room for a request's head; more is answered with 431.
const HEAD_BYTES: usize = 16 * 1024;

/// Headers in a request; more are answered with 431.
const HEADERS: usize = 64;

/// The time in which clients that were told to go have their writes answered and go. What is left then is closed.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// The time in which connections are closed when the server stops. What is left then is cut off.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Clients that were told to go come back over this time, and so much more for each, so that the next server does not
/// get them all at once.
const SPREAD: Duration = Duration::from_millis(250);
const SPREAD_PER_CONNECTION: Duration = Duration::from_millis(1);

/// The pause after a failed accept. There may be no file descriptor left, and trying at once would only burn time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The time in which a connection that is no WebSocket must end when there is no file descriptor left. Those who have
/// joined are left alone; those who hold a descriptor and ask for nothing give theirs up to others.
const SHORTAGE_TIMEOUT: Duration = Duration::from_millis(500);

/// Bytes that the system takes for a connection before it has sent them.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 64 * 1024;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) hub: Arc<Hub>,
    pub(crate) origins: OriginPolicy,
    /// Places for connections that have not joined.
    pub(crate) joining: Arc<joining::Places>,
    /// The proxies that may say for whom they ask.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// That there may be a proxy which is not trusted is said once, because everybody can pretend to be one.
    pub(crate) untrusted: Once,
    /// Tells requests under way, and connections without one, that there are too few file descriptors.
    shortage: Notify,
    /// True when the server stops. Every task that must end first holds a [`Stop`].
    stop: watch::Sender<bool>,
}

impl Server {
    /// A way for a task to learn that the server stops. The server waits until the task drops it.
    pub(crate) fn on_stop(&self) -> Stop {
        Stop(self.stop.subscribe())
    }
}

/// The other end of the TCP connection that a request came on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TcpPeer(pub(crate) IpAddr);

/// See [`Server::on_stop`].
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Completes when the server stops.
    pub(crate) async fn requested(&mut self) {
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// Serves sessions on `listener` until `shutdown` completes, then sends the clients away, closes every connection, writes
/// the state file if there is to be one, and returns.
///
/// # Errors
/// When the listener has no local address, or the state file cannot be read or written.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let Config { sync_interval, grace, away_grace, .. } = config;
    let session = SessionConfig { sync_interval, grace, away_grace };
    let server = Arc::new(Server {
        hub: Arc::new(Hub::new(session, Clock::start())),
        origins: OriginPolicy::new(address.ip(), config.allow_origin),
        joining: Arc::default(),
        trusted_proxies: config.trusted_proxy,
        untrusted: Once::new(),
        shortage: Notify::new(),
        stop: watch::Sender::new(false),
    });
    let state_file = match &config.state_file {
        Some(path) => Some(StateFile::open(path).map_err(|error| of_state_file(path, &error))?),
        None => None,
    };
    if let Some(file) = &state_file {
        let (sessions, ago) = file.take().map_err(|error| of_state_file(&file.path, &error))?;
        server.hub.restore(sessions, ago);
    }
    let router = routes::router(server.clone());
    accept_until(shutdown, &listener, &server, &router).await;

    info!("draining");
    // Who asks whether this server is ready, or comes now, still gets an answer.
    let drained = tokio::time::timeout(DRAIN_TIMEOUT, drain(&server.hub));
    accept_until(async { drop(drained.await) }, &listener, &server, &router).await;

    drop(listener);
    info!("stopping");
    server.stop.send_replace(true);
    let closed = tokio::time::timeout(STOP_TIMEOUT, server.stop.closed()).await;
    if closed.is_err() {
        warn!(connections = server.stop.receiver_count(), "connections did not close in time");
    }
    if let Some(file) = &state_file {
        let written = file.write(server.hub.save().await);
        written.map_err(|error| of_state_file(&file.path, &error))?;
    }
    server.hub.clear();
    Ok(())
}

/// An error that says which file it is about.
fn of_state_file(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the state file {}: {error}", file.display()))
}

/// Accepts connections until `end` completes.
async fn accept_until(
    end: impl Future<Output = ()>,
    listener: &TcpListener,
    server: &Arc<Server>,
    router: &Router,
) {
    let mut end = pin!(end);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    tokio::spawn(serve(stream, peer.ip(), router.clone(), server.clone()));
                }
                // This one alone: it ended before it was accepted.
                Err(error) if is_of_one_peer(&error) => debug!(%error, "a connection was lost at once"),
                Err(error) => {
                    warn!(%error, "cannot accept a connection");
                    server.shortage.notify_waiters();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            () = &mut end => break,
        }
    }
}

fn is_of_one_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Sends all clients away and waits until they have gone.
async fn drain(hub: &Hub) {
    let connections = u32::try_from(hub.connected()).unwrap_or(u32::MAX);
    let spread = SPREAD + SPREAD_PER_CONNECTION.saturating_mul(connections);
    hub.go_away(spread.min(limits::BACKOFF_MAX)).await;
    hub.disconnected().await;
}

fn set_up(stream: &TcpStream) -> io::Result<()> {
    // A frame is written whole; waiting for more would only delay it.
    stream.set_nodelay(true)?;
    // The system would take megabytes for a peer that reads nothing. What it does not take can be conflated.
    #[cfg(target_os = "linux")]
    {
        let socket = socket2::SockRef::from(stream);
        socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
        // Nobody else would ever give up a browser that asks for a file and takes none of it.
        socket.set_tcp_user_timeout(Some(limits::SILENCE_MAX))?;
    }
    Ok(())
}

/// Serves one TCP connection: any number of requests, the last of which may become a WebSocket.
async fn serve(stream: TcpStream, peer: IpAddr, router: Router, server: Arc<Server>) {
    let mut stop = server.on_stop();
    if let Err(error) = set_up(&stream) {
        return debug!(%peer, %error, "connection was lost at once");
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(TcpPeer(peer));
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let end_within = tokio::select! {
        ended = connection.as_mut() => return log_end(peer, ended),
        () = stop.requested() => STOP_TIMEOUT,
        () = server.shortage.notified() => SHORTAGE_TIMEOUT,
    };
    connection.as_mut().graceful_shutdown();
    match tokio::time::timeout(end_within, connection).await {
        Ok(ended) => log_end(peer, ended),
        Err(_) => debug!(%peer, "connection was cut"),
    }
}

fn log_end(peer: IpAddr, ended: hyper::Result<()>) {
    if let Err(error) = ended {
        debug!(%peer, %error, "connection failed");
    }
}
