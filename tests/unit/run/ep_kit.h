/* SPDX-License-Identifier: Apache-2.0 */
/* Small plans of expert parallelism, and a rank with a device of its own. Not a backend. */
#ifndef TESTS_UNIT_RUN_EP_KIT_H
#define TESTS_UNIT_RUN_EP_KIT_H

#include "unit/run/kit.h"

#include "run/bench.h"
#include "run/ep_slots.h"

#define EP_KIT "family=ep backend=hostref device=host hidden=256 topk=3 experts=12 "

static const cx_ep_caps_t ep_kit_token_rank = {.is_supported   = true,
                                               .layout         = CX_EP_LAYOUT_TOKEN_RANK,
                                               .weighting      = CX_EP_WEIGHTING_RANK_SUM,
                                               .reduction      = CX_EP_REDUCTION_DOMAIN_FP32,
                                               .is_bitwise     = true,
                                               .keeps_receives = true};

static const cx_ep_caps_t ep_kit_token_expert = {.is_supported = true,
                                                 .layout       = CX_EP_LAYOUT_TOKEN_EXPERT,
                                                 .weighting    = CX_EP_WEIGHTING_KERNEL_SUM,
                                                 .reduction    = CX_EP_REDUCTION_SLOT_FP32,
                                                 .is_bitwise   = true};

/* The plan keeps a pointer to the case. */
typedef struct ep_kit {
    cx_arena_t   arena;
    cx_case_t    one;
    cx_ep_plan_t plan;
} ep_kit_t;

static inline void ep_kit_open(ep_kit_t *kit, const char *words, const cx_ep_caps_t *caps,
                               int32_t rank, int32_t rank_count)
{
    const cx_ep_ranks_t ranks = {rank, rank_count, rank_count};
    char                all[512];

    cx_arena_init(&kit->arena);
    (void)snprintf(all, sizeof all, "%s%s", EP_KIT, words);
    kit->one = kit_case(&kit->arena, all);
    EXPECT_OK(cx_ep_plan_check(&kit->one, &ranks));
    EXPECT_OK(cx_ep_plan_make(&kit->one, &ranks, caps, &kit->arena, &kit->plan));
}

static inline void ep_kit_close(ep_kit_t *kit)
{
    cx_arena_fini(&kit->arena);
}

#endif
