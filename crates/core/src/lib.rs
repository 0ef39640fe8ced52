//! The rules of a shared session, without I/O.
//!
//! Everything that decides something lives here: how writes merge and batch, what is too large, who comes first, what
//! a reconnecting client gets. [`Client`] runs in the browser, [`Session`] on the server; both are state machines that
//! take an event and the time and leave outputs to be drained. This crate reads no clock, no random source and no
//! socket, so a test can run an hour of reconnects in a millisecond.

// Not for where it runs, but for its weight in the browser: see the browser module.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

#[macro_use]
mod mutant;
pub mod address;
pub mod client;
pub mod data;
pub mod json;
pub mod log;
pub mod merge_patch;
#[cfg(feature = "mutants")]
pub mod mutants;
pub mod position;
pub mod protocol;
pub mod random;
mod scan;
pub mod session;
pub mod shared_state;
pub mod stamp;
pub mod throttle;
pub mod time;
pub mod update;

pub use client::Client;
pub use data::SessionData;
pub use json::Json;
pub use position::{Chain, Epoch, Position};
pub use session::Session;
pub use time::Instant;
pub use update::{MergeStrategy, Update};
