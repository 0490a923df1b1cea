/* SPDX-License-Identifier: Apache-2.0 */
/* Isolated latency: align, window, wait, for each operation. Exact series are test_point.c's. */
#include "unit/measure/stage.h"

#include "measure/isolated.h"

static void test_every_operation_is_aligned_and_waited_for(void **state)
{
    cx_job_t  *job = stage_open(2, 13000);
    cx_stamp_t stamps[3];

    (void)state;
    assert_int_equal(cx_measure_isolated(job, 3, stamps), CX_OK);
    assert_string_equal(stage.log, "b[me0wm]sb[me1wm]sb[me0wm]s");
    assert_string_equal(stage.phases[0], "isolated");
    for (int i = 0; i < 3; i++) {
        assert_true(stamps[i].duration_us == 13);
        assert_int_equal(stamps[i].start_ns, 1000000 + i * 13000);
        assert_int_equal(stamps[i].end_ns, 1000000 + (i + 1) * 13000);
    }
}

static void test_the_first_failure_ends_it(void **state)
{
    cx_job_t  *job = stage_open(1, 1000);
    cx_stamp_t stamps[3];

    (void)state;
    stage.fails      = 'b';
    stage.fail_index = 1;
    assert_int_equal(cx_measure_isolated(job, 3, stamps), CX_BACKEND);
    assert_string_equal(stage.log, "b[me0wm]sb");
    job              = stage_open(1, 1000);
    stage.fails      = 'e';
    stage.fail_index = 1;
    assert_int_equal(cx_measure_isolated(job, 3, stamps), CX_BACKEND);
    assert_string_equal(stage.log, "b[me0wm]sb[me0m]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation_is_aligned_and_waited_for),
        cmocka_unit_test(test_the_first_failure_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
