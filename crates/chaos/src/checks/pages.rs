//! What one page was told, line by line (G1, G3, G4, G5, G6, G9, G13, G17).

use std::collections::{BTreeMap, BTreeSet};

use meeting_session_core::protocol::{ClientMessage, UpdateRequest};

use super::{Acknowledged, Epochs, Operation, Shown, Verdict};
use crate::history::{Answer, Event, Kind, Line, PageId};
use crate::page::{marker, roster_digest};

/// When each participant was first seen to leave, in microseconds.
pub(super) type Left = BTreeMap<String, u64>;

/// What a page has said so far.
#[derive(Default)]
struct Page {
    /// What it shows: epoch and revision.
    shown: Option<(String, u64)>,
    epochs: BTreeSet<String>,
    /// The shown epoch is another one than before, and no reset has been told yet.
    owes_reset: bool,
    own: String,
    roster: BTreeSet<String>,
    /// Participants that it has seen leave.
    left: BTreeSet<String>,
    /// Awaited writes without an end: how and when they were invoked.
    open: BTreeMap<u32, (Kind, u64)>,
    last_write: u32,
    /// Batched writes that went out, by sequence, that were answered, and that failed: the last of them.
    batches_sent: BTreeMap<u64, u32>,
    batches_ended: u32,
    last_batch: u32,
    /// Where in its epoch an operation is, and its text, by sequence.
    sent: BTreeMap<u64, (String, usize, String)>,
    gone: bool,
}

pub(super) fn check(
    id: PageId,
    lines: &[&Line],
    epochs: &mut Epochs,
    failed: &mut Vec<String>,
    left: &mut Left,
    verdict: &mut Verdict,
) {
    let mut page = Page::default();
    for line in lines {
        let problem = page.line(id, line, epochs, failed, left, verdict);
        if let Err((guarantee, what)) = problem {
            verdict.find(guarantee, format!("{id:?} at {:.3} s: {what}", line.at as f64 / 1e6));
        }
    }
    if page.owes_reset {
        verdict.find("G3", format!("{id:?} was never told of its last reset"));
    }
    if page.gone {
        // Nobody is left to be told how these ended.
        verdict.totals.unknown +=
            page.open.values().filter(|(kind, _)| *kind == Kind::Awaited).count() as u64;
    } else if !page.open.is_empty() {
        verdict.find("G17", format!("{id:?} still awaits the writes {:?}", page.open.keys()));
    }
}

type Checked = Result<(), (&'static str, String)>;

fn ensure(holds: bool, guarantee: &'static str, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err((guarantee, what())) }
}

impl Page {
    fn line(
        &mut self,
        id: PageId,
        line: &Line,
        epochs: &mut Epochs,
        failed: &mut Vec<String>,
        left: &mut Left,
        verdict: &mut Verdict,
    ) -> Checked {
        let totals = &mut verdict.totals;
        match &line.event {
            Event::Joined { participant, people } => {
                self.own.clone_from(participant);
                self.roster = people.iter().cloned().collect();
            }
            Event::Interrupted => totals.interruptions += 1,
            Event::Reconnected { participant, .. } if *participant != self.own => {
                // It could not be resumed and is somebody new; whoever has the old id now is somebody else.
                if self.roster.remove(&self.own) {
                    self.roster.insert(participant.clone());
                }
                self.own.clone_from(participant);
            }
            Event::State { epoch, revision, chain, digest, pair } => {
                let shown = epochs.entry(epoch.clone()).or_default().shown.entry(*revision);
                let (chain, digest) = (chain.clone(), digest.clone());
                let (mine, at) = ((chain.clone(), digest.clone()), line.at);
                let seen = shown.or_insert(Shown { chain, digest, page: id, at });
                seen.at = at.min(seen.at);
                let other = || format!("revision {revision} is not what it is at {:?}", seen.page);
                ensure(seen.chain == mine.0, "G1", other)?;
                ensure(seen.digest == mine.1, "G5", other)?;
                self.state(epoch, *revision)?;
                ensure(pair[0] == pair[1], "G9", || format!("written together: {pair:?}"))?;
            }
            Event::Reset { .. } => {
                ensure(self.owes_reset, "G3", || "a reset where nothing had changed".into())?;
                self.owes_reset = false;
                totals.announced += 1;
            }
            Event::PersonJoined { id } => {
                let again = self.left.contains(id);
                ensure(!again, "G13", || format!("{id} joined after it had left"))?;
                ensure(self.roster.insert(id.clone()), "G13", || format!("{id} joined twice"))?;
            }
            Event::PersonLeft { id } => {
                ensure(*id != self.own, "G13", || "the page has left itself".into())?;
                ensure(self.roster.remove(id), "G13", || format!("{id} left and was not there"))?;
                self.left.insert(id.clone());
                let first = left.entry(id.clone()).or_insert(line.at);
                *first = line.at.min(*first);
            }
            Event::Invoke { write, kind: Kind::Batched } => self.last_batch = *write,
            Event::Invoke { write, kind } => {
                self.last_write = *write;
                self.open.insert(*write, (*kind, line.at));
            }
            Event::Sent { participant, frame } => return self.sent(id, line.at, participant, frame, epochs),
            Event::Result { sequence, answer } => {
                if let (Answer::Conflict(revision), Some((_, shown))) = (answer, &self.shown) {
                    ensure(shown >= revision, "G6", || {
                        format!("a conflict with revision {revision}, and the page shows {shown}")
                    })?;
                }
                let batch = self.batches_sent.get(sequence).copied().unwrap_or(0);
                self.batches_ended = self.batches_ended.max(batch);
                let known = self.sent.get(sequence).and_then(|(epoch, index, _)| {
                    epochs.get_mut(epoch).and_then(|epoch| epoch.operations.get_mut(*index))
                });
                if let Some(operation) = known {
                    let before = operation.answer.replace(*answer);
                    let same = before.is_none_or(|before| before == *answer);
                    return ensure(same, "G2", || {
                        format!("update {sequence} is answered {answer:?} and before {before:?}")
                    });
                }
            }
            Event::Acknowledged { write, revision, changed } => {
                let Some((kind, invoked)) = self.open.remove(write) else {
                    return ensure(false, "G17", || format!("write {write} ended twice"));
                };
                totals.acknowledged += u64::from(kind == Kind::Awaited);
                let Some((epoch, shown)) = &self.shown else {
                    return ensure(false, "G6", || "acknowledged before anything was shown".into());
                };
                epochs.entry(epoch.clone()).or_default().acknowledged.push(Acknowledged {
                    page: id,
                    write: *write,
                    marked: kind == Kind::Awaited,
                    invoked,
                    ended: line.at,
                    revision: *revision,
                    changed: *changed,
                });
                ensure(shown >= revision, "G6", || {
                    format!("write {write} became revision {revision}, and the page shows {shown}")
                })?;
                let unended = kind == Kind::Flush && self.batch_before(*write) > self.batches_ended;
                ensure(!unended, "G17", || format!("flush {write} ended before a batched write before it"))?;
            }
            Event::Failed { write: None, .. } => self.batches_ended = self.last_batch,
            Event::Failed { write: Some(write), code } => {
                let Some((kind, _)) = self.open.remove(write) else {
                    return ensure(false, "G17", || format!("write {write} ended twice"));
                };
                let counted = u64::from(kind == Kind::Awaited);
                if code == "unknown" {
                    totals.unknown += counted;
                } else {
                    let conflict = code == "conflict";
                    *if conflict { &mut totals.conflicts } else { &mut totals.rejected } += counted;
                    failed.push(marker(id, *write));
                }
            }
            Event::Stopped { why } => {
                ensure(why == "unreachable", "G17", || format!("the client gave up: {why}"))?;
            }
            Event::Gone { .. } => self.gone = true,
            Event::Final { people, roster } if !self.roster.is_empty() => {
                let mine = format!("{:016x}", roster_digest(self.roster.iter().map(String::as_str)));
                ensure(mine == *roster, "G13", || {
                    format!("the page was told of {}, and knows {people} others", self.roster.len())
                })?;
            }
            _ => {}
        }
        Ok(())
    }

    fn state(&mut self, epoch: &str, revision: u64) -> Checked {
        let before = self.shown.replace((epoch.to_owned(), revision));
        let new = self.epochs.insert(epoch.to_owned());
        let Some((epoch_before, revision_before)) = before else { return Ok(()) };
        if epoch_before == epoch {
            let forward = revision >= revision_before;
            return ensure(forward, "G4", || format!("back from revision {revision_before} to {revision}"));
        }
        ensure(new, "G4", || format!("back to epoch {epoch}"))?;
        let told = !std::mem::replace(&mut self.owes_reset, true);
        ensure(told, "G3", || format!("the page was not told of the end of epoch {epoch_before}"))
    }

    fn sent(&mut self, id: PageId, at: u64, participant: &str, frame: &str, epochs: &mut Epochs) -> Checked {
        let Ok(ClientMessage::Update(UpdateRequest { sequence, epoch, update, condition })) =
            ClientMessage::decode(frame)
        else {
            return ensure(false, "G2", || "an update that is none was sent".into());
        };
        if let Some((epoch, index, text)) = self.sent.get(&sequence) {
            if let Some(epoch) = epochs.get_mut(epoch) {
                epoch.operations[*index].repeated = true;
            }
            return ensure(text == frame, "G2", || format!("update {sequence} was sent again as another"));
        }
        let batch = update.change(&format!("batch.{}", id.0)).flatten();
        let last = batch.and_then(|batch| batch.as_str().trim_matches('"').rsplit('.').next()?.parse().ok());
        self.batches_sent.extend(last.map(|last: u32| (sequence, last)));
        let epoch = epoch.to_hex();
        let operations = &mut epochs.entry(epoch.clone()).or_default().operations;
        self.sent.insert(sequence, (epoch, operations.len(), frame.to_owned()));
        let participant = participant.to_owned();
        operations.push(Operation {
            sent: at,
            page: id,
            sequence,
            participant,
            update,
            condition,
            repeated: false,
            answer: None,
        });
        Ok(())
    }

    /// The last batched write before a write.
    fn batch_before(&self, write: u32) -> u32 {
        if self.last_batch < write { self.last_batch } else { 0 }
    }
}

/// G13: nobody is seen to leave who then comes back as the same: an attempt to reconnect that began after somebody had
/// seen the participant leave must make it another one.
pub(super) fn check_absences(by_page: &BTreeMap<PageId, Vec<&Line>>, left: &Left, verdict: &mut Verdict) {
    for (page, lines) in by_page {
        for line in lines {
            if let Event::Reconnected { participant, began } = &line.event
                && left.get(participant).is_some_and(|left| left < began)
            {
                verdict.find("G13", format!("{page:?} resumed {participant}, which had been seen to leave"));
            }
        }
    }
}
