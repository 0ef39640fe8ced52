//! The offline checker: reads a history, and nothing else, and says which guarantees did not hold.
//!
//! It takes time in proportion to the history, but for a sort by time and by revision.

mod conditions;
mod counter;
mod end;
mod pages;
mod replay;

use std::collections::BTreeMap;

use meeting_session_core::Update;
use meeting_session_core::protocol::Condition;

use crate::history::{Answer, Event, Line, PageId};

/// A guarantee that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its number in the list of guarantees, such as `G5`.
    pub guarantee: &'static str,
    /// What was seen, and what should have been.
    pub what: String,
}

/// What the checker says.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What did not hold.
    pub findings: Vec<Finding>,
    /// What happened, counted.
    pub totals: Totals,
}

/// What became of a number that everybody added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// What it is in the end.
    pub value: u64,
    /// How many writes were to add one.
    pub attempts: u64,
    /// From the first of them until the last answer, in microseconds.
    pub took: u64,
}

/// What happened in a run.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Totals {
    pub acknowledged: u64,
    /// Acknowledged, and not in the history that led to what was seen afterwards.
    pub lost: u64,
    pub applied_twice: u64,
    pub rejected: u64,
    pub conflicts: u64,
    /// What became of a counter, where there was one.
    pub counter: Option<Counter>,
    pub unknown: u64,
    pub interruptions: u64,
    /// Revisions that somebody saw or was told of, and how many of them were computed again from the writes.
    pub revisions: u64,
    pub replayed: u64,
    /// Epochs that ended, and how often a page was told of one that it had seen.
    pub ends: u64,
    pub announced: u64,
    /// For each time that a page reconnected: from the first fault until then, in microseconds.
    pub back: Vec<u64>,
    /// For each page: from the end of all faults until its next write was acknowledged, in microseconds; for one that
    /// only reads, as in `converged`.
    pub well: Vec<u64>,
    /// For each page: from the end of all faults until it showed what all show in the end, in microseconds.
    pub converged: Vec<u64>,
}

impl Verdict {
    fn find(&mut self, guarantee: &'static str, what: String) {
        self.findings.push(Finding { guarantee, what });
    }
}

/// What is known of one epoch.
#[derive(Debug, Default)]
struct Epoch {
    /// What was shown at each revision that anybody saw.
    shown: BTreeMap<u64, Shown>,
    operations: Vec<Operation>,
    acknowledged: Vec<Acknowledged>,
}

/// What a page showed at a revision, and when the first one did.
#[derive(Debug)]
struct Shown {
    chain: String,
    digest: String,
    page: PageId,
    at: u64,
}

/// One update as it went out, at first at that time.
#[derive(Debug)]
struct Operation {
    sent: u64,
    page: PageId,
    sequence: u64,
    participant: String,
    update: Update,
    condition: Condition,
    /// Whether it went out more than once.
    repeated: bool,
    answer: Option<Answer>,
}

/// An awaited write that ended well. Times in microseconds.
#[derive(Debug)]
struct Acknowledged {
    page: PageId,
    write: u32,
    /// Whether it was an awaited write, which its marker shows, or a flush.
    marked: bool,
    invoked: u64,
    ended: u64,
    revision: u64,
    changed: bool,
}

type Epochs = BTreeMap<String, Epoch>;

/// Checks a history.
pub fn check(lines: &[Line]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut by_page: BTreeMap<PageId, Vec<&Line>> = BTreeMap::new();
    for line in lines {
        if let Some(page) = line.page {
            by_page.entry(page).or_default().push(line);
        }
    }
    let mut epochs = Epochs::new();
    // Markers of writes of which the page was told that they did not come to pass.
    let mut failed = Vec::new();
    let mut left = BTreeMap::new();
    // A session that has moved to another server does not know what was deleted before.
    let forgets = lines.iter().any(|line| matches!(line.event, Event::Fault { ends: false, .. }));
    for (page, lines) in &by_page {
        pages::check(*page, lines, &mut epochs, &mut failed, &mut left, &mut verdict);
    }
    pages::check_absences(&by_page, &left, &mut verdict);
    for (name, epoch) in &epochs {
        real_time_order(name, epoch, &mut verdict);
        replay::check(name, epoch, &failed, forgets, &mut verdict);
    }
    counter::check(&by_page, &mut verdict);
    end::check(lines, &by_page, &epochs, &mut verdict);
    verdict
}

/// G7: a write that was invoked after another one was acknowledged comes after it.
fn real_time_order(name: &str, epoch: &Epoch, verdict: &mut Verdict) {
    let mut ended: Vec<_> = epoch.acknowledged.iter().collect();
    let mut invoked = ended.clone();
    ended.sort_by_key(|write| write.ended);
    invoked.sort_by_key(|write| write.invoked);
    let mut ended = ended.into_iter().peekable();
    let mut floor = 0;
    for write in invoked {
        while let Some(before) = ended.next_if(|before| before.ended < write.invoked) {
            floor = before.revision.max(floor);
        }
        if write.revision < floor + u64::from(write.changed) {
            let Acknowledged { page, write, revision, .. } = write;
            let what = format!(
                "{name}: write {write} of {page:?} is revision {revision}; {floor} was acknowledged before it"
            );
            verdict.find("G7", what);
        }
    }
}

fn is_start(line: &Line) -> Option<&str> {
    if let Event::Start { session, .. } = &line.event { Some(session) } else { None }
}
