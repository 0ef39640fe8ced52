//! The pages' side: what reaches a client, what it wants done, and what its page makes of it.

use meeting_session_core::client::{ClientEvent, ClientOutput, Failure, WriteEnd, WriteFailure};
use meeting_session_core::protocol::{ClientMessage, CloseCode, Rejection};
use meeting_session_core::session::{ConnectionId, Frame};
use meeting_session_core::{Client, Instant};

use super::person::{Saved, instance};
use super::{Event, Person, World};
use crate::dice::Millis;
use crate::network::{Item, LOST, Way};
use crate::options::Fault;
use crate::violation::{Checked, ensure};

/// What a browser says when a page closes a socket without a code.
const NO_STATUS: u16 = 1005;

impl World {
    /// Gives a client an input, does what it wants done, and checks what its page shows then.
    pub(super) fn person_input<T>(
        &mut self,
        person: usize,
        input: impl FnOnce(&mut Client, Instant) -> T,
    ) -> Checked<T> {
        let value = self.client_input(person, input);
        self.follow_up(person)?;
        Ok(value)
    }

    /// Gives a client an input and leaves what it wants done to [`follow_up`](Self::follow_up).
    pub(super) fn client_input<T>(
        &mut self,
        person: usize,
        input: impl FnOnce(&mut Client, Instant) -> T,
    ) -> T {
        let at = self.people[person].clock.at(self.now);
        input(&mut self.people[person].client, at)
    }

    /// Does what a client wants done, and checks what its page shows then.
    pub(super) fn follow_up(&mut self, person: usize) -> Checked {
        loop {
            let outputs = self.people[person].client.take_outputs();
            if outputs.is_empty() {
                break;
            }
            for output in outputs {
                self.carry_out(person, output)?;
            }
        }
        let Person { client, view, .. } = &mut self.people[person];
        view.settle(client, &self.server).map_err(|mut violation| {
            violation.what = format!("person {person}: {}", violation.what);
            violation
        })?;
        self.set_timer(person);
        Ok(())
    }

    fn carry_out(&mut self, person: usize, output: ClientOutput) -> Checked {
        match output {
            ClientOutput::Connect => {
                self.close_socket(person, NO_STATUS);
                self.connect(person);
            }
            ClientOutput::Disconnect => self.close_socket(person, NO_STATUS),
            ClientOutput::Send(text) => {
                let connection = self.people[person].socket;
                self.note(|| format!("{person} -> {connection:?} {}", short(&text)));
                if text.starts_with("{\"type\":\"update\"") {
                    let Person { custody, clock, .. } = &mut self.people[person];
                    custody.sent(clock.at(self.now), &text, &mut self.ledger, &mut self.totals)?;
                }
                if matches!(ClientMessage::decode(&text), Ok(ClientMessage::Join(_) | ClientMessage::Leave))
                    && let Some(saved) = &mut self.people[person].saved
                {
                    // It lives on, or it is gone: what it has left when it was away may soon be void.
                    saved.lineage.clear();
                }
                // A socket that is not open yet loses what it is given.
                if let Some(connection) = connection
                    && self.network.get(connection).is_some_and(|found| found.client_speaks)
                {
                    self.send_up(connection, Item::Text(Frame::from(text)));
                }
            }
            ClientOutput::Data(change) => {
                let Person { view, client, .. } = &mut self.people[person];
                view.take(&change, client.position(), &mut self.totals)?;
            }
            ClientOutput::Event(event) => self.tell(person, &event)?,
        }
        Ok(())
    }

    /// The page is told something.
    fn tell(&mut self, person: usize, event: &ClientEvent) -> Checked {
        self.note(|| format!("{person}: {}", short(&format!("{event:?}"))));
        let one = &mut self.people[person];
        one.view.event(event, &one.client)?;
        match event {
            ClientEvent::WriteEnded { write, end } => {
                let number = write.0 as usize;
                self.totals.count(ended_as(*end));
                one.custody.ended(number);
                let shown = one.view.shown;
                let history = shown.and_then(|shown| self.server.history_mut(shown));
                self.ledger.ended(number, *end, one.life, shown, history)?;
                self.transaction_ended(person, number, *end);
                let acknowledged = matches!(end, WriteEnd::Applied(_) | WriteEnd::Unchanged(_));
                if acknowledged && self.ledger.get(number).is_flush() {
                    self.flushed(person, number)?;
                } else if *end == WriteEnd::Failed(WriteFailure::Rejected(Rejection::OutOfOrder)) {
                    // Only a page that went away has more unanswered than the server remembers.
                    let one = &self.people[person];
                    ensure!(one.hurried, "G2", "the server had forgotten write {number}");
                }
            }
            ClientEvent::WriteFailed(failure) => {
                self.totals.count("batches reported as failed");
                one.refused = Some(*failure);
                one.custody.failed(&self.ledger, *failure);
            }
            ClientEvent::AppMessage { from: _, data } => {
                self.totals.count("app messages received");
                let number = data.as_str().parse().unwrap_or(usize::MAX);
                self.messages.received(number, one.life, one.session, one.client.participant())?;
            }
            ClientEvent::UserSet => {
                ensure!(one.unset_names > 0, "G17", "a name was set that nobody changed");
                one.unset_names -= 1;
            }
            ClientEvent::Failed(failure) => {
                // No page here breaks the protocol.
                let taken = one.taken && *failure == Failure::Closed(CloseCode::SUPERSEDED);
                ensure!(
                    taken || *failure == Failure::Unreachable,
                    "G17",
                    "person {person} was stopped: {failure:?}"
                );
                self.totals.count(if taken { "pages stopped by another" } else { "first joins given up" });
            }
            ClientEvent::Left => {
                one.present = false;
                one.unset_names = 0;
                let open = self.ledger.open(one.life);
                ensure!(open.is_empty(), "G17", "person {person} left and the writes {open:?} did not end");
                self.close_socket(person, NO_STATUS);
            }
            ClientEvent::Away { identity, predecessors } => {
                let (identity, predecessors) = (identity.clone(), predecessors.clone());
                let mut lineage = [&one.lineage[..], &[instance(one.life)]].concat();
                if one.taken {
                    lineage.clear();
                }
                one.saved = Some(Saved { session: one.session, identity, predecessors, lineage });
            }
            ClientEvent::SessionReset(_) => self.totals.count("resets told"),
            ClientEvent::Interrupted => self.totals.count("interruptions told"),
            _ => {}
        }
        Ok(())
    }

    /// A flush has ended: what was written before it has ended, too.
    fn flushed(&self, person: usize, flush: usize) -> Checked {
        let one = &self.people[person];
        let open = self.ledger.open(one.life);
        ensure!(
            open.iter().all(|number| *number > flush),
            "G17",
            "flush {flush} ended before the writes {open:?}"
        );
        let unsent = one.custody.unsent();
        ensure!(
            unsent.iter().all(|number| *number > flush),
            "G17",
            "flush {flush} ended before the writes {unsent:?} were sent"
        );
        Ok(())
    }

    /// Begins a connection attempt.
    fn connect(&mut self, person: usize) {
        let connection = self.network.open(person, self.people[person].session);
        self.people[person].socket = Some(connection);
        let offline = self.people[person].offline_until > self.now;
        self.note(|| format!("{person} connects as {connection:?}"));
        self.totals.count("connection attempts");
        // Some attempts fail at once, some never.
        if (offline || !self.server.up) && self.dice.chance(600) {
            return self.tell_of_loss(connection, Way::ToClient, 0);
        }
        self.send_up(connection, Item::Open);
        if !self.healing && self.options.faults.contains(&Fault::Cut) && self.dice.chance(100) {
            // Somewhere between the request and the answer to the join, which may then come after that of a later attempt.
            let at = self.now + self.dice.below(4 * self.options.latency.1 + 2);
            self.schedule(at, Event::Break(connection));
        }
        if offline && let Some(found) = self.network.get(connection) {
            found.up.clear();
            found.up.dead = true;
        }
    }

    /// The page lets go of its socket.
    pub(super) fn close_socket(&mut self, person: usize, code: u16) {
        if let Some(connection) = self.people[person].socket.take() {
            self.send_up(connection, Item::Close(code));
            if let Some(found) = self.network.get(connection) {
                found.client_listens = false;
            }
        }
    }

    /// Reads what has arrived for a page.
    pub(super) fn arrive_at_page(&mut self, connection: ConnectionId) -> Checked {
        loop {
            let now = self.now;
            let Some(found) = self.network.get(connection) else { return Ok(()) };
            let (person, listens) = (found.person, found.client_listens);
            if listens && self.people[person].frozen_until > now {
                return Ok(());
            }
            let Some(item) = found.down.take(now) else { return Ok(()) };
            if let Item::Text(frame) = &item {
                found.read(frame);
            }
            self.pump(connection);
            if !listens {
                continue;
            }
            match item {
                Item::Open => {
                    if let Some(found) = self.network.get(connection) {
                        found.client_speaks = true;
                    }
                    self.person_input(person, Client::socket_opened)?;
                }
                Item::Text(frame) => {
                    self.note(|| format!("{person} <- {connection:?} {}", short(&frame)));
                    self.digest.number(now);
                    self.digest.bytes(frame.as_bytes());
                    self.person_input(person, |client, now| client.socket_message(now, &frame))?;
                }
                Item::Close(code) => {
                    self.note(|| format!("{person} <- {connection:?} closed with {code}"));
                    self.close_socket(person, LOST);
                    self.person_input(person, |client, now| client.socket_closed(now, code))?;
                }
            }
        }
    }

    fn set_timer(&mut self, person: usize) {
        let lag = self.dice.below(self.options.timer_lag + 1);
        let throttled = self.options.throttled_timers && !self.healing;
        let minutes = throttled && self.dice.chance(300);
        let one = &self.people[person];
        let Some(deadline) = one.client.poll_timeout() else {
            self.people[person].timer = None;
            return;
        };
        if one.timer.is_some_and(|(set, _)| set == deadline) {
            return;
        }
        let mut at = one.clock.when(deadline).max(self.now) + lag;
        if one.hidden && throttled {
            // A browser gathers the timers of a hidden page: once a second, later once a minute.
            at = at.next_multiple_of(if minutes { 60_000 } else { 1_000 });
        }
        let number = self.number();
        self.people[person].timer = Some((deadline, number));
        self.schedule(at, Event::PageTimer { person, number });
    }

    pub(super) fn page_timer(&mut self, person: usize, number: u64) -> Checked {
        let one = &mut self.people[person];
        if one.timer.is_none_or(|(_, set)| set != number) {
            return Ok(());
        }
        if one.frozen_until > self.now {
            one.timer_missed = true;
            return Ok(());
        }
        one.timer = None;
        self.person_input(person, Client::handle_timeout)
    }

    /// A frozen page goes on: what it missed comes in any order.
    pub(super) fn thaw(&mut self, person: usize) -> Checked {
        if self.people[person].frozen_until > self.now {
            return Ok(());
        }
        self.note(|| format!("{person} goes on"));
        if let Some(since) = self.people[person].asleep_since.take() {
            self.people[person].clock.stood_still(self.now - since);
        }
        let timer_first = self.dice.chance(500);
        for timer in [timer_first, !timer_first] {
            if !timer {
                for connection in self.network.of(person) {
                    self.arrive_at_page(connection)?;
                }
            } else if std::mem::take(&mut self.people[person].timer_missed) {
                self.people[person].timer = None;
                self.person_input(person, Client::handle_timeout)?;
            }
        }
        if self.dice.chance(500) { self.wake(person) } else { Ok(()) }
    }

    pub(super) fn online(&mut self, person: usize) -> Checked {
        if self.people[person].offline_until > self.now || self.people[person].frozen_until > self.now {
            return Ok(());
        }
        // Most browsers tell.
        if self.dice.chance(800) { self.person_input(person, Client::wake) } else { Ok(()) }
    }

    pub(super) fn wake(&mut self, person: usize) -> Checked {
        self.people[person].hidden = false;
        // The timers of a page that is seen again are no longer gathered.
        self.people[person].timer = None;
        self.person_input(person, Client::wake)
    }

    /// Puts something on its way to the server.
    pub(super) fn send_up(&mut self, connection: ConnectionId, item: Item) {
        let at = self.now + self.latency();
        if let Some(found) = self.network.get(connection)
            && let Some(arrival) = found.up.put(at, item)
        {
            self.schedule(arrival, Event::Arrival { connection, way: Way::ToServer });
        }
    }

    pub(super) fn latency(&mut self) -> Millis {
        let (low, high) = self.options.latency;
        self.dice.between(low, high)
    }
}

fn ended_as(end: WriteEnd) -> &'static str {
    match end {
        WriteEnd::Applied(_) => "writes applied",
        WriteEnd::Unchanged(_) => "writes unchanged",
        WriteEnd::Failed(WriteFailure::Rejected(Rejection::TooLarge(_))) => "writes rejected: too large",
        WriteEnd::Failed(WriteFailure::Rejected(Rejection::SessionReset)) => "writes rejected: session reset",
        WriteEnd::Failed(WriteFailure::Rejected(Rejection::Conflict(_))) => "writes rejected: conflict",
        WriteEnd::Failed(WriteFailure::Rejected(_)) => "writes rejected: otherwise",
        WriteEnd::Failed(WriteFailure::Expired) => "writes expired",
        WriteEnd::Failed(WriteFailure::Busy) => "writes refused: busy",
        WriteEnd::Failed(WriteFailure::Left) => "writes dropped by leaving",
        WriteEnd::Failed(WriteFailure::Unknown) => "writes unknown",
    }
}

/// Enough of a text for a trace.
pub(super) fn short(text: &str) -> String {
    // Long keys and paddings repeat one letter.
    let (mut shown, mut last) = (String::new(), ('\0', 0));
    for letter in text.chars() {
        last = if last.0 == letter { (letter, last.1 + 1) } else { (letter, 1) };
        if last.1 <= 3 {
            shown.push(letter);
        }
        if shown.len() > 500 {
            shown.push('…');
            break;
        }
    }
    shown
}
