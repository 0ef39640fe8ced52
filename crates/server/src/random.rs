//! What must not be guessed: epochs, participant ids and secrets.

use std::time::Duration;

use meeting_session_core::Epoch;
use meeting_session_core::json::hex;
use meeting_session_core::protocol::ParticipantId;

/// The epoch of a new session.
pub(crate) fn epoch() -> Epoch {
    Epoch(u64::from_ne_bytes(bytes()))
}

/// The id of a new participant, a version 4 UUID.
pub(crate) fn participant_id() -> ParticipantId {
    let mut bytes: [u8; 16] = bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = hex(&bytes);
    for dash in [20, 16, 12, 8] {
        text.insert(dash, '-');
    }
    ParticipantId(text)
}

/// What a participant proves its identity with, as 32 hexadecimal digits.
pub(crate) fn secret() -> String {
    hex(&bytes::<16>())
}

/// Any time shorter than `limit`, in whole milliseconds.
pub(crate) fn up_to(limit: Duration) -> Duration {
    let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(u64::from_ne_bytes(bytes()) % millis)
}

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("every system that the server runs on has random numbers");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_participant_id_has_the_shape_of_a_uuid() {
        let ParticipantId(id) = participant_id();
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(&id[14..15], "4", "{id}");
        assert!("89ab".contains(&id[19..20]), "{id}");
        assert_ne!(participant_id(), participant_id());
    }

    #[test]
    fn a_secret_has_128_bits() {
        assert_eq!(secret().len(), 32);
        assert_ne!(secret(), secret());
    }
}
