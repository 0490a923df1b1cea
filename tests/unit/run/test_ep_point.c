/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of a point, from rows and findings that are known exactly. */
#include "run/ep_point.h"

#include "unit/run/ep_kit.h"

#include <math.h>

typedef struct rig {
    ep_kit_t           kit;
    cx_ep_run_t        run;
    cx_pair_result_t   result;
    cx_row_t           rows[CX_COMPONENT_COUNT];
    const cx_row_t    *measured[CX_COMPONENT_COUNT];
    cx_ep_rung_facts_t facts;
} rig_t;

static void open_rig(rig_t *rig, const char *words, const cx_ep_caps_t *caps)
{
    memset(rig, 0, sizeof *rig);
    ep_kit_open(&rig->kit, words, caps, 0, 2);
    EXPECT_OK(cx_pair_result_init(&rig->result, 2, &cx_pair_samplings[CX_PAIR_PROFILE_FAST],
                                  (cx_regime_t)rig->kit.one.regime));
    rig->run.one     = &rig->kit.one;
    rig->run.plan    = rig->kit.plan;
    rig->run.results = &rig->result;
}

static void close_rig(rig_t *rig)
{
    cx_pair_result_fini(&rig->result);
    ep_kit_close(&rig->kit);
}

static void measure(rig_t *rig, cx_component_t component, double p50, double p99)
{
    cx_row_clear(&rig->rows[component]);
    rig->rows[component].time_us_p50 = p50;
    rig->rows[component].time_us_p99 = p99;
    rig->measured[component]         = &rig->rows[component];
}

static cx_ep_point_t fill(rig_t *rig)
{
    cx_ep_point_t point;

    EXPECT_OK(cx_ep_point_fill(&rig->run, 0, &rig->facts, rig->measured, &rig->kit.arena, &point));
    return point;
}

static void test_rates_and_sums_follow_from_rows(void **state)
{
    cx_ep_point_t point;
    rig_t         rig;

    (void)state;
    open_rig(&rig, "tokens=4", &ep_kit_token_rank);
    measure(&rig, CX_COMPONENT_DISPATCH, 10, 11);
    measure(&rig, CX_COMPONENT_COMBINE, 20, (double)NAN);
    measure(&rig, CX_COMPONENT_ROUNDTRIP, 40, 50);
    point = fill(&rig);
    assert_int_equal(point.global_tokens, 8);
    assert_true(point.isolated_sum_us_p50 == 30);
    assert_true(isnan(point.isolated_sum_us_p99));
    assert_true(point.token_rate_per_s_p50 == 8 / 40e-6);
    assert_true(point.token_rate_per_s_p99 == 8 / 50e-6);
    assert_int_equal(point.dispatch_logical_bytes, point.copies * 512);
    assert_int_equal(point.dispatch_assignment_bytes, 8 * 3 * 512);
    assert_true(fabs(point.dispatch_logical_bytes_per_s_per_rank -
                     (double)point.dispatch_logical_bytes / 2 / 10e-6) < 1);
    assert_true(fabs(point.roundtrip_logical_bytes_per_s_per_rank -
                     (double)point.dispatch_logical_bytes / 40e-6) < 1);
    assert_string_equal(point.wire_basis, "rank-deduplicated");
    measure(&rig, CX_COMPONENT_STAGE, 5, 6);
    assert_true(fill(&rig).isolated_sum_us_p50 == 35);
    close_rig(&rig);
}

static void test_pair_only_measurements_leave_the_rest_unknown(void **state)
{
    cx_ep_point_t point;
    rig_t         rig;

    (void)state;
    open_rig(&rig, "tokens=4 regime=steady", &ep_kit_token_expert);
    measure(&rig, CX_COMPONENT_PAIR_PERIOD, 20, 25);
    rig.result.health = (cx_chain_health_t){1, 2, -3};
    point             = fill(&rig);
    assert_true(isnan(point.isolated_sum_us_p50));
    assert_true(isnan(point.dispatch_logical_bytes_per_s_per_rank));
    assert_true(point.token_rate_per_s_p50 == 8 / 20e-6);
    assert_true(point.interpair_gap_us_p50 == 1);
    assert_true(point.pair_spread_us_p50 == 2);
    assert_true(point.settle_drift_us_max == -3);
    assert_true(isnan(point.min_roundtrip_us_p50));
    assert_string_equal(point.wire_basis, "per-assignment");
    close_rig(&rig);
}

static void test_the_fastest_rank_is_the_other_bracket(void **state)
{
    cx_series_t  *series;
    cx_ep_point_t point;
    rig_t         rig;

    (void)state;
    open_rig(&rig, "tokens=4", &ep_kit_token_rank);
    series = &rig.result.series[CX_COMPONENT_DISPATCH];
    for (int64_t i = 0; i < 5; i++) {
        series->rank_us[i]                    = (double)(10 + i);
        series->rank_us[series->capacity + i] = (double)(20 - 4 * i); /* 20 16 12 8 4 */
    }
    series->count = 5;
    point         = fill(&rig);
    assert_true(point.min_dispatch_us_p50 == 10); /* of 10 11 12 8 4 */
    assert_true(isnan(point.min_combine_us_p50));
    close_rig(&rig);
}

static void test_what_failed_is_listed(void **state)
{
    cx_ep_point_t point;
    rig_t         rig;

    (void)state;
    open_rig(&rig, "tokens=4", &ep_kit_token_rank);
    point = fill(&rig);
    assert_true(point.is_right);
    assert_string_equal(point.failed_checks, "");
    assert_string_equal(point.failed_passes, "");
    rig.facts.is_failed[CX_EP_CHECK_PAYLOAD] = rig.facts.is_failed[CX_EP_CHECK_COMBINE] = true;
    rig.facts.is_pass_failed[CX_EP_PASS_TIMED]                                          = true;
    rig.facts.is_pass_failed[CX_EP_PASS_POST]                                           = true;
    rig.facts.relative_error_max = (double)INFINITY;
    (void)snprintf(rig.facts.detail, sizeof rig.facts.detail, "why");
    point = fill(&rig);
    assert_false(point.is_right);
    assert_string_equal(point.failed_checks, "payload,combine-values");
    assert_string_equal(point.failed_passes, "timed,post");
    assert_true(isfinite(point.relative_error_max) && point.relative_error_max > 1e300);
    close_rig(&rig);
}

static void test_bytes_know_the_codec(void **state)
{
    cx_ep_point_t point;
    rig_t         rig;

    (void)state;
    open_rig(&rig, "tokens=4 precision=e4m3fn-block128", &ep_kit_token_rank);
    point = fill(&rig);
    assert_int_equal(point.dispatch_logical_bytes, point.copies * (256 + 8));
    assert_int_equal(point.dispatch_scale_bytes, point.copies * 8);
    assert_int_equal(point.combine_logical_bytes, point.copies * 512);
    assert_int_equal(point.combine_scale_bytes, 0);
    close_rig(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_and_sums_follow_from_rows),
        cmocka_unit_test(test_pair_only_measurements_leave_the_rest_unknown),
        cmocka_unit_test(test_the_fastest_rank_is_the_other_bracket),
        cmocka_unit_test(test_what_failed_is_listed),
        cmocka_unit_test(test_bytes_know_the_codec),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
