/* SPDX-License-Identifier: Apache-2.0 */
/* A case of family ep as numbers: which ladder steps are run, with which routing and how many input
 * sets, and who plays which rank. The same on every rank but for `rank`; touches no memory of a
 * device. */
#ifndef CX_RUN_EP_PLAN_H
#define CX_RUN_EP_PLAN_H

#include "collectivex/backend.h"
#include "family/ep/oracle.h"
#include "measure/pairs.h"
#include "model/case.h"
#include "model/ladder.h"

#define CX_EP_SLOT_COUNT_MIN 2

/* Which ranks there are; the same on all of them but for `rank`. */
typedef struct cx_ep_ranks {
    int32_t rank, rank_count;
    int32_t node_rank_count; /* of the first host */
} cx_ep_ranks_t;

/* One step of the ladder. */
typedef struct cx_ep_rung {
    int64_t       tokens; /* of a rank, as asked; uneven ranks have more or fewer */
    int32_t       first_slot, slot_count;
    int32_t       work_count; /* 1 unless the routing depends on the step */
    cx_ep_work_t *works;      /* [work_count]: slot s of the rung has works[s % work_count] */
} cx_ep_rung_t;

typedef struct cx_ep_plan {
    const cx_case_t *one;
    cx_ep_ranks_t    ranks;
    cx_ep_caps_t     caps; /* of the case's mode */
    cx_ep_problem_t  problem;
    bool             has_stage, is_hoisted; /* measure/pairs.h */
    int32_t          rung_count, slot_count;
    cx_ep_rung_t     rungs[CX_PAIR_LADDER_COUNT_MAX];
    int32_t          left_out_count; /* steps above what the backend allows */
    int64_t          left_out_tokens[CX_PAIR_LADDER_COUNT_MAX];
    const int32_t   *places;                    /* [rank_count]: which process plays each rank */
    char             digest[CX_HASH_HEX_BYTES]; /* of every work */
} cx_ep_plan_t;

/* The workload of one step of the case. */
cx_ep_workload_t cx_ep_plan_workload(const cx_case_t *one, const cx_ep_ranks_t *ranks,
                                     int64_t tokens, int64_t step);

/**
 * Whether the case's options make sense together, on that many ranks.
 * errors  CX_INVALID a sentence that names the option, and where there is one the nearest value
 */
cx_status_t cx_ep_plan_check(const cx_case_t *one, const cx_ep_ranks_t *ranks);

/**
 * Plan a case that cx_ep_plan_check has passed; everything lies in the arena.
 * errors  CX_UNSUPPORTED no step is small enough for the backend, or no right answer is known for
 *         how it combines · CX_INVALID a trace file · CX_RESOURCE memory
 */
cx_status_t cx_ep_plan_make(const cx_case_t *one, const cx_ep_ranks_t *ranks,
                            const cx_ep_caps_t *caps, cx_arena_t *arena, cx_ep_plan_t *out);

/* Bytes of the inputs and the output of one slot of a step, on the rank that has most tokens. */
int64_t cx_ep_plan_slot_bytes(const cx_case_t *one, const cx_ep_ranks_t *ranks, int64_t tokens);

/* The rung a slot belongs to, and the work of the slot. */
const cx_ep_rung_t *cx_ep_plan_rung_of(const cx_ep_plan_t *plan, int32_t slot_index);
const cx_ep_work_t *cx_ep_plan_work_of(const cx_ep_plan_t *plan, int32_t slot_index);

/* Tokens of a rank, and of the rank that has most. */
int64_t cx_ep_work_tokens(const cx_ep_work_t *work, int32_t rank);
int64_t cx_ep_work_tokens_max(const cx_ep_work_t *work);

/* What a slot's right answers depend on; its tensor_scale is still 0. */
cx_ep_truth_t cx_ep_plan_truth(const cx_ep_plan_t *plan, int32_t slot_index);

#endif
