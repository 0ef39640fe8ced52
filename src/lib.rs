//! The browser module: a thin shell around [`meeting_session_core::Client`].
//!
//! No rule is decided here, and nothing here knows Daily's or 100ms's names: those faces are JavaScript (`js/`), over
//! the one class that this module exports. It moves inputs and outputs between the core, the socket, the timer and the
//! page, and no user JavaScript ever runs while a borrow is held.
//!
//! The published module does without `std`, whose panics carry 2 KB of code (gzip) for a message that nobody would see. A
//! debug build, as the tests run it, has it.

#![no_std]

extern crate alloc;
#[cfg(any(debug_assertions, not(target_arch = "wasm32")))]
extern crate std;

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

#[cfg(all(target_arch = "wasm32", not(debug_assertions)))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
