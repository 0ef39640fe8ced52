//! Adding one to a number, again and again, while others do: compare and set, as an application would.

use std::time::Duration;

use meeting_session_core::MergeStrategy;
use meeting_session_core::Update;
use meeting_session_core::client::WriteId;
use meeting_session_core::protocol::Condition;
use tokio::time::Instant;

use super::Page;
use super::writes::json;
use crate::history::{Event, Kind};

/// The number that all add to.
pub const COUNTER: &str = "counter";

/// The longest pause after a conflict, in milliseconds.
const PAUSE_MAX: u64 = 1_000;

/// How far a page is.
#[derive(Debug)]
pub(super) struct Counting {
    left: u32,
    /// Conflicts since the last success.
    conflicts: u32,
    /// When it tries next; none while it waits for an answer, and in the end.
    due_at: Option<Instant>,
}

impl Counting {
    pub(super) fn new(left: u32) -> Self {
        Self { left, conflicts: 0, due_at: None }
    }

    pub(super) fn begin(&mut self) {
        self.due_at = (self.left > 0).then(Instant::now);
    }

    pub(super) fn due_at(&self) -> Option<Instant> {
        self.due_at
    }
}

impl Page<'_> {
    /// Writes the number that comes after the one here, if that is still the one everywhere.
    pub(super) fn count(&mut self) {
        self.counting.due_at = None;
        self.last_write += 1;
        let write = self.last_write;
        self.record(self.now(), Event::Invoke { write, kind: Kind::Awaited });
        let count = self.data.get(COUNTER).map_or(0, |count| count.parse::<u64>().unwrap_or_default());
        let own = format!("own.{}", self.id.0);
        let changes = [(COUNTER.to_owned(), (count + 1).to_string()), (own, self.marker())];
        let changes = changes.map(|(key, value)| (key.into(), Some(json(value))));
        let update = Update::new(MergeStrategy::ShallowMerge, changes);
        let condition = Condition { unchanged: vec![COUNTER.to_owned()], ..Condition::default() };
        self.open.push(write);
        self.input(|client, now| client.write(now, WriteId(write), update, condition));
    }

    /// The write has ended. The first retry is made at once, later ones after a random pause whose limit doubles.
    pub(super) fn counted(&mut self, applied: bool) {
        let counting = &mut self.counting;
        if counting.left == 0 {
            return;
        }
        let mut pause = 0;
        if applied {
            (counting.left, counting.conflicts) = (counting.left - 1, 0);
        } else {
            counting.conflicts += 1;
            if counting.conflicts > 1 {
                let limit = (10 << counting.conflicts.min(16)).min(PAUSE_MAX);
                pause = self.person.dice.between(0, limit);
            }
        }
        if self.counting.left > 0 {
            self.counting.due_at = Some(Instant::now() + Duration::from_millis(pause));
        } else {
            self.settled = true;
            self.report();
        }
    }
}
