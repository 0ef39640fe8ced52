//! The file that keeps the sessions from one server to the next.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use meeting_session_core::session::SavedSession;
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use crate::clock;

/// What is in the file. Another version of the server refuses what it does not know.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct State {
    version: u32,
    /// Milliseconds since 1970 UTC.
    saved_at: u64,
    sessions: BTreeMap<String, SavedSession>,
}

/// Goes up with every change of what is in the file.
const VERSION: u32 = 2;

/// What the name of the file ends in while it is written.
const UNFINISHED: &str = ".unfinished";

/// The file, of which no other server takes or writes sessions as long as this one has it.
#[derive(Debug)]
pub(crate) struct StateFile {
    pub(crate) path: PathBuf,
    /// Locked. It stays in its place, as removing it would leave two servers each with a lock of its own.
    _lock: File,
}

impl StateFile {
    /// Makes sure of the file for this server.
    ///
    /// # Errors
    /// When another server has it, and when nothing could be written there: in the end it would be too late to say so.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if path.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let lock = private().create(true).open(with_suffix(path, ".lock"))?;
        match lock.try_lock() {
            Ok(()) => {
                // What `write` will have to do. An earlier server may have left one behind that it did not finish.
                create_unfinished(path)?;
                remove(&with_suffix(path, UNFINISHED))?;
                Ok(Self { path: path.to_owned(), _lock: lock })
            }
            Err(TryLockError::WouldBlock) => {
                Err(io::Error::other("another server uses it; stop that one first"))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Takes the sessions out of the file, and says how long ago they were saved. No file, no sessions. One that cannot be
    /// used is put aside, because a server that does not start helps nobody.
    ///
    /// # Errors
    /// When the file cannot be read or not be removed: the next server must not find it again.
    pub(crate) fn take(&self) -> io::Result<(BTreeMap<String, SavedSession>, Duration)> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Default::default()),
            Err(error) if error.kind() == ErrorKind::InvalidData => String::new(),
            Err(error) => return Err(error),
        };
        match serde_json::from_str::<State>(&text) {
            Ok(state) if state.version == VERSION => {
                fs::remove_file(&self.path)?;
                let ago = Duration::from_millis(clock::date().saturating_sub(state.saved_at));
                info!(sessions = state.sessions.len(), ?ago, "sessions read from the state file");
                Ok((state.sessions, ago))
            }
            _ => {
                let aside = with_suffix(&self.path, ".unusable");
                fs::rename(&self.path, &aside)?;
                warn!(
                    file = %aside.display(),
                    "the state file could not be used and is put aside; all sessions begin anew"
                );
                Ok(Default::default())
            }
        }
    }

    /// Writes the sessions, whole or not at all.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn write(&self, sessions: BTreeMap<String, SavedSession>) -> io::Result<()> {
        let count = sessions.len();
        let state = State { version: VERSION, saved_at: clock::date(), sessions };
        let mut file = create_unfinished(&self.path)?;
        file.write_all(serde_json::to_string(&state)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(with_suffix(&self.path, UNFINISHED), &self.path)?;
        info!(sessions = count, file = %self.path.display(), "sessions written to the state file");
        Ok(())
    }
}

/// The file that becomes the state file when it is whole, empty.
fn create_unfinished(path: &Path) -> io::Result<File> {
    let path = with_suffix(path, UNFINISHED);
    remove(&path)?;
    private().create_new(true).open(path)
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// How a file is opened that only this user may read: it holds secrets.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
