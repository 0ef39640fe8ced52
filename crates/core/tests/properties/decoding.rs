//! Decoders of both sides, fed with any bytes, with mangled messages and with messages of any content.

use meeting_session_core::Epoch;
use meeting_session_core::protocol::{ClientMessage, Condition, UpdateRequest};
use proptest::prelude::*;

use crate::checks::mangled::{Mangled, Mangling};
use crate::checks::wire;
use crate::coalesce::any_change;

pub(crate) fn any_mangled() -> impl Strategy<Value = Mangled> {
    let place = any::<u8>;
    let change = prop_oneof![
        4 => (place(), 0..8_u8).prop_map(|(at, count)| Mangling::Cut { at, count }),
        4 => (place(), 0..8_u8).prop_map(|(at, count)| Mangling::Double { at, count }),
        4 => (place(), place()).prop_map(|(one, other)| Mangling::Swap(one, other)),
        8 => (place(), place()).prop_map(|(at, by)| Mangling::Replace { at, by }),
        4 => (place(), place()).prop_map(|(at, what)| Mangling::Insert { at, what }),
        4 => (place(), any::<String>()).prop_map(|(at, text)| Mangling::Text { at, text }),
        1 => (place(), any::<u16>()).prop_map(|(at, depth)| Mangling::Nest { at, depth }),
        1 => any::<u8>().prop_map(|bytes| Mangling::End { bytes }),
    ];
    (any::<u8>(), prop::collection::vec(change, 0..4))
        .prop_map(|(message, changes)| Mangled { message, changes })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_are_decoded_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        wire::check_client(&text);
        wire::check_server(&text);
    }

    #[test]
    fn what_is_decoded_of_a_mangled_message_survives_the_wire(mangled in any_mangled()) {
        for text in [mangled.of_client(), mangled.of_server()] {
            wire::check_client(&text);
            wire::check_server(&text);
        }
    }

    #[test]
    fn an_update_survives_the_wire(sequence in any::<u64>(), epoch in any::<u64>(), change in any_change()) {
        let request = UpdateRequest { sequence, epoch: Epoch(epoch), update: change.update(), condition: Condition::default() };
        let message = ClientMessage::Update(request);
        prop_assert_eq!(ClientMessage::decode(&message.encode()), Ok(message));
    }
}
