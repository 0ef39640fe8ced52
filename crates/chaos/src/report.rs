//! What a person reads in the end: one line for each run, failures first.

use std::fmt::Write;
use std::path::Path;

use crate::checks::Counter;
use crate::run::Outcome;

/// Findings of one run that are told; the first ones are what matters.
const FINDINGS: usize = 8;

const LEGEND: &str = "\
acked, unknown, rejected, conflicts: awaited writes. ends: epochs that ended; announced: to each page that had seen one, once.
replayed: revisions computed again from the writes. well / equal: seconds from the end of all faults until half of the
pages had written again, and until all showed the same.
";

/// The table, and after it what failed with the command that repeats it.
pub fn report(outcomes: &mut [Outcome], again: impl Fn(&Outcome) -> String) -> String {
    outcomes.sort_by_key(|outcome| outcome.verdict.findings.is_empty());
    let mut text = format!(
        "{:<6} {:<11} {:>5} {:>6} {:>4} {:>5} {:>7} {:>8} {:>9} {:>5} {:>8} {:>6} {:>10} {:>13} {:>6}\n",
        "",
        "scenario",
        "seed",
        "acked",
        "lost",
        "twice",
        "unknown",
        "rejected",
        "conflicts",
        "ends",
        "announced",
        "breaks",
        "replayed",
        "well / equal",
        "took"
    );
    for outcome in outcomes.iter() {
        let totals = &outcome.verdict.totals;
        let passed = if outcome.verdict.findings.is_empty() { "ok" } else { "FAILED" };
        let replayed = format!("{}/{}", totals.replayed, totals.revisions);
        let converged =
            format!("{} / {}", seconds(at(&totals.well, 50)), seconds(at(&totals.converged, 100)));
        let _ = writeln!(
            text,
            "{passed:<6} {:<11} {:>5} {:>6} {:>4} {:>5} {:>7} {:>8} {:>9} {:>5} {:>9} {:>6} {replayed:>10} {converged:>13} {:>5.0}s",
            outcome.scenario,
            outcome.seed,
            totals.acknowledged,
            totals.lost,
            totals.applied_twice,
            totals.unknown,
            totals.rejected,
            totals.conflicts,
            totals.ends,
            totals.announced,
            totals.interruptions,
            outcome.took.as_secs_f64(),
        );
    }
    text.push_str(LEGEND);
    for outcome in outcomes.iter().filter(|outcome| outcome.scenario.starts_with("herd")) {
        let back = &outcome.verdict.totals.back;
        let points = [50, 90, 99, 100].map(|part| format!("{part} % after {} s", seconds(at(back, part))));
        let _ =
            writeln!(text, "{}: {} connections back: {}", outcome.scenario, back.len(), points.join(", "));
    }
    for outcome in outcomes.iter() {
        let Some(Counter { value, attempts, took }) = outcome.verdict.totals.counter else { continue };
        let took = took as f64 / 1e6;
        let (rate, each) = (value as f64 / took, attempts as f64 / value as f64);
        let _ = writeln!(
            text,
            "{}: {value} times one in {took:.2} s, {rate:.0} a second, with {each:.2} attempts each",
            outcome.scenario
        );
    }
    for outcome in outcomes.iter().filter(|outcome| !outcome.verdict.findings.is_empty()) {
        let findings = &outcome.verdict.findings;
        let _ = writeln!(text, "\n{} with seed {}:", outcome.scenario, outcome.seed);
        for finding in findings.iter().take(FINDINGS) {
            let _ = writeln!(text, "  {}: {}", finding.guarantee, finding.what);
        }
        if let Some(more) = findings.len().checked_sub(FINDINGS + 1) {
            let _ = writeln!(text, "  and {} more", more + 1);
        }
        let directory: &Path = &outcome.directory;
        let _ = writeln!(text, "  history and server log: {}", directory.display());
        let _ = writeln!(text, "  again: {}", again(outcome));
    }
    text
}

/// The value below which so many of a hundred are; sorted.
fn at(sorted: &[u64], part: usize) -> Option<u64> {
    sorted.get((sorted.len() * part).div_ceil(100).saturating_sub(1)).copied()
}

fn seconds(micros: Option<u64>) -> String {
    micros.map_or_else(|| "-".into(), |micros| format!("{:.2}", micros as f64 / 1e6))
}
