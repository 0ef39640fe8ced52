//! Moves inputs and outputs between the core, the socket, the timer and the page.
//!
//! Every input goes the same way: the core handles it, its outputs are carried out, and only then, with no borrow held,
//! does the page run the application's handlers, which may call back in.

use alloc::rc::{Rc, Weak};
use alloc::string::String;
use core::cell::{Cell, RefCell};

use meeting_session_core::client::{ClientEvent, ClientOutput, Failure, WriteEnd};
use meeting_session_core::json::{decimal, push_quoted};
use meeting_session_core::protocol::{CloseCode, StateChange};
use meeting_session_core::{Client, Instant};
use wasm_bindgen::prelude::*;

use crate::lifecycle::{Lifecycle, LifecycleEvent};
use crate::page::Page;
use crate::socket::{Socket, SocketEvent};
use crate::timer::Timer;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

/// One client: its core and everything around it.
pub(crate) struct Driver {
    me: Weak<Self>,
    client: RefCell<Client>,
    page: Page,
    address: RefCell<String>,
    /// Why the server closed the last socket, in its words.
    close_reason: RefCell<String>,
    socket: RefCell<Option<Socket>>,
    timer: RefCell<Timer>,
    lifecycle: RefCell<Option<Lifecycle>>,
    /// The core's time and the date at the last input.
    clock: Cell<(Instant, f64)>,
    /// How many writes had no answer when the page was last told.
    unanswered: Cell<usize>,
}

impl Driver {
    pub(crate) fn new(page: Page, seed: u64) -> Rc<Self> {
        Rc::new_cyclic(|me| Self {
            me: me.clone(),
            client: RefCell::new(Client::new(seed)),
            page,
            address: RefCell::default(),
            close_reason: RefCell::default(),
            socket: RefCell::default(),
            timer: RefCell::new(Timer::new({
                let me = me.clone();
                move || {
                    if let Some(driver) = me.upgrade() {
                        driver.timer.borrow_mut().fired();
                        driver.input(Client::handle_timeout);
                    }
                }
            })),
            lifecycle: RefCell::default(),
            clock: Cell::default(),
            unanswered: Cell::default(),
        })
    }

    /// Says where the next sockets go to.
    pub(crate) fn set_address(&self, socket_url: String) {
        *self.address.borrow_mut() = socket_url;
    }

    /// The revision of the data; 0 while not joined.
    pub(crate) fn revision(&self) -> u64 {
        self.client.borrow().position().map_or(0, |position| position.revision)
    }

    /// Gives the core an input, and does what it wants done.
    pub(crate) fn input<T>(&self, handle: impl FnOnce(&mut Client, Instant) -> T) -> T {
        let now = self.now();
        let result = handle(&mut self.client.borrow_mut(), now);
        self.follow_up(now);
        result
    }

    /// The time by the date, which goes on while the machine sleeps: `performance.now()` stands still then on most, and a
    /// write made before would still be young. When the date is set back, time goes on from there.
    fn now(&self) -> Instant {
        let (before, date_before) = self.clock.get();
        let date = date_now();
        let now = Instant::from_millis(before.as_millis() + (date - date_before) as u64);
        self.clock.set((now, date));
        now
    }

    fn follow_up(&self, now: Instant) {
        loop {
            let outputs = self.client.borrow_mut().take_outputs();
            if outputs.is_empty() {
                break;
            }
            for output in outputs {
                self.carry_out(now, output);
            }
        }
        let (deadline, unanswered) = {
            let client = self.client.borrow();
            (client.poll_timeout(), client.unanswered_writes())
        };
        if self.unanswered.replace(unanswered) != unanswered {
            self.page.tell("saving", &decimal(unanswered as u64), "");
        }
        self.timer.borrow_mut().set(now, deadline);
        self.page.deliver();
    }

    fn carry_out(&self, now: Instant, output: ClientOutput) {
        match output {
            ClientOutput::Connect => self.connect(now),
            ClientOutput::Send(text) => {
                if let Some(socket) = &*self.socket.borrow() {
                    socket.send(&text);
                }
            }
            ClientOutput::Disconnect => drop(self.socket.take()),
            ClientOutput::Data(change) => {
                let StateChange { since, set, deleted, writes } = change;
                let deleted = array(deleted.iter(), |text, key| push_quoted(text, key));
                self.page.data(set.as_str(), &deleted, writes.as_str(), since.is_none());
            }
            ClientOutput::Event(event) => self.tell(event),
        }
    }

    fn connect(&self, now: Instant) {
        drop(self.socket.take());
        if self.lifecycle.borrow().is_none() {
            *self.lifecycle.borrow_mut() = Some(self.listen_to_the_page());
        }
        let me = self.me.clone();
        let tell = move |event| {
            if let Some(driver) = me.upgrade() {
                driver.input(|client, now| match event {
                    SocketEvent::Opened => client.socket_opened(now),
                    SocketEvent::Message(text) => client.socket_message(now, &text),
                    SocketEvent::Closed(code, reason) => {
                        *driver.close_reason.borrow_mut() = reason;
                        client.socket_closed(now, code);
                    }
                });
            }
        };
        let socket = Socket::connect(&self.address.borrow(), tell);
        match socket {
            Ok(socket) => *self.socket.borrow_mut() = Some(socket),
            Err(_) => self.client.borrow_mut().socket_closed(now, 1006),
        }
    }

    fn listen_to_the_page(&self) -> Lifecycle {
        let me = self.me.clone();
        Lifecycle::listen(move |event| {
            if let Some(driver) = me.upgrade() {
                driver.input(|client, now| match event {
                    LifecycleEvent::Wake => client.wake(now),
                    LifecycleEvent::Unload => client.unload(now),
                    LifecycleEvent::Hide => client.hide(now),
                    LifecycleEvent::Freeze => client.freeze(now),
                });
            }
        })
    }

    fn tell(&self, event: ClientEvent) {
        let tell = |event, about: &str, more: &str| self.page.tell(event, about, more);
        match event {
            ClientEvent::Joined => {
                let client = self.client.borrow();
                let participants =
                    array(client.participants().iter(), |text, one| text.push_str(&one.encode()));
                tell("joined", own(&client), &participants);
            }
            ClientEvent::ParticipantJoined(participant) => {
                tell("participantJoined", &participant.encode(), "")
            }
            ClientEvent::ParticipantUpdated(participant) => {
                tell("participantUpdated", &participant.encode(), "")
            }
            ClientEvent::ParticipantLeft(participant) => tell("participantLeft", &participant.id.0, ""),
            ClientEvent::CountsChanged => tell("counted", "", ""),
            ClientEvent::SessionChanged => {
                let epoch = self.client.borrow().position().map(|position| position.epoch.to_hex());
                tell("session", &epoch.unwrap_or_default(), "");
            }
            ClientEvent::DataChanged => tell("changed", &decimal(self.revision()), ""),
            ClientEvent::Interrupted => tell("interrupted", "", ""),
            ClientEvent::Reconnected => tell("reconnected", own(&self.client.borrow()), ""),
            ClientEvent::SessionReset(reset) => tell("reset", reset.reason(), ""),
            ClientEvent::WriteFailed(failure) => {
                let number = failure.number().map(decimal);
                tell("writeFailed", failure.code(), &number.unwrap_or_default());
            }
            ClientEvent::Attempt(write) => tell("attempt", &decimal(u64::from(write.0)), ""),
            ClientEvent::WriteEnded { write, end } => {
                let (how, number) = match end {
                    WriteEnd::Applied(revision) => ("applied", revision),
                    WriteEnd::Unchanged(revision) => ("unchanged", revision),
                    WriteEnd::Failed(failure) => (failure.code(), failure.number().unwrap_or(0)),
                };
                let mut end = decimal(number);
                end.push(' ');
                end.push_str(how);
                tell("writeEnded", &decimal(u64::from(write.0)), &end);
            }
            ClientEvent::AppMessage { from, data } => tell("appMessage", &from.0, data.as_str()),
            ClientEvent::UserSet => tell("userSet", "", ""),
            ClientEvent::Away { identity, predecessors } => {
                let (id, mut more) = identity
                    .map_or_else(Default::default, |identity| (identity.participant.0, identity.secret));
                more.push(' ');
                more.push_str(&predecessors);
                tell("away", &id, &more);
            }
            ClientEvent::Failed(failure) => {
                let (kind, reason) = (failure.kind().name(), self.close_reason.borrow());
                match failure {
                    Failure::Unreachable => tell("failed", kind, ""),
                    // The one that needs more than the server's reason.
                    Failure::Closed(CloseCode::ORIGIN_REFUSED) => tell("originRefused", kind, ""),
                    Failure::Closed(_) => tell("failed", kind, &reason),
                }
            }
            ClientEvent::Left => {
                *self.lifecycle.borrow_mut() = None;
                drop(self.socket.take());
                tell("left", "", "");
            }
        }
    }
}

/// The id of the client's own participant.
fn own(client: &Client) -> &str {
    client.participant().map_or("", |id| &id.0)
}

/// The text of a JSON array.
fn array<T>(items: impl Iterator<Item = T>, push: impl Fn(&mut String, T)) -> String {
    let mut text = String::from("[");
    for (index, item) in items.enumerate() {
        if index > 0 {
            text.push(',');
        }
        push(&mut text, item);
    }
    text.push(']');
    text
}
