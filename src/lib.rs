//! The browser module: a thin shell around [`meeting_session_core::Client`].
//!
//! No rule is decided here, and nothing here knows Daily's or 100ms's names: those faces are JavaScript (`js/`), over
//! the one class that this module exports. It moves inputs and outputs between the core, the socket, the timer and the
//! page, and no user JavaScript ever runs while a borrow is held.

mod driver;
mod lifecycle;
mod page;
mod session_client;
mod socket;
mod timer;

pub use page::Page;
pub use session_client::SessionClient;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
