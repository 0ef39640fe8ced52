//! A session as text, so that the next server can go on with it.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::member::Member;
use super::{Session, SessionConfig};
use crate::data::SessionData;
use crate::json::Json;
use crate::position::{Chain, Epoch, Position};
use crate::protocol::{Participant, ParticipantId, ServerMessage, limits};
use crate::shared_state::SharedState;
use crate::stamp::{Stamp, by_revision};
use crate::time::Instant;
use crate::update::{MergeStrategy, Update};

const CHAIN_DIGITS: usize = 16;

/// Numbers on the wire are below 2^53.
const NUMBERS_END: u64 = 1 << 53;

/// A session that nobody is connected to. It holds the secrets of its participants.
///
/// The updates of the log are not in it: a client that has not the last revision gets a snapshot.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedSession {
    epoch: String,
    revision: u64,
    /// The chains at the last revisions, the newest last, sixteen digits each.
    chains: String,
    data: BTreeMap<String, Box<RawValue>>,
    /// Who last changed the keys.
    writes: Vec<SavedWrite>,
    members: Vec<SavedMember>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedWrite {
    revision: u64,
    by: String,
    at: u64,
    keys: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedMember {
    id: String,
    user_name: String,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    user_data: Option<Box<RawValue>>,
    joined_at: u64,
    secret: String,
    instance: String,
    attempt: u64,
    /// How much of its grace is left, in milliseconds.
    grace_ms: u64,
    /// The answers to its last operations, as they are sent.
    results: Vec<String>,
}

impl Session {
    /// The session at `now`. Who is connected is kept for as long as after a lost connection.
    pub fn save(&self, now: Instant) -> SavedSession {
        let data = self.data().iter().filter_map(|(key, value)| Some((key.to_owned(), raw(value)?)));
        let members = self.members.values().map(|member| {
            SavedMember::new(member, member.given_up_at.map_or(self.config.grace, |until| until.since(now)))
        });
        let position = self.position();
        SavedSession {
            epoch: position.epoch.to_hex(),
            revision: position.revision,
            chains: (self.state.chains())
                .filter(|chain| *chain == position.chain || !mutant!("chains-not-saved"))
                .map(Chain::to_hex)
                .collect(),
            data: data.collect(),
            writes: self.save_writes(),
            members: members.collect(),
        }
    }

    fn save_writes(&self) -> Vec<SavedWrite> {
        let write = |(revision, (stamp, keys)): (u64, (&Stamp, Vec<&str>))| SavedWrite {
            revision: if mutant!("versions-not-saved") { self.position().revision } else { revision },
            by: stamp.by.0.clone(),
            at: stamp.at,
            keys: keys.into_iter().map(ToOwned::to_owned).collect(),
        };
        by_revision(self.state.stamps()).into_iter().map(write).collect()
    }

    /// The session that was saved `ago`, without the participants whose grace has passed since then. None when nobody
    /// would be left in it, or when it is not what [`save`](Self::save) made.
    pub fn restore(now: Instant, saved: SavedSession, ago: Duration, config: SessionConfig) -> Option<Self> {
        let chains: VecDeque<_> = (saved.chains.as_bytes().chunks(CHAIN_DIGITS))
            .map(|digits| Chain::from_hex(core::str::from_utf8(digits).ok()?))
            .collect::<Option<_>>()?;
        let epoch = Epoch::from_hex(&saved.epoch)?;
        let position = Position { epoch, revision: saved.revision, chain: *chains.back()? };
        let mut data = SessionData::default();
        let changes = saved.data.iter().map(|(key, value)| (key.as_str().into(), Some(Json::from(&**value))));
        data.apply(Update::new(MergeStrategy::Replace, changes));
        if position.revision >= NUMBERS_END {
            return None;
        }
        let mut stamps = BTreeMap::new();
        for SavedWrite { revision, by, at, keys } in saved.writes {
            let stamp = Arc::new(Stamp { revision, by: ParticipantId(by), at });
            stamps.extend(keys.into_iter().map(|key| (Arc::from(key), stamp.clone())));
        }
        let state = SharedState::restore(position, chains, data, stamps)?;
        let (mut members, mut graces) = (BTreeMap::new(), BTreeSet::new());
        for member in saved.members.into_iter().take(limits::PARTICIPANTS) {
            let left = Duration::from_millis(member.grace_ms).min(config.grace).saturating_sub(ago);
            if !left.is_zero() {
                let id = ParticipantId(member.id.clone());
                graces.insert((now + left, id.clone()));
                members.insert(id, member.restore(now + left)?);
            }
        }
        (!members.is_empty()).then(|| Self { state, members, graces, ..Self::new(now, epoch, config) })
    }
}

impl SavedMember {
    fn new(member: &Member, grace: Duration) -> Self {
        let Participant { id, user_name, user_data, joined_at } = &member.participant;
        Self {
            id: id.0.clone(),
            user_name: user_name.clone(),
            user_data: user_data.as_ref().and_then(raw),
            joined_at: *joined_at,
            secret: member.secret.clone(),
            instance: member.instance.clone(),
            attempt: member.attempt,
            grace_ms: super::millis(grace),
            results: (member.results.iter())
                .filter(|_| !mutant!("results-not-saved"))
                .map(|&(sequence, result)| ServerMessage::Result { sequence, result }.encode())
                .collect(),
        }
    }

    fn restore(self, given_up_at: Instant) -> Option<Member> {
        let result = |text: &String| match ServerMessage::decode(text) {
            Some(ServerMessage::Result { sequence, result }) => Some((sequence, result)),
            _ => None,
        };
        let results = self.results.iter().map(result).collect::<Option<_>>()?;
        Some(Member {
            participant: Participant {
                id: ParticipantId(self.id),
                user_name: self.user_name,
                user_data: self.user_data.as_deref().map(Json::from),
                joined_at: self.joined_at,
            },
            secret: self.secret,
            instance: self.instance,
            attempt: self.attempt,
            connection: None,
            given_up_at: Some(given_up_at),
            away: false,
            results,
        })
    }
}

fn raw(json: &Json) -> Option<Box<RawValue>> {
    RawValue::from_string(json.as_str().to_owned()).ok()
}

/// Reads a value that is there as `Some`, also when it is `null`, which is a value like any other.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}
