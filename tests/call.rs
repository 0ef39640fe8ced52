//! Daily's face over the real module and a real server, in a browser. The tests are JavaScript: `tests/browser`.

#![cfg(target_arch = "wasm32")]

use meeting_session_state::{Page, SessionClient};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

const SERVER_URL: &str = match option_env!("MEETING_SESSION_TEST_URL") {
    Some(url) => url,
    None => "ws://127.0.0.1:7899",
};

/// Has files served to the page, each under its own path, so that they can import one another.
macro_rules! serve {
    ($($file:tt)*) => {$(
        const _: () = {
            #[wasm_bindgen(module = $file)]
            extern "C" {
                type Unused;
            }
        };
    )*};
}

serve! {
    "/js/address.js"
    "/js/call.js"
    "/js/convert.js"
    "/js/draft.js"
    "/js/emitter.js"
    "/js/errors.js"
    "/js/identity.js"
    "/js/page.js"
    "/js/shallow.js"
    "/js/subscribe.js"
    "/tests/browser/checks.js"
    "/tests/browser/conditions.js"
    "/tests/browser/connection.js"
    "/tests/browser/data.js"
    "/tests/browser/emitter.js"
    "/tests/browser/leaks.js"
    "/tests/browser/lifecycle.js"
    "/tests/browser/limits.js"
    "/tests/browser/people.js"
    "/tests/browser/reentrancy.js"
    "/tests/browser/run.js"
    "/tests/browser/state.js"
    "/tests/browser/subscriptions.js"
    "/tests/browser/support.js"
    "/tests/browser/transactions.js"
    "/tests/browser/writes.js"
}

#[wasm_bindgen(module = "/tests/browser/run.js")]
extern "C" {
    /// Runs a test that a file in `tests/browser` exports, with what the JavaScript cannot know.
    #[wasm_bindgen(catch)]
    async fn run(
        file: &str,
        test: &str,
        server_url: &str,
        connect: &Closure<dyn Fn(Page) -> SessionClient>,
        memory: &JsValue,
    ) -> Result<(), JsValue>;
}

/// Makes a test of each that the files in `tests/browser` export.
macro_rules! tests {
    ($($file:ident { $($test:ident)* })*) => {$(
        mod $file {
            use super::*;
            use wasm_bindgen_test::wasm_bindgen_test;

            $(
                #[wasm_bindgen_test]
                async fn $test() -> Result<(), JsValue> {
                    let connect = Closure::new(SessionClient::new);
                    run(stringify!($file), stringify!($test), SERVER_URL, &connect, &wasm_bindgen::memory()).await
                }
            )*
        }
    )*};
}

tests! {
    checks {
        a_call_that_is_not_joined_refuses_every_write
        unknown_strategies_are_refused_before_the_data_is_looked_at
        without_a_strategy_data_is_replaced
        only_plain_objects_are_data
        what_an_own_tojson_makes_must_be_a_plain_object_too
        objects_without_a_prototype_are_data
        data_that_json_cannot_say_is_refused
        whatever_is_thrown_while_data_is_read_ends_up_in_the_message
        a_key_with_half_a_surrogate_pair_is_refused
        proxies_that_throw_do_not_wedge_the_call
        data_that_throws_only_when_it_is_read_again_is_written
        data_that_writes_while_it_is_read_keeps_the_order
        what_json_changes_is_said_in_a_warning
        what_json_does_not_change_is_written_in_silence
        undefined_under_replace_vanishes_with_a_warning
        functions_at_the_top_vanish_under_replace_and_are_refused_under_merge
        long_data_is_not_compared
    }

    data {
        values_arrive_as_they_are
        the_order_of_nested_keys_stays
        minus_zero_becomes_zero_as_in_json
        data_nests_a_thousand_levels_deep
        data_nests_as_deep_as_8_kb_of_brackets
        five_thousand_keys_arrive
        data_that_is_a_proxy_is_written
        an_own_tojson_says_what_is_written
        what_is_written_is_a_copy
        any_key_is_plain_data
        any_key_can_be_merged_and_deleted
        keys_with_escapes_are_told_apart
        the_same_text_in_another_unicode_form_is_another_key
        replace_leaves_nothing_of_what_was
        merge_replaces_nested_objects_as_a_whole
        undefined_under_merge_deletes_and_null_does_not
        nested_undefined_only_vanishes
        an_empty_merge_is_not_even_sent
        merges_of_several_writers_commute
    }

    limits {
        ascii_at_the_limit
        two_byte_letters_count_one
        three_byte_letters_count_one
        emoji_count_two
        half_surrogate_pairs_count_as_their_escapes
        escapes_count_as_they_are_written
        keys_count_too
        deleted_keys_do_not_count
        far_too_much_is_refused_and_the_call_goes_on
        a_merged_result_over_the_limit_is_told_to_the_writer_and_changes_nothing
        a_merged_result_at_the_limit_is_taken
        a_write_that_makes_a_batch_too_large_is_refused_alone
        writes_that_no_frame_can_hold_together_are_refused_and_the_connection_kept
        deletes_that_no_frame_can_hold_are_refused_and_the_connection_kept
    }

    state {
        the_state_can_only_be_read_in_a_meeting
        the_state_is_the_same_object_until_it_changes
        the_event_carries_the_whole_state
        values_that_stay_keep_their_identity
        writing_what_is_there_changes_nothing
        one_who_joins_later_finds_the_state
        a_session_that_everybody_left_is_gone
        the_first_write_goes_at_once_and_the_rest_together_after_a_second
        a_batch_does_what_its_writes_would_have_done
        after_a_quiet_second_a_write_goes_at_once_again
        leaving_sends_what_waits
    }

    emitter {
        methods_return_the_call
        handlers_are_called_in_order_with_the_call_as_this
        a_handler_added_twice_is_called_twice_and_removed_one_by_one
        off_removes_the_one_added_last
        off_of_what_is_not_there_is_harmless
        once_is_once_and_off_removes_it
        once_is_once_even_if_it_emits_its_own_event
        handlers_must_be_functions
        any_name_is_accepted
        handlers_are_counted_and_listed
        handlers_added_or_removed_during_an_event_count_from_the_next_one
        removing_all_during_an_event_still_calls_those_it_began_with
        a_handler_that_throws_is_reported_and_does_not_stop_the_others
        a_handler_that_rejects_is_the_business_of_the_browser
        an_error_that_nobody_listens_to_does_not_throw
        every_event_says_its_name_and_its_call
    }

    reentrancy {
        handlers_may_read_everything_in_every_event
        handlers_may_add_and_remove_handlers_in_every_event
        handlers_may_write_and_send_in_every_event
        events_caused_by_a_handler_come_after_those_under_way
        handlers_may_leave_in_every_event
        handlers_may_destroy_in_every_event
        a_handler_of_the_end_may_join_again
        joining_from_inside_the_events_of_a_join_only_warns
        destroying_from_inside_the_end_is_once
        data_that_leaves_while_it_is_read_does_no_harm
        a_handler_that_writes_on_every_change_stays_within_the_interval
    }

    lifecycle {
        a_new_call_is_outside
        a_joined_call_is_inside
        joining_tells_its_events_in_order_and_the_state_fits_each
        the_payloads_of_a_join
        joining_again_while_joining_or_joined_warns_and_does_nothing
        joining_without_an_address_is_refused
        an_address_that_is_none_is_refused_with_an_example
        every_form_of_an_address_leads_to_the_session
        unknown_options_are_ignored_with_a_warning
        options_of_a_wrong_type_are_refused
        a_second_join_uses_the_options_of_the_first
        leaving_a_new_call_tells_it_at_once
        leaving_a_meeting_resets_the_call
        leaving_twice_at_once_is_leaving_once
        leaving_while_joining_rejects_the_join
        destroying_leaves_first_and_then_ends_the_call
        destroying_in_any_state_is_once
        a_destroyed_call_cannot_join_and_its_other_methods_do_no_harm
        pending_writes_survive_destroying
    }

    connection {
        a_lost_connection_comes_back_by_itself
        what_is_done_while_the_connection_is_lost_is_done_afterwards
        a_write_that_was_lost_on_the_way_is_applied_once
        the_network_coming_back_is_tried_at_once
        a_final_close_ends_the_call_with_an_error
        a_handler_of_an_error_may_join_again
        a_join_that_fails_rejects_with_the_error_event
        nobody_at_the_address_is_tried_again_until_the_call_is_left
        nonsense_from_the_server_is_ignored
        a_gap_in_the_revisions_is_healed_by_a_new_snapshot
        a_snapshot_over_data_that_nests_too_deep_to_compare_is_followed
    }

    people {
        participants_have_dailys_shape
        participants_come_and_go_with_their_events
        a_participant_that_changes_is_a_new_object
        setting_name_and_data_resolves_to_what_was_set
        what_is_set_outside_a_meeting_is_said_when_joining
        names_have_256_units_and_data_4096
        names_and_data_that_cannot_be_sent_are_refused
        leaving_rejects_what_is_not_set_yet
        messages_go_to_whom_they_are_for_and_never_to_the_sender
        messages_are_any_json
        messages_have_4096_units
        messages_that_cannot_be_sent_are_refused
        messages_are_refused_outside_a_meeting
    }

    leaks {
        two_hundred_meetings_leave_nothing_behind
        calls_that_never_join_leave_nothing_behind
        writes_leave_nothing_behind
        listeners_of_the_page_are_there_only_while_joined
        freeing_a_joined_client_closes_its_socket_and_ends_its_timers
        freeing_a_client_that_waits_to_reconnect_ends_that
        leaving_early_leaves_no_socket_behind
    }
    writes {
        a_write_is_answered_after_its_event
        a_write_that_changes_nothing_says_so
        writes_are_sent_at_once_and_in_order
        what_was_set_before_is_sent_before
        a_refused_write_changes_nothing
        arguments_are_checked_as_for_setting
        every_write_ends_when_the_call_does
        flushing_waits_for_all_that_was_set
        a_flush_is_no_write_that_could_be_unsaved
        an_error_says_what_it_is
    }

    conditions {
        a_write_may_depend_on_the_revision
        a_write_may_depend_on_keys_that_are_there_gone_or_were_never_there
        a_conflict_says_what_is_there_and_who_was_first
        ones_own_writes_under_way_are_changes_too
        conditions_are_checked
        a_merge_patch_reaches_into_nested_objects
        daily_s_own_method_knows_only_daily_s_strategies
        a_signal_withdraws_what_was_not_sent
        a_signal_that_comes_after_the_end_is_too_late_for_anything
        an_event_says_what_was_changed_and_by_whom
        what_is_not_saved_is_counted
    }

    transactions {
        a_transaction_writes_what_its_function_changes
        a_transaction_that_changes_nothing_sends_nothing
        transactions_of_several_lose_nothing
        transactions_on_different_keys_do_not_meet
        after_so_many_attempts_it_is_a_conflict
        what_cannot_be_a_transaction_is_refused
        transactions_of_one_call_take_their_turns
        a_transaction_never_reaches_another_meeting
        data_that_nests_too_deep_to_copy_does_no_harm
        a_signal_ends_a_transaction_between_its_attempts
        a_signal_ends_a_transaction_that_waits_for_its_turn
        a_transaction_is_not_saved_before_its_end_and_a_flush_waits_for_it
        the_function_of_a_transaction_may_end_it
        trying_again_when_too_many_wait_does_not_stop_the_page
        a_transaction_sees_what_was_written_before_it
    }

    subscriptions {
        a_listener_hears_of_its_keys_alone
        an_iterator_skips_to_the_newest_and_ends_with_the_call
        removing_all_listeners_leaves_those_of_parts_alone
    }
}
