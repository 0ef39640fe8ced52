//! How a connection becomes a participant: a new one, or one that is there already.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::member::{Member, check_user};
use super::reader::Reader;
use super::{Admission, ConnectionId, Frame, Session, SessionOutput, millis};
use crate::json::utf16_units;
use crate::position::Position;
use crate::protocol::*;
use crate::time::Instant;

impl Session {
    /// A connection asks to join, or to resume a participant.
    pub fn join(&mut self, now: Instant, connection: ConnectionId, join: Join, admission: Admission) {
        self.dated = (now, admission.date);
        if let Err(code) = check_join(&join) {
            self.outputs.push_back(SessionOutput::Close { connection, code });
            self.end_if_empty();
            return;
        }
        let (id, known) = match self.known_participant(&join) {
            Some(id) if self.is_stale(&id, &join) => {
                self.outputs.push_back(SessionOutput::Close { connection, code: CloseCode::STALE_JOIN });
                return;
            }
            Some(id) => (id, true),
            None if self.members.len() >= limits::PARTICIPANTS => {
                self.outputs.push_back(SessionOutput::Close { connection, code: CloseCode::SESSION_FULL });
                return;
            }
            None => (admission.participant, false),
        };
        // A client that asked for somebody else must not send on what it had sent as that one.
        let same = || self.members.get(&id).is_some_and(|member| member.instance == join.instance);
        let resumed = known && join.resume.as_ref().map_or_else(same, |resume| resume.participant == id);
        let position = join.resume.as_ref().and_then(|resume| resume.position);
        let forked = position.is_some_and(|position| self.state.contradicts(position));
        let position = position.filter(|_| resumed);
        if known {
            self.resume_member(now, &id, connection, join, admission.secret);
        } else {
            let member = Member::new(id.clone(), connection, join, admission.secret, admission.date);
            self.broadcast(now, ServerMessage::ParticipantJoined(member.participant.clone()));
            self.members.insert(id.clone(), member);
        }
        let sent = self.state.position().revision + u64::from(mutant!("snapshot-before-attach"));
        self.readers.insert(connection, Reader::new(now, connection, id.clone(), sent));
        self.answer_join(now, connection, &id, (resumed, forked), position);
    }

    /// The participant that a join may take over: the one that it names and proves to be, or, when the answer to an
    /// earlier try got lost and the proof in it, the one that the same instance is, or that a document before it was.
    fn known_participant(&self, join: &Join) -> Option<ParticipantId> {
        let named = join.resume.as_ref().and_then(|resume| {
            let member = self.members.get(&resume.participant)?;
            (member.secret == resume.secret).then(|| resume.participant.clone())
        });
        let of_instance = |instance: &str| {
            let member = self.members.values().find(|member| member.instance == instance)?;
            Some(member.participant.id.clone())
        };
        let predecessor = || join.predecessors.rsplit(' ').take(limits::PREDECESSORS).find_map(of_instance);
        named.or_else(|| of_instance(&join.instance)).or_else(predecessor)
    }

    /// Whether the participant's client has joined on a newer connection: what is late must not supersede it.
    fn is_stale(&self, id: &ParticipantId, join: &Join) -> bool {
        self.members
            .get(id)
            .is_some_and(|member| member.instance == join.instance && join.attempt <= member.attempt)
            && !mutant!("late-join-accepted")
    }

    fn resume_member(
        &mut self,
        now: Instant,
        id: &ParticipantId,
        connection: ConnectionId,
        join: Join,
        secret: String,
    ) {
        let Some(member) = self.members.get_mut(id) else {
            return;
        };
        if !mutant!("grace-goes-on-after-resume")
            && let Some(until) = member.given_up_at.take()
        {
            self.graces.remove(&(until, id.clone()));
        }
        let superseded = member.connection.replace(connection);
        let changed = member.resume(join, secret);
        let participant = member.participant.clone();
        if let Some(old) = superseded {
            if mutant!("stale-close-applied") {
                self.blocked(now, old);
            } else if !mutant!("superseded-still-speaks") {
                self.readers.remove(&old);
            }
            self.outputs.push_back(SessionOutput::Close { connection: old, code: CloseCode::SUPERSEDED });
        }
        if mutant!("presence-counted-twice") {
            self.broadcast(now, ServerMessage::ParticipantJoined(participant));
        } else if changed {
            self.broadcast(now, ServerMessage::ParticipantUpdated(participant));
        }
    }

    fn answer_join(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        id: &ParticipantId,
        (resumed, forked): (bool, bool),
        position: Option<Position>,
    ) {
        let Some(member) = self.members.get(id) else {
            return;
        };
        let mut participants: Vec<_> =
            self.members.values().map(|member| member.participant.clone()).collect();
        participants.sort_by_key(|participant| participant.joined_at);
        let mut chunks = participants.chunks(limits::PARTICIPANTS_PER_MESSAGE).peekable();
        let first = chunks.next().unwrap_or_default();
        let mut messages = vec![ServerMessage::Joined(Box::new(Joined {
            participant: id.clone(),
            secret: member.secret.clone(),
            resumed,
            forked,
            position: self.state.position(),
            state: self.state.catch_up(position),
            participants: first.to_vec(),
            more: chunks.peek().is_some(),
            sync_interval_ms: millis(self.config.sync_interval),
            grace_ms: millis(self.config.grace),
        }))];
        while let Some(next) = chunks.next() {
            let more = chunks.peek().is_some();
            messages.push(ServerMessage::Participants { participants: next.to_vec(), more });
        }
        for message in messages {
            self.send(now, connection, &Frame::from(message.encode()));
        }
    }
}

fn check_join(join: &Join) -> Result<(), CloseCode> {
    if join.version != VERSION {
        return Err(CloseCode::UNSUPPORTED_VERSION);
    }
    let instance = &join.instance;
    let proper =
        instance.len() == limits::INSTANCE_DIGITS && instance.bytes().all(|byte| byte.is_ascii_hexdigit());
    let few = join.predecessors.len() <= limits::PREDECESSORS_UNITS;
    let token_fits = join.token.as_ref().is_none_or(|token| utf16_units(token) <= limits::TOKEN_UNITS);
    if !proper || !few || !token_fits || check_user(&join.user_name, join.user_data.as_ref()).is_err() {
        return Err(CloseCode::BAD_JOIN);
    }
    Ok(())
}
