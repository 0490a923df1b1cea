/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual clock: exact, and moved by spins alone. Not its memory (../host). */
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
    ops                 = plugin_open_device("cx-device-sim.so");
    fake_detail_text[0] = '\0';
    return ops && ops->open(&fake.core, 0, &device) == CX_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ops->close(device);
    return 0;
}

/* Compared as bits: on a virtual clock nearly right is wrong. */
static void assert_same_double(double got, double want)
{
    if (memcmp(&got, &want, sizeof got) != 0) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

static void test_clock_stands_at_zero_until_something_spins(void **state)
{
    cx_events_t *events = NULL;

    (void)state;
    assert_int_equal(ops->now_ns(device), 0);
    assert_int_equal(ops->events_open(device, 2, &events), CX_OK);
    ops->mark(device, NULL, events, 0);
    assert_int_equal(ops->synchronize(device, NULL, 0), CX_OK);
    ops->mark(device, NULL, events, 1);
    assert_int_equal(ops->event_ns(events, 1), 0);
    assert_same_double(ops->elapsed_us(events, 0, 1), 0);
    ops->events_close(device, events);
}

static void test_spins_come_back_exactly(void **state)
{
    static const double times_us[] = {12.5, 13, 40.25, 0.1, 0.3, 1e-6, 0, 123456.789, 6e8};
    enum { TIME_COUNT = sizeof times_us / sizeof *times_us };
    cx_events_t *events = NULL;

    (void)state;
    assert_int_equal(ops->events_open(device, TIME_COUNT + 1, &events), CX_OK);
    ops->mark(device, NULL, events, 0);
    for (int64_t i = 0; i < TIME_COUNT; i++) {
        assert_int_equal(ops->spin(device, NULL, times_us[i]), CX_OK);
        ops->mark(device, NULL, events, i + 1);
    }
    for (int64_t i = 0; i < TIME_COUNT; i++) {
        assert_same_double(ops->elapsed_us(events, i, i + 1), times_us[i]);
    }
    assert_same_double(ops->elapsed_us(events, 0, 3), 65.75);
    assert_int_equal(ops->event_ns(events, 3), 65750);
    ops->events_close(device, events);
}

static void test_a_new_device_starts_its_own_clock(void **state)
{
    cx_device_t *second = NULL;

    (void)state;
    assert_int_equal(ops->spin(device, NULL, 5), CX_OK);
    assert_int_equal(ops->open(&fake.core, 0, &second), CX_OK);
    assert_int_equal(ops->now_ns(second), 0);
    assert_int_equal(ops->now_ns(device), 5000);
    ops->close(second);
}

static void test_spin_refuses_what_would_break_the_clock(void **state)
{
    static const double times_us[] = {-1, 1e30, NAN};

    (void)state;
    for (size_t i = 0; i < sizeof times_us / sizeof *times_us; i++) {
        assert_int_equal(ops->spin(device, NULL, times_us[i]), CX_INVALID);
    }
    assert_int_equal(ops->spin(device, NULL, 8e12), CX_OK);
    assert_int_equal(ops->spin(device, NULL, 8e12), CX_INVALID);
    assert_int_equal(ops->now_ns(device), INT64_C(8000000000000000));
}

/* Nothing happens at the capture, and the same at every launch. */
static void test_a_graph_plays_spins_and_marks_back(void **state)
{
    cx_events_t *events = NULL;
    cx_graph_t  *graph  = NULL;

    (void)state;
    assert_int_equal(ops->events_open(device, 4, &events), CX_OK);
    assert_int_equal(ops->graph_begin(device, NULL), CX_OK);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ops->spin(device, NULL, 12.5), CX_OK);
    }
    ops->mark(device, NULL, events, 1);
    assert_int_equal(ops->spin(device, NULL, 40.25), CX_OK);
    assert_int_equal(ops->graph_end(device, NULL, &graph), CX_OK);
    assert_int_equal(ops->now_ns(device), 0);
    for (int launch = 0; launch < 2; launch++) {
        ops->mark(device, NULL, events, 0);
        assert_int_equal(ops->graph_launch(device, graph, NULL), CX_OK);
        ops->mark(device, NULL, events, 2);
        assert_same_double(ops->elapsed_us(events, 0, 1), 1250);
        assert_same_double(ops->elapsed_us(events, 0, 2), 1290.25);
        assert_int_equal(ops->now_ns(device), (launch + 1) * 1290250);
    }
    ops->graph_free(device, graph);
    ops->events_close(device, events);
}

static void test_captures_that_make_no_graph(void **state)
{
    cx_graph_t *graph = NULL;

    (void)state;
    assert_int_equal(ops->graph_end(device, NULL, &graph), CX_INVALID);
    assert_int_equal(ops->graph_begin(device, NULL), CX_OK);
    assert_int_equal(ops->graph_begin(device, NULL), CX_INVALID);
    assert_int_equal(ops->spin(device, NULL, -1), CX_INVALID);
    assert_int_equal(ops->spin(device, NULL, 5), CX_OK);
    assert_int_equal(ops->graph_end(device, NULL, NULL), CX_OK); /* thrown away */
    assert_null(graph);
    assert_int_equal(ops->now_ns(device), 0);
    assert_int_equal(ops->graph_begin(device, NULL), CX_OK);
    assert_int_equal(ops->spin(device, NULL, 8e12), CX_OK);
    assert_int_equal(ops->graph_end(device, NULL, &graph), CX_OK);
    assert_int_equal(ops->graph_launch(device, graph, NULL), CX_OK);
    assert_int_equal(ops->graph_launch(device, graph, NULL), CX_INVALID); /* the clock is over */
    ops->graph_free(device, graph);
    assert_int_equal(ops->graph_begin(device, NULL), CX_OK); /* closed with the device */
    assert_int_equal(ops->spin(device, NULL, 5), CX_OK);
}

static void test_facts_are_declared_and_say_so(void **state)
{
    cx_device_facts_t facts;

    (void)state;
    ops->facts(device, &facts);
    assert_string_equal(facts.model, "virtual clock");
    assert_true(facts.is_virtual_time);
    assert_true(facts.is_host_ordered);
    assert_int_equal(facts.memory_bytes, 1 << 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clock_stands_at_zero_until_something_spins, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_spins_come_back_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_device_starts_its_own_clock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spin_refuses_what_would_break_the_clock, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_graph_plays_spins_and_marks_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_captures_that_make_no_graph, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_facts_are_declared_and_say_so, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
