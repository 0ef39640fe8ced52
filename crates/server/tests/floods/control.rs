//! Two participants who write and read all the time, on a thread of their own, and how long their writes take.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use meeting_session_core::protocol::*;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::support::{Peer, Server, merge, soon};

/// The time between two writes of one of them: just below what a connection may send.
const INTERVAL: Duration = Duration::from_millis(25);

/// For so long they are watched alone first.
const QUIET: Duration = Duration::from_secs(1);

/// Whoever waits this long for half of the writes, or that long for one in a hundred, was disturbed. Both are far more
/// than it takes on a machine that has something else to do as well.
const DISTURBED: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// Two participants of a session of their own.
pub(crate) struct Control {
    delays: Arc<Mutex<Vec<Duration>>>,
    quiet: Delays,
    /// They stop when it is dropped.
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Control {
    /// Lets them begin, and watches them for a while in which nothing else happens.
    pub(crate) async fn start(server: &Server) -> Self {
        let delays = Arc::new(Mutex::new(Vec::new()));
        let (stop, stopped) = oneshot::channel();
        let (server, shared) = (server.other(), delays.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(write_and_read(&server, &shared, stopped));
        });
        tokio::time::sleep(QUIET).await;
        let quiet = Delays::take(&delays);
        Self { delays, quiet, stop, thread }
    }

    /// Stops them, checks that nothing was lost or late, and prints a line.
    pub(crate) fn finish(self, flood: &str, result: &str) {
        let Self { delays, quiet, stop, thread } = self;
        drop(stop);
        thread.join().expect("nothing of it is lost");
        let beside = Delays::take(&delays);
        println!("{flood}: {result}; beside it {beside}; quiet {quiet}");
        let [half, most] = DISTURBED;
        assert!(beside.p(50) < half && beside.p(99) < most, "{flood}: {beside}");
    }
}

async fn write_and_read(server: &Server, delays: &Mutex<Vec<Duration>>, stopped: oneshot::Receiver<()>) {
    let (ana, ben) = (Writes::default(), Writes::default());
    let stop = tokio::sync::watch::Sender::new(false);
    let names = ["Ana", "Ben"];
    let [one, other] =
        [Peer::join(server, "control", names[0]).await, Peer::join(server, "control", names[1]).await];
    tokio::join!(
        take_part(one, names, &ana, &ben, delays, stop.subscribe()),
        take_part(other, [names[1], names[0]], &ben, &ana, delays, stop.subscribe()),
        async {
            let _ = stopped.await;
            stop.send_replace(true);
        }
    );
}

/// When the writes were due that the other one has not seen, with their numbers.
type Writes = RefCell<VecDeque<(u64, Instant)>>;

/// Writes numbers to its own key, and notes when it sees those of the other one. Returns the participant, who stays
/// until the other one has seen everything, too.
async fn take_part(
    mut peer: Peer,
    [own_key, other_key]: [&str; 2],
    own: &Writes,
    other: &Writes,
    delays: &Mutex<Vec<Duration>>,
    mut stop: tokio::sync::watch::Receiver<bool>,
) -> Peer {
    let mut due = tokio::time::interval(INTERVAL);
    let (mut sent, mut answered) = (0_u64, 0_u64);
    while !*stop.borrow() {
        tokio::select! {
            due = due.tick() => {
                sent += 1;
                own.borrow_mut().push_back((sent, due));
                peer.send_update(merge(&[(own_key, &sent.to_string())])).await;
            }
            message = peer.message_unhurried() => answered += note(&peer, &message, other_key, other, delays),
            _ = stop.changed() => {}
        }
    }
    while answered < sent || !other.borrow().is_empty() {
        let message = soon(peer.message_unhurried()).await;
        answered += note(&peer, &message, other_key, other, delays);
    }
    peer
}

/// Notes what a message says, and returns how many writes it answers.
fn note(
    peer: &Peer,
    message: &ServerMessage,
    key: &str,
    writes: &Writes,
    delays: &Mutex<Vec<Duration>>,
) -> u64 {
    match message {
        ServerMessage::Result { result: UpdateResult::Applied(_), .. } => return 1,
        ServerMessage::State { .. } => {
            let seen = peer.data.get(key).map_or(0, |number| number.parse().unwrap());
            let mut writes = writes.borrow_mut();
            let now = Instant::now();
            while let Some((_, due)) = writes.pop_front_if(|(number, _)| *number <= seen) {
                delays.lock().unwrap().push(now - due);
            }
        }
        ServerMessage::ParticipantJoined(_) => {}
        other => panic!("{other:?}"),
    }
    0
}

/// From when writes were due until the other one saw them, the shortest first.
struct Delays(Vec<Duration>);

impl Delays {
    fn take(shared: &Mutex<Vec<Duration>>) -> Self {
        let mut delays = std::mem::take(&mut *shared.lock().unwrap());
        assert!(!delays.is_empty(), "they do not write");
        delays.sort();
        Self(delays)
    }

    /// What so many in a hundred are below.
    fn p(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }
}

impl fmt::Display for Delays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |delay: Duration| delay.as_secs_f64() * 1e3;
        let (p50, p99, max) = (ms(self.p(50)), ms(self.p(99)), ms(self.p(100)));
        write!(f, "{} writes p50 {p50:.1} p99 {p99:.1} max {max:.1} ms", self.0.len())
    }
}
