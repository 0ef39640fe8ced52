//! What a page shows: the right data at every moment, forward only, and the right people (G3, G4, G5, G9, G13).

use std::collections::BTreeMap;

use meeting_session_core::Client;
use meeting_session_core::client::ClientEvent;
use meeting_session_core::position::Position;
use meeting_session_core::protocol::{Participant, ParticipantId, StateChange, limits};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::{Data, Text, Touch};
use crate::server::Server;
use crate::totals::Totals;
use crate::violation::{Checked, ensure};

/// Two keys that are only ever written together, with the same value.
pub(crate) const PAIR: [&str; 2] = ["pair.a", "pair.b"];

/// A member of `writes`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    revision: u64,
    by: String,
    at: u64,
    keys: Option<Vec<String>>,
}

/// One page's picture of its session, made from what its client tells it.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) data: Data,
    /// Where the data stands.
    pub(crate) shown: Option<Position>,
    /// Who changed the keys of the last changes, as the page was told.
    touched: BTreeMap<Text, Touch>,
    /// Where it stood when all had last been told.
    settled: Option<Position>,
    pub(crate) roster: BTreeMap<ParticipantId, Participant>,
    own: Option<ParticipantId>,
    /// New sessions and resets told since.
    session_changes: usize,
    resets: usize,
    /// Whether the page was told of a join since.
    first: bool,
}

impl View {
    /// The client hands over a change, which leads to `position`.
    pub(crate) fn take(
        &mut self,
        change: &StateChange,
        position: Option<Position>,
        totals: &mut Totals,
    ) -> Checked {
        let Ok(set) = serde_json::from_str::<BTreeMap<String, &RawValue>>(change.set.as_str()) else {
            ensure!(false, "G5", "the client handed over what is no object: {:?}", change.set);
            return Ok(());
        };
        match (change.since, position) {
            (None, _) => self.data.clear(),
            (Some(since), Some(to)) => {
                let span = to.revision - since;
                ensure!(span <= limits::LOG_UPDATES as u64, "G15", "a delta spans {span} revisions");
                totals.count("deltas shown");
                if span > 1 {
                    totals.count("deltas shown that skip revisions");
                }
            }
            (Some(_), None) => ensure!(false, "G5", "a client that is not joined handed over a change"),
        }
        self.take_writes(change, set.keys().chain(&change.deleted).map(String::as_str))?;
        for key in &change.deleted {
            self.data.remove(key.as_str());
        }
        self.data.extend(set.into_iter().map(|(key, value)| (key.into(), Text::from(value.get()))));
        self.shown = position;
        Ok(())
    }

    /// The client says who changed these keys.
    fn take_writes<'a>(
        &mut self,
        change: &StateChange,
        keys: impl Iterator<Item = &'a str> + Clone,
    ) -> Checked {
        let text = change.writes.as_str();
        let writes = serde_json::from_str::<Vec<Written>>(text).unwrap_or_default();
        let in_order = writes.windows(2).all(|pair| pair[0].revision < pair[1].revision);
        ensure!(in_order, "G5", "who wrote is not told in order: {text}");
        let alone = writes.len() == 1;
        let (mut touched, mut count) = (BTreeMap::new(), 0);
        for Written { revision, by, at, keys: named } in writes {
            let named = named.or_else(|| alone.then(|| keys.clone().map(String::from).collect()));
            let named = named.unwrap_or_default();
            let touch = Touch { revision, by: ParticipantId(by), at };
            count += named.len();
            touched.extend(named.into_iter().map(|key| (Text::from(key), touch.clone())));
        }
        let mut told: Vec<_> = keys.collect();
        told.sort_unstable();
        let each_once = count == told.len() && touched.keys().map(|key| &**key).eq(told);
        ensure!(each_once, "G5", "not all keys have one writer: {change:?}");
        self.touched.extend(touched);
        Ok(())
    }

    /// The client tells the page something.
    pub(crate) fn event(&mut self, event: &ClientEvent, client: &Client) -> Checked {
        match event {
            ClientEvent::Joined => {
                self.first = true;
                let all = client.participants().iter();
                self.roster = all.map(|one| (one.id.clone(), one.clone())).collect();
                self.own = client.participant().cloned();
                self.shown = client.position();
            }
            ClientEvent::ParticipantJoined(one) => {
                let before = self.roster.insert(one.id.clone(), one.clone());
                ensure!(before.is_none(), "G13", "{:?} joined twice", one.id);
            }
            ClientEvent::Reconnected => {
                let own = client.participant().cloned();
                if own != self.own
                    && let Some(before) = std::mem::replace(&mut self.own, own)
                {
                    // It could not be resumed and is somebody new, whom an update tells of; whoever has the old id now
                    // is somebody else, who joins.
                    self.roster.remove(&before);
                }
            }
            ClientEvent::ParticipantUpdated(one) => {
                let known = self.roster.insert(one.id.clone(), one.clone()).is_some();
                let own = self.own.as_ref() == Some(&one.id);
                ensure!(known || own, "G13", "{:?} changed and was not there", one.id);
            }
            ClientEvent::ParticipantLeft(one) => {
                let before = self.roster.remove(&one.id);
                ensure!(before.is_some(), "G13", "{:?} left and was not there", one.id);
                ensure!(self.own.as_ref() != Some(&one.id), "G13", "a page was told that it has left itself");
            }
            ClientEvent::SessionChanged => self.session_changes += 1,
            ClientEvent::SessionReset(_) => self.resets += 1,
            ClientEvent::Left => *self = Self::default(),
            _ => {}
        }
        Ok(())
    }

    /// Checks what the page shows once all is told that one input led to.
    pub(crate) fn settle(&mut self, client: &Client, server: &Server) -> Checked {
        let (resets, changes) = (std::mem::take(&mut self.resets), std::mem::take(&mut self.session_changes));
        let first = std::mem::take(&mut self.first);
        let touched = std::mem::take(&mut self.touched);
        let mine: Vec<_> = self.roster.values().collect();
        let mut theirs: Vec<_> = client.participants().iter().collect();
        theirs.sort_by(|one, other| one.id.cmp(&other.id));
        ensure!(mine == theirs, "G13", "the page was told of {mine:?}, and the client knows {theirs:?}");
        if self.shown == self.settled {
            ensure!(
                resets == 0 && changes == usize::from(first),
                "G4",
                "a reset was told where nothing changed"
            );
            return Ok(());
        }
        let before = std::mem::replace(&mut self.settled, self.shown);
        let Some(now) = self.shown else { return Ok(()) };
        ensure!(
            client.position() == Some(now),
            "G5",
            "the client is at {:?} and shows {now:?}",
            client.position()
        );
        let Some(history) = server.history(now) else {
            ensure!(false, "G5", "the page shows {now:?}, which never was");
            return Ok(());
        };
        // Whatever is not a way forward in the same history has to be announced, once.
        let forward = before
            .filter(|_| !first)
            .is_none_or(|before| history.contains(before) && before.revision <= now.revision);
        let backwards =
            before.is_some_and(|before| before.epoch == now.epoch && before.revision > now.revision);
        ensure!(
            !backwards || resets > 0 || first,
            "G4",
            "the page went from {before:?} to {now:?}, and was told of no reset"
        );
        ensure!(
            resets == usize::from(!forward) && (changes > 0) == (first || !forward),
            "G3",
            "from {before:?} to {now:?} the page was told of {resets} resets and {changes} new sessions"
        );
        ensure!(
            history.at(now.revision) == Some(&self.data),
            "G5",
            "at {now:?} the page shows {:?} and should show {:?}",
            self.data,
            history.at(now.revision)
        );
        for (key, told) in touched {
            let known = history.touch(&key, now.revision);
            ensure!(
                known.as_ref() == Some(&told),
                "G8",
                "at {now:?} the page was told of {key} {told:?} and should have been {known:?}"
            );
        }
        let [a, b] = PAIR.map(|key| self.data.get(key));
        ensure!(a == b, "G9", "one of two keys that are written together is {a:?}, the other {b:?}");
        Ok(())
    }
}
