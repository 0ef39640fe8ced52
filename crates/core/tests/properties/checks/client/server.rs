//! What the server of a run says, from its description.

use meeting_session_core::position::{Chain, Epoch};
use meeting_session_core::protocol::*;
use meeting_session_core::update::push_object;
use meeting_session_core::{Json, Position};

use super::step::*;
use super::world::World;

impl World {
    /// The text of what the server says.
    pub(super) fn text(&self, message: &Message) -> String {
        let participants = |ids: &[u8]| -> Vec<_> { ids.iter().map(|id| participant(*id, id % 3)).collect() };
        match message {
            Message::Joined { own, resumed, forked, at, data, others, more, sync_interval, grace } => {
                ServerMessage::Joined(Box::new(Joined {
                    participant: participant_id(*own),
                    secret: format!("s{own}"),
                    resumed: *resumed,
                    forked: *forked,
                    position: self.position(*at),
                    state: data.as_ref().map(|data| self.data(data)),
                    participants: participants(others),
                    more: *more,
                    sync_interval_ms: sync_interval.millis(),
                    grace_ms: grace.millis(),
                }))
            }
            Message::Participants { ids, more } => {
                ServerMessage::Participants { participants: participants(ids), more: *more }
            }
            Message::State { at, data } => {
                ServerMessage::State { position: self.position(*at), change: self.data(data) }
            }
            Message::Result { sequence, end } => {
                let sequence = match sequence {
                    Sequence::Unanswered(which) => {
                        let which = usize::from(*which).checked_rem(self.unanswered.len());
                        which.and_then(|which| self.unanswered.iter().nth(which)).copied().unwrap_or_default()
                    }
                    Sequence::Any(number) => *number,
                };
                let revision = self.client.position().map_or(0, |position| position.revision);
                ServerMessage::Result { sequence, result: end.result(revision) }
            }
            Message::ParticipantJoined { id, name } => {
                ServerMessage::ParticipantJoined(participant(*id, *name))
            }
            Message::ParticipantUpdated { id, name } => {
                ServerMessage::ParticipantUpdated(participant(*id, *name))
            }
            Message::ParticipantLeft { id } => ServerMessage::ParticipantLeft(participant_id(*id)),
            Message::App { from, data } => {
                ServerMessage::AppMessage { from: participant_id(*from), data: data.json() }
            }
            Message::Refused(type_unknown) => ServerMessage::Refused(if *type_unknown {
                RefusedCode::UnknownType
            } else {
                RefusedCode::TooLarge
            }),
            Message::GoAway(after) => ServerMessage::GoAway { reconnect_after_ms: after.millis() },
            Message::Ping => ServerMessage::Ping,
        }
        .encode()
    }

    fn position(&self, at: At) -> Position {
        let own = self.client.position().unwrap_or(Position::start(Epoch(1)));
        let revision = own.revision.saturating_add_signed(at.ahead.into());
        let epoch = Epoch(own.epoch.0 ^ u64::from(at.other_epoch));
        let chain = if revision == own.revision { own.chain } else { Chain(revision) };
        Position { epoch, revision, chain }
    }

    fn data(&self, data: &Data) -> StateChange {
        let since = match data.since {
            Since::Fitting => self.client.position().map(|position| position.revision),
            Since::Whole => None,
            Since::Any(revision) => Some(revision),
        };
        let update = data.change.update();
        let mut set = String::new();
        push_object(&mut set, update.sets());
        let deleted = update.deletes().filter(|_| since.is_some()).map(String::from).collect();
        StateChange { since, set: Json::parse(&set).unwrap(), deleted, writes: Json::from_stringified("[]") }
    }
}

impl End {
    fn result(&self, revision: u64) -> UpdateResult {
        match self {
            Self::Applied => UpdateResult::Applied(revision),
            Self::Unchanged => UpdateResult::Unchanged(revision),
            Self::TooLarge => UpdateResult::Rejected(Rejection::TooLarge(102_401)),
            Self::BadData => UpdateResult::Rejected(Rejection::BadData),
            Self::SessionReset => UpdateResult::Rejected(Rejection::SessionReset),
            Self::OutOfOrder => UpdateResult::Rejected(Rejection::OutOfOrder),
            Self::Conflict => UpdateResult::Rejected(Rejection::Conflict(revision)),
        }
    }
}

impl Number {
    fn millis(&self) -> u64 {
        match self {
            Self::Seconds(seconds) => u64::from(*seconds) * 1_000,
            Self::Any(number) => *number,
        }
    }
}

impl Closing {
    pub(super) fn code(&self) -> u16 {
        match self {
            Self::Lost => 1006,
            Self::Reconnect => CloseCode::GOING_AWAY.0,
            Self::Final => CloseCode::SUPERSEDED.0,
            Self::Any(code) => *code,
        }
    }
}

/// One of a few participants, so that messages about them meet.
pub(super) fn participant_id(which: u8) -> ParticipantId {
    ParticipantId(format!("p{}", which % 4))
}

fn participant(which: u8, name: u8) -> Participant {
    let user_name = "n".repeat(name.into());
    Participant { id: participant_id(which), user_name, user_data: None, joined_at: which.into() }
}
