//! The wire: an example of every message, and nonsense that is told apart. What holds of any text is in `properties`.

#![allow(clippy::unwrap_used)] // a test that unwraps has found something

use std::collections::BTreeMap;
use std::path::Path;

use meeting_session_core::position::{Chain, Epoch, Position};
use meeting_session_core::protocol::*;
use meeting_session_core::{Json, MergeStrategy, Update};

/// The messages of a golden file: one a line, after its name.
fn golden(file: &str) -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(": ").map(|(name, text)| (name.into(), text.into())).unwrap()).collect()
}

fn check<T: PartialEq + std::fmt::Debug>(
    file: &str,
    messages: Vec<(&str, T)>,
    encode: impl Fn(&T) -> String,
    decode: impl Fn(&str) -> Option<T>,
) {
    let golden = golden(file);
    assert_eq!(golden.len(), messages.len(), "an example for each message in {file}");
    for (name, message) in messages {
        let text = golden.get(name).unwrap_or_else(|| panic!("{name}: {}", encode(&message)));
        assert_eq!(&encode(&message), text, "{name}");
        assert_eq!(decode(text), Some(message), "{name}");
    }
}

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

fn id(text: &str) -> ParticipantId {
    ParticipantId(text.into())
}

fn position() -> Position {
    Position { epoch: Epoch(0x1f2e_3d4c_5b6a_7988), revision: 12, chain: Chain(0xabc) }
}

fn ann() -> Participant {
    let (user_name, user_data) = ("Ann \"A\"".into(), Some(json(r#"{"role":"host"}"#)));
    Participant { id: id("6f1e"), user_name, user_data, joined_at: 1_790_000_000_000 }
}

fn bob() -> Participant {
    Participant { id: id("77aa"), user_name: String::new(), user_data: None, joined_at: 1_790_000_000_500 }
}

#[test]
fn golden_files_hold_every_client_message() {
    let join = Join {
        version: VERSION,
        session: "standup".into(),
        instance: "00112233445566778899aabbccddeeff".into(),
        attempt: 1,
        predecessors: String::new(),
        user_name: "Ann \"A\"".into(),
        user_data: None,
        token: None,
        resume: None,
    };
    let resume = Resume { participant: id("6f1e"), secret: "s3".into(), position: Some(position()) };
    let mut resuming = join.clone();
    resuming.user_data = Some(json("null"));
    resuming.token = Some("t".into());
    resuming.resume = Some(resume.clone());
    let mut lost = join.clone();
    lost.resume = Some(Resume { position: None, ..resume });

    let mut reloaded = join.clone();
    reloaded.predecessors = "ffeeddccbbaa99887766554433221100 0123456789abcdef0123456789abcdef".into();

    let (sequence, epoch) = (7, Epoch(0x1f2e_3d4c_5b6a_7988));
    let replace = Update::new(MergeStrategy::Replace, [("code".into(), Some(json("\"358\"")))]);
    let merge = Update::new(
        MergeStrategy::ShallowMerge,
        [
            ("a\n".into(), Some(json("[1, 2]"))),
            ("__proto__".into(), Some(json("1e400"))),
            ("gone".into(), None),
        ],
    );
    let patch = Update::new(MergeStrategy::MergePatch, [("a".into(), Some(json(r#"{"b":null}"#)))]);
    let if_revision = Condition { revision: Some(0), ..Condition::default() };
    let if_unchanged = Condition { revision: None, unchanged: vec!["a\n".into(), "gone".into()], seen: 9 };
    let update =
        |update, condition| ClientMessage::Update(UpdateRequest { sequence, epoch, update, condition });
    let messages = vec![
        ("join", ClientMessage::Join(Box::new(join))),
        ("join-resuming", ClientMessage::Join(Box::new(resuming))),
        ("join-resuming-without-data", ClientMessage::Join(Box::new(lost))),
        ("join-reloaded", ClientMessage::Join(Box::new(reloaded))),
        ("update-replace", update(replace, Condition::default())),
        ("update-shallow-merge", update(merge.clone(), Condition::default())),
        ("update-merge-patch", update(patch, Condition::default())),
        ("update-if-revision", update(merge.clone(), if_revision)),
        ("update-if-unchanged", update(merge, if_unchanged)),
        ("set-user-name", ClientMessage::SetUser { user_name: Some("Ann".into()), user_data: None }),
        ("set-user-data", ClientMessage::SetUser { user_name: None, user_data: Some(json("[true]")) }),
        ("app-message-to-all", ClientMessage::AppMessage { to: None, data: json("null") }),
        (
            "app-message-to-some",
            ClientMessage::AppMessage { to: Some(vec![id("77aa")]), data: json("\"hi\"") },
        ),
        ("pong", ClientMessage::Pong),
        ("away", ClientMessage::Away),
        ("leave", ClientMessage::Leave),
    ];
    check("client.txt", messages, ClientMessage::encode, |text| ClientMessage::decode(text).ok());
}

#[test]
fn golden_files_hold_every_server_message() {
    let whole = StateChange {
        since: None,
        set: json(r#"{"a":1}"#),
        deleted: vec![],
        writes: json(r#"[{"revision":12,"by":"77aa","at":1790000000000}]"#),
    };
    let writes = r#"[{"revision":11,"by":"77aa","at":1790000000000,"keys":["gone"]},{"revision":12,"by":"6f1e","at":1790000000900,"keys":["q\""]}]"#;
    let deleted = vec!["gone".into(), "q\"".into()];
    let delta = StateChange { since: Some(9), set: json("{}"), deleted, writes: json(writes) };
    let joined = Joined {
        participant: id("6f1e"),
        secret: "s4".into(),
        resumed: false,
        forked: false,
        position: position(),
        state: Some(whole),
        participants: vec![ann(), bob()],
        more: false,
        sync_interval_ms: 1000,
        grace_ms: 30_000,
    };
    let resumed = Joined {
        resumed: true,
        state: Some(delta.clone()),
        participants: vec![],
        more: true,
        ..joined.clone()
    };
    let current = Joined { resumed: true, state: None, ..joined.clone() };
    let forked = Joined { resumed: true, forked: true, participants: vec![], ..joined.clone() };
    let result = |result| ServerMessage::Result { sequence: 7, result };
    let rejected = |rejection| result(UpdateResult::Rejected(rejection));
    let messages = vec![
        ("joined-forked", ServerMessage::Joined(Box::new(forked))),
        ("joined", ServerMessage::Joined(Box::new(joined))),
        ("joined-resumed", ServerMessage::Joined(Box::new(resumed))),
        ("joined-resumed-and-current", ServerMessage::Joined(Box::new(current))),
        ("participants", ServerMessage::Participants { participants: vec![bob()], more: false }),
        ("state", ServerMessage::State { position: position(), change: delta }),
        ("result-applied", result(UpdateResult::Applied(12))),
        ("result-unchanged", result(UpdateResult::Unchanged(11))),
        ("result-too-large", rejected(Rejection::TooLarge(102_401))),
        ("result-bad-data", rejected(Rejection::BadData)),
        ("result-session-reset", rejected(Rejection::SessionReset)),
        ("result-conflict", rejected(Rejection::Conflict(12))),
        ("result-out-of-order", rejected(Rejection::OutOfOrder)),
        ("participant-joined", ServerMessage::ParticipantJoined(bob())),
        ("participant-updated", ServerMessage::ParticipantUpdated(ann())),
        ("participant-left", ServerMessage::ParticipantLeft(id("77aa"))),
        ("app-message", ServerMessage::AppMessage { from: id("77aa"), data: json("{\"n\":null}") }),
        ("refused-unknown-type", ServerMessage::Refused(RefusedCode::UnknownType)),
        ("refused-too-large", ServerMessage::Refused(RefusedCode::TooLarge)),
        ("goaway", ServerMessage::GoAway { reconnect_after_ms: 1_500 }),
        ("ping", ServerMessage::Ping),
    ];
    check("server.txt", messages, ServerMessage::encode, ServerMessage::decode);
}

#[test]
fn what_is_no_message_is_told_apart() {
    let malformed = Err(DecodeError::Malformed);
    for text in [
        "",
        "null",
        "7",
        "[]",
        "{}",
        "{\"type\":7}",
        "{\"type\":\"join\"}",
        "{\"type\":\"update\"}",
        "{\"type\":\"pong\"",
        "{\"type\":\"pong\",\"type\":\"pong\"}",
        "{\"type\":\"app-message\"}",
        "\u{feff}{\"type\":\"pong\"}",
        "{\"type\":\"update\",\"seq\":-1}",
        "{\"type\":\"update\",\"seq\":1.5}",
        "{\"type\":\"pong\"} {}",
    ] {
        assert_eq!(ClientMessage::decode(text), malformed, "{text}");
    }
    assert_eq!(ClientMessage::decode(r#"{"type":"teleport","to":["x"]}"#), Err(DecodeError::UnknownType));
    assert_eq!(
        ClientMessage::decode(r#"{"type":"teleport","to":7,"seq":"x"}"#),
        Err(DecodeError::UnknownType)
    );
    assert_eq!(ClientMessage::decode(r#"{"later":[1,{}],"type":"pong"}"#), Ok(ClientMessage::Pong));
    assert_eq!(ServerMessage::decode(r#"{"type":"teleported"}"#), None);
}

#[test]
fn an_update_with_bad_data_can_still_be_answered() {
    let update = |rest: &str| {
        let epoch = "00000000000000ab";
        ClientMessage::decode(&format!(r#"{{"type":"update","seq":3,"epoch":"{epoch}",{rest}}}"#))
    };
    assert!(update(r#""mergeStrategy":"replace","set":{"a":1}"#).is_ok());
    for rest in [
        r#""mergeStrategy":"replace","set":{"a":1,"a":2}"#,
        r#""mergeStrategy":"shallow-merge","set":{"a":1},"delete":["a"]"#,
        r#""mergeStrategy":"shallow-merge","set":{},"delete":["a","a"]"#,
        r#""mergeStrategy":"replace","set":{},"delete":["a"]"#,
        r#""mergeStrategy":"merge","set":{}"#,
        r#""mergeStrategy":"merge-patch","set":{},"delete":["a"]"#,
        r#""mergeStrategy":"replace","set":{},"ifUnchanged":["a"]"#,
        r#""mergeStrategy":"replace","set":{},"ifUnchanged":"a","seen":1"#,
        r#""mergeStrategy":"replace","set":{},"ifUnchanged":["\ud800"],"seen":1"#,
        r#""mergeStrategy":"replace","set":[]"#,
        r#""mergeStrategy":"replace","set":{"\ud800":1}"#,
        r#""mergeStrategy":"shallow-merge","set":{},"delete":"a""#,
        r#""set":{}"#,
    ] {
        assert_eq!(update(rest), Err(DecodeError::BadUpdate { sequence: 3 }), "{rest}");
    }
}

#[test]
fn the_protocol_page_describes_every_message() {
    let page = include_str!("../../../PROTOCOL.md");
    for golden in [include_str!("golden/client.txt"), include_str!("golden/server.txt")] {
        for line in golden.lines().filter(|line| !line.starts_with('#')) {
            let kind = line.split("\"type\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
            let heading = |line: &str| line.starts_with("### ") && line.contains(kind);
            assert!(page.lines().any(heading), "{kind} has no section");
        }
    }
}
