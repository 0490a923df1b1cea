/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the tables of published fields. */
#include "model/record.h"

#include "model/ep_point.h"
#include "support/expect.h"

#include <math.h>

/* Every field has unit and help, stands in the struct once, and begins unknown. */
static size_t check_table(const cx_field_t *fields, const void *object, size_t object_bytes)
{
    size_t total_bytes = 0;

    for (const cx_field_t *field = fields; field->name; field++) {
        const char *place = (const char *)object + field->offset;
        double      real;
        int64_t     whole;

        assert_true(field->offset + 8 <= object_bytes);
        assert_non_null(field->unit);
        assert_true(strlen(field->help) > 10);
        memcpy(&real, place, sizeof real);
        memcpy(&whole, place, sizeof whole);
        assert_true(field->kind != CX_FIELD_F64 || isnan(real));
        assert_true(field->kind != CX_FIELD_I64 || whole == CX_I64_UNKNOWN);
        assert_true(field->kind != CX_FIELD_TEXT || whole == 0);
        for (const cx_field_t *other = fields; other < field; other++) {
            assert_true(other->offset != field->offset);
        }
        total_bytes += 8;
    }
    return total_bytes;
}

static void test_tables_are_complete_and_begin_unknown(void **state)
{
    (void)state;
    cx_row_t      row;
    cx_harness_t  harness;
    cx_ep_point_t point;

    memset(&row, 0x55, sizeof row);
    cx_row_clear(&row);
    cx_harness_clear(&harness);
    cx_ep_point_clear(&point);
    /* A member without a field would be a number that nobody can see. */
    assert_int_equal(check_table(cx_row_fields, &row, sizeof row), sizeof row);
    assert_int_equal(check_table(cx_harness_fields, &harness, sizeof harness), sizeof harness);
    assert_int_equal(check_table(cx_ep_point_fields, &point, sizeof point), sizeof point);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_are_complete_and_begin_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
