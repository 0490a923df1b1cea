/* SPDX-License-Identifier: Apache-2.0 */
/* Laws of all precisions: a row's bytes do not depend on the rows beside it or on where it lies in
 * memory, nothing outside a row is written, and what comes back is near. */
#include "family/common/codec_nvfp4.h"
#include "family/common/codec_recipe.h"
#include "family/common/halves.h"
#include "support/prop.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CODEC, BLOCKS, SHIFT, EXPONENT, SPREAD, SEED };

#define ELEMS_MAX (128 * 9)
#define SCALE_BYTES_MAX (4 * ELEMS_MAX / 16)
#define FENCE 0x5a

static const prop_range_t gen[] = {
    {"codec", 0, CX_CODEC_COUNT - 1},
    {"blocks_of_128", 1, 8},
    {"misaligned_elems", 0, 31},
    {"exponent", 0, 16},
    {"spread", 0, 6},
    {"seed", 0, INT64_MAX},
    PROP_END,
};

/* How far back may be from there, as a part of the row's largest magnitude. */
static double tolerance_of(int codec)
{
    switch (codec) {
    case CX_CODEC_BF16:
        return 0;
    case CX_CODEC_NVFP4:
        return 0.26;
    case CX_CODEC_E5M2_BLOCK:
    case CX_CODEC_E5M2_TOKEN:
    case CX_CODEC_E5M2_DIRECT:
        return 0.13;
    default:
        return 0.07;
    }
}

/* Magnitudes up to 2^(exponent - 10): at most 64, which no direct cast clamps. */
static void draw_values(const int64_t *values, int64_t elems, uint16_t *out)
{
    for (int64_t i = 0; i < elems; i++) {
        uint64_t random = cx_prng_at((uint64_t)values[SEED], (uint64_t)i);
        float    whole  = (float)((int32_t)(random % 2001) - 1000) / 1000.0f;
        int      shift =
            (int)values[EXPONENT] - 10 - (int)((random >> 32) % (uint64_t)(values[SPREAD] + 1));

        out[i] = cx_bf16_from_float(ldexpf(whole, shift));
    }
}

static bool is_near(const uint16_t *values, const uint16_t *back, int64_t elems, double tolerance)
{
    double amax = 0;

    for (int64_t i = 0; i < elems; i++) {
        amax = fmax(amax, fabs((double)cx_bf16_to_float(values[i])));
    }
    for (int64_t i = 0; i < elems; i++) {
        double difference = (double)cx_bf16_to_float(back[i]) - (double)cx_bf16_to_float(values[i]);

        if (fabs(difference) > tolerance * amax + (tolerance > 0 ? 0x1p-9 : 0)) {
            return false;
        }
    }
    return true;
}

static bool rows_are_encoded_alone(const int64_t *values)
{
    static uint16_t      input[ELEMS_MAX + 32], back[ELEMS_MAX + 32];
    static unsigned char payload[2][2 * ELEMS_MAX + 32];
    static float         scales[2][SCALE_BYTES_MAX / 4 + 8];
    const cx_codec_t     codec = (cx_codec_t)values[CODEC];
    const int64_t        elems = values[BLOCKS] * 128, shift = values[SHIFT];
    const size_t         payload_bytes = (size_t)cx_codec_payload_bytes(codec, elems);
    const size_t         scale_bytes   = (size_t)cx_codec_scale_bytes(codec, elems);
    cx_codec_row_t       here  = {.elems = elems, .payload = payload[0], .scales = scales[0]};
    cx_codec_row_t       there = {.elems = elems, .scales = scales[1]};

    memset(payload, FENCE, sizeof payload);
    memset(scales, FENCE, sizeof scales);
    draw_values(values, elems, input);
    here.tensor_scale = there.tensor_scale = cx_nvfp4_tensor_scale(input, elems);
    there.payload                          = payload[1] + shift;
    cx_codec_encode(codec, input, &here);
    memmove(input + shift, input, (size_t)elems * sizeof *input);
    cx_codec_encode(codec, input + shift, &there);
    cx_codec_decode(codec, &there, back + shift);
    return memcmp(here.payload, there.payload, payload_bytes) == 0 &&
           memcmp(here.scales, there.scales, scale_bytes) == 0 &&
           payload[0][payload_bytes] == FENCE &&
           payload[1][payload_bytes + (size_t)shift] == FENCE &&
           ((unsigned char *)scales[0])[scale_bytes] == FENCE &&
           is_near(input + shift, back + shift, elems, tolerance_of((int)codec));
}

static void test_rows_are_encoded_alone(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, rows_are_encoded_alone));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_encoded_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
