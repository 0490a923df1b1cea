/* SPDX-License-Identifier: Apache-2.0 */
/* The defaults are the published workload's, and every senseless description is refused by name. */
#include "family/ep/workload.h"
#include "model/options.h"
#include "unit/family/ep/workloads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_defaults_are_valid_but_for_the_shape(void **state)
{
    cx_ep_workload_t workload;
    cx_arena_t       arena;

    (void)state;
    cx_arena_init(&arena);
    assert_int_equal(cx_options_defaults(cx_ep_workload_options, &workload, &arena), CX_OK);
    workload.hidden_elems = 7168;
    workload.topk         = 8;
    workload.expert_count = 256;
    assert_int_equal(cx_ep_workload_check(&workload), CX_OK);
    assert_int_equal(workload.seed, 67);
    assert_int_equal(workload.routing, CX_EP_ROUTING_UNIFORM);
    cx_arena_fini(&arena);
}

static void test_senseless_descriptions_are_refused(void **state)
{
    static const struct {
        const char *option, *value, *word;
    } rows[] = {
        {"hidden", "31", "hidden"},
        {"topk", "0", "topk"},
        {"topk", "9", "topk"}, /* of 8 experts, below */
        {"ep", "3", "ep"},
        {"tokens", "0", "tokens"},
        {"routing", "trace", "needs a file"},
        {"trace", "file.csv", "for routing trace"},
        {"hot-expert", "8", "hot-expert"},
        {"topk", "5", "alternating-groups"},
        {"node-ranks", "0", "node-ranks"},
        {"eplb-seed", "67", "eplb-seed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_ep_workload_t   workload  = ep_v3(4, 8);
        const cx_option_t *row       = cx_options_find(cx_ep_workload_options, rows[i].option);
        cx_option_t        unbounded = *row;
        cx_arena_t         arena;

        cx_arena_init(&arena);
        workload.expert_count = 8;
        workload.topk         = 4;
        if (strcmp(rows[i].word, "hot-expert") == 0) {
            workload.routing = CX_EP_ROUTING_HOTSPOT;
        } else if (strcmp(rows[i].word, "alternating-groups") == 0) {
            workload.routing = CX_EP_ROUTING_ALTERNATING_GROUPS;
        } else if (strcmp(rows[i].word, "eplb-seed") == 0) {
            workload.redundant_count = 4;
        }
        assert_int_equal(cx_ep_workload_check(&workload), CX_OK);
        unbounded.min = unbounded.max = 0;
        assert_int_equal(cx_option_set(&unbounded, &workload, rows[i].value, "here", &arena),
                         CX_OK);
        assert_int_equal(cx_ep_workload_check(&workload), CX_INVALID);
        assert_non_null(strstr(cx_detail()->text, rows[i].word));
        cx_detail_clear();
        cx_arena_fini(&arena);
    }
}

static void test_more_tokens_than_source_ids_are_refused(void **state)
{
    cx_ep_workload_t workload = ep_v3(256, INT64_C(1) << 24);

    (void)state;
    assert_int_equal(cx_ep_workload_check(&workload), CX_INVALID);
    cx_detail_clear();
    workload.tokens--;
    assert_int_equal(cx_ep_workload_check(&workload), CX_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_valid_but_for_the_shape),
        cmocka_unit_test(test_senseless_descriptions_are_refused),
        cmocka_unit_test(test_more_tokens_than_source_ids_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
