//! What holds whatever comes in: the decoders, `coalesce`, `Session` and `Client` fed with anything.
//!
//! Here are the generators; `checks`, which says what must hold, is shared with the fuzz targets in `fuzz/`.

#![allow(clippy::unwrap_used)] // a test that unwraps has found something

mod checks;
mod client;
mod coalesce;
mod decoding;
mod session;
