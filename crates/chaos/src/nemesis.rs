//! Who makes things go wrong: a schedule of faults, drawn from the seed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::dice::Dice;
use crate::history::{Event, Recorder};
use crate::proxy::{Mode, Proxy, Way};
use crate::server::{Recipe, Server};

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `kill -9`, and another server after a while.
    Kill,
    /// SIGTERM, and another server when that has ended.
    Terminate,
    /// SIGSTOP, and SIGCONT after a while.
    Freeze,
    /// Slow connections.
    Slow,
    /// Some connections stand still for a while.
    Stall,
    /// Some connections die, and no end learns of it.
    Dead,
    /// Some connections are closed or reset.
    Cut,
    /// The same after a while in which nothing comes back: what was written meanwhile is applied, and nobody is told.
    Lose,
    /// New connections are refused for a while.
    Refuse,
}

/// A fault with all that the dice decide about it. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    kind: Kind,
    /// The pause before it.
    after: u64,
    lasts: u64,
    /// Which connections, in thousandths.
    share: u64,
    mode: Mode,
}

/// The faults of one run, in their order: as many as fit into the time.
pub(crate) fn schedule(menu: &[Kind], millis: u64, dice: &mut Dice) -> Vec<Fault> {
    let (mut faults, mut spent) = (Vec::new(), 0);
    while !menu.is_empty() && spent < millis {
        let fault = draw(dice.pick(menu), dice);
        spent += fault.after + fault.lasts;
        faults.push(fault);
    }
    faults
}

fn draw(kind: Kind, dice: &mut Dice) -> Fault {
    let stops = [Mode::Blackhole, Mode::HalfOpen(Way::ToServer), Mode::HalfOpen(Way::ToClient)];
    let mode = match kind {
        Kind::Slow if dice.chance(500) => Mode::Throttle(dice.between(5, 50) * 1_000),
        Kind::Slow => Mode::Delay { by: dice.between(5, 300), jitter: dice.between(0, 300) },
        Kind::Stall | Kind::Dead => dice.pick(&stops),
        Kind::Cut | Kind::Lose => dice.pick(&[Mode::Cut, Mode::Reset]),
        Kind::Kill | Kind::Terminate | Kind::Freeze | Kind::Refuse => Mode::Pass,
    };
    let lasts = match kind {
        Kind::Cut => 0,
        Kind::Kill | Kind::Terminate => dice.between(0, 1_000),
        Kind::Freeze | Kind::Slow | Kind::Stall | Kind::Refuse => dice.between(300, 3_000),
        Kind::Dead | Kind::Lose => dice.between(300, 1_000),
    };
    let rare = matches!(kind, Kind::Kill | Kind::Terminate | Kind::Freeze);
    let after = if rare { dice.between(1_500, 4_000) } else { dice.between(100, 1_200) };
    Fault { kind, after, lasts, share: dice.pick(&[200, 500, 1_000]), mode }
}

/// A server that the nemesis may take away, and the network in front of it.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) recipe: Recipe,
    pub(crate) proxy: Proxy,
    pub(crate) recorder: Arc<Recorder>,
    /// Whether a server that is stopped in order leaves its sessions to the next.
    pub(crate) keeps: bool,
    server: Mutex<Server>,
}

impl Target {
    /// Starts the first server.
    pub(crate) async fn start(recipe: Recipe, recorder: Arc<Recorder>, keeps: bool) -> io::Result<Self> {
        let (proxy, server) = (Proxy::start()?, Server::start(&recipe).await?);
        proxy.set_upstream(Some(server.address));
        Ok(Self { recipe, proxy, recorder, keeps, server: Mutex::new(server) })
    }

    /// Does one fault after the other.
    ///
    /// # Errors
    /// When a server does not start, or does not end as it should.
    pub(crate) async fn suffer(&self, faults: &[Fault], mut dice: Dice) -> io::Result<()> {
        for fault in faults {
            sleep(Duration::from_millis(fault.after)).await;
            self.inflict(fault, &mut dice).await?;
        }
        Ok(())
    }

    async fn inflict(&self, fault: &Fault, dice: &mut Dice) -> io::Result<()> {
        let Fault { kind, lasts, share, mode, .. } = *fault;
        let pause = || sleep(Duration::from_millis(lasts));
        match kind {
            Kind::Kill | Kind::Terminate => return self.restart(kind, lasts).await,
            Kind::Freeze => {
                let server = self.server.lock().await;
                self.record(format!("SIGSTOP for {lasts} ms"), false);
                server.freeze(true).await?;
                pause().await;
                return server.freeze(false).await;
            }
            Kind::Refuse => {
                self.record(format!("connections refused for {lasts} ms"), false);
                self.proxy.refuse(true);
            }
            Kind::Slow | Kind::Stall | Kind::Dead | Kind::Cut | Kind::Lose => {
                self.record(format!("{kind:?}: {mode:?}, {share} of 1000 connections, {lasts} ms"), false);
                let first = if kind == Kind::Lose { Mode::HalfOpen(Way::ToClient) } else { mode };
                self.proxy.set(first, share, matches!(kind, Kind::Slow | Kind::Stall), dice);
            }
        }
        pause().await;
        match kind {
            Kind::Dead => self.proxy.forget_stopped(),
            Kind::Lose => self.proxy.break_stopped(mode),
            _ => {}
        }
        self.proxy.heal();
        Ok(())
    }

    /// Ends the server, and starts the next one `down` milliseconds later.
    pub(crate) async fn restart(&self, kind: Kind, down: u64) -> io::Result<()> {
        let mut place = self.server.lock().await;
        let kills = kind == Kind::Kill;
        let how = if kills { "kill -9" } else { "SIGTERM" };
        self.record(format!("{how}, {down} ms without a server"), kills || !self.keeps);
        if kills {
            self.proxy.set_upstream(None);
            place.kill().await?;
        } else {
            // The draining server still lets connections in and sends them away.
            let took = place.terminate().await?;
            self.proxy.set_upstream(None);
            self.record(format!("the server stopped in order after {} ms", took.as_millis()), false);
        }
        sleep(Duration::from_millis(down)).await;
        *place = Server::start(&self.recipe).await?;
        self.proxy.set_upstream(Some(place.address));
        Ok(())
    }

    fn record(&self, what: String, ends: bool) {
        self.recorder.write(self.recorder.now(), None, Event::Fault { what, ends });
    }
}
