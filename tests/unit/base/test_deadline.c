/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the control plane's clock. */
#include "base/deadline.h"

#include "support/expect.h"

#include <limits.h>

static void test_now_never_goes_back(void **state)
{
    (void)state;
    int64_t last_ns = cx_now_ns();

    for (int i = 0; i < 1000; i++) {
        int64_t now_ns = cx_now_ns();

        assert_true(now_ns >= last_ns);
        last_ns = now_ns;
    }
}

static void test_poll_milliseconds(void **state)
{
    (void)state;
    assert_int_equal(cx_deadline_poll_ms(0), 0);
    assert_int_equal(cx_deadline_poll_ms(cx_now_ns() - 1), 0);
    assert_int_equal(cx_deadline_poll_ms(INT64_MAX), INT_MAX);
    /* An hour away, so that a slow machine cannot make it less than 59 minutes. */
    assert_in_range(cx_deadline_poll_ms(cx_now_ns() + 3600 * CX_NS_PER_S), 59 * 60 * 1000,
                    60 * 60 * 1000);
}

static void test_utc_has_its_shape(void **state)
{
    (void)state;
    char text[21];

    cx_utc_now(text, sizeof text);
    assert_int_equal(strlen(text), 20);
    for (size_t i = 0; i < 20; i++) {
        const char shape = "0000-00-00T00:00:00Z"[i];

        assert_true(shape == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == shape);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_now_never_goes_back),
        cmocka_unit_test(test_poll_milliseconds),
        cmocka_unit_test(test_utc_has_its_shape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
