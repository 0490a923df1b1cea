/* SPDX-License-Identifier: Apache-2.0 */
/* One case on one rank (and, where it takes two, on two): exact rows, and every way a case ends. */
#include "run/run_case.h"

#include "unit/run/case_kit.h"

/* Runs a case, which must end in an orderly way; its first event is case_start unless it has none.
 */
static void run(const char *words)
{
    cx_case_t one = kit_case(&arena, words);

    assert_int_equal(cx_run_case(&bench, &one, 0), CX_OK);
}

static void skip_start(void)
{
    json_decref(next("case_start"));
}

/* The row's member, and the event is done with. */
static json_t *next_row(void)
{
    json_t *event = next("row");
    json_t *row   = json_incref(json_object_get(event, "row"));

    json_decref(event);
    return row;
}

static void expect_end(const char *status, const char *words)
{
    json_t *event = next("case_end");

    assert_string_equal(kit_text(event, "status"), status);
    assert_non_null(strstr(kit_text(event, "detail"), words));
    json_decref(event);
    assert_null(kit_event(&kit));
}

static void test_a_scripted_case_has_exact_rows(void **state)
{
    static const struct {
        const char *regime;
        double      p50, min, max;
    } rows[] = {{"isolated", 13, 12.5, 40.25},
                {"steady", 13, 12.5, 40.25},
                {"graph graph-ops=3", 65.75 / 3, 65.75 / 3, 65.75 / 3},
                {"loop_mean", 65.75 / 3, 65.75 / 3, 65.75 / 3}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char words[256];

        (void)snprintf(words, sizeof words,
                       "regime=%s sizes=8B,64B backend-options=null-script=12.5us,13us,40.25us "
                       "samples-max=30 warmup-min=0 target=0 budget=10s loop-iters=3",
                       rows[i].regime);
        run(words);
        skip_start();
        for (int64_t bytes = 8; bytes <= 64; bytes *= 8) {
            json_t *row = next_row();

            assert_string_equal(kit_text(row, "status"), "ok");
            assert_true(kit_number(row, "requested_bytes") == (double)bytes);
            assert_true(kit_number(row, "time_us_p50") == rows[i].p50);
            assert_true(kit_number(row, "time_us_min") == rows[i].min);
            assert_true(kit_number(row, "time_us_max") == rows[i].max);
            assert_true(kit_number(row, "sample_count") == 30);
            assert_true(kit_number(row, "algbw_bytes_per_s") > 0);
            assert_string_equal(kit_text(row, "stop_reason"), "samples-max");
            json_decref(row);
        }
        expect_end("ok", "");
    }
}

static void test_rungs_that_are_too_small_are_left_out(void **state)
{
    json_t *event;

    (void)state;
    run("dtype=fp64 sizes=4B,8B samples-max=30 backend-options=null-script=1us");
    skip_start();
    event = next("left_out");
    assert_true(kit_number(event, "requested_bytes") == 4);
    assert_non_null(strstr(kit_text(event, "reason"), "less than one fp64 element"));
    json_decref(event);
    json_decref(next_row());
    expect_end("ok", "");
}

static void test_what_cannot_be_opened_ends_the_case_with_words(void **state)
{
    static const struct {
        const char *words, *status, *detail;
    } rows[] = {
        {"backend=warp", "invalid", "backend: no backend called \"warp\""},
        {"device=warp", "invalid", "no device called \"warp\""},
        {"backend=faulty placement=in_place op=broadcast sizes=7B,6B", "invalid", "sizes: "},
        {"op=broadcast root=3", "invalid", "root 3 is not one of the ranks 0 to 0"},
        {"backend=hostref device=sim", "unsupported", "backend hostref works on device"},
        {"backend-options=null-script", "invalid", "has no option \"null-script\""},
        {"backend-options=warp=1", "invalid", "backend null has no option \"warp\""},
        {"backend-options=null-script=5", "invalid", "is not a list of at most"},
        {"backend=faulty backend-options=faulty-fault=nonsense", "invalid", "faulty-fault"},
        {"op=all_to_all_v traffic=/proc/nonexistent/traffic", "invalid",
         "/proc/nonexistent/traffic"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        run(rows[i].words);
        expect_end(rows[i].status, rows[i].detail);
    }
}

/* Real outputs on the virtual clock: right ones pass, planted faults do not. */
static void test_wrong_outputs_make_the_row_incorrect(void **state)
{
    static const struct {
        const char *fault, *status, *kind;
    } rows[] = {
        {"none", "ok", ""},
        {"corrupted_byte", "incorrect", "on rank 0: "},
        {"stale_buffer", "incorrect", "on rank 0: "},
        {"skipped_send", "incorrect", "on rank 0: "},
        {"overrun", "incorrect", "on rank 0: "},
        {"modified_input", "incorrect", "on rank 0: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char    words[256];
        json_t *row;

        (void)snprintf(words, sizeof words,
                       "backend=faulty sizes=64B samples-max=40 rotate-bytes=64KiB "
                       "backend-options=faulty-fault=%s",
                       rows[i].fault);
        run(words);
        skip_start();
        row = next_row();
        assert_string_equal(kit_text(row, "status"), rows[i].status);
        assert_non_null(strstr(kit_text(row, "detail"), rows[i].kind));
        assert_true(kit_number(row, "verified_count") == kit_number(row, "timed_count"));
        assert_int_equal(kit_number(row, "wrong_count") > 0, i > 0);
        if (i > 0) {
            assert_string_equal(kit_text(row, "stop_reason"), "failure");
        }
        json_decref(row);
        expect_end("ok", "");
    }
}

static void test_what_is_not_verified_is_not_counted(void **state)
{
    json_t *row;

    (void)state;
    run("backend=faulty sizes=64B samples-max=40 verify=false "
        "backend-options=faulty-fault=corrupted_byte");
    skip_start();
    row = next_row();
    assert_string_equal(kit_text(row, "status"), "ok");
    assert_true(kit_number(row, "verified_count") == 0);
    json_decref(row);
    expect_end("ok", "");
}

static void test_a_failing_operation_ends_the_case_and_not_the_rank(void **state)
{
    (void)state;
    run("backend=faulty sizes=64B samples-max=40 backend-options=faulty-fault=error");
    skip_start();
    expect_end("backend", "injected failure of call 3");
    run("sizes=8B samples-max=20 backend-options=null-script=1us"); /* the next case runs */
    skip_start();
    json_decref(next_row());
    expect_end("ok", "");
}

static void test_a_case_out_of_step_ends_the_rank(void **state)
{
    cx_case_t one         = kit_case(&arena, "sizes=8B");
    int       exit_status = -1;
    pid_t     pid;

    (void)state;
    assert_int_equal(shutdown(kit.supervisor_fd, SHUT_RDWR), 0);
    cx_detail_clear();
    /* In a process that ends: what the case held is left to that. */
    pid = fork();
    if (pid == 0) {
        _exit(cx_run_case(&bench, &one, 0) == CX_PEER &&
                      strstr(cx_detail()->text, "the supervisor is gone")
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(pid, &exit_status, 0), pid);
    assert_int_equal(exit_status, 0);
}

static void test_a_series_that_never_settles_is_unstable(void **state)
{
    json_t *row;

    (void)state;
    run("sizes=8B samples-max=40 warmup-min=100 target=0 budget=10s "
        "backend-options=null-script=1us");
    skip_start();
    row = next_row();
    assert_string_equal(kit_text(row, "status"), "unstable");
    assert_non_null(strstr(kit_text(row, "detail"), "never settled"));
    json_decref(row);
    expect_end("ok", "");
}

static int64_t violation_count;

static void allow(void)
{
}

static void violate(void)
{
    violation_count++;
}

static int64_t count_violations(void)
{
    return violation_count;
}

static void test_an_audit_finding_makes_the_row_invalid(void **state)
{
    json_t *row;

    (void)state;
    kit.context.audit = (cx_audit_t){allow, violate, count_violations};
    run("sizes=8B samples-max=20 backend-options=null-script=1us");
    skip_start();
    row = next_row();
    assert_string_equal(kit_text(row, "status"), "invalid");
    assert_non_null(strstr(kit_text(row, "detail"), "inside timed windows"));
    json_decref(row);
    expect_end("ok", "");
}

static void test_a_barrier_is_judged_by_its_stamps(void **state)
{
    json_t *row;

    (void)state;
    run("op=barrier backend=faulty samples-max=200 target=0");
    skip_start();
    row = next_row();
    assert_string_equal(kit_text(row, "status"), "ok");
    assert_true(kit_number(row, "verified_count") == kit_number(row, "timed_count"));
    assert_true(kit_number(row, "wrong_count") == 0);
    assert_true(json_is_null(json_object_get(row, "busbw_bytes_per_s")));
    /* It has no buffers that could run out, so a block holds many. */
    assert_true(kit_number(row, "block_count") < 10);
    json_decref(row);
    expect_end("ok", "");
}

static void test_a_wish_to_stop_is_heeded_between_sizes_and_cases(void **state)
{
    cx_case_t one = kit_case(&arena, "sizes=8B samples-max=20 backend-options=null-script=1us");

    (void)state;
    atomic_store(&kit.context.board->is_stopping, 1);
    assert_int_equal(cx_run_case(&bench, &one, 0), CX_OK);
    assert_true(kit.context.is_interrupted);
    assert_null(kit_event(&kit)); /* it had not begun */
}

static void ask_to_stop(void)
{
    atomic_store(&kit.context.board->is_stopping, 1);
}

static int64_t count_nothing(void)
{
    return 0;
}

static void test_the_running_size_is_finished_before_stopping(void **state)
{
    (void)state;
    kit.context.audit = (cx_audit_t){ask_to_stop, allow, count_nothing};
    run("sizes=8B,64B samples-max=20 backend-options=null-script=1us");
    skip_start();
    json_decref(next_row());
    expect_end("invalid", CX_INTERRUPTED_TEXT);
    assert_true(kit.context.is_interrupted);
}

static void test_on_a_real_clock_findings_are_looked_for(void **state)
{
    json_t *row;

    (void)state;
    CPU_ZERO(&kit.context.processors); /* so that this test stays where it is */
    run("device=host sizes=8B samples-max=60 target=0 backend-options=null-script=5us");
    skip_start();
    row = next_row();
    assert_true(kit_number(row, "time_us_min") >= 5);
    json_decref(row);
    expect_end("ok", "");
}

/* ---- two ranks: what one of them does is everybody's end --------------------------------------
 */

/* Keeps the end of the case, and whether any event holds the words that a test looks for. */
static void note(world_t *world, const char *event, size_t bytes)
{
    static const char looked_for[] = "a rank left the barrier before another had come";

    if (memmem(event, bytes, looked_for, sizeof looked_for - 1)) {
        world->outcome->values[0] = 1;
    }
    if (memmem(event, bytes, "case_end", 8)) {
        (void)CX_FAIL(CX_OK + 1, "%.*s", (int)bytes, event);
    }
}

static void test_the_failure_of_another_rank_is_told_with_its_words(void **state)
{
    outcome_t outcomes[2];

    (void)state;
    /* The third operation, one being untimed, is the last of a loop: both ranks come to the
     * exchange behind it. */
    among_words = "backend=faulty sizes=64B samples-max=40 regime=loop_mean loop-iters=2 "
                  "backend-options=faulty-fault=error";
    run_ranks(SOCKETS, 2, run_among, 1, outcomes);
    expect(outcomes, 2, CX_OK, "");
    assert_non_null(strstr(outcomes[0].text, "\"status\":\"backend\""));
    assert_non_null(strstr(outcomes[0].text, "rank 1: injected failure of call 3"));
}

static void test_two_ranks_agree_on_a_row(void **state)
{
    outcome_t outcomes[2];

    (void)state;
    among_words = "backend=faulty op=all_gather sizes=64B samples-max=40";
    run_ranks(SOCKETS, 2, run_among, 1, outcomes);
    expect(outcomes, 2, CX_OK, "");
    assert_non_null(strstr(outcomes[0].text, "\"status\":\"ok\""));
}

/* A second lies between the clocks, and more than an operation between leaving and coming. */
static void test_a_barrier_that_does_not_hold_is_incorrect(void **state)
{
    outcome_t outcomes[2];

    (void)state;
    among_words = "op=barrier backend=faulty device=host samples-max=20";
    for (int is_apart = 0; is_apart < 2; is_apart++) {
        among_offset_ns = is_apart * 1e9;
        run_ranks(SOCKETS, 2, run_among, 1, outcomes);
        expect(outcomes, 2, CX_OK, "");
        assert_true(outcomes[0].values[0] == is_apart);
    }
    among_offset_ns = 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        TEST(test_a_scripted_case_has_exact_rows),
        TEST(test_rungs_that_are_too_small_are_left_out),
        TEST(test_what_cannot_be_opened_ends_the_case_with_words),
        TEST(test_wrong_outputs_make_the_row_incorrect),
        TEST(test_what_is_not_verified_is_not_counted),
        TEST(test_a_failing_operation_ends_the_case_and_not_the_rank),
        TEST(test_a_case_out_of_step_ends_the_rank),
        TEST(test_a_series_that_never_settles_is_unstable),
        TEST(test_an_audit_finding_makes_the_row_invalid),
        TEST(test_a_barrier_is_judged_by_its_stamps),
        TEST(test_a_wish_to_stop_is_heeded_between_sizes_and_cases),
        TEST(test_the_running_size_is_finished_before_stopping),
        TEST(test_on_a_real_clock_findings_are_looked_for),
        cmocka_unit_test(test_the_failure_of_another_rank_is_told_with_its_words),
        cmocka_unit_test(test_two_ranks_agree_on_a_row),
        cmocka_unit_test(test_a_barrier_that_does_not_hold_is_incorrect),
    };

    kit_use_test_plugins();
    among_note = note;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
