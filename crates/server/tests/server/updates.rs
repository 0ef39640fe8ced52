//! The data: one order for everybody, every update once, every value to the letter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use meeting_session_core::protocol::*;
use meeting_session_core::{Epoch, Position};

use crate::support::{Peer, Server, merge, replace, sleep_ms, soon};

#[tokio::test]
async fn replace_merge_and_delete_reach_the_writer_and_the_others_alike() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    let steps = [
        (replace(&[("a", "1"), ("b", "2")]), r#"{"a":1,"b":2}"#),
        (merge(&[("b", r#"{"x":[]}"#), ("c", "3")]), r#"{"a":1,"b":{"x":[]},"c":3}"#),
        (merge(&[("a", ""), ("b", r#"{"y":0}"#)]), r#"{"b":{"y":0},"c":3}"#),
        (replace(&[("d", "4")]), r#"{"d":4}"#),
        (replace(&[]), "{}"),
    ];
    for (revision, (update, text)) in (1..).zip(steps) {
        assert_eq!(ana.update(update).await, UpdateResult::Applied(revision));
        assert_eq!(ana.text(), text, "the data comes before the result");
        ben.reach(revision).await;
        assert_eq!(ben.text(), text);
        assert_eq!(ben.position, ana.position);
    }
}

#[tokio::test]
async fn values_arrive_as_they_were_written() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    let values = [
        ("big", "9007199254740993"),
        ("bigger", "1e400"),
        ("escaped", r#""\ud800 \u00e9 é 😀""#),
        ("order", r#"{"b":1,"a":2,"b":3}"#),
        ("__proto__", r#"{"polluted":true}"#),
        ("", "null"),
        ("\u{7}\"\\", r#""""#),
    ];
    ana.update(replace(&values)).await;
    ben.reach(1).await;
    let expected: BTreeMap<_, _> =
        values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(ben.data, expected);
    assert_eq!(Peer::join(&server, "standup", "Cem").await.data, expected);
}

#[tokio::test]
async fn an_update_that_changes_nothing_makes_no_revision() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    assert_eq!(ana.update(merge(&[("a", "1")])).await, UpdateResult::Applied(1));
    for same in [merge(&[("a", "1")]), merge(&[("b", "")]), merge(&[]), replace(&[("a", "1")])] {
        assert_eq!(ana.update(same).await, UpdateResult::Unchanged(1));
    }
    assert_eq!(ana.update(merge(&[("a", "1.0")])).await, UpdateResult::Applied(2));
    ben.reach(2).await;
    let revisions: Vec<_> = ben.history.iter().map(|(position, _)| position.revision).collect();
    assert_eq!(revisions, [0, 1, 2]);
}

/// Many writers at once. Readers get different deltas, as each is conflated in its own way; what they have at the same
/// revision must be the same to the letter, and so must the chain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_two_clients_ever_see_different_data_at_the_same_revision() {
    const WRITERS: u64 = 6;
    const UPDATES: u64 = 60;
    let server = Server::start().await;
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        writers.push(Peer::join(&server, "standup", "writer").await);
    }
    // Two that only read, one of them with a new connection for every few messages.
    let reader = Peer::join(&server, "standup", "reader").await;
    let mut wanderer = Peer::join(&server, "standup", "wanderer").await;
    let wandered = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for (writer, mut peer) in writers.into_iter().enumerate() {
        let wandered = wandered.clone();
        tasks.push(tokio::spawn(async move {
            let mut applied = BTreeSet::new();
            for turn in 1.. {
                // The wanderer needs something to read. More than this a connection may not send for long.
                if turn > UPDATES {
                    if wandered.load(Ordering::Relaxed) {
                        break;
                    }
                    sleep_ms(25).await;
                }
                let value = format!("\"{writer}:{turn}\"");
                let own = format!("own {writer}");
                let update = match turn % 5 {
                    0 => replace(&[("shared", &value), (&own, &value)]),
                    1 => merge(&[("shared", "")]),
                    _ => merge(&[("shared", &value), (&own, &value)]),
                };
                if let UpdateResult::Applied(revision) = peer.update(update).await {
                    assert!(applied.insert(revision));
                    assert!(peer.position.revision >= revision, "the result came before the data");
                }
            }
            (peer, applied)
        }));
    }
    let mut history = Vec::new();
    for _ in 0..12 {
        for _ in 0..2 {
            wanderer.message().await;
        }
        history.append(&mut wanderer.history);
        wanderer = wanderer.resume(&server).await;
    }
    wanderer.history.append(&mut history);
    wandered.store(true, Ordering::Relaxed);

    let mut peers = Vec::new();
    let mut applied = BTreeSet::new();
    for task in tasks {
        let (peer, mut revisions) = soon(task).await.unwrap();
        assert!(applied.is_disjoint(&revisions), "two updates became one revision");
        applied.append(&mut revisions);
        peers.push(peer);
    }
    let last = applied.len() as u64;
    assert_eq!(applied, (1..=last).collect(), "every revision is one update");

    peers.extend([reader, wanderer, Peer::join(&server, "standup", "late").await]);
    let mut seen: BTreeMap<u64, (Position, String)> = BTreeMap::new();
    let mut compared = 0;
    for peer in &mut peers {
        peer.reach(last).await;
        for (position, text) in &peer.history {
            if let Some(first) = seen.get(&position.revision) {
                assert_eq!((first.0, &first.1), (*position, text));
                compared += 1;
            }
            seen.insert(position.revision, (*position, text.clone()));
        }
    }
    assert!(compared > 100, "only {compared} states could be compared");
}

#[tokio::test]
async fn an_operation_sent_again_gets_its_answer_again_and_is_applied_once() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    let again = ClientMessage::Update(ana.request(1, merge(&[("a", "1")])));
    ana.send(&again).await;
    assert_eq!(ana.result(1).await, UpdateResult::Applied(1));
    ben.update(merge(&[("a", "2")])).await;

    // On the same connection,
    ana.send(&again).await;
    assert_eq!(ana.result(1).await, UpdateResult::Applied(1));
    // on a new one,
    let mut ana = ana.resume(&server).await;
    ana.send(&again).await;
    assert_eq!(ana.result(1).await, UpdateResult::Applied(1));
    assert_eq!((ana.position.revision, ana.text().as_str()), (2, "{\"a\":2}"));
    // and also when the first answer was a refusal.
    let mut reset = ana.request(2, merge(&[("a", "3")]));
    reset.epoch = Epoch(1);
    ana.send(&ClientMessage::Update(reset)).await;
    assert_eq!(ana.result(2).await, UpdateResult::Rejected(Rejection::SessionReset));
    let valid = ClientMessage::Update(ana.request(2, merge(&[("a", "3")])));
    ana.send(&valid).await;
    assert_eq!(ana.result(2).await, UpdateResult::Rejected(Rejection::SessionReset));
    // What lies too far back cannot be answered, and is not applied.
    let last = limits::IN_FLIGHT as u64 + 1;
    for sequence in 3..=last {
        let next = ClientMessage::Update(ana.request(sequence, merge(&[("b", &sequence.to_string())])));
        ana.send(&next).await;
        assert_eq!(ana.result(sequence).await, UpdateResult::Applied(sequence));
    }
    ana.send(&again).await;
    assert_eq!(ana.result(1).await, UpdateResult::Rejected(Rejection::OutOfOrder));
    assert_eq!(ana.text(), format!("{{\"a\":2,\"b\":{last}}}"));
}

#[tokio::test]
async fn the_same_number_of_another_client_is_another_operation() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    assert_eq!(ana.update(merge(&[("a", "1")])).await, UpdateResult::Applied(1));
    assert_eq!(ben.update(merge(&[("a", "2")])).await, UpdateResult::Applied(2));
}

#[tokio::test]
async fn what_is_no_legal_update_is_answered_as_bad_data() {
    let server = Server::start().await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    let epoch = ana.position.epoch.to_hex();
    let cases = [
        r#""mergeStrategy":"replace","set":{"a":1,"a":2}"#,
        r#""mergeStrategy":"replace","set":{"a":1,"\u0061":2}"#,
        r#""mergeStrategy":"shallow-merge","set":{"a":1},"delete":["a"]"#,
        r#""mergeStrategy":"shallow-merge","set":{},"delete":["a","a"]"#,
        r#""mergeStrategy":"replace","set":{},"delete":["a"]"#,
        r#""mergeStrategy":"deep-merge","set":{}"#,
        r#""mergeStrategy":"replace","set":[1]"#,
        r#""mergeStrategy":"replace","set":null"#,
        r#""mergeStrategy":"replace""#,
        r#""mergeStrategy":"replace","set":{"\ud800":1}"#,
        r#""set":{}"#,
    ];
    for (number, case) in (1..).zip(cases) {
        let text = format!(r#"{{"type":"update","seq":{number},"epoch":"{epoch}",{case}}}"#);
        ana.socket.send_text(&text).await;
        let result = ana.result(number).await;
        assert_eq!(result, UpdateResult::Rejected(Rejection::BadData), "{case}");
    }
    ana.sequence = cases.len() as u64;
    assert_eq!(ana.update(merge(&[("a", "1")])).await, UpdateResult::Applied(1));
}

#[tokio::test]
async fn in_a_busy_session_readers_get_fewer_messages_than_there_are_updates() {
    let server = Server::start().await;
    let mut ben = Peer::join(&server, "standup", "Ben").await;
    let mut ana = Peer::join(&server, "standup", "Ana").await;
    for turn in 1..=50 {
        ana.send_update(merge(&[("turn", &turn.to_string())])).await;
    }
    ben.reach(50).await;
    assert!(ben.history.len() < 25, "{} messages for 50 updates", ben.history.len());
    // Quiet again, the next one comes at once. On a machine that is busy itself not every time.
    let mut fastest = Duration::MAX;
    for turn in 51..61 {
        sleep_ms(50).await;
        let start = Instant::now();
        ana.send_update(merge(&[("turn", &turn.to_string())])).await;
        ben.reach(turn).await;
        fastest = fastest.min(start.elapsed());
    }
    assert!(fastest < Duration::from_millis(20), "{fastest:?}");
}
