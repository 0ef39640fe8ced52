//! Hostile and slow clients against the server's program, and beside each of them two participants of another session
//! who must notice nothing.
//!
//! What each flood cost is printed: `cargo test -p meeting-session-server --test floods -- --nocapture`.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "the numbers are for people")]

// Also in a test crate only what stands under this attribute may `unwrap`.
#[cfg(test)]
mod blocked;
#[cfg(test)]
mod control;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod handshakes;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod support;
