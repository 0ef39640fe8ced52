//! What clients send, from JSON text to messages: by serde, because a server must expect any text.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::message::*;
use crate::json::Json;
use crate::position::{Chain, Epoch, Position};
use crate::update::{MergeStrategy, Update};

/// Why a frame is not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// Not JSON, not an object, or a field is missing or of the wrong type.
    Malformed,
    /// An object with a type that is not known.
    UnknownType,
    /// An update whose number can be read but whose data cannot; to be answered as rejected.
    BadUpdate {
        /// The number of the update.
        sequence: u64,
    },
}

impl DecodeError {
    /// Tells a message of a later version, whose members may be of any type, from nonsense.
    fn of(text: &str) -> Self {
        const KNOWN: [&str; 7] = ["join", "update", "set-user", "app-message", "pong", "away", "leave"];
        match serde_json::from_str::<TypeWire<'_>>(text) {
            Ok(wire) if !KNOWN.contains(&&*wire.kind) => Self::UnknownType,
            Ok(_) | Err(_) => Self::Malformed,
        }
    }
}

#[derive(Deserialize)]
struct TypeWire<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
}

impl ClientMessage {
    /// Reads a message.
    ///
    /// # Errors
    /// [`DecodeError`] says what the frame was instead. Limits are not checked here.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let wire: ClientWire<'_> = serde_json::from_str(text).map_err(|_| DecodeError::of(text))?;
        let malformed = DecodeError::Malformed;
        Ok(match &*wire.kind {
            "join" => Self::Join(Box::new(Join {
                version: wire.version.ok_or(malformed)?,
                session: wire.session.ok_or(malformed)?.into_owned(),
                instance: wire.instance.ok_or(malformed)?.into_owned(),
                attempt: wire.attempt.ok_or(malformed)?,
                predecessors: wire.predecessors.unwrap_or_default().into_owned(),
                user_name: wire.user_name.unwrap_or_default().into_owned(),
                user_data: wire.user_data.map(Json::from),
                token: wire.token.map(Cow::into_owned),
                resume: wire.resume.map(ResumeWire::read).transpose()?,
            })),
            "update" => {
                let sequence = wire.seq.ok_or(malformed)?;
                Self::Update(wire.read_update(sequence).ok_or(DecodeError::BadUpdate { sequence })?)
            }
            "set-user" => Self::SetUser {
                user_name: wire.user_name.map(Cow::into_owned),
                user_data: wire.user_data.map(Json::from),
            },
            "app-message" => Self::AppMessage {
                to: wire.to.map(|ids| ids.into_iter().map(|id| ParticipantId(id.into_owned())).collect()),
                data: wire.data.map(Json::from).ok_or(malformed)?,
            },
            "pong" => Self::Pong,
            "away" => Self::Away,
            "leave" => Self::Leave,
            _ => return Err(DecodeError::UnknownType),
        })
    }
}

/// All fields of all client messages.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientWire<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    version: Option<u32>,
    #[serde(borrow)]
    session: Option<Cow<'a, str>>,
    #[serde(borrow)]
    instance: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_name: Option<Cow<'a, str>>,
    attempt: Option<u64>,
    #[serde(borrow)]
    predecessors: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    user_data: Option<&'a RawValue>,
    #[serde(borrow)]
    token: Option<Cow<'a, str>>,
    #[serde(borrow)]
    resume: Option<ResumeWire<'a>>,
    seq: Option<u64>,
    #[serde(borrow)]
    epoch: Option<Cow<'a, str>>,
    #[serde(borrow)]
    merge_strategy: Option<Cow<'a, str>>,
    #[serde(borrow)]
    set: Option<&'a RawValue>,
    #[serde(borrow)]
    delete: Option<&'a RawValue>,
    if_revision: Option<u64>,
    #[serde(borrow)]
    if_unchanged: Option<&'a RawValue>,
    seen: Option<u64>,
    #[serde(borrow)]
    to: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
}

impl ClientWire<'_> {
    fn read_update(&self, sequence: u64) -> Option<UpdateRequest> {
        let strategy = MergeStrategy::from_name(self.merge_strategy.as_deref()?)?;
        let epoch = Epoch::from_hex(self.epoch.as_deref()?)?;
        let set: Members<'_> = serde_json::from_str(self.set?.get()).ok()?;
        let deletes = read_keys(self.delete)?;
        if strategy != MergeStrategy::ShallowMerge && !deletes.is_empty() {
            return None;
        }
        let unchanged: Vec<_> = read_keys(self.if_unchanged)?.into_iter().map(Cow::into_owned).collect();
        let seen = if unchanged.is_empty() { 0 } else { self.seen? };
        let condition = Condition { revision: self.if_revision, unchanged, seen };
        let count = set.0.len() + deletes.len();
        let sets = set.0.into_iter().map(|(key, value)| (Arc::from(&*key), Some(Json::from(value))));
        let changes = sets.chain(deletes.iter().map(|key| (Arc::from(&**key), None)));
        let update = Update::new(strategy, changes);
        // A key that stands twice would have collapsed into one: refuse instead of choosing.
        (update.changes().count() == count).then_some(UpdateRequest { sequence, epoch, update, condition })
    }
}

/// The keys in an array; none if there is no array.
fn read_keys(raw: Option<&RawValue>) -> Option<Vec<Cow<'_, str>>> {
    raw.map_or(Some(Vec::new()), |raw| serde_json::from_str(raw.get()).ok())
}

/// The members of an object in the order of the text, repeated ones included.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }

        /// `Cow<str>` itself never borrows when it is not a struct field.
        #[derive(Deserialize)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

        deserializer.deserialize_map(MembersVisitor)
    }
}

#[derive(Deserialize)]
struct ResumeWire<'a> {
    #[serde(borrow)]
    participant: Cow<'a, str>,
    #[serde(borrow)]
    secret: Cow<'a, str>,
    #[serde(borrow)]
    epoch: Option<Cow<'a, str>>,
    revision: Option<u64>,
    #[serde(borrow)]
    chain: Option<Cow<'a, str>>,
}

impl ResumeWire<'_> {
    fn read(self) -> Result<Resume, DecodeError> {
        let position = match self.revision {
            Some(revision) => Some(
                read_position(self.epoch.as_deref(), revision, self.chain.as_deref())
                    .ok_or(DecodeError::Malformed)?,
            ),
            None => None,
        };
        Ok(Resume {
            participant: ParticipantId(self.participant.into_owned()),
            secret: self.secret.into_owned(),
            position,
        })
    }
}

pub(super) fn read_position(epoch: Option<&str>, revision: u64, chain: Option<&str>) -> Option<Position> {
    Some(Position { epoch: Epoch::from_hex(epoch?)?, revision, chain: Chain::from_hex(chain?)? })
}

/// Reads a value that is there as `Some`, also when it is `null`, which is a value like any other.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}
