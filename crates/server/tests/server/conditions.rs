//! Writes on a condition, and who wrote what, as a client in another language sees them.

use std::sync::Arc;

use meeting_session_core::protocol::*;
use tokio::sync::Barrier;

use crate::support::{Peer, Received, Server, merge, replace, soon};

/// That this key is what the peer sees.
fn unchanged(peer: &Peer, keys: &[&str]) -> Condition {
    let unchanged = keys.iter().map(|key| String::from(*key)).collect();
    Condition { unchanged, seen: peer.position.revision, revision: None }
}

fn conflict(revision: u64) -> UpdateResult {
    UpdateResult::Rejected(Rejection::Conflict(revision))
}

/// The next text of the server that says this word.
async fn text_with(peer: &mut Peer, word: &str) -> String {
    loop {
        match peer.socket.receive().await {
            Received::Text(text) if text.contains(word) => return text,
            Received::Text(_) => {}
            other => panic!("{other:?} instead of {word}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_saw_the_same_one_writes_and_the_other_sees_what_was_first() {
    const ROUNDS: u64 = 100;
    let server = Server::start().await;
    let [ana, ben] =
        [Peer::join(&server, "standup", "Ana").await, Peer::join(&server, "standup", "Ben").await];
    let meet = Arc::new(Barrier::new(2));
    let mut tasks = Vec::new();
    for mut peer in [ana, ben] {
        let meet = meet.clone();
        tasks.push(tokio::spawn(async move {
            let mut conflicts = 0;
            for round in 0..ROUNDS {
                // One that got ahead has not read what the other one wrote since.
                if round % 10 == 0 {
                    meet.wait().await;
                }
                loop {
                    let seen = peer.position.revision;
                    let count: u64 = peer.data.get("n").map_or(0, |count| count.parse().unwrap());
                    let update = merge(&[("n", &(count + 1).to_string())]);
                    let condition = unchanged(&peer, &["n"]);
                    match peer.update_if(update, condition).await {
                        UpdateResult::Applied(revision) => {
                            assert!(peer.position.revision >= revision);
                            break;
                        }
                        UpdateResult::Rejected(Rejection::Conflict(revision)) => {
                            assert!(revision > seen, "somebody was first");
                            assert!(peer.position.revision >= revision, "and a retry sees it");
                            conflicts += 1;
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
            conflicts
        }));
    }
    let mut conflicts = 0;
    for task in tasks {
        conflicts += soon(task).await.unwrap();
    }
    let cem = Peer::join(&server, "standup", "Cem").await;
    assert_eq!(
        cem.text(),
        format!(r#"{{"n":{}}}"#, 2 * ROUNDS),
        "no increment is lost, and none counts twice"
    );
    assert_eq!(cem.position.revision, 2 * ROUNDS);
    assert!(conflicts > 0, "they never met");
}

#[tokio::test]
async fn the_texts_are_those_of_the_protocol() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let epoch = ana.position.epoch.to_hex();
    let head = |number| format!(r#"{{"type":"update","seq":{number},"epoch":"{epoch}","#);
    let body = r#""mergeStrategy":"shallow-merge","set":{"a":1},"delete":["b"]"#;
    let applied = |number, revision| {
        format!(r#"{{"type":"result","seq":{number},"status":"applied","revision":{revision}}}"#)
    };
    let refused = |number, revision| {
        let code = r#""status":"rejected","code":"conflict""#;
        format!(r#"{{"type":"result","seq":{number},{code},"revision":{revision}}}"#)
    };
    let unchanged =
        |number| format!(r#"{{"type":"result","seq":{number},"status":"unchanged","revision":1}}"#);
    let cases = [
        (r#""ifRevision":1"#, refused(1, 0)),
        (r#""ifRevision":0"#, applied(2, 1)),
        (r#""ifUnchanged":["a","b"],"seen":0"#, refused(3, 1)),
        (r#""ifUnchanged":["b","c"],"seen":0"#, unchanged(4)),
        (r#""ifUnchanged":["a","a"],"seen":1,"ifRevision":1"#, unchanged(5)),
        (r#""ifUnchanged":["c"],"seen":1,"ifRevision":0"#, refused(6, 1)),
        (r#""ifUnchanged":["c"],"seen":2"#, refused(7, 1)),
        // No keys ask nothing.
        (r#""ifUnchanged":[]"#, unchanged(8)),
    ];
    for (number, (condition, answer)) in (1..).zip(cases) {
        ana.socket.send_text(&format!("{}{body},{condition}}}", head(number))).await;
        assert_eq!(text_with(&mut ana, "result").await, answer, "{condition}");
    }
}

#[tokio::test]
async fn a_condition_that_cannot_be_read_is_bad_data_and_never_none() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let epoch = ana.position.epoch.to_hex();
    let text = |number: u64, condition: &str| {
        let body = r#""mergeStrategy":"shallow-merge","set":{"a":1}"#;
        format!(r#"{{"type":"update","seq":{number},"epoch":"{epoch}",{body},{condition}}}"#)
    };
    let cases = [
        r#""ifUnchanged":["a"]"#,
        r#""ifUnchanged":["a"],"seen":null"#,
        r#""ifUnchanged":"a","seen":0"#,
        r#""ifUnchanged":[1],"seen":0"#,
        r#""ifUnchanged":{"a":1},"seen":0"#,
        r#""ifUnchanged":[["a"]],"seen":0"#,
        r#""ifUnchanged":["\ud800"],"seen":0"#,
    ];
    for (number, case) in (1..).zip(cases) {
        ana.socket.send_text(&text(number, case)).await;
        assert_eq!(ana.result(number).await, UpdateResult::Rejected(Rejection::BadData), "{case}");
    }
    assert_eq!(ana.text(), "{}");
    // Numbers that are none make it no message of this protocol at all.
    for case in [r#""ifRevision":-1"#, r#""ifRevision":"1""#, r#""ifUnchanged":["a"],"seen":1.5"#] {
        let mut ben = Peer::join(&server, "standup", "Ben").await;
        ben.socket.send_text(&text(1, case)).await;
        assert_eq!(ben.socket.close_code().await, CloseCode::BAD_MESSAGE.0, "{case}");
    }
    ana.sequence = cases.len() as u64;
    assert_eq!(ana.update(merge(&[("a", "1")])).await, UpdateResult::Applied(1));
}

#[tokio::test]
async fn data_says_who_wrote_it_and_when() {
    let server = Server::start().await;
    let before = now_ms();
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    let (ana_id, ben_id) = (ana.id().0, ben.id().0);
    ana.update(replace(&[("a", "1"), ("b", "1")])).await;
    ben.reach(1).await;
    ben.update(merge(&[("b", "2"), ("c", "2")])).await;
    ana.reach(2).await;
    // The only write of a message names no keys: it speaks for all that are set and deleted.
    ben.update(merge(&[("c", "")])).await;
    let ServerMessage::State { change, .. } = ana.message().await else { panic!("no data") };
    let (writes, at) = without_times(change.writes.as_str());
    assert_eq!(writes, format!(r#"[{{"revision":3,"by":"{ben_id}","at":T}}]"#));
    assert_eq!(change.deleted, ["c"]);
    assert!(at.iter().all(|at| (before..=now_ms()).contains(at)), "{at:?}");
    // In a join answer it is what is there, oldest first,
    let cem = Peer::join(&server, "standup", "Cem").await;
    let (writes, at) = without_times(cem.joined.state.as_ref().unwrap().writes.as_str());
    let ana_wrote = format!(r#"{{"revision":1,"by":"{ana_id}","at":T,"keys":["a"]}}"#);
    let ben_wrote = format!(r#"{{"revision":2,"by":"{ben_id}","at":T,"keys":["b"]}}"#);
    assert_eq!(writes, format!("[{ana_wrote},{ben_wrote}]"));
    assert!(at.is_sorted());
    // and over a resume what was missed, deletes too.
    let lost = ana.resume_message();
    drop(ana);
    ben.update(merge(&[("d", "4"), ("a", "")])).await;
    ben.update(merge(&[("d", "5")])).await;
    let ana = Peer::join_with(&server, lost).await.unwrap();
    let state = ana.joined.state.as_ref().unwrap();
    let deleted = format!(r#"{{"revision":4,"by":"{ben_id}","at":T,"keys":["a"]}}"#);
    let set = format!(r#"{{"revision":5,"by":"{ben_id}","at":T,"keys":["d"]}}"#);
    assert_eq!(without_times(state.writes.as_str()).0, format!("[{deleted},{set}]"));
}

/// The times in `writes`, and the rest.
fn without_times(writes: &str) -> (String, Vec<u64>) {
    let mut parts = writes.split(r#""at":"#);
    let mut rest = String::from(parts.next().unwrap_or_default());
    let mut times = Vec::new();
    for part in parts {
        let end = part.find(|letter: char| !letter.is_ascii_digit()).unwrap();
        times.push(part[..end].parse().unwrap());
        rest = rest + r#""at":T"# + &part[end..];
    }
    (rest, times)
}

fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

#[tokio::test]
async fn a_conflict_is_answered_again_as_it_was() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    ben.update(merge(&[("n", "1")])).await;
    let condition = Condition { unchanged: vec!["n".into()], seen: 0, revision: None };
    let request = UpdateRequest { condition, ..ana.request(1, merge(&[("n", "2")])) };
    let again = ClientMessage::Update(request);
    ana.send(&again).await;
    assert_eq!(ana.result(1).await, conflict(1));
    ben.update(merge(&[("n", "3")])).await;
    let mut ana = ana.resume(&server).await;
    ana.send(&again).await;
    assert_eq!(ana.result(1).await, conflict(1));
    ana.sequence = 1;
    let condition = unchanged(&ana, &["n"]);
    assert_eq!(ana.update_if(merge(&[("n", "2")]), condition).await, UpdateResult::Applied(3));
}
