/* SPDX-License-Identifier: Apache-2.0 */
/* One fully specified cell of a plan: what to run, on which backend, measured how.
 * Its options are the table cx_case_options; nothing else may change a number. */
#ifndef CX_MODEL_CASE_H
#define CX_MODEL_CASE_H

#include "base/hash.h"
#include "collectivex/shape.h"
#include "model/ep_words.h"
#include "model/options.h"

#define CX_CASE_OPTION_COUNT_MAX 64
#define CX_CASE_EP_SEED 67 /* family ep, unless a seed is given: that of the published rows */
/* Family allreduce, unless others are given: what inference engines reduce. */
#define CX_CASE_ALLREDUCE_DTYPE CX_DTYPE_BF16
#define CX_CASE_ALLREDUCE_SIZES "1KiB:64MiB:x4"

/* name, slug, what one sample is */
#define CX_REGIME_MAP(X)                                                                 \
    X(ISOLATED, "isolated", "latency of one operation from an idle start, slowest rank") \
    X(STEADY, "steady", "period of back-to-back operations, median rank")                \
    X(GRAPH, "graph", "period of an operation in a replayed graph, median rank")         \
    X(LOOP_MEAN, "loop_mean", "mean over a loop of operations, mean rank (as nccl-tests)")

typedef enum cx_regime {
#define CX_REGIME_ENUM(name, slug, text) CX_REGIME_##name,
    CX_REGIME_MAP(CX_REGIME_ENUM)
#undef CX_REGIME_ENUM
        CX_REGIME_COUNT
} cx_regime_t;

/* rotated: operations take their buffers in turn from many; hot: from as few as can be checked. */
typedef enum cx_buffers { CX_BUFFERS_ROTATED, CX_BUFFERS_HOT, CX_BUFFERS_COUNT } cx_buffers_t;

/* What is asked of family ep alone. hidden_elems, topk and expert_count are 0 until the plan has
 * put the numbers of the shape there. */
typedef struct cx_case_ep {
    const char *shape, *tokens, *trace;
    int64_t     hidden_elems, topk, expert_count, hot_expert, redundant_count, plan_seed,
        domain_rank_count;
    double  zipf_exponent;
    int32_t mode, dispatch_codec, combine_codec, routing, uneven, profile, placement, sampling,
        consume; /* enums of collectivex/ep.h and ep_words.h */
} cx_case_ep_t;

/* all: every rank moves bytes at once, to the next; one: rank 0 alone. */
typedef enum cx_movers { CX_MOVERS_ONE, CX_MOVERS_ALL, CX_MOVERS_COUNT } cx_movers_t;

/* What is asked of family limits alone. */
typedef struct cx_case_limits {
    int64_t blocks; /* 0: one per multiprocessor */
    int32_t limit, movers;
} cx_case_limits_t;

typedef struct cx_case {
    int32_t      family, op, algorithm, dtype, redop, placement, regime, buffers;
    const char  *backend, *device, *sizes, *traffic;
    const char  *backend_options; /* "name=value;..." of the backend's own table, in its order */
    int64_t      root, seed, rotate_bytes, samples_min, samples_max, warmup_min, loop_iters;
    int64_t      graph_ops;
    double       traffic_skew_ratio, budget_us, timeout_us, target_ratio;
    bool         is_verified;
    cx_case_ep_t ep;
    cx_case_limits_t limits;

    uint8_t     origins[CX_CASE_OPTION_COUNT_MAX]; /* cx_origin_t by row of the table */
    const char *case_id;                           /* readable, unique within a plan */
    char        digest[CX_HASH_HEX_BYTES];         /* of every option, free ones too */
} cx_case_t;

extern const cx_option_t cx_case_options[];

/* Vocabularies as NULL-terminated arrays, for tables and printing. */
extern const char *const cx_collective_slugs[];
extern const char *const cx_dtype_slugs[];
extern const char *const cx_redop_slugs[];
extern const char *const cx_regime_slugs[];
extern const char *const cx_placement_slugs[];
extern const char *const cx_family_slugs[];
extern const char *const cx_algorithm_slugs[];
extern const char *const cx_limit_slugs[];
extern const char *const cx_movers_slugs[];

size_t      cx_dtype_bytes(cx_dtype_t dtype);
bool        cx_collective_reduces(cx_collective_t op);
bool        cx_collective_is_rooted(cx_collective_t op);
bool        cx_limit_moves_bytes(cx_limit_t limit);
bool        cx_limit_has_blocks(cx_limit_t limit); /* it is moved by a kernel */
const char *cx_regime_text(cx_regime_t regime);

/* What a backend is told of the case. Of family ep the parts that depend on ranks and sizes
 * (physical experts, tokens, domains) are still 0: run/ep_plan.h. */
cx_shape_t cx_case_shape(const cx_case_t *one);

/* "collective.isolated", "ep.steady.exact": the contract under which its numbers are taken. */
const char *cx_case_contract(const cx_case_t *one);

/* Whether the option is one of the case's family, or regime, at all. Only those are part of its
 * identity, so that options of a new one change the digest of no case that was there before. */
bool cx_case_option_is_own(const cx_case_t *one, const cx_option_t *row);
/* Whether the option can change anything about the case: --redop means nothing for a gather. */
bool cx_case_option_applies(const cx_case_t *one, const cx_option_t *row);

/**
 * Give every option that does not apply its neutral value (its default; redop none), so that equal
 * work has one spelling; then set case_id and digest.
 * errors  CX_INVALID an option of a value that its family does not have · CX_RESOURCE memory
 */
cx_status_t cx_case_seal(cx_case_t *one, cx_arena_t *arena);

#endif
