//! How the server ends, and what it begins again with: nothing after a kill, an earlier state after a rollback, and after
//! a stop in order what it had written to its state file.

use std::time::Duration;

use super::{Event, World};
use crate::dice::Millis;
use crate::network::Seat;
use crate::server::{Going, Host, Input, Server};
use crate::violation::Checked;

/// How long a server that stops waits for its clients to go.
const DRAIN: Millis = 1_000;

impl World {
    /// The server is told to stop: it sends all clients away, and lets nobody in any more.
    pub(super) fn send_away(&mut self, until: Millis) -> Checked {
        if !self.server.works(self.now) || self.server.going.is_some() {
            return Ok(());
        }
        self.totals.count("server stops");
        self.server.going = Some(Going { back_at: until + DRAIN, keeps_state: self.dice.chance(700) });
        let spread = self.dice.pick(&[250, 1_000, 10_000]);
        for session in self.server.hosts.keys().copied().collect::<Vec<_>>() {
            let offset = Duration::from_millis(self.dice.below(spread));
            self.host_input(session, Input::GoAway { spread: Duration::from_millis(spread), offset })?;
        }
        let at = self.now + DRAIN;
        self.schedule(at, Event::ServerStops);
        Ok(())
    }

    /// The process ends, after it has written down its sessions if it does that.
    pub(super) fn stop_now(&mut self) -> Checked {
        let Some(Going { back_at, keeps_state }) = self.server.going.take().filter(|_| self.server.up) else {
            return Ok(());
        };
        self.server.up = false;
        self.server.stopped_at = self.now;
        if !keeps_state {
            for session in self.server.hosts.keys().copied().collect::<Vec<_>>() {
                self.server.bury(session);
            }
        }
        self.drop_all_connections();
        self.server.paused_until = back_at;
        self.schedule(back_at, Event::ServerWorks);
        Ok(())
    }

    /// The next process goes on with the sessions that were written down.
    pub(super) fn take_up(&mut self) -> Checked {
        let ago = Duration::from_millis(self.now - self.server.stopped_at);
        for session in self.server.hosts.keys().copied().collect::<Vec<_>>() {
            self.totals.count("sessions taken up by the next server");
            let Some(mut host) = self.server.hosts.remove(&session) else { continue };
            host.turn(Server::clock(self.now), Input::Restart { ago }, &mut self.ledger, &mut self.totals)?;
            let ended = host.ended;
            self.put_back(session, host);
            if ended {
                self.server.bury(session);
            }
        }
        Ok(())
    }

    pub(super) fn kill(&mut self, until: Millis) {
        if !std::mem::take(&mut self.server.up) {
            return;
        }
        self.totals.count("server kills");
        self.server.going = None;
        for session in self.server.hosts.keys().copied().collect::<Vec<_>>() {
            self.server.bury(session);
        }
        self.drop_all_connections();
        self.server.paused_until = until;
        self.schedule(until, Event::ServerWorks);
    }

    /// The server starts again with each session as it was at some earlier time, or has just been.
    pub(super) fn roll_back(&mut self, until: Millis) -> Checked {
        if !self.server.up {
            return Ok(());
        }
        self.totals.count("server rollbacks");
        for session in self.server.hosts.keys().copied().collect::<Vec<_>>() {
            let length = self.server.hosts[&session].journal().len() as u64;
            let kept = if self.dice.chance(300) { length } else { self.dice.between(1, length) };
            let mut host = self.server.hosts[&session].restored();
            let journal = self.server.hosts[&session].journal()[..kept as usize].to_vec();
            self.server.bury(session);
            self.ledger.rolled_back(host.history.epoch());
            for (at, input) in journal {
                host.turn(at, input, &mut self.ledger, &mut self.totals)?;
            }
            let now = Server::clock(self.now);
            for connection in host.members.connections() {
                host.turn(now, Input::Disconnected(connection), &mut self.ledger, &mut self.totals)?;
            }
            if !host.ended {
                self.put_back(session, host);
            }
        }
        self.drop_all_connections();
        self.server.paused_until = self.server.paused_until.max(until);
        self.schedule(until, Event::ServerWorks);
        Ok(())
    }

    fn put_back(&mut self, session: usize, mut host: Host) {
        let deadline = host.deadline();
        host.timer = Some(deadline);
        self.server.hosts.insert(session, host);
        self.schedule(Server::when(deadline), Event::SessionTimer { session });
    }

    fn drop_all_connections(&mut self) {
        for connection in self.network.ids() {
            if let Some(found) = self.network.get(connection).filter(|found| found.seat != Seat::None) {
                found.forget();
                self.cut(connection);
            }
        }
    }
}
