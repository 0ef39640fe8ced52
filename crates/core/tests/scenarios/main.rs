//! A session and its clients in one process, on one clock.

#![allow(clippy::unwrap_used)]

mod awaited_writes;
mod reload;
mod session;
mod support;
