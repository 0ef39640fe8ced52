//! The server of shared sessions: sockets, files and time around the rules of the core crate.
//!
//! A request comes in through [`run`] and `routes`. A WebSocket becomes a `connection`, which finds its `session`
//! through the `hub`; a session answers through each connection's `outbox`. What a message means is decided in
//! `meeting_session_core` alone.

mod client_address;
mod clock;
mod config;
mod connection;
mod files;
mod hub;
mod joining;
mod metered;
mod origin;
mod outbox;
mod random;
mod routes;
mod server;
mod session;
mod socket;
mod state_file;
mod upgrade;

pub use config::Config;
pub use origin::{InvalidOrigin, Origin};
pub use server::run;
