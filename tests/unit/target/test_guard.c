/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the guards: readings from planted files, and each disturbance planted on its own. */
#include "target/guard.h"

#include "tree.h"

#include "base/fail.h"

#include <math.h>
#include <sched.h>

/* One second on four processors, by ticks of 10 ms, undisturbed. */
static const cx_guard_t quiet_before = {
    .taken_ns          = 1000000000,
    .cpu_index         = 2,
    .cpu_count         = 4,
    .steal_us          = 0,
    .busy_us           = 5e6,
    .tick_us           = 1e4,
    .own_busy_us       = 1e6,
    .wait_us           = 0,
    .clock_mhz         = 3000,
    .throttle_count    = 5,
    .preemption_count  = 10,
    .major_fault_count = 3,
};
static const cx_guard_t quiet_after = {
    .taken_ns          = 2000000000,
    .cpu_index         = 2,
    .cpu_count         = 4,
    .steal_us          = 0,
    .busy_us           = 6e6,
    .tick_us           = 1e4,
    .own_busy_us       = 2e6,
    .wait_us           = 0,
    .clock_mhz         = 3000,
    .throttle_count    = 5,
    .preemption_count  = 10,
    .major_fault_count = 3,
};

static uint32_t compare(const cx_guard_t *after, cx_guard_finding_t out[CX_GUARD_KIND_COUNT])
{
    return cx_guard_compare(&quiet_before, after, &cx_guard_limits_default, out,
                            CX_GUARD_KIND_COUNT);
}

static void test_quiet_block_has_no_finding(void **state)
{
    (void)state;
    cx_guard_finding_t out[CX_GUARD_KIND_COUNT];

    assert_int_equal(compare(&quiet_after, out), 0);
}

static void test_each_disturbance_is_found_by_its_name_and_number(void **state)
{
    (void)state;
    struct {
        const char *id, *number;
        double      value;
        cx_guard_t  after;
    } rows[] = {
        {"host-steal", "5.0 % of 4", 0.05, quiet_after},
        {"other-load", "1.50 of 4", 0.375, quiet_after},
        {"preempted", "20.0 %", 0.2, quiet_after},
        {"clock-drop", "3000 to 2400 MHz", 0.2, quiet_after},
        {"throttled", "2 times", 2, quiet_after},
        {"page-faults", "1 pages", 1, quiet_after},
    };
    rows[0].after.steal_us          = 2e5;
    rows[1].after.busy_us           = 7.5e6;
    rows[2].after.wait_us           = 2e5;
    rows[3].after.clock_mhz         = 2400;
    rows[4].after.throttle_count    = 7;
    rows[5].after.major_fault_count = 4;

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_guard_finding_t out[CX_GUARD_KIND_COUNT];

        assert_int_equal(compare(&rows[i].after, out), 1);
        assert_string_equal(out[0].id, rows[i].id);
        assert_non_null(strstr(out[0].text, rows[i].number));
        assert_true(fabs(out[0].value - rows[i].value) < 1e-9);
    }
}

static void test_differences_within_the_limit_or_the_ticks_are_none(void **state)
{
    (void)state;
    cx_guard_finding_t out[CX_GUARD_KIND_COUNT];
    cx_guard_t         after = quiet_after;

    after.steal_us  = 5e4;    /* the limit of 4e4 and one tick */
    after.busy_us   = 6.24e6; /* the limit of 2e5 and less than five ticks */
    after.wait_us   = 5e4;
    after.clock_mhz = 2900;
    assert_int_equal(compare(&after, out), 0);
    after.steal_us = 6e4;
    assert_int_equal(compare(&after, out), 1);
    after.busy_us = 6.26e6;
    assert_int_equal(compare(&after, out), 2);
}

static void test_siblings_are_not_other_load(void **state)
{
    (void)state;
    cx_guard_finding_t out[CX_GUARD_KIND_COUNT];
    cx_guard_limits_t  limits = cx_guard_limits_default;
    cx_guard_t         after  = quiet_after;

    after.busy_us           = 9e6; /* three sibling ranks that spin */
    limits.siblings_busy_us = 3e6;
    assert_int_equal(cx_guard_compare(&quiet_before, &after, &limits, out, CX_GUARD_KIND_COUNT), 0);
    limits.siblings_busy_us = 2e6;
    assert_int_equal(cx_guard_compare(&quiet_before, &after, &limits, out, CX_GUARD_KIND_COUNT), 1);
    limits.siblings_busy_us = NAN;
    assert_int_equal(cx_guard_compare(&quiet_before, &after, &limits, out, CX_GUARD_KIND_COUNT), 0);
}

static const cx_guard_t unknown = {
    .taken_ns          = 2000000000,
    .cpu_index         = 2,
    .cpu_count         = -1,
    .steal_us          = NAN,
    .busy_us           = NAN,
    .tick_us           = NAN,
    .own_busy_us       = NAN,
    .wait_us           = NAN,
    .clock_mhz         = NAN,
    .throttle_count    = -1,
    .preemption_count  = -1,
    .major_fault_count = -1,
};

/* What would be found if `unknown` counted as zero or as minus one. */
static void test_unknown_readings_find_nothing(void **state)
{
    (void)state;
    cx_guard_finding_t out[CX_GUARD_KIND_COUNT];
    cx_guard_t         loud = quiet_after;

    loud.steal_us = loud.busy_us = loud.wait_us = 1e9;
    loud.throttle_count = loud.major_fault_count = 1000;
    assert_int_equal(
        cx_guard_compare(&unknown, &loud, &cx_guard_limits_default, out, CX_GUARD_KIND_COUNT), 0);
    assert_int_equal(
        cx_guard_compare(&loud, &unknown, &cx_guard_limits_default, out, CX_GUARD_KIND_COUNT), 0);
    assert_int_equal(
        cx_guard_compare(&unknown, &unknown, &cx_guard_limits_default, out, CX_GUARD_KIND_COUNT),
        0);
}

static void test_limits_that_are_off_find_nothing(void **state)
{
    (void)state;
    const cx_guard_limits_t off = {NAN, NAN, NAN, NAN, -1, -1, 0};
    cx_guard_finding_t      out[CX_GUARD_KIND_COUNT];
    cx_guard_t              loud = quiet_after;

    loud.taken_ns += 1000000;
    loud.steal_us = loud.busy_us = loud.wait_us = 1e9;
    loud.clock_mhz                              = 100;
    loud.throttle_count = loud.major_fault_count = 1000;
    assert_int_equal(cx_guard_compare(&quiet_before, &loud, &off, out, CX_GUARD_KIND_COUNT), 0);
    assert_int_equal(compare(&loud, out), CX_GUARD_KIND_COUNT);
    assert_int_equal(cx_guard_compare(&quiet_before, &loud, &cx_guard_limits_default, out, 2), 2);
}

static void test_clock_of_another_processor_is_not_compared(void **state)
{
    (void)state;
    cx_guard_finding_t out[CX_GUARD_KIND_COUNT];
    cx_guard_t         after = quiet_after;

    after.cpu_index      = 3;
    after.clock_mhz      = 100;
    after.throttle_count = 1000;
    assert_int_equal(compare(&after, out), 0);
}

/* Plants the files of the processor this test is bound to. */
static void plant_machine(const char *tree, int cpu)
{
    char name[128];

    tree_write(tree, "proc/stat", "cpu  100 20 30 9000 10 5 6 7 0 0\ncpu0 1 2 3\n");
    tree_write(tree, "proc/self/schedstat", "5000000 2000000 12\n");
    tree_write(tree, "sys/devices/system/cpu/online", "0-3\n");
    (void)snprintf(name, sizeof name, "sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", cpu);
    tree_write(tree, name, "2400000\n");
    (void)snprintf(name, sizeof name,
                   "sys/devices/system/cpu/cpu%d/thermal_throttle/core_throttle_count", cpu);
    tree_write(tree, name, "3\n");
    (void)snprintf(name, sizeof name,
                   "sys/devices/system/cpu/cpu%d/thermal_throttle/package_throttle_count", cpu);
    tree_write(tree, name, "4\n");
}

static void test_sample_reads_the_planted_files_anew_each_time(void **state)
{
    (void)state;
    char       tree[TREE_BYTES];
    cpu_set_t  old, one;
    cx_guard_t sample;
    const int  cpu = sched_getcpu();

    assert_int_equal(sched_getaffinity(0, sizeof old, &old), 0);
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    tree_make(tree);
    plant_machine(tree, cpu);
    assert_int_equal(cx_guard_open(tree), CX_OK);
    cx_guard_sample(&sample);
    assert_int_equal(sample.cpu_index, cpu);
    assert_int_equal(sample.cpu_count, 4);
    assert_true(sample.tick_us > 0);
    assert_true(fabs(sample.steal_us - 7 * sample.tick_us) < 1e-6);
    assert_true(fabs(sample.busy_us - 161 * sample.tick_us) < 1e-6);
    assert_true(fabs(sample.wait_us - 2000.0) < 1e-6);
    assert_true(fabs(sample.clock_mhz - 2400.0) < 1e-6);
    assert_int_equal(sample.throttle_count, 7);
    tree_write(tree, "proc/self/schedstat", "5000000 9000000 12\n");
    cx_guard_sample(&sample);
    assert_true(fabs(sample.wait_us - 9000.0) < 1e-6);
    cx_guard_close();
    tree_remove(tree);
    assert_int_equal(sched_setaffinity(0, sizeof old, &old), 0);
}

static void test_files_that_are_missing_or_odd_are_unknown(void **state)
{
    (void)state;
    static const char *const stats[] = {"", "cpu  1 2 3\n", "nonsense\n", "cpu  a b c d e f g h\n"};
    char                     tree[TREE_BYTES];
    cx_guard_t               sample;

    for (int64_t i = 0; i < LENGTH(stats); i++) {
        tree_make(tree);
        tree_write(tree, "proc/stat", stats[i]);
        tree_write(tree, "proc/self/schedstat", "5\n");
        assert_int_equal(cx_guard_open(tree), CX_OK);
        cx_guard_sample(&sample);
        assert_true(isnan(sample.steal_us) && isnan(sample.busy_us) && isnan(sample.wait_us));
        assert_true(isnan(sample.clock_mhz));
        assert_int_equal(sample.throttle_count, -1);
        assert_int_equal(sample.cpu_count, -1);
        assert_true(sample.own_busy_us >= 0 && sample.preemption_count >= 0);
        cx_guard_close();
        tree_remove(tree);
    }
}

static void test_guards_open_once_and_close_completely(void **state)
{
    (void)state;
    cx_guard_t sample;
    const int  next = dup(0);

    assert_int_equal(close(next), 0);
    assert_int_equal(cx_guard_open("/nowhere"), CX_INVALID);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(cx_guard_open(NULL), CX_OK);
        cx_detail_clear();
        assert_int_equal(cx_guard_open(NULL), CX_INVALID);
        cx_guard_close();
        cx_guard_close();
    }
    const int again = dup(0);

    assert_int_equal(again, next);
    assert_int_equal(close(again), 0);
    cx_guard_sample(&sample);
    assert_true(isnan(sample.busy_us));
    assert_true(sample.own_busy_us >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quiet_block_has_no_finding),
        cmocka_unit_test(test_each_disturbance_is_found_by_its_name_and_number),
        cmocka_unit_test(test_differences_within_the_limit_or_the_ticks_are_none),
        cmocka_unit_test(test_siblings_are_not_other_load),
        cmocka_unit_test(test_unknown_readings_find_nothing),
        cmocka_unit_test(test_limits_that_are_off_find_nothing),
        cmocka_unit_test(test_clock_of_another_processor_is_not_compared),
        cmocka_unit_test(test_sample_reads_the_planted_files_anew_each_time),
        cmocka_unit_test(test_files_that_are_missing_or_odd_are_unknown),
        cmocka_unit_test(test_guards_open_once_and_close_completely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
