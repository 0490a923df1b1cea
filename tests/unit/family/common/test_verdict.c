/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict starts right, and blame makes it wrong in words that fit. */
#include "family/common/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_a_new_verdict_is_right_and_silent(void **state)
{
    cx_verdict_t verdict;

    (void)state;
    memset(&verdict, 0xff, sizeof verdict);
    cx_verdict_init(&verdict);
    assert_true(verdict.is_right);
    assert_int_equal(verdict.wrong_count, 0);
    assert_int_equal(verdict.first_index, -1);
    assert_string_equal(verdict.kind, "");
    assert_string_equal(verdict.text, "");
}

static void test_blame_sets_kind_and_sentence_and_keeps_the_counts(void **state)
{
    cx_verdict_t verdict;

    (void)state;
    cx_verdict_init(&verdict);
    verdict.wrong_count = 3;
    cx_verdict_blame(&verdict, CX_WRONG_STALE, "stale: data of slot %d", 4);
    assert_false(verdict.is_right);
    assert_string_equal(verdict.kind, "stale");
    assert_string_equal(verdict.text, "stale: data of slot 4");
    assert_int_equal(verdict.wrong_count, 3);
}

static void test_a_cause_says_more_than_its_effect(void **state)
{
    static const cx_wrong_t rising[] = {CX_WRONG_CORRUPTED, CX_WRONG_NEVER_WRITTEN, CX_WRONG_ROOT};
    cx_verdict_t            known, found;

    (void)state;
    cx_verdict_init(&known);
    cx_verdict_init(&found);
    assert_false(cx_verdict_says_more(&found, &known));
    for (size_t i = 0; i < sizeof rising / sizeof rising[0]; i++) {
        cx_verdict_blame(&found, rising[i], "found");
        assert_true(cx_verdict_says_more(&found, &known));
        assert_false(cx_verdict_says_more(&known, &found));
        assert_false(cx_verdict_says_more(&found, &found)); /* the first stays */
        known = found;
    }
}

static void test_every_slug_fits_and_a_long_sentence_is_cut(void **state)
{
    cx_verdict_t verdict;
    char         long_text[600];

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    for (int wrong = 0; wrong < CX_WRONG_COUNT; wrong++) {
        cx_verdict_blame(&verdict, (cx_wrong_t)wrong, "%s", long_text);
        assert_string_equal(verdict.kind, cx_wrong_slug((cx_wrong_t)wrong));
        assert_int_equal(strlen(verdict.text), sizeof verdict.text - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_verdict_is_right_and_silent),
        cmocka_unit_test(test_blame_sets_kind_and_sentence_and_keeps_the_counts),
        cmocka_unit_test(test_a_cause_says_more_than_its_effect),
        cmocka_unit_test(test_every_slug_fits_and_a_long_sentence_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
