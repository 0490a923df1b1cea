/* SPDX-License-Identifier: Apache-2.0 */
/* What the reporting rank tells, event by event. */
#include "run/report.h"

#include "unit/run/kit.h"

#include <math.h>

static kit_alone_t kit;

static int set_up(void **state)
{
    (void)state;
    kit_alone_open(&kit);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_alone_close(&kit);
    return 0;
}

static void test_a_case_begins_with_its_environment(void **state)
{
    cx_caps_t    caps    = {.library_version = "lib 1.2", .memory = CX_MEMORY_EXPORTABLE};
    cx_harness_t harness = {.spin_slope_ratio = 1, .timer_resolution_us = (double)NAN};
    json_t      *event, *environment;

    (void)state;
    (void)snprintf(kit.context.facts.model, sizeof kit.context.facts.model, "a model");
    kit.context.host_count             = 2;
    kit.context.core.is_oversubscribed = true;
    kit.context.backend_open_us        = 12.5;
    EXPECT_OK(cx_report_case_start(&kit.context, 3, &caps, &harness,
                                   &(cx_factor_t){"ep_staging", "hoisted"}, 1));
    event       = kit_event(&kit);
    environment = json_object_get(event, "environment");
    assert_string_equal(kit_text(event, "event"), "case_start");
    assert_true(kit_number(event, "case_index") == 3);
    assert_true(kit_number(event, "backend_open_us") == 12.5);
    assert_string_equal(kit_text(environment, "rank_count"), "1");
    assert_string_equal(kit_text(environment, "host_count"), "2");
    assert_string_equal(kit_text(environment, "ep_staging"), "hoisted");
    assert_string_equal(kit_text(environment, "device_model"), "a model");
    assert_string_equal(kit_text(environment, "backend_library"), "lib 1.2");
    assert_string_equal(kit_text(environment, "memory_kind"), "exportable");
    assert_string_equal(kit_text(environment, "is_oversubscribed"), "true");
    assert_string_equal(kit_text(environment, "moves_no_data"), "false");
    assert_string_equal(kit_text(environment, "is_virtual_time"), "false");
    assert_true(kit_number(json_object_get(event, "harness"), "spin_slope_ratio") == 1);
    assert_true(
        json_is_null(json_object_get(json_object_get(event, "harness"), "timer_resolution_us")));
    json_decref(event);
}

static void test_a_point_is_an_event(void **state)
{
    cx_ep_point_t point;
    json_t       *event;

    (void)state;
    cx_ep_point_clear(&point);
    point.tokens_per_rank = 64;
    EXPECT_OK(cx_report_point(kit.rank_fd, 2, &point));
    event = kit_event(&kit);
    assert_string_equal(kit_text(event, "event"), "ep_point");
    assert_true(kit_number(event, "case_index") == 2);
    assert_true(kit_number(json_object_get(event, "point"), "tokens_per_rank") == 64);
    assert_true(json_is_null(json_object_get(json_object_get(event, "point"), "fanout_mean")));
    json_decref(event);
}

static void test_a_row_is_followed_by_its_samples(void **state)
{
    cx_series_t    series;
    cx_row_t       row;
    cx_wire_kind_t kind;
    const char    *payload;
    size_t         bytes;
    bool           is_closed;
    json_t        *event;

    (void)state;
    EXPECT_OK(cx_series_init(&series, 1, 4));
    series.count = 4;
    cx_row_clear(&row);
    row.status          = "ok";
    row.requested_bytes = 64;
    row.time_us_p50     = 12.5;
    EXPECT_OK(cx_report_row(kit.rank_fd, 0, &row, &series, (double)NAN));
    EXPECT_OK(cx_report_row(kit.rank_fd, 0, &row, &series, 1.5));
    event = kit_event(&kit);
    assert_string_equal(kit_text(event, "event"), "row");
    assert_true(json_is_null(json_object_get(event, "busbw_factor")));
    assert_true(kit_number(json_object_get(event, "row"), "time_us_p50") == 12.5);
    json_decref(event);
    assert_true(cx_wire_next(&kit.inbox, &kind, &payload, &bytes));
    assert_int_equal(kind, CX_WIRE_SAMPLES);
    event = kit_event(&kit);
    assert_true(kit_number(event, "busbw_factor") == 1.5);
    json_decref(event);
    shutdown(kit.supervisor_fd, SHUT_RD);
    EXPECT_FAIL(CX_PEER, "supervisor is gone", cx_report_row(kit.rank_fd, 0, &row, &series, 1));
    EXPECT_OK(cx_wire_receive(&kit.inbox, kit.supervisor_fd, &is_closed));
    cx_series_fini(&series);
}

static void test_what_is_left_out_and_how_it_ended(void **state)
{
    json_t *event;

    (void)state;
    EXPECT_OK(cx_report_left_out(kit.rank_fd, 1, 4, "too small"));
    event = kit_event(&kit);
    assert_string_equal(kit_text(event, "event"), "left_out");
    assert_true(kit_number(event, "requested_bytes") == 4);
    assert_string_equal(kit_text(event, "reason"), "too small");
    json_decref(event);
    cx_detail_clear();
    (void)CX_FAIL(CX_DEVICE, "it broke");
    assert_int_equal(cx_report_case_end(&kit.context, 1, CX_DEVICE), CX_OK);
    event = kit_event(&kit);
    assert_string_equal(kit_text(event, "event"), "case_end");
    assert_string_equal(kit_text(event, "status"), "device");
    assert_string_equal(kit_text(event, "detail"), "it broke");
    json_decref(event);
    assert_int_equal(cx_report_case_end(&kit.context, 1, CX_OK), CX_OK);
    event = kit_event(&kit);
    assert_string_equal(kit_text(event, "status"), "ok");
    assert_null(json_object_get(event, "detail"));
    json_decref(event);
}

static void test_findings_are_bits_and_words(void **state)
{
    char     text[256];
    uint32_t all = 0;

    (void)state;
    assert_null(cx_findings_print(0, text, sizeof text));
    assert_int_equal(cx_finding_bit("no such finding"), 0);
#define LOOK(name, id)                                                                 \
    assert_true(cx_finding_bit(id) == 1u << CX_GUARD_##name);                          \
    assert_string_equal(cx_findings_print(cx_finding_bit(id), text, sizeof text), id); \
    all |= cx_finding_bit(id);
    CX_GUARD_MAP(LOOK)
#undef LOOK
    assert_non_null(strchr(cx_findings_print(all, text, sizeof text), ','));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_case_begins_with_its_environment), TEST(test_a_point_is_an_event),
        TEST(test_a_row_is_followed_by_its_samples),   TEST(test_what_is_left_out_and_how_it_ended),
        TEST(test_findings_are_bits_and_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
