//! Several updates made one.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, unused_imports)] // each target uses a part of it
#[path = "../../crates/core/tests/properties/checks/mod.rs"]
mod checks;

fuzz_target!(|writes: checks::coalesce::Writes| checks::coalesce::check(&writes));
