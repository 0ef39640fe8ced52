//! JSON text to messages, through one flat struct for each direction.
//!
//! A tagged enum would read better here, and would cost the browser module a third of its size.

use core::fmt;
use std::borrow::Cow;
use std::sync::Arc;

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

impl ClientMessage {
    /// Reads a message.
    ///
    /// # Errors
    /// [`DecodeError`] says what the frame was instead. Limits are not checked here.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let wire: ClientWire<'_> = serde_json::from_str(text).map_err(|_| DecodeError::Malformed)?;
        let malformed = DecodeError::Malformed;
        Ok(match &*wire.kind {
            "join" => Self::Join(Box::new(Join {
                version: wire.version.ok_or(malformed)?,
                session: wire.session.ok_or(malformed)?.into_owned(),
                instance: wire.instance.ok_or(malformed)?.into_owned(),
                user_name: wire.user_name.unwrap_or_default().into_owned(),
                user_data: wire.user_data.map(Json::from),
                token: wire.token.map(Cow::into_owned),
                resume: wire.resume.map(ResumeWire::read).transpose()?,
            })),
            "update" => {
                let sequence = wire.seq.ok_or(malformed)?;
                Self::Update(
                    wire.read_update(sequence)
                        .ok_or(DecodeError::BadUpdate { sequence })?,
                )
            }
            "set-user" => Self::SetUser {
                user_name: wire.user_name.map(Cow::into_owned),
                user_data: wire.user_data.map(Json::from),
            },
            "app-message" => Self::AppMessage {
                to: wire
                    .to
                    .map(|ids| ids.into_iter().map(|id| ParticipantId(id.into_owned())).collect()),
                data: wire.data.map(Json::from).ok_or(malformed)?,
            },
            "pong" => Self::Pong,
            "away" => Self::Away,
            "leave" => Self::Leave,
            _ => return Err(DecodeError::UnknownType),
        })
    }
}

impl ServerMessage {
    /// Reads a message; `None` when it is none that this version knows; a client ignores it, as a later server may say more.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_str::<ServerWire<'_>>(text).ok()?.read()
    }
}

/// All fields of all client messages. One flat struct costs the module far less than a tagged enum.
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
        let deletes: Vec<Cow<'_, str>> = match self.delete {
            Some(raw) => serde_json::from_str(raw.get()).ok()?,
            None => Vec::new(),
        };
        if strategy == MergeStrategy::Replace && !deletes.is_empty() {
            return None;
        }
        let count = set.0.len() + deletes.len();
        let sets = set
            .0
            .into_iter()
            .map(|(key, value)| (Arc::from(&*key), Some(Json::from(value))));
        let changes = sets.chain(deletes.iter().map(|key| (Arc::from(&**key), None)));
        let update = Update::new(strategy, changes);
        // A key that stands twice would have collapsed into one: refuse instead of choosing.
        (update.changes().count() == count).then_some(UpdateRequest {
            sequence,
            epoch,
            update,
        })
    }
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

/// All fields of all server messages.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerWire<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    participant: Option<Cow<'a, str>>,
    #[serde(borrow)]
    secret: Option<Cow<'a, str>>,
    #[serde(default)]
    resumed: bool,
    #[serde(borrow)]
    epoch: Option<Cow<'a, str>>,
    revision: Option<u64>,
    #[serde(borrow)]
    chain: Option<Cow<'a, str>>,
    since: Option<u64>,
    #[serde(borrow)]
    from: Option<Cow<'a, str>>,
    #[serde(borrow)]
    set: Option<&'a RawValue>,
    #[serde(default)]
    delete: Vec<String>,
    #[serde(borrow)]
    participants: Option<Vec<ParticipantWire<'a>>>,
    #[serde(default)]
    more: bool,
    sync_interval: Option<u64>,
    grace: Option<u64>,
    seq: Option<u64>,
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
    size: Option<u64>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_name: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    user_data: Option<&'a RawValue>,
    joined_at: Option<u64>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ParticipantWire<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    user_name: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    user_data: Option<&'a RawValue>,
    joined_at: u64,
}

impl From<ParticipantWire<'_>> for Participant {
    fn from(wire: ParticipantWire<'_>) -> Self {
        Self {
            id: ParticipantId(wire.id.into_owned()),
            user_name: wire.user_name.into_owned(),
            user_data: wire.user_data.map(Json::from),
            joined_at: wire.joined_at,
        }
    }
}

impl ServerWire<'_> {
    fn read(self) -> Option<ServerMessage> {
        Some(match &*self.kind {
            "joined" => ServerMessage::Joined(Box::new(Joined {
                participant: ParticipantId(self.participant?.into_owned()),
                secret: self.secret?.into_owned(),
                resumed: self.resumed,
                position: read_position(self.epoch.as_deref(), self.revision?, self.chain.as_deref())?,
                state: self.set.map(|set| StateChange {
                    since: self.since,
                    set: set.into(),
                    deleted: self.delete,
                }),
                participants: self.participants?.into_iter().map(Participant::from).collect(),
                more: self.more,
                sync_interval_ms: self.sync_interval?,
                grace_ms: self.grace?,
            })),
            "participants" => ServerMessage::Participants {
                participants: self.participants?.into_iter().map(Participant::from).collect(),
                more: self.more,
            },
            "state" => ServerMessage::State {
                position: read_position(self.epoch.as_deref(), self.revision?, self.chain.as_deref())?,
                change: StateChange {
                    since: self.since,
                    set: self.set?.into(),
                    deleted: self.delete,
                },
            },
            "result" => ServerMessage::Result {
                sequence: self.seq?,
                result: self.read_result()?,
            },
            "participant-joined" => ServerMessage::ParticipantJoined(self.read_participant()?),
            "participant-updated" => ServerMessage::ParticipantUpdated(self.read_participant()?),
            "participant-left" => ServerMessage::ParticipantLeft(ParticipantId(self.id?.into_owned())),
            "app-message" => ServerMessage::AppMessage {
                from: ParticipantId(self.from?.into_owned()),
                data: self.data?.into(),
            },
            "refused" => ServerMessage::Refused(RefusedCode::from_name(self.code.as_deref()?)?),
            "ping" => ServerMessage::Ping,
            _ => return None,
        })
    }

    fn read_participant(self) -> Option<Participant> {
        Some(Participant {
            id: ParticipantId(self.id?.into_owned()),
            user_name: self.user_name?.into_owned(),
            user_data: self.user_data.map(Json::from),
            joined_at: self.joined_at?,
        })
    }

    fn read_result(&self) -> Option<UpdateResult> {
        Some(match self.status.as_deref()? {
            "applied" => UpdateResult::Applied(self.revision?),
            "unchanged" => UpdateResult::Unchanged(self.revision?),
            "rejected" => UpdateResult::Rejected(match self.code.as_deref()? {
                "too_large" => Rejection::TooLarge(usize::try_from(self.size?).ok()?),
                "session_reset" => Rejection::SessionReset,
                "out_of_order" => Rejection::OutOfOrder,
                // A later server may know more reasons; for this client they are all the data's fault.
                _ => Rejection::BadData,
            }),
            _ => return None,
        })
    }
}

fn read_position(epoch: Option<&str>, revision: u64, chain: Option<&str>) -> Option<Position> {
    Some(Position {
        epoch: Epoch::from_hex(epoch?)?,
        revision,
        chain: Chain::from_hex(chain?)?,
    })
}

/// Reads a value that is there as `Some`, also when it is `null`, which is a value like any other.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}
