//! Real servers that are killed, frozen and cut off while real clients write.
//!
//! Each run starts server processes behind a faulty TCP proxy, and people whose pages run the real
//! [`Client`](meeting_session_core::Client) over real sockets. A seed decides what goes wrong. Everybody writes down what
//! they did and saw; when all is well again, a checker that reads only these histories says whether the guarantees held.

pub mod checks;
mod dice;
pub mod history;
mod nemesis;
pub mod page;
mod proxy;
mod report;
mod run;
mod scenario;
mod server;
mod socket;

pub use report::report;
pub use run::{Outcome, Settings, run};
pub use scenario::{SCENARIOS, Scenario};
pub use server::find;
