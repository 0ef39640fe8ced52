//! Two participants who write and read all the time, on a thread of their own, and how long their writes take.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use meeting_session_core::protocol::*;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};

use crate::support::{Peer, Server, merge, sleep_ms, soon};

/// From when a write of one of them was seen until its next one: just below what a connection may send.
const INTERVAL: Duration = Duration::from_millis(25);

/// For so long they are watched alone first, and for so many writes.
const QUIET: Duration = Duration::from_secs(1);
const QUIET_WRITES: usize = 40;

/// Whoever waits this long for half of the writes, or that long for one in ten, was disturbed. Both are far more than it
/// takes on a machine that has something else to do as well. One that stands still for a while makes one write of each
/// late, as the next one is not due before that one was seen, and this much is always allowed.
const DISTURBED: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// What no write may take.
const STARVED: Duration = Duration::from_secs(20);

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
        soon(async {
            while delays.lock().unwrap().len() < QUIET_WRITES {
                sleep_ms(20).await;
            }
        })
        .await;
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
        let late = beside.0.iter().filter(|delay| **delay >= most).count();
        assert!(
            beside.p(50) < half && beside.p(100) < STARVED && late <= (beside.0.len() / 10).max(2),
            "{flood}: {beside}, {late} late"
        );
    }
}

async fn write_and_read(server: &Server, delays: &Mutex<Vec<Duration>>, stopped: oneshot::Receiver<()>) {
    let first = || watch::Sender::new(Write { number: 0, seen: true, due: Instant::now() });
    let (ana, ben) = (first(), first());
    let stop = watch::Sender::new(false);
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

/// The last write of a participant.
struct Write {
    number: u64,
    /// Whether the other one has seen it.
    seen: bool,
    /// When it was due; once it was seen, when the next one is.
    due: Instant,
}

/// Writes numbers to its own key, and notes when it sees those of the other one. Returns the participant, who stays
/// until the other one has seen everything, too.
async fn take_part(
    mut peer: Peer,
    [own_key, other_key]: [&str; 2],
    own: &watch::Sender<Write>,
    other: &watch::Sender<Write>,
    delays: &Mutex<Vec<Duration>>,
    mut stop: watch::Receiver<bool>,
) -> Peer {
    let mut last = own.subscribe();
    let (mut sent, mut answered) = (0_u64, 0_u64);
    while !*stop.borrow() {
        let next = async {
            let due = last.wait_for(|write| write.seen).await.unwrap().due;
            sleep_until(due).await;
            due
        };
        tokio::select! {
            due = next => {
                sent += 1;
                own.send_replace(Write { number: sent, seen: false, due });
                peer.send_update(merge(&[(own_key, &sent.to_string())])).await;
            }
            message = peer.message_unhurried() => answered += note(&peer, &message, other_key, other, delays),
            _ = stop.changed() => {}
        }
    }
    while answered < sent || !other.borrow().seen {
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
    last: &watch::Sender<Write>,
    delays: &Mutex<Vec<Duration>>,
) -> u64 {
    match message {
        ServerMessage::Result { result: UpdateResult::Applied(_), .. } => return 1,
        ServerMessage::State { .. } => {
            let seen = peer.data.get(key).map_or(0, |number| number.parse().unwrap());
            last.send_if_modified(|last| {
                let newly = !last.seen && last.number <= seen;
                if newly {
                    let now = Instant::now();
                    delays.lock().unwrap().push(now - last.due);
                    (last.seen, last.due) = (true, now + INTERVAL);
                }
                newly
            });
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
