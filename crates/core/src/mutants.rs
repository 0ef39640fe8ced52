//! Seeded bugs, one at a time, chosen at run time: a simulator that has never found one proves nothing.

use core::sync::atomic::{AtomicUsize, Ordering};

/// All of them. Each stands at the place that it breaks, as `mutant!("…")`.
pub const ALL: [&str; 48] = [
    "dedupe-skipped",
    "limit-off-by-one",
    "equal-value-takes-a-revision",
    "rejected-told-as-applied",
    "result-before-delta",
    "snapshot-before-attach",
    "epoch-reused",
    "away-for-ever",
    "stale-close-applied",
    "grace-ignored",
    "delta-after-block-skipped",
    "late-join-accepted",
    "grace-goes-on-after-resume",
    "superseded-still-speaks",
    "presence-counted-twice",
    "message-to-its-sender",
    "blocked-reader-sent-to",
    "ended-with-somebody-in-grace",
    "delete-lost-in-delta",
    "result-lost-while-blocked",
    "dedupe-table-too-short",
    "queue-without-limit",
    "chain-not-compared",
    "log-floor-off-by-one",
    "delete-lost-in-coalescing",
    "update-applied-by-half",
    "in-flight-kept-over-epoch-change",
    "pending-kept-over-epoch-change",
    "reset-not-told",
    "in-flight-sent-again-as-another",
    "message-sent-twice",
    "name-forgotten",
    "silence-not-noticed",
    "in-flight-sent-again-after-unknown",
    "expired-write-sent",
    "results-not-saved",
    "chains-not-saved",
    "log-without-limit",
    "condition-ignored",
    "condition-checked-against-a-stale-revision",
    "condition-stamped-when-sent",
    "conflict-takes-a-revision",
    "deletes-revision-forgotten",
    "patch-applied-twice-on-re-send",
    "versions-not-saved",
    "withdrawn-write-sent",
    "unanswered-join-forgotten",
    "wrong-writer-named",
];

/// The place of the chosen one in [`ALL`], plus one.
static CHOSEN: AtomicUsize = AtomicUsize::new(0);

/// Chooses a bug for the whole process; `None`, and a name that is none of [`ALL`]: the core as it should be.
pub fn set(name: Option<&str>) {
    let place = name.and_then(|name| ALL.iter().position(|other| *other == name));
    CHOSEN.store(place.map_or(0, |place| place + 1), Ordering::Relaxed);
}

pub(crate) fn is(name: &str) -> bool {
    let chosen = CHOSEN.load(Ordering::Relaxed);
    chosen > 0 && ALL.get(chosen - 1).is_some_and(|other| *other == name)
}
