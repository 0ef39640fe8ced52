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
    "/js/emitter.js"
    "/js/errors.js"
    "/js/page.js"
    "/tests/browser/checks.js"
    "/tests/browser/data.js"
    "/tests/browser/emitter.js"
    "/tests/browser/lifecycle.js"
    "/tests/browser/limits.js"
    "/tests/browser/run.js"
    "/tests/browser/state.js"
    "/tests/browser/support.js"
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
        a_batch_that_grows_over_the_limit_is_one_refusal
        a_batch_that_no_frame_can_hold_is_refused_and_the_connection_kept
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
}
