/* SPDX-License-Identifier: Apache-2.0 */
/* A small workload with what is true of it, for the tests of the oracle's parts.
 * Not a backend (support/ep_naive.h). */
#ifndef CX_TESTS_EP_ORACLE_KIT_H
#define CX_TESTS_EP_ORACLE_KIT_H

#include "family/ep/oracle.h"
#include "unit/family/ep/workloads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define KIT_HIDDEN 128

/* Two ranks of two experts, each with two tokens of two experts; one domain. */
typedef struct kit {
    cx_arena_t      arena;
    cx_ep_work_t    work;
    cx_ep_problem_t problem;
    cx_ep_truth_t   truth; /* rank 0, token-rank, bf16 */
} kit_t;

static inline void kit_init(kit_t *kit)
{
    static const int64_t experts[] = {0, 1, /**/ 0, 2, /**/ 3, 2, /**/ 1, 3};
    static const float   weights[] = {0.25f,       0.75f, /**/ 0.5f, 0.5f, /**/ 0.125f, 0.875f,
                                      /**/ 0.375f, 0.625f};
    cx_ep_workload_t     workload  = ep_v3(2, 2);

    workload.hidden_elems = KIT_HIDDEN;
    workload.topk         = 2;
    workload.expert_count = 4;
    cx_arena_init(&kit->arena);
    assert_int_equal(cx_ep_work_build(&workload, &kit->arena, &kit->work), CX_OK);
    for (int i = 0; i < 8; i++) {
        kit->work.physical.experts[i] = experts[i];
        kit->work.physical.weights[i] = weights[i];
    }
    kit->problem = (cx_ep_problem_t){.hidden_elems      = KIT_HIDDEN,
                                     .topk              = 2,
                                     .expert_count      = 4,
                                     .token_count_max   = 2,
                                     .domain_rank_count = 2};
    kit->truth   = (cx_ep_truth_t){.work         = &kit->work,
                                   .problem      = &kit->problem,
                                   .caps         = {.is_bitwise = true},
                                   .activation   = {.seed = 67, .hidden_elems = KIT_HIDDEN},
                                   .tensor_scale = 1};
}

/* From token-rank to token-expert. */
static inline void kit_per_expert(kit_t *kit)
{
    kit->truth.caps.layout    = CX_EP_LAYOUT_TOKEN_EXPERT;
    kit->truth.caps.weighting = CX_EP_WEIGHTING_KERNEL_SUM;
    kit->truth.caps.reduction = CX_EP_REDUCTION_SLOT_FP32;
}

/* What rank 0 must have received in bf16: tokens 0, 1 and 3. */
typedef struct kit_receive {
    uint16_t     rows[4 * KIT_HIDDEN], staged[4 * KIT_HIDDEN];
    int32_t      experts[8], counts[2];
    float        gates[8];
    cx_ep_view_t view;
} kit_receive_t;

static inline void kit_receive(const kit_t *kit, kit_receive_t *out)
{
    static const int tokens[] = {0, 1, 3}, per_expert[] = {0, 1, 0, 3};
    const bool       is_rank = kit->truth.caps.layout == CX_EP_LAYOUT_TOKEN_RANK;
    const int        count   = is_rank ? 3 : 4;

    *out = (kit_receive_t){.counts  = {2, 2},
                           .experts = {0, 1, /**/ -1, 0, /**/ 1, -1},
                           .gates   = {0.25f, 0.75f, /**/ 0, 0.5f, /**/ 0.375f, 0}};
    for (int i = 0; i < count; i++) {
        cx_ep_activations(&kit->truth.activation, (uint32_t)(is_rank ? tokens[i] : per_expert[i]),
                          1, out->rows + i * KIT_HIDDEN);
    }
    out->view = (cx_ep_view_t){.struct_size          = sizeof out->view,
                               .row_count            = count,
                               .expert_row_capacity  = is_rank ? 0 : 2,
                               .payload              = out->rows,
                               .staged               = out->staged,
                               .payload_stride_bytes = KIT_HIDDEN * 2,
                               .staged_stride_bytes  = KIT_HIDDEN * 2,
                               .row_experts          = is_rank ? out->experts : NULL,
                               .row_gates            = is_rank ? out->gates : NULL,
                               .expert_row_counts    = out->counts};
}

/* The kit of the running test. */
static kit_t kit;

static inline int open_kit(void **state)
{
    (void)state;
    kit_init(&kit);
    return 0;
}

static inline int close_kit(void **state)
{
    (void)state;
    cx_arena_fini(&kit.arena);
    return 0;
}

#define KIT_TEST(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

#endif
