//! One connection: what it was sent, what it makes of that, and what it is still owed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use meeting_session_core::protocol::*;
use meeting_session_core::{Instant, Position};
use serde::Deserialize;

use super::history::{History, Write};
use crate::checks::update::Copy;

/// A connection. One that was closed is kept: another may resume with what it knew.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) open: bool,
    pub(super) instance: String,
    pub(super) blocked_since: Option<Instant>,
    pub(super) heard_at: Instant,
    /// What the join must be answered with; none once it was.
    pub(super) awaited: Option<Answer>,
    /// Of a join answer that is not complete, the participants that have come, and all.
    listed: Option<(Vec<Participant>, Vec<Participant>)>,
    pub(super) identity: Option<(ParticipantId, String)>,
    pub(super) position: Option<Position>,
    copy: Copy,
    /// Since when it could have been sent newer data.
    pub(super) behind_since: Option<Instant>,
    /// Results that it is owed, in order, and since when they could have been sent.
    pub(super) results: VecDeque<(Instant, u64, UpdateResult)>,
    /// Everything else that it is owed, in order.
    pub(super) events: VecDeque<ServerMessage>,
}

/// The answer that a join must get.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) participant: ParticipantId,
    pub(super) secret: String,
    pub(super) resumed: bool,
    /// What the client said to have.
    pub(super) claimed: Option<Position>,
    pub(super) participants: Vec<Participant>,
}

impl Peer {
    pub(super) fn new(now: Instant, instance: String) -> Self {
        Self {
            open: true,
            instance,
            blocked_since: None,
            heard_at: now,
            awaited: None,
            listed: None,
            identity: None,
            position: None,
            copy: Copy::default(),
            behind_since: None,
            results: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// A frame came.
    pub(super) fn receive(&mut self, text: &str, history: &History) {
        assert!(self.open, "a closed connection is sent nothing: {text}");
        assert!(self.blocked_since.is_none(), "a blocked connection is sent nothing: {text}");
        let message =
            ServerMessage::decode(text).unwrap_or_else(|| panic!("every frame is a message: {text}"));
        assert_eq!(message.encode(), text);
        if let Some(answer) = self.awaited.take() {
            let ServerMessage::Joined(joined) = message else {
                panic!("the answer to the join comes first: {text}")
            };
            return self.joined(*joined, answer, history);
        }
        if let Some((mut listed, all)) = self.listed.take() {
            let ServerMessage::Participants { participants, more } = message else {
                panic!("the participants come without anything between them: {text}")
            };
            assert!(!participants.is_empty());
            listed.extend(participants);
            return self.list(listed, more, all);
        }
        match message {
            ServerMessage::State { position, change } => self.state(position, change, history),
            ServerMessage::Result { sequence, result } => {
                let owed = self.results.pop_front().map(|(_, sequence, result)| (sequence, result));
                assert_eq!(Some((sequence, result)), owed, "results come in order, each once");
                if let UpdateResult::Applied(revision) | UpdateResult::Unchanged(revision) = result {
                    assert!(
                        self.position.is_some_and(|mine| revision <= mine.revision),
                        "data first: {text}"
                    );
                }
            }
            ServerMessage::Ping => {}
            message => assert_eq!(Some(message), self.events.pop_front(), "what is owed, in its order"),
        }
    }

    fn joined(&mut self, joined: Joined, answer: Answer, history: &History) {
        let Joined { participant, secret, resumed, forked, position, state, participants, more, .. } = joined;
        assert_eq!((&participant, &secret, resumed), (&answer.participant, &answer.secret, answer.resumed));
        assert_eq!(position, history.position());
        let claimed = answer.claimed;
        let have = claimed.and_then(|claimed| history.at(claimed));
        if forked {
            assert!(have.is_none() && claimed.is_some_and(|claimed| claimed.epoch == position.epoch));
        }
        let beyond =
            |claimed: Position| claimed.epoch == position.epoch && claimed.revision > position.revision;
        assert!(forked || !claimed.is_some_and(beyond), "it has what the server has lost");
        match state {
            None => {
                assert!(resumed);
                assert_eq!(claimed, Some(position), "only who has everything gets nothing");
                self.copy = (**history.data()).clone();
            }
            Some(change @ StateChange { since: None, .. }) => {
                check_writes(&change, position, history);
                assert!(change.deleted.is_empty());
                self.copy = Copy::parse(&change.set);
            }
            Some(change) => {
                check_writes(&change, position, history);
                assert!(resumed, "another participant starts from nothing");
                assert_eq!(change.since, claimed.map(|claimed| claimed.revision));
                self.copy = (**have.expect("a difference only from what the client has")).clone();
                patch(&mut self.copy, &change);
            }
        }
        assert_eq!(self.copy, **history.data(), "the join leads to the data");
        self.position = Some(position);
        self.identity = Some((participant, secret));
        assert!(participants.len() <= limits::PARTICIPANTS_PER_MESSAGE);
        self.list(participants, more, answer.participants);
    }

    /// These participants of all have come.
    fn list(&mut self, listed: Vec<Participant>, more: bool, all: Vec<Participant>) {
        if more {
            self.listed = Some((listed, all));
        } else {
            assert_eq!(listed, all, "all participants, in the order in which they joined");
        }
    }

    fn state(&mut self, position: Position, change: StateChange, history: &History) {
        let mine = self.position.expect("joined");
        assert_eq!(position.epoch, mine.epoch);
        assert!(position.revision > mine.revision, "data never goes back, nor comes twice");
        if change.since.is_none() {
            self.copy = Copy::default();
        } else {
            assert_eq!(change.since, Some(mine.revision), "a difference from what was sent before");
        }
        check_writes(&change, position, history);
        patch(&mut self.copy, &change);
        let data = history.at(position).expect("a position of this history");
        assert_eq!(self.copy, **data, "what is sent adds up to the data at {position:?}");
        self.position = Some(position);
        self.behind_since = None;
    }

    /// What must be true of a connection that has just been answered without delay.
    pub(super) fn check_caught_up(&self) {
        if self.open && self.blocked_since.is_none() {
            assert!(self.results.is_empty() && self.behind_since.is_none(), "a retry sees the newest data");
        }
    }

    /// What must be true of an open connection after every step.
    pub(super) fn check(&self, now: Instant) {
        assert!(now.since(self.heard_at) < limits::SILENCE_MAX + CHECKS, "a silent connection is closed");
        let Some(since) = self.blocked_since else {
            assert!(self.awaited.is_none() && self.listed.is_none(), "a join is answered at once");
            assert!(self.events.is_empty(), "{:?} is owed", self.events);
            for since in self.results.iter().map(|(since, ..)| *since).chain(self.behind_since) {
                assert!(now.since(since) < limits::CONFLATION_INTERVAL, "data and results are not held back");
            }
            return;
        };
        assert!(now.since(since) < limits::BLOCKED_MAX + CHECKS, "a blocked connection is closed");
        assert!(!self.events_overflow(), "{} events wait", self.events.len());
    }

    /// Whether it may be closed for what waits. Results count as soon as one more comes while it is blocked.
    pub(super) fn overflows(&self) -> bool {
        self.events_overflow() || self.results.len() > limits::QUEUED_RESULTS
    }

    fn events_overflow(&self) -> bool {
        let bytes: usize = self.events.iter().map(|event| event.encode().len()).sum();
        self.events.len() > limits::QUEUED_EVENTS || bytes > limits::QUEUED_EVENT_BYTES
    }
}

/// How late a silent or a blocked connection may be closed, and what is too long ago forgotten.
pub(super) const CHECKS: Duration = Duration::from_secs(5);

fn patch(copy: &mut Copy, change: &StateChange) {
    let mut seen = Vec::new();
    for (key, value) in Copy::parse(&change.set).0 {
        seen.push(key.clone());
        copy.change(key, Some(value));
    }
    for key in &change.deleted {
        let key: Arc<str> = key.as_str().into();
        assert!(!seen.contains(&key), "a key is set or deleted");
        seen.push(key.clone());
        copy.change(key, None);
    }
}

/// Of each key that a change names it says who last wrote it.
fn check_writes(change: &StateChange, position: Position, history: &History) {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        revision: u64,
        by: String,
        at: u64,
        keys: Option<Vec<String>>,
    }
    let entries: Vec<Entry> = serde_json::from_str(change.writes.as_str()).unwrap();
    assert!(entries.is_sorted_by(|a, b| a.revision < b.revision), "oldest first: {}", change.writes.as_str());
    let set = Copy::parse(&change.set).0.into_keys().map(|key| key.to_string());
    let named: Vec<String> = set.chain(change.deleted.iter().cloned()).collect();
    let mut said: BTreeMap<String, Write> = BTreeMap::new();
    let count = entries.len();
    for Entry { revision, by, at, keys } in entries {
        assert!(change.since.is_none_or(|since| revision > since), "what was written before is not news");
        assert_eq!(keys.is_none(), count == 1, "the only one names no keys");
        for key in keys.unwrap_or_else(|| named.clone()) {
            let before = said.insert(key, (revision, ParticipantId(by.clone()), at));
            assert_eq!(before, None, "a key has one last write");
        }
    }
    let last = |key: String| history.last_write(&key, position.revision).map(|write| (key, write));
    assert_eq!(said, named.into_iter().map(|key| last(key).unwrap()).collect());
}
