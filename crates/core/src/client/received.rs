//! What a client takes over from the server: the answer to a join, and the messages after it.

use alloc::vec::Vec;
use core::time::Duration;

use super::event::{ClientEvent, ClientOutput, Reset, WriteFailure};
use super::{Client, Identity};
use crate::position::Position;
use crate::protocol::*;
use crate::time::Instant;

impl Client {
    /// What comes before a join is answered in full.
    pub(super) fn joining_message(&mut self, now: Instant, message: ServerMessage) {
        match message {
            ServerMessage::Joined(joined) => self.incomplete = Some(joined),
            ServerMessage::Participants { participants, more } => {
                if let Some(joined) = &mut self.incomplete {
                    joined.participants.extend(participants);
                    joined.more = more;
                }
            }
            _ => return,
        }
        self.complete_join(now);
    }

    /// Takes over a join answer once all participants have come.
    fn complete_join(&mut self, now: Instant) {
        let Some(joined) = self.incomplete.take() else {
            return;
        };
        if joined.more {
            self.incomplete = Some(joined);
            return;
        }
        if !self.is_led_on_by(&joined) {
            self.needs_snapshot = true;
            return self.abandon_socket(now);
        }
        let before = self.position;
        let own_before = self.participant().cloned();
        let changed = joined.state.is_some();
        let reset = before.and_then(|before| reset(before, &joined));
        let identity = Identity { participant: joined.participant, secret: joined.secret };
        let first = self.connection.joined(now, identity, Duration::from_millis(joined.grace_ms));
        self.needs_snapshot = false;
        self.sync_interval = Duration::from_millis(joined.sync_interval_ms).min(limits::SYNC_INTERVAL_MAX);
        self.position = Some(joined.position);
        self.outputs.extend(joined.state.map(ClientOutput::Data));

        if first {
            self.participants = joined.participants;
            for event in [
                ClientEvent::Joined,
                ClientEvent::CountsChanged,
                ClientEvent::SessionChanged,
                ClientEvent::DataChanged,
            ] {
                self.event(event);
            }
        } else {
            self.event(ClientEvent::Reconnected);
            if reset.is_some() {
                self.drop_writes_of_lost_session();
                self.app_messages.clear();
                self.event(ClientEvent::SessionChanged);
            } else if !joined.resumed && !mutant!("in-flight-sent-again-as-another") {
                self.give_up_in_flight();
            }
            self.replace_participants(own_before.as_ref(), joined.participants);
            if changed || reset.is_some() {
                self.event(ClientEvent::DataChanged);
            }
            if let Some(reset) = reset.filter(|_| !mutant!("reset-not-told")) {
                self.event(ClientEvent::SessionReset(reset));
            }
        }
        self.settle_user();
        self.outputs.extend(self.writes.unanswered().map(|frame| ClientOutput::Send(frame.into())));
        let app_messages = if mutant!("message-sent-twice") {
            self.app_messages.clone()
        } else {
            core::mem::take(&mut self.app_messages)
        };
        for (since, frame) in app_messages {
            if now.since(since) < limits::UNSENT_MAX {
                self.send(frame);
            }
        }
        self.sync(now);
    }

    /// Whether a join answer leads from what this client said it has to where the server is.
    fn is_led_on_by(&self, joined: &Joined) -> bool {
        let asked = self.resumable_position();
        let Some(change) = &joined.state else { return asked == Some(joined.position) };
        change.since.is_none_or(|since| {
            asked.is_some_and(|asked| asked.epoch == joined.position.epoch && asked.revision == since)
        })
    }

    /// All were made for a session that is gone: what was sent may have been part of it, the rest not. Of the batched ones
    /// one event speaks for both.
    fn drop_writes_of_lost_session(&mut self) {
        let in_flight = if mutant!("in-flight-kept-over-epoch-change") {
            Vec::new()
        } else {
            self.writes.drop_in_flight()
        };
        let mut others = Vec::new();
        for owner in in_flight {
            match owner {
                Some(_) => self.write_failed(owner, WriteFailure::Unknown),
                None => others.push(owner),
            }
        }
        if !mutant!("pending-kept-over-epoch-change") {
            others.extend(self.writes.drop_pending());
        }
        self.writes_failed(others, WriteFailure::Rejected(Rejection::SessionReset));
    }

    /// Ends the waiting of all `set_user` once the server has the newest name and data; sends them when it has not.
    fn settle_user(&mut self) {
        let own = self.participant().and_then(|id| find(&self.participants, id));
        let (Some(own), Some(options)) = (own, &self.connection.options) else { return };
        if self.unanswered_users > 0 {
            return;
        }
        if own.user_name != options.user_name || own.user_data != options.user_data {
            // It was changed after the join had said it.
            let (user_name, user_data) = (Some(options.user_name.clone()), options.user_data.clone());
            self.unanswered_users += 1;
            return self.send(ClientMessage::SetUser { user_name, user_data }.encode());
        }
        for _ in 0..core::mem::take(&mut self.unset_users) {
            self.event(ClientEvent::UserSet);
        }
    }

    /// Tells what is different about the participants after a reconnect. That this client itself may have got another
    /// id is an update of its own participant; nobody has left or joined.
    fn replace_participants(&mut self, own_before: Option<&ParticipantId>, now: Vec<Participant>) {
        let before = core::mem::replace(&mut self.participants, now);
        let own = self.participant().cloned();
        let mut tell = |event| self.outputs.push(ClientOutput::Event(event));
        for old in &before {
            if find(&self.participants, &old.id).is_none() && Some(&old.id) != own_before {
                tell(ClientEvent::ParticipantLeft(old.clone()));
            }
        }
        for participant in &self.participants {
            // Whoever has the id that was this client's own is somebody else.
            let known = find(&before, &participant.id)
                .filter(|old| own_before == own.as_ref() || Some(&old.id) != own_before);
            match known {
                Some(old) if old == participant => {}
                None if Some(&participant.id) != own.as_ref() => {
                    tell(ClientEvent::ParticipantJoined(participant.clone()));
                }
                Some(_) | None => tell(ClientEvent::ParticipantUpdated(participant.clone())),
            }
        }
        if before.len() != self.participants.len() {
            tell(ClientEvent::CountsChanged);
        }
    }

    /// What comes once it is.
    pub(super) fn joined_message(&mut self, now: Instant, message: ServerMessage) {
        match message {
            ServerMessage::State { position, change } => self.state_changed(now, position, change),
            ServerMessage::Result { sequence, result } => {
                if let Some((owner, result)) = self.writes.answered(sequence, result) {
                    self.write_ended(now, owner, result);
                }
                if self.leaving_until.is_some() {
                    self.send_pending(now, false);
                }
                self.leave_if_answered();
                self.go_away_if_answered(now);
            }
            ServerMessage::ParticipantJoined(participant) => {
                self.participants.push(participant.clone());
                self.event(ClientEvent::ParticipantJoined(participant));
                self.event(ClientEvent::CountsChanged);
            }
            ServerMessage::ParticipantUpdated(participant) => {
                let own = self.participant() == Some(&participant.id);
                if let Some(known) = self.participants.iter_mut().find(|one| one.id == participant.id) {
                    known.clone_from(&participant);
                }
                self.event(ClientEvent::ParticipantUpdated(participant));
                if own {
                    self.unanswered_users = self.unanswered_users.saturating_sub(1);
                    self.settle_user();
                }
            }
            ServerMessage::ParticipantLeft(id) => {
                if let Some(participant) = find(&self.participants, &id).cloned() {
                    self.participants.retain(|one| one.id != id);
                    self.event(ClientEvent::ParticipantLeft(participant));
                    self.event(ClientEvent::CountsChanged);
                }
            }
            ServerMessage::AppMessage { from, data } => self.event(ClientEvent::AppMessage { from, data }),
            ServerMessage::GoAway { reconnect_after_ms } => {
                self.connection.go_away(Duration::from_millis(reconnect_after_ms));
                self.go_away_if_answered(now);
            }
            ServerMessage::Ping => self.send(ClientMessage::Pong.encode()),
            // Refused: this client checks every limit before it sends. The others belong to a join.
            ServerMessage::Refused(_) | ServerMessage::Joined(_) | ServerMessage::Participants { .. } => {}
        }
    }

    fn state_changed(&mut self, now: Instant, position: Position, change: StateChange) {
        let Some(mine) = self.position else { return };
        if position.epoch == mine.epoch && position.revision <= mine.revision {
            return;
        }
        let fits = position.epoch == mine.epoch && change.since.is_none_or(|since| since == mine.revision);
        if !fits {
            // Something was lost on the way, which must never be papered over: ask for all of it.
            self.needs_snapshot = true;
            return self.abandon_socket(now);
        }
        self.position = Some(position);
        self.outputs.push(ClientOutput::Data(change));
        self.event(ClientEvent::DataChanged);
    }
}

/// Whether the data of a join answer is not what came of the data before it.
fn reset(before: Position, joined: &Joined) -> Option<Reset> {
    if before.epoch != joined.position.epoch {
        Some(Reset::NewSession)
    } else {
        // Without a position in the join the server could not tell.
        (joined.forked || before.revision > joined.position.revision).then_some(Reset::Forked)
    }
}

fn find<'a>(participants: &'a [Participant], id: &ParticipantId) -> Option<&'a Participant> {
    participants.iter().find(|participant| participant.id == *id)
}
