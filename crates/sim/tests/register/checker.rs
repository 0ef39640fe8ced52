//! Whether a history of one register is linearizable: the search of Wing and Gong, with a memory of where it has been.

use std::collections::BTreeSet;

/// A value of the register; every write has another one. None: it was never written.
pub(crate) type Value = Option<u32>;

/// What was asked of the register, and what came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Call {
    /// It was read, and had this value.
    Read(Value),
    Write(u32),
    /// It was to be written if it still had a value.
    Swap {
        expected: Value,
        new: u32,
        /// Whether it was; none where nobody was told.
        done: Option<bool>,
    },
}

/// A call and when it was going on, in steps of the whole run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) call: Call,
    pub(crate) began: usize,
    /// None: nobody was told how it ended, so that it may have come to pass at any time after its begin, or never.
    pub(crate) ended: Option<usize>,
}

impl Call {
    /// The values that the register may have after this, if it had that one before.
    fn after(self, value: Value) -> Vec<Value> {
        match self {
            Self::Read(read) if read == value => vec![value],
            Self::Read(_) => vec![],
            Self::Write(new) => vec![Some(new)],
            Self::Swap { expected, new, done } => match (expected == value, done) {
                (true, Some(true) | None) => vec![Some(new)],
                (false, Some(false) | None) => vec![value],
                (true, Some(false)) | (false, Some(true)) => vec![],
            },
        }
    }
}

/// Whether there is an order of these operations, at most 64, that explains all results and in which none comes before
/// one that had ended when it began.
pub(crate) fn is_linearizable(history: &[Operation]) -> bool {
    let (mut open, mut seen) = (vec![(0_u64, None)], BTreeSet::new());
    while let Some((placed, value)) = open.pop() {
        if !seen.insert((placed, value)) {
            continue;
        }
        let missing = || history.iter().enumerate().filter(move |(number, _)| placed & 1 << number == 0);
        let Some(first_end) = missing().filter_map(|(_, operation)| operation.ended).min() else {
            return true;
        };
        for (number, operation) in missing().filter(|(_, operation)| operation.began < first_end) {
            open.extend(operation.call.after(value).into_iter().map(|after| (placed | 1 << number, after)));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(operations: &[(Call, usize, Option<usize>)]) -> bool {
        let operation = |&(call, began, ended)| Operation { call, began, ended };
        is_linearizable(&operations.iter().map(operation).collect::<Vec<_>>())
    }

    const fn swap(expected: Value, new: u32, done: bool) -> Call {
        Call::Swap { expected, new, done: Some(done) }
    }

    #[test]
    fn what_no_order_explains_is_found() {
        let (one, two) = (swap(None, 1, true), swap(None, 2, true));
        assert!(history(&[(one, 0, Some(3)), (swap(None, 2, false), 1, Some(2))]));
        assert!(!history(&[(one, 0, Some(3)), (two, 1, Some(2))]), "both cannot have been the first");
        assert!(!history(&[(swap(None, 1, false), 0, Some(1))]), "nothing was in its way");
        let read = |value| Call::Read(value);
        assert!(history(&[(Call::Write(1), 0, Some(3)), (read(None), 1, Some(2))]), "at the same time");
        assert!(!history(&[(Call::Write(1), 0, Some(1)), (read(None), 2, Some(3))]), "one after the other");
        let unknown = (Call::Write(1), 0, None);
        assert!(history(&[unknown, (read(None), 1, Some(2)), (read(Some(1)), 3, Some(4))]));
        assert!(!history(&[unknown, (read(Some(1)), 1, Some(2)), (read(None), 3, Some(4))]), "back again");
    }
}
