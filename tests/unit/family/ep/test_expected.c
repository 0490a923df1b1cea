/* SPDX-License-Identifier: Apache-2.0 */
/* Expected rows counted by hand from the published formulas, and which declarations are modelled.
 */
#include "family/ep/expected.h"

#include "family/common/codec_recipe.h"
#include "family/common/halves.h"
#include "unit/family/ep/oracle_kit.h"

#include <string.h>

static float p(int64_t c)
{
    return (float)(13 * c % 17 - 8) / 8;
}

static float to_bf16(float value)
{
    return cx_bf16_to_float(cx_bf16_from_float(value));
}

/* Token 1 of rank 0 goes to expert 0 on rank 0 and expert 2 on rank 1, with gate 1/2 each:
 * scale 0.1875 and (17*2+5) mod 31 + 1 = 9 of 32, shift -0.171875 and (29*2+7) mod 37 - 18 = 10 of
 * 64, slope -0.0703125 and (43*2+11) mod 41 - 20 = -5 of 128. */
static float messages(float x, int64_t c, float *two)
{
    *two = to_bf16(x * (0.5f * 9 / 32) + 0.5f * 10 / 64 + 0.5f * -5 / 128 * p(c));
    return to_bf16(x * (0.5f * 0.1875f) + 0.5f * -0.171875f + 0.5f * -0.0703125f * p(c));
}

static void expect_row(cx_ep_experts_t experts, float (*right)(const uint16_t *x, int64_t c))
{
    uint16_t x[KIT_HIDDEN], got[KIT_HIDDEN];

    cx_ep_activations(&kit.truth.activation, 1, 1, x);
    assert_int_equal(cx_ep_expected_combined(&kit.truth, experts, 1, 1, got), CX_OK);
    for (int64_t c = 0; c < KIT_HIDDEN; c++) {
        assert_int_equal(got[c], cx_bf16_from_float(right(x, c)));
    }
}

static float one_domain(const uint16_t *x, int64_t c)
{
    float       two;
    const float one = messages(cx_bf16_to_float(x[c]), c, &two);

    return to_bf16(one + two);
}

static float per_expert(const uint16_t *x, int64_t c)
{
    const float value = cx_bf16_to_float(x[c]);
    const float one   = to_bf16(value * 0.1875f + -0.171875f + -0.0703125f * p(c));
    const float two   = to_bf16(value * 9 / 32 + 10.0f / 64 + -5.0f / 128 * p(c));

    return one * 0.5f + two * 0.5f;
}

static float twice(const uint16_t *x, int64_t c)
{
    return 2 * cx_bf16_to_float(x[c]);
}

static float once(const uint16_t *x, int64_t c)
{
    return cx_bf16_to_float(x[c]);
}

static void test_affine_messages_of_ranks(void **state)
{
    (void)state;
    for (int reduction = 0; reduction < CX_EP_REDUCTION_COUNT; reduction++) {
        if (reduction != CX_EP_REDUCTION_SLOT_FP32) {
            kit.truth.caps.reduction = (cx_ep_reduction_t)reduction;
            expect_row(CX_EP_EXPERTS_AFFINE, one_domain);
        }
    }
}

static void test_affine_messages_of_experts(void **state)
{
    (void)state;
    kit_per_expert(&kit);
    expect_row(CX_EP_EXPERTS_AFFINE, per_expert);
}

/* A row per rank, not gated; or a row per expert, whose gates add up to one. */
static void test_identity(void **state)
{
    (void)state;
    expect_row(CX_EP_EXPERTS_IDENTITY, twice);
    kit_per_expert(&kit);
    expect_row(CX_EP_EXPERTS_IDENTITY, once);
}

/* Both experts of token 0 of rank 0 are on rank 0: one message, which its gates sum into. */
static void test_experts_of_one_rank_make_one_message(void **state)
{
    uint16_t x[KIT_HIDDEN], got[KIT_HIDDEN];

    (void)state;
    cx_ep_activations(&kit.truth.activation, 0, 1, x);
    assert_int_equal(cx_ep_expected_combined(&kit.truth, CX_EP_EXPERTS_IDENTITY, 0, 1, got), CX_OK);
    assert_memory_equal(got, x, sizeof x);
    assert_int_equal(cx_ep_expected_combined(&kit.truth, CX_EP_EXPERTS_AFFINE, 0, 1, got), CX_OK);
    for (int64_t c = 0; c < KIT_HIDDEN; c++) {
        const float scale = 0.25f * 0.1875f + 0.75f * 0.71875f;
        const float shift = 0.25f * -0.171875f + 0.75f * 0.28125f;
        const float slope = 0.25f * -0.0703125f + 0.75f * -0.0546875f;

        assert_int_equal(got[c],
                         cx_bf16_from_float(cx_bf16_to_float(x[c]) * scale + shift + slope * p(c)));
    }
}

static void quantise(cx_codec_t codec, uint16_t *values)
{
    _Alignas(8) unsigned char payload[2 * KIT_HIDDEN], scales[KIT_HIDDEN];
    const cx_codec_row_t      row = {KIT_HIDDEN, 1, payload, scales};

    cx_codec_encode(codec, values, &row);
    cx_codec_decode(codec, &row, values);
}

/* x through the codec of dispatch, each message through that of combine. */
static void test_codecs_are_modelled_where_they_are_used(void **state)
{
    uint16_t x[KIT_HIDDEN], one[KIT_HIDDEN], two[KIT_HIDDEN], got[KIT_HIDDEN];

    (void)state;
    kit.problem.dispatch_codec = CX_CODEC_E5M2_DIRECT;
    kit.problem.combine_codec  = CX_CODEC_E4M3FN_BLOCK;
    cx_ep_activations(&kit.truth.activation, 1, 1, x);
    quantise(CX_CODEC_E5M2_DIRECT, x);
    for (int64_t c = 0; c < KIT_HIDDEN; c++) {
        float second;

        one[c] = cx_bf16_from_float(messages(cx_bf16_to_float(x[c]), c, &second));
        two[c] = cx_bf16_from_float(second);
    }
    quantise(CX_CODEC_E4M3FN_BLOCK, one);
    quantise(CX_CODEC_E4M3FN_BLOCK, two);
    assert_int_equal(cx_ep_expected_combined(&kit.truth, CX_EP_EXPERTS_AFFINE, 1, 1, got), CX_OK);
    for (int64_t c = 0; c < KIT_HIDDEN; c++) {
        assert_int_equal(got[c],
                         cx_bf16_from_float(cx_bf16_to_float(one[c]) + cx_bf16_to_float(two[c])));
    }
}

static void test_other_ranks_have_other_tokens(void **state)
{
    uint16_t x[KIT_HIDDEN], got[KIT_HIDDEN];

    (void)state;
    kit.truth.rank = 1;
    cx_ep_activations(&kit.truth.activation, 2, 1, x); /* both experts on rank 1 */
    assert_int_equal(cx_ep_expected_combined(&kit.truth, CX_EP_EXPERTS_IDENTITY, 0, 1, got), CX_OK);
    assert_memory_equal(got, x, sizeof x);
}

static void test_what_is_not_modelled_is_refused(void **state)
{
    int modelled_count = 0;

    (void)state;
    for (int i = 0; i < CX_EP_LAYOUT_COUNT * CX_EP_WEIGHTING_COUNT * CX_EP_REDUCTION_COUNT; i++) {
        const cx_ep_caps_t caps = {
            .layout    = (cx_ep_layout_t)(i % CX_EP_LAYOUT_COUNT),
            .weighting = (cx_ep_weighting_t)(i / CX_EP_LAYOUT_COUNT % CX_EP_WEIGHTING_COUNT),
            .reduction = (cx_ep_reduction_t)(i / CX_EP_LAYOUT_COUNT / CX_EP_WEIGHTING_COUNT)};
        const cx_status_t status = cx_ep_caps_check(&caps);

        modelled_count += status == CX_OK;
        if (status != CX_OK) {
            assert_int_equal(status, CX_UNSUPPORTED);
            assert_non_null(strstr(cx_detail()->text, "no right answer is known"));
            cx_detail_clear();
        }
    }
    assert_int_equal(modelled_count, 4);
}

static void test_refusals_reach_the_caller(void **state)
{
    uint16_t row[KIT_HIDDEN];

    (void)state;
    kit.truth.caps.weighting = CX_EP_WEIGHTING_KERNEL_SUM;
    assert_int_equal(cx_ep_expected_combined(&kit.truth, CX_EP_EXPERTS_AFFINE, 0, 1, row),
                     CX_UNSUPPORTED);
    cx_detail_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_affine_messages_of_ranks),
        KIT_TEST(test_affine_messages_of_experts),
        KIT_TEST(test_identity),
        KIT_TEST(test_experts_of_one_rank_make_one_message),
        KIT_TEST(test_codecs_are_modelled_where_they_are_used),
        KIT_TEST(test_other_ranks_have_other_tokens),
        cmocka_unit_test(test_what_is_not_modelled_is_refused),
        KIT_TEST(test_refusals_reach_the_caller),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
