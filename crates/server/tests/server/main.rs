//! The real server over real sockets, one file per behaviour.

// Also in a test crate only what stands under this attribute may `unwrap`.
#[cfg(test)]
mod app_messages;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod http;
#[cfg(test)]
mod joining;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod origins;
mod restart;
#[cfg(test)]
mod rfc6455;
#[cfg(test)]
mod slow_reader;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod support;
#[cfg(test)]
mod updates;
