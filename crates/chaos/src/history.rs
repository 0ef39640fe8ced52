//! What everybody did and saw, one JSON object a line, with times from one monotonic clock.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use meeting_session_core::protocol::{Rejection, UpdateResult};
use serde::{Deserialize, Serialize};

/// One document of one person: who, and the how many-th.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PageId(pub u32, pub u32);

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Microseconds since the run began.
    pub at: u64,
    /// Where; none for what the nemesis did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub page: Option<PageId>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened. Epochs and chains are the sixteen digits of the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields say what they are")]
pub enum Event {
    /// A page asks to join a session, perhaps as the participant of the page before it.
    Start { session: String, resumes: Option<String> },
    /// The first join is done. `people` is left empty where the run does not follow who is there.
    Joined { participant: String, people: Vec<String> },
    /// The connection was lost.
    Interrupted,
    /// It is back, through an attempt that began at that time.
    Reconnected { participant: String, began: u64 },
    /// The page shows this data: its digest, and the two keys that are only written together.
    State { epoch: String, revision: u64, chain: String, digest: String, pair: [Option<String>; 2] },
    /// The page was told that its session is not the one it was in.
    Reset { reason: String },
    /// Somebody else came.
    PersonJoined { id: String },
    /// Somebody else went.
    PersonLeft { id: String },
    /// The page writes, and numbers what it writes.
    Invoke { write: u32, kind: Kind },
    /// An update goes out, for the first time or again.
    Sent { participant: String, frame: String },
    /// The server's answer to an update.
    Result { sequence: u64, answer: Answer },
    /// An awaited write or a flush has ended well.
    Acknowledged { write: u32, revision: u64, changed: bool },
    /// An awaited write, or without number the batched ones, did not come to pass, or nobody knows (`unknown`).
    Failed { write: Option<u32>, code: String },
    /// The client gave up.
    Stopped { why: String },
    /// The page is no more: it left, was reloaded or crashed.
    Gone { how: String },
    /// What the page knows at the end of the run: how many participants there are, and a digest of who.
    Final { people: usize, roster: String },
    /// The nemesis did something; `ends` if every session ends with it.
    Fault { what: String, ends: bool },
    /// All faults are over.
    Heal,
}

/// How an update ended, and at which revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It became this revision.
    Applied(u64),
    /// The data already was like that.
    Unchanged(u64),
    /// Its condition did not hold.
    Conflict(u64),
    /// It was refused for something else.
    Rejected,
}

impl From<UpdateResult> for Answer {
    fn from(result: UpdateResult) -> Self {
        match result {
            UpdateResult::Applied(revision) => Self::Applied(revision),
            UpdateResult::Unchanged(revision) => Self::Unchanged(revision),
            UpdateResult::Rejected(Rejection::Conflict(revision)) => Self::Conflict(revision),
            UpdateResult::Rejected(_) => Self::Rejected,
        }
    }
}

/// How a page writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Awaited: one update of its own.
    Awaited,
    /// Batched: several become one update, and nobody is told of its end unless it fails.
    Batched,
    /// Writes nothing and ends when all before it has.
    Flush,
}

/// Writes the history of one run.
#[derive(Debug)]
pub struct Recorder {
    began: Instant,
    file: Mutex<BufWriter<File>>,
}

impl Recorder {
    /// A new history in that file.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { began: Instant::now(), file: Mutex::new(BufWriter::new(File::create(path)?)) })
    }

    /// Microseconds since the run began.
    pub fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Adds a line. What cannot be written shows when the history is finished.
    pub fn write(&self, at: u64, page: Option<PageId>, event: Event) {
        let mut file = self.file();
        let _ = serde_json::to_writer(&mut *file, &Line { at, page, event });
        let _ = file.write_all(b"\n");
    }

    /// Makes sure that all of it is in the file.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn finish(&self) -> io::Result<()> {
        self.file().flush()
    }

    fn file(&self) -> MutexGuard<'_, BufWriter<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a history.
///
/// # Errors
/// Those of the file system, and a line that is none.
pub fn read(path: &Path) -> io::Result<Vec<Line>> {
    let lines = BufReader::new(File::open(path)?).lines();
    lines.map(|line| serde_json::from_str(&line?).map_err(io::Error::from)).collect()
}
