/* SPDX-License-Identifier: Apache-2.0 */
/* A right receive, each way to spoil it by hand with its sentence, and nonsense of every kind. */
#include "family/ep/oracle.h"

#include "base/prng.h"
#include "family/common/codec_recipe.h"
#include "family/common/halves.h"
#include "unit/family/ep/oracle_kit.h"

#include <math.h>
#include <string.h>

static kit_receive_t receive;

static cx_ep_report_t check(void)
{
    cx_ep_report_t report;

    cx_ep_report_init(&report);
    assert_int_equal(cx_ep_check_received(&kit.truth, &receive.view, &report), CX_OK);
    return report;
}

static void expect(const char *text)
{
    const cx_ep_report_t report = check();

    assert_false(cx_ep_report_is_right(&report));
    assert_string_equal(report.verdict.text, text);
}

static void test_a_right_receive_is_right(void **state)
{
    cx_ep_report_t report;

    (void)state;
    kit_receive(&kit, &receive);
    report = check();
    assert_string_equal(report.verdict.text, "");
    assert_true(cx_ep_report_is_right(&report));
    assert_int_equal(report.row_count, 3);
    for (int i = CX_EP_CHECK_SOURCE_SET; i <= CX_EP_CHECK_COUNTS; i++) {
        assert_true(report.is_checked[i]);
    }
    assert_false(report.is_checked[CX_EP_CHECK_COMBINE]);
    kit_per_expert(&kit);
    kit_receive(&kit, &receive);
    report = check();
    assert_true(cx_ep_report_is_right(&report));
    assert_true(report.is_checked[CX_EP_CHECK_SOURCE_SET] &&
                report.is_checked[CX_EP_CHECK_PAYLOAD] && report.is_checked[CX_EP_CHECK_COUNTS]);
    assert_false(report.is_checked[CX_EP_CHECK_WEIGHTS]);
}

static void test_rows_that_are_not_due(void **state)
{
    (void)state;
    kit_receive(&kit, &receive);
    cx_ep_activations(&kit.truth.activation, 2, 1, receive.rows + KIT_HIDDEN);
    expect("source-set: row 1 on rank 0 is token 0 of rank 1, which has no expert there");
    cx_ep_activations(&kit.truth.activation, 4, 1, receive.rows + KIT_HIDDEN);
    expect("source-set: row 1 on rank 0 spells no token of this workload");
    cx_ep_activations(&kit.truth.activation, 0, 1, receive.rows + KIT_HIDDEN);
    expect("source-set: token 0 of rank 0 on rank 0 (row 1) is a second one, after row 0");
    kit_receive(&kit, &receive);
    receive.view.row_count = 2;
    expect("source-set: token 1 of rank 1 never came to rank 0");
    receive.view.row_count = 4;
    expect("source-set: rank 0 has 4 rows, 3 are due");
    kit_per_expert(&kit);
    kit_receive(&kit, &receive);
    cx_ep_activations(&kit.truth.activation, 3, 1, receive.rows + KIT_HIDDEN);
    expect("source-set: row 1 on rank 0 is token 1 of rank 1, which does not go to expert 0");
    kit_receive(&kit, &receive);
    receive.counts[1]      = 1;
    receive.view.row_count = 3;
    expect("source-set: token 1 of rank 1 never came to expert 1 of rank 0");
}

static void test_a_changed_payload(void **state)
{
    (void)state;
    kit_receive(&kit, &receive);
    receive.rows[3] ^= 1;
    expect("payload: token 0 of rank 0 on rank 0 (row 0): column 3 is -1.0078125, expected -1 "
           "(payload byte 6)");
    kit_per_expert(&kit);
    kit_receive(&kit, &receive);
    receive.rows[KIT_HIDDEN + 3] ^= 1;
    expect("payload: token 1 of rank 0 on rank 0, expert 0 (row 1): column 3 is -1.0078125, "
           "expected -1 (payload byte 6)");
}

/* A scale can be off by so little that no element changes. */
static void test_a_changed_scale(void **state)
{
    _Alignas(8) unsigned char payload[3 * KIT_HIDDEN];
    static const uint32_t     tokens[] = {0, 1, 3};
    float                     scales[3];
    cx_ep_report_t            report;
    uint16_t                  row[KIT_HIDDEN];

    (void)state;
    kit.problem.dispatch_codec = CX_CODEC_E4M3FN_TOKEN;
    kit_receive(&kit, &receive);
    for (int i = 0; i < 3; i++) {
        const cx_codec_row_t coded = {KIT_HIDDEN, 1, payload + i * KIT_HIDDEN, scales + i};

        cx_ep_activations(&kit.truth.activation, tokens[i], 1, row);
        cx_codec_encode(CX_CODEC_E4M3FN_TOKEN, row, &coded);
    }
    receive.view.payload              = payload;
    receive.view.payload_stride_bytes = KIT_HIDDEN;
    receive.view.scales               = scales;
    receive.view.scale_stride_bytes   = sizeof scales[0];
    report                            = check();
    assert_true(cx_ep_report_is_right(&report));
    scales[1] = cx_float_from_bits(cx_float_bits(scales[1]) ^ 1);
    report    = check();
    assert_true(report.is_failed[CX_EP_CHECK_PAYLOAD]);
    assert_ptr_equal(strstr(report.verdict.text,
                            "payload: token 1 of rank 0 on rank 0 (row 1): scale byte 0 is 0x"),
                     report.verdict.text);
    scales[1] *= 2;
    report = check();
    assert_non_null(strstr(report.verdict.text, "(scale byte"));
}

static void test_wrong_experts_beside_a_row(void **state)
{
    cx_ep_report_t report;

    (void)state;
    kit_receive(&kit, &receive);
    receive.experts[3] = 1;
    expect("metadata: token 1 of rank 0 on rank 0 (row 1) does not name its expert 0");
    kit_receive(&kit, &receive);
    receive.experts[2] = 2; /* its own, but of rank 1 */
    report             = check();
    assert_string_equal(report.verdict.text,
                        "metadata: token 1 of rank 0 on rank 0 (row 1) names expert 2, which is "
                        "not its own here or named twice");
    assert_true(report.is_failed[CX_EP_CHECK_MULTIPLICITY]);
    kit_receive(&kit, &receive);
    receive.experts[5] = 1; /* twice */
    report             = check();
    assert_true(report.is_failed[CX_EP_CHECK_METADATA] &&
                report.is_failed[CX_EP_CHECK_MULTIPLICITY]);
    kit_receive(&kit, &receive);
    receive.experts[0] = -1;
    receive.gates[0]   = 0;
    report             = check();
    assert_true(report.is_failed[CX_EP_CHECK_MULTIPLICITY]);
    receive.view.row_experts = NULL;
    expect("metadata: rank 0 does not say which experts its rows are for");
}

/* In any order, as long as experts and gates go together. */
static void test_the_order_beside_a_row_is_free(void **state)
{
    cx_ep_report_t report;

    (void)state;
    kit_receive(&kit, &receive);
    receive.experts[0] = 1;
    receive.experts[1] = 0;
    receive.gates[0]   = 0.75f;
    receive.gates[1]   = 0.25f;
    report             = check();
    assert_true(cx_ep_report_is_right(&report));
}

static void test_wrong_gates(void **state)
{
    cx_ep_report_t report;

    (void)state;
    kit_receive(&kit, &receive);
    receive.gates[3] = 0.25f;
    expect("weights: token 1 of rank 0 on rank 0 (row 1): gate 0.25, expected 0.5 (off by 0.25)");
    report = check();
    assert_true(report.gate_error_max >= 0.25 && report.gate_error_max <= 0.25);
    receive.gates[3] = NAN;
    report           = check();
    assert_true(report.is_failed[CX_EP_CHECK_WEIGHTS] && isinf(report.gate_error_max));
    kit_receive(&kit, &receive);
    receive.gates[2] = 0.5f; /* of an expert elsewhere */
    report           = check();
    assert_true(report.is_failed[CX_EP_CHECK_WEIGHTS]);
    receive.view.row_gates = NULL;
    expect("weights: rank 0 does not have the gates of its rows");
}

static void test_wrong_counts(void **state)
{
    (void)state;
    kit.truth.rank = 1;
    kit_receive(&kit, &receive);
    kit.truth.rank = 0;
    receive.counts[1]++;
    expect("counts: expert 1 of rank 0 has 3 rows, 2 are due");
    receive.view.expert_row_counts = NULL;
    expect("counts: expert 0 of rank 0 has -1 rows, 2 are due");
}

static void test_a_view_without_memory(void **state)
{
    (void)state;
    kit_receive(&kit, &receive);
    receive.view.payload = NULL;
    expect("payload: the view of rank 0 has no memory that could hold rows of bf16");
}

static void test_nothing_due_and_nothing_there_is_right(void **state)
{
    cx_ep_report_t     report;
    const int32_t      counts[2] = {0, 0};
    const cx_ep_view_t view      = {.struct_size = sizeof view, .expert_row_counts = counts};

    (void)state;
    for (int i = 0; i < 8; i++) {
        kit.work.physical.experts[i] = 2 + i % 2; /* all on rank 1 */
    }
    cx_ep_report_init(&report);
    assert_int_equal(cx_ep_check_received(&kit.truth, &view, &report), CX_OK);
    assert_string_equal(report.verdict.text, "");
}

/* Random bytes in rows, experts, gates and counts: wrong, and nothing outside is touched (which the
 * sanitizers see). */
static void test_nonsense_is_survived(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 400; round++) {
        unsigned char *bytes = (unsigned char *)&receive;
        cx_ep_report_t report;

        kit.truth.caps.layout = CX_EP_LAYOUT_TOKEN_RANK;
        if (round % 2) {
            kit_per_expert(&kit);
        } else {
            kit.truth.caps.weighting = CX_EP_WEIGHTING_RANK_SUM;
            kit.truth.caps.reduction = CX_EP_REDUCTION_RANK_FP32;
        }
        kit_receive(&kit, &receive);
        for (size_t i = 0; i < offsetof(kit_receive_t, view); i++) {
            bytes[i] = (unsigned char)cx_prng_at(round, i);
        }
        if (round % 4 > 1) { /* rows that are right beside nonsense */
            kit_receive_t right;

            kit_receive(&kit, &right);
            memcpy(receive.rows, right.rows, sizeof right.rows);
        }
        receive.view.row_count = (int64_t)cx_prng_at(round, 99999) >> round % 64;
        report                 = check();
        assert_false(cx_ep_report_is_right(&report));
        assert_int_equal(cx_ep_apply_experts(&kit.truth, &receive.view), CX_OK);
    }
}

static void test_what_is_not_modelled_is_refused(void **state)
{
    cx_ep_report_t report;

    (void)state;
    kit_receive(&kit, &receive);
    kit.truth.caps.layout = CX_EP_LAYOUT_TOKEN_EXPERT;
    cx_ep_report_init(&report);
    assert_int_equal(cx_ep_check_received(&kit.truth, &receive.view, &report), CX_UNSUPPORTED);
    cx_detail_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_a_right_receive_is_right),
        KIT_TEST(test_rows_that_are_not_due),
        KIT_TEST(test_a_changed_payload),
        KIT_TEST(test_a_changed_scale),
        KIT_TEST(test_wrong_experts_beside_a_row),
        KIT_TEST(test_the_order_beside_a_row_is_free),
        KIT_TEST(test_wrong_gates),
        KIT_TEST(test_wrong_counts),
        KIT_TEST(test_a_view_without_memory),
        KIT_TEST(test_nothing_due_and_nothing_there_is_right),
        KIT_TEST(test_nonsense_is_survived),
        KIT_TEST(test_what_is_not_modelled_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
