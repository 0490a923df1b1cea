/* SPDX-License-Identifier: Apache-2.0 */
/* A case of expert parallelism on one rank, from its first event to its last. */
#include "run/ep_case.h"

#include "run/run_case.h"
#include "unit/run/kit.h"

static cx_arena_t  arena;
static kit_alone_t kit;
static cx_bench_t  bench;

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    kit_alone_open(&kit);
    cx_bench_init(&bench, &kit.context);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cx_bench_fini(&bench);
    kit_alone_close(&kit);
    cx_arena_fini(&arena);
    return 0;
}

static void run(const char *words)
{
    char      all[512];
    cx_case_t one;

    (void)snprintf(all, sizeof all,
                   "family=ep device=host hidden=256 topk=3 experts=12 sampling=fast "
                   "rotate-bytes=1MiB %s",
                   words);
    one = kit_case(&arena, all);
    assert_int_equal(cx_run_case(&bench, &one, 5), CX_OK);
}

static json_t *next(const char *kind)
{
    json_t *event = kit_event(&kit);

    assert_non_null(event);
    assert_string_equal(kit_text(event, "event"), kind);
    assert_true(kit_number(event, "case_index") == 5);
    return event;
}

static void expect_rows(int64_t tokens, const char *const *components)
{
    json_t *event;

    for (; *components; components++) {
        const json_t *row;

        event = next("row");
        row   = json_object_get(event, "row");
        assert_string_equal(kit_text(row, "component"), *components);
        assert_string_equal(kit_text(row, "status"), "ok");
        assert_true(kit_number(row, "tokens_per_rank") == (double)tokens);
        assert_true(kit_number(row, "requested_bytes") == (double)tokens * 512);
        assert_true(kit_number(row, "time_us_p50") > 0);
        json_decref(event);
    }
    event = next("ep_point");
    assert_true(kit_number(json_object_get(event, "point"), "tokens_per_rank") == (double)tokens);
    assert_true(json_is_true(json_object_get(json_object_get(event, "point"), "is_right")));
    json_decref(event);
}

static void expect_end(const char *status, const char *words)
{
    json_t *event = next("case_end");

    assert_string_equal(kit_text(event, "status"), status);
    assert_non_null(strstr(kit_text(event, "detail"), words));
    json_decref(event);
    assert_null(kit_event(&kit));
}

static void test_components_of_every_step(void **state)
{
    static const char *const components[] = {"dispatch", "combine", "roundtrip", NULL};
    json_t                  *event;
    const json_t            *environment;

    (void)state;
    run("backend=hostref tokens=1,4");
    event       = next("case_start");
    environment = json_object_get(event, "environment");
    assert_int_equal(strlen(kit_text(environment, "ep_workload")), 32);
    assert_string_equal(kit_text(environment, "ep_receive_layout"), "token-rank");
    json_decref(event);
    expect_rows(1, components);
    expect_rows(4, components);
    expect_end("ok", "");
}

static void test_chains_of_every_step(void **state)
{
    static const char *const components[] = {"pair-period", "dispatch-floor", "combine-floor",
                                             NULL};

    (void)state;
    run("backend=hostref tokens=2,8 regime=steady mode=low-latency precision=mxfp8");
    json_decref(next("case_start"));
    expect_rows(2, components);
    expect_rows(8, components);
    expect_end("ok", "");
}

static void test_what_cannot_be_ends_in_words(void **state)
{
    (void)state;
    run("backend=null");
    expect_end("unsupported", "backend null has no expert parallelism");
    run("backend=hostref routing=trace trace=/nowhere");
    expect_end("invalid", "/nowhere");
    run("backend=hostref device=sim");
    expect_end("unsupported", "works on device");
}

static void test_who_was_asked_to_stop_does_not_measure(void **state)
{
    (void)state;
    atomic_store(&kit.context.board->is_stopping, 1);
    run("backend=hostref");
    assert_null(kit_event(&kit));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_components_of_every_step),
        TEST(test_chains_of_every_step),
        TEST(test_what_cannot_be_ends_in_words),
        TEST(test_who_was_asked_to_stop_does_not_measure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
