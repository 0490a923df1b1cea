/* SPDX-License-Identifier: Apache-2.0 */
/* The law of a benchmark: what takes d longer reads d more. Exact on the virtual clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/prop.h"
#include "unit/measure/cell.h"

#include <math.h>

#define SAMPLE_COUNT 30

/* The point's sidecar: its samples, with operations of `step_ns`, or NULL where it failed. */
static bool measure(cx_regime_t regime, const int64_t *steps_ns, int64_t delay_ns, double *out_us)
{
    cx_sampling_t sampling = cell_sampling(regime, SAMPLE_COUNT);
    cx_outcome_t  outcome;
    cell_t        cell = {0};
    char          script[128];
    bool          is_good;

    (void)snprintf(script, sizeof script, "%" PRId64 "ns,%" PRId64 "ns,%" PRId64 "ns",
                   steps_ns[0] + delay_ns, steps_ns[1] + delay_ns, steps_ns[2] + delay_ns);
    is_good                      = cell_open_alone(&cell, "sim", script, SAMPLE_COUNT) == CX_OK;
    cell.job.operation_count_max = 64;
    is_good = is_good && cx_measure_point(&cell.job, &sampling, &cell.series, &outcome) == CX_OK;
    if (is_good) {
        memcpy(out_us, cell.series.reduced_us, SAMPLE_COUNT * sizeof *out_us);
    }
    cell_close_alone(&cell);
    return is_good;
}

/* Blocks hold 16 operations whatever they take, so sample i is of the same operation each time. A
 * loop's mean is rounded to a double; its sum, 64 of a sample, is not. */
static bool a_delay_is_read_as_it_is(const int64_t *values)
{
    cx_regime_t regime   = (cx_regime_t)values[0];
    int64_t     delay_ns = values[4];
    double      before_us[SAMPLE_COUNT], after_us[SAMPLE_COUNT];

    if (!measure(regime, &values[1], 0, before_us) ||
        !measure(regime, &values[1], delay_ns, after_us)) {
        return false;
    }
    for (int i = 0; i < SAMPLE_COUNT; i++) {
        double before_ns = before_us[i] * 64e3, after_ns = after_us[i] * 64e3;

        if (llround(after_ns) - llround(before_ns) != 64 * delay_ns) {
            return false;
        }
    }
    return true;
}

static void test_a_delay_is_read_as_it_is(void **state)
{
    static const prop_range_t gen[] = {
        {"regime", 0, CX_REGIME_COUNT - 1}, {"step_a_ns", 0, 100000}, {"step_b_ns", 0, 100000},
        {"step_c_ns", 0, 100000},           {"delay_ns", 0, 100000},  PROP_END};

    (void)state;
    assert_true(prop_holds(gen, a_delay_is_read_as_it_is));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_delay_is_read_as_it_is)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
