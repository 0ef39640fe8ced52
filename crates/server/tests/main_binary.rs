//! The program itself: its first line, its exit codes, and what it says when it cannot start.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn server(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meeting-session-server"));
    command
        .args(args)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A server that has said that it listens. It is killed when the test fails.
struct Running {
    child: Child,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the server can be started");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("stdout is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("stdout is text");
        let port = line
            .strip_prefix("listening on http://127.0.0.1:")
            .and_then(|rest| rest.strip_suffix('\n'))
            .and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("the first line is {line:?}"));
        Self { child, port }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()));
    }

    /// The exit code and the log.
    fn end(&mut self) -> (Option<i32>, String) {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if let Ok(Some(status)) = self.child.try_wait() {
                let mut log = String::new();
                let stderr = self.child.stderr.as_mut().expect("stderr is a pipe");
                stderr.read_to_string(&mut log).expect("the log is text");
                return (status.code(), log);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not end");
    }
}

fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the server can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is text");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn it_says_where_it_listens_and_ends_cleanly_on_each_signal() {
    for signal in ["TERM", "INT"] {
        let mut running = Running::start(&mut server(&["--listen", "127.0.0.1:0"]));
        let mut stream = TcpStream::connect(("127.0.0.1", running.port)).expect("it listens there");
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it reads");
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).expect("it answers");
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        running.signal(signal);
        let (code, log) = running.end();
        assert_eq!(code, Some(0), "{signal}: {log}");
        assert!(log.contains("stopping"), "{log}");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut running = Running::start(&mut server(&["--listen", "127.0.0.1:0"]));
    // Half a request, and a WebSocket that answers no close, keep the first signal waiting.
    let mut half = TcpStream::connect(("127.0.0.1", running.port)).expect("it listens there");
    half.write_all(b"GET /healthz HTT").expect("it reads");
    let mut stream = TcpStream::connect(("127.0.0.1", running.port)).expect("it listens there");
    let request = "GET /standup HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("it answers");
    assert_eq!(&answer, b"HTTP/1.1 101");
    running.signal("TERM");
    // Two signals at once would count as one.
    let log = BufReader::new(running.child.stderr.as_mut().expect("stderr is a pipe"));
    assert!(log.lines().map_while(Result::ok).any(|line| line.contains("stopping")), "it does not stop");
    running.signal("TERM");
    // The first one alone would end it with 0.
    assert_eq!(running.end().0, Some(1));
}

#[test]
fn an_address_in_use_is_said_in_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let address = taken.local_addr().expect("it has an address").to_string();
    let (code, stdout, stderr) = output(&mut server(&["--listen", &address]));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    let expected = format!("error: cannot listen on {address}: another program already listens there.");
    assert!(stderr.starts_with(&expected), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn an_address_that_is_none_is_said_in_a_sentence() {
    for address in ["7880", "127.0.0.1", "192.0.2.1:0", "127.0.0.1:99999", "no such host.invalid:1"] {
        let (code, stdout, stderr) = output(&mut server(&["--listen", address]));
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{address}");
        assert!(stderr.starts_with(&format!("error: cannot listen on {address}: ")), "{stderr}");
        assert!(!stderr.contains("Os {"), "{stderr}");
    }
}

#[test]
fn arguments_come_from_the_command_line_or_the_environment_and_wrong_ones_are_named() {
    let (code, _, stderr) = output(&mut server(&["--allow-origin", "*"]));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("https://example.com"), "{stderr}");
    let (code, _, stderr) = output(server(&[]).env("MEETING_SESSION_GRACE", "soon"));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("500ms"), "{stderr}");
    let (code, _, stderr) = output(&mut server(&["--trusted-proxy", "10.0.0.0/33"]));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("10.0.0.0/8"), "{stderr}");
    let mut running = Running::start(
        server(&[])
            .env("MEETING_SESSION_LISTEN", "127.0.0.1:0")
            .env("MEETING_SESSION_ALLOW_ORIGIN", "https://a.example,https://b.example")
            .env("MEETING_SESSION_TRUSTED_PROXY", "127.0.0.1,10.0.0.0/8,::1/128")
            .env("MEETING_SESSION_SYNC_INTERVAL", "500ms"),
    );
    running.signal("TERM");
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn the_help_explains_itself() {
    let (code, help, _) = output(&mut server(&["--help"]));
    assert_eq!(code, Some(0));
    for part in [
        "--listen",
        "--allow-origin",
        "--trusted-proxy",
        "--sync-interval",
        "--grace",
        "MEETING_SESSION_LISTEN",
        "loopback",
        "Examples:",
        "Exit:",
    ] {
        assert!(help.contains(part), "{part} is not in\n{help}");
    }
    let (code, version, _) = output(&mut server(&["--version"]));
    assert_eq!((code, version), (Some(0), format!("meeting-session-server {}\n", env!("CARGO_PKG_VERSION"))));
}
