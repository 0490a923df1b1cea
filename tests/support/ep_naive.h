/* SPDX-License-Identifier: Apache-2.0 */
/* Expert parallelism as simply as it can be written: all ranks in one process, dispatch by
 * all_to_all_v over send buffers with counts and displacements, combine element by element. A
 * second opinion for the oracle and for backends, and the place where faults are planted
 * (ep_faults.h). Not fast, and not the oracle: it shares codecs with it and nothing else. */
#ifndef CX_TESTS_SUPPORT_EP_NAIVE_H
#define CX_TESTS_SUPPORT_EP_NAIVE_H

#include "base/arena.h"
#include "collectivex/ep.h"
#include "family/ep/activation.h"
#include "family/ep/workload.h"

/* Where a fault can be planted: after the step of that name. */
typedef enum ep_step {
    EP_STEP_SEND,
    EP_STEP_RECEIVE,
    EP_STEP_STAGE,
    EP_STEP_HOME,
    EP_STEP_COMBINE
} ep_step_t;

/* What is done differently while something is computed or moved. */
typedef enum ep_twist {
    EP_TWIST_NONE,
    EP_TWIST_GATE_TWICE,
    EP_TWIST_GATE_NEVER,
    EP_TWIST_GATE_OF_NEXT_SLOT,
    EP_TWIST_GATE_OF_NEXT_TOKEN,
    EP_TWIST_BF16_PRODUCTS,
    EP_TWIST_BF16_SUM,
    EP_TWIST_NO_DOMAIN_CAST,
    EP_TWIST_EXTRA_CAST,
    EP_TWIST_OTHER_DOMAINS,
    EP_TWIST_COMPACT_TREE,
    EP_TWIST_NO_TREE,
    EP_TWIST_TRUNCATE,
    EP_TWIST_FORGET_ONE,
    EP_TWIST_ADD_ONE_TWICE,
    EP_TWIST_NO_COMBINE_CODEC,
    EP_TWIST_SKIP_SEND,      /* of rank 0, in the seventh pair */
    EP_TWIST_SKIP_COMBINE,   /* on rank 0, in the seventh pair */
    EP_TWIST_SKIP_REUSE,     /* of all ranks, when slot 2 is used for the second time */
    EP_TWIST_OVERLAP,        /* the fifth dispatch overtakes the fourth combine */
    EP_TWIST_FLIP_SOMETIMES, /* one bit of an output, in each fifth pair */
    EP_TWIST_NEIGHBOUR_AREA, /* combine reads the receive memory of the next slot */
} ep_twist_t;

typedef struct ep_setup {
    const cx_ep_work_t *work;
    cx_ep_problem_t     problem;
    cx_ep_caps_t        caps;
    cx_ep_profile_t     profile;
    uint64_t            seed; /* of slot 0; slot s has seed + s */
    int32_t             slot_count;
    float               tensor_scale;
    bool                is_reversed; /* rows and experts of a row stand in another order */
} ep_setup_t;

/* Receive memory of a rank: of one slot, or (not keeps_receives) of all. */
typedef struct ep_area {
    unsigned char *wire;            /* records as they came, by source rank */
    int64_t       *counts, *displs; /* [rank_count], in records */
    int64_t        item_count, item_count_max, row_count_max;
    int64_t       *rows; /* [item_count]: where each record was put */
    unsigned char *payload, *scales;
    uint16_t      *staged;
    int32_t       *row_experts, *expert_row_counts;
    float         *row_gates;
    cx_ep_view_t   view;
} ep_area_t;

typedef struct ep_rank {
    int64_t        token_count, send_count;
    cx_ep_slot_t  *slots; /* [slot_count]; memory with guards */
    uint16_t     **x;     /* [slot_count]: the same memory, writable */
    int32_t      **experts;
    float        **gates;
    unsigned char *send;
    int64_t       *send_counts, *send_displs; /* [rank_count], in records */
    int64_t       *sent_tokens, *sent_slots;  /* [send_count] local tokens, first slots */
    uint16_t      *home;                      /* bf16 [send_count][hidden]: what came back */
    ep_area_t     *areas;
} ep_rank_t;

typedef struct ep_naive ep_naive_t;
typedef bool (*ep_plant_fn)(ep_naive_t *naive, int32_t slot);

struct ep_naive {
    ep_setup_t  setup;
    cx_arena_t *arena;
    ep_rank_t  *ranks;
    int64_t    *token_counts;
    int64_t     rank_count, share, payload_bytes, scale_bytes, record_bytes, row_capacity;
    int64_t     pair_index, pair_count; /* of a chain: pair_index is -1 outside */
    int64_t     use_counts[64];         /* how often each slot has been dispatched */
    /* the fault */
    ep_step_t   plant_step;
    ep_plant_fn plant;
    ep_twist_t  twist;
    bool        is_planted;
    uint64_t    outputs; /* digest of all outputs that combines have left */
};

/* Everything lies in the arena. False: out of memory. */
bool ep_naive_init(const ep_setup_t *setup, cx_arena_t *arena, ep_naive_t *out);
/* Poison receive memory and outputs, and write all guards. */
void ep_naive_poison(ep_naive_t *naive);
void ep_naive_dispatch(ep_naive_t *naive, int32_t slot);
void ep_naive_stage(ep_naive_t *naive, int32_t slot);
void ep_naive_combine(ep_naive_t *naive, int32_t slot);
/* Pairs one after the other over the slots in turn; outputs of the last use of each slot stay. */
void ep_naive_chain(ep_naive_t *naive, int64_t pair_count);

ep_area_t *ep_naive_area(const ep_naive_t *naive, int64_t rank, int32_t slot);
/* Payload bytes that all ranks sent, and that all received, in the last dispatch. */
int64_t ep_naive_sent_bytes(const ep_naive_t *naive);
int64_t ep_naive_received_bytes(const ep_naive_t *naive, int32_t slot);
/* Byte count and seed of a guarded output. */
size_t   ep_naive_combined_bytes(const ep_naive_t *naive, int64_t rank);
uint64_t ep_naive_guard_seed(int64_t rank, int32_t slot);

/* Parts of a record. */
static inline unsigned char *ep_payload(const ep_naive_t *naive, unsigned char *records, int64_t i)
{
    return records + i * naive->record_bytes;
}
static inline unsigned char *ep_scales(const ep_naive_t *naive, unsigned char *records, int64_t i)
{
    return ep_payload(naive, records, i) + (naive->payload_bytes + 7) / 8 * 8;
}
static inline int32_t *ep_experts(const ep_naive_t *naive, unsigned char *records, int64_t i)
{
    return (int32_t *)(void *)(ep_scales(naive, records, i) + (naive->scale_bytes + 7) / 8 * 8);
}
static inline float *ep_gates(const ep_naive_t *naive, unsigned char *records, int64_t i)
{
    return (float *)(void *)(ep_experts(naive, records, i) + naive->setup.problem.topk);
}
/* A row of the slot, encoded into a record. */
void ep_naive_encode(const ep_naive_t *naive, cx_codec_t codec, const uint16_t *row,
                     unsigned char *payload, void *scales);

#endif
