//! One session beside its model: every input goes to both, and they must agree.

use std::collections::BTreeSet;
use std::time::Duration;

use meeting_session_core::position::{Epoch, Position};
use meeting_session_core::protocol::*;
use meeting_session_core::session::{
    Admission, ConnectionId, Frame, SavedSession, SessionConfig, SessionOutput,
};
use meeting_session_core::{Instant, MergeStrategy, Session};

use super::Server;
use crate::checks::{Ledger, in_turn};
use crate::model::{Author, Decision, Expected, History, Members};
use crate::totals::Totals;
use crate::violation::{Checked, ensure};

/// No more may wait for one reader; an answer has less than 100 bytes.
const WAITING_FRAMES: usize = limits::QUEUED_EVENTS + limits::QUEUED_RESULTS;
const WAITING_BYTES: usize = limits::QUEUED_EVENT_BYTES + 100 * limits::QUEUED_RESULTS;

/// No log may be larger: names of keys, 64 bytes an update, and the chains.
const LOG_MAX: usize = limits::LOG_KEY_BYTES + 64 * limits::LOG_UPDATES + 8 * limits::LOG_CHAINS;

/// What can happen to a session.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    Join {
        connection: ConnectionId,
        join: Box<Join>,
        admission: Admission,
    },
    Message {
        connection: ConnectionId,
        message: Result<ClientMessage, DecodeError>,
    },
    Disconnected(ConnectionId),
    Blocked(ConnectionId),
    Writable(ConnectionId),
    /// The server stops.
    GoAway {
        spread: Duration,
        offset: Duration,
    },
    /// Another server has read what this one had written that long ago.
    Restart {
        ago: Duration,
    },
    Timeout,
}

/// A session and what it must be.
#[derive(Debug)]
pub(crate) struct Host {
    session: Session,
    pub(crate) history: History,
    pub(crate) members: Members,
    blocked: BTreeSet<ConnectionId>,
    /// When changes were last sent to more than one who is answered at once.
    shared_at: Option<Instant>,
    begun: (Instant, SessionConfig),
    /// Everything that happened so far, where the run may roll the session back.
    journal: Option<Vec<(Instant, Input)>>,
    /// Whether the session has said that it is over.
    pub(crate) ended: bool,
    /// The time of the timer that is set, if one is.
    pub(crate) timer: Option<Instant>,
}

impl Host {
    pub(crate) fn new(now: Instant, epoch: Epoch, config: SessionConfig, journalled: bool) -> Self {
        let session = Session::new(now, epoch, config);
        Self {
            history: History::new(session.position()),
            session,
            members: Members::new(config.grace),
            blocked: BTreeSet::new(),
            shared_at: None,
            begun: (now, config),
            journal: journalled.then(Vec::new),
            ended: false,
            timer: None,
        }
    }

    /// The same session at its very beginning.
    pub(crate) fn restored(&self) -> Self {
        Self::new(self.begun.0, self.history.epoch(), self.begun.1, self.journal.is_some())
    }

    pub(crate) fn position(&self) -> Position {
        self.session.position()
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.session.poll_timeout()
    }

    pub(crate) fn into_history(self) -> History {
        self.history
    }

    pub(crate) fn journal(&self) -> &[(Instant, Input)] {
        self.journal.as_deref().unwrap_or_default()
    }

    /// Lets something happen to the session, checks what comes of it, and returns what it wants done.
    pub(crate) fn turn(
        &mut self,
        now: Instant,
        input: Input,
        ledger: &mut Ledger,
        totals: &mut Totals,
    ) -> Checked<Vec<SessionOutput>> {
        if let Some(journal) = &mut self.journal {
            journal.push((now, input.clone()));
        }
        let before = self.members.connections();
        let mut expected = Vec::new();
        let outputs = match &input {
            Input::Join { connection, join, admission } => {
                let who = self.members.expect(join);
                self.session.join(now, *connection, (**join).clone(), admission.clone());
                let outputs = self.outputs();
                self.check_join(*connection, join, admission, &who, &outputs, totals)?;
                outputs
            }
            Input::Message { connection, message } => {
                let heard = self.members.said(*connection, *message == Ok(ClientMessage::Away));
                let author = self.members.author(*connection);
                if heard && *message == Ok(ClientMessage::Leave) {
                    expected.extend(self.members.left(*connection));
                }
                self.session.receive(now, *connection, message.clone());
                let outputs = self.outputs();
                if let (Ok(ClientMessage::Update(request)), Some(author)) = (&message, author) {
                    let decided = self.decide(now, &author, request, ledger, totals)?;
                    self.check_answer(*connection, request, decided, &outputs)?;
                }
                ensure!(
                    heard || outputs.is_empty(),
                    "G13",
                    "connection {} speaks for nobody any more and got {outputs:?}",
                    connection.0
                );
                outputs
            }
            Input::Disconnected(connection) => {
                self.members.lost(now, *connection);
                self.blocked.remove(connection);
                self.session.disconnected(now, *connection);
                self.outputs()
            }
            Input::Blocked(connection) => {
                if before.contains(connection) {
                    self.blocked.insert(*connection);
                }
                self.session.blocked(now, *connection);
                self.outputs()
            }
            Input::Writable(connection) => {
                self.blocked.remove(connection);
                self.session.writable(now, *connection);
                self.outputs()
            }
            Input::GoAway { spread, offset } => {
                self.session.go_away(now, *spread, *offset);
                self.outputs()
            }
            Input::Restart { ago } => {
                self.restart(now, *ago)?;
                if self.ended {
                    return Ok(Vec::new());
                }
                Vec::new()
            }
            Input::Timeout => {
                expected.extend(self.members.expire(now));
                self.session.handle_timeout(now);
                self.outputs()
            }
        };
        self.check_gathering(now, &input, &outputs)?;
        self.check_outputs(now, &outputs, &before, &expected, totals)?;
        self.history.follow(self.session.position())?;
        self.check_memory(totals)?;
        if matches!(input, Input::Message { message: Ok(ClientMessage::Update(_)), .. }) {
            self.check_data()?;
        }
        Ok(outputs)
    }

    /// Writes the session down as a server does that stops, and reads it again as the next one does.
    fn restart(&mut self, now: Instant, ago: Duration) -> Checked {
        let saved_at = Instant::from_millis(now.as_millis().saturating_sub(ago.as_millis() as u64));
        let text = serde_json::to_string(&self.session.save(saved_at)).unwrap_or_default();
        let saved: Result<SavedSession, _> = serde_json::from_str(&text);
        ensure!(saved.is_ok(), "G3", "what a server wrote cannot be read: {text}");
        let restored = saved.ok().and_then(|saved| Session::restore(now, saved, ago, self.begun.1));
        for connection in self.members.connections() {
            self.members.cut_off(saved_at, connection);
        }
        self.members.expire(now);
        self.blocked.clear();
        ensure!(
            restored.is_none() == (self.members.len() == 0),
            "G14",
            "of {:?} the next server restored {restored:?}",
            self.members.ids()
        );
        match restored {
            Some(session) => {
                self.session = session;
                self.shared_at = None;
                self.history.restarted();
            }
            None => self.ended = true,
        }
        Ok(())
    }

    fn outputs(&mut self) -> Vec<SessionOutput> {
        std::iter::from_fn(|| self.session.poll_output()).collect()
    }

    fn decide(
        &mut self,
        now: Instant,
        author: &Author,
        request: &UpdateRequest,
        ledger: &mut Ledger,
        totals: &mut Totals,
    ) -> Checked<Option<UpdateResult>> {
        let mut doubtful = false;
        let conflicts = || {
            doubtful = true;
            is_conflict(&self.session.save(now), author, request.sequence)
        };
        let (decision, change) = self.history.decide(author, Server::when(now), request, conflicts);
        if doubtful {
            totals.count("conditions about what the log may have forgotten");
        }
        let Decision::New(result) = decision else { return Ok(None) };
        let markers = change.markers();
        if let UpdateResult::Applied(revision) = result {
            self.history.in_call_order(&author.instance, &markers)?;
            if let (Some(before), Some(after)) = (self.history.at(revision - 1), self.history.at(revision)) {
                in_turn(&change, before, after)?;
            }
            if change.strategy == MergeStrategy::MergePatch {
                totals.count("patches applied");
            }
        }
        if request.condition.is_some() {
            let conflict = matches!(result, UpdateResult::Rejected(Rejection::Conflict(_)));
            totals.count(if conflict { "conditions that did not hold" } else { "conditions that held" });
        }
        ledger.decided(&markers, &author.instance, self.history.epoch(), result)?;
        Ok(Some(result))
    }

    /// Checks that who writes on a condition is answered at once, and truly.
    fn check_answer(
        &self,
        connection: ConnectionId,
        request: &UpdateRequest,
        decided: Option<UpdateResult>,
        outputs: &[SessionOutput],
    ) -> Checked {
        let closed = |output: &SessionOutput| matches!(output, SessionOutput::Close { connection: to, .. } if *to == connection);
        if !request.condition.is_some() || self.blocked.contains(&connection) || outputs.iter().any(closed) {
            return Ok(());
        }
        let answer = outputs.iter().find_map(|output| match output {
            SessionOutput::Send { connection: to, frame } if *to == connection => {
                answer(frame, request.sequence)
            }
            _ => None,
        });
        ensure!(
            answer.is_some() && (decided.is_none() || decided == answer),
            "G8",
            "connection {} wrote on {:?}, was answered {answer:?}, and should have been {decided:?}",
            connection.0,
            request.condition
        );
        Ok(())
    }

    /// Checks that changes are gathered for a moment for all but those who are answered at once.
    fn check_gathering(&mut self, now: Instant, input: &Input, outputs: &[SessionOutput]) -> Checked {
        let at_once = match input {
            Input::Message { connection, message: Ok(ClientMessage::Update(request)) } => {
                request.condition.is_some().then_some(*connection)
            }
            _ => None,
        };
        let shared = outputs.iter().any(|output| match output {
            SessionOutput::Send { connection, frame } => {
                Some(*connection) != at_once && frame.starts_with("{\"type\":\"state\"")
            }
            _ => false,
        });
        if shared {
            let before = self.shared_at.replace(now);
            ensure!(
                before.is_none_or(|before| now.since(before) >= limits::CONFLATION_INTERVAL),
                "G8",
                "changes were sent to all at {before:?} and at {now:?}"
            );
        }
        Ok(())
    }

    /// Checks what is kept for each blocked reader, and for those who come back.
    fn check_memory(&self, totals: &mut Totals) -> Checked {
        for connection in &self.blocked {
            let (frames, bytes) = self.session.waiting(*connection);
            totals.most("most frames that waited for one reader", frames as u64);
            totals.most("most bytes that waited for one reader", bytes as u64);
            ensure!(
                frames <= WAITING_FRAMES && bytes <= WAITING_BYTES,
                "G15",
                "{frames} frames of {bytes} bytes wait for connection {}",
                connection.0
            );
        }
        let log = self.session.log_bytes();
        totals.most("most bytes in one log", log as u64);
        ensure!(log <= LOG_MAX, "G15", "the log has {log} bytes");
        Ok(())
    }

    fn check_data(&self) -> Checked {
        let data = self.history.data();
        let same = self.session.data().iter().map(|(key, value)| (key, value.as_str()));
        ensure!(
            same.eq(data.iter().map(|(key, value)| (&**key, &**value))),
            "G5",
            "the session's data at revision {} is {} and should be {data:?}",
            self.history.revision(),
            self.session.data().to_text()
        );
        Ok(())
    }

    /// Checks who a join was taken for and what it was told.
    fn check_join(
        &mut self,
        connection: ConnectionId,
        join: &Join,
        admission: &Admission,
        who: &Expected,
        outputs: &[SessionOutput],
        totals: &mut Totals,
    ) -> Checked {
        let joined = outputs.iter().find_map(|output| match output {
            SessionOutput::Send { connection: to, frame } if *to == connection => {
                match ServerMessage::decode(frame) {
                    Some(ServerMessage::Joined(joined)) => Some(joined),
                    _ => None,
                }
            }
            _ => None,
        });
        let Some(joined) = joined else {
            ensure!(*who == Expected::Stale, "G13", "a join of {who:?} was not answered: {outputs:?}");
            totals.count("late joins turned away");
            return Ok(());
        };
        let (id, resumed) = match who {
            Expected::Stale => (None, false),
            Expected::Known(id) => {
                let same = || self.members.instance_of_participant(id) == Some(&*join.instance);
                (Some(id), join.resume.as_ref().map_or_else(same, |resume| resume.participant == *id))
            }
            Expected::New => (Some(&admission.participant), false),
        };
        ensure!(
            Some(&joined.participant) == id && joined.resumed == resumed,
            "G13",
            "a join that is {who:?} became {:?}, resumed: {}",
            joined.participant,
            joined.resumed
        );
        let superseded = self.members.joined(joined.participant.clone(), connection, join, joined.secret);
        if let Some(old) = superseded {
            totals.count("connections superseded");
            self.blocked.remove(&old);
            let closed = SessionOutput::Close { connection: old, code: CloseCode::SUPERSEDED };
            ensure!(outputs.contains(&closed), "G13", "connection {} was not told that it is over", old.0);
        }
        totals.count(if resumed { "resumes" } else { "joins" });
        let had = join.resume.as_ref().and_then(|resume| resume.position).filter(|_| resumed);
        let fits = had.filter(|had| self.history.contains(*had));
        ensure!(joined.position == self.session.position(), "G5", "a join was told another position");
        match joined.state {
            Some(StateChange { since: None, .. }) => totals.count("join answers: snapshot"),
            Some(StateChange { since: Some(since), .. }) => {
                totals.count("join answers: delta");
                let from = fits.is_some_and(|had| had.revision == since);
                ensure!(from, "G3", "a delta since {since} was sent to a client at {had:?}");
            }
            None => {
                totals.count("join answers: nothing new");
                ensure!(fits == Some(joined.position), "G3", "no data was sent to a client at {had:?}");
            }
        }
        Ok(())
    }

    /// Checks who is told what, who has left, and whether the session is over.
    fn check_outputs(
        &mut self,
        now: Instant,
        outputs: &[SessionOutput],
        before: &BTreeSet<ConnectionId>,
        expected: &[ParticipantId],
        totals: &mut Totals,
    ) -> Checked {
        for output in outputs {
            match output {
                SessionOutput::Send { connection, frame } => {
                    let listens =
                        before.contains(connection) || self.members.connections().contains(connection);
                    ensure!(listens, "G13", "connection {} is nobody's and was sent {frame}", connection.0);
                    ensure!(
                        !self.blocked.contains(connection),
                        "G15",
                        "connection {} is blocked and was sent {frame}",
                        connection.0
                    );
                    if let Some(ServerMessage::ParticipantLeft(id)) = decode_left(frame) {
                        ensure!(
                            expected.contains(&id) || !self.members.ids().contains(&id),
                            "G13",
                            "{id:?} was said to have left and is still there"
                        );
                    }
                }
                SessionOutput::Close { connection, code } => {
                    self.blocked.remove(connection);
                    self.members.lost(now, *connection);
                    totals.count(closed_with(*code));
                }
                SessionOutput::Ended => {
                    ensure!(!self.ended, "G14", "the session ended twice");
                    self.ended = true;
                    totals.count("sessions ended");
                }
            }
        }
        let (members, count) = (self.members.len(), self.session.participant_count());
        ensure!(
            members == count,
            "G13",
            "the session counts {count} participants and should have {:?}",
            self.members.ids()
        );
        ensure!(
            self.ended == (members == 0),
            "G14",
            "with {members} participants the session has ended: {}",
            self.ended
        );
        Ok(())
    }
}

/// Whether a session, as it would be written down, has answered an operation with a conflict.
fn is_conflict(saved: &SavedSession, author: &Author, sequence: u64) -> bool {
    let saved = serde_json::to_value(saved).unwrap_or_default();
    let members = saved["members"].as_array().into_iter().flatten();
    let own = members.filter(|member| member["id"] == *author.participant.0);
    let results = own.flat_map(|member| member["results"].as_array().into_iter().flatten());
    let answer = results.filter_map(|result| result.as_str()).find_map(|frame| answer(frame, sequence));
    matches!(answer, Some(UpdateResult::Rejected(Rejection::Conflict(_))))
}

/// What a frame answers to an operation, if it does.
fn answer(frame: &str, operation: u64) -> Option<UpdateResult> {
    match frame.starts_with("{\"type\":\"result\"").then(|| ServerMessage::decode(frame))? {
        Some(ServerMessage::Result { sequence, result }) if sequence == operation => Some(result),
        _ => None,
    }
}

/// Decodes a frame if it tells of somebody who left; decoding all of them would take most of the time.
fn decode_left(frame: &Frame) -> Option<ServerMessage> {
    frame.starts_with("{\"type\":\"participant-left\"").then(|| ServerMessage::decode(frame)).flatten()
}

fn closed_with(code: CloseCode) -> &'static str {
    match code {
        CloseCode::NORMAL => "closed: left",
        CloseCode::SLOW_READER => "closed: slow reader",
        CloseCode::SILENT => "closed: silent",
        CloseCode::SUPERSEDED => "closed: superseded",
        CloseCode::STALE_JOIN => "closed: late join",
        CloseCode::BAD_MESSAGE => "closed: bad message",
        _ => "closed: otherwise",
    }
}
