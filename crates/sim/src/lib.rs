//! The deterministic simulator.
//!
//! Many real [`Client`](meeting_session_core::Client)s and [`Session`](meeting_session_core::Session)s on one thread,
//! with a network, clocks and people that one seed drives, and beside them a model that says what must come of it.
//! Every step is checked; then the faults stop, and everything must become well within a bound. The same seed gives the
//! same run, bit for bit.

mod checks;
mod dice;
mod digest;
mod model;
mod network;
mod options;
mod server;
mod totals;
mod violation;
mod world;

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

pub use options::{Fault, Options};
pub use totals::Totals;
pub use violation::Violation;

use world::World;

/// How one run went.
#[derive(Debug)]
pub struct Outcome {
    /// What it was given.
    pub seed: u64,
    /// What it drew from that.
    pub options: Options,
    /// The guarantee that did not hold, if any.
    pub violation: Option<Violation>,
    /// What happened, counted.
    pub totals: Totals,
    /// A number for all that pages were sent, to compare two runs of a seed by.
    pub digest: u64,
    /// What happened, in words: empty unless asked for.
    pub trace: Vec<String>,
}

/// Runs a seed. With `traced` the outcome says what happened, in words.
pub fn run(seed: u64, traced: bool) -> Outcome {
    let options = Options::draw(seed);
    let mut world = World::new(seed, options.clone(), traced);
    let played = catch_unwind(AssertUnwindSafe(|| world.play()));
    let violation = match played {
        Ok(checked) => checked.err(),
        Err(panic) => Some(Violation { guarantee: "panic", what: message(&*panic) }),
    };
    Outcome {
        seed,
        options,
        violation,
        totals: world.totals,
        digest: world.digest.value(),
        trace: world.trace.unwrap_or_default(),
    }
}

/// Runs many seeds on several threads, each run on one, and hands over the outcomes in the order of the seeds until it
/// is told to stop.
pub fn run_all(seeds: Range<u64>, threads: usize, mut take: impl FnMut(Outcome) -> ControlFlow<()>) {
    let next = &AtomicU64::new(seeds.start);
    // A bounded one, so that the threads do not run on for long when it is time to stop.
    let (sender, outcomes) = mpsc::sync_channel(threads);
    let mut early = BTreeMap::new();
    let mut due = seeds.start;
    thread::scope(move |scope| {
        for _ in 0..threads {
            let (sender, next, end) = (sender.clone(), next, seeds.end);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || sender.send(run(seed, false)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for outcome in outcomes {
            early.insert(outcome.seed, outcome);
            while let Some(outcome) = early.remove(&due) {
                due += 1;
                if take(outcome).is_break() {
                    return;
                }
            }
        }
    });
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).into());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
