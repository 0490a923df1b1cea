/* SPDX-License-Identifier: Apache-2.0 */
/* CSV is read line by line, and the first line that is wrong is named. */
#include "family/ep/trace_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_lines_with_and_without_gates(void **state)
{
    static const struct {
        const char *text;
        bool        has_weights;
    } rows[] = {
        {"0,5,1\n1,7,0\n", false},
        {"# a comment\n\n0,5,1\r\n\r\n1,7,0", false},
        {"0,5,1,0.25,0.75\n1,7,0,1e-1,9e-1\n", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_ep_trace_t trace = {.expert_count = 8};
        cx_arena_t    arena;

        cx_arena_init(&arena);
        assert_int_equal(cx_ep_trace_parse_csv("t.csv", rows[i].text, &arena, &trace), CX_OK);
        assert_int_equal(trace.token_count, 2);
        assert_int_equal(trace.topk, 2);
        assert_memory_equal(trace.experts, ((int64_t[]){5, 1, 7, 0}), 32);
        assert_int_equal(trace.weights != NULL, rows[i].has_weights);
        if (trace.weights) {
            assert_true(trace.weights[1] == 0.75f && trace.weights[2] == 0.1f);
        }
        cx_arena_fini(&arena);
    }
}

static void test_wrong_lines_are_named(void **state)
{
    static const struct {
        const char *text, *word;
    } rows[] = {
        {"", "no token"},
        {"# nothing\n", "no token"},
        {"0\n", "INDEX,EXPERT"},
        {"0,1,2\n\n2,3,4\n", "t.csv:3: expected token 1"},
        {"0,1,2\n1,3\n", "t.csv:2:"},
        {"0,1,2\n1,3,4,5\n", "t.csv:2:"},
        {"0,1,2\n1,3,4,\n", "t.csv:2:"},
        {"0,1,2\n1,3,x\n", "t.csv:2:"},
        {"0,1,2\n1,,4\n", "t.csv:2:"},
        {"token,a,b\n0,1,2\n", "t.csv:1:"},
        {"0,1,2,0.5,0.5\n1,3,4,0.5,nan\n", "t.csv:2:"},
        {"0,1,2,0.5,0.5\n1,3,4,0.5\n", "t.csv:2:"},
        {"0,99999999999999999999,2\n", "t.csv:1:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_ep_trace_t trace = {.expert_count = 8};
        cx_arena_t    arena;

        cx_arena_init(&arena);
        assert_int_equal(cx_ep_trace_parse_csv("t.csv", rows[i].text, &arena, &trace), CX_INVALID);
        assert_non_null(strstr(cx_detail()->text, rows[i].word));
        cx_detail_clear();
        cx_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_with_and_without_gates),
        cmocka_unit_test(test_wrong_lines_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
