//! What the server sends, from JSON text to messages.
//!
//! By hand, over [`crate::scan`]: serde_json would more than double the browser module, and what its checks would
//! find the browser's own `JSON.parse` finds too, as soon as a value is used.

use super::decode_client::read_position;
use super::message::*;
use crate::json::Json;
use crate::position::Position;
use crate::scan::{items, members, number, string, strings};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// The members of a message, by name.
struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn of(text: &'a str) -> Option<Self> {
        members(text).map(Self)
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    fn text(&self, name: &str) -> Option<String> {
        string(self.raw(name)?)
    }

    fn number(&self, name: &str) -> Option<u64> {
        number(self.raw(name)?)
    }

    fn flag(&self, name: &str) -> bool {
        self.raw(name) == Some("true")
    }

    fn json(&self, name: &str) -> Option<Json> {
        self.raw(name).map(Json::from_stringified)
    }

    fn id(&self, name: &str) -> Option<ParticipantId> {
        self.text(name).map(ParticipantId)
    }

    fn position(&self) -> Option<Position> {
        read_position(self.text("epoch").as_deref(), self.number("revision")?, self.text("chain").as_deref())
    }

    fn change(&self) -> Option<StateChange> {
        let deleted = strings(self.raw("delete").unwrap_or("[]"))?;
        let writes = self.json("writes").unwrap_or_else(|| Json::from_stringified("[]"));
        Some(StateChange { since: self.number("since"), set: self.json("set")?, deleted, writes })
    }

    fn participant(&self) -> Option<Participant> {
        Some(Participant {
            id: self.id("id")?,
            user_name: self.text("userName")?,
            user_data: self.json("userData"),
            joined_at: self.number("joinedAt")?,
        })
    }

    fn participants(&self) -> Option<Vec<Participant>> {
        let mut participants = Vec::new();
        for text in items(self.raw("participants")?)? {
            participants.push(Fields::of(text)?.participant()?);
        }
        Some(participants)
    }

    fn result(&self) -> Option<UpdateResult> {
        Some(match self.text("status")?.as_str() {
            "applied" => UpdateResult::Applied(self.number("revision")?),
            "unchanged" => UpdateResult::Unchanged(self.number("revision")?),
            "rejected" => UpdateResult::Rejected(match self.text("code")?.as_str() {
                "too_large" => Rejection::TooLarge(usize::try_from(self.number("size")?).ok()?),
                "session_reset" => Rejection::SessionReset,
                "conflict" => Rejection::Conflict(self.number("revision")?),
                "out_of_order" => Rejection::OutOfOrder,
                // A later server may know more reasons; for this client they are all the data's fault.
                _ => Rejection::BadData,
            }),
            _ => return None,
        })
    }
}

impl ServerMessage {
    /// Reads a message; `None` when it is none that this version knows. A client ignores it, as a later server may
    /// say more.
    pub fn decode(text: &str) -> Option<Self> {
        let fields = Fields::of(text)?;
        Some(match fields.text("type")?.as_str() {
            "joined" => Self::Joined(Box::new(Joined {
                participant: fields.id("participant")?,
                secret: fields.text("secret")?,
                resumed: fields.flag("resumed"),
                forked: fields.flag("forked"),
                position: fields.position()?,
                state: if fields.raw("set").is_some() { Some(fields.change()?) } else { None },
                participants: fields.participants()?,
                more: fields.flag("more"),
                sync_interval_ms: fields.number("syncInterval")?,
                grace_ms: fields.number("grace")?,
            })),
            "participants" => {
                Self::Participants { participants: fields.participants()?, more: fields.flag("more") }
            }
            "state" => Self::State { position: fields.position()?, change: fields.change()? },
            "result" => Self::Result { sequence: fields.number("seq")?, result: fields.result()? },
            "participant-joined" => Self::ParticipantJoined(fields.participant()?),
            "participant-updated" => Self::ParticipantUpdated(fields.participant()?),
            "participant-left" => Self::ParticipantLeft(fields.id("id")?),
            "app-message" => Self::AppMessage { from: fields.id("from")?, data: fields.json("data")? },
            "refused" => Self::Refused(RefusedCode::from_name(&fields.text("code")?)?),
            "goaway" => Self::GoAway { reconnect_after_ms: fields.number("reconnectAfter")? },
            "ping" => Self::Ping,
            _ => return None,
        })
    }
}
