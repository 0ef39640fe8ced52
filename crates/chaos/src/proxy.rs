//! A faulty network: a TCP proxy in front of a server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::dice::Dice;

/// What the proxy reads at once.
const CHUNK: usize = 4 * 1024;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// What the proxy does to a connection. All times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    /// Every chunk comes so much later, and up to `jitter` more.
    Delay {
        by: u64,
        jitter: u64,
    },
    /// So many bytes a second.
    Throttle(u64),
    /// Both ends stay connected, and nothing gets through.
    Blackhole,
    /// Nothing gets through one way.
    HalfOpen(Way),
    /// Both ends are closed in order.
    Cut,
    /// Both ends are reset.
    Reset,
}

impl Mode {
    fn stops(self, way: Way) -> bool {
        self == Self::Blackhole || self == Self::HalfOpen(way) || self.ends()
    }

    const fn ends(self) -> bool {
        matches!(self, Self::Cut | Self::Reset)
    }
}

/// The proxy. Dropping it ends all connections.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared(Mutex<State>);

#[derive(Debug)]
struct State {
    upstream: Option<SocketAddr>,
    refuses: bool,
    /// What new connections begin with.
    fresh: Mode,
    links: Vec<watch::Sender<Mode>>,
    /// Those that will never work again, whatever becomes of the network: it has forgotten them.
    forgotten: Vec<watch::Sender<Mode>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proxy {
    /// A proxy that passes everything on, once it is told where to.
    pub(crate) fn start() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = socket.listen(4_096)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared(Mutex::new(State {
            upstream: None,
            refuses: false,
            fresh: Mode::Pass,
            links: Vec::new(),
            forgotten: Vec::new(),
        })));
        let acceptor = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self { address, shared, acceptor })
    }

    /// Says where new connections go; with none they are reset.
    pub(crate) fn set_upstream(&self, upstream: Option<SocketAddr>) {
        self.shared.state().upstream = upstream;
    }

    /// Refuses new connections, or no longer.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.shared.state().refuses = refuses;
    }

    /// Puts connections into a mode: of those that are there a share in thousandths, and with `fresh` all new ones.
    pub(crate) fn set(&self, mode: Mode, share: u64, fresh: bool, dice: &mut Dice) {
        let mut state = self.shared.state();
        state.links.retain(|link| !link.is_closed());
        for link in state.links.iter().filter(|_| dice.chance(share)) {
            link.send_replace(mode);
        }
        if fresh {
            state.fresh = mode;
        }
    }

    /// Connections that nothing gets through now stay so for ever.
    pub(crate) fn forget_stopped(&self) {
        let stopped = self.take_stopped();
        self.shared.state().forgotten.extend(stopped);
    }

    /// Connections that nothing gets through now end: `Cut` or `Reset`.
    pub(crate) fn break_stopped(&self, mode: Mode) {
        for link in self.take_stopped() {
            link.send_replace(mode);
        }
    }

    fn take_stopped(&self) -> Vec<watch::Sender<Mode>> {
        let mut state = self.shared.state();
        let stops = |link: &watch::Sender<Mode>| {
            [Way::ToServer, Way::ToClient].iter().any(|way| link.borrow().stops(*way))
        };
        let (stopped, alive) = std::mem::take(&mut state.links).into_iter().partition(stops);
        state.links = alive;
        stopped
    }

    /// All connections that are not forgotten pass everything on again.
    pub(crate) fn heal(&self) {
        let mut state = self.shared.state();
        (state.fresh, state.refuses) = (Mode::Pass, false);
        for link in &state.links {
            link.send_replace(Mode::Pass);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut links = JoinSet::new();
    let mut number = 0;
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // Perhaps no file descriptor is left; trying at once would only burn time.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        while links.try_join_next().is_some() {}
        let mut state = shared.state();
        let upstream = state.upstream.filter(|_| !state.refuses);
        let (mode, receiver) = watch::channel(state.fresh);
        state.links.push(mode);
        drop(state);
        number += 1;
        links.spawn(async move {
            if let Some(server) = connect(upstream).await {
                link(number, client, server, receiver).await;
            } else {
                let _ = client.set_zero_linger();
            }
        });
    }
}

async fn connect(upstream: Option<SocketAddr>) -> Option<TcpStream> {
    TcpStream::connect(upstream?).await.ok()
}

/// Carries one connection until an end closes it or the network does.
async fn link(number: u64, mut client: TcpStream, mut server: TcpStream, mode: watch::Receiver<Mode>) {
    let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
    let mut ending = mode.clone();
    let ended = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            biased;
            ended = ending.wait_for(|mode| mode.ends()) => ended.ok().map(|mode| *mode),
            _ = async { tokio::try_join!(
                pump(Way::ToServer, from_client, to_server, mode.clone(), Dice::new(number, 0)),
                pump(Way::ToClient, from_server, to_client, mode.clone(), Dice::new(number, 1)),
            ) } => None,
        }
    };
    match ended {
        Some(Mode::Reset) => {
            let _ = client.set_zero_linger().and_then(|()| server.set_zero_linger());
        }
        Some(_) => drop(tokio::join!(client.shutdown(), server.shutdown())),
        None => {}
    }
}

async fn pump(
    way: Way,
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut mode: watch::Receiver<Mode>,
    mut dice: Dice,
) -> io::Result<()> {
    let mut buffer = [0; CHUNK];
    loop {
        let now = *mode.wait_for(|mode| !mode.stops(way)).await.map_err(io::Error::other)?;
        let limit = if let Mode::Throttle(rate) = now { (rate as usize / 20).clamp(1, CHUNK) } else { CHUNK };
        let length = tokio::select! {
            biased;
            _ = mode.changed() => continue,
            length = from.read(&mut buffer[..limit]) => length?,
        };
        if length == 0 {
            return to.shutdown().await;
        }
        let pause = match now {
            Mode::Delay { by, jitter } => dice.between(by, by + jitter),
            Mode::Throttle(rate) => length as u64 * 1_000 / rate.max(1),
            _ => 0,
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        // It may have stopped meanwhile.
        mode.wait_for(|mode| !mode.stops(way)).await.map_err(io::Error::other)?;
        to.write_all(&buffer[..length]).await?;
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(60);
    const QUIET: Duration = Duration::from_millis(300);

    /// A proxy in front of a server that says everything back, and a connection through it.
    async fn echo() -> (Proxy, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::start().unwrap();
        proxy.set_upstream(listener.local_addr().ok());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    tokio::io::copy(&mut read, &mut write).await
                });
            }
        });
        let stream = TcpStream::connect(proxy.address).await.unwrap();
        (proxy, stream)
    }

    async fn hear(stream: &mut TcpStream) -> io::Result<usize> {
        timeout(SOON, stream.read(&mut [0; 8])).await.unwrap()
    }

    /// Four bytes come back.
    async fn echoes(stream: &mut TcpStream) {
        stream.write_all(b"ping").await.unwrap();
        let mut echo = [0; 4];
        timeout(SOON, stream.read_exact(&mut echo)).await.unwrap().unwrap();
    }

    /// Four bytes do not come back, at least for a while.
    async fn is_quiet(stream: &mut TcpStream) -> bool {
        stream.write_all(b"ping").await.unwrap();
        timeout(QUIET, stream.read(&mut [0; 8])).await.is_err()
    }

    #[tokio::test]
    async fn each_mode_does_what_it_says_until_the_network_heals() {
        let mut dice = Dice::new(1, 1);
        let (proxy, mut stream) = echo().await;
        echoes(&mut stream).await;
        for mode in [Mode::Blackhole, Mode::HalfOpen(Way::ToServer), Mode::HalfOpen(Way::ToClient)] {
            proxy.set(mode, 1_000, false, &mut dice);
            assert!(is_quiet(&mut stream).await, "{mode:?}");
            proxy.heal();
            assert_eq!(hear(&mut stream).await.unwrap(), 4, "{mode:?}: nothing is lost");
        }
        for mode in [Mode::Throttle(1), Mode::Delay { by: 1_000, jitter: 10 }] {
            let mut stream = TcpStream::connect(proxy.address).await.unwrap();
            echoes(&mut stream).await;
            proxy.set(mode, 1_000, false, &mut dice);
            assert!(is_quiet(&mut stream).await, "{mode:?}");
            let some = hear(&mut stream).await.unwrap();
            assert_eq!(some, if mode == Mode::Throttle(1) { 1 } else { 4 });
            proxy.heal();
        }
    }

    #[tokio::test]
    async fn connections_end_in_order_or_are_reset_or_refused_or_forgotten() {
        let mut dice = Dice::new(1, 1);
        let (proxy, mut stream) = echo().await;
        let again = async || {
            let mut stream = TcpStream::connect(proxy.address).await.unwrap();
            echoes(&mut stream).await;
            stream
        };
        echoes(&mut stream).await;
        proxy.set(Mode::Cut, 1_000, false, &mut dice);
        assert_eq!(hear(&mut stream).await.unwrap(), 0);

        let mut stream = again().await;
        proxy.set(Mode::Reset, 1_000, false, &mut dice);
        assert_eq!(hear(&mut stream).await.unwrap_err().kind(), ErrorKind::ConnectionReset);

        let mut stream = again().await;
        proxy.set(Mode::HalfOpen(Way::ToClient), 1_000, false, &mut dice);
        assert!(is_quiet(&mut stream).await);
        proxy.break_stopped(Mode::Reset);
        assert!(hear(&mut stream).await.is_err(), "what had not come back is lost");

        let mut stream = again().await;
        proxy.set(Mode::Blackhole, 1_000, false, &mut dice);
        proxy.forget_stopped();
        proxy.heal();
        assert!(is_quiet(&mut stream).await);

        proxy.refuse(true);
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        assert!(hear(&mut stream).await.is_err());
    }
}
