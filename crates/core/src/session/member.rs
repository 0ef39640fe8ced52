//! One participant as the session keeps it, through any number of connections.

use alloc::collections::VecDeque;
use alloc::string::String;

use super::ConnectionId;
use crate::json::{Json, utf16_units};
use crate::protocol::{Join, Participant, ParticipantId, UpdateResult, limits};
use crate::time::Instant;

/// A participant, how it proves to be itself, and what it was answered.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) participant: Participant,
    pub(super) secret: String,
    pub(super) instance: String,
    /// Which connection of the instance it joined on last.
    pub(super) attempt: u64,
    /// Its connection; none while it is in grace.
    pub(super) connection: Option<ConnectionId>,
    /// When it is given up; set while it is in grace.
    pub(super) given_up_at: Option<Instant>,
    /// Whether its page said that it goes away.
    pub(super) away: bool,
    /// The last results, oldest first: at most [`limits::IN_FLIGHT`].
    pub(super) results: VecDeque<(u64, UpdateResult)>,
}

/// What is known of an operation number.
pub(super) enum Remembered {
    New,
    Answered(UpdateResult),
    /// Older than what is remembered: nobody can say any more how it ended.
    Forgotten,
}

impl Member {
    pub(super) fn new(
        id: ParticipantId,
        connection: ConnectionId,
        join: Join,
        secret: String,
        date: u64,
    ) -> Self {
        let participant =
            Participant { id, user_name: join.user_name, user_data: join.user_data, joined_at: date };
        Self {
            participant,
            secret,
            instance: join.instance,
            attempt: join.attempt,
            connection: Some(connection),
            given_up_at: None,
            away: false,
            results: VecDeque::new(),
        }
    }

    /// Takes over what a resuming client says of itself; true when others would see a difference.
    pub(super) fn resume(&mut self, join: Join, secret: String) -> bool {
        if self.instance != join.instance {
            // Another life of the page counts its operations from 1 again.
            self.instance = join.instance;
            self.results.clear();
        }
        self.attempt = join.attempt;
        self.secret = secret;
        self.away = false;
        let before = self.participant.clone();
        self.participant.user_name = join.user_name;
        self.participant.user_data = join.user_data;
        self.participant != before
    }

    pub(super) fn set_user(&mut self, user_name: Option<String>, user_data: Option<Json>) {
        if let Some(user_name) = user_name {
            self.participant.user_name = user_name;
        }
        if user_data.is_some() {
            self.participant.user_data = user_data;
        }
    }

    pub(super) fn remembered(&self, sequence: u64) -> Remembered {
        match self.results.iter().find(|(answered, _)| *answered == sequence) {
            Some((_, result)) => Remembered::Answered(*result),
            None if self.results.back().is_some_and(|(last, _)| sequence < *last) => Remembered::Forgotten,
            None => Remembered::New,
        }
    }

    /// Keeps a result for when the same operation is sent again.
    pub(super) fn remember(&mut self, sequence: u64, result: UpdateResult) {
        if !matches!(self.remembered(sequence), Remembered::New) {
            return;
        }
        self.results.push_back((sequence, result));
        if self.results.len() > limits::IN_FLIGHT
            || mutant!("dedupe-table-too-short") && self.results.len() > 1
        {
            self.results.pop_front();
        }
    }
}

/// A name or user data over its limit.
pub(crate) struct UserTooLarge;

/// The limits of a name and of user data, the same in the browser and on the server.
pub(crate) fn check_user(user_name: &str, user_data: Option<&Json>) -> Result<(), UserTooLarge> {
    let name_fits = utf16_units(user_name) <= limits::USER_NAME_UNITS;
    let data_fits = user_data.is_none_or(|data| data.units() <= limits::USER_DATA_UNITS);
    if name_fits && data_fits { Ok(()) } else { Err(UserTooLarge) }
}
