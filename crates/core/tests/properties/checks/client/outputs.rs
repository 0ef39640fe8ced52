//! What a client wants done and what it tells its page, and what must be true of both.

use meeting_session_core::client::{ClientEvent, ClientOutput, WriteEnd, WriteFailure};
use meeting_session_core::protocol::*;

use super::world::{Socket, World};

impl World {
    /// Does what the client wants done.
    pub(super) fn drain(&mut self) {
        let outputs = self.client.take_outputs();
        let mut changes = Vec::new();
        let mut said_goodbye = false;
        for (index, output) in outputs.iter().enumerate() {
            match output {
                ClientOutput::Connect => {
                    assert!(self.active);
                    self.socket = Socket::Opening;
                }
                ClientOutput::Disconnect => self.socket = Socket::None,
                ClientOutput::Send(frame) => {
                    // The farewell may go nowhere; then there is no socket any more after it, either.
                    let last = outputs.get(index + 1) == Some(&ClientOutput::Disconnect);
                    if last && *frame == ClientMessage::Leave.encode() {
                        said_goodbye = matches!(self.socket, Socket::Open { answered: true, .. });
                    } else {
                        self.send(frame);
                    }
                }
                ClientOutput::Data(change) => changes.push(change),
                ClientOutput::Event(event) => {
                    let last = index + 1 == outputs.len();
                    let left = outputs.get(index + 1) == Some(&ClientOutput::Event(ClientEvent::Left));
                    match event {
                        ClientEvent::Left => assert!(last, "nothing comes after the end"),
                        ClientEvent::Failed(_) => assert!(left, "a failure is the end"),
                        ClientEvent::WriteFailed(WriteFailure::Left) => {
                            assert!(!said_goodbye, "all is sent before the farewell");
                        }
                        ClientEvent::WriteEnded { write, end: WriteEnd::Failed(WriteFailure::Left) } => {
                            let sent = !said_goodbye || self.transactions.contains(&write.0);
                            assert!(sent, "all is sent before the farewell: {write:?}");
                        }
                        _ => {}
                    }
                    self.event(event);
                }
            }
        }
        let told = |event: &ClientOutput| matches!(event, ClientOutput::Event(ClientEvent::SessionReset(_)));
        self.follow(&changes, outputs.iter().any(told));
    }

    /// The data of the page is at the position of the client, and was brought there by what it was handed.
    fn follow(&mut self, changes: &[&StateChange], reset: bool) {
        let (before, after) = (self.position, self.client.position());
        self.position = after;
        if let (Some(before), Some(after)) = (before, after) {
            assert!(before.epoch == after.epoch || reset, "the page is told of another session");
        }
        match (changes, after) {
            (_, None) => {}
            ([], Some(_)) => assert_eq!(after, before, "data that changes is handed on"),
            ([change], Some(after)) => {
                let fits = |since| {
                    before.is_some_and(|before| before.revision == since && before.epoch == after.epoch)
                };
                assert!(change.since.is_none_or(fits), "a difference from what the page has: {change:?}");
            }
            _ => panic!("{} changes at once", changes.len()),
        }
    }

    fn send(&mut self, frame: &str) {
        let Socket::Open { asked, answered, updates } = &mut self.socket else {
            panic!("sent on a socket that is not open: {frame}")
        };
        assert!(frame.len() <= limits::CLIENT_FRAME_BYTES);
        let message = ClientMessage::decode(frame).unwrap_or_else(|error| panic!("{error:?}: {frame}"));
        assert_eq!(message.encode(), frame);
        let join = matches!(message, ClientMessage::Join(_));
        assert_eq!(join, !core::mem::replace(asked, true), "the join is the first message, and no other");
        let coming_or_going = matches!(message, ClientMessage::Away | ClientMessage::Pong);
        assert!(
            join || *answered || coming_or_going,
            "only that the page goes away, or has come back, is sent before the join is answered: {frame}"
        );
        if let ClientMessage::AppMessage { .. } = message {
            assert!(self.app_messages > 0, "a message is sent once");
            self.app_messages -= 1;
        }
        if let ClientMessage::Update(request) = message {
            let number = request.sequence;
            assert!(updates.insert(number), "an update is sent once on a connection");
            let last = self.sent.last_key_value().map_or(0, |(last, _)| *last);
            if let Some(before) = self.sent.insert(number, frame.into()) {
                assert_eq!(before, frame, "what is sent again is the same text");
                assert!(self.unanswered.contains(&number), "what has ended is not sent again");
            } else {
                assert_eq!(number, last + 1);
                self.unanswered.insert(number);
                if request.condition.is_some() {
                    let asked = (request.update, request.condition);
                    assert!(
                        self.take_conditional(&asked),
                        "a condition goes with its own write, once: {asked:?}"
                    );
                }
            }
        }
    }

    fn event(&mut self, event: &ClientEvent) {
        match event {
            ClientEvent::Joined => {
                assert!(self.active && !self.joined);
                (self.joined, self.interrupted) = (true, false);
                self.join_answered();
            }
            ClientEvent::Interrupted => {
                assert!(self.joined && !self.interrupted);
                self.interrupted = true;
            }
            ClientEvent::Reconnected => {
                assert!(self.joined && self.interrupted);
                self.interrupted = false;
                if !self.goes_on {
                    self.unanswered.clear();
                }
                self.join_answered();
            }
            ClientEvent::Attempt(write) => {
                assert!(self.joined, "in a session");
                assert_eq!(self.transactions.first(), Some(&write.0), "one at a time, in order");
                assert!(!self.attempting, "one attempt at a time");
                (self.attempting, self.attempted) = (true, None);
            }
            ClientEvent::WriteEnded { write, .. } => {
                let transaction = self.forget_transaction(write.0);
                let written = self.writes.remove(&write.0).is_some();
                assert!(transaction || written, "a write ends once: {write:?}");
            }
            ClientEvent::UserSet => {
                assert!(self.users > 0, "each change of the user takes effect once");
                self.users -= 1;
            }
            ClientEvent::Left => {
                assert!(self.active);
                assert!(self.writes.is_empty(), "every write has ended: {:?}", self.writes);
                assert!(self.transactions.is_empty(), "and every transaction: {:?}", self.transactions);
                assert_eq!(self.socket, Socket::None);
                (self.active, self.joined, self.interrupted, self.users) = (false, false, false, 0);
            }
            // Also said to a page that writes without having joined.
            ClientEvent::WriteFailed(_) | ClientEvent::Failed(_) => {}
            ClientEvent::SessionReset(_) => {
                assert!(self.joined);
                assert!(self.writes.is_empty(), "nothing goes over into another session: {:?}", self.writes);
            }
            ClientEvent::SessionChanged => assert!(self.joined),
            ClientEvent::Away { .. } => assert!(self.active),
            ClientEvent::ParticipantJoined(_)
            | ClientEvent::ParticipantUpdated(_)
            | ClientEvent::ParticipantLeft(_)
            | ClientEvent::CountsChanged
            | ClientEvent::DataChanged
            | ClientEvent::AppMessage { .. } => assert!(self.joined && !self.interrupted),
        }
    }

    fn join_answered(&mut self) {
        let Socket::Open { answered, .. } = &mut self.socket else { panic!("no socket is open") };
        *answered = true;
    }
}
