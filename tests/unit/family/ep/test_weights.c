/* SPDX-License-Identifier: Apache-2.0 */
/* Gates are the published generator's, bit for bit, and a trace's own where it has some. */
#include "family/ep/weights.h"

#include "support/sha256.h"
#include "unit/family/ep/workloads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN_TOKENS 4096

static float weights[GOLDEN_TOKENS * 8];

static void make(const cx_ep_workload_t *workload, const cx_ep_trace_t *recorded, int64_t first,
                 int64_t count)
{
    cx_ep_router_t router;
    cx_arena_t     arena;

    cx_arena_init(&arena);
    assert_int_equal(cx_ep_router_init(workload, recorded, &arena, &router), CX_OK);
    cx_ep_weights(&router, first, count, weights);
    cx_arena_fini(&arena);
}

static void test_golden_bits_of_the_first_token(void **state)
{
    static const uint32_t  bits[]   = {0x3e266872, 0x3d440e51, 0x3e06b17e, 0x3e02c43e,
                                       0x3d43bc8d, 0x3e0c5f42, 0x3e12de3f, 0x3e4ef199};
    const cx_ep_workload_t workload = ep_v3(8, 1);

    (void)state;
    make(&workload, NULL, 0, 1);
    assert_memory_equal(weights, bits, sizeof bits);
}

static void test_golden_raw_numbers(void **state)
{
    static const struct {
        int64_t topk, expert_count, token, raw[8];
    } rows[] = {
        {8, 256, 0, {35428, 10435, 28676, 27840, 10418, 29885, 31268, 44058}},
        {8, 256, 1, {40540, 4509, 26984, 7464, 37809, 38284, 60538, 36449}},
        {8, 256, 2, {30717, 34135, 26339, 22185, 42276, 33974, 53470, 61457}},
        {8, 256, 3, {50230, 8297, 62337, 28410, 15679, 56613, 62423, 14525}},
        {6, 384, 0, {35428, 10435, 28676, 27840, 10418, 29885}},
        {6, 384, 1, {40540, 4509, 26984, 7464, 37809, 38284}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_ep_workload_t workload = ep_v3(8, 1);
        int64_t          sum      = 0;

        workload.topk         = rows[i].topk;
        workload.expert_count = rows[i].expert_count;
        make(&workload, NULL, rows[i].token, 1);
        for (int slot = 0; slot < workload.topk; slot++) {
            sum += rows[i].raw[slot];
        }
        for (int slot = 0; slot < workload.topk; slot++) {
            assert_true(weights[slot] == (float)((double)rows[i].raw[slot] / (double)sum));
        }
    }
}

static void test_golden_digest_of_4096_tokens(void **state)
{
    const cx_ep_workload_t workload = ep_v3(8, 512);
    char                   hex[65];

    (void)state;
    make(&workload, NULL, 0, GOLDEN_TOKENS);
    assert_string_equal(sha256_hex(weights, sizeof weights, hex),
                        "78e22a30ad2b6bedb8973d9cd5cd3dca086c94e69694b24a84c0f99596a4e83a");
}

static void test_gates_do_not_depend_on_the_routing(void **state)
{
    cx_ep_workload_t workload = ep_v3(8, 8);
    float            uniform[64];

    (void)state;
    make(&workload, NULL, 0, 8);
    memcpy(uniform, weights, sizeof uniform);
    workload.routing = CX_EP_ROUTING_ZIPF;
    make(&workload, NULL, 0, 8);
    assert_memory_equal(uniform, weights, sizeof uniform);
}

static void test_a_trace_brings_its_own(void **state)
{
    int64_t             rows[]   = {5, 1, 7, 0};
    float               gates[]  = {0.25f, 0.75f, 0.5f, 0.5f};
    const cx_ep_trace_t recorded = {
        .token_count = 2, .topk = 2, .expert_count = 8, .experts = rows, .weights = gates};
    cx_ep_workload_t workload = ep_v3(1, 2);

    (void)state;
    workload.topk         = 2;
    workload.expert_count = 8;
    workload.routing      = CX_EP_ROUTING_TRACE;
    make(&workload, &recorded, 1, 1);
    assert_memory_equal(weights, gates + 2, 2 * sizeof *gates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_bits_of_the_first_token),
        cmocka_unit_test(test_golden_raw_numbers),
        cmocka_unit_test(test_golden_digest_of_4096_tokens),
        cmocka_unit_test(test_gates_do_not_depend_on_the_routing),
        cmocka_unit_test(test_a_trace_brings_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
