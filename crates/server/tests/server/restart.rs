//! A restart that keeps the sessions, through the state file.

use std::future::pending;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use meeting_session_core::protocol::*;
use meeting_session_server::{Config, run};
use tokio::net::TcpListener;

use crate::support::{Peer, Server, Socket, join_message, merge, sleep_ms, soon};

/// A file that is removed in the end.
struct StateFile(PathBuf);

impl StateFile {
    fn new(name: &str) -> Self {
        let file = format!("meeting-session-{}-{name}.json", std::process::id());
        Self(std::env::temp_dir().join(file))
    }

    async fn server(&self) -> Server {
        self.server_with_grace(30_000).await
    }

    async fn server_with_grace(&self, millis: u64) -> Server {
        Server::with(|config| {
            config.state_file = Some(self.0.clone());
            config.grace = Duration::from_millis(millis);
        })
        .await
    }

    fn unusable(&self) -> PathBuf {
        self.with_suffix(".unusable")
    }

    fn with_suffix(&self, suffix: &str) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
        let _ = std::fs::remove_file(self.unusable());
        let _ = std::fs::remove_file(self.with_suffix(".lock"));
    }
}

async fn stop(server: Server) {
    soon(server.stop()).await.expect("it does not panic").expect("it stops in order");
}

#[tokio::test]
async fn the_next_server_goes_on_with_sessions_participants_and_answers() {
    let file = StateFile::new("goes-on");
    let server = file.server().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    ana.update(merge(&[("a", "[1, 2]"), ("\u{e9}", "1e400")])).await;
    ana.update(merge(&[("b", "null")])).await;
    let last = ana.request(ana.sequence, merge(&[("b", "null")]));
    ben.reach(2).await;
    stop(server).await;

    let mode = std::fs::metadata(&file.0).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it holds secrets");
    let server = file.server().await;
    // The same participant in the same epoch, with nothing to catch up on,
    let mut ana = ana.resume(&server).await;
    assert!(!file.0.exists(), "no other server may take it up again");
    assert_eq!(ana.joined.state, None);
    assert_eq!(ana.text(), "{\"a\":[1, 2],\"b\":null,\"\u{e9}\":1e400}");
    assert_eq!(ana.joined.participants.len(), 2, "Ben may still come back");
    // whose operations are still known,
    ana.send(&ClientMessage::Update(last)).await;
    assert_eq!(ana.result(2).await, UpdateResult::Applied(2));
    // and everything goes on from there.
    let mut ben = ben.resume(&server).await;
    ben.update(merge(&[("c", "3")])).await;
    ana.reach(3).await;
    assert_eq!(ana.text(), ben.text());
    stop(server).await;
}

#[tokio::test]
async fn the_next_server_knows_who_wrote_what_and_checks_conditions_by_it() {
    let file = StateFile::new("versions");
    let server = file.server().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    ana.update(merge(&[("a", "1"), ("b", "1")])).await;
    ben.reach(1).await;
    ben.update(merge(&[("b", "2")])).await;
    let before = Peer::join(&server, "standup", "Cem").await.joined.state;
    stop(server).await;
    let server = file.server().await;
    let mut cem = Peer::join(&server, "standup", "Cem").await;
    assert_eq!(cem.joined.state, before);
    let unchanged = |key: &str| Condition { unchanged: vec![key.into()], seen: 1, revision: None };
    let conflict = |revision| UpdateResult::Rejected(Rejection::Conflict(revision));
    assert_eq!(cem.update_if(merge(&[("c", "3")]), unchanged("b")).await, conflict(2));
    assert_eq!(cem.update_if(merge(&[("c", "3")]), unchanged("a")).await, UpdateResult::Applied(3));
    // What was deleted since then nobody knows any more.
    assert_eq!(cem.update_if(merge(&[("c", "4")]), unchanged("z")).await, conflict(3));
    stop(server).await;
}

#[tokio::test]
async fn who_does_not_come_back_is_given_up_and_then_the_session_ends() {
    let file = StateFile::new("given-up");
    let server = file.server_with_grace(5_000).await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    ana.update(merge(&[("a", "1")])).await;
    let epoch = ana.position.epoch;
    stop(server).await;
    let server = file.server_with_grace(5_000).await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    assert_eq!((ben.position.epoch, ben.joined.participants.len()), (epoch, 2));
    assert!(matches!(ben.event().await, ServerMessage::ParticipantLeft(_)));
    ben.send(&ClientMessage::Leave).await;
    assert_eq!(ben.socket.close_code().await, CloseCode::NORMAL.0);
    assert_ne!(Peer::join(&server, "standup", "Cem").await.position.epoch, epoch);
    stop(server).await;
}

#[tokio::test]
async fn what_was_saved_too_long_ago_is_not_taken_up() {
    let file = StateFile::new("too-old");
    let server = file.server_with_grace(300).await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    ana.update(merge(&[("mute", "true")])).await;
    stop(server).await;
    sleep_ms(400).await;
    let server = file.server_with_grace(300).await;
    let ben = Peer::join(&server, "standup", "Ben").await;
    assert_ne!(ben.position.epoch, ana.position.epoch);
    assert_eq!((ben.text().as_str(), ben.joined.participants.len()), ("{}", 1));
    stop(server).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_put_aside() {
    for content in ["", "{", "{\"version\":1,\"savedAt\":0,\"sessions\":{}}", "[]"] {
        let file = StateFile::new("unusable");
        std::fs::write(&file.0, content).unwrap();
        let server = file.server().await;
        Peer::join(&server, "standup", "Ana").await;
        assert!(!file.0.exists());
        assert_eq!(std::fs::read_to_string(file.unusable()).unwrap(), content);
        stop(server).await;
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_said_before_there_is_anything_to_lose() {
    for file in ["/nowhere/at/all.json".into(), std::env::temp_dir(), "/dev/null/state.json".into()] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = Config { state_file: Some(file.clone()), ..Config::default() };
        // Nobody tells it to stop.
        let error = soon(run(listener, config, pending())).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("the state file {}: ", file.display())), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_can_no_longer_be_written_is_said_at_the_next_start() {
    let file = StateFile::new("no-longer");
    stop(file.server().await).await;
    let in_the_way = file.with_suffix(".unfinished");
    std::fs::create_dir(&in_the_way).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = Config { state_file: Some(file.0.clone()), ..Config::default() };
    let result = soon(run(listener, config, pending())).await;
    std::fs::remove_dir(&in_the_way).unwrap();
    assert!(result.is_err());
    assert!(file.0.exists(), "what the last one has saved is still there");
}

#[tokio::test]
async fn a_file_that_another_server_uses_is_left_alone() {
    let file = StateFile::new("shared");
    let server = file.server().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    ana.update(merge(&[("a", "1")])).await;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = Config { state_file: Some(file.0.clone()), ..Config::default() };
    let error = soon(run(listener, config, pending())).await.unwrap_err().to_string();
    let path = file.0.display();
    assert_eq!(error, format!("the state file {path}: another server uses it; stop that one first"));

    stop(server).await;
    let next = file.server().await;
    assert_eq!(Peer::join(&next, "standup", "Ben").await.text(), r#"{"a":1}"#);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_in_the_end_is_said_and_the_server_still_stops() {
    let folder = std::env::temp_dir().join(format!("meeting-session-{}-gone", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let server = Server::with(|config| config.state_file = Some(folder.join("state.json"))).await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    ana.update(merge(&[("a", "1")])).await;
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(soon(server.stop()).await.unwrap().is_err());
}

#[tokio::test]
async fn while_it_drains_it_is_not_ready_and_lets_nobody_in() {
    let server = Server::start().await;
    let ready = |head: &str| head.split(' ').nth(1).map(str::to_owned);
    let (mut socket, mut probe) = (Socket::connect(&server).await, Socket::connect(&server).await);
    socket.send_bytes(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(ready(&socket.head().await).as_deref(), Some("200"));
    // One that does not go keeps the server draining for a moment.
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let late = Socket::open(&server, "/standup").await;
    let task = server.stop();
    assert!(matches!(ana.message().await, ServerMessage::GoAway { .. }));
    probe.send_bytes(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(ready(&probe.head().await).as_deref(), Some("503"));
    let refused = Peer::join_on(late, join_message("standup", "Ben")).await;
    assert_eq!(refused.err(), Some(CloseCode::GOING_AWAY.0));
    // Writes are still answered.
    assert_eq!(ana.update(merge(&[("a", "1")])).await, UpdateResult::Applied(1));
    assert_eq!(ana.socket.close_code().await, CloseCode::GOING_AWAY.0);
    soon(task).await.unwrap().unwrap();
}

#[tokio::test]
async fn clients_that_go_at_once_do_not_keep_it_waiting() {
    // The fastest of some, as the machine may stand still for a while.
    let mut fastest = Duration::MAX;
    for _ in 0..3 {
        let server = Server::start().await;
        let mut ana = Peer::join(&server, "standup", "Ana").await;
        let start = Instant::now();
        let task = server.stop();
        assert!(matches!(ana.message().await, ServerMessage::GoAway { .. }));
        drop(ana);
        soon(task).await.unwrap().unwrap();
        fastest = fastest.min(start.elapsed());
    }
    assert!(fastest < Duration::from_millis(800), "{fastest:?}");
}
