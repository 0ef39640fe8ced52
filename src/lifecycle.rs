//! What the page goes through: hidden and shown, offline and online, away and back.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // The global object's own, which also a worker has; `visibilitychange` bubbles up to it.
    #[wasm_bindgen(js_name = addEventListener)]
    fn add_event_listener(name: &str, listener: &JsValue);

    #[wasm_bindgen(js_name = removeEventListener)]
    fn remove_event_listener(name: &str, listener: &JsValue);
}

/// What the client must know of it.
pub(crate) enum LifecycleEvent {
    /// The page came back, became visible or hidden, or the network came back.
    Wake,
    /// The page goes away and may not come back.
    Hide,
}

/// Listens until it is dropped.
pub(crate) struct Lifecycle {
    listener: Closure<dyn Fn(web_sys::Event)>,
}

/// To wake up when the page is hidden is harmless, so `visibilitychange` needs no look at what it changed to.
const EVENTS: [&str; 4] = ["online", "pageshow", "visibilitychange", "pagehide"];

impl Lifecycle {
    /// Starts to listen.
    pub(crate) fn listen(tell: impl Fn(LifecycleEvent) + 'static) -> Self {
        let listener = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            let hide = event.type_() == "pagehide";
            tell(if hide { LifecycleEvent::Hide } else { LifecycleEvent::Wake });
        });
        for name in EVENTS {
            add_event_listener(name, listener.as_ref());
        }
        Self { listener }
    }
}

impl Drop for Lifecycle {
    fn drop(&mut self) {
        for name in EVENTS {
            remove_event_listener(name, self.listener.as_ref());
        }
    }
}
