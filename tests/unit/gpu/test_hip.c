/* SPDX-License-Identifier: Apache-2.0 */
/* The device hip on libraries of several ages: what ROCm 6.0 lacks, and what cards report to later
 * ones alone. Not what every library has (test_device.c). */
#include "bed.h"

/* A record of the other kind would be captured, and stamp nothing. */
static void test_a_stamp_in_a_graph_needs_a_library_that_can(void **state)
{
    const bed_t *bed    = *state;
    cx_events_t *events = NULL;
    cx_graph_t  *graph  = NULL;

    assert_int_equal(bed->ops->events_open(bed->device, 1, &events), CX_OK);
    assert_int_equal(bed->ops->graph_begin(bed->device, bed->stream), CX_OK);
    bed->ops->mark(bed->device, bed->stream, events, 0);
    assert_int_equal(bed->ops->graph_end(bed->device, bed->stream, &graph), CX_OK);
    assert_true(stub_says(drain(bed), CX_UNSUPPORTED,
                          "stamp or order work on the device: hipEventRecordWithFlags: "));
    bed->ops->graph_free(bed->device, graph);
    bed->ops->events_close(bed->device, events);
}

static void test_a_graph_without_stamps_needs_nothing_new(void **state)
{
    const bed_t *bed   = *state;
    cx_graph_t  *graph = NULL;

    assert_int_equal(bed->ops->graph_begin(bed->device, bed->stream), CX_OK);
    assert_int_equal(bed->ops->spin(bed->device, bed->stream, 1), CX_OK);
    assert_int_equal(bed->ops->graph_end(bed->device, bed->stream, &graph), CX_OK);
    assert_int_equal(bed->ops->graph_launch(bed->device, graph, bed->stream), CX_OK);
    assert_int_equal(drain(bed), CX_OK);
    bed->ops->graph_free(bed->device, graph);
}

static void test_power_is_asked_as_the_card_has_it(void **state)
{
    const bed_t          *bed = *state;
    cx_device_telemetry_t now;

    assert_int_equal(bed->ops->telemetry(bed->device, &now), CX_OK);
    assert_true(now.power_w == 200); /* the average, of the older call */
    (void)setenv("STUB_RSMI_POWER", "750", 1);
    assert_int_equal(bed->ops->telemetry(bed->device, &now), CX_OK);
    (void)unsetenv("STUB_RSMI_POWER");
    assert_true(now.power_w == 750);
}

#define OLD_HIP(test) \
    cmocka_unit_test_prestate_setup_teardown(test, open_bed, close_bed, (void *)&hip)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OLD_HIP(test_a_stamp_in_a_graph_needs_a_library_that_can),
        OLD_HIP(test_a_graph_without_stamps_needs_nothing_new),
        OLD_HIP(test_power_is_asked_as_the_card_has_it),
    };

    stub_environment();
    stub_name("CX_HIP_PATH", "old/libamdhip64.so");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
