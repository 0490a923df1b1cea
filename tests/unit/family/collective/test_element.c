/* SPDX-License-Identifier: Apache-2.0 */
/* Single elements as bits, numbers and text. */
#include "family/collective/element.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_elements_print_as_hex_and_value(void **state)
{
    static const struct {
        cx_dtype_t  dtype;
        uint64_t    bits;
        const char *text;
    } rows[] = {
        {CX_DTYPE_INT8, 0xff, "0xff (-1)"},
        {CX_DTYPE_UINT8, 0xff, "0xff (255)"},
        {CX_DTYPE_INT16, 0x8000, "0x8000 (-32768)"},
        {CX_DTYPE_UINT16, 7, "0x0007 (7)"},
        {CX_DTYPE_INT32, 0x7fffffff, "0x7fffffff (2147483647)"},
        {CX_DTYPE_UINT32, 0xffffffff, "0xffffffff (4294967295)"},
        {CX_DTYPE_INT64, UINT64_MAX, "0xffffffffffffffff (-1)"},
        {CX_DTYPE_UINT64, UINT64_MAX, "0xffffffffffffffff (18446744073709551615)"},
        {CX_DTYPE_FP16, 0x3e00, "0x3e00 (1.5)"},
        {CX_DTYPE_BF16, 0x3fc0, "0x3fc0 (1.5)"},
        {CX_DTYPE_FP32, 0xbfc00000, "0xbfc00000 (-1.5)"},
        {CX_DTYPE_FP64, UINT64_C(0x3ff8000000000000), "0x3ff8000000000000 (1.5)"},
    };
    char text[CX_ELEMENT_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(cx_element_print(rows[i].dtype, &rows[i].bits, text, sizeof text),
                            rows[i].text);
        assert_true(cx_element_bits(rows[i].dtype, &rows[i].bits) == rows[i].bits);
    }
}

static void test_bits_beyond_the_type_are_not_read(void **state)
{
    const uint64_t bits = UINT64_C(0x1122334455667788);

    (void)state;
    assert_true(cx_element_bits(CX_DTYPE_INT8, &bits) == 0x88);
    assert_true(cx_element_bits(CX_DTYPE_BF16, &bits) == 0x7788);
    assert_true(cx_element_bits(CX_DTYPE_FP32, &bits) == 0x55667788);
}

static void test_wrap_is_modulo_the_type(void **state)
{
    (void)state;
    assert_true(cx_element_wrap(CX_DTYPE_INT8, 384) == -128);
    assert_true(cx_element_wrap(CX_DTYPE_UINT8, 384) == 128);
    assert_true(cx_element_wrap(CX_DTYPE_INT32, UINT64_C(0xffffffff)) == -1);
    assert_true(cx_element_wrap(CX_DTYPE_UINT32, UINT64_MAX) == INT64_C(0xffffffff));
    assert_true(cx_element_wrap(CX_DTYPE_INT64, UINT64_MAX) == -1);
}

static void test_values_round_to_the_type_and_back(void **state)
{
    static const cx_dtype_t floats[] = {CX_DTYPE_FP16, CX_DTYPE_BF16, CX_DTYPE_FP32, CX_DTYPE_FP64};
    static const double     thirds[] = {0.333251953125, 0.333984375, 0.3333333432674408, 1.0 / 3.0};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(cx_element_value(floats[i], cx_element_round(floats[i], -24.0)) == -24.0);
        assert_true(cx_element_value(floats[i], cx_element_round(floats[i], 1.0 / 3.0)) ==
                    thirds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements_print_as_hex_and_value),
        cmocka_unit_test(test_bits_beyond_the_type_are_not_read),
        cmocka_unit_test(test_wrap_is_modulo_the_type),
        cmocka_unit_test(test_values_round_to_the_type_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
