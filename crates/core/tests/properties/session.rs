//! A session with any clients, any network and any owner that keeps to the rules.

use proptest::prelude::*;

use crate::checks::session::*;
use crate::checks::span::Span;
use crate::checks::update::{Change, Key, Value};
use crate::coalesce::{any_change, any_key, any_value};
use crate::decoding::any_mangled;

pub(crate) fn any_span() -> impl Strategy<Value = Span> {
    (any::<u8>(), 0..11_u8).prop_map(|(factor, exponent)| Span { factor, exponent })
}

fn any_pick() -> impl Strategy<Value = Pick> {
    any::<u8>().prop_map(Pick)
}

fn any_joining() -> impl Strategy<Value = Joining> {
    let attempt = prop_oneof![
        8 => Just(Attempt::Next),
        1 => Just(Attempt::Repeated),
        1 => any::<u64>().prop_map(Attempt::Any),
    ];
    let resume = prop_oneof![8 => Just(Resuming::Right), 1 => Just(Resuming::Wrong), 1 => Just(Resuming::No)];
    let claim = prop_oneof![
        8 => Just(Claim::Own),
        2 => Just(Claim::None),
        2 => any::<i8>().prop_map(Claim::Lie),
        1 => Just(Claim::OtherEpoch),
    ];
    let flaw = prop_oneof![
        any::<u32>().prop_map(Flaw::Version),
        any::<String>().prop_map(Flaw::Instance),
        Just(Flaw::Name),
        Just(Flaw::UserData),
        Just(Flaw::Token),
    ];
    let before =
        (prop::option::weighted(0.7, any::<u8>()), prop::bool::weighted(0.7), attempt, resume, claim);
    let user = (0..3_u8, prop::option::weighted(0.3, any_value()), prop::option::weighted(0.05, flaw));
    (before, user).prop_map(|((after, same_instance, attempt, resume, position), (name, user_data, flaw))| {
        Joining { after, same_instance, attempt, resume, position, name, user_data, flaw }
    })
}

fn any_seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        12 => Just(Seen::Own(0)),
        3 => (-3..3_i16).prop_map(Seen::Own),
        3 => (-600..0_i16).prop_map(Seen::Own),
        1 => any::<u64>().prop_map(Seen::Any),
    ]
}

fn any_asked() -> impl Strategy<Value = Asked> {
    let revision = prop::option::weighted(0.2, any_seen());
    (revision, prop::collection::vec(any_key(), 0..4), any_seen())
        .prop_map(|(revision, unchanged, seen)| Asked { revision, unchanged, seen })
}

fn any_saying() -> impl Strategy<Value = Saying> {
    let sequence = prop_oneof![
        16 => Just(Sequence::Next),
        4 => (0..12_u8).prop_map(Sequence::Again),
        1 => any::<u64>().prop_map(Sequence::Any),
    ];
    let asked = prop_oneof![1 => Just(Asked::default()), 1 => any_asked()];
    let update = (sequence, prop::bool::weighted(0.05), any_change(), prop::bool::weighted(0.25), asked)
        .prop_map(|(sequence, other_epoch, change, patch, asked)| Saying::Update {
            sequence,
            other_epoch,
            change,
            patch,
            asked,
        });
    let full = (-1..2_i8).prop_map(|more| {
        let change = Change { replace: true, members: vec![(Key::Usual(0), Some(Value::Full(more)))] };
        Saying::Update {
            sequence: Sequence::Next,
            other_epoch: false,
            change,
            patch: false,
            asked: Asked::default(),
        }
    });
    let user = (prop::option::of(any::<u8>()), prop::option::of(any_value()))
        .prop_map(|(name, data)| Saying::User { name, data });
    let to = prop::option::of(prop::collection::vec(any::<u8>(), 0..4));
    prop_oneof![
        24 => update,
        1 => full,
        3 => user,
        4 => (to, any_value()).prop_map(|(to, data)| Saying::App { to, data }),
        1 => Just(Saying::Pong),
        2 => Just(Saying::Away),
        2 => Just(Saying::Leave),
        1 => Just(Saying::Join),
        4 => any_mangled().prop_map(Saying::Mangled),
        1 => any::<String>().prop_map(Saying::Text),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let many = || prop_oneof![4 => 0..240_u8, 1 => 240..=255_u8].prop_map(Many);
    prop_oneof![
        40 => any_joining().prop_map(Step::Join),
        5 => any_mangled().prop_map(Step::First),
        100 => (any_pick(), any_saying()).prop_map(|(pick, saying)| Step::Say(pick, saying)),
        4 => (any_pick(), many()).prop_map(|(pick, count)| Step::Burst(pick, count)),
        1 => many().prop_map(Step::Crowd),
        5 => any_pick().prop_map(Step::Heard),
        20 => any_pick().prop_map(Step::Disconnect),
        15 => any_pick().prop_map(Step::Block),
        10 => any_pick().prop_map(Step::Unblock),
        3 => (any_span(), any_span()).prop_map(|(spread, offset)| Step::GoAway { spread, offset }),
        5 => Just(Step::Save),
        5 => any_span().prop_map(|ago| Step::Restore { ago }),
        40 => any_span().prop_map(Step::Wait),
        5 => any_span().prop_map(Step::Oversleep),
    ]
}

/// Was found by the property below.
#[test]
fn user_data_that_is_null_survives_a_restart() {
    let null = Joining { user_data: Some(Value::NULL), ..Joining::new_client() };
    let (grace, ago) = (Span { factor: 30, exponent: 10 }, Span { factor: 0, exponent: 0 });
    let steps = vec![Step::Join(null), Step::Restore { ago }, Step::Join(Joining::new_client())];
    run(&Run { grace, steps });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn a_session_keeps_its_promises_whatever_comes_in(
        grace in any_span(),
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        run(&Run { grace, steps });
    }
}
