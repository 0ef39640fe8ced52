//! The server: its sessions, each beside its model, and when it serves at all.

mod host;

use std::collections::BTreeMap;

use meeting_session_core::Instant;
use meeting_session_core::position::{Epoch, Position};

use crate::dice::Millis;
use crate::model::History;
pub(crate) use host::{Host, Input};

/// The server's clock does not begin with the run.
const CLOCK_START: Millis = 1_000_000;

/// What a server does that has been told to stop.
#[derive(Debug)]
pub(crate) struct Going {
    /// When the next one starts.
    pub(crate) back_at: Millis,
    /// Whether that one goes on with the same sessions.
    pub(crate) keeps_state: bool,
}

/// The server.
#[derive(Debug, Default)]
pub(crate) struct Server {
    /// The living sessions by number.
    pub(crate) hosts: BTreeMap<usize, Host>,
    /// Histories that ended or were rolled back; pages may still show them.
    pub(crate) past: BTreeMap<Epoch, Vec<History>>,
    /// Whether the process runs. The sessions of one that does not are in its state file.
    pub(crate) up: bool,
    /// When the last one stopped in order.
    pub(crate) stopped_at: Millis,
    /// Whether it has been told to stop.
    pub(crate) going: Option<Going>,
    /// Until when it does nothing.
    pub(crate) paused_until: Millis,
}

impl Server {
    /// The server's own time.
    pub(crate) const fn clock(now: Millis) -> Instant {
        Instant::from_millis(CLOCK_START + now)
    }

    /// The run's time at which the server's clock shows `instant`.
    pub(crate) const fn when(instant: Instant) -> Millis {
        instant.as_millis().saturating_sub(CLOCK_START)
    }

    /// Whether it handles anything at that time.
    pub(crate) const fn works(&self, now: Millis) -> bool {
        self.up && self.paused_until <= now
    }

    /// Forgets a session and keeps its history.
    pub(crate) fn bury(&mut self, session: usize) {
        if let Some(host) = self.hosts.remove(&session) {
            let history = host.into_history();
            self.past.entry(history.epoch()).or_default().push(history);
        }
    }

    /// Whether any session has decided an operation of that client.
    pub(crate) fn has_decided(&self, life: usize, sequence: u64) -> bool {
        let instance = format!("{life:032x}");
        let living = self.hosts.values().map(|host| &host.history);
        living.chain(self.past.values().flatten()).any(|history| history.has_decided(&instance, sequence))
    }

    /// The history that a position belongs to.
    pub(crate) fn history(&self, position: Position) -> Option<&History> {
        let living = self.hosts.values().map(|host| &host.history);
        let past = self.past.get(&position.epoch).into_iter().flatten();
        living.chain(past).find(|history| history.contains(position))
    }

    /// Like [`history`](Self::history), to take note of something.
    pub(crate) fn history_mut(&mut self, position: Position) -> Option<&mut History> {
        let living = self.hosts.values_mut().map(|host| &mut host.history);
        let past = self.past.get_mut(&position.epoch).into_iter().flatten();
        living.chain(past).find(|history| history.contains(position))
    }
}
