//! What a decoder must do with any text.

use meeting_session_core::protocol::{ClientMessage, ServerMessage};
use serde::de::IgnoredAny;

/// What a client may send: a message, or an error that says which kind of nonsense it is; never a panic.
pub(crate) fn check_client(text: &str) {
    let Ok(message) = ClientMessage::decode(text) else { return };
    assert!(is_json(text), "only JSON is a message: {text}");
    let encoded = message.encode();
    assert!(is_json(&encoded), "{encoded}");
    assert_eq!(ClientMessage::decode(&encoded).as_ref(), Ok(&message), "{encoded}");
    assert_eq!(message.encode(), encoded);
}

/// What a server may send. The client trusts it to send JSON, so text that is none need only do no harm.
pub(crate) fn check_server(text: &str) {
    let Some(message) = ServerMessage::decode(text) else { return };
    let encoded = message.encode();
    assert_eq!(ServerMessage::decode(&encoded).as_ref(), Some(&message), "{encoded}");
    if is_json(text) {
        assert!(is_json(&encoded), "{text} became {encoded}");
    }
}

pub(crate) fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}
