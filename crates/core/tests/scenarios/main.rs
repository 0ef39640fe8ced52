//! A session and its clients in one process, on one clock.

#![allow(clippy::unwrap_used)]

mod awaited_writes;
mod coming_and_going;
mod conditional_writes;
mod drain;
mod people;
mod readers;
mod reconnecting;
mod reload;
mod support;
mod transactions;
mod writing;
