//! What the clients of a run say, from its description.

use meeting_session_core::Position;
use meeting_session_core::position::{Chain, Epoch};
use meeting_session_core::protocol::*;

use super::step::*;
use super::world::World;
use crate::checks::mangled::Mangled;
use crate::checks::update::Value;

impl World {
    /// A new connection joins; returns its number.
    pub(super) fn join_as(&mut self, joining: &Joining) -> u64 {
        let before = joining.after.and_then(|which| {
            let which = usize::from(which).checked_rem(self.peers.len())?;
            self.peers.values().nth(which)
        });
        let instance = match before {
            Some(peer) if joining.same_instance => peer.instance.clone(),
            _ => format!("{:032x}", self.numbers.len() + 1),
        };
        let (last_attempt, _) = self.numbers.get(&instance).copied().unwrap_or_default();
        let attempt = match joining.attempt {
            Attempt::Next => last_attempt.saturating_add(1),
            Attempt::Repeated => last_attempt,
            Attempt::Any(number) => number,
        };
        let identity = before.and_then(|peer| peer.identity.clone());
        let own = before.and_then(|peer| peer.position);
        let lie = |by: i8, own: Position| match by {
            0 => Position { chain: Chain(own.chain.0 ^ 1), ..own },
            by => Position { revision: own.revision.wrapping_add_signed(by.into()), ..own },
        };
        let position = match joining.position {
            Claim::Own => own,
            Claim::None => None,
            Claim::Lie(by) => own.map(|own| lie(by, own)),
            Claim::OtherEpoch => own.map(|own| Position { epoch: Epoch(own.epoch.0 ^ 1), ..own }),
        };
        let resume = match (&joining.resume, identity) {
            (Resuming::Right, Some((participant, secret))) => Some(Resume { participant, secret, position }),
            (Resuming::Wrong, Some((participant, secret))) => {
                Some(Resume { participant, secret: secret + "0", position })
            }
            (Resuming::No, _) | (_, None) => None,
        };
        let mut join = Join {
            version: VERSION,
            session: "standup".into(),
            instance,
            attempt,
            predecessors: String::new(),
            user_name: format!("name {}", joining.name),
            user_data: joining.user_data.as_ref().map(Value::json),
            token: None,
            resume,
        };
        match &joining.flaw {
            None => {}
            Some(Flaw::Version(version)) => join.version = *version,
            Some(Flaw::Instance(instance)) => join.instance.clone_from(instance),
            Some(Flaw::Name) => join.user_name = "😀".repeat(129),
            Some(Flaw::UserData) => join.user_data = Some(Value::Long(8).json()),
            Some(Flaw::Token) => join.token = Some("t".repeat(8_193)),
        }
        self.join(join)
    }

    /// What a connection says.
    pub(super) fn message(&mut self, connection: u64, saying: &Saying) -> Result<ClientMessage, DecodeError> {
        Ok(match saying {
            Saying::Update { sequence, other_epoch, change, patch, asked } => {
                let peer = &self.peers[&connection];
                let own = peer.position.map_or(0, |position| position.revision);
                let unchanged: Vec<_> = asked.unchanged.iter().map(|key| key.text().to_string()).collect();
                let condition = Condition {
                    revision: asked.revision.as_ref().map(|seen| seen.revision(own)),
                    // What it counts from is not said without keys.
                    seen: if unchanged.is_empty() { 0 } else { asked.seen.revision(own) },
                    unchanged,
                };
                let epoch = peer.position.map_or(Epoch(0), |position| position.epoch);
                let (_, last) = self.numbers.entry(peer.instance.clone()).or_default();
                let sequence = match sequence {
                    Sequence::Next => last.saturating_add(1),
                    Sequence::Again(back) => last.saturating_sub((*back).into()),
                    Sequence::Any(number) => *number,
                };
                *last = sequence.max(*last);
                let update = if *patch { change.patch() } else { change.update() };
                let epoch = Epoch(epoch.0 ^ u64::from(*other_epoch));
                ClientMessage::Update(UpdateRequest { sequence, epoch, update, condition })
            }
            Saying::User { name, data } => ClientMessage::SetUser {
                user_name: name.map(|name| "n".repeat(usize::from(name) * 2)),
                user_data: data.as_ref().map(Value::json),
            },
            Saying::App { to, data } => ClientMessage::AppMessage {
                to: to.as_ref().map(|to| to.iter().map(|which| self.recipient(*which)).collect()),
                data: data.json(),
            },
            Saying::Pong => ClientMessage::Pong,
            Saying::Away => ClientMessage::Away,
            Saying::Leave => ClientMessage::Leave,
            Saying::Join => ClientMessage::decode(&Mangled { message: 0, changes: Vec::new() }.of_client())?,
            Saying::Mangled(mangled) => ClientMessage::decode(&mangled.of_client())?,
            Saying::Text(text) => ClientMessage::decode(text)?,
        })
    }

    fn recipient(&self, which: u8) -> ParticipantId {
        let peers: Vec<_> = self.peers.values().filter_map(|peer| peer.identity.as_ref()).collect();
        match usize::from(which).checked_rem(peers.len() + 1).and_then(|which| peers.get(which)) {
            Some((participant, _)) => participant.clone(),
            None => ParticipantId("nobody".into()),
        }
    }
}

impl Seen {
    fn revision(&self, own: u64) -> u64 {
        match self {
            Self::Own(more) => own.saturating_add_signed((*more).into()),
            Self::Any(revision) => *revision,
        }
    }
}
