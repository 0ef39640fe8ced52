//! Seeded bugs in the core: the simulator must find each of them, or it proves nothing.
//!
//! `cargo test --release -p meeting-session-sim --features mutants -- --nocapture` prints in how many seeds.

#![cfg(feature = "mutants")]
#![allow(clippy::print_stdout)] // the numbers are what one runs this for

use std::ops::ControlFlow;

use meeting_session_core::mutants;
use meeting_session_sim::run_all;

/// No bug may stay hidden for longer.
const SEEDS: u64 = 2_000;

/// One test, because the choice of a bug is the whole process's.
#[test]
fn every_seeded_bug_is_found() {
    let mut hidden = Vec::new();
    std::panic::set_hook(Box::new(|_| {})); // some bugs end in a failed assertion, which is found as well
    for name in mutants::ALL {
        mutants::set(Some(name));
        let mut first = None;
        run_all(0..SEEDS, threads(), |outcome| match outcome.violation {
            Some(violation) => {
                first = Some((outcome.seed, violation));
                ControlFlow::Break(())
            }
            None => ControlFlow::Continue(()),
        });
        match first {
            Some((seed, violation)) => {
                let text = violation.to_string();
                println!("{name}: in {} seeds: {}", seed + 1, text.get(..120).unwrap_or(&text));
            }
            None => hidden.push(name),
        }
    }
    assert!(hidden.is_empty(), "not found in {SEEDS} seeds: {hidden:?}");
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
