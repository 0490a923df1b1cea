/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of bf16 are what single values are. */
#include "family/common/codec_bf16.h"

#include "family/common/halves.h"
#include "unit/family/common/slow_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_all_values_widen_and_come_back(void **state)
{
    static uint16_t values[65536], back[65536];
    static float    wide[65536];

    (void)state;
    for (uint32_t i = 0; i < 65536; i++) {
        values[i] = (uint16_t)i;
    }
    cx_bf16_widen(values, 65536, wide);
    cx_bf16_round(wide, 65536, back);
    for (uint32_t i = 0; i < 65536; i++) {
        assert_int_equal(cx_float_bits(wide[i]), i << 16);
        assert_int_equal(back[i], isnan(wide[i]) ? i | 0x40 : i); /* a NaN is made quiet */
    }
}

static void test_rounding_is_to_nearest_even(void **state)
{
    static const uint32_t low[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};

    (void)state;
    for (uint32_t high = 0; high < 0x7f7f; high++) {
        for (int i = 0; i < 6; i++) {
            float    value = cx_float_from_bits(high << 16 | low[i]);
            uint16_t out;

            cx_bf16_round(&value, 1, &out);
            assert_int_equal(out, cx_bf16_from_float(value));
            assert_int_equal(out, high + (low[i] > 0x8000 || (low[i] == 0x8000 && high % 2)));
            if (high > 0x0080) {
                assert_int_equal(out, slow_bf16((double)value));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_values_widen_and_come_back),
        cmocka_unit_test(test_rounding_is_to_nearest_even),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
