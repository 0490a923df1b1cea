/* SPDX-License-Identifier: Apache-2.0 */
/* A case of expert parallelism on one rank, from its first event to its last. */
#include "run/ep_case.h"

#include "unit/run/case_kit.h"

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

static json_t *next_of_5(const char *kind)
{
    json_t *event = next(kind);

    assert_true(kit_number(event, "case_index") == 5);
    return event;
}

static void expect_rows(int64_t tokens, const char *const *components)
{
    json_t *event;

    for (; *components; components++) {
        const json_t *row;

        event = next_of_5("row");
        row   = json_object_get(event, "row");
        assert_string_equal(kit_text(row, "component"), *components);
        assert_string_equal(kit_text(row, "status"), "ok");
        assert_true(kit_number(row, "tokens_per_rank") == (double)tokens);
        assert_true(kit_number(row, "requested_bytes") == (double)tokens * 512);
        assert_true(kit_number(row, "time_us_p50") > 0);
        json_decref(event);
    }
    event = next_of_5("ep_point");
    assert_true(kit_number(json_object_get(event, "point"), "tokens_per_rank") == (double)tokens);
    assert_true(json_is_true(json_object_get(json_object_get(event, "point"), "is_right")));
    json_decref(event);
}

static void expect_end(const char *status, const char *words)
{
    json_t *event = next_of_5("case_end");

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
    event       = next_of_5("case_start");
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
    json_decref(next_of_5("case_start"));
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        TEST(test_components_of_every_step),
        TEST(test_chains_of_every_step),
        TEST(test_what_cannot_be_ends_in_words),
        TEST(test_who_was_asked_to_stop_does_not_measure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
