/* SPDX-License-Identifier: Apache-2.0 */
/* What a run tells while it runs: events on stdout or progress on stderr, never both. */
#include "cli/observe.h"

#include "cli/forms.h"
#include "unit/cli/command.h"

#include <jansson.h>

static heard_t          heard;
static cx_run_options_t options;
static int32_t          first_rank;

/* A run of two cases with two sizes each; the second does not end well. */
static int play(int argc, char **argv)
{
    cx_case_t            cases[] = {{.case_id = "one", .backend = "null", .sizes = "8B,16B"},
                                    {.case_id = "two", .backend = "null", .sizes = "8B,16B"}};
    cx_request_t         request = {.options = options,
                                    .layout  = {.first_rank = first_rank},
                                    .plan    = {.suite = "kit", .cases = cases, .case_count = 2}};
    json_t              *row     = json_pack("{si,sf}", "message_bytes", 8, "time_us_p50", 2.5);
    json_t              *good    = json_pack("{ss,sn}", "status", "ok", "detail");
    json_t              *bad = json_pack("{ss,ss}", "status", "timeout", "detail", "rank 1 hung");
    cx_observation_t     observation;
    const cx_observer_t *observer = &observation.observer;

    (void)argc;
    (void)argv;
    cx_observation_init(&observation, &request, "DIR");
    for (size_t i = 0; i < 2; i++) {
        observer->case_started(observer->context, &cases[i], 0);
        observer->row_measured(observer->context, &cases[i], 0, row);
        observer->rank_is_silent(observer->context, 1, 3.5, "verify");
        observer->row_measured(observer->context, &cases[i], 0, row);
        observer->case_ended(observer->context, &cases[i], 0, i == 0 ? good : bad);
    }
    assert_int_equal(observation.done_count, 2);
    assert_int_equal(observation.ok_count, 1);
    cx_observation_fini(&observation, 130);
    json_decref(row);
    json_decref(good);
    json_decref(bad);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    options    = (cx_run_options_t){.launches = 1, .order_seed = 7};
    first_rank = 0;
    return 0;
}

static void test_events_are_lines_of_json_in_order(void **state)
{
    static const char *const kinds[] = {"run_start",  "case_start", "point", "point",    "case_end",
                                        "case_start", "point",      "point", "case_end", "run_end"};
    size_t                   count   = 0;
    char                    *rest;

    (void)state;
    options.shown.format = CX_FORM_NDJSON;
    options.is_quiet     = true;
    command_run(play, "", &heard);
    for (char *line = strtok_r(heard.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        json_t *event = json_loads(line, 0, NULL);

        assert_non_null(event);
        assert_true(count < sizeof kinds / sizeof kinds[0]);
        assert_string_equal(json_string_value(json_object_get(event, "event")), kinds[count]);
        assert_true(json_is_number(json_object_get(event, "elapsed_s")));
        if (count == 8) {
            assert_string_equal(json_string_value(json_object_get(event, "status")), "timeout");
            assert_string_equal(json_string_value(json_object_get(event, "detail")), "rank 1 hung");
            assert_string_equal(json_string_value(json_object_get(event, "record")),
                                "DIR/records/two.l0.json");
        }
        if (count == 9) {
            assert_true(json_is_true(json_object_get(event, "is_partial")));
            assert_int_equal(json_integer_value(json_object_get(event, "ok_count")), 1);
            assert_int_equal(json_integer_value(json_object_get(event, "not_ok_count")), 1);
            assert_int_equal(json_integer_value(json_object_get(event, "exit_code")), 130);
        }
        json_decref(event);
        count++;
    }
    assert_int_equal(count, sizeof kinds / sizeof kinds[0]);
    assert_string_equal(heard.err, "");
}

static void test_progress_is_on_stderr(void **state)
{
    (void)state;
    options.progress = CX_PROGRESS_LINE;
    command_run(play, "", &heard);
    assert_string_equal(heard.out, "");
    assert_non_null(strstr(heard.err, "one"));
    assert_non_null(strstr(heard.err, "two"));
    assert_non_null(strstr(heard.err, "rank 1 hung"));
}

static void test_who_is_quiet_or_not_the_first_says_nothing(void **state)
{
    (void)state;
    options.progress = CX_PROGRESS_LINE;
    options.is_quiet = true;
    command_run(play, "", &heard);
    assert_string_equal(heard.out, "");
    assert_string_equal(heard.err, "");
    options.is_quiet     = false;
    options.shown.format = CX_FORM_NDJSON;
    first_rank           = 1;
    command_run(play, "", &heard);
    assert_string_equal(heard.out, ""); /* the command with rank 0 tells it */
    assert_string_equal(heard.err, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_events_are_lines_of_json_in_order),
        TEST(test_progress_is_on_stderr),
        TEST(test_who_is_quiet_or_not_the_first_says_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
