/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the sentences about calls and ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peers/call.h"

static void calls_differ_in_each_member(void **state)
{
    cx_call_t one = {CX_CALL_BROADCAST, 1, 8}, kind = {CX_CALL_ALLGATHER, 1, 8},
              root = {CX_CALL_BROADCAST, 2, 8}, bytes = {CX_CALL_BROADCAST, 1, 9};

    (void)state;
    assert_true(cx_call_is_same(&one, &one));
    assert_false(cx_call_is_same(&one, &kind));
    assert_false(cx_call_is_same(&one, &root));
    assert_false(cx_call_is_same(&one, &bytes));
}

static void calls_are_described(void **state)
{
    static const struct {
        cx_call_t   call;
        const char *text;
    } rows[] = {
        {{CX_CALL_BARRIER, 0, 0}, "rank 3 called barrier (call 17)"},
        {{CX_CALL_ALLGATHER, 0, 8}, "rank 3 called allgather of 8 bytes (call 17)"},
        {{CX_CALL_BROADCAST, 2, 9}, "rank 3 called broadcast of 9 bytes from rank 2 (call 17)"},
        {{CX_CALL_COUNT, 0, 0}, "rank 3 called something unknown (call 17)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[128];

        cx_call_describe(&rows[i].call, 3, 17, text, sizeof text);
        assert_string_equal(text, rows[i].text);
    }
}

static void long_lists_of_ranks_are_cut(void **state)
{
    cx_rank_list_t few = {0}, many = {0};

    (void)state;
    cx_rank_list_add(&few, 2);
    cx_rank_list_add(&few, 5);
    assert_string_equal(cx_rank_list_text(&few), "2, 5");
    for (int32_t rank = 0; rank < 15; rank++) {
        cx_rank_list_add(&many, rank + 2147483000);
    }
    assert_string_equal(cx_rank_list_text(&many) + 7 * 12, "2147483007 and 7 more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_differ_in_each_member),
        cmocka_unit_test(calls_are_described),
        cmocka_unit_test(long_lists_of_ranks_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
