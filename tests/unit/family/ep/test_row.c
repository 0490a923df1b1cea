/* SPDX-License-Identifier: Apache-2.0 */
/* Rows through every codec, and the scale that rows share. */
#include "family/ep/row.h"

#include "family/common/codec_nvfp4.h"
#include "family/common/codec_recipe.h"
#include "unit/family/ep/oracle_kit.h"

#include <string.h>

static void test_a_row_is_its_activations_in_the_codec(void **state)
{
    uint16_t      right[KIT_HIDDEN], back[KIT_HIDDEN], values[KIT_HIDDEN];
    unsigned char payload[2 * KIT_HIDDEN];

    (void)state;
    kit.truth.tensor_scale = 1344;
    cx_ep_activations(&kit.truth.activation, 3, 1, right);
    for (int codec = 0; codec < CX_CODEC_COUNT; codec++) {
        _Alignas(8) unsigned char scales[KIT_HIDDEN];
        const cx_codec_row_t      coded = {KIT_HIDDEN, 1344, payload, scales};
        cx_ep_row_t               row;

        assert_int_equal(cx_ep_row_init(&kit.truth, (cx_codec_t)codec, &kit.arena, &row), CX_OK);
        cx_ep_row_fill(&row, &kit.truth.activation, 3);
        assert_memory_equal(row.values, right, sizeof right);
        cx_codec_encode((cx_codec_t)codec, right, &coded);
        assert_memory_equal(row.payload, payload, (size_t)row.payload_bytes);
        if (row.scale_bytes > 0) {
            assert_memory_equal(row.scales, scales, (size_t)row.scale_bytes);
        }
        cx_codec_decode((cx_codec_t)codec, &coded, back);
        memcpy(values, right, sizeof values);
        cx_ep_row_quantise(&row, values);
        assert_memory_equal(values, back, sizeof back);
    }
}

/* The beginning of a row can be decoded on its own, and spells the source id. */
static void test_the_prefix_of_every_codec_spells_the_token(void **state)
{
    (void)state;
    for (int profile = 0; profile < CX_EP_PROFILE_COUNT; profile++) {
        kit.truth.activation.profile = (cx_ep_profile_t)profile;
        kit.problem.dispatch_codec   = CX_CODEC_NVFP4;
        assert_int_equal(cx_ep_tensor_scale(&kit.truth, &kit.truth.tensor_scale), CX_OK);
        for (int codec = 0; codec < CX_CODEC_COUNT; codec++) {
            const int64_t elems = cx_ep_row_prefix_elems((cx_codec_t)codec);
            uint16_t      values[KIT_HIDDEN];
            cx_ep_row_t   row;
            uint32_t      id;

            assert_int_equal(cx_ep_row_init(&kit.truth, (cx_codec_t)codec, &kit.arena, &row),
                             CX_OK);
            cx_ep_row_fill(&row, &kit.truth.activation, 0x12345678);
            cx_ep_row_decode(&row, row.payload, row.scales, elems, values);
            assert_true(cx_ep_source_id(values, &id));
            assert_int_equal(id, 0x12345678);
        }
    }
}

/* The same as of all rows at once. */
static void test_the_tensor_scale_is_that_of_all_tokens(void **state)
{
    uint16_t rows[4 * KIT_HIDDEN];

    (void)state;
    for (int profile = 0; profile < CX_EP_PROFILE_COUNT; profile++) {
        for (uint64_t seed = 0; seed < 5; seed++) {
            float scale, right;

            kit.truth.activation.profile = (cx_ep_profile_t)profile;
            kit.truth.activation.seed    = seed;
            cx_ep_activations(&kit.truth.activation, 0, 4, rows);
            right                      = cx_nvfp4_tensor_scale(rows, 4 * KIT_HIDDEN);
            kit.problem.dispatch_codec = CX_CODEC_NVFP4;
            kit.problem.combine_codec  = CX_CODEC_BF16;
            assert_int_equal(cx_ep_tensor_scale(&kit.truth, &scale), CX_OK);
            assert_memory_equal(&scale, &right, sizeof scale);
            kit.problem.dispatch_codec = CX_CODEC_MXFP8;
            kit.problem.combine_codec  = CX_CODEC_NVFP4;
            assert_int_equal(cx_ep_tensor_scale(&kit.truth, &scale), CX_OK);
            assert_memory_equal(&scale, &right, sizeof scale);
        }
    }
}

static void test_without_nvfp4_the_tensor_scale_is_one(void **state)
{
    float scale = 0;

    (void)state;
    assert_int_equal(cx_ep_tensor_scale(&kit.truth, &scale), CX_OK);
    assert_true(scale >= 1 && scale <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_a_row_is_its_activations_in_the_codec),
        KIT_TEST(test_the_prefix_of_every_codec_spells_the_token),
        KIT_TEST(test_the_tensor_scale_is_that_of_all_tokens),
        KIT_TEST(test_without_nvfp4_the_tensor_scale_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
