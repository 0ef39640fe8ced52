//! The one timer: fires at the next deadline of the core.

use meeting_session_core::Instant;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // The global functions themselves: gloo-timers' `Timeout` would bring `std` with it.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &JsValue, millis: i32) -> f64;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: f64);
}

/// The timer, armed or not. Dropping it cancels it.
pub(crate) struct Timer {
    fire: Closure<dyn Fn()>,
    /// The deadline and the id of the timeout.
    armed: Option<(Instant, f64)>,
}

impl Timer {
    /// A timer that runs `fire`.
    pub(crate) fn new(fire: impl Fn() + 'static) -> Self {
        Self { fire: Closure::new(fire), armed: None }
    }

    /// Makes sure that it fires at `deadline`, or earlier: one that is armed for an earlier time stays, so that a
    /// deadline which moves away with every message does not cost a new timeout each time.
    pub(crate) fn set(&mut self, now: Instant, deadline: Option<Instant>) {
        if let (Some((armed, _)), Some(deadline)) = (self.armed, deadline)
            && armed <= deadline
        {
            return;
        }
        self.cancel();
        if let Some(deadline) = deadline {
            // Browsers count a signed 32-bit number of milliseconds; beyond it they would fire at once.
            let pause = i32::try_from(deadline.since(now).as_millis()).unwrap_or(i32::MAX);
            let id = set_timeout(self.fire.as_ref(), pause);
            self.armed = Some((deadline, id));
        }
    }

    /// It has fired: there is nothing left to cancel.
    pub(crate) fn fired(&mut self) {
        self.armed = None;
    }

    fn cancel(&mut self) {
        if let Some((_, id)) = self.armed.take() {
            clear_timeout(id);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.cancel();
    }
}
