//! What the module tells the page: the interface of `js/page.js`.
//!
//! These methods only take over and queue; [`Page::deliver`] alone runs the handlers of the application. JSON goes
//! through as text, for the browser's own parser.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The page's view of one session.
    pub type Page;

    /// The data changed: `set` is an object with the new values, `deleted` an array of keys, `writes` who changed them, as
    /// on the wire. With `whole`, `set` is all of it. The application is told by the event `changed`.
    #[wasm_bindgen(method)]
    pub(crate) fn data(this: &Page, set: &str, deleted: &str, writes: &str, whole: bool);

    /// Something happened. `event` names the method of `js/page.js` that takes it over, with what it says there; one
    /// method for all costs a page of code less than one for each.
    #[wasm_bindgen(method)]
    pub(crate) fn tell(this: &Page, event: &str, about: &str, more: &str);

    /// Runs the handlers of everything that was queued. They may call back in.
    #[wasm_bindgen(method)]
    pub(crate) fn deliver(this: &Page);
}
