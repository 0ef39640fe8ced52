//! What the module tells the page: the interface of `js/page.js`.
//!
//! These methods only take over and queue; [`Page::deliver`] alone runs the handlers of the application. JSON goes
//! through as text, for the browser's own parser.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The page's view of one session.
    pub type Page;

    /// The data changed: `set` is an object with the new values, `deleted` an array of keys. With `whole`, `set` is
    /// all of it. Told to the application by [`Page::changed`].
    #[wasm_bindgen(method)]
    pub(crate) fn data(this: &Page, set: &str, deleted: &str, whole: bool);

    #[wasm_bindgen(method)]
    pub(crate) fn joined(this: &Page, own: &str, participants: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn session(this: &Page, id: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn changed(this: &Page);

    #[wasm_bindgen(method)]
    pub(crate) fn counted(this: &Page);

    #[wasm_bindgen(method, js_name = participantJoined)]
    pub(crate) fn participant_joined(this: &Page, participant: &str);

    #[wasm_bindgen(method, js_name = participantUpdated)]
    pub(crate) fn participant_updated(this: &Page, participant: &str);

    #[wasm_bindgen(method, js_name = participantLeft)]
    pub(crate) fn participant_left(this: &Page, id: &str);

    #[wasm_bindgen(method, js_name = userSet)]
    pub(crate) fn user_set(this: &Page);

    #[wasm_bindgen(method, js_name = appMessage)]
    pub(crate) fn app_message(this: &Page, from: &str, data: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn interrupted(this: &Page);

    #[wasm_bindgen(method)]
    pub(crate) fn reconnected(this: &Page, own: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn reset(this: &Page);

    #[wasm_bindgen(method, js_name = writeFailed)]
    pub(crate) fn write_failed(this: &Page, code: &str, size: Option<u32>);

    /// `code` is the close code of the server; 0 when none could be reached.
    #[wasm_bindgen(method)]
    pub(crate) fn failed(this: &Page, kind: &str, code: u16, reason: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn left(this: &Page);

    /// Runs the handlers of everything that was queued. They may call back in.
    #[wasm_bindgen(method)]
    pub(crate) fn deliver(this: &Page);
}
