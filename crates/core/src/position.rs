//! Where a client stands in the history of a session.

use crate::json::hex;
use crate::scan::hex_number;
use crate::update::Update;
use alloc::string::String;

/// One life of a session: a random number that changes whenever the session begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// A hash over everything that led to a revision. Clients store it and echo it, nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chain(pub u64);

/// A point in the history of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Which life of the session.
    pub epoch: Epoch,
    /// How many updates were applied in this epoch.
    pub revision: u64,
    /// What these updates were.
    pub chain: Chain,
}

impl Position {
    /// The position of a session that has just begun.
    pub const fn start(epoch: Epoch) -> Self {
        Self { epoch, revision: 0, chain: Chain(epoch.0) }
    }

    /// The position after `update`, which `participant` asked for as its operation number `sequence`.
    ///
    /// The chain is public, and so is all that goes into it.
    ///
    /// Two histories that share a revision but not what led to it differ in the chain, so a server that lost
    /// acknowledged updates (a restored backup, a fail-over) is told apart from one that did not.
    pub fn next(self, participant: &str, sequence: u64, update: &Update) -> Self {
        let revision = self.revision + 1;
        let mut hash = Fnv1a(self.chain.0);
        hash.number(revision);
        hash.text(participant);
        hash.number(sequence);
        hash.text(update.strategy().name());
        for (key, value) in update.changes() {
            hash.text(key);
            hash.text(value.map_or("", |value| value.as_str()));
        }
        Self { epoch: self.epoch, revision, chain: Chain(hash.0) }
    }
}

macro_rules! hex {
    ($name:ident) => {
        impl $name {
            /// Reads the sixteen hexadecimal digits of the wire.
            pub fn from_hex(text: &str) -> Option<Self> {
                if text.len() == 16 { hex_number(text).map(Self) } else { None }
            }

            /// The sixteen hexadecimal digits of the wire.
            pub fn to_hex(self) -> String {
                hex(&self.0.to_be_bytes())
            }
        }
    };
}

hex!(Epoch);
hex!(Chain);

/// The 64-bit Fowler-Noll-Vo hash, continued from a previous one.
struct Fnv1a(u64);

impl Fnv1a {
    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// The length goes in first, so that `ab` + `c` differs from `a` + `bc`.
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use crate::update::MergeStrategy;

    fn set(key: &str, value: &str) -> Update {
        Update::new(MergeStrategy::ShallowMerge, [(key.into(), Json::parse(value).ok())])
    }

    #[test]
    fn revisions_rise_by_one_and_the_chain_tells_histories_apart() {
        let start = Position::start(Epoch(7));
        let one = start.next("i", 1, &set("a", "1"));
        assert_eq!(one.revision, 1);
        assert_eq!(one, start.next("i", 1, &set("a", "1")));
        for other in [
            start.next("j", 1, &set("a", "1")),
            start.next("i", 2, &set("a", "1")),
            start.next("i", 1, &set("a", "2")),
            start.next("i", 1, &set("a1", "1")),
            Position::start(Epoch(8)).next("i", 1, &set("a", "1")),
        ] {
            assert_ne!(other.chain, one.chain);
        }
    }

    #[test]
    fn hex_is_sixteen_digits_and_nothing_else() {
        assert_eq!(Epoch(0xab).to_hex(), "00000000000000ab");
        assert_eq!(Epoch::from_hex("00000000000000ab"), Some(Epoch(0xab)));
        for text in ["", "ab", "+0000000000000ab", "00000000000000a\u{e9}", "000000000000000ab"] {
            assert_eq!(Chain::from_hex(text), None, "{text}");
        }
    }
}
