//! The wire: messages, limits, close codes and their JSON form. Nothing else in the product knows it.
//!
//! PROTOCOL.md describes it in words, and `tests/golden` holds an example of every message.

pub mod close;
mod decode_client;
mod decode_server;
mod encode;
pub mod limits;
pub mod message;

pub use close::{CloseCode, FatalKind};
pub use decode_client::DecodeError;
pub use message::*;

/// The WebSocket subprotocol that client and server agree on.
pub const SUBPROTOCOL: &str = "meeting-session.v1";

/// The version in the first message. A server refuses one that it does not know.
pub const VERSION: u32 = 1;
