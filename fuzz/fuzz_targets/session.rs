//! A session and whatever can happen to it.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, unused_imports)] // each target uses a part of it
#[path = "../../crates/core/tests/properties/checks/mod.rs"]
mod checks;

fuzz_target!(|run: checks::session::Run| checks::session::run(&run));
