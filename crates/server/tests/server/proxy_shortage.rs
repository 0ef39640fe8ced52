//! A server without file descriptors to spare, in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::support::{Peer, Server, merge, sleep_ms};

/// Enough for the program itself and some fifty connections.
const DESCRIPTORS: usize = 64;

/// More than there are descriptors for, several times over.
const IDLE: usize = 250;

/// A server that is killed when the test fails.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    fn start() -> (Self, Server) {
        let script = format!("ulimit -n {DESCRIPTORS} && exec \"$0\" --listen 127.0.0.1:0");
        let mut child = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_meeting-session-server")])
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
        (Self(child), Server::elsewhere(address))
    }

    /// The time that it has spent computing so far, in hundredths of a second.
    fn cpu_time(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        // After the name in brackets: the state and ten numbers, then user and system time.
        let (_, fields) = stat.rsplit_once(')').unwrap();
        fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    fn log(mut self) -> String {
        self.0.kill().unwrap();
        let mut log = String::new();
        self.0.stderr.as_mut().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_that_take_all_descriptors_disturb_nobody_and_give_way() {
    let (program, server) = Program::start();
    let address = server.address;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;

    // Somebody who comes now waits behind all the others. If each of them kept its descriptor for the 5 seconds that a
    // request may take, that would be 20 seconds.
    let flood = tokio::spawn(async move {
        let (server, start) = (Server::elsewhere(server.address), Instant::now());
        let mut idle = Vec::new();
        for _ in 0..IDLE {
            idle.push(TcpStream::connect(server.address).await.unwrap());
        }
        let cem = Peer::join(&server, "standup", "Cem").await;
        (idle, cem, start.elapsed())
    });

    let (start, cpu_time) = (Instant::now(), program.cpu_time());
    let mut times = Vec::new();
    let mut turn = 0;
    while start.elapsed() < Duration::from_secs(2) || turn < 30 {
        turn += 1;
        let sent = Instant::now();
        ana.update(merge(&[("turn", &turn.to_string())])).await;
        ben.reach(turn).await;
        times.push(sent.elapsed());
        sleep_ms(50).await;
    }
    let (took, cpu_time) = (start.elapsed(), program.cpu_time() - cpu_time);
    // One or two may fall into a moment in which this machine stands still.
    times.sort();
    assert!(times.iter().rev().nth(2).is_some_and(|time| *time < Duration::from_secs(1)), "{times:?}");
    assert!(
        u128::from(cpu_time) * 10 < took.as_millis() / 2,
        "{cpu_time} hundredths of a second of {took:?}"
    );

    let (idle, _cem, waited) = flood.await.unwrap();
    assert!(waited < Duration::from_secs(19), "{waited:?}");
    drop(idle);
    Peer::join(&Server::elsewhere(address), "standup", "Dora").await;
    let log = program.log();
    assert!(log.contains("cannot accept a connection"), "{log}");
}
