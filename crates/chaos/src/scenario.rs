//! The scenarios: what goes wrong in each, and what must not come of it.

use crate::nemesis::Kind;

/// One scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What happens to the server, one thing after the other.
    pub(crate) server: &'static [Kind],
    /// What happens to the network, at the same time.
    pub(crate) network: &'static [Kind],
    /// Whether a server that is stopped in order leaves its sessions to the next.
    pub(crate) keeps: bool,
    /// Whether the sessions must live through all of it.
    pub(crate) survives: bool,
    /// The share of actions, in thousandths, with which a page leaves, crashes or is reloaded.
    pub(crate) restless: u64,
    /// The server's `--grace`.
    pub(crate) grace: &'static str,
    /// Whether it is mostly the wait until silence is noticed, so that others may run meanwhile.
    pub waits: bool,
    /// Many clients that only read, and one fault.
    pub herd: bool,
    /// How often each client adds one to the number that all add to, while nothing goes wrong.
    pub counts: u32,
}

const CALM: Scenario = Scenario {
    name: "",
    server: &[],
    network: &[],
    keeps: false,
    survives: true,
    restless: 0,
    grace: "30s",
    waits: false,
    herd: false,
    counts: 0,
};

/// All of them, in the order in which they are told about.
pub const SCENARIOS: [Scenario; 11] = [
    Scenario { name: "kill", server: &[Kind::Kill], survives: false, ..CALM },
    Scenario { name: "deploy", server: &[Kind::Terminate], keeps: true, ..CALM },
    Scenario { name: "restart", server: &[Kind::Terminate], survives: false, ..CALM },
    Scenario { name: "freeze", server: &[Kind::Freeze], ..CALM },
    Scenario {
        name: "network",
        network: &[Kind::Slow, Kind::Stall, Kind::Cut, Kind::Lose, Kind::Refuse],
        ..CALM
    },
    Scenario { name: "half-open", network: &[Kind::Dead, Kind::Lose], waits: true, ..CALM },
    Scenario { name: "people", network: &[Kind::Lose, Kind::Slow], restless: 40, grace: "15s", ..CALM },
    Scenario {
        name: "everything",
        server: &[Kind::Kill, Kind::Terminate, Kind::Terminate, Kind::Freeze],
        network: &[Kind::Slow, Kind::Stall, Kind::Dead, Kind::Cut, Kind::Lose, Kind::Refuse],
        keeps: true,
        survives: false,
        restless: 15,
        grace: "10s",
        ..CALM
    },
    Scenario { name: "herd-kill", server: &[Kind::Kill], survives: false, herd: true, ..CALM },
    Scenario { name: "herd-drain", server: &[Kind::Terminate], keeps: true, herd: true, ..CALM },
    Scenario { name: "counter", counts: 20, ..CALM },
];

impl Scenario {
    /// Whether nothing else may run at the same time: what it measures would not be its own.
    pub fn alone(&self) -> bool {
        self.herd || self.counts > 0
    }
}
