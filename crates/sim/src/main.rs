//! Runs seeds and says what came of them: see `--help`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a program for a terminal

use std::ops::{ControlFlow, Range};
use std::process::ExitCode;
use std::time::Instant;

use meeting_session_sim::{Outcome, Totals, run, run_all};

const HELP: &str = "\
Simulates clients and a server, one run for each seed, and checks every guarantee at every step.

  --count N    run N seeds (1000)
  --from N     the first seed (0)
  --seeds A..B run the seeds from A to before B
  --seed N     run one seed
  --threads N  at a time (one for each core)
  --verbose    say what happened in each run, step by step
";

/// Lines of a failing run that are shown without `--verbose`.
const LAST_LINES: usize = 60;

struct Arguments {
    seeds: Range<u64>,
    threads: usize,
    verbose: bool,
}

fn main() -> ExitCode {
    let Some(arguments) = read(std::env::args().skip(1)) else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    let begun = Instant::now();
    let (mut totals, mut failed) = (Totals::default(), Vec::new());
    if arguments.verbose {
        for seed in arguments.seeds.clone() {
            let outcome = run(seed, true);
            totals.merge(&outcome.totals);
            outcome.trace.iter().for_each(|line| println!("{line}"));
            println!("seed {seed}: {:?}", outcome.options);
            println!("digest {:016x}", outcome.digest);
            failed.extend(outcome.violation.is_some().then_some(seed));
        }
    } else {
        run_all(arguments.seeds.clone(), arguments.threads, |outcome| {
            totals.merge(&outcome.totals);
            if let Some(violation) = outcome.violation {
                println!("seed {}: {violation:.300}", outcome.seed);
                failed.push(outcome.seed);
            }
            ControlFlow::Continue(())
        });
    }
    let (count, seconds) = (arguments.seeds.end - arguments.seeds.start, begun.elapsed().as_secs_f64());
    print!("{totals}");
    println!(
        "{count} seeds in {seconds:.1} s, {:.0} a second; {} failed",
        count as f64 / seconds,
        failed.len()
    );
    let Some(&first) = failed.first() else {
        return ExitCode::SUCCESS;
    };
    tell(&run(first, true), arguments.verbose);
    ExitCode::FAILURE
}

/// Tells what went wrong in a run, and how to see it again.
fn tell(outcome: &Outcome, verbose: bool) {
    let shown = if verbose { 0 } else { outcome.trace.len().saturating_sub(LAST_LINES) };
    outcome.trace.iter().skip(shown).filter(|_| !verbose).for_each(|line| println!("{line}"));
    println!("\nseed {}: {:?}", outcome.seed, outcome.options);
    if let Some(violation) = &outcome.violation {
        println!("{violation}");
    }
    println!(
        "again, with all steps: cargo run --release -p meeting-session-sim -- --seed {} --verbose",
        outcome.seed
    );
}

fn read(mut arguments: impl Iterator<Item = String>) -> Option<Arguments> {
    let (mut from, mut count, mut verbose) = (0, 1_000, false);
    let mut threads = std::thread::available_parallelism().map_or(1, usize::from);
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--verbose" => verbose = true,
            "--count" => count = arguments.next()?.parse().ok()?,
            "--from" => from = arguments.next()?.parse().ok()?,
            "--seed" => (from, count) = (arguments.next()?.parse().ok()?, 1),
            "--seeds" => {
                let range = arguments.next()?;
                let (first, end) = range.split_once("..")?;
                from = first.parse().ok()?;
                count = end.parse::<u64>().ok()?.checked_sub(from)?;
            }
            "--threads" => threads = arguments.next()?.parse().ok().filter(|threads| *threads > 0)?,
            _ => return None,
        }
    }
    Some(Arguments { seeds: from..from.checked_add(count)?, threads, verbose })
}
