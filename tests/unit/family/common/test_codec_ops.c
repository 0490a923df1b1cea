/* SPDX-License-Identifier: Apache-2.0 */
/* The table that plugins get does what the codecs do. */
#include "family/common/codec_ops.h"
#include "family/common/codec_recipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define ELEMS 256

static void test_a_row_through_the_table_is_the_row_of_the_codec(void **state)
{
    uint16_t values[ELEMS], back[ELEMS], expected[ELEMS];
    uint8_t  payload[2 * ELEMS], expected_payload[2 * ELEMS];
    float    scales[ELEMS], expected_scales[ELEMS];

    (void)state;
    for (int i = 0; i < ELEMS; i++) {
        values[i] = (uint16_t)(0x3e00 + i * 3);
    }
    for (int codec = 0; codec < CX_CODEC_COUNT; codec++) {
        const cx_codec_row_t row = {ELEMS, 2.5f, expected_payload, expected_scales};

        cx_codec_encode((cx_codec_t)codec, values, &row);
        cx_codec_decode((cx_codec_t)codec, &row, expected);
        cx_codec_ops.encode((cx_codec_t)codec, values, ELEMS, 2.5f, payload, scales);
        cx_codec_ops.decode((cx_codec_t)codec, payload, scales, ELEMS, 2.5f, back);
        assert_memory_equal(payload, expected_payload,
                            (size_t)cx_codec_ops.payload_bytes((cx_codec_t)codec, ELEMS));
        assert_memory_equal(scales, expected_scales,
                            (size_t)cx_codec_ops.scale_bytes((cx_codec_t)codec, ELEMS));
        assert_memory_equal(back, expected, sizeof back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_row_through_the_table_is_the_row_of_the_codec),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
