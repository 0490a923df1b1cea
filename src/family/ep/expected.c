/* SPDX-License-Identifier: Apache-2.0 */
/* From a token's row to the row that comes home. Not the order of additions (reduce.c). */
#include "family/ep/expected.h"

#include "base/fail.h"

#define SLUG(name, slug, text) slug,
static const char *const layout_slugs[]    = {CX_EP_LAYOUT_MAP(SLUG)};
static const char *const weighting_slugs[] = {CX_EP_WEIGHTING_MAP(SLUG)};
#undef SLUG
#define SLUG(name, slug) slug,
static const char *const reduction_slugs[] = {CX_EP_REDUCTION_MAP(SLUG)};
#undef SLUG

cx_status_t cx_ep_caps_check(const cx_ep_caps_t *caps)
{
    const bool is_rank_sum = caps->layout == CX_EP_LAYOUT_TOKEN_RANK &&
                             caps->weighting == CX_EP_WEIGHTING_RANK_SUM &&
                             caps->reduction != CX_EP_REDUCTION_SLOT_FP32;
    const bool is_kernel_sum = caps->layout == CX_EP_LAYOUT_TOKEN_EXPERT &&
                               caps->weighting == CX_EP_WEIGHTING_KERNEL_SUM &&
                               caps->reduction == CX_EP_REDUCTION_SLOT_FP32;

    if (!is_rank_sum && !is_kernel_sum) {
        return CX_FAIL(CX_UNSUPPORTED,
                       "no right answer is known for receive layout %s with %s combine reduced as "
                       "%s (docs/ep-oracle.md has those that are)",
                       layout_slugs[caps->layout], weighting_slugs[caps->weighting],
                       reduction_slugs[caps->reduction]);
    }
    return CX_OK;
}

static cx_status_t grab_messages(cx_arena_t *arena, cx_ep_expected_t *expected)
{
    const size_t      topk  = (size_t)expected->truth->problem->topk;
    const size_t      elems = (size_t)expected->truth->problem->hidden_elems;
    cx_ep_messages_t *out   = &expected->messages;

    out->slot_count        = (int64_t)topk;
    out->rows              = cx_arena_grab(arena, topk * sizeof *out->rows);
    out->ranks             = cx_arena_grab(arena, topk * sizeof *out->ranks);
    out->slots             = cx_arena_grab(arena, topk * sizeof *out->slots);
    out->gates             = cx_arena_grab(arena, topk * sizeof *out->gates);
    expected->affines      = cx_arena_grab(arena, topk * sizeof *expected->affines);
    expected->message_rows = cx_arena_grab(arena, topk * elems * sizeof *expected->message_rows);
    expected->pattern      = cx_arena_grab(arena, elems * sizeof *expected->pattern);
    if (!out->rows || !out->ranks || !out->slots || !out->gates || !expected->affines ||
        !expected->message_rows || !expected->pattern) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the expected rows of a token");
    }
    return CX_OK;
}

cx_status_t cx_ep_expected_init(const cx_ep_truth_t *truth, cx_ep_experts_t experts,
                                cx_arena_t *arena, cx_ep_expected_t *out)
{
    cx_ep_expected_t expected = {
        .truth   = truth,
        .experts = experts,
        .reducer = {.reduction         = truth->caps.reduction,
                    .elems             = truth->problem->hidden_elems,
                    .domain_rank_count = truth->problem->domain_rank_count},
    };

    CX_TRY(cx_ep_caps_check(&truth->caps));
    CX_TRY(cx_ep_row_init(truth, truth->problem->dispatch_codec, arena, &expected.dispatch));
    CX_TRY(cx_ep_row_init(truth, truth->problem->combine_codec, arena, &expected.combine));
    CX_TRY(cx_ep_reducer_init(&expected.reducer, arena));
    CX_TRY(grab_messages(arena, &expected));
    cx_ep_affine_pattern(expected.reducer.elems, expected.pattern);
    *out = expected;
    return CX_OK;
}

/* The message of a rank, of the one slot in token-expert; a new one when there is none yet. */
static int64_t message_of(cx_ep_expected_t *expected, int64_t rank, int64_t slot)
{
    cx_ep_messages_t *messages = &expected->messages;
    int64_t           i        = 0;

    if (expected->truth->caps.layout == CX_EP_LAYOUT_TOKEN_EXPERT) {
        i = messages->count;
    }
    while (i < messages->count && messages->ranks[i] != rank) {
        i++;
    }
    if (i == messages->count) {
        messages->count++;
        messages->ranks[i]   = rank;
        messages->slots[i]   = slot;
        expected->affines[i] = (cx_ep_affine_t){0};
    }
    return i;
}

/* Who sends what home. Gates are in the rows of token-rank, and beside those of token-expert. */
static void list_messages(cx_ep_expected_t *expected, int64_t token)
{
    const cx_ep_trace_t *trace  = &expected->truth->work->physical;
    const int64_t        share  = trace->expert_count / expected->truth->work->workload.rank_count;
    const bool           is_sum = expected->truth->caps.weighting == CX_EP_WEIGHTING_RANK_SUM;

    expected->messages.count = 0;
    for (int64_t slot = 0; slot < trace->topk; slot++) {
        const int64_t expert = trace->experts[token * trace->topk + slot];
        const float   gate   = trace->weights[token * trace->topk + slot];
        const int64_t i      = message_of(expected, expert / share, slot);

        expected->messages.gates[i] = gate;
        cx_ep_affine_add(&expected->affines[i], expert, is_sum ? gate : 1.0f);
    }
}

void cx_ep_expected_row(cx_ep_expected_t *expected, int64_t token, uint16_t *row_out)
{
    cx_ep_row_t  *source = &expected->dispatch;
    const int64_t elems  = source->hidden_elems;

    list_messages(expected, token);
    cx_ep_activations(&expected->truth->activation, (uint32_t)token, 1, source->values);
    cx_ep_row_quantise(source, source->values);
    if (expected->experts == CX_EP_EXPERTS_IDENTITY) {
        cx_ep_row_quantise(&expected->combine, source->values);
    }
    for (int64_t i = 0; i < expected->messages.count; i++) {
        uint16_t *row = expected->message_rows + i * elems;

        expected->messages.rows[i] = source->values;
        if (expected->experts == CX_EP_EXPERTS_AFFINE) {
            cx_ep_affine_apply(&expected->affines[i], expected->pattern, source->values, elems,
                               row);
            cx_ep_row_quantise(&expected->combine, row);
            expected->messages.rows[i] = row;
        }
    }
    cx_ep_reduce(&expected->reducer, &expected->messages, row_out);
}

cx_status_t cx_ep_expected_combined(const cx_ep_truth_t *truth, cx_ep_experts_t experts,
                                    int64_t first, int64_t count, uint16_t *rows_out)
{
    const int64_t    first_token = truth->work->first_tokens[truth->rank] + first;
    cx_ep_expected_t expected;
    cx_arena_t       arena;
    cx_status_t      status;

    cx_arena_init(&arena);
    CX_TRY_OR(fini_arena, cx_ep_expected_init(truth, experts, &arena, &expected));
    for (int64_t i = 0; i < count; i++) {
        cx_ep_expected_row(&expected, first_token + i, rows_out + i * truth->problem->hidden_elems);
    }
fini_arena:
    cx_arena_fini(&arena);
    return status;
}
