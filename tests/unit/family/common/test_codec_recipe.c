/* SPDX-License-Identifier: Apache-2.0 */
/* A recipe's name implies its bytes, and its codec restores what it can hold. */
#include "family/common/codec_recipe.h"

#include "family/common/codec_nvfp4.h"
#include "family/common/halves.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_bytes_of_a_row_of_7168(void **state)
{
    static const struct {
        cx_codec_t codec;
        int64_t    payload_bytes, scale_bytes;
    } rows[] = {
        {CX_CODEC_BF16, 14336, 0},
        {CX_CODEC_E4M3FN_BLOCK, 7168, 224},
        {CX_CODEC_E4M3FN_TOKEN, 7168, 4},
        {CX_CODEC_E4M3FN_DIRECT, 7168, 0},
        {CX_CODEC_E4M3FNUZ_BLOCK, 7168, 224},
        {CX_CODEC_E5M2_DIRECT, 7168, 0},
        {CX_CODEC_MXFP8, 7168, 224},
        {CX_CODEC_NVFP4, 3584, 448},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(cx_codec_payload_bytes(rows[i].codec, 7168), rows[i].payload_bytes);
        assert_int_equal(cx_codec_scale_bytes(rows[i].codec, 7168), rows[i].scale_bytes);
        assert_int_equal(cx_codec_row_bytes(rows[i].codec, 7168),
                         rows[i].payload_bytes + rows[i].scale_bytes);
    }
}

static void test_a_row_that_is_no_whole_number_of_blocks_is_refused(void **state)
{
    (void)state;
    assert_int_equal(cx_codec_check(CX_CODEC_E4M3FN_BLOCK, 2880), CX_INVALID);
    assert_non_null(strstr(cx_detail()->text, "e4m3fn-block128: 2880 elements"));
    cx_detail_clear();
    assert_int_equal(cx_codec_check(CX_CODEC_MXFP8, 2880), CX_OK);
    assert_int_equal(cx_codec_check(CX_CODEC_NVFP4, 24), CX_INVALID);
    cx_detail_clear();
    assert_int_equal(cx_codec_check(CX_CODEC_E4M3FN_TOKEN, 24), CX_OK);
    assert_false(cx_codec_fits(CX_CODEC_BF16, 0));
}

static void test_every_recipe_restores_values_to_within_its_last_bit(void **state)
{
    static const float held[] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6}; /* what four bits can hold */

    (void)state;
    for (int codec = 0; codec < CX_CODEC_COUNT; codec++) {
        uint16_t       values[256], back[256];
        uint8_t        payload[512];
        float          scales[256];
        cx_codec_row_t row = {256, 448, payload, scales};

        for (int i = 0; i < 256; i++) {
            values[i] = cx_bf16_from_float(i % 16 < 8 ? held[i % 8] : -held[i % 8]);
        }
        assert_true(cx_nvfp4_tensor_scale(values, 256) == row.tensor_scale);
        memset(payload, 0xee, sizeof payload);
        memset(scales, 0xee, sizeof scales);
        cx_codec_encode((cx_codec_t)codec, values, &row);
        cx_codec_decode((cx_codec_t)codec, &row, back);
        for (int i = 0; i < 256; i++) {
            float difference = cx_bf16_to_float(back[i]) - cx_bf16_to_float(values[i]);

            assert_true(fabsf(difference) <= fabsf(cx_bf16_to_float(values[i])) / 8);
        }
        /* What the row does not need is not written. */
        assert_int_equal(payload[cx_codec_payload_bytes((cx_codec_t)codec, 256) % 512],
                         codec == CX_CODEC_BF16 ? payload[0] : 0xee);
        assert_int_equal(((uint8_t *)scales)[cx_codec_scale_bytes((cx_codec_t)codec, 256)], 0xee);
    }
}

static void test_slugs_are_one_per_recipe(void **state)
{
    (void)state;
    for (int codec = 0; codec < CX_CODEC_COUNT; codec++) {
        assert_non_null(cx_codec_slugs[codec]);
    }
    assert_null(cx_codec_slugs[CX_CODEC_COUNT]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_of_a_row_of_7168),
        cmocka_unit_test(test_a_row_that_is_no_whole_number_of_blocks_is_refused),
        cmocka_unit_test(test_every_recipe_restores_values_to_within_its_last_bit),
        cmocka_unit_test(test_slugs_are_one_per_recipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
