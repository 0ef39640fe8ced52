//! Messages to JSON text, put together by hand: values pass through as raw text.

use super::limits;
use super::message::*;
use crate::json::{decimal, push_quoted};
use crate::position::Position;
use crate::update::push_object;
use alloc::string::String;
use core::mem::take;

/// Writes one JSON object, member by member.
struct Object(String);

impl Object {
    fn of_type(name: &str) -> Self {
        let mut object = Self(String::from("{\"type\":"));
        object.quoted(name);
        object
    }

    fn quoted(&mut self, value: &str) -> &mut Self {
        push_quoted(&mut self.0, value);
        self
    }

    fn key(&mut self, key: &str) -> &mut Self {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.quoted(key);
        self.0.push(':');
        self
    }

    fn raw(&mut self, key: &str, text: &str) -> &mut Self {
        self.key(key).0.push_str(text);
        self
    }

    fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key).quoted(value)
    }

    fn number(&mut self, key: &str, value: u64) -> &mut Self {
        self.raw(key, &decimal(value))
    }

    fn flag(&mut self, key: &str, value: bool) -> &mut Self {
        self.raw(key, if value { "true" } else { "false" })
    }

    fn when<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T) -> &mut Self) -> &mut Self {
        match value {
            Some(value) => write(self, value),
            None => self,
        }
    }

    fn list<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T) -> &mut Self,
    ) -> &mut Self {
        self.key(key).0.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            write(self, item);
        }
        self.0.push(']');
        self
    }

    fn position(&mut self, position: Position) -> &mut Self {
        self.text("epoch", &position.epoch.to_hex())
            .number("revision", position.revision)
            .text("chain", &position.chain.to_hex())
    }

    fn state(&mut self, change: &StateChange) -> &mut Self {
        self.when(change.since, |object, since| object.number("since", since))
            .raw("set", change.set.as_str());
        if !change.deleted.is_empty() {
            self.list("delete", &change.deleted, |object, key| object.quoted(key));
        }
        let writes = Some(change.writes.as_str()).filter(|writes| *writes != "[]");
        self.when(writes, |object, writes| object.raw("writes", writes))
    }

    /// A participant's members, without the braces around them.
    fn participant(&mut self, participant: &Participant) -> &mut Self {
        self.text("id", &participant.id.0)
            .text("userName", &participant.user_name)
            .when(participant.user_data.as_ref(), |object, data| object.raw("userData", data.as_str()))
            .number("joinedAt", participant.joined_at)
    }

    fn participants(&mut self, participants: &[Participant], more: bool) -> &mut Self {
        self.list("participants", participants, |object, participant| {
            object.0.push('{');
            object.participant(participant);
            object.0.push('}');
            object
        })
        .flag("more", more)
    }

    /// The text, which is then complete.
    fn end(&mut self) -> String {
        self.0.push('}');
        take(&mut self.0)
    }
}

impl ClientMessage {
    /// The JSON text of the message.
    pub fn encode(&self) -> String {
        match self {
            Self::Join(join) => join.encode(),
            Self::Update(request) => request.encode(),
            Self::SetUser { user_name, user_data } => Object::of_type("set-user")
                .when(user_name.as_deref(), |object, name| object.text("userName", name))
                .when(user_data.as_ref(), |object, data| object.raw("userData", data.as_str()))
                .end(),
            Self::AppMessage { to, data } => Object::of_type("app-message")
                .when(to.as_ref(), |object, to| object.list("to", to, |object, id| object.quoted(&id.0)))
                .raw("data", data.as_str())
                .end(),
            Self::Pong => Object::of_type("pong").end(),
            Self::Away => Object::of_type("away").end(),
            Self::Leave => Object::of_type("leave").end(),
        }
    }
}

impl Join {
    fn encode(&self) -> String {
        Object::of_type("join")
            .number("version", u64::from(self.version))
            .text("session", &self.session)
            .text("instance", &self.instance)
            .number("attempt", self.attempt)
            .when(Some(&self.predecessors).filter(|text| !text.is_empty()), |object, text| {
                object.text("predecessors", text)
            })
            .text("userName", &self.user_name)
            .when(self.user_data.as_ref(), |object, data| object.raw("userData", data.as_str()))
            .when(self.token.as_deref(), |object, token| object.text("token", token))
            .when(self.resume.as_ref(), |object, resume| {
                object.key("resume").0.push('{');
                object
                    .text("participant", &resume.participant.0)
                    .text("secret", &resume.secret)
                    .when(resume.position, Object::position);
                object.0.push('}');
                object
            })
            .end()
    }
}

impl Participant {
    /// The JSON text of a participant.
    pub fn encode(&self) -> String {
        Object(String::from("{")).participant(self).end()
    }
}

impl UpdateRequest {
    /// The JSON text of the message.
    pub fn encode(&self) -> String {
        let mut object = Object::of_type("update");
        object
            .number("seq", self.sequence)
            .text("epoch", &self.epoch.to_hex())
            .text("mergeStrategy", self.update.strategy().name())
            .key("set");
        push_object(&mut object.0, self.update.sets());
        if self.update.deletes().next().is_some() {
            object.list("delete", self.update.deletes(), |object, key| object.quoted(key));
        }
        let Condition { revision, unchanged, seen } = &self.condition;
        object.when(*revision, |object, revision| object.number("ifRevision", revision));
        if !unchanged.is_empty() {
            object.list("ifUnchanged", unchanged, |object, key| object.quoted(key)).number("seen", *seen);
        }
        object.end()
    }
}

impl ServerMessage {
    /// The JSON text of the message.
    pub fn encode(&self) -> String {
        match self {
            Self::Joined(joined) => Object::of_type("joined")
                .text("participant", &joined.participant.0)
                .text("secret", &joined.secret)
                .flag("resumed", joined.resumed)
                .when(joined.forked.then_some(true), |object, forked| object.flag("forked", forked))
                .position(joined.position)
                .when(joined.state.as_ref(), Object::state)
                .participants(&joined.participants, joined.more)
                .number("syncInterval", joined.sync_interval_ms)
                .number("grace", joined.grace_ms)
                .number("maxData", limits::DATA_UNITS as u64)
                .number("maxAppMessage", limits::APP_MESSAGE_UNITS as u64)
                .end(),
            Self::Participants { participants, more } => {
                Object::of_type("participants").participants(participants, *more).end()
            }
            Self::State { position, change } => {
                Object::of_type("state").position(*position).state(change).end()
            }
            Self::Result { sequence, result } => {
                let mut object = Object::of_type("result");
                object.number("seq", *sequence);
                match result {
                    UpdateResult::Applied(revision) => {
                        object.text("status", "applied").number("revision", *revision)
                    }
                    UpdateResult::Unchanged(revision) => {
                        object.text("status", "unchanged").number("revision", *revision)
                    }
                    UpdateResult::Rejected(rejection) => {
                        object.text("status", "rejected").text("code", rejection.code());
                        match rejection {
                            Rejection::TooLarge(size) => object.number("size", *size as u64),
                            Rejection::Conflict(revision) => object.number("revision", *revision),
                            Rejection::BadData | Rejection::SessionReset | Rejection::OutOfOrder => {
                                &mut object
                            }
                        }
                    }
                }
                .end()
            }
            Self::ParticipantJoined(participant) => {
                Object::of_type("participant-joined").participant(participant).end()
            }
            Self::ParticipantUpdated(participant) => {
                Object::of_type("participant-updated").participant(participant).end()
            }
            Self::ParticipantLeft(id) => Object::of_type("participant-left").text("id", &id.0).end(),
            Self::AppMessage { from, data } => {
                Object::of_type("app-message").text("from", &from.0).raw("data", data.as_str()).end()
            }
            Self::Refused(code) => Object::of_type("refused").text("code", code.name()).end(),
            Self::GoAway { reconnect_after_ms } => {
                Object::of_type("goaway").number("reconnectAfter", *reconnect_after_ms).end()
            }
            Self::Ping => Object::of_type("ping").end(),
        }
    }
}
