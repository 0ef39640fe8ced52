//! A client whose page, network and server do anything.

use proptest::prelude::*;

use crate::checks::client::*;
use crate::checks::span::Span;
use crate::checks::update::Change;
use crate::coalesce::{any_change, any_key, any_value};
use crate::decoding::any_mangled;
use crate::session::any_span;

fn any_number() -> impl Strategy<Value = Number> {
    prop_oneof![4 => any::<u8>().prop_map(Number::Seconds), 1 => any::<u64>().prop_map(Number::Any)]
}

fn any_at() -> impl Strategy<Value = At> {
    (prop::bool::weighted(0.1), prop_oneof![4 => 0..3_i8, 1 => any::<i8>()])
        .prop_map(|(other_epoch, ahead)| At { other_epoch, ahead })
}

fn any_data() -> impl Strategy<Value = Data> {
    let since = prop_oneof![6 => Just(Since::Fitting), 3 => Just(Since::Whole), 1 => any::<u64>().prop_map(Since::Any)];
    (since, any_change()).prop_map(|(since, change)| Data { since, change })
}

fn any_message() -> impl Strategy<Value = Message> {
    let ids = || prop::collection::vec(any::<u8>(), 0..4);
    let flags = (prop::bool::weighted(0.7), prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    let numbers = (any_number(), any_number());
    let joined = (any::<u8>(), flags, any_at(), prop::option::weighted(0.8, any_data()), ids(), numbers)
        .prop_map(|(own, (resumed, forked, more), at, data, others, (sync_interval, grace))| {
            Message::Joined { own, resumed, forked, at, data, others, more, sync_interval, grace }
        });
    let sequence = prop_oneof![6 => any::<u8>().prop_map(Sequence::Unanswered), 1 => any::<u64>().prop_map(Sequence::Any)];
    let end = prop::sample::select(vec![
        End::Applied,
        End::Applied,
        End::Unchanged,
        End::TooLarge,
        End::BadData,
        End::SessionReset,
        End::OutOfOrder,
        End::Conflict,
        End::Conflict,
    ]);
    let pair = || (any::<u8>(), 0..3_u8);
    prop_oneof![
        10 => joined,
        2 => (ids(), prop::bool::weighted(0.3)).prop_map(|(ids, more)| Message::Participants { ids, more }),
        8 => (any_at(), any_data()).prop_map(|(at, data)| Message::State { at, data }),
        8 => (sequence, end).prop_map(|(sequence, end)| Message::Result { sequence, end }),
        2 => pair().prop_map(|(id, name)| Message::ParticipantJoined { id, name }),
        2 => pair().prop_map(|(id, name)| Message::ParticipantUpdated { id, name }),
        2 => any::<u8>().prop_map(|id| Message::ParticipantLeft { id }),
        1 => (any::<u8>(), any_value()).prop_map(|(from, data)| Message::App { from, data }),
        1 => any::<bool>().prop_map(Message::Refused),
        1 => any_number().prop_map(Message::GoAway),
        2 => Just(Message::Ping),
    ]
}

fn any_asked() -> impl Strategy<Value = Asked> {
    let some = (prop::option::weighted(0.3, any::<u64>()), prop::collection::vec(any_key(), 0..3))
        .prop_map(|(revision, unchanged)| Asked { revision, unchanged });
    prop_oneof![Just(Asked::default()), some]
}

fn any_step() -> impl Strategy<Value = Step> {
    let join = (any::<u8>(), prop::option::of(any_value()), any::<bool>(), any::<bool>())
        .prop_map(|(name, user_data, token, resume)| Step::Join { name, user_data, token, resume });
    let to = prop::option::of(prop::collection::vec(any::<u8>(), 0..4));
    let user = (prop::option::of(any::<u8>()), prop::option::of(any_value()));
    let closing = prop_oneof![
        4 => Just(Closing::Lost),
        2 => Just(Closing::Reconnect),
        1 => Just(Closing::Final),
        1 => any::<u16>().prop_map(Closing::Any),
    ];
    prop_oneof![
        10 => join,
        1 => Just(Step::Leave),
        8 => any_change().prop_map(Step::Update),
        12 => (any_change(), any_asked()).prop_map(|(change, asked)| Step::Write(change, asked)),
        2 => any_change().prop_map(Step::Patch),
        3 => any::<u8>().prop_map(Step::Withdraw),
        5 => (0..4_u8).prop_map(Step::Transact),
        10 => (any_change(), any_asked()).prop_map(|(change, asked)| Step::Attempt(change, asked)),
        2 => (to, any_value()).prop_map(|(to, data)| Step::App { to, data }),
        3 => user.prop_map(|(name, data)| Step::User { name, data }),
        3 => Just(Step::Wake),
        1 => Just(Step::Unload),
        1 => Just(Step::Hide),
        20 => Just(Step::Opened),
        6 => closing.prop_map(Step::Closed),
        50 => any_message().prop_map(Step::Message),
        3 => any_mangled().prop_map(Step::Mangled),
        1 => any::<String>().prop_map(Step::Text),
        15 => any_span().prop_map(Step::Wait),
        2 => any_span().prop_map(Step::Oversleep),
    ]
}

/// A join that was asked for and one that is answered like this after the time.
fn answered_after(seconds: u8, data: Option<Data>, more: bool) -> Vec<Step> {
    let join = Step::Join { name: 0, user_data: None, token: false, resume: false };
    let answer = Message::Joined {
        own: 0,
        resumed: false,
        forked: false,
        at: At { other_epoch: false, ahead: 0 },
        data,
        others: Vec::new(),
        more,
        sync_interval: Number::Seconds(1),
        grace: Number::Seconds(30),
    };
    vec![join, Step::Opened, wait(seconds), Step::Message(answer)]
}

fn wait(seconds: u8) -> Step {
    Step::Wait(Span { factor: seconds, exponent: 10 })
}

// The next two were found by the property below.

#[test]
fn a_client_that_waits_for_the_rest_of_a_join_sleeps() {
    let mut steps = answered_after(25, None, true);
    steps.push(wait(20));
    run(&Run { seed: 0, steps });
}

#[test]
fn a_join_answer_that_does_not_lead_on_from_what_the_client_has_is_not_taken() {
    let change = Change { replace: false, members: Vec::new() };
    for data in [None, Some(Data { since: Since::Any(9), change })] {
        run(&Run { seed: 0, steps: answered_after(0, data, false) });
    }
}

/// A join answer that a client can take.
fn fitting_answer() -> impl Strategy<Value = Step> {
    let since = prop_oneof![Just(Since::Fitting), Just(Since::Whole)];
    let data = (since, any_change()).prop_map(|(since, change)| Data { since, change });
    let flags = (prop::bool::weighted(0.7), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    (data, flags, 0..3_i8).prop_map(|(data, (resumed, forked, other_epoch), ahead)| {
        Step::Message(Message::Joined {
            own: 0,
            resumed,
            forked,
            at: At { other_epoch, ahead },
            data: Some(data),
            others: vec![0, 1],
            more: false,
            sync_interval: Number::Seconds(1),
            grace: Number::Seconds(30),
        })
    })
}

/// Steps that belong together more often than chance would have it: a join that succeeds, and a connection that is lost
/// and comes back, perhaps to another session.
fn any_scene() -> impl Strategy<Value = Vec<Step>> {
    let steps = || prop::collection::vec(any_step(), 0..4);
    let join = Step::Join { name: 0, user_data: None, token: false, resume: false };
    let first = (fitting_answer(), steps())
        .prop_map(move |(answer, then)| [vec![join.clone(), Step::Opened, answer], then].concat());
    let again = (steps(), 0..20_u8, fitting_answer()).prop_map(|(meanwhile, seconds, answer)| {
        let lost = vec![Step::Closed(Closing::Lost)];
        [lost, meanwhile, vec![wait(seconds), Step::Opened, answer]].concat()
    });
    prop_oneof![2 => first, 2 => again, 12 => any_step().prop_map(|step| vec![step])]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_client_never_contradicts_itself_whatever_comes_in(
        seed in any::<u64>(),
        scenes in prop::collection::vec(any_scene(), 1..40),
    ) {
        run(&Run { seed, steps: scenes.concat() });
    }
}
