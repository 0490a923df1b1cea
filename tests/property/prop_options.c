/* SPDX-License-Identifier: Apache-2.0 */
/* The law of option tables and units: parse(print(x)) == x, for every row and every value in its
 * limits. */
#include "base/units.h"
#include "model/case.h"

#include "support/expect.h"
#include "support/prop.h"

static const prop_range_t ranges[] = {
    {"row", 0, CX_CASE_OPTION_COUNT_MAX - 1},
    {"bits", 0, INT64_MAX},
    {"scale", 0, 60},
    PROP_END,
};

static double clamp(double value, const cx_option_t *row)
{
    value = row->min < row->max && value < row->min ? row->min : value;
    return row->min < row->max && value > row->max ? row->max : value;
}

/* A value of the row's kind made of the drawn bits. */
static void draw(const cx_option_t *row, const int64_t *values, cx_case_t *one)
{
    static char text[64];
    char       *place  = (char *)one + row->offset;
    int64_t     whole  = values[1] >> (values[2] % 63);
    double      real   = clamp((double)values[1] / (double)(INT64_C(1) << values[2]), row);
    int32_t     choice = 0;
    const char *own    = text;

    switch (row->kind) {
    case CX_VALUE_INT:
    case CX_VALUE_BYTES:
        whole = (int64_t)clamp((double)whole, row);
        memcpy(place, &whole, sizeof whole);
        break;
    case CX_VALUE_TIME:
    case CX_VALUE_RATIO:
        memcpy(place, &real, sizeof real);
        break;
    case CX_VALUE_BOOL:
        *(bool *)place = values[1] % 2 == 1;
        break;
    case CX_VALUE_ENUM:
        for (int64_t i = 0; i < values[1] % 20 && row->choices[choice + 1]; i++) {
            choice++;
        }
        memcpy(place, &choice, sizeof choice);
        break;
    default:
        (void)snprintf(text, sizeof text, "%" PRIx64 " =;,", values[1]);
        memcpy(place, &own, sizeof own);
    }
}

static bool are_same(const cx_option_t *row, const cx_case_t *a, const cx_case_t *b)
{
    static const size_t bytes_of[CX_VALUE_KIND_COUNT] = {
        [CX_VALUE_INT] = 8,   [CX_VALUE_BYTES] = 8, [CX_VALUE_TIME] = 8,
        [CX_VALUE_RATIO] = 8, [CX_VALUE_BOOL] = 1,  [CX_VALUE_ENUM] = 4};
    const char *first = (const char *)a + row->offset, *second = (const char *)b + row->offset;
    const char *text_a, *text_b;

    if (row->kind != CX_VALUE_TEXT) {
        return memcmp(first, second, bytes_of[row->kind]) == 0;
    }
    memcpy(&text_a, first, sizeof text_a);
    memcpy(&text_b, second, sizeof text_b);
    return strcmp(text_a, text_b) == 0;
}

static bool reads_back(const int64_t *values)
{
    const cx_option_t *row =
        &cx_case_options[(size_t)values[0] % cx_options_count(cx_case_options)];
    char       text[CX_OPTION_TEXT_BYTES_MAX];
    cx_arena_t arena;
    cx_case_t  one, back;
    bool       is_same;

    memset(&one, 0, sizeof one);
    memset(&back, 0xff, sizeof back);
    draw(row, values, &one);
    cx_option_print(row, &one, text, sizeof text);
    cx_detail_clear();
    cx_arena_init(&arena);
    is_same = cx_option_set(row, &back, text, "law", &arena) == CX_OK && are_same(row, &one, &back);
    cx_arena_fini(&arena);
    return is_same;
}

static void test_every_option_reads_back_as_printed(void **state)
{
    (void)state;
    assert_true(prop_holds(ranges, reads_back));
}

static bool quantities_read_back(const int64_t *values)
{
    char    text[64];
    int64_t bytes = values[1] >> (10 + values[2] % 50), bytes_again = -1;
    double  real = (double)values[1] / (double)(INT64_C(1) << values[2]), again = -1;

    return !cx_units_parse_bytes(cx_units_print_bytes(bytes, text, sizeof text), &bytes_again) &&
           bytes == bytes_again &&
           !cx_units_parse_time(cx_units_print_time(real, text, sizeof text), &again) &&
           real == again &&
           !cx_units_parse_ratio(cx_units_print_ratio(real, text, sizeof text), &again) &&
           real == again;
}

static void test_every_quantity_reads_back_as_printed(void **state)
{
    (void)state;
    assert_true(prop_holds(ranges, quantities_read_back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option_reads_back_as_printed),
        cmocka_unit_test(test_every_quantity_reads_back_as_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
