//! What kind of run a seed means: how many take part, how good the network is, what goes wrong.
//!
//! Each run draws its own mixture, so that over many runs rare combinations come about which one fixed mixture would
//! never reach: a run with nothing but frozen pages, one with a perfect network and large values.

use crate::dice::{Dice, Millis};

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A connection breaks. Its ends learn of it soon, late or never.
    Cut,
    /// One direction of a connection silently loses everything.
    HalfOpen,
    /// One direction of a connection delivers nothing for a while, then all at once.
    Stall,
    /// One machine has no network: connections stand still or break, new ones fail or hang.
    Offline,
    /// A page's timers and reads stop for a while.
    Freeze,
    /// A page reads so slowly that the server's buffers fill up.
    SlowReader,
    /// The server does nothing for a while.
    Pause,
    /// The server dies with all sessions.
    Kill,
    /// The server is stopped in order, and the next one has its sessions or has not.
    Stop,
    /// The server comes back with the sessions as they were some time ago.
    Rollback,
}

const FAULTS: [Fault; 9] = [
    Fault::Cut,
    Fault::HalfOpen,
    Fault::Stall,
    Fault::Offline,
    Fault::Freeze,
    Fault::SlowReader,
    Fault::Pause,
    Fault::Kill,
    Fault::Stop,
];

/// The options of one run. All times are in milliseconds, all rates in thousandths.
#[derive(Debug, Clone)]
pub struct Options {
    /// Sessions on the server.
    pub sessions: usize,
    /// Participants, over all sessions.
    pub people: usize,
    /// How long things may go wrong.
    pub chaos: Millis,
    /// How long the server keeps a participant whose connection was lost.
    pub grace: Millis,
    /// The time between two batches of one client.
    pub sync_interval: Millis,
    /// The shortest and the longest time a frame takes.
    pub latency: (Millis, Millis),
    /// How many thousandths a page's clock may run fast or slow.
    pub drift: u64,
    /// How late timers may be.
    pub timer_lag: Millis,
    /// Whether hidden pages get their timers once a second or once a minute only.
    pub throttled_timers: bool,
    /// The mean time between two actions of one person.
    pub act_every: Millis,
    /// The share of actions that are an app message.
    pub talk: u64,
    /// The share of writes that somebody awaits.
    pub awaited: u64,
    /// The share of awaited writes that ask something of the data.
    pub conditional: u64,
    /// The share of awaited writes that are merge patches.
    pub patches: u64,
    /// The share of actions that are a transaction.
    pub transactions: u64,
    /// The share of writes that replace all.
    pub replaces: u64,
    /// The share of keys in a merge that are deleted.
    pub deletes: u64,
    /// The share of actions that are about the page's life: leave, reload, hide.
    pub life: u64,
    /// The share of actions that are many writes at once.
    pub bursts: u64,
    /// The share of writes at the limit of what data may have.
    pub large: u64,
    /// Whether some keys are so long that the log soon overflows.
    pub long_keys: bool,
    /// How many bytes a socket takes that nobody reads.
    pub window: usize,
    /// The mean time between two faults.
    pub fault_every: Millis,
    /// How long a fault may last.
    pub fault_length: Millis,
    /// The share of ends that are never told of a broken connection.
    pub unnoticed: u64,
    /// What may go wrong.
    pub faults: Vec<Fault>,
}

impl Options {
    /// The options that `seed` stands for.
    pub fn draw(seed: u64) -> Self {
        // Another stream than that of the run, whose first numbers would otherwise be those of the options.
        let dice = &mut Dice::new(!seed);
        let fastest = dice.pick(&[0, 1, 5, 20, 80]);
        let sessions = dice.pick(&[1, 1, 1, 2, 3]);
        let mut faults: Vec<_> = FAULTS.into_iter().filter(|_| dice.chance(500)).collect();
        if dice.chance(150) {
            faults.push(Fault::Rollback);
        }
        Self {
            sessions,
            people: sessions + dice.between(1, 5) as usize,
            chaos: dice.pick(&[10_000, 30_000, 60_000, 90_000]),
            grace: dice.pick(&[30_000, 30_000, 10_000, 4_000]),
            sync_interval: dice.pick(&[1_000, 1_000, 300, 50]),
            latency: (fastest, fastest + dice.pick(&[0, 1, 10, 100, 1_000])),
            drift: dice.pick(&[0, 0, 10, 50]),
            timer_lag: dice.pick(&[0, 0, 4, 200]),
            throttled_timers: dice.chance(300),
            act_every: dice.pick(&[100, 300, 1_000, 4_000]),
            talk: dice.pick(&[50, 200, 200, 900]),
            awaited: dice.pick(&[0, 100, 500, 900]),
            replaces: dice.pick(&[0, 50, 300]),
            deletes: dice.pick(&[0, 100, 400]),
            life: dice.pick(&[0, 20, 100, 300]),
            bursts: dice.pick(&[0, 0, 5, 30]),
            large: if dice.chance(80) { 40 } else { 0 },
            long_keys: dice.chance(150),
            window: dice.pick(&[4_096, 65_536, 65_536, 1_000_000]),
            fault_every: dice.pick(&[300, 2_000, 8_000, 20_000]),
            fault_length: dice.pick(&[500, 5_000, 20_000, 45_000]),
            unnoticed: dice.pick(&[0, 100, 500]),
            faults,
            conditional: dice.pick(&[0, 100, 500]),
            patches: dice.pick(&[0, 100, 300]),
            transactions: dice.pick(&[0, 100, 500]),
        }
    }
}
