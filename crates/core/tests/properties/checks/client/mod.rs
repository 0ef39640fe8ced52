//! A client whose page, network and server do anything.

mod outputs;
mod server;
mod step;
mod world;

pub(crate) use step::*;
pub(crate) use world::run;
