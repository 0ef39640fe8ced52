//! App messages: at most once, in the sender's order, never to the sender (G18).

use std::collections::BTreeMap;

use meeting_session_core::protocol::ParticipantId;

use crate::violation::{Checked, ensure};

/// An app message that was sent.
#[derive(Debug)]
struct Message {
    life: usize,
    session: usize,
    to: Option<Vec<ParticipantId>>,
}

/// All app messages of the run.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    sent: Vec<Message>,
    /// The last message of each sender that each receiver got.
    last: BTreeMap<(usize, usize), usize>,
}

impl Messages {
    /// The number of the next message, which is also its text.
    pub(crate) const fn next(&self) -> usize {
        self.sent.len()
    }

    pub(crate) fn sent(&mut self, life: usize, session: usize, to: Option<Vec<ParticipantId>>) {
        self.sent.push(Message { life, session, to });
    }

    /// A page got a message.
    pub(crate) fn received(
        &mut self,
        number: usize,
        life: usize,
        session: usize,
        own: Option<&ParticipantId>,
    ) -> Checked {
        let message = &self.sent[number];
        ensure!(message.session == session, "G16", "message {number} came out in another session");
        ensure!(message.life != life, "G18", "message {number} came back to its sender");
        if let (Some(to), Some(own)) = (&message.to, own) {
            ensure!(to.contains(own), "G18", "message {number} for {to:?} came to {own:?}");
        }
        let last = self.last.insert((life, message.life), number);
        ensure!(
            last.is_none_or(|last| last < number),
            "G18",
            "message {number} came after {last:?} of the same sender"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_twice_back_or_out_of_order_is_found() {
        let mut messages = Messages::default();
        for _ in 0..3 {
            messages.sent(1, 0, None);
        }
        assert!(messages.received(0, 2, 0, None).is_ok());
        assert!(messages.received(0, 2, 0, None).is_err(), "twice");
        assert!(messages.received(2, 3, 0, None).is_ok(), "one may be lost");
        assert!(messages.received(1, 3, 0, None).is_err(), "out of order");
        assert!(messages.received(1, 1, 0, None).is_err(), "to its sender");
        assert!(messages.received(1, 4, 1, None).is_err(), "in another session");
        messages.sent(1, 0, Some(vec![ParticipantId("ann".into())]));
        assert!(messages.received(3, 5, 0, Some(&ParticipantId("bob".into()))).is_err(), "for another");
    }
}
