//! One run of a scenario: everybody joins, things go wrong, things are well again, and what was seen is checked.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::checks::{self, Finding, Verdict};
use crate::dice::Dice;
use crate::history::{self, Event, Recorder};
use crate::nemesis::{Target, schedule};
use crate::page::{Habits, Person, Phase, Status};
use crate::scenario::Scenario;
use crate::server::Recipe;

/// The time in which all must have joined: that of the core for a first join, several times on a busy machine.
const JOIN_MAX: Duration = Duration::from_secs(60);

/// How long the run waits for all to show the same. Long beyond this something is broken: silence is noticed after 30
/// seconds, the longest pause before an attempt is 10, and an attempt may hang for as long.
const SETTLE_MAX: Duration = Duration::from_secs(75);

/// All have counted long before that, unless something is broken.
const COUNT_MAX: Duration = Duration::from_secs(60);

/// The people in one session of a herd: half of what a session takes.
const HERD_SESSION: usize = 250;

/// A herd joins at this pace, in milliseconds for each: what is measured is how it comes back.
const HERD_PACE: Duration = Duration::from_millis(1);

/// What is the same for all runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's program.
    pub server: PathBuf,
    /// How long things go wrong, in seconds.
    pub seconds: u64,
    /// How many clients; none: 12, 2,000 in a herd and 50 at the counter.
    pub clients: Option<usize>,
    /// Where the histories go.
    pub directory: PathBuf,
}

impl Settings {
    fn count(&self, scenario: &Scenario) -> usize {
        self.clients.unwrap_or(match scenario {
            Scenario { herd: true, .. } => 2_000,
            Scenario { counts: 1.., .. } => 50,
            _ => 12,
        })
    }
}

/// How a run went.
#[derive(Debug)]
pub struct Outcome {
    /// Which scenario.
    pub scenario: &'static str,
    /// Which seed.
    pub seed: u64,
    /// What the checker says, and what went wrong with the run itself.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
    /// Its history and the log of its servers are in this folder.
    pub directory: PathBuf,
}

/// Runs a scenario.
pub async fn run(scenario: Scenario, seed: u64, settings: Settings) -> Outcome {
    let began = Instant::now();
    let directory = settings.directory.join(format!("{}-{seed}", scenario.name));
    let file = directory.join("history.jsonl");
    let played = async {
        fs::create_dir_all(&directory)?;
        let recorder = Arc::new(Recorder::create(&file)?);
        let mut people = JoinSet::new();
        let played = play(scenario, seed, &settings, &recorder, &directory, &mut people).await;
        people.shutdown().await;
        let finished = recorder.finish();
        played.and(finished)
    };
    let played = played.await;
    let lines = history::read(&file);
    let mut verdict = lines.as_deref().map(checks::check).unwrap_or_default();
    let mut fail = |what: String| verdict.findings.push(Finding { guarantee: "run", what });
    for error in [played.err(), lines.err()].into_iter().flatten() {
        fail(error.to_string());
    }
    if let Ok(log) = fs::read_to_string(directory.join("server.log"))
        && let Some(line) = log.lines().find(|line| line.contains(" ERROR ") || line.contains("panicked"))
    {
        fail(format!("the server says: {line}"));
    }
    let totals = &verdict.totals;
    if totals.acknowledged == 0 || totals.replayed == 0 || (totals.ends == 0) != scenario.survives {
        let (acknowledged, ends) = (totals.acknowledged, totals.ends);
        fail(format!("not what the scenario is about: {acknowledged} writes acknowledged, {ends} ends"));
    }
    let counted = totals.counter.map_or(0, |counter| counter.value);
    let sum = settings.count(&scenario) as u64 * u64::from(scenario.counts);
    if counted != sum {
        fail(format!("the counter is {counted} and should be {sum}"));
    }
    Outcome { scenario: scenario.name, seed, verdict, took: began.elapsed(), directory }
}

async fn play(
    scenario: Scenario,
    seed: u64,
    settings: &Settings,
    recorder: &Arc<Recorder>,
    directory: &Path,
    people: &mut JoinSet<()>,
) -> io::Result<()> {
    let mut arguments = vec!["--grace".to_owned(), scenario.grace.to_owned()];
    if scenario.keeps {
        arguments.extend(["--state-file".to_owned(), directory.join("state.json").display().to_string()]);
    }
    let log = directory.join("server.log");
    let recipe = Recipe { program: settings.server.clone(), log, arguments };
    let target = Target::start(recipe, recorder.clone(), scenario.keeps).await?;

    let (phase, receiver) = watch::channel(Phase::Busy);
    let count = settings.count(&scenario);
    let mut statuses = Vec::new();
    for number in 0..count {
        let group = if scenario.herd { number / HERD_SESSION } else { 0 };
        let first = number % HERD_SESSION == 0;
        let habits = Habits {
            acts_every: (!scenario.alone() || first && scenario.herd).then_some(200),
            // A session must not end because all have left.
            restless: if first { 0 } else { scenario.restless },
            roster: !scenario.herd,
            counts: scenario.counts,
        };
        let person = Person {
            number: number as u32,
            session: format!("{}-{seed}-{group}", scenario.name),
            proxy: target.proxy.address,
            habits,
            recorder: recorder.clone(),
            phase: receiver.clone(),
            status: Arc::default(),
            dice: Dice::new(seed, 100 + number as u64),
        };
        statuses.push((group, person.status.clone()));
        people.spawn(person.live());
        if scenario.herd {
            sleep(HERD_PACE).await;
        }
    }
    let statuses = || statuses.iter().map(|(group, status)| (*group, read(status)));
    until(JOIN_MAX, || statuses().all(|(_, status)| status.connected)).await;

    if scenario.herd {
        target.restart(scenario.server[0], 0).await?;
    } else if scenario.counts > 0 {
        until(COUNT_MAX, || statuses().all(|(_, status)| status.settled)).await;
    } else {
        let millis = settings.seconds * 1_000;
        let draw = |menu, stream| schedule(menu, millis, &mut Dice::new(seed, stream));
        let (server, network) = (draw(scenario.server, 1), draw(scenario.network, 2));
        tokio::try_join!(
            target.suffer(&server, Dice::new(seed, 3)),
            target.suffer(&network, Dice::new(seed, 4)),
            async {
                sleep(Duration::from_millis(millis)).await;
                Ok(())
            },
        )?;
        target.proxy.heal();
    }
    recorder.write(recorder.now(), None, Event::Heal);
    phase.send_replace(Phase::Settle);
    until(SETTLE_MAX, || all_equal(statuses())).await;
    phase.send_replace(Phase::End);
    while let Some(ended) = people.join_next().await {
        ended.map_err(io::Error::other)?;
    }
    Ok(())
}

fn read(status: &Mutex<Status>) -> Status {
    status.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Whether everybody of a session knows the same, and all of it. The checker decides whether that is right.
fn all_equal(statuses: impl Iterator<Item = (usize, Status)>) -> bool {
    let mut groups: Vec<(usize, Status)> = Vec::new();
    for (group, status) in statuses {
        if !status.connected || !status.settled {
            return false;
        }
        match groups.get_mut(group) {
            Some((_, first)) if *first != status => return false,
            Some((count, _)) => *count += 1,
            None => groups.push((1, status)),
        }
    }
    groups.iter().all(|(count, status)| status.people.0 == *count)
}

async fn until(limit: Duration, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() && began.elapsed() < limit {
        sleep(Duration::from_millis(50)).await;
    }
}
