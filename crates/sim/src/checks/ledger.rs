//! Every write of the run, from the call to its end: G2, G6, G7 and G17.

use meeting_session_core::client::{WriteEnd, WriteFailure};
use meeting_session_core::position::{Epoch, Position};
use meeting_session_core::protocol::{Condition, Rejection, UpdateResult};
use meeting_session_core::{Instant, MergeStrategy};

use crate::model::{Change, History};
use crate::violation::{Checked, ensure};

/// One write.
#[derive(Debug)]
pub(crate) struct Write {
    /// Which life of which page made it.
    pub(crate) life: usize,
    /// Whether somebody waits for its end.
    pub(crate) awaited: bool,
    pub(crate) change: Change,
    /// What it asks, with the revision that its page showed when it was made.
    pub(crate) condition: Condition,
    /// When it was made, by the page's clock.
    pub(crate) made_at: Instant,
    /// The session that the page showed when it was made.
    pub(crate) made_in: Option<Epoch>,
    /// What had been acknowledged in its session when it was made.
    pub(crate) floor: Option<(Epoch, u64)>,
    /// Whether its page took it back before it was sent.
    withdrawn: bool,
    /// Whether it has left the client.
    pub(crate) sent: bool,
    /// What the session decided, of a write with a marker.
    decided: Option<(Epoch, UpdateResult)>,
    /// What it had decided before it was rolled back; the client may still be told of it.
    undone: Option<UpdateResult>,
    /// What the client was told.
    pub(crate) ended: Option<WriteEnd>,
}

impl Write {
    pub(crate) fn new(
        life: usize,
        awaited: bool,
        change: Change,
        made_at: Instant,
        made_in: Option<Epoch>,
        floor: Option<(Epoch, u64)>,
    ) -> Self {
        Self {
            life,
            awaited,
            change,
            condition: Condition::default(),
            made_at,
            made_in,
            floor,
            withdrawn: false,
            sent: false,
            decided: None,
            undone: None,
            ended: None,
        }
    }

    /// Whether it changes nothing and is awaited for all that was written before it.
    pub(crate) fn is_flush(&self) -> bool {
        self.awaited && self.change.strategy != MergeStrategy::Replace && self.change.keys.is_empty()
    }

    const fn is_open(&self) -> bool {
        self.awaited && self.ended.is_none() && !self.withdrawn
    }
}

/// All writes, by number.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Vec<Write>);

impl Ledger {
    /// The number of the next write.
    pub(crate) const fn next(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn add(&mut self, write: Write) {
        self.0.push(write);
    }

    pub(crate) fn get(&self, number: usize) -> &Write {
        &self.0[number]
    }

    pub(crate) fn get_mut(&mut self, number: usize) -> &mut Write {
        &mut self.0[number]
    }

    /// The awaited writes of one life that have not ended.
    pub(crate) fn open(&self, life: usize) -> Vec<usize> {
        let of = |(_, write): &(usize, &Write)| write.life == life && write.is_open();
        self.0.iter().enumerate().filter(of).map(|(number, _)| number).collect()
    }

    /// Its page has taken back an awaited write, or was told that it is too late.
    pub(crate) fn withdrawn(&mut self, number: usize, in_time: bool) -> Checked {
        let write = &mut self.0[number];
        // One without values of its own may have been taken for another.
        let mistaken = write.change.markers().is_empty();
        ensure!(
            in_time != write.sent || mistaken,
            "G17",
            "write {number} was withdrawn in time: {in_time}, and sent: {}",
            write.sent
        );
        write.withdrawn = in_time;
        Ok(())
    }

    /// A session has decided an update that carries these writes.
    pub(crate) fn decided(
        &mut self,
        markers: &[usize],
        instance: &str,
        epoch: Epoch,
        result: UpdateResult,
    ) -> Checked {
        for &number in markers {
            let write = &mut self.0[number];
            ensure!(
                usize::from_str_radix(instance, 16) == Ok(write.life),
                "G2",
                "write {number} came from another client than the one that made it"
            );
            ensure!(!write.withdrawn, "G2", "write {number} was withdrawn and reached a session");
            if !matches!(result, UpdateResult::Rejected(_)) {
                let never = match write.ended {
                    Some(WriteEnd::Failed(WriteFailure::Rejected(rejection))) => {
                        rejection != Rejection::OutOfOrder
                    }
                    Some(WriteEnd::Failed(failure)) => failure != WriteFailure::Unknown,
                    Some(WriteEnd::Applied(_) | WriteEnd::Unchanged(_)) | None => false,
                };
                ensure!(!never, "G2", "write {number} was applied and had ended with {:?}", write.ended);
                let before = write.decided.filter(|(_, result)| matches!(result, UpdateResult::Applied(_)));
                ensure!(
                    before.is_none(),
                    "G2",
                    "write {number} was applied twice, as {before:?} and as {result:?} of {epoch:?}"
                );
            }
            write.decided = Some((epoch, result));
        }
        Ok(())
    }

    /// A session is rolled back: what it had decided never happened, until it is decided again.
    pub(crate) fn rolled_back(&mut self, epoch: Epoch) {
        for write in &mut self.0 {
            if write.decided.is_some_and(|(of, _)| of == epoch) {
                write.undone = write.decided.take().map(|(_, result)| result);
            }
            if write.floor.is_some_and(|(of, _)| of == epoch) {
                write.floor = None;
            }
        }
    }

    /// A client was told how an awaited write ended. `shown` is what its page shows then, and `history` is where that
    /// belongs.
    pub(crate) fn ended(
        &mut self,
        number: usize,
        end: WriteEnd,
        life: usize,
        shown: Option<Position>,
        history: Option<&mut History>,
    ) -> Checked {
        let write = &mut self.0[number];
        ensure!(write.life == life && write.awaited, "G17", "write {number} is not this client's to await");
        ensure!(!write.withdrawn, "G17", "write {number} was withdrawn and ended with {end:?}");
        ensure!(write.ended.is_none(), "G17", "write {number} ended with {:?} and {end:?}", write.ended);
        write.ended = Some(end);
        let marked = !write.change.markers().is_empty();
        match end {
            WriteEnd::Applied(revision) | WriteEnd::Unchanged(revision) => {
                let (Some(shown), Some(history)) = (shown, history) else {
                    ensure!(false, "G6", "write {number} was acknowledged to a page that shows nothing");
                    return Ok(());
                };
                ensure!(
                    shown.revision >= revision,
                    "G6",
                    "write {number} is {end:?}, the page shows {shown:?}"
                );
                if let Some((epoch, floor)) = write.floor
                    && epoch == shown.epoch
                {
                    let later =
                        if end == WriteEnd::Applied(revision) { revision > floor } else { revision >= floor };
                    ensure!(later, "G7", "write {number} is {end:?}, and {floor} was known when it was made");
                }
                history.acknowledged = history.acknowledged.max(revision);
                if end == WriteEnd::Applied(revision) {
                    let op = history.op(revision);
                    let own = op.is_some_and(|op| {
                        usize::from_str_radix(op.instance(), 16) == Ok(life) && op.change == write.change
                    });
                    ensure!(own, "G2", "write {number} is {end:?}, which is {op:?}");
                    ensure!(history.claim(revision), "G2", "revision {revision} was told to two writes");
                } else {
                    let data = history.at(revision);
                    let same = data.is_some_and(|data| write.change.apply(data) == *data);
                    ensure!(same, "G2", "write {number} is {end:?} and would have changed {data:?}");
                }
            }
            WriteEnd::Failed(WriteFailure::Unknown | WriteFailure::Rejected(Rejection::OutOfOrder)) => {
                // One without values of its own may have been taken for another.
                ensure!(write.sent || !marked, "G17", "write {number} is unknown and was never sent");
            }
            WriteEnd::Failed(WriteFailure::Expired | WriteFailure::Busy | WriteFailure::Left) => {
                ensure!(!write.sent, "G2", "write {number} was sent and ended with {end:?}");
            }
            WriteEnd::Failed(WriteFailure::Rejected(rejection)) => {
                if let Rejection::Conflict(revision) = rejection {
                    ensure!(write.condition.is_some(), "G8", "write {number} asked nothing and is {end:?}");
                    // Whoever tries again must have what the condition failed for.
                    ensure!(
                        shown.is_some_and(|shown| shown.revision >= revision),
                        "G6",
                        "write {number} is {end:?}, the page shows {shown:?}"
                    );
                    let known =
                        write.floor.filter(|(epoch, _)| shown.is_some_and(|shown| shown.epoch == *epoch));
                    ensure!(
                        known.is_none_or(|(_, floor)| revision >= floor),
                        "G7",
                        "write {number} is {end:?}, and {known:?} was known when it was made"
                    );
                }
                if write.sent && marked && rejection != Rejection::SessionReset {
                    let told = Some(UpdateResult::Rejected(rejection));
                    let decided = write.decided.map(|(_, result)| result);
                    let same = decided == told || write.undone == told;
                    ensure!(same, "G2", "write {number} is {end:?}, the session said {decided:?}");
                }
                let applied = matches!(write.decided, Some((_, UpdateResult::Applied(_))));
                ensure!(!applied, "G2", "write {number} was applied and ended with {end:?}");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Author, Text};
    use meeting_session_core::protocol::{ParticipantId, UpdateRequest};

    const EPOCH: Epoch = Epoch(7);

    fn change(number: usize) -> Change {
        let value = Text::from(format!("{{\"m\":{number}}}"));
        Change { strategy: MergeStrategy::ShallowMerge, keys: [(Text::from("a"), Some(value))].into() }
    }

    /// A history in which the writes 0 and 1 of life 1 were applied, and what a page shows then.
    fn written(floor: u64) -> (Ledger, History, Position) {
        let start = Position::start(EPOCH);
        let (mut ledger, mut history) = (Ledger::default(), History::new(start));
        let instance = format!("{:032x}", 1);
        for number in 0..2 {
            let floor = Some((EPOCH, floor));
            let write = Write::new(1, true, change(number), Instant::default(), Some(EPOCH), floor);
            ledger.add(Write { sent: true, ..write });
            let update = change(number).to_update();
            let (sequence, condition) = (number as u64 + 1, Condition::default());
            let request = UpdateRequest { sequence, epoch: EPOCH, update, condition };
            let author = Author { participant: ParticipantId("ann".into()), instance: instance.clone() };
            history.decide(&author, 0, &request, || false);
            let result = UpdateResult::Applied(number as u64 + 1);
            assert_eq!(ledger.decided(&[number], &instance, EPOCH, result), Ok(()));
        }
        (ledger, history, Position { revision: 2, ..start })
    }

    #[test]
    fn an_end_is_told_once_and_is_the_true_one() {
        let (mut ledger, mut history, shown) = written(0);
        let mut end = |number, end| ledger.ended(number, end, 1, Some(shown), Some(&mut history));
        assert_eq!(end(0, WriteEnd::Applied(1)), Ok(()));
        assert!(end(0, WriteEnd::Applied(1)).is_err(), "twice");
        assert!(end(1, WriteEnd::Applied(1)).is_err(), "another's revision");
        for told in [WriteEnd::Unchanged(1), WriteEnd::Failed(WriteFailure::Expired)] {
            let (mut ledger, mut history, shown) = written(0);
            assert!(ledger.ended(1, told, 1, Some(shown), Some(&mut history)).is_err(), "{told:?}");
        }
    }

    #[test]
    fn an_acknowledgement_before_its_data_or_out_of_real_order_is_found() {
        let (mut ledger, mut history, shown) = written(0);
        let behind = Position { revision: 1, ..shown };
        let told = ledger.ended(1, WriteEnd::Applied(2), 1, Some(behind), Some(&mut history));
        assert_eq!(told.unwrap_err().guarantee, "G6");
        let (mut ledger, mut history, shown) = written(1);
        let told = ledger.ended(0, WriteEnd::Applied(1), 1, Some(shown), Some(&mut history));
        assert_eq!(told.unwrap_err().guarantee, "G7");
    }

    #[test]
    fn what_is_applied_twice_or_after_its_end_is_found() {
        let (mut ledger, _, _) = written(0);
        let instance = format!("{:032x}", 1);
        let again = ledger.decided(&[0], &instance, EPOCH, UpdateResult::Applied(3));
        assert_eq!(again.unwrap_err().guarantee, "G2");
        ledger.add(Write::new(1, true, change(2), Instant::default(), Some(EPOCH), None));
        let expired = WriteEnd::Failed(WriteFailure::Expired);
        assert_eq!(ledger.ended(2, expired, 1, None, None), Ok(()));
        assert!(ledger.decided(&[2], &instance, EPOCH, UpdateResult::Applied(3)).is_err());
    }
}
