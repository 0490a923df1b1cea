/* SPDX-License-Identifier: Apache-2.0 */
/* What came home: right, wrong by how much, and the sentence. */
#include "family/ep/oracle.h"

#include "family/common/halves.h"
#include "unit/family/ep/oracle_kit.h"

#include <math.h>
#include <string.h>

static uint16_t rows[2 * KIT_HIDDEN];

static void expect(void)
{
    assert_int_equal(cx_ep_expected_combined(&kit.truth, CX_EP_EXPERTS_IDENTITY, 0, 2, rows),
                     CX_OK);
}

static cx_ep_report_t check(void)
{
    cx_ep_report_t report;

    cx_ep_report_init(&report);
    assert_int_equal(cx_ep_check_combined(&kit.truth, CX_EP_EXPERTS_IDENTITY, rows, &report),
                     CX_OK);
    assert_true(report.is_checked[CX_EP_CHECK_COMBINE]);
    return report;
}

static void test_right_rows_are_right(void **state)
{
    cx_ep_report_t report;

    (void)state;
    expect();
    report = check();
    assert_true(cx_ep_report_is_right(&report));
    assert_int_equal(report.verdict.checked_count, 2 * KIT_HIDDEN);
    assert_true(report.relative_error_max <= 0);
}

static void test_the_sentence_names_token_rank_column_and_magnitude(void **state)
{
    cx_ep_report_t report;

    (void)state;
    expect();
    rows[KIT_HIDDEN + 33] = cx_bf16_from_float(0.5f);
    report                = check();
    assert_string_equal(report.verdict.kind, "combine-values");
    assert_int_equal(report.verdict.first_index, KIT_HIDDEN + 33);
    assert_int_equal(report.verdict.wrong_count, 1);
    /* token 1: ((131 + 33*17 + 67*19) mod 257 - 128) / 64 = 1.65625 - ... twice */
    assert_ptr_equal(strstr(report.verdict.text, "combine-values: token 1 of rank 0, column 33 is "
                                                 "0.5, expected "),
                     report.verdict.text);
    assert_non_null(strstr(report.verdict.text, "(relative error "));
}

static void test_one_bit_is_enough_where_a_backend_is_bitwise(void **state)
{
    cx_ep_report_t report;

    (void)state;
    expect();
    rows[5] ^= 1;
    report = check();
    assert_true(report.is_failed[CX_EP_CHECK_COMBINE]);
    kit.truth.caps.is_bitwise = false;
    report                    = check();
    assert_false(report.is_failed[CX_EP_CHECK_COMBINE]);
    assert_true(report.relative_error_max > 0 && report.relative_error_max < CX_EP_TOLERANCE);
}

/* Of 1 the tolerance is 4 units in the last place, which is already too much. */
static void test_the_tolerance_is_strict(void **state)
{
    cx_ep_report_t report;

    (void)state;
    expect();
    kit.truth.caps.is_bitwise = false;
    assert_int_equal(rows[0], cx_bf16_from_float(-1));
    rows[0] = cx_bf16_from_float(-1 - 3.0f / 128);
    report  = check();
    assert_false(report.is_failed[CX_EP_CHECK_COMBINE]);
    rows[0] = cx_bf16_from_float(-1 - 4.0f / 128);
    report  = check();
    assert_true(report.is_failed[CX_EP_CHECK_COMBINE]);
    assert_true(report.relative_error_max >= 0.03125 && report.relative_error_max <= 0.03125);
}

/* Zeros are compared as if they were 0.02. */
static void test_small_values_have_a_floor(void **state)
{
    cx_ep_report_t report;

    (void)state;
    expect();
    kit.truth.activation.profile = CX_EP_PROFILE_ZEROS;
    kit.truth.caps.is_bitwise    = false;
    assert_int_equal(cx_ep_expected_combined(&kit.truth, CX_EP_EXPERTS_IDENTITY, 0, 2, rows),
                     CX_OK);
    rows[40] = cx_bf16_from_float(0.0006f);
    report   = check();
    assert_false(report.is_failed[CX_EP_CHECK_COMBINE]);
    rows[40] = cx_bf16_from_float(0.00064f);
    report   = check();
    assert_true(report.is_failed[CX_EP_CHECK_COMBINE]);
}

static void test_what_is_not_finite_is_infinitely_wrong(void **state)
{
    static const uint16_t values[] = {0x7fc0, 0xffff, 0x7f80, 0xff80};

    (void)state;
    for (int i = 0; i < 4; i++) {
        for (int is_bitwise = 0; is_bitwise < 2; is_bitwise++) {
            cx_ep_report_t report;

            expect();
            kit.truth.caps.is_bitwise = is_bitwise;
            rows[9]                   = values[i];
            report                    = check();
            assert_true(report.is_failed[CX_EP_CHECK_COMBINE]);
            assert_true(isinf(report.relative_error_max));
        }
    }
}

static void test_rows_of_other_experts_are_wrong(void **state)
{
    cx_ep_report_t report;

    (void)state;
    expect();
    cx_ep_report_init(&report);
    assert_int_equal(cx_ep_check_combined(&kit.truth, CX_EP_EXPERTS_AFFINE, rows, &report), CX_OK);
    assert_true(report.is_failed[CX_EP_CHECK_COMBINE]);
    assert_true(report.verdict.wrong_count > KIT_HIDDEN);
}

static void test_what_is_not_modelled_is_refused(void **state)
{
    cx_ep_report_t report;

    (void)state;
    expect();
    cx_ep_report_init(&report);
    kit.truth.caps.reduction = CX_EP_REDUCTION_SLOT_FP32;
    assert_int_equal(cx_ep_check_combined(&kit.truth, CX_EP_EXPERTS_AFFINE, rows, &report),
                     CX_UNSUPPORTED);
    cx_detail_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_right_rows_are_right),
        KIT_TEST(test_the_sentence_names_token_rank_column_and_magnitude),
        KIT_TEST(test_one_bit_is_enough_where_a_backend_is_bitwise),
        KIT_TEST(test_the_tolerance_is_strict),
        KIT_TEST(test_small_values_have_a_floor),
        KIT_TEST(test_what_is_not_finite_is_infinitely_wrong),
        KIT_TEST(test_rows_of_other_experts_are_wrong),
        KIT_TEST(test_what_is_not_modelled_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
