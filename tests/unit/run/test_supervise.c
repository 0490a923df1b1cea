/* SPDX-License-Identifier: Apache-2.0 */
/* One set of ranks from start to end: those that do their work, and those that lie, hang, die or
 * are asked to stop. This program is also the rank process, honest or not. */
#include "run/supervise.h"
#include "support/ends_early.h"

#include "launch/board.h"
#include "unit/run/runs.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#define QUICK "samples-max=20 backend-options=null-script=1us"

/* ---- rank processes that lie ------------------------------------------------------------------
 */

static int inherited(const char *name)
{
    const char *text = getenv(name);

    return text ? (int)strtol(text, NULL, 10) : -1;
}

static void say(const char *event)
{
    (void)cx_wire_send_event(inherited(CX_ENV_CHANNEL_FD), json_loads(event, 0, NULL));
}

static cx_board_rank_t *own_place(void)
{
    cx_board_t *board;

    if (cx_board_join(inherited(CX_ENV_BOARD_FD), inherited(CX_ENV_BOARD_COUNT), &board) != CX_OK) {
        _exit(99);
    }
    return &board->ranks[inherited(CX_ENV_BOARD_INDEX)];
}

static const struct lie {
    const char *name, *events[3];
    int         exit_code;
} lies[] = {
    {"wrong-order", {"{\"event\":\"case_start\",\"case_index\":1}"}, 0},
    {"beyond-the-last",
     {"{\"event\":\"case_end\",\"case_index\":0,\"status\":\"ok\"}",
      "{\"event\":\"case_start\",\"case_index\":1}"},
     0},
    {"negative", {"{\"event\":\"case_start\",\"case_index\":-1}"}, 0},
    {"no-event", {"{\"case_index\":0}"}, 0},
    {"a-list", {"[1,2]"}, 0},
    {"invented-status", {"{\"event\":\"case_end\",\"case_index\":0,\"status\":\"splendid\"}"}, 0},
    {"hollow-events",
     {"{\"event\":\"row\",\"case_index\":0}", "{\"event\":\"left_out\",\"case_index\":0}",
      "{\"event\":\"case_end\",\"case_index\":0}"},
     0},
    {"silent", {NULL}, 0},
    {"exit-code", {"{\"event\":\"case_start\",\"case_index\":0}"}, 7},
};

static int tell(const char *name)
{
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        if (strcmp(lies[i].name, name) == 0) {
            for (int k = 0; k < 3 && lies[i].events[k] && inherited(CX_ENV_CHANNEL_FD) >= 0; k++) {
                say(lies[i].events[k]);
            }
            return lies[i].exit_code;
        }
    }
    return 98;
}

/* A phase that was over long ago; only SIGKILL, or the alarm, ends it. */
static void hang(void)
{
    cx_board_rank_t *own = own_place();

    (void)alarm(60);
    (void)snprintf(own->phase, sizeof own->phase, "hanging");
    atomic_store(&own->beat_ns, cx_now_ns() - 10 * CX_NS_PER_S);
    atomic_store(&own->deadline_ns, cx_now_ns() - 5 * CX_NS_PER_S);
    for (;;) {
        (void)pause();
    }
}

static int give_up(cx_status_t status, const char *words)
{
    cx_board_rank_t *own = own_place();

    (void)snprintf(own->detail, sizeof own->detail, "%s", words);
    atomic_store(&own->status, (int32_t)status);
    return 1;
}

static int live_as_rank(const char *how)
{
    bool is_first = inherited(CX_ENV_BOARD_INDEX) == 0;

    if (strcmp(how, "honest") == 0) {
        return cx_rank_main();
    }
    if (strcmp(how, "samples-of-nothing") == 0) {
        const uint32_t header[] = {CX_WIRE_SAMPLES, 4};

        return send(inherited(CX_ENV_CHANNEL_FD), header, 8, 0) == 8 &&
                       send(inherited(CX_ENV_CHANNEL_FD), "abcd", 4, 0) == 4
                   ? 0
                   : 1;
    }
    if (strcmp(how, "noise") == 0) {
        const uint32_t header[] = {CX_WIRE_JSON, 4};

        (void)!write(inherited(CX_ENV_CHANNEL_FD), header, 8);
        (void)!write(inherited(CX_ENV_CHANNEL_FD), "{{{{", 4);
        return 0;
    }
    if (strcmp(how, "half-a-message") == 0) {
        const uint32_t header[] = {CX_WIRE_JSON, 1u << 30};

        (void)!write(inherited(CX_ENV_CHANNEL_FD), header, 8);
        return 5;
    }
    if (strcmp(how, "hang") == 0) {
        hang();
    }
    if (strcmp(how, "killed") == 0) {
        (void)raise(SIGKILL);
    }
    if (strcmp(how, "echo") == 0) {
        return give_up(is_first ? CX_PEER : CX_DEVICE,
                       is_first ? "rank 1 is gone" : "the real reason");
    }
    if (strcmp(how, "only-echoes") == 0) {
        return give_up(CX_PEER, "somebody elsewhere is gone");
    }
    return tell(how);
}

/* ---- a supervision ----------------------------------------------------------------------------
 */

static struct {
    int started, rows, ended, silences;
} told;
static volatile sig_atomic_t interrupt_count;

static void on_start(void *context, const cx_case_t *one, int64_t launch_index)
{
    (void)context;
    (void)one;
    (void)launch_index;
    told.started++;
}

static void on_row(void *context, const cx_case_t *one, int64_t launch_index, const json_t *row)
{
    (void)context;
    (void)one;
    (void)launch_index;
    (void)row;
    told.rows++;
}

static void on_end(void *context, const cx_case_t *one, int64_t launch_index, const json_t *record)
{
    (void)context;
    (void)one;
    (void)launch_index;
    assert_non_null(record);
    told.ended++;
}

static void on_silence(void *context, int32_t rank, double silent_s, const char *phase)
{
    (void)context;
    (void)rank;
    assert_true(silent_s > 2);
    assert_true(phase[0] != '\0'); /* a slow machine makes honest ranks silent, too */
    told.silences += strcmp(phase, "hanging") == 0;
}

static const cx_observer_t observer = {.case_started   = on_start,
                                       .row_measured   = on_row,
                                       .case_ended     = on_end,
                                       .rank_is_silent = on_silence};

typedef struct outing {
    cx_status_t status;
    size_t      next_index;
    json_t     *records;
    char        words[512];
} outing_t;

static const cx_observer_t *watching = &observer;
static bool                 is_reporter;
static double               grace_s;

static outing_t supervise(const char *how, int32_t rank_count, cx_case_t *cases, size_t case_count)
{
    const char *const argv[] = {"/proc/self/exe", "__rank", how, NULL};
    cx_run_facts_t    facts  = {.suite        = "kit",
                                .launch_count = 1,
                                .provenance   = NULL,
                                .command      = json_array(),
                                .launcher     = "none"};
    cx_plan_t plan   = {.suite = "kit", .summary = "", .cases = cases, .case_count = case_count};
    outing_t  outing = {.records = json_array()};
    cx_supervision_t supervision = {.launch       = {.argv             = argv,
                                                     .local_rank_count = rank_count,
                                                     .rank_count       = rank_count,
                                                     .host_rank_count  = rank_count,
                                                     .token            = 7},
                                    .facts        = &facts,
                                    .plan         = &plan,
                                    .launch_index = 0,
                                    .directory    = runs_folder,
                                    .is_reporter  = is_reporter,
                                    .grace_s      = grace_s,
                                    .observer     = watching,
                                    .interrupts   = &interrupt_count,
                                    .records      = outing.records};
    int              descriptors = runs_descriptor_count();

    cx_detail_clear();
    outing.status = cx_supervise(&supervision, &outing.next_index);
    (void)snprintf(outing.words, sizeof outing.words, "%s", cx_detail()->text);
    json_decref((json_t *)(uintptr_t)facts.command);
    assert_int_equal(runs_descriptor_count(), descriptors);
    runs_assert_no_children();
    return outing;
}

static int set_up(void **state)
{
    (void)state;
    memset(&told, 0, sizeof told);
    interrupt_count = 0;
    watching        = &observer;
    is_reporter     = true;
    grace_s         = 0.2;
    cx_arena_init(&runs_arena);
    runs_open_folder();
    EXPECT_OK(cx_folder_make(cx_arena_format(&runs_arena, "%s/records", runs_folder)));
    EXPECT_OK(cx_folder_make(cx_arena_format(&runs_arena, "%s/samples", runs_folder)));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    runs_close_folder();
    cx_arena_fini(&runs_arena);
    return 0;
}

static const json_t *record_at(const outing_t *outing, size_t index)
{
    const json_t *record = json_array_get(outing->records, index);

    assert_non_null(record);
    return record;
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void test_honest_ranks_leave_a_record_per_case(void **state)
{
    cx_case_t cases[] = {kit_case(&runs_arena, QUICK), kit_case(&runs_arena, "op=barrier " QUICK)};
    outing_t  outing  = supervise("honest", 2, cases, 2);

    (void)state;
    assert_int_equal(outing.status, CX_OK);
    assert_int_equal(outing.next_index, 2);
    assert_int_equal(json_array_size(outing.records), 2);
    assert_int_equal(told.started, 2);
    assert_int_equal(told.ended, 2);
    assert_int_equal(told.rows, 3); /* two sizes, and a barrier's one */
    for (size_t i = 0; i < 2; i++) {
        json_t *written =
            runs_read(cx_arena_format(&runs_arena, "records/%s.l0.json", cases[i].case_id));

        assert_string_equal(kit_text(record_at(&outing, i), "status"), "ok");
        assert_true(json_equal(written, record_at(&outing, i)));
        json_decref(written);
    }
    json_decref(outing.records);
}

static void test_nobody_has_to_watch(void **state)
{
    static const cx_observer_t blind   = {.context = NULL};
    cx_case_t                  cases[] = {kit_case(&runs_arena, QUICK)};
    outing_t                   outing;

    (void)state;
    watching = &blind;
    outing   = supervise("honest", 1, cases, 1);
    assert_int_equal(outing.status, CX_OK);
    json_decref(outing.records);
}

static void test_lies_are_our_bug_and_never_a_record_that_says_ok(void **state)
{
    static const struct {
        const char *how, *words;
        size_t      records; /* closed before the lie */
    } rows[] = {
        {"wrong-order", "an event out of order", 0},
        {"beyond-the-last", "an event out of order", 1},
        {"negative", "an event out of order", 0},
        {"no-event", "an event out of order", 0},
        {"a-list", "an event out of order", 0},
        {"noise", "an event that is no JSON", 0},
        {"samples-of-nothing", "samples of no case", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_case_t cases[] = {kit_case(&runs_arena, QUICK)};
        outing_t  outing  = supervise(rows[i].how, 1, cases, 1);

        assert_int_equal(outing.status, CX_INTERNAL);
        assert_non_null(strstr(outing.words, rows[i].words));
        assert_int_equal(json_array_size(outing.records), rows[i].records);
        json_decref(outing.records);
    }
}

static void test_a_status_that_does_not_exist_is_internal(void **state)
{
    static const char *const hows[] = {"invented-status", "hollow-events"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        cx_case_t cases[] = {kit_case(&runs_arena, QUICK)};
        outing_t  outing  = supervise(hows[i], 1, cases, 1);

        assert_int_equal(outing.status, CX_OK);
        assert_string_equal(kit_text(record_at(&outing, 0), "status"), "internal");
        json_decref(outing.records);
    }
}

static void test_ranks_that_leave_early_leave_cases_over(void **state)
{
    cx_case_t cases[] = {kit_case(&runs_arena, QUICK)};
    outing_t  outing  = supervise("silent", 2, cases, 1);

    (void)state;
    assert_int_equal(outing.status, CX_OK);
    assert_int_equal(outing.next_index, 0); /* the caller sees that nothing was done */
    assert_int_equal(json_array_size(outing.records), 0);
    json_decref(outing.records);
}

static void test_lost_ranks_leave_a_post_mortem(void **state)
{
    static const struct {
        const char *how;
        int32_t     rank_count;
        const char *status, *detail, *phase;
        int         rank;
    } rows[] = {
        {"exit-code", 1, "peer", "rank 0 ended with exit code 7 in phase \"\"", "", 0},
        {"half-a-message", 1, "peer", "ended with exit code 5", "", 0},
        {"killed", 1, "peer", "killed by signal 9 (Killed)", "", 0},
        {"hang", 1, "timeout", "rank 0 did not come back from phase \"hanging\"", "hanging", 0},
        {"echo", 2, "device", "rank 1: the real reason", "", 1},
        {"only-echoes", 2, "peer", "somebody elsewhere is gone", "", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_case_t     cases[] = {kit_case(&runs_arena, QUICK)};
        outing_t      outing  = supervise(rows[i].how, rows[i].rank_count, cases, 1);
        const json_t *record  = record_at(&outing, 0);
        const json_t *failure = json_object_get(record, "failure");

        assert_int_equal(outing.status, CX_PEER);
        assert_int_equal(outing.next_index, 1);
        assert_string_equal(kit_text(record, "status"), rows[i].status);
        assert_non_null(strstr(kit_text(record, "detail"), rows[i].detail));
        assert_string_equal(kit_text(failure, "phase"), rows[i].phase);
        assert_true(kit_number(failure, "rank") == rows[i].rank);
        assert_int_equal(told.ended, i + 1);
        json_decref(outing.records);
    }
    assert_true(told.silences > 0);
}

static void test_a_supervisor_without_rank_0_writes_nothing(void **state)
{
    cx_case_t cases[] = {kit_case(&runs_arena, QUICK)};
    outing_t  outing;

    (void)state;
    is_reporter = false;
    outing      = supervise("killed", 1, cases, 1);
    assert_int_equal(outing.status, CX_PEER);
    assert_int_equal(json_array_size(outing.records), 0);
    json_decref(outing.records);
}

/* Real ranks and a backend that misbehaves: what was measured before is kept. */
static void test_faults_of_a_backend_cost_their_case_alone(void **state)
{
    static const struct {
        const char *fault, *status, *words;
    } rows[] = {
        {"crash", "peer", "rank 1 killed by signal 9"},
        {"hang", "timeout", "rank 1"},      /* by itself, or by who waits for it */
        {"deaf_rank", "timeout", "rank 1"}, /* likewise */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_case_t cases[] = {
            kit_case(&runs_arena, QUICK),
            kit_case(&runs_arena, cx_arena_format(&runs_arena,
                                                  "backend=faulty sizes=64B timeout=400ms "
                                                  "backend-options=faulty-fault=%s",
                                                  rows[i].fault)),
            kit_case(&runs_arena, QUICK " seed=2"),
        };
        outing_t outing = supervise("honest", 2, cases, 3);

        assert_int_equal(outing.status, CX_PEER);
        assert_int_equal(outing.next_index, 2); /* the rest is for a new set of ranks */
        assert_string_equal(kit_text(record_at(&outing, 0), "status"), "ok");
        assert_string_equal(kit_text(record_at(&outing, 1), "status"), rows[i].status);
        if (!strstr(kit_text(record_at(&outing, 1), "detail"), rows[i].words)) {
            fail_msg("%s: %s", rows[i].fault, kit_text(record_at(&outing, 1), "detail"));
        }
        json_decref(outing.records);
    }
}

static void test_one_interrupt_ends_after_the_running_size(void **state)
{
    cx_case_t cases[] = {kit_case(&runs_arena, "sizes=8B:1MiB:x2 " QUICK),
                         kit_case(&runs_arena, "op=barrier " QUICK)};
    outing_t  outing;

    (void)state;
    interrupt_count = 1;
    outing          = supervise("honest", 2, cases, 2);
    assert_int_equal(outing.status, CX_INVALID);
    assert_non_null(strstr(outing.words, "interrupted"));
    assert_int_equal(json_array_size(outing.records), outing.next_index);
    json_decref(outing.records);
}

static void test_two_interrupts_end_at_once(void **state)
{
    cx_case_t cases[] = {kit_case(&runs_arena, QUICK)};
    outing_t  outing;

    (void)state;
    interrupt_count = 2;
    grace_s         = 60;
    outing          = supervise("hang", 2, cases, 1);
    assert_int_equal(outing.status, CX_INVALID);
    assert_string_equal(kit_text(record_at(&outing, 0), "status"), "invalid");
    assert_non_null(strstr(kit_text(record_at(&outing, 0), "detail"), "interrupted"));
    json_decref(outing.records);
}

static void test_ranks_that_cannot_be_started_are_a_failure(void **state)
{
    cx_case_t     cases[] = {kit_case(&runs_arena, QUICK)};
    struct rlimit limit, low;
    outing_t      outing;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low          = limit;
    low.rlim_cur = (rlim_t)runs_descriptor_count() + 2;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    outing = supervise("honest", 8, cases, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(outing.status, CX_RESOURCE);
    assert_int_equal(outing.next_index, 0);
    json_decref(outing.records);
}

static void test_a_folder_that_is_gone_is_told(void **state)
{
    cx_case_t cases[] = {kit_case(&runs_arena, QUICK)};
    outing_t  outing;

    (void)state;
    runs_close_folder();
    outing = supervise("honest", 1, cases, 1);
    assert_int_equal(outing.status, CX_RESOURCE);
    assert_int_equal(json_array_size(outing.records), 1); /* and can still be printed */
    json_decref(outing.records);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_honest_ranks_leave_a_record_per_case),
        TEST(test_nobody_has_to_watch),
        TEST(test_lies_are_our_bug_and_never_a_record_that_says_ok),
        TEST(test_a_status_that_does_not_exist_is_internal),
        TEST(test_ranks_that_leave_early_leave_cases_over),
        TEST(test_lost_ranks_leave_a_post_mortem),
        TEST(test_a_supervisor_without_rank_0_writes_nothing),
        TEST(test_faults_of_a_backend_cost_their_case_alone),
        TEST(test_one_interrupt_ends_after_the_running_size),
        TEST(test_two_interrupts_end_at_once),
        TEST(test_ranks_that_cannot_be_started_are_a_failure),
        TEST(test_a_folder_that_is_gone_is_told),
    };

    if (argc > 2 && strcmp(argv[1], "__rank") == 0) {
        return live_as_rank(argv[2]);
    }
    kit_use_test_plugins();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
