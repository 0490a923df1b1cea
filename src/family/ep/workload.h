/* SPDX-License-Identifier: Apache-2.0 */
/* What describes an expert-parallel workload, and the workload built from the description: the
 * same bytes on every rank, with a digest that proves it. Not who moves the bytes, or when. */
#ifndef CX_FAMILY_EP_WORKLOAD_H
#define CX_FAMILY_EP_WORKLOAD_H

#include "base/hash.h"
#include "collectivex/option.h"
#include "family/ep/eplb.h"
#include "family/ep/trace.h"
#include "model/ep_words.h"

/* Raised when the same description starts to mean other bytes. */
#define CX_EP_WORKLOAD_VERSION 1

#define CX_EP_TOPK_MAX 128
#define CX_EP_EXPERT_COUNT_MAX (1 << 20)
#define CX_EP_RANK_COUNT_MAX 4096
#define CX_EP_TOKEN_COUNT_MAX INT64_C(0xffffffff) /* a source id has 32 bits */
#define CX_EP_HIDDEN_MIN 32                       /* room for the bits of a source id */

/* A description. Filled by cx_ep_workload_options; plain values, texts borrowed. */
typedef struct cx_ep_workload {
    int64_t     hidden_elems, topk, expert_count, rank_count, tokens;
    int32_t     routing; /* cx_ep_routing_t */
    double      zipf_exponent;
    int64_t     hot_expert, seed, step;
    int32_t     uneven, profile, placement; /* cx_ep_uneven_t, cx_ep_profile_t, cx_ep_placement_t */
    int64_t     node_rank_count, domain_rank_count; /* ranks of a node, of a scale-up domain */
    int64_t     redundant_count;                    /* experts EPLB may add; 0: no EPLB */
    int64_t     plan_seed;                          /* of the trace that EPLB plans from */
    const char *trace_path;                         /* routing trace; else empty */
} cx_ep_workload_t;

/* One row per member; rows of role FREE are no part of the digest. */
extern const cx_option_t cx_ep_workload_options[];

/**
 * Whether the description makes sense.
 * errors  CX_INVALID one sentence that names the option and what it would have to be
 */
cx_status_t cx_ep_workload_check(const cx_ep_workload_t *workload);

/* First global token of a rank; for rank_count, the number of all tokens. Rank r owns the tokens
 * [first(r), first(r+1)), and a global token's index is its source id. */
int64_t cx_ep_first_token(const cx_ep_workload_t *workload, int64_t rank);

/* A workload, built. Everything lies in the arena it was built with. */
typedef struct cx_ep_work {
    cx_ep_workload_t workload;
    cx_ep_trace_t    trace;    /* of all ranks: logical experts and gates of every global token */
    cx_ep_trace_t    physical; /* the same with physical experts; without EPLB, `trace` itself */
    cx_ep_eplb_t     eplb;     /* when workload.redundant_count > 0 */
    int64_t         *first_tokens;   /* [rank_count + 1] */
    int32_t         *position_ranks; /* [rank_count]: where each rank runs (placement.h) */
    char             routing_digest[CX_HASH_HEX_BYTES]; /* of int64 [token][topk], logical */
    char             weights_digest[CX_HASH_HEX_BYTES]; /* of float [token][topk] */
    char             digest[CX_HASH_HEX_BYTES];         /* of the description and both of these */
} cx_ep_work_t;

/**
 * Build the whole workload: the trace of every rank's tokens, placement, EPLB and digests.
 *
 * cost    about 0.3 us per token and slot; 12 bytes per token and slot (28 with EPLB)
 * errors  CX_INVALID of cx_ep_workload_check, of the trace file, or a trace that is too short ·
 *         CX_RESOURCE memory
 */
cx_status_t cx_ep_work_build(const cx_ep_workload_t *workload, cx_arena_t *arena,
                             cx_ep_work_t *out);

#endif
