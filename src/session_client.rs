//! `SessionClient`: what the faces in `js/` call. Each method is a check or two and one input for the driver.

use alloc::rc::Rc;
use alloc::string::String;

use meeting_session_core::client::{Identity, JoinOptions, WriteId};
use meeting_session_core::json::hex;
use meeting_session_core::protocol::{Condition, ParticipantId, limits};
use meeting_session_core::{Json, MergeStrategy, Update};
use wasm_bindgen::prelude::*;

use crate::driver::Driver;
use crate::page::Page;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]);
}

/// One participant's end of a session.
#[wasm_bindgen]
pub struct SessionClient {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl SessionClient {
    /// A client that has not joined and tells `page` everything.
    #[wasm_bindgen(constructor)]
    pub fn new(page: Page) -> Self {
        Self { driver: Driver::new(page, u64::from_le_bytes(random())) }
    }

    /// Starts to join a session over a socket to `url`. `user_data` is JSON text. `participant`, `secret` and
    /// `predecessors` are what an earlier document of the tab was told by `away`, empty if nothing. False when name or user
    /// data is over its limit and nothing was done.
    #[allow(clippy::too_many_arguments)] // a struct would have to be taken apart by glue of its own
    pub fn join(
        &self,
        url: String,
        session: String,
        token: Option<String>,
        user_name: String,
        user_data: Option<String>,
        participant: String,
        secret: String,
        predecessors: String,
    ) -> bool {
        let user_data = user_data.map(Json::from_stringified);
        let instance = hex(&random::<{ limits::INSTANCE_DIGITS / 2 }>());
        let resume =
            (!participant.is_empty()).then_some(Identity { participant: ParticipantId(participant), secret });
        let options = JoinOptions { session, user_name, user_data, token, instance, resume, predecessors };
        self.driver.set_address(url);
        self.driver.input(|client, now| client.join(now, options)).is_ok()
    }

    /// Leaves. The page is told `left` when that is done, at once if nothing is outstanding. `unloading` says that the page
    /// goes away just now.
    pub fn leave(&self, unloading: bool) {
        self.driver.input(|client, now| {
            if unloading {
                client.unload(now);
            }
            client.leave(now);
        });
    }

    /// Writes session data: `set` is one JSON object, `deleted` an array of keys, both as `JSON.stringify` made them.
    ///
    /// With `write` 0 it is batched. With another number, which the page has not used before, it goes at once, and the
    /// page is told `writeEnded` with that number in any case.
    ///
    /// `strategy` is a place in [`MergeStrategy::ALL`]. `if_revision` and `if_unchanged`, a JSON array of keys, are the
    /// condition of a write that is not batched.
    ///
    /// Returns nothing when that was accepted. Otherwise nothing was done, and it returns 0 when a key has no text that
    /// could be read back, or the size of `set` when that is over [`limits::DATA_UNITS`].
    pub fn update(
        &self,
        write: u32,
        strategy: usize,
        set: &str,
        deleted: &str,
        if_revision: Option<f64>,
        if_unchanged: &str,
    ) -> Option<u32> {
        let strategy = MergeStrategy::ALL.get(strategy).copied().unwrap_or(MergeStrategy::Replace);
        let update = Update::from_stringified(strategy, set, deleted);
        let condition =
            Condition::from_stringified(if_revision.map(|revision| revision as u64), if_unchanged);
        let (Some(update), Some(condition)) = (update, condition) else { return Some(0) };
        let units = update.units();
        if units > limits::DATA_UNITS {
            return u32::try_from(units).ok();
        }
        self.driver.input(|client, now| match write {
            0 => client.update(now, update),
            number => client.write(now, WriteId(number), update, condition),
        });
        None
    }

    /// Begins a transaction, with a number as for a write. The page is told `attempt` when its function is to run, at most
    /// `attempts` times, and then makes the write that follows from it with [`update`](Self::update) under that number;
    /// or ends it with [`withdraw`](Self::withdraw).
    pub fn transact(&self, write: u32, attempts: f64) {
        // A float, since an application may say `Infinity`.
        self.driver.input(|client, now| client.transact(now, WriteId(write), attempts as u32));
    }

    /// Takes back a write or a transaction that was not sent; the page is told nothing more of it. False when it is too
    /// late.
    pub fn withdraw(&self, write: u32) -> bool {
        self.driver.input(|client, now| client.withdraw(now, WriteId(write)))
    }

    /// Sends a message, JSON text, to these participants (a JSON array of ids) or to all others. False when it has
    /// more than [`limits::APP_MESSAGE_UNITS`] and nothing was done.
    #[wasm_bindgen(js_name = appMessage)]
    pub fn app_message(&self, to: Option<String>, data: String) -> bool {
        let to = to.map(|ids| ParticipantId::list_from_stringified(&ids).unwrap_or_default());
        let data = Json::from_stringified(data);
        self.driver.input(|client, now| client.app_message(now, to, data)).is_ok()
    }

    /// Changes the own name or user data (JSON text). The page is told `userSet` when the server has done it. False
    /// when it is over its limit and nothing was done.
    #[wasm_bindgen(js_name = setUser)]
    pub fn set_user(&self, user_name: Option<String>, user_data: Option<String>) -> bool {
        let user_data = user_data.map(Json::from_stringified);
        self.driver.input(|client, _| client.set_user(user_name, user_data)).is_ok()
    }

    /// The revision of the data; 0 while not joined.
    pub fn revision(&self) -> f64 {
        self.driver.revision() as f64
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    get_random_values(&mut bytes);
    bytes
}
