/* SPDX-License-Identifier: Apache-2.0 */
/* Tests how a failure is born and travels. */
#include "support/expect.h"

static cx_status_t fail_below(void)
{
    return CX_FAIL(CX_DEVICE, "the cause is %d", 7);
}

static cx_status_t pass_on(void)
{
    CX_TRY(fail_below());
    return CX_OK;
}

static void test_the_first_author_wins(void **state)
{
    (void)state;
    cx_detail_clear();
    assert_int_equal(pass_on(), CX_DEVICE);
    (void)CX_FAIL(CX_BACKEND, "a later opinion");
    assert_int_equal(cx_detail()->status, CX_DEVICE);
    assert_string_equal(cx_detail()->text, "the cause is 7");
    assert_non_null(strstr(cx_detail()->file, "test_fail.c"));
    cx_detail_clear();
    assert_int_equal(cx_fail_plugin(CX_PEER, "p.c", 3, "gone"), CX_PEER);
    assert_string_equal(cx_detail()->text, "gone");
    assert_int_equal(cx_detail()->line, 3);
    cx_detail_clear();
    assert_string_equal(cx_detail()->text, "");
}

static void test_a_long_detail_is_cut(void **state)
{
    (void)state;
    char text[2000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cx_detail_clear();
    (void)CX_FAIL(CX_INVALID, "%s", text);
    assert_int_equal(strlen(cx_detail()->text), sizeof cx_detail()->text - 1);
    cx_detail_clear();
}

static void test_slugs_go_both_ways(void **state)
{
    (void)state;
    for (int i = 0; i < CX_STATUS_COUNT; i++) {
        assert_int_equal(cx_status_from_slug(cx_status_slug((cx_status_t)i)), i);
        assert_true(strlen(cx_status_text((cx_status_t)i)) > 10);
    }
    assert_int_equal(cx_status_from_slug("nonsense"), CX_STATUS_COUNT);
    assert_string_equal(cx_status_slug(CX_STATUS_COUNT), "internal");
    assert_string_equal(cx_status_text(CX_STATUS_COUNT), "unknown status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_author_wins),
        cmocka_unit_test(test_a_long_detail_is_cut),
        cmocka_unit_test(test_slugs_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
