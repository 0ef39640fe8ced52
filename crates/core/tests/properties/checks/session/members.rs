//! Who is in the session, by the words of PROTOCOL.md 2.2.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use meeting_session_core::Instant;
use meeting_session_core::protocol::*;
use meeting_session_core::session::Admission;

/// A participant, and what is remembered of it.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) participant: Participant,
    pub(super) secret: String,
    pub(super) instance: String,
    pub(super) attempt: u64,
    pub(super) connection: Option<u64>,
    pub(super) given_up_at: Option<Instant>,
    pub(super) away: bool,
    results: VecDeque<(u64, UpdateResult)>,
}

/// What a join must lead to.
#[derive(Debug)]
pub(super) enum Verdict {
    Refused(CloseCode),
    New,
    /// It is this participant, and perhaps not the one that it asked for.
    Known {
        id: ParticipantId,
        resumed: bool,
    },
}

/// All participants by id, those in grace included.
#[derive(Debug, Clone, Default)]
pub(super) struct Members(pub(super) BTreeMap<ParticipantId, Member>);

impl Members {
    pub(super) fn judge(&self, join: &Join) -> Verdict {
        let hex = join.instance.len() == 32 && join.instance.chars().all(|digit| digit.is_ascii_hexdigit());
        let user_data = join.user_data.as_ref().map_or(0, |data| units(data.as_str()));
        let token = join.token.as_deref().map_or(0, units);
        if join.version != VERSION {
            return Verdict::Refused(CloseCode::UNSUPPORTED_VERSION);
        }
        if !hex
            || units(&join.user_name) > limits::USER_NAME_UNITS
            || user_data > limits::USER_DATA_UNITS
            || token > limits::TOKEN_UNITS
        {
            return Verdict::Refused(CloseCode::BAD_JOIN);
        }
        let asked = join.resume.as_ref().map(|resume| &resume.participant);
        let proven = join.resume.as_ref().filter(|resume| {
            self.0.get(&resume.participant).is_some_and(|member| member.secret == resume.secret)
        });
        let id = match proven {
            Some(resume) => Some(&resume.participant),
            None => self.0.iter().find(|(_, member)| member.instance == join.instance).map(|(id, _)| id),
        };
        match id {
            Some(id) if self.0[id].instance == join.instance && join.attempt <= self.0[id].attempt => {
                Verdict::Refused(CloseCode::STALE_JOIN)
            }
            Some(id) => Verdict::Known { id: id.clone(), resumed: asked.is_none_or(|asked| asked == id) },
            None if self.0.len() >= limits::PARTICIPANTS => Verdict::Refused(CloseCode::SESSION_FULL),
            None => Verdict::New,
        }
    }

    pub(super) fn add(&mut self, join: &Join, admission: &Admission, connection: u64) -> Participant {
        let participant = Participant {
            id: admission.participant.clone(),
            user_name: join.user_name.clone(),
            user_data: join.user_data.clone(),
            joined_at: admission.date,
        };
        let member = Member {
            participant: participant.clone(),
            secret: admission.secret.clone(),
            instance: join.instance.clone(),
            attempt: join.attempt,
            connection: Some(connection),
            given_up_at: None,
            away: false,
            results: VecDeque::new(),
        };
        self.0.insert(admission.participant.clone(), member);
        participant
    }

    /// Those who are given up at `now`, in the order in which their time ran out.
    pub(super) fn take_given_up(&mut self, now: Instant) -> Vec<ParticipantId> {
        let due =
            self.0.values().filter_map(|member| Some((member.given_up_at?, member.participant.id.clone())));
        let mut due: Vec<_> = due.filter(|(until, _)| *until <= now).collect();
        due.sort();
        due.into_iter().map(|(_, id)| self.0.remove(&id).map(|_| id).unwrap()).collect()
    }

    /// Whoever had this connection is in grace now.
    pub(super) fn lost(&mut self, now: Instant, connection: u64, grace: Duration) {
        if let Some(member) = self.0.values_mut().find(|member| member.connection == Some(connection)) {
            member.connection = None;
            let grace = if member.away { grace.min(limits::AWAY_GRACE) } else { grace };
            member.given_up_at = Some(now + grace);
        }
    }

    /// The same participants on another server, which nobody is connected to yet.
    pub(super) fn restored(
        mut self,
        saved_at: Instant,
        now: Instant,
        ago: Duration,
        grace: Duration,
    ) -> Self {
        self.0.retain(|_, member| {
            let left = member.given_up_at.map_or(grace, |until| until.since(saved_at));
            let left = left.min(grace).saturating_sub(ago);
            (member.connection, member.away, member.given_up_at) = (None, false, Some(now + left));
            !left.is_zero()
        });
        self
    }

    /// In the order in which they joined.
    pub(super) fn list(&self) -> Vec<Participant> {
        let mut list: Vec<_> = self.0.values().map(|member| member.participant.clone()).collect();
        list.sort_by(|a, b| (a.joined_at, &a.id).cmp(&(b.joined_at, &b.id)));
        list
    }
}

impl Member {
    /// Takes over what a resuming client says; true when others see a difference.
    pub(super) fn resume(&mut self, join: &Join, secret: String, connection: u64) -> bool {
        if self.instance != join.instance {
            self.instance.clone_from(&join.instance);
            self.results.clear();
        }
        (self.attempt, self.secret, self.away) = (join.attempt, secret, false);
        (self.connection, self.given_up_at) = (Some(connection), None);
        let before = self.participant.clone();
        self.participant.user_name.clone_from(&join.user_name);
        self.participant.user_data.clone_from(&join.user_data);
        self.participant != before
    }

    /// How an operation ended that was answered before; `out_of_order` when that is forgotten.
    pub(super) fn answered(&self, sequence: u64) -> Option<UpdateResult> {
        let known =
            self.results.iter().find(|(answered, _)| *answered == sequence).map(|(_, result)| *result);
        let late = || self.results.back().is_some_and(|(last, _)| sequence < *last);
        known.or_else(|| late().then_some(UpdateResult::Rejected(Rejection::OutOfOrder)))
    }

    pub(super) fn remember(&mut self, sequence: u64, result: UpdateResult) {
        if self.answered(sequence).is_none() {
            self.results.push_back((sequence, result));
            if self.results.len() > limits::IN_FLIGHT {
                self.results.pop_front();
            }
        }
    }
}

/// What `.length` says in JavaScript.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
