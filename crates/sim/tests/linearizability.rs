//! Writes on conditions, seen from outside: whether what clients are told of one key could have come of operations that
//! happened one at a time. Nothing here knows of revisions, of the simulator or of its model.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // the numbers are worth a line

#[path = "register/checker.rs"]
mod checker;
#[path = "register/world.rs"]
mod world;

use checker::{Call, is_linearizable};
use world::history;

const HISTORIES: u64 = if cfg!(debug_assertions) { 200 } else { 4_000 };

/// One test for all, because the choice of a seeded bug is the whole process's.
#[test]
fn what_clients_are_told_of_a_key_is_linearizable() {
    let (mut swapped, mut refused, mut unknown) = (0, 0, 0);
    for seed in 0..HISTORIES {
        let history = history(seed);
        assert!(is_linearizable(&history), "seed {seed}: {history:#?}");
        for operation in &history {
            match operation.call {
                Call::Swap { done: Some(true), .. } => swapped += 1,
                Call::Swap { done: Some(false), .. } => refused += 1,
                _ => {}
            }
            unknown += usize::from(operation.ended.is_none());
        }
    }
    println!("{HISTORIES} histories: {swapped} swaps done, {refused} refused, {unknown} operations unknown");
    assert!(swapped > 100 && refused > 100 && unknown > 0, "{swapped} {refused} {unknown}");
    #[cfg(feature = "mutants")]
    every_bug_of_conditions_is_found();
}

#[cfg(feature = "mutants")]
fn every_bug_of_conditions_is_found() {
    use meeting_session_core::mutants;
    let bugs = [
        "condition-ignored",
        "condition-checked-against-a-stale-revision",
        "condition-stamped-when-sent",
        "dedupe-skipped",
    ];
    let mut hidden = Vec::new();
    for bug in bugs {
        mutants::set(Some(bug));
        match (0..HISTORIES).find(|seed| !is_linearizable(&history(*seed))) {
            Some(seed) => println!("{bug}: in {} histories", seed + 1),
            None => hidden.push(bug),
        }
    }
    mutants::set(None);
    assert!(hidden.is_empty(), "not found in {HISTORIES} histories: {hidden:?}");
}
