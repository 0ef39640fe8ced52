//! A number that everybody adds one to has, in the end, as many as were acknowledged (G8).

use std::collections::BTreeMap;

use meeting_session_core::protocol::{ClientMessage, UpdateRequest};

use super::{Counter, Verdict};
use crate::history::{Answer, Event, Line, PageId};
use crate::page::COUNTER;

pub(super) fn check(by_page: &BTreeMap<PageId, Vec<&Line>>, verdict: &mut Verdict) {
    let mut tries = BTreeMap::new();
    let (mut value, mut applied, mut first, mut last) = (0, 0, u64::MAX, 0);
    for (page, lines) in by_page {
        for line in lines {
            match &line.event {
                Event::Sent { frame, .. } => {
                    let Ok(ClientMessage::Update(UpdateRequest { sequence, update, .. })) =
                        ClientMessage::decode(frame)
                    else {
                        continue;
                    };
                    let Some(Some(next)) = update.change(COUNTER) else { continue };
                    tries.insert((*page, sequence), next.as_str().parse::<u64>().unwrap_or_default());
                    first = line.at.min(first);
                }
                Event::Result { sequence, answer: Answer::Applied(_) } => {
                    if let Some(next) = tries.get(&(*page, *sequence)) {
                        applied += 1;
                        value = value.max(*next);
                        last = line.at.max(last);
                    }
                }
                _ => {}
            }
        }
    }
    if tries.is_empty() {
        return;
    }
    if value != applied {
        verdict.find("G8", format!("{applied} times one was added, and the number is {value}"));
    }
    let attempts = tries.len() as u64;
    verdict.totals.counter = Some(Counter { value, attempts, took: last.saturating_sub(first) });
}
