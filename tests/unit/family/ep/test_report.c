/* SPDX-License-Identifier: Apache-2.0 */
/* Findings add up, and the first one speaks. */
#include "family/ep/report.h"
#include "unit/family/ep/oracle_kit.h"

#include <string.h>

static void test_a_fresh_report_is_right_and_unchecked(void **state)
{
    cx_ep_report_t report;

    (void)state;
    memset(&report, 0xff, sizeof report);
    cx_ep_report_init(&report);
    assert_true(cx_ep_report_is_right(&report));
    assert_true(report.verdict.is_right);
    for (int check = 0; check < CX_EP_CHECK_COUNT; check++) {
        assert_false(report.is_checked[check]);
    }
    cx_ep_report_checked(&report, CX_EP_CHECK_COUNTS, 5);
    cx_ep_report_checked(&report, CX_EP_CHECK_INPUTS, 2);
    assert_true(report.is_checked[CX_EP_CHECK_COUNTS]);
    assert_int_equal(report.verdict.checked_count, 7);
    assert_true(cx_ep_report_is_right(&report));
}

static void test_the_first_finding_speaks_and_others_are_counted(void **state)
{
    cx_ep_report_t report;

    (void)state;
    cx_ep_report_init(&report);
    cx_ep_report_blame(&report, CX_EP_CHECK_PAYLOAD, 12, "row %d", 3);
    cx_ep_report_blame(&report, CX_EP_CHECK_COUNTS, 1, "other");
    cx_ep_report_blame(&report, CX_EP_CHECK_PAYLOAD, 14, "row %d", 4);
    assert_false(cx_ep_report_is_right(&report));
    assert_string_equal(report.verdict.kind, "payload");
    assert_string_equal(report.verdict.text, "payload: row 3");
    assert_int_equal(report.verdict.first_index, 12);
    assert_int_equal(report.verdict.wrong_count, 2);
    assert_true(report.is_failed[CX_EP_CHECK_PAYLOAD] && report.is_failed[CX_EP_CHECK_COUNTS]);
    assert_false(report.is_failed[CX_EP_CHECK_COMBINE]);
    cx_ep_report_checked(&report, CX_EP_CHECK_PAYLOAD, 5);
    assert_true(report.is_failed[CX_EP_CHECK_PAYLOAD]);
}

static void test_every_check_has_a_slug_that_fits(void **state)
{
    (void)state;
    for (int check = 0; check < CX_EP_CHECK_COUNT; check++) {
        const char *slug = cx_ep_check_slug((cx_ep_check_t)check);

        assert_in_range(strlen(slug), 1, sizeof((cx_verdict_t *)0)->kind - 1);
        for (int other = 0; other < check; other++) {
            assert_string_not_equal(slug, cx_ep_check_slug((cx_ep_check_t)other));
        }
    }
    assert_string_equal(cx_ep_check_slug(CX_EP_CHECK_COMBINE), "combine-values");
}

static void test_tokens_are_named_by_rank(void **state)
{
    (void)state;
    assert_string_equal(cx_ep_token_name(&kit.work, 0).text, "token 0 of rank 0");
    assert_string_equal(cx_ep_token_name(&kit.work, 3).text, "token 1 of rank 1");
    kit.work.first_tokens[1] = 0; /* rank 0 has none */
    assert_string_equal(cx_ep_token_name(&kit.work, 0).text, "token 0 of rank 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fresh_report_is_right_and_unchecked),
        cmocka_unit_test(test_the_first_finding_speaks_and_others_are_counted),
        cmocka_unit_test(test_every_check_has_a_slug_that_fits),
        KIT_TEST(test_tokens_are_named_by_rank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
