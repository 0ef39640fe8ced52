//! The file that keeps the sessions from one server to the next.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
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

/// Takes the sessions out of the file, and says how long ago they were saved. No file, no sessions. One that cannot be
/// used is put aside, because a server that does not start helps nobody.
///
/// # Errors
/// When the file cannot be read or not be removed: the next server must not find it again. And when nothing could be
/// written there: in the end it would be too late to say so.
pub(crate) fn take(path: &Path) -> io::Result<(BTreeMap<String, SavedSession>, Duration)> {
    check_writable(path)?;
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Default::default()),
        Err(error) if error.kind() == ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(error),
    };
    match serde_json::from_str::<State>(&text) {
        Ok(state) if state.version == VERSION => {
            fs::remove_file(path)?;
            let ago = Duration::from_millis(clock::date().saturating_sub(state.saved_at));
            info!(sessions = state.sessions.len(), ?ago, "sessions read from the state file");
            Ok((state.sessions, ago))
        }
        _ => {
            let aside = with_suffix(path, ".unusable");
            fs::rename(path, &aside)?;
            warn!(file = %aside.display(), "the state file could not be used and is put aside; all sessions begin anew");
            Ok(Default::default())
        }
    }
}

/// Tries what `write` will have to do, with a file that no other server can be writing.
fn check_writable(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let trial = with_suffix(path, ".trial");
    private().create(true).open(&trial)?;
    remove(&trial)
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

/// Writes the sessions, whole or not at all.
///
/// # Errors
/// Those of the file system.
pub(crate) fn write(path: &Path, sessions: BTreeMap<String, SavedSession>) -> io::Result<()> {
    let count = sessions.len();
    let state = State { version: VERSION, saved_at: clock::date(), sessions };
    let unfinished = with_suffix(path, ".unfinished");
    remove(&unfinished)?;
    let mut file = private().create_new(true).open(&unfinished)?;
    file.write_all(serde_json::to_string(&state)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    info!(sessions = count, file = %path.display(), "sessions written to the state file");
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
