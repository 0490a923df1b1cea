/* SPDX-License-Identifier: Apache-2.0 */
/* Floors of expert parallelism, by hand. */
#include "run/ep_floor.h"

#include "measure/pairs.h"
#include "support/expect.h"

#include <math.h>

/* Of 400 copies 100 stay: of 4 MB to dispatch 3 MB cross, 1 MB from each of 3 ranks. */
static const cx_ep_point_t point = {.copies                 = 400,
                                    .local_copies           = 100,
                                    .dispatch_logical_bytes = 4000000,
                                    .combine_logical_bytes  = 8000000};

static cx_row_t row_of(cx_component_t component, const cx_limits_t *limits, cx_ep_routing_t routing)
{
    cx_case_t one = {.ep = {.routing = (int32_t)routing}};
    cx_row_t  row;

    cx_row_clear(&row);
    row.component   = cx_component_slug(component);
    row.time_us_p50 = 30;
    cx_ep_floor_fill(limits, &one, 3, &point, &row);
    return row;
}

static void test_what_crosses_links_is_shared_by_the_ranks(void **state)
{
    static const struct {
        cx_component_t component;
        double         floor_us;
    } rows[] = {{CX_COMPONENT_DISPATCH, 5 + 10},  {CX_COMPONENT_COMBINE, 5 + 20},
                {CX_COMPONENT_ROUNDTRIP, 5 + 30}, {CX_COMPONENT_STAGE, NAN},
                {CX_COMPONENT_PAIR_PERIOD, NAN},  {CX_COMPONENT_DISPATCH_FLOOR, NAN},
                {CX_COMPONENT_COMBINE_FLOOR, NAN}};
    cx_limits_t limits;

    (void)state;
    cx_limits_clear(&limits);
    limits.launch_us              = 5;
    limits.link_store_bytes_per_s = 100e9;
    limits.link_load_bytes_per_s  = 90e9;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_row_t row = row_of(rows[i].component, &limits, CX_EP_ROUTING_UNIFORM);

        if (isnan(rows[i].floor_us)) {
            assert_true(isnan(row.floor_us) && isnan(row.floor_ratio) && !row.floor_source);
        } else {
            assert_true(fabs(row.floor_us - rows[i].floor_us) < 1e-9);
            assert_true(fabs(row.floor_ratio - 30 / rows[i].floor_us) < 1e-9);
            assert_string_equal(row.floor_source, "measured");
        }
    }
}

static void test_without_limits_or_one_routing_there_is_none(void **state)
{
    cx_limits_t limits;

    (void)state;
    cx_limits_clear(&limits);
    assert_true(isnan(row_of(CX_COMPONENT_DISPATCH, NULL, CX_EP_ROUTING_UNIFORM).floor_us));
    assert_true(isnan(row_of(CX_COMPONENT_DISPATCH, &limits, CX_EP_ROUTING_UNIFORM).floor_us));
    limits.launch_us             = 5;
    limits.link_copy_bytes_per_s = 100e9;
    assert_true(row_of(CX_COMPONENT_DISPATCH, &limits, CX_EP_ROUTING_UNIFORM).floor_us > 0);
    assert_true(
        isnan(row_of(CX_COMPONENT_DISPATCH, &limits, CX_EP_ROUTING_HOTSPOT_MOVING).floor_us));
    assert_true(
        isnan(row_of(CX_COMPONENT_DISPATCH, &limits, CX_EP_ROUTING_ALTERNATING_GROUPS).floor_us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_crosses_links_is_shared_by_the_ranks),
        cmocka_unit_test(test_without_limits_or_one_routing_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
