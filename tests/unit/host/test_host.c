/* SPDX-License-Identifier: Apache-2.0 */
/* The clock and the facts of the host device. Not its memory (test_host_memory.c). */
#include "support/fake_core.h"
#include "support/open_plugin.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BUDGET_NS INT64_C(60000000000)

static fake_core_t            fake;
static const cx_device_ops_t *ops;
static cx_device_t           *device;

static int set_up(void **state)
{
    (void)state;
    fake_core_init(&fake, NULL, 0, 1, BUDGET_NS);
    ops                 = plugin_open_device("cx-device-host.so");
    fake_detail_text[0] = '\0';
    return ops && ops->open(&fake.core, 0, &device) == CX_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ops->close(device);
    return 0;
}

static void test_table_says_what_it_was_built_against(void **state)
{
    (void)state;
    assert_int_equal(ops->abi, CX_DEVICE_ABI);
    assert_int_equal(ops->struct_size, sizeof(cx_device_ops_t));
    assert_string_equal(ops->name, "host");
}

static void test_facts_are_of_this_machine(void **state)
{
    cx_device_facts_t facts;
    long long         total_kib = 0;
    FILE             *file      = fopen("/proc/meminfo", "re");

    (void)state;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "MemTotal: %lld", &total_kib), 1);
    assert_int_equal(fclose(file), 0);
    ops->facts(device, &facts);
    assert_true(facts.memory_bytes > 0 && facts.memory_bytes <= total_kib * 1024);
    assert_true(facts.last_cache_bytes >= 0);
    assert_null(strchr(facts.model, '\n'));
    assert_string_equal(facts.driver, "");
    assert_true(facts.is_host_ordered);
    assert_false(facts.is_virtual_time);
}

static void test_marks_lie_between_the_clock_before_and_after(void **state)
{
    cx_events_t *events   = NULL;
    int64_t      start_ns = fake_now_ns(), end_ns;

    (void)state;
    assert_int_equal(ops->events_open(device, 2, &events), CX_OK);
    ops->mark(device, NULL, events, 0);
    ops->mark(device, NULL, events, 1);
    end_ns = fake_now_ns();
    assert_true(start_ns <= ops->event_ns(events, 0));
    assert_true(ops->event_ns(events, 0) <= ops->event_ns(events, 1));
    assert_true(ops->event_ns(events, 1) <= end_ns);
    assert_true(fabs(ops->elapsed_us(events, 0, 1) * 1000 -
                     (double)(ops->event_ns(events, 1) - ops->event_ns(events, 0))) < 1e-6);
    ops->events_close(device, events);
}

static void test_spin_lasts_at_least_as_long_as_asked(void **state)
{
    int64_t      start_ns = ops->now_ns(device);
    cx_stream_t *stream   = NULL;

    (void)state;
    assert_int_equal(ops->stream_open(device, &stream), CX_OK);
    assert_int_equal(ops->spin(device, stream, 250), CX_OK);
    assert_int_equal(ops->synchronize(device, stream, start_ns), CX_OK);
    assert_true(ops->now_ns(device) - start_ns >= 250000);
    ops->stream_close(device, stream);
}

static void test_spin_refuses_times_that_cannot_be_waited(void **state)
{
    static const double times_us[] = {-1, 1e30, NAN};

    (void)state;
    for (size_t i = 0; i < sizeof times_us / sizeof *times_us; i++) {
        assert_int_equal(ops->spin(device, NULL, times_us[i]), CX_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table_says_what_it_was_built_against, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_facts_are_of_this_machine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_marks_lie_between_the_clock_before_and_after, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_spin_lasts_at_least_as_long_as_asked, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_spin_refuses_times_that_cannot_be_waited, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
