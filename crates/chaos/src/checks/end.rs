//! The end of a run: everybody has the same, soon, and every end of an epoch was somebody's doing (G3, G10, G13).

use std::collections::{BTreeMap, BTreeSet};

use super::{Epochs, Verdict, is_start};
use crate::history::{Event, Line, PageId};

/// How long it may take until all show the same, in microseconds: silence is noticed after 30 seconds, the longest pause
/// before an attempt is 10 and an attempt may hang for 10; the rest is for a busy machine.
const CONVERGE_MAX: u64 = 60_000_000;

pub(super) fn check(
    lines: &[Line],
    by_page: &BTreeMap<PageId, Vec<&Line>>,
    epochs: &Epochs,
    verdict: &mut Verdict,
) {
    let mut ends_possible = 0;
    let (mut first_fault, mut heal) = (None, None);
    for line in lines {
        match &line.event {
            Event::Fault { ends, .. } => {
                first_fault.get_or_insert(line.at);
                ends_possible += u64::from(*ends);
            }
            Event::Heal => heal = Some(line.at),
            _ => {}
        }
    }
    let mut sessions: BTreeMap<&str, (BTreeSet<&str>, Vec<Last<'_>>)> = BTreeMap::new();
    for (page, lines) in by_page {
        let Some(name) = lines.first().and_then(|line| is_start(line)) else { continue };
        let (epochs, lasts) = sessions.entry(name).or_default();
        for line in lines {
            if let Event::State { epoch, .. } = &line.event {
                epochs.insert(epoch);
            }
            if let (Event::Reconnected { .. }, Some(fault)) = (&line.event, first_fault) {
                verdict.totals.back.push(line.at.saturating_sub(fault));
            }
        }
        lasts.extend(Last::of(*page, lines));
    }
    for (name, (seen, lasts)) in sessions {
        let ends = seen.len().saturating_sub(1) as u64;
        verdict.totals.ends += ends;
        if ends > ends_possible {
            verdict.find("G3", format!("{name} had {ends} ends; the servers' were {ends_possible}"));
        }
        check_equal(name, &lasts, heal, epochs, verdict);
    }
    verdict.totals.back.sort_unstable();
    verdict.totals.well.sort_unstable();
    verdict.totals.converged.sort_unstable();
}

/// Epoch, revision, chain and digest.
type Shown<'a> = (&'a str, u64, &'a str, &'a str);

/// What a page that lived to the end showed last.
struct Last<'a> {
    page: PageId,
    shown: Shown<'a>,
    /// When it first did.
    since: u64,
    /// When its writes were acknowledged.
    acknowledged: Vec<u64>,
    people: (usize, &'a str),
}

impl<'a> Last<'a> {
    fn of(page: PageId, lines: &[&'a Line]) -> Option<Self> {
        let Event::Final { people, roster } = &lines.last()?.event else { return None };
        let mut shown: Option<(Shown<'_>, u64)> = None;
        for line in lines {
            if let Event::State { epoch, revision, chain, digest, .. } = &line.event {
                let now = (epoch.as_str(), *revision, chain.as_str(), digest.as_str());
                if shown.is_none_or(|(before, _)| before != now) {
                    shown = Some((now, line.at));
                }
            }
        }
        let acknowledged = lines.iter().filter(|line| matches!(line.event, Event::Acknowledged { .. }));
        let acknowledged = acknowledged.map(|line| line.at).collect();
        let (shown, since) = shown?;
        Some(Self { page, shown, since, acknowledged, people: (*people, roster) })
    }
}

fn check_equal(name: &str, lasts: &[Last<'_>], heal: Option<u64>, epochs: &Epochs, verdict: &mut Verdict) {
    let (Some(first), Some(heal)) = (lasts.first(), heal) else {
        return verdict.find("G10", format!("{name}: the run did not come to its end"));
    };
    for last in lasts {
        if last.shown != first.shown {
            let shown = (first.shown, last.shown);
            verdict.find("G10", format!("{name}: {:?} and {:?} end with {shown:?}", first.page, last.page));
        }
        if last.people != first.people || last.people.0 != lasts.len() {
            let (one, other, all) = (first.people, last.people, lasts.len());
            verdict.find(
                "G13",
                format!("{name}: {:?} knows {other:?}, another {one:?}; there are {all}", last.page),
            );
        }
        verdict.totals.converged.push(last.since.saturating_sub(heal));
        let well = last.acknowledged.iter().find(|at| **at > heal).unwrap_or(&last.since);
        verdict.totals.well.push(well.saturating_sub(heal));
    }
    let longest = lasts.iter().map(|last| last.since.saturating_sub(heal)).max().unwrap_or(0);
    if longest > CONVERGE_MAX {
        verdict.find("G10", format!("{name}: it took {:.1} s until all were equal", longest as f64 / 1e6));
    }
    let end = epochs.get(first.shown.0).and_then(|epoch| epoch.shown.keys().next_back());
    if end != Some(&first.shown.1) {
        verdict.find("G3", format!("{name}: all end with revision {}, and {end:?} was shown", first.shown.1));
    }
}
