//! Who is in a session, and until when somebody is kept whose connection is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use meeting_session_core::Instant;
use meeting_session_core::protocol::{Join, ParticipantId, limits};
use meeting_session_core::session::ConnectionId;

use super::Author;

/// Who a join must turn out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Nobody: it came after a newer one of the same client.
    Stale,
    /// Somebody who is there.
    Known(ParticipantId),
    /// Somebody new.
    New,
}

#[derive(Debug)]
struct Member {
    instance: String,
    attempt: u64,
    secret: String,
    connection: Option<ConnectionId>,
    /// When it is given up, while it has no connection.
    until: Option<Instant>,
    away: bool,
}

/// The participants of one session.
#[derive(Debug)]
pub(crate) struct Members {
    grace: Duration,
    members: BTreeMap<ParticipantId, Member>,
}

impl Members {
    pub(crate) const fn new(grace: Duration) -> Self {
        Self { grace, members: BTreeMap::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn ids(&self) -> BTreeSet<ParticipantId> {
        self.members.keys().cloned().collect()
    }

    /// All connections that speak for somebody.
    pub(crate) fn connections(&self) -> BTreeSet<ConnectionId> {
        self.members.values().filter_map(|member| member.connection).collect()
    }

    /// Whom a connection speaks for.
    pub(crate) fn author(&self, connection: ConnectionId) -> Option<Author> {
        let participant = self.by_connection(connection)?;
        let instance = self.members.get(&participant)?.instance.clone();
        Some(Author { participant, instance })
    }

    /// The client that a participant is.
    pub(crate) fn instance_of_participant(&self, id: &ParticipantId) -> Option<&str> {
        self.members.get(id).map(|member| &*member.instance)
    }

    /// Whether some participant is this client.
    pub(crate) fn has_instance(&self, instance: &str) -> bool {
        self.members.values().any(|member| member.instance == instance)
    }

    /// Who a join must turn out to be: the participant that it proves to be, or the one that the same client is
    /// already, when the answer that told it so was lost.
    pub(crate) fn expect(&self, join: &Join) -> Expected {
        let proven = join.resume.as_ref().and_then(|resume| {
            let (id, member) = self.members.get_key_value(&resume.participant)?;
            (member.secret == resume.secret).then_some((id, member))
        });
        let same = || self.members.iter().find(|(_, member)| member.instance == join.instance);
        let before = || {
            let of = |instance: &str| self.members.iter().find(|(_, member)| member.instance == instance);
            join.predecessors.rsplit(' ').find_map(of)
        };
        match proven.or_else(same).or_else(before) {
            Some((_, member)) if member.instance == join.instance && join.attempt <= member.attempt => {
                Expected::Stale
            }
            Some((id, _)) => Expected::Known(id.clone()),
            None => Expected::New,
        }
    }

    /// Somebody has joined; says which connection it supersedes.
    pub(crate) fn joined(
        &mut self,
        id: ParticipantId,
        connection: ConnectionId,
        join: &Join,
        secret: String,
    ) -> Option<ConnectionId> {
        let member = Member {
            instance: join.instance.clone(),
            attempt: join.attempt,
            secret,
            connection: Some(connection),
            until: None,
            away: false,
        };
        self.members.insert(id, member).and_then(|before| before.connection)
    }

    /// A connection has said something; says whether anybody listens to it.
    pub(crate) fn said(&mut self, connection: ConnectionId, away: bool) -> bool {
        let id = self.by_connection(connection);
        match id.and_then(|id| self.members.get_mut(&id)) {
            Some(member) => {
                member.away = away;
                true
            }
            None => false,
        }
    }

    /// Somebody leaves for good.
    pub(crate) fn left(&mut self, connection: ConnectionId) -> Option<ParticipantId> {
        let id = self.by_connection(connection)?;
        self.members.remove(&id);
        Some(id)
    }

    /// A connection is lost; whoever it spoke for is kept for a while.
    pub(crate) fn lost(&mut self, now: Instant, connection: ConnectionId) {
        let Some(member) = self.by_connection(connection).and_then(|id| self.members.get_mut(&id)) else {
            return;
        };
        let grace = if member.away { self.grace.min(limits::AWAY_GRACE) } else { self.grace };
        member.connection = None;
        member.until = Some(now + grace);
    }

    /// A connection ends with the server, whatever was said on it.
    pub(crate) fn cut_off(&mut self, now: Instant, connection: ConnectionId) {
        self.said(connection, false);
        self.lost(now, connection);
    }

    /// Those whose time is over are gone.
    pub(crate) fn expire(&mut self, now: Instant) -> BTreeSet<ParticipantId> {
        let over = |member: &Member| member.until.is_some_and(|until| until <= now);
        let gone: BTreeSet<_> =
            self.members.iter().filter(|(_, member)| over(member)).map(|(id, _)| id.clone()).collect();
        self.members.retain(|id, _| !gone.contains(id));
        gone
    }

    fn by_connection(&self, connection: ConnectionId) -> Option<ParticipantId> {
        let mut members = self.members.iter();
        members.find(|(_, member)| member.connection == Some(connection)).map(|(id, _)| id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meeting_session_core::protocol::{Resume, VERSION};

    fn join(instance: &str, attempt: u64, resume: Option<(&str, &str)>) -> Join {
        let resume = resume.map(|(id, secret)| Resume {
            participant: ParticipantId(id.into()),
            secret: secret.into(),
            position: None,
        });
        Join {
            version: VERSION,
            session: "s".into(),
            instance: instance.into(),
            attempt,
            predecessors: String::new(),
            user_name: String::new(),
            user_data: None,
            token: None,
            resume,
        }
    }

    #[test]
    fn a_join_is_whom_it_proves_to_be_or_who_it_was_before() {
        let mut members = Members::new(Duration::from_secs(30));
        let (ann, one) = (ParticipantId("ann".into()), ConnectionId(1));
        assert_eq!(members.expect(&join("a", 1, None)), Expected::New);
        assert_eq!(members.joined(ann.clone(), one, &join("a", 1, None), "secret".into()), None);
        assert_eq!(members.expect(&join("a", 1, None)), Expected::Stale);
        assert_eq!(members.expect(&join("a", 2, None)), Expected::Known(ann.clone()));
        assert_eq!(members.expect(&join("b", 1, Some(("ann", "secret")))), Expected::Known(ann.clone()));
        assert_eq!(members.expect(&join("b", 1, Some(("ann", "guessed")))), Expected::New);
        assert_eq!(members.joined(ann, ConnectionId(2), &join("a", 2, None), "other".into()), Some(one));
        assert!(!members.said(one, false), "superseded");
    }

    #[test]
    fn who_goes_away_is_kept_for_its_grace() {
        let mut members = Members::new(Duration::from_secs(30));
        let (ann, one, start) = (ParticipantId("ann".into()), ConnectionId(1), Instant::from_millis(1_000));
        members.joined(ann, one, &join("a", 1, None), "secret".into());
        members.said(one, true);
        members.lost(start, one);
        let almost = limits::AWAY_GRACE.saturating_sub(Duration::from_millis(1));
        assert_eq!(members.expire(start + almost).len(), 0);
        assert_eq!(members.expire(start + limits::AWAY_GRACE).len(), 1);
    }
}
