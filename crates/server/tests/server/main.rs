//! The real server over real sockets, one file per behaviour.

// Also in a test crate only what stands under this attribute may `unwrap`.
#[cfg(test)]
mod app_messages;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod conditions;
#[cfg(test)]
mod http;
#[cfg(test)]
mod joining;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod origins;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod proxy_places;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod proxy_shortage;
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
