//! Places for connections that have not joined: so many in all, and so many of them for one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use meeting_session_core::protocol::limits;

/// The places that are taken.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Only addresses that have a place.
    by_address: HashMap<IpAddr, usize>,
}

/// Why there is no place. Both pass soon: a connection joins or ends within [`limits::JOIN_TIMEOUT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// [`limits::JOINING_CONNECTIONS`] are taken.
    All,
    /// [`limits::JOINING_CONNECTIONS_PER_ADDRESS`] are taken by this address.
    OfAddress,
}

/// A place, taken until this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    /// The client's address.
    pub(crate) address: IpAddr,
    places: Arc<Places>,
}

impl Places {
    /// Takes a place for a client.
    ///
    /// # Errors
    /// When all are taken, or all that one address may have.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Result<Place, NoPlace> {
        let mut taken = self.taken();
        if taken.all >= limits::JOINING_CONNECTIONS {
            return Err(NoPlace::All);
        }
        let of_address = taken.by_address.entry(counted_as(address)).or_default();
        if *of_address >= limits::JOINING_CONNECTIONS_PER_ADDRESS {
            return Err(NoPlace::OfAddress);
        }
        *of_address += 1;
        taken.all += 1;
        Ok(Place { address, places: self.clone() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let address = counted_as(self.address);
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(of_address) = taken.by_address.get_mut(&address) {
            *of_address -= 1;
            if *of_address == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

/// Whoever has one IPv6 address has the 2^64 of its network, so they count as one.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & u128::MAX << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PER_ADDRESS: usize = limits::JOINING_CONNECTIONS_PER_ADDRESS;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_cannot_take_all_places_and_one_that_is_given_up_is_free_again() {
        let places = Arc::new(Places::default());
        let mut taken: Vec<_> =
            (0..PER_ADDRESS).map(|_| places.take(address("192.0.2.1")).unwrap()).collect();
        assert_eq!(places.take(address("192.0.2.1")).err(), Some(NoPlace::OfAddress));
        let other = places.take(address("192.0.2.2")).unwrap();
        taken.pop();
        taken.push(places.take(address("::ffff:192.0.2.1")).unwrap());
        assert_eq!(places.take(address("192.0.2.1")).err(), Some(NoPlace::OfAddress));
        drop((taken, other));
        assert_eq!(places.taken().all, 0);
        assert!(places.taken().by_address.is_empty());
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let places = Arc::new(Places::default());
        let taken: Vec<_> = (0..PER_ADDRESS)
            .map(|host| places.take(address(&format!("2001:db8:0:1::{host:x}"))).unwrap())
            .collect();
        assert_eq!(places.take(address("2001:db8:0:1:ffff::")).err(), Some(NoPlace::OfAddress));
        assert!(places.take(address("2001:db8:0:2::")).is_ok());
        drop(taken);
        assert!(places.take(address("2001:db8:0:1:ffff::")).is_ok());
    }

    #[test]
    fn there_is_an_end_to_places_for_all_addresses_together() {
        let places = Arc::new(Places::default());
        let taken: Vec<_> = (0..limits::JOINING_CONNECTIONS)
            .map(|index| places.take(address(&format!("10.0.0.{}", index / PER_ADDRESS))).unwrap())
            .collect();
        assert_eq!(places.take(address("192.0.2.1")).err(), Some(NoPlace::All));
        drop(taken);
        assert!(places.take(address("192.0.2.1")).is_ok());
    }
}
