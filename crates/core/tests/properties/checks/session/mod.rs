//! A session that is fed with anything, and a model beside it that says what it may answer.

mod clients;
mod history;
mod members;
mod peer;
mod rules;
mod step;
mod world;

pub(crate) use step::*;
pub(crate) use world::run;
