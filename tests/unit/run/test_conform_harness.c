/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of the harness's own numbers, on the virtual clock, where they are exact. */
#include "unit/run/mock.h"

static const cx_device_ops_t *real_device;

/* A spin that takes a twentieth longer than asked. */
static cx_status_t crawl(cx_device_t *device, cx_stream_t *stream, double spin_us)
{
    return real_device->spin(device, stream, spin_us * 1.05);
}

static void open_null(mock_rank_t *rank)
{
    mock_rank_open(rank);
    rank->conform.backend = "null";
    rank->conform.device  = "sim";
    EXPECT_OK(cx_conform_probe(&rank->conform));
    assert_true(rank->conform.can_run);
}

static const char *judgement_of(const json_t *fields, const char *name)
{
    size_t  i;
    json_t *field;

    json_array_foreach((json_t *)(uintptr_t)fields, i, field)
    {
        if (strcmp(kit_text(field, "name"), name) == 0) {
            return kit_text(field, "judgement");
        }
    }
    return "(no such field)";
}

static void test_an_exact_clock_keeps_every_limit(void **state)
{
    mock_rank_t rank;
    json_t     *event;

    (void)state;
    open_null(&rank);
    mock_rank_expect(&rank, cx_conform_harness, "ok");
    event = kit_event(&rank.kit);
    assert_non_null(event);
    assert_string_equal(judgement_of(json_object_get(event, "harness"), "spin_slope_ratio"),
                        "ok, 0.99 to 1.01");
    assert_string_equal(judgement_of(json_object_get(event, "harness"), "barrier_us_p50"), "");
    json_decref(event);
    mock_rank_close(&rank);
}

static void test_a_spin_that_is_too_long_breaks_the_slope(void **state)
{
    cx_device_ops_t slow;
    mock_rank_t     rank;
    json_t         *event;

    (void)state;
    open_null(&rank);
    real_device                      = rank.kit.context.core.device_ops;
    slow                             = *real_device;
    slow.spin                        = crawl;
    rank.kit.context.core.device_ops = &slow;
    mock_rank_expect(&rank, cx_conform_harness,
                     "spin_slope_ratio is 1.05, which is not within 0.99 and 1.01");
    event = kit_event(&rank.kit);
    assert_string_equal(judgement_of(json_object_get(event, "harness"), "spin_slope_ratio"),
                        "FAILED, 0.99 to 1.01");
    json_decref(event);
    rank.kit.context.core.device_ops = real_device;
    mock_rank_close(&rank);
}

static void test_other_backends_leave_the_harness_alone(void **state)
{
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    EXPECT_OK(cx_conform_probe(&rank.conform));
    mock_rank_expect(&rank, cx_conform_harness,
                     "skipped: the harness is measured with backend null");
    mock_rank_close(&rank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_exact_clock_keeps_every_limit),
        cmocka_unit_test(test_a_spin_that_is_too_long_breaks_the_slope),
        cmocka_unit_test(test_other_backends_leave_the_harness_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
