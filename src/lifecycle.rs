//! What the page goes through: hidden and shown, offline and online, away and back.

use alloc::string::String;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // The global object's own, which also a worker has. The document's events pass it on their way down, `freeze` only
    // then.
    #[wasm_bindgen(js_name = addEventListener)]
    fn add_event_listener(name: &str, listener: &JsValue, capture: bool);

    #[wasm_bindgen(js_name = removeEventListener)]
    fn remove_event_listener(name: &str, listener: &JsValue, capture: bool);

    /// The target of an event: the document for `visibilitychange`.
    type Target;

    #[wasm_bindgen(method, getter, js_name = visibilityState)]
    fn visibility_state(this: &Target) -> Option<String>;
}

/// What the client must know of it.
pub(crate) enum LifecycleEvent {
    /// The page came back, became visible, or the network came back.
    Wake,
    /// The page is about to go away, unless its user decides to stay.
    Unload,
    /// The page goes away and may not come back.
    Hide,
    /// The page stops running: in the back/forward cache, or as a tab that has long been hidden.
    Freeze,
}

/// Listens until it is dropped.
pub(crate) struct Lifecycle {
    listener: Closure<dyn Fn(web_sys::Event)>,
}

/// `beforeunload` is among them because Firefox closes the sockets between it and `pagehide`.
const EVENTS: [&str; 6] = ["online", "pageshow", "visibilitychange", "beforeunload", "pagehide", "freeze"];

impl Lifecycle {
    /// Starts to listen.
    pub(crate) fn listen(tell: impl Fn(LifecycleEvent) + 'static) -> Self {
        let listener = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            match event.type_().as_str() {
                "beforeunload" => tell(LifecycleEvent::Unload),
                "pagehide" => tell(LifecycleEvent::Hide),
                "freeze" => tell(LifecycleEvent::Freeze),
                _ => {
                    let state = event
                        .target()
                        .and_then(|target| target.unchecked_into::<Target>().visibility_state());
                    if state.as_deref() != Some("hidden") {
                        tell(LifecycleEvent::Wake);
                    }
                }
            }
        });
        for name in EVENTS {
            add_event_listener(name, listener.as_ref(), true);
        }
        Self { listener }
    }
}

impl Drop for Lifecycle {
    fn drop(&mut self) {
        for name in EVENTS {
            remove_event_listener(name, self.listener.as_ref(), true);
        }
    }
}
