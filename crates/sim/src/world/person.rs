//! Somebody with a page: the real client and what the page makes of it.

use meeting_session_core::client::{Identity, JoinOptions, WriteFailure};
use meeting_session_core::session::ConnectionId;
use meeting_session_core::{Client, Instant};

use super::clock::Clock;
use super::conditions::Transaction;
use crate::checks::{Custody, View};
use crate::dice::Millis;

/// What a page that goes away leaves behind.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    pub(crate) session: usize,
    pub(crate) identity: Option<Identity>,
    pub(crate) predecessors: String,
    /// The instances of all lives up to it that were handed on like this, oldest first.
    pub(crate) lineage: Vec<String>,
}

/// One person, through all lives of the page.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) clock: Clock,
    /// Which session it takes part in, or did last.
    pub(crate) session: usize,
    /// A number for this join of this page, which is also its instance: all that is kept for one join is under it.
    pub(crate) life: usize,
    /// Whether it has asked to join and has not left.
    pub(crate) present: bool,
    /// The name that it gave itself last.
    pub(crate) name: String,
    /// Changes of it that have not been said to have taken effect.
    pub(crate) unset_names: usize,
    /// What the page has saved for the next one in its tab.
    pub(crate) saved: Option<Saved>,
    /// The lives whose participant it is to come back as.
    pub(crate) lineage: Vec<String>,
    /// Whether another page has come back as this one's participant.
    pub(crate) taken: bool,
    /// Whether its client has been told to send everything at once.
    pub(crate) hurried: bool,
    pub(crate) view: View,
    pub(crate) custody: Custody,
    /// The transaction that it tries.
    pub(crate) transaction: Option<Transaction>,
    pub(crate) socket: Option<ConnectionId>,
    /// The deadline that the timer is set for, and its number.
    pub(crate) timer: Option<(Instant, u64)>,
    /// The timer was due while the page was frozen.
    pub(crate) timer_missed: bool,
    /// Why the last batched write was refused at once, if it was.
    pub(crate) refused: Option<WriteFailure>,
    pub(crate) frozen_until: Millis,
    /// Since when its clock has stood still with it.
    pub(crate) asleep_since: Option<Millis>,
    pub(crate) offline_until: Millis,
    pub(crate) hidden: bool,
    /// Bytes that it reads in a second, while it is a slow reader.
    pub(crate) reads: Option<u64>,
}

impl Person {
    pub(crate) fn new(seed: u64, clock: Clock) -> Self {
        Self {
            client: Client::new(seed),
            clock,
            session: 0,
            life: 0,
            lineage: Vec::new(),
            present: false,
            name: String::new(),
            unset_names: 0,
            saved: None,
            taken: false,
            hurried: false,
            view: View::default(),
            custody: Custody::default(),
            transaction: None,
            socket: None,
            timer: None,
            timer_missed: false,
            refused: None,
            frozen_until: 0,
            asleep_since: None,
            offline_until: 0,
            hidden: false,
            reads: None,
        }
    }

    /// Whether the session is joined, the connection there or being restored.
    pub(crate) const fn joined(&self) -> bool {
        self.client.position().is_some()
    }

    /// Begins a new life in a session, perhaps as a participant that was there before.
    pub(crate) fn begin(
        &mut self,
        life: usize,
        session: usize,
        name: String,
        saved: Option<Saved>,
    ) -> JoinOptions {
        self.life = life;
        self.session = session;
        self.present = true;
        self.name = name;
        self.unset_names = 0;
        (self.taken, self.hurried) = (false, false);
        self.view = View::default();
        self.custody = Custody::default();
        self.transaction = None;
        self.lineage = saved.as_ref().map_or_else(Vec::new, |saved| saved.lineage.clone());
        JoinOptions {
            session: format!("session-{session}"),
            user_name: self.name.clone(),
            user_data: None,
            token: None,
            instance: instance(life),
            resume: saved.as_ref().and_then(|saved| saved.identity.clone()),
            predecessors: saved.map_or_else(String::new, |saved| saved.predecessors),
        }
    }
}

/// What a life of a page calls itself.
pub(crate) fn instance(life: usize) -> String {
    format!("{life:032x}")
}
