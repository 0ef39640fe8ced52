//! What goes wrong, and how it all comes to an end. How the server ends is in `restarts.rs`.

use meeting_session_core::session::ConnectionId;

use super::{Event, World};
use crate::dice::Millis;
use crate::network::{Seat, Way};
use crate::options::Fault;
use crate::violation::Checked;

/// How late an end of a broken connection may learn of it.
const NOTICE_MAX: Millis = 3_000;

/// How much later than usual what was on a broken connection may still arrive.
const LATE_MAX: Millis = 8_000;

impl World {
    pub(super) fn fault(&mut self) -> Checked {
        if self.healing {
            return Ok(());
        }
        let next = self.now + 1 + self.dice.spread(self.options.fault_every);
        self.schedule(next, Event::Fault);
        let index = self.dice.index(self.options.faults.len());
        // A server dies less often than a connection, or else nothing ever lasts long enough to be resumed.
        let fault = match self.options.faults[index] {
            Fault::Kill | Fault::Rollback | Fault::Stop if self.dice.chance(800) => Fault::Cut,
            fault => fault,
        };
        let until = self.now + 1 + self.dice.below(self.options.fault_length);
        let person = self.dice.index(self.people.len());
        self.note(|| format!("*** {fault:?} of {person} until {until}"));
        self.totals.count("faults");
        match fault {
            Fault::Cut => self.on_a_connection(Self::cut),
            Fault::HalfOpen => self.on_a_connection(|world, connection| {
                let up = world.dice.chance(500);
                if let Some(found) = world.network.get(connection) {
                    if up { found.up.dead = true } else { found.down.dead = true }
                }
            }),
            Fault::Stall => self.on_a_connection(|world, connection| {
                let up = world.dice.chance(500);
                if let Some(found) = world.network.get(connection) {
                    let pipe = if up { &mut found.up } else { &mut found.down };
                    pipe.stalled_until = until;
                }
            }),
            Fault::Offline => self.take_offline(person, until),
            Fault::Freeze => self.freeze(person, until),
            Fault::SlowReader => {
                self.people[person].reads = Some(self.dice.between(100, 5_000));
                self.schedule(until, Event::ReadsFast(person));
            }
            Fault::Pause => {
                self.server.paused_until = self.server.paused_until.max(until);
                self.schedule(self.server.paused_until, Event::ServerWorks);
            }
            Fault::Kill => self.kill(until),
            Fault::Rollback => self.roll_back(until)?,
            Fault::Stop => self.send_away(until)?,
        }
        Ok(())
    }

    fn on_a_connection(&mut self, fault: impl FnOnce(&mut Self, ConnectionId)) {
        let mut ids = self.network.ids();
        if self.dice.chance(500) {
            // The newest ones may still be on their way into a session.
            ids = ids.split_off(ids.len().saturating_sub(2));
        }
        if !ids.is_empty() {
            let connection = self.dice.pick(&ids);
            fault(self, connection);
        }
    }

    /// Breaks a connection. What is under way may get lost or still arrive, and each end learns of it or does not.
    pub(super) fn cut(&mut self, connection: ConnectionId) {
        let joining = self.network.get(connection).is_some_and(|found| found.seat != Seat::Joined);
        for way in [Way::ToServer, Way::ToClient] {
            let (loses, unnoticed) = (self.dice.chance(500), self.dice.chance(self.options.unnoticed));
            let (loses, late) = (loses && !joining, if joining { 700 } else { 300 });
            let delay = if self.dice.chance(700) { 0 } else { self.dice.below(NOTICE_MAX) };
            let late = if self.dice.chance(late) { self.dice.below(LATE_MAX) } else { 0 };
            let Some(found) = self.network.get(connection) else { return };
            let pipe = if way == Way::ToServer { &mut found.up } else { &mut found.down };
            if loses {
                pipe.clear();
            } else if let Some(arrival) = pipe.delay(late) {
                self.schedule(arrival, Event::Arrival { connection, way });
            }
            let Some(found) = self.network.get(connection) else { return };
            let pipe = if way == Way::ToServer { &mut found.up } else { &mut found.down };
            if !std::mem::replace(&mut pipe.dead, true) && !unnoticed {
                self.tell_of_loss(connection, way, delay);
            }
        }
    }

    fn take_offline(&mut self, person: usize, until: Millis) {
        self.people[person].offline_until = until;
        self.schedule(until, Event::Online(person));
        let breaks = self.dice.chance(400);
        for connection in self.network.of(person) {
            if breaks {
                self.cut(connection);
            } else if let Some(found) = self.network.get(connection) {
                found.up.stalled_until = until;
                found.down.stalled_until = until;
            }
        }
    }

    pub(super) fn freeze(&mut self, person: usize, until: Millis) {
        let stands_still = self.dice.chance(200);
        let one = &mut self.people[person];
        if one.frozen_until > self.now {
            return;
        }
        one.frozen_until = until;
        if stands_still {
            one.asleep_since = Some(self.now);
        }
        self.schedule(until, Event::Thaw(person));
    }

    /// Nothing goes wrong any more; what has gone wrong already is left to be noticed.
    pub(super) fn heal(&mut self) -> Checked {
        self.healing = true;
        self.stop_now()?;
        self.server.paused_until = self.now;
        self.server_works()?;
        let soon = self.now + 100;
        for connection in self.network.ids() {
            if let Some(found) = self.network.get(connection) {
                found.up.hurry(soon);
                found.down.hurry(soon);
            }
            for way in [Way::ToServer, Way::ToClient] {
                self.schedule(soon, Event::Arrival { connection, way });
            }
        }
        for person in 0..self.people.len() {
            let one = &mut self.people[person];
            one.offline_until = 0;
            one.reads = None;
            one.frozen_until = 0;
            self.thaw(person)?;
            self.wake(person)?;
        }
        self.run_until(self.now + 500)?;
        for person in 0..self.people.len() {
            self.write(person, true)?;
            self.write(person, false)?;
        }
        Ok(())
    }
}
