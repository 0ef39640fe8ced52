//! Many runs, and that a run is the same every time.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use meeting_session_sim::{Totals, run, run_all};

/// Without optimisation a run takes thirty times as long.
const SEEDS: u64 = if cfg!(debug_assertions) { 50 } else { 2_000 };

#[test]
fn every_guarantee_holds_in_many_runs() {
    let (mut totals, mut failed) = (Totals::default(), Vec::new());
    run_all(0..SEEDS, std::thread::available_parallelism().map_or(1, usize::from), |outcome| {
        totals.merge(&outcome.totals);
        let seed = outcome.seed;
        failed.extend(outcome.violation.map(|violation| {
            format!(
                "{violation}\n  {:?}\n  cargo run --release -p meeting-session-sim -- --seed {seed}",
                outcome.options
            )
        }));
        ControlFlow::Continue(())
    });
    assert!(failed.is_empty(), "{} of {SEEDS} seeds failed:\n{}", failed.len(), failed.join("\n"));

    if cfg!(debug_assertions) {
        return;
    }
    // Runs in which nothing happened would hold as well.
    let happens = [
        "closed: silent",
        "closed: superseded",
        "conditions about what the log may have forgotten",
        "conditions that did not hold",
        "conditions that held",
        "connections blocked",
        "deltas shown that skip revisions",
        "first joins given up",
        "join answers: delta",
        "join answers: nothing new",
        "late joins turned away",
        "messages held back by the rate limit",
        "patches applied",
        "reloads",
        "resets told",
        "resumes",
        "server kills",
        "server rollbacks",
        "server stops",
        "sessions taken up by the next server",
        "sessions ended",
        "transactions done",
        "transactions given up",
        "transactions tried again",
        "updates sent again",
        "writes applied",
        "writes expired",
        "writes refused: busy",
        "writes rejected: conflict",
        "writes rejected: session reset",
        "writes rejected: too large",
        "writes unchanged",
        "writes unknown",
        "writes withdrawn",
        "writes withdrawn too late",
    ];
    let never: Vec<_> = happens.iter().filter(|what| totals.get(what) == 0).collect();
    assert!(never.is_empty(), "never happened in {SEEDS} runs: {never:?}");
}

#[test]
fn a_seed_is_one_run_bit_for_bit() {
    let mut digests = BTreeSet::new();
    for seed in 0..10 {
        let (first, second) = (run(seed, false), run(seed, true));
        assert_eq!(first.digest, second.digest, "seed {seed}");
        assert_eq!(first.totals, second.totals, "seed {seed}");
        digests.insert(first.digest);
    }
    assert_eq!(digests.len(), 10, "different seeds are different runs");
}
