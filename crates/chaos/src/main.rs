//! Runs the scenarios and says what came of them: see `--help`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a program for a terminal

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use meeting_session_chaos::{Outcome, SCENARIOS, Scenario, Settings, find, report, run};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// Kills, freezes and cuts off real servers while real clients write, and checks what everybody saw.
///
/// Without arguments all scenarios run: first the small ones, all at a time, then the herds and the counter, one after
/// the other.
#[derive(Debug, Clone, Parser)]
#[command(name = "meeting-session-chaos", max_term_width = 100)]
struct Arguments {
    /// What goes wrong, and what the clients do, is drawn from this number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long things go wrong; all being well again takes up to a minute more
    #[arg(long, default_value_t = 12)]
    seconds: u64,
    /// How many clients; 12, 2,000 in a herd and 50 at the counter, unless set
    #[arg(long)]
    clients: Option<usize>,
    /// Only this scenario; can be given more than once
    #[arg(long, value_name = "SCENARIO", value_parser = SCENARIOS.map(|scenario| scenario.name))]
    only: Vec<String>,
    /// So many times, each with the next seed
    #[arg(long, default_value_t = 1)]
    repeat: u64,
    /// A folder in which all histories and server logs stay; otherwise only those of failed runs do
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// The server's program; the one beside this program unless set
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let server = match find(arguments.server.as_deref()) {
        Ok(server) => server,
        Err(sentence) => {
            eprintln!("error: {sentence}");
            return ExitCode::from(2);
        }
    };
    let temporary = || std::env::temp_dir().join(format!("meeting-session-chaos-{}", std::process::id()));
    let directory = arguments.keep.clone().unwrap_or_else(temporary);
    let Arguments { seconds, clients, .. } = arguments;
    let settings = Settings { server, seconds, clients, directory: directory.clone() };
    let mut outcomes = Vec::new();
    tokio::select! {
        () = run_all(&arguments, &settings, &mut outcomes) => {}
        // What runs is dropped, and every server with it.
        () = stopped() => {
            if arguments.keep.is_none() {
                let _ = std::fs::remove_dir_all(&directory);
            }
            return ExitCode::from(130);
        }
    }
    if arguments.keep.is_none() {
        for outcome in outcomes.iter().filter(|outcome| outcome.verdict.findings.is_empty()) {
            let _ = std::fs::remove_dir_all(&outcome.directory);
        }
        let _ = std::fs::remove_dir(&directory); // unless a history is left in it
    }
    let failed = outcomes.iter().any(|outcome| !outcome.verdict.findings.is_empty());
    print!("{}", report(&mut outcomes, |outcome| again(outcome, &arguments)));
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn run_all(arguments: &Arguments, settings: &Settings, outcomes: &mut Vec<Outcome>) {
    let chosen = |scenario: &&Scenario| {
        arguments.only.is_empty() || arguments.only.iter().any(|name| name == scenario.name)
    };
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.repeat) {
        let start = |runs: &mut JoinSet<Outcome>, scenario: &Scenario| {
            runs.spawn(run(*scenario, seed, settings.clone()));
        };
        let scenarios: Vec<_> = SCENARIOS.iter().filter(chosen).collect();
        let (mut waiting, mut small) = (JoinSet::new(), JoinSet::new());
        for scenario in scenarios.iter().filter(|scenario| !scenario.alone()) {
            start(if scenario.waits { &mut waiting } else { &mut small }, scenario);
        }
        finish(small, outcomes).await;
        for scenario in scenarios.iter().filter(|scenario| scenario.alone()) {
            let mut alone = JoinSet::new();
            start(&mut alone, scenario);
            finish(alone, outcomes).await;
        }
        finish(waiting, outcomes).await;
    }
}

async fn finish(mut runs: JoinSet<Outcome>, outcomes: &mut Vec<Outcome>) {
    while let Some(ended) = runs.join_next().await {
        match ended {
            Ok(outcome) => outcomes.push(outcome),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}

/// The command that repeats a run.
fn again(outcome: &Outcome, arguments: &Arguments) -> String {
    let clients = arguments.clients.map(|clients| format!(" --clients {clients}")).unwrap_or_default();
    format!(
        "cargo run --release -p meeting-session-chaos -- --only {} --seed {} --seconds {}{clients} --keep chaos",
        outcome.scenario, outcome.seed, arguments.seconds
    )
}

/// Completes when this program is told to stop.
async fn stopped() {
    let [mut interrupt, mut terminate, mut hang_up] =
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
            .map(|kind| signal(kind).expect("signals can be received"));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}
