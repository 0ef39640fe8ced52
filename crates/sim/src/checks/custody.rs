//! What a client does with the writes of its page until they are sent: none lost, none invented, none out of order,
//! none late, and what is sent again is the same text.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use meeting_session_core::Instant;
use meeting_session_core::client::WriteFailure;
use meeting_session_core::protocol::{ClientMessage, Rejection, limits};

use super::Ledger;
use crate::digest::Digest;
use crate::model::Change;
use crate::totals::Totals;
use crate::violation::{Checked, ensure};

/// Batched writes made this close together may share one fate when they expire.
const BATCH_SPAN: Duration = Duration::from_secs(5);

/// The writes of one life of a page.
#[derive(Debug, Default)]
pub(crate) struct Custody {
    /// Not sent, in call order.
    unsent: VecDeque<usize>,
    /// Whether some batched ones at the front may have been dropped, as the page was told.
    some_dropped: bool,
    /// Whether that was ever so.
    was_dropped: bool,
    /// Those that begin a batch, because a write stood before them that was taken back.
    apart: BTreeSet<usize>,
    /// What each operation number was sent as.
    sent: BTreeMap<u64, u64>,
    /// The operation numbers of batches whose loss the page was not told.
    batches: BTreeSet<u64>,
}

impl Custody {
    /// The page has made a write that the client took.
    pub(crate) fn made(&mut self, number: usize) {
        self.unsent.push_back(number);
    }

    /// The length of the text that the batch at the end would have with one more write, made at that time.
    pub(crate) fn batch_units(&self, ledger: &Ledger, more: &Change, made_at: Instant) -> usize {
        let from =
            self.unsent.iter().rposition(|&number| ledger.get(number).awaited).map_or(0, |last| last + 1);
        let made = self.unsent.range(from..).map(|number| {
            let write = ledger.get(*number);
            (write.made_at, &write.change, self.apart.contains(number))
        });
        let mut batch: Option<Change> = None;
        let mut since = None;
        for (at, change, apart) in made.chain([(made_at, more, false)]) {
            if apart || at.since(*since.get_or_insert(at)) >= BATCH_SPAN {
                (batch, since) = (None, Some(at));
            }
            fold(&mut batch, change);
        }
        batch.map_or(0, |batch| batch.units())
    }

    /// Whether all batched writes at the end are sure to be there.
    pub(crate) const fn is_certain(&self) -> bool {
        !self.some_dropped
    }

    /// An awaited write has ended.
    pub(crate) fn ended(&mut self, number: usize) {
        self.unsent.retain(|other| *other != number);
    }

    /// An awaited write was taken back.
    pub(crate) fn withdrawn(&mut self, number: usize) {
        self.apart.extend(self.unsent.iter().skip_while(|other| **other != number).nth(1));
        self.ended(number);
    }

    /// The page was told that batched writes did not come to pass, or may not have.
    pub(crate) fn failed(&mut self, ledger: &Ledger, failure: WriteFailure) {
        match failure {
            WriteFailure::Unknown => self.batches.clear(),
            WriteFailure::Rejected(Rejection::SessionReset) | WriteFailure::Left => {
                self.batches.clear();
                self.unsent.retain(|&number| ledger.get(number).awaited);
            }
            WriteFailure::Expired => (self.some_dropped, self.was_dropped) = (true, true),
            WriteFailure::Rejected(_) | WriteFailure::Busy => {}
        }
    }

    /// The client has sent an update.
    pub(crate) fn sent(
        &mut self,
        now: Instant,
        text: &str,
        ledger: &mut Ledger,
        totals: &mut Totals,
    ) -> Checked {
        let Ok(ClientMessage::Update(request)) = ClientMessage::decode(text) else {
            ensure!(false, "G19", "a client sent an update that cannot be read: {text}");
            return Ok(());
        };
        let sequence = request.sequence;
        let fingerprint = Digest::of(text.as_bytes());
        if let Some(before) = self.sent.get(&sequence) {
            ensure!(*before == fingerprint, "G2", "operation {sequence} was sent again as another: {text}");
            totals.count("updates sent again");
            return Ok(());
        }
        let last = self.sent.last_key_value().map_or(0, |(last, _)| *last);
        ensure!(sequence == last + 1, "G1", "operation {sequence} was sent after {last}");
        self.sent.insert(sequence, fingerprint);
        let change = Change::of(&request.update);
        let count = loop {
            let Some(&first) = self.unsent.front() else {
                ensure!(false, "G2", "nobody wrote what was sent as operation {sequence}: {change:?}");
                return Ok(());
            };
            let write = ledger.get(first);
            let age = now.since(write.made_at);
            let gone = self.some_dropped && age >= limits::UNSENT_MAX;
            if write.awaited && write.change == change {
                ensure!(
                    write.condition == request.condition,
                    "G8",
                    "write {first} was made on {:?} and sent on {:?}",
                    write.condition,
                    request.condition
                );
                break 1;
            }
            let batch = self.batch(ledger, &change).filter(|_| !gone && !request.condition.is_some());
            if let Some(count) = batch {
                let units = change.units();
                ensure!(units <= limits::DATA_UNITS, "G19", "a batch of {units} units was sent: {change:?}");
                totals.add("batched writes sent", count as u64);
                self.batches.insert(sequence);
                break count;
            }
            // Where some were dropped, a write without values of its own may have been taken for one of those before.
            let mistaken = self.was_dropped && write.change.markers().is_empty();
            let dropped = self.some_dropped && !write.awaited && age + BATCH_SPAN >= limits::UNSENT_MAX;
            ensure!(
                mistaken || dropped,
                "G2",
                "write {first} is next and something else was sent: {change:?}"
            );
            ledger.get_mut(first).sent |= mistaken;
            self.unsent.pop_front();
        };
        for number in self.unsent.drain(..count) {
            let write = ledger.get_mut(number);
            let age = now.since(write.made_at);
            ensure!(age <= limits::UNSENT_MAX, "expiry", "write {number} was sent after {age:?}");
            ensure!(
                write.made_in == Some(request.epoch),
                "G3",
                "write {number} was made in {:?} and sent to {:?}",
                write.made_in,
                request.epoch
            );
            ensure!(write.ended.is_none(), "G2", "write {number} was sent after it had ended");
            write.sent = true;
        }
        self.some_dropped &= !self.unsent.is_empty();
        Ok(())
    }

    /// How many of the batched writes at the front make up this change. Those made close together go together.
    fn batch(&self, ledger: &Ledger, change: &Change) -> Option<usize> {
        let (mut batch, mut since, mut found) = (None, None, None);
        for (index, &number) in self.unsent.iter().enumerate() {
            let write = ledger.get(number);
            let apart = self.apart.contains(&number)
                || write.made_at.since(*since.get_or_insert(write.made_at)) >= BATCH_SPAN;
            // Where some were dropped, nobody can say which was the first of those that are left.
            if (apart || write.awaited || self.was_dropped) && batch.as_ref() == Some(change) {
                found = Some(index);
            }
            if write.awaited {
                return found;
            }
            if apart {
                since = Some(write.made_at);
            }
            fold(&mut batch, &write.change);
        }
        if batch.as_ref() == Some(change) { Some(self.unsent.len()) } else { found }
    }

    /// Writes that were neither sent nor reported.
    pub(crate) fn unsent(&self) -> Vec<usize> {
        if self.some_dropped { Vec::new() } else { self.unsent.iter().copied().collect() }
    }

    /// The operation numbers of batches whose loss the page was not told.
    pub(crate) const fn batches(&self) -> &BTreeSet<u64> {
        &self.batches
    }
}

fn fold(batch: &mut Option<Change>, later: &Change) {
    match batch {
        Some(batch) => batch.then(later),
        None => *batch = Some(later.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Write;
    use meeting_session_core::MergeStrategy;
    use meeting_session_core::position::Epoch;
    use meeting_session_core::protocol::{Condition, UpdateRequest};

    const START: Instant = Instant::from_millis(1_000);

    fn set(key: &str, value: Option<&str>) -> Change {
        Change { strategy: MergeStrategy::ShallowMerge, keys: [(key.into(), value.map(Into::into))].into() }
    }

    /// Two batched writes, the second a delete, of which `sent` goes out as operation `sequence` after `wait`.
    fn outcome(sent: &Change, sequence: u64, wait: Duration) -> Checked {
        let (mut ledger, mut custody) = (Ledger::default(), Custody::default());
        for change in [set("a", Some("1")), set("b", None)] {
            custody.made(ledger.next());
            ledger.add(Write::new(1, false, change, START, Some(Epoch(1)), None));
        }
        let update = sent.to_update();
        let text =
            UpdateRequest { sequence, epoch: Epoch(1), update, condition: Condition::default() }.encode();
        custody.sent(START + wait, &text, &mut ledger, &mut Totals::default())?;
        assert!(custody.unsent().is_empty());
        custody.sent(START + wait, &text, &mut ledger, &mut Totals::default())
    }

    #[test]
    fn only_what_was_written_may_be_sent() {
        let mut both = set("a", Some("1"));
        both.then(&set("b", None));
        assert_eq!(outcome(&both, 1, Duration::ZERO), Ok(()));
        assert!(outcome(&both, 2, Duration::ZERO).is_err(), "a number was left out");
        assert!(outcome(&set("a", Some("2")), 1, Duration::ZERO).is_err(), "another value");
        assert!(outcome(&set("b", None), 1, Duration::ZERO).is_err(), "the first was lost");
        assert!(outcome(&both, 1, limits::UNSENT_MAX + Duration::from_millis(1)).is_err(), "late");
    }
}
