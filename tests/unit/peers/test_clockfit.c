/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the clock model on invented time stamps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "peers/clockfit.h"

#include <math.h>
#include <stdlib.h>

/* Far from zero, as after a long uptime. */
#define LOCAL_NS INT64_C(900000000000000000)

static void interval_keeps_the_narrowest_sides(void **state)
{
    cx_clock_instant_t instant = CX_CLOCK_INSTANT;

    (void)state;
    /* Common clock is 1000 ahead; ways of 10 and 30, then of 40 and 5. */
    cx_clock_narrow(&instant, 100, 1110, 140);
    assert_int_equal(instant.low_ns, 970);
    assert_int_equal(instant.high_ns, 1010);
    cx_clock_narrow(&instant, 200, 1240, 245);
    assert_int_equal(instant.low_ns, 995);
    assert_int_equal(instant.high_ns, 1010);
}

static void one_instant_gives_offset_without_drift(void **state)
{
    cx_clock_instant_t instant = {LOCAL_NS, -4000, -3000};
    cx_clock_model_t   model;

    (void)state;
    cx_clock_fit(&instant, 1, &model);
    assert_true(model.offset_ns == -3500);
    assert_true(model.drift_ratio == 0);
    assert_true(model.bound_ns == 500);
    assert_int_equal(model.reference_ns, LOCAL_NS);
    assert_int_equal(cx_clock_to_common(&model, LOCAL_NS + 7), LOCAL_NS + 7 - 3500);
}

static void drift_is_found_exactly_without_noise(void **state)
{
    cx_clock_instant_t instants[5];
    cx_clock_model_t   model;

    (void)state;
    for (int i = 0; i < 5; i++) {
        int64_t offset_ns = 123456789 + 5000 * i; /* 50 ppm of 100 ms */

        instants[i] =
            (cx_clock_instant_t){LOCAL_NS + i * INT64_C(100000000), offset_ns - 20, offset_ns + 20};
    }
    cx_clock_fit(instants, 5, &model);
    assert_true(fabs(model.drift_ratio - 50e-6) < 1e-12);
    assert_true(fabs(model.bound_ns - 20) < 1e-3);
    assert_int_equal(cx_clock_to_common(&model, LOCAL_NS), LOCAL_NS + 123456789);
    /* Ten seconds later, half a millisecond further. */
    assert_int_equal(cx_clock_to_common(&model, LOCAL_NS + INT64_C(10000000000)),
                     LOCAL_NS + INT64_C(10000000000) + 123456789 + 500000);
}

/* The true offset lies within the bound at every instant, whatever the delays of the two ways. */
static void bound_holds_with_uneven_delays(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        cx_clock_instant_t instants[10];
        cx_clock_model_t   model;
        uint64_t           counter = 0;

        for (int i = 0; i < 10; i++) {
            instants[i] = (cx_clock_instant_t)CX_CLOCK_INSTANT;
            for (int ping = 0; ping < 20; ping++) {
                int64_t there_ns =
                    5000 + (int64_t)cx_prng_below(cx_prng_at(seed, counter++), 20000);
                int64_t back_ns = 5000 + (int64_t)cx_prng_below(cx_prng_at(seed, counter++), 90000);
                int64_t sent_ns = LOCAL_NS + i * INT64_C(50000000) + ping * 200000;
                int64_t at_ns   = sent_ns + there_ns;

                cx_clock_narrow(&instants[i], sent_ns, at_ns - 777777 + (at_ns - LOCAL_NS) / 25000,
                                at_ns + back_ns);
            }
        }
        cx_clock_fit(instants, 10, &model);
        for (int i = 0; i < 10; i++) {
            int64_t local_ns = instants[i].local_ns;
            int64_t truth_ns = local_ns - 777777 + (local_ns - LOCAL_NS) / 25000;

            assert_true(llabs(cx_clock_to_common(&model, local_ns) - truth_ns) <=
                        (int64_t)model.bound_ns + 1);
        }
        assert_true(model.bound_ns < 40000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interval_keeps_the_narrowest_sides),
        cmocka_unit_test(one_instant_gives_offset_without_drift),
        cmocka_unit_test(drift_is_found_exactly_without_noise),
        cmocka_unit_test(bound_holds_with_uneven_delays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
