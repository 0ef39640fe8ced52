//! The checker finds what it is there for: small histories made by hand, each with one guarantee broken.

use std::collections::BTreeMap;

use meeting_session_chaos::checks::{Verdict, check};
use meeting_session_chaos::history::{Answer, Event, Kind, Line, PageId};
use meeting_session_chaos::page::{COUNTER, PAIR, digest, marker, roster_digest};
use meeting_session_core::position::Epoch;
use meeting_session_core::protocol::{ClientMessage, Condition, UpdateRequest};
use meeting_session_core::{Json, MergeStrategy, Position, Update};

const ANA: PageId = PageId(0, 1);
const BEN: PageId = PageId(1, 1);

/// A history that is being told, and what its server would know.
struct Tale {
    lines: Vec<Line>,
    position: Position,
    data: BTreeMap<String, String>,
    last_write: u32,
    updates: Vec<(PageId, u64, Update)>,
}

impl Tale {
    /// Ana and Ben have joined a session.
    fn begin() -> Self {
        let position = Position::start(Epoch(7));
        let mut tale =
            Self { lines: vec![], position, data: BTreeMap::new(), last_write: 0, updates: vec![] };
        for page in [ANA, BEN] {
            tale.tell(page, Event::Start { session: "standup".into(), resumes: None });
            let people = vec!["ana".into(), "ben".into()];
            tale.tell(page, Event::Joined { participant: name(page), people });
            tale.show(page);
        }
        tale
    }

    fn tell(&mut self, page: PageId, event: Event) {
        self.lines.push(Line { at: 1_000 * self.lines.len() as u64, page: Some(page), event });
    }

    fn nemesis(&mut self, event: Event) {
        self.lines.push(Line { at: 1_000 * self.lines.len() as u64, page: None, event });
    }

    fn show(&mut self, page: PageId) {
        let Position { epoch, revision, chain } = self.position;
        let pair = PAIR.map(|key| self.data.get(key).cloned());
        let digest = format!("{:016x}", digest(&self.data));
        self.tell(
            page,
            Event::State { epoch: epoch.to_hex(), revision, chain: chain.to_hex(), digest, pair },
        );
    }

    /// A page writes, without an answer yet.
    fn invoke(&mut self, page: PageId) -> usize {
        self.last_write += 1;
        let write = self.last_write;
        self.tell(page, Event::Invoke { write, kind: Kind::Awaited });
        let keys = [format!("own.{}", page.0)].into_iter().chain(PAIR.map(String::from));
        let changes = keys.map(|key| (key.into(), Json::parse(&marker(page, write)).ok()));
        let update = Update::new(MergeStrategy::ShallowMerge, changes);
        self.send(page, u64::from(write), update.clone());
        self.updates.push((page, u64::from(write), update));
        self.updates.len() - 1
    }

    fn send(&mut self, page: PageId, sequence: u64, update: Update) {
        let request =
            UpdateRequest { sequence, epoch: self.position.epoch, update, condition: Condition::default() };
        let frame = ClientMessage::Update(request).encode();
        self.tell(page, Event::Sent { participant: name(page), frame });
    }

    /// The same with a condition that the page asks.
    fn invoke_if(&mut self, page: PageId, condition: Condition) -> usize {
        let update = self.invoke(page);
        let Event::Sent { frame, .. } = &mut self.last(|line| matches!(line.event, Event::Sent { .. })).event
        else {
            unreachable!()
        };
        let Ok(ClientMessage::Update(request)) = ClientMessage::decode(frame) else { unreachable!() };
        *frame = UpdateRequest { condition, ..request }.encode();
        update
    }

    /// The writer alone is told that it had a conflict.
    fn refuse(&mut self, update: usize) {
        let (page, sequence) = (self.updates[update].0, self.updates[update].1);
        let answer = Answer::Conflict(self.position.revision);
        self.tell(page, Event::Result { sequence, answer });
        self.tell(page, Event::Failed { write: Some(sequence as u32), code: "conflict".into() });
    }

    /// The server applies an update.
    fn apply(&mut self, update: usize) {
        let (page, sequence, update) = &self.updates[update];
        self.position = self.position.next(&name(*page), *sequence, update);
        let sets = update.sets().map(|(key, value)| (key.to_owned(), value.as_str().to_owned()));
        self.data.extend(sets);
    }

    /// Both see it, and the writer is told.
    fn answer(&mut self, update: usize) {
        let (page, sequence) = (self.updates[update].0, self.updates[update].1);
        self.show(ANA);
        self.show(BEN);
        let revision = self.position.revision;
        self.tell(page, Event::Result { sequence, answer: Answer::Applied(revision) });
        self.tell(page, Event::Acknowledged { write: sequence as u32, revision, changed: true });
    }

    fn write(&mut self, page: PageId) -> usize {
        let update = self.invoke(page);
        self.apply(update);
        self.answer(update);
        update
    }

    /// Another server, which knows nothing of the one before.
    fn restart(&mut self) {
        self.nemesis(Event::Fault { what: "kill -9".into(), ends: true });
        self.position = Position::start(Epoch(self.position.epoch.0 + 1));
        self.data.clear();
    }

    fn reset(&mut self, page: PageId) {
        self.tell(page, Event::Reset { reason: "new_session".into() });
    }

    fn end(mut self) -> Verdict {
        self.nemesis(Event::Heal);
        for page in [ANA, BEN] {
            let roster = format!("{:016x}", roster_digest(["ana", "ben"]));
            self.tell(page, Event::Final { people: 2, roster });
        }
        check(&self.lines)
    }

    fn last(&mut self, found: impl Fn(&Line) -> bool) -> &mut Line {
        self.lines.iter_mut().rev().find(|line| found(line)).expect("there is such a line")
    }
}

fn name(page: PageId) -> String {
    if page == ANA { "ana".into() } else { "ben".into() }
}

/// Two writes went well; then what `more` tells must be found to break one guarantee.
fn broken(guarantee: &str, more: impl FnOnce(&mut Tale)) -> Verdict {
    let mut tale = Tale::begin();
    tale.write(ANA);
    tale.write(BEN);
    more(&mut tale);
    let verdict = tale.end();
    let found: Vec<_> = verdict.findings.iter().map(|finding| finding.guarantee).collect();
    assert!(found.contains(&guarantee), "{guarantee} is not among {:?}", verdict.findings);
    verdict
}

#[test]
fn a_history_without_fault_has_no_findings() {
    let mut tale = Tale::begin();
    tale.write(ANA);
    let unanswered = tale.invoke(BEN);
    tale.apply(unanswered);
    tale.write(ANA);
    tale.tell(BEN, Event::Failed { write: Some(2), code: "unknown".into() });
    tale.restart();
    for page in [ANA, BEN] {
        tale.show(page);
        tale.reset(page);
    }
    tale.write(BEN);
    let Verdict { findings, totals } = tale.end();
    assert_eq!(findings, []);
    assert_eq!((totals.acknowledged, totals.unknown, totals.lost, totals.applied_twice), (3, 1, 0, 0));
    assert_eq!((totals.ends, totals.announced, totals.replayed, totals.revisions), (1, 2, 4, 4));
    assert_eq!((totals.well.len(), totals.converged.len()), (2, 2));
}

#[test]
fn g1_a_revision_with_two_chains() {
    broken("G1", |tale| match &mut tale.last(|line| line.page == Some(BEN) && is_state(line)).event {
        Event::State { chain, .. } => *chain = "00000000000000aa".into(),
        _ => unreachable!(),
    });
}

#[test]
fn g1_a_revision_of_two_updates() {
    broken("G1", |tale| {
        let update = tale.invoke(ANA);
        tale.answer(update);
    });
}

#[test]
fn g2_an_update_that_is_applied_twice() {
    let verdict = broken("G2", |tale| {
        let (page, sequence, update) = tale.updates[0].clone();
        tale.send(page, sequence, update);
        tale.apply(0);
        tale.show(ANA);
    });
    assert_eq!((verdict.totals.applied_twice, verdict.totals.lost), (1, 0));
    // The first time without an answer.
    let verdict = broken("G2", |tale| {
        let update = tale.invoke(ANA);
        tale.apply(update);
        tale.show(BEN);
        let (page, sequence, content) = tale.updates[update].clone();
        tale.send(page, sequence, content);
        tale.apply(update);
        tale.answer(update);
    });
    assert_eq!((verdict.totals.applied_twice, verdict.totals.lost), (1, 0));
}

#[test]
fn g2_an_acknowledged_write_that_is_lost() {
    let verdict = broken("G2", |tale| {
        let (lost, other) = (tale.invoke(ANA), tale.invoke(BEN));
        tale.apply(other);
        tale.answer(lost);
    });
    assert_eq!((verdict.totals.applied_twice, verdict.totals.lost), (0, 1));
}

#[test]
fn g2_a_write_that_failed_and_was_applied() {
    broken("G2", |tale| {
        tale.write(ANA);
        let line = tale.last(|line| matches!(line.event, Event::Acknowledged { .. }));
        line.event = Event::Failed { write: Some(3), code: "expired".into() };
    });
}

#[test]
fn g2_an_update_that_is_sent_again_as_another() {
    broken("G2", |tale| tale.send(ANA, 1, Update::noop()));
}

#[test]
fn g2_an_update_that_is_answered_in_two_ways() {
    broken("G2", |tale| tale.tell(ANA, Event::Result { sequence: 1, answer: Answer::Applied(2) }));
}

#[test]
fn g3_an_end_that_is_not_announced_or_twice_or_did_not_happen() {
    let silent = |tale: &mut Tale| {
        tale.restart();
        tale.show(ANA);
        tale.show(BEN);
        tale.reset(BEN);
    };
    broken("G3", silent);
    broken("G3", |tale| {
        silent(tale);
        tale.reset(ANA);
        tale.reset(ANA);
    });
    broken("G3", |tale| tale.reset(ANA));
    broken("G3", |tale| {
        tale.restart();
        tale.lines.pop(); // no server has ended
        for page in [ANA, BEN] {
            tale.show(page);
            tale.reset(page);
        }
    });
}

#[test]
fn g4_a_page_that_goes_back() {
    broken("G4", |tale| {
        let (position, data) = (tale.position, tale.data.clone());
        tale.write(BEN);
        (tale.position, tale.data) = (position, data);
        tale.show(ANA);
    });
    broken("G4", |tale| {
        let (position, data) = (tale.position, tale.data.clone());
        tale.restart();
        tale.show(ANA);
        tale.reset(ANA);
        (tale.position, tale.data) = (position, data);
        tale.show(ANA);
        tale.reset(ANA);
    });
}

#[test]
fn g5_data_that_is_not_what_the_writes_make() {
    broken("G5", |tale| {
        tale.data.insert("own.0".into(), "null".into());
        tale.write(BEN);
    });
    broken("G5", |tale| {
        tale.write(BEN);
        tale.data.remove("own.0");
        tale.show(ANA);
    });
}

#[test]
fn g6_an_acknowledgement_before_the_data() {
    broken("G6", |tale| {
        tale.write(ANA);
        tale.lines.retain(|line| {
            !(line.page == Some(ANA) && matches!(line.event, Event::State { revision: 3, .. }))
        });
    });
}

#[test]
fn g7_a_write_that_overtakes_one_that_was_acknowledged_before_it() {
    broken("G7", |tale| {
        // Ana's write, which is revision 1, as if she had written after Ben's, revision 2, was acknowledged.
        let late = tale.lines.len() as u64 * 1_000;
        for line in tale.lines.iter_mut().filter(|line| line.page == Some(ANA)) {
            if matches!(line.event, Event::Invoke { .. } | Event::Acknowledged { .. }) {
                line.at += late;
            }
        }
    });
}

#[test]
fn g8_a_condition_that_is_not_kept_or_held_against_its_writer() {
    let seen = |keys: &[&str], seen| {
        let unchanged = keys.iter().map(|key| String::from(*key)).collect();
        Condition { unchanged, seen, revision: None }
    };
    let at = |revision| Condition { revision: Some(revision), ..Condition::default() };
    // Revision 1 is Ana's, 2 is Ben's; both write `pair.a`. Whether the condition holds then:
    let cases = [
        (at(2), true),
        (at(1), false),
        (seen(&["pair.a"], 2), true),
        (seen(&["pair.a"], 1), false),
        (seen(&["own.0"], 1), true),
        (seen(&["own.0"], 0), false),
        (seen(&["never"], 0), true),
        (seen(&["own.0", "own.1"], 1), false),
        (seen(&["never"], 3), false),
    ];
    let tell = |condition: &Condition, applied: bool| {
        let mut tale = Tale::begin();
        tale.write(ANA);
        tale.write(BEN);
        let update = tale.invoke_if(ANA, condition.clone());
        if applied {
            tale.apply(update);
            tale.answer(update);
        } else {
            tale.refuse(update);
        }
        tale.write(BEN);
        tale
    };
    for (condition, holds) in cases {
        assert_eq!(tell(&condition, holds).end().findings, [], "{condition:?}");
        let found = tell(&condition, !holds).end().findings;
        assert!(found.len() == 1 && found[0].guarantee == "G8", "{condition:?}: {found:?}");
    }
    // After a move to another server nobody may know that a key was never there.
    let mut tale = tell(&seen(&["never"], 0), false);
    tale.nemesis(Event::Fault { what: "SIGTERM".into(), ends: false });
    assert_eq!(tale.end().findings, []);
}

#[test]
fn g2_a_write_that_had_a_conflict_and_was_applied() {
    broken("G2", |tale| {
        let update = tale.invoke_if(ANA, Condition { revision: Some(7), ..Condition::default() });
        tale.refuse(update);
        tale.apply(update);
        tale.show(ANA);
    });
}

#[test]
fn g6_a_conflict_before_the_data_that_was_first() {
    broken("G6", |tale| {
        let update = tale.invoke_if(ANA, Condition { revision: Some(2), ..Condition::default() });
        let first = tale.invoke(BEN);
        tale.apply(first);
        tale.refuse(update);
        tale.answer(first);
    });
}

#[test]
fn g8_a_counter_that_misses_one() {
    let count = |tale: &mut Tale, page, number: u32| {
        let sequence = 10 + u64::from(number);
        let value = Json::parse(&number.to_string()).ok();
        let update = Update::new(MergeStrategy::ShallowMerge, [(COUNTER.into(), value)]);
        tale.send(page, sequence, update.clone());
        tale.updates.push((page, sequence, update));
        tale.apply(tale.updates.len() - 1);
        tale.show(ANA);
        tale.show(BEN);
        let answer = Answer::Applied(tale.position.revision);
        tale.tell(page, Event::Result { sequence, answer });
    };
    let mut tale = Tale::begin();
    count(&mut tale, ANA, 1);
    count(&mut tale, BEN, 2);
    let verdict = tale.end();
    assert_eq!(verdict.findings, []);
    let counter = verdict.totals.counter.expect("there is one");
    assert_eq!((counter.value, counter.attempts), (2, 2));
    broken("G8", |tale| {
        count(tale, ANA, 1);
        count(tale, BEN, 1);
    });
}

#[test]
fn g9_half_of_a_write() {
    broken("G9", |tale| match &mut tale.last(is_state).event {
        Event::State { pair, .. } => pair[0] = None,
        _ => unreachable!(),
    });
}

#[test]
fn g10_pages_that_do_not_become_equal() {
    broken("G10", |tale| {
        let update = tale.invoke(ANA);
        tale.apply(update);
        tale.show(BEN);
        tale.tell(ANA, Event::Failed { write: Some(3), code: "unknown".into() });
    });
    broken("G10", |tale| {
        tale.nemesis(Event::Heal);
        let late = tale.write(ANA);
        tale.answer(late);
        tale.lines.iter_mut().filter(|line| line.at > 0).for_each(|line| line.at *= 10_000);
        tale.lines.retain(|line| !matches!(line.event, Event::Acknowledged { .. }));
    });
}

#[test]
fn g13_people_who_come_twice_go_twice_or_come_back_from_the_dead() {
    let ben = || "ben".to_owned();
    broken("G13", |tale| tale.tell(ANA, Event::PersonJoined { id: ben() }));
    broken("G13", |tale| tale.tell(ANA, Event::PersonLeft { id: "cem".into() }));
    broken("G13", |tale| tale.tell(ANA, Event::PersonLeft { id: "ana".into() }));
    broken("G13", |tale| tale.tell(ANA, Event::PersonLeft { id: ben() }));
    broken("G13", |tale| {
        tale.tell(ANA, Event::PersonLeft { id: ben() });
        let began = tale.lines.len() as u64 * 1_000;
        tale.tell(BEN, Event::Reconnected { participant: ben(), began });
        tale.tell(ANA, Event::PersonJoined { id: ben() });
    });
}

#[test]
fn g17_a_write_without_end_or_with_two() {
    broken("G17", |tale| {
        tale.invoke(ANA);
    });
    broken("G17", |tale| tale.tell(ANA, Event::Acknowledged { write: 1, revision: 1, changed: true }));
    broken("G17", |tale| tale.tell(ANA, Event::Failed { write: Some(1), code: "unknown".into() }));
    broken("G17", |tale| tale.tell(BEN, Event::Stopped { why: "closed with 3500".into() }));
    broken("G17", |tale| {
        tale.tell(ANA, Event::Invoke { write: 3, kind: Kind::Batched });
        tale.tell(ANA, Event::Invoke { write: 4, kind: Kind::Flush });
        tale.tell(ANA, Event::Acknowledged { write: 4, revision: 2, changed: false });
    });
}

fn is_state(line: &Line) -> bool {
    matches!(line.event, Event::State { .. })
}
