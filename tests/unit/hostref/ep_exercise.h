/* SPDX-License-Identifier: Apache-2.0 */
/* Runs phases of family ep of the loaded plugin on forked ranks, and says element by element what
 * must arrive and what must come home. Not a test by itself: test_ep*.c choose what runs.
 *
 * Every rank knows the inputs of all: they are functions of slot, rank and token. */
#ifndef CX_TESTS_HOSTREF_EP_EXERCISE_H
#define CX_TESTS_HOSTREF_EP_EXERCISE_H

#include "support/fake_core.h"
#include "unit/hostref/load.h"

#include "family/common/halves.h"

#define EP_SLOTS_MAX 4
#define EP_HIDDEN_MAX 512
#define EP_TOPK_MAX 8
#define EP_POISON 0xa5
#define EP_BUDGET_NS INT64_C(20000000000)

typedef struct ep_exercise {
    cx_ep_mode_t mode;
    cx_codec_t   dispatch_codec, combine_codec;
    int64_t      hidden_elems, topk;
    int32_t      local_expert_count;
    int64_t      domain_rank_count; /* 0: all ranks are one domain */
    int64_t      token_count;       /* of the rank with the most */
    int32_t      slot_count;
} ep_exercise_t;

/* Sensible middle of the road; tests change what they are about. */
static const ep_exercise_t ep_typical = {
    .mode               = CX_EP_MODE_NORMAL,
    .dispatch_codec     = CX_CODEC_BF16,
    .combine_codec      = CX_CODEC_BF16,
    .hidden_elems       = 256,
    .topk               = 3,
    .local_expert_count = 4,
    .token_count        = 9,
    .slot_count         = 2,
};

/* What one rank keeps while it runs an exercise. */
typedef struct ep_run {
    const ep_exercise_t    *what;
    const cx_backend_ops_t *ops;
    fake_core_t            *fake;
    int32_t                 rank, rank_count;
    cx_shape_t              shape;
    int64_t                 token_counts[EP_SLOTS_MAX][FAKE_RANKS_MAX];
    cx_ep_slot_t            slots[EP_SLOTS_MAX];
    cx_point_t              point;
    cx_session_t           *session;
} ep_run_t;

/* ---- inputs ---------------------------------------------------------------------------------- */

static inline uint64_t ep_mix(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t word = (((a * 131 + b) * 65537 + c) * 8191 + d) * UINT64_C(0x9e3779b97f4a7c15);

    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

/* Uneven, and rank 1 has none in every other slot. */
static inline int64_t ep_token_count(const ep_exercise_t *what, int32_t slot, int32_t rank)
{
    if (rank == 1 && slot % 2 == 0) {
        return 0;
    }
    return what->token_count * (1 + (rank + slot) % 3) / 3;
}

/* Every bit of the fraction, exponents far enough apart for the order of additions to show, and
 * now and then a negative zero. */
static inline uint16_t ep_value(int32_t slot, int32_t rank, int64_t token, int64_t column)
{
    const uint64_t word =
        ep_mix((uint64_t)slot * 64 + (uint64_t)rank, (uint64_t)token, (uint64_t)column, 1);

    if (word % 61 == 0) {
        return 0x8000;
    }
    return (uint16_t)((word & 0x807f) | ((122 + (word >> 20) % 9) << 7));
}

static inline float ep_gate(int32_t slot, int32_t rank, int64_t token, int64_t choice)
{
    const uint64_t word =
        ep_mix((uint64_t)slot * 64 + (uint64_t)rank, (uint64_t)token, (uint64_t)choice, 2);

    return (float)(1 + word % 0xffffff) * 0x1p-24f;
}

/* Every third token keeps to the experts of one rank. */
static inline void ep_choose(const ep_run_t *run, int32_t slot, int32_t rank, int64_t token,
                             int32_t *experts)
{
    const int32_t  expert_count = run->what->local_expert_count * run->rank_count;
    const uint64_t word = ep_mix((uint64_t)slot * 64 + (uint64_t)rank, (uint64_t)token, 0, 3);
    int32_t        next = (int32_t)(word % (uint64_t)expert_count);

    for (int64_t k = 0; k < run->what->topk; k++) {
        bool is_taken = true;

        for (uint64_t attempt = 0; is_taken; attempt++) {
            const uint64_t drawn = ep_mix(word, (uint64_t)k, attempt, 4);

            next     = (next + (token % 3 == 0 ? 1 : 1 + (int32_t)(drawn % 5))) % expert_count;
            is_taken = false;
            for (int64_t j = 0; j < k; j++) {
                is_taken = is_taken || experts[j] == next;
            }
        }
        experts[k] = next;
    }
}

/* ---- what is right --------------------------------------------------------------------------- */

/* There and back through a codec. */
static inline void ep_code(const ep_run_t *run, cx_codec_t codec, float tensor_scale, uint16_t *row)
{
    unsigned char payload[EP_HIDDEN_MAX * 2], scales[EP_HIDDEN_MAX * 2];
    const int64_t elems = run->what->hidden_elems;

    cx_codec_ops.encode(codec, row, elems, tensor_scale, payload, scales);
    cx_codec_ops.decode(codec, payload, scales, elems, tensor_scale, row);
}

/* What experts do to a row: exact, other on every rank or expert, and other at every call. */
static inline uint16_t ep_transform(uint16_t value, int32_t where, int32_t call)
{
    static const float factors[] = {1.0f, -2.0f, 0.5f, -4.0f, 8.0f};

    return call < 0 ? value
                    : cx_bf16_from_float(cx_bf16_to_float(value) * factors[(where + call) % 5]);
}

/* The row that comes home from a rank (token-rank) or an expert. */
static inline void ep_message(const ep_run_t *run, int32_t slot, int64_t token, int32_t where,
                              int32_t call, uint16_t *row)
{
    const ep_exercise_t *what = run->what;

    for (int64_t i = 0; i < what->hidden_elems; i++) {
        row[i] = ep_value(slot, run->rank, token, i);
    }
    ep_code(run, what->dispatch_codec, run->slots[slot].tensor_scale, row);
    for (int64_t i = 0; i < what->hidden_elems; i++) {
        row[i] = ep_transform(row[i], where, call);
    }
    ep_code(run, what->combine_codec, 1.0f, row);
}

static inline void ep_expect_weighted(const ep_run_t *run, int32_t slot, int64_t token,
                                      int32_t call, uint16_t *out)
{
    const int64_t elems              = run->what->hidden_elems;
    float         acc[EP_HIDDEN_MAX] = {0};
    int32_t       experts[EP_TOPK_MAX];
    uint16_t      row[EP_HIDDEN_MAX];

    ep_choose(run, slot, run->rank, token, experts);
    for (int64_t k = 0; k < run->what->topk; k++) {
        ep_message(run, slot, token, experts[k], call, row);
        for (int64_t i = 0; i < elems; i++) {
            /* A variable in memory, so that no compiler fuses it with the sum. */
            volatile float product = ep_gate(slot, run->rank, token, k) * cx_bf16_to_float(row[i]);

            acc[i] += product;
        }
    }
    for (int64_t i = 0; i < elems; i++) {
        out[i] = cx_bf16_from_float(acc[i]);
    }
}

static inline bool ep_has_rank(const ep_run_t *run, const int32_t *experts, int32_t rank)
{
    bool has = false;

    for (int64_t k = 0; k < run->what->topk; k++) {
        has = has || experts[k] / run->what->local_expert_count == rank;
    }
    return has;
}

static inline void ep_expect_unweighted(const ep_run_t *run, int32_t slot, int64_t token,
                                        int32_t call, uint16_t *out)
{
    const int64_t elems = run->what->hidden_elems, per_domain = run->shape.ep.domain_rank_count;
    float         all[EP_HIDDEN_MAX] = {0}, domain[EP_HIDDEN_MAX] = {0};
    int32_t       experts[EP_TOPK_MAX];
    uint16_t      row[EP_HIDDEN_MAX];

    ep_choose(run, slot, run->rank, token, experts);
    for (int32_t rank = 0; rank < run->rank_count; rank++) {
        if (ep_has_rank(run, experts, rank)) {
            ep_message(run, slot, token, rank, call, row);
            for (int64_t i = 0; i < elems; i++) {
                domain[i] += cx_bf16_to_float(row[i]);
            }
        }
        if ((rank + 1) % per_domain == 0 || rank + 1 == run->rank_count) {
            for (int64_t i = 0; i < elems; i++) {
                all[i] += cx_bf16_to_float(cx_bf16_from_float(domain[i]));
                domain[i] = 0;
            }
        }
    }
    for (int64_t i = 0; i < elems; i++) {
        out[i] = cx_bf16_from_float(all[i]);
    }
}

/* Whether slot->combined is what a combine of call `call` makes; below 0: of untouched rows. */
static inline int ep_check_combined(const ep_run_t *run, int32_t slot, int32_t call)
{
    const int64_t elems = run->what->hidden_elems;
    uint16_t      expected[EP_HIDDEN_MAX];

    for (int64_t token = 0; token < run->token_counts[slot][run->rank]; token++) {
        const uint16_t *got = run->slots[slot].combined + token * elems;

        if (run->what->mode == CX_EP_MODE_LOW_LATENCY) {
            ep_expect_weighted(run, slot, token, call, expected);
        } else {
            ep_expect_unweighted(run, slot, token, call, expected);
        }
        for (int64_t i = 0; i < elems; i++) {
            if (got[i] != expected[i]) {
                (void)fprintf(stderr,
                              "mode %d codecs %d %d rank %d of %d slot %d call %d token %lld "
                              "column %lld: %04x, not %04x\n",
                              (int)run->what->mode, (int)run->what->dispatch_codec,
                              (int)run->what->combine_codec, run->rank, run->rank_count, slot, call,
                              (long long)token, (long long)i, got[i], expected[i]);
                return 1;
            }
        }
    }
    return 0;
}

/* ---- running --------------------------------------------------------------------------------- */

static inline size_t ep_place(size_t *end, int64_t count, size_t bytes)
{
    const size_t begin = *end;

    *end += ((size_t)count * bytes + 64 + 255) / 256 * 256;
    return begin;
}

static inline void ep_lay_out(ep_run_t *run)
{
    const ep_exercise_t *what = run->what;
    size_t               end  = 256;

    for (int32_t i = 0; i < what->slot_count; i++) {
        cx_ep_slot_t *slot = &run->slots[i];

        for (int32_t rank = 0; rank < run->rank_count; rank++) {
            run->token_counts[i][rank] = ep_token_count(what, i, rank);
        }
        *slot = (cx_ep_slot_t){
            .token_counts    = run->token_counts[i],
            .tensor_scale    = 64.0f + (float)i,
            .x_offset        = ep_place(&end, what->token_count, (size_t)what->hidden_elems * 2),
            .experts_offset  = ep_place(&end, what->token_count, (size_t)what->topk * 4),
            .gates_offset    = ep_place(&end, what->token_count, (size_t)what->topk * 4),
            .combined_offset = ep_place(&end, what->token_count, (size_t)what->hidden_elems * 2),
        };
    }
    run->point = (cx_point_t){.slot_count   = what->slot_count,
                              .region_bytes = end,
                              .memory       = CX_MEMORY_EXPORTABLE,
                              .ep_slots     = run->slots};
}

static inline int32_t *ep_experts(const ep_run_t *run, int32_t slot)
{
    return (int32_t *)(uintptr_t)run->slots[slot].experts;
}

static inline void ep_fill(ep_run_t *run)
{
    unsigned char *region = run->point.region;
    const int64_t  elems = run->what->hidden_elems, topk = run->what->topk;

    for (int32_t i = 0; i < run->what->slot_count; i++) {
        cx_ep_slot_t *slot    = &run->slots[i];
        uint16_t     *x       = (void *)(region + slot->x_offset);
        int32_t      *experts = (void *)(region + slot->experts_offset);
        float        *gates   = (void *)(region + slot->gates_offset);

        slot->x        = x;
        slot->experts  = experts;
        slot->gates    = gates;
        slot->combined = (void *)(region + slot->combined_offset);
        for (int64_t token = 0; token < run->token_counts[i][run->rank]; token++) {
            for (int64_t c = 0; c < elems; c++) {
                x[token * elems + c] = ep_value(i, run->rank, token, c);
            }
            ep_choose(run, i, run->rank, token, experts + token * topk);
            for (int64_t k = 0; k < topk; k++) {
                gates[token * topk + k] = ep_gate(i, run->rank, token, k);
            }
        }
    }
}

static inline cx_shape_t ep_shape(const ep_exercise_t *what, int32_t rank_count)
{
    return (cx_shape_t){.family = CX_FAMILY_EP,
                        .ep     = {.mode            = what->mode,
                                   .dispatch_codec  = what->dispatch_codec,
                                   .combine_codec   = what->combine_codec,
                                   .hidden_elems    = what->hidden_elems,
                                   .topk            = what->topk,
                                   .expert_count    = (int64_t)what->local_expert_count * rank_count,
                                   .token_count_max = what->token_count,
                                   .domain_rank_count =
                                   what->domain_rank_count ? what->domain_rank_count : rank_count}};
}

/* A session, and memory with every rank's inputs; not yet prepared. */
static inline cx_status_t ep_open(ep_run_t *run, fake_core_t *fake, const cx_backend_ops_t *ops,
                                  const ep_exercise_t *what)
{
    const int64_t eager_bytes = 2048;
    cx_status_t   status;

    *run = (ep_run_t){.what       = what,
                      .ops        = ops,
                      .fake       = fake,
                      .rank       = fake->core.rank,
                      .rank_count = fake->core.rank_count,
                      .shape      = ep_shape(what, fake->core.rank_count)};
    ep_lay_out(run);
    status = fake_alloc(&fake->device, run->point.region_bytes, CX_MEMORY_EXPORTABLE,
                        &run->point.region);
    if (status != CX_OK) {
        return status;
    }
    ep_fill(run);
    return ops->open(&fake->core, &run->shape, &eager_bytes, &run->session);
}

/* Number of failures of an exercise whose checks found `failed_count`. */
static inline int ep_close(ep_run_t *run, int failed_count)
{
    if (failed_count) {
        (void)fprintf(stderr, "rank %d: %s\n", run->rank, fake_detail_text);
    }
    run->ops->close(run->session);
    fake_free(&run->fake->device, run->point.region);
    return failed_count + (run->fake->device.export_count != 0);
}

typedef int (*ep_body_fn)(ep_run_t *run);

/* Opens, prepares, runs `body` and closes, on one rank. */
static inline int ep_exercise_run(fake_core_t *fake, const cx_backend_ops_t *ops,
                                  const ep_exercise_t *what, ep_body_fn body)
{
    ep_run_t run;
    int      failed_count;

    if (ep_open(&run, fake, ops, what) != CX_OK) {
        (void)fprintf(stderr, "rank %d: %s\n", fake->core.rank, fake_detail_text);
        return 1;
    }
    if (ops->prepare(run.session, &run.point) != CX_OK) {
        return ep_close(&run, 1);
    }
    failed_count = body(&run);
    ops->release(run.session);
    return ep_close(&run, failed_count);
}

static inline int ep_phase(const ep_run_t *run, cx_phase_t phase, int32_t slot)
{
    if (phase == CX_PHASE_COMBINE) {
        memset(run->slots[slot].combined, EP_POISON,
               (size_t)(run->token_counts[slot][run->rank] * run->what->hidden_elems) * 2);
    }
    return run->ops->enqueue(run->session, phase, slot, NULL) != CX_OK;
}

/* What experts do: only where rows arrived. */
static inline void ep_apply(const ep_run_t *run, const cx_ep_view_t *view, int32_t call)
{
    const bool is_by_expert = run->what->mode == CX_EP_MODE_LOW_LATENCY;

    for (int32_t e = 0; e < (is_by_expert ? run->what->local_expert_count : 1); e++) {
        const int32_t where =
            is_by_expert ? run->rank * run->what->local_expert_count + e : run->rank;
        const int64_t rows = is_by_expert ? view->expert_row_counts[e] : view->row_count;

        for (int64_t row = 0; row < rows; row++) {
            uint16_t *staged =
                (void *)((unsigned char *)view->staged +
                         (size_t)(e * view->expert_row_capacity + row) * view->staged_stride_bytes);

            for (int64_t i = 0; i < run->what->hidden_elems; i++) {
                staged[i] = ep_transform(staged[i], where, call);
            }
        }
    }
}

/* Keeps ranks from going in step, without a clock. */
static inline void ep_dawdle(const ep_run_t *run, int32_t call)
{
    volatile uint64_t left = ep_mix((uint64_t)run->rank, (uint64_t)call, 0, 5) % 4 * 4000;

    while (left > 0) {
        left = left - 1;
    }
}

#endif
