//! What must hold of the core whatever it is fed with. A check that fails panics.
//!
//! Input is described by small types that every text or row of bytes can be turned into, so that proptest can shrink
//! it and a fuzzer can grow it.

pub(crate) mod client;
pub(crate) mod coalesce;
pub(crate) mod mangled;
pub(crate) mod session;
pub(crate) mod span;
pub(crate) mod update;
pub(crate) mod wire;
