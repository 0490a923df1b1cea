/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch and combine by the book, one loop inside the other. Not the faults (ep_faults.c). */
#include "support/ep_naive.h"

#include "base/prng.h"
#include "collectivex/digest.h"
#include "family/common/codec_recipe.h"
#include "family/common/guard.h"
#include "family/common/halves.h"
#include "family/ep/oracle.h"

#include <string.h>

#define SPARE_ROWS 4 /* room for what a fault adds */
#define SEVENTH_PAIR 6

static bool is_token_rank(const ep_naive_t *naive)
{
    return naive->setup.caps.layout == CX_EP_LAYOUT_TOKEN_RANK;
}

static int64_t hidden(const ep_naive_t *naive)
{
    return naive->setup.problem.hidden_elems;
}

/* The expert of a slot of a rank's token, as the input says. */
static int64_t expert_at(const ep_naive_t *naive, int64_t rank, int64_t token, int64_t k)
{
    const cx_ep_trace_t *trace = &naive->setup.work->physical;
    const int64_t        first = naive->setup.work->first_tokens[rank];

    return trace->experts[(first + token) * trace->topk + k];
}

/* Whether slot k of a token is a message of its own to a rank. */
static bool is_message(const ep_naive_t *naive, int64_t rank, int64_t token, int64_t k,
                       int64_t to_rank)
{
    if (expert_at(naive, rank, token, k) / naive->share != to_rank) {
        return false;
    }
    for (int64_t before = 0; is_token_rank(naive) && before < k; before++) {
        if (expert_at(naive, rank, token, before) / naive->share == to_rank) {
            return false;
        }
    }
    return true;
}

static int64_t count_messages(const ep_naive_t *naive, int64_t rank, int64_t to_rank)
{
    int64_t count = 0;

    for (int64_t token = 0; token < naive->ranks[rank].token_count; token++) {
        for (int64_t k = 0; k < naive->setup.problem.topk; k++) {
            count += is_message(naive, rank, token, k, to_rank);
        }
    }
    return count;
}

void ep_naive_encode(const ep_naive_t *naive, cx_codec_t codec, const uint16_t *row,
                     unsigned char *payload, void *scales)
{
    const cx_codec_row_t coded = {.elems        = hidden(naive),
                                  .tensor_scale = naive->setup.tensor_scale,
                                  .payload      = payload,
                                  .scales       = scales};

    cx_codec_encode(codec, row, &coded);
}

static void decode(const ep_naive_t *naive, cx_codec_t codec, unsigned char *payload, void *scales,
                   uint16_t *row)
{
    const cx_codec_row_t coded = {.elems        = hidden(naive),
                                  .tensor_scale = naive->setup.tensor_scale,
                                  .payload      = payload,
                                  .scales       = scales};

    cx_codec_decode(codec, &coded, row);
}

/* Memory with room for a guard on either side. */
static void *grab_guarded(cx_arena_t *arena, size_t bytes)
{
    unsigned char *memory = cx_arena_grab(arena, bytes + 2 * CX_GUARD_BYTES);

    return memory ? memory + CX_GUARD_BYTES : NULL;
}

size_t ep_naive_combined_bytes(const ep_naive_t *naive, int64_t rank)
{
    return (size_t)(naive->ranks[rank].token_count * hidden(naive)) * sizeof(uint16_t);
}

uint64_t ep_naive_guard_seed(int64_t rank, int32_t slot)
{
    return (uint64_t)(rank * 64 + slot);
}

static bool fill_slot(ep_naive_t *naive, int64_t r, int32_t s)
{
    const cx_ep_work_t *work  = naive->setup.work;
    ep_rank_t          *rank  = &naive->ranks[r];
    const int64_t       topk  = naive->setup.problem.topk;
    const size_t        count = (size_t)(rank->token_count * topk);
    const int64_t       first = work->first_tokens[r];

    rank->x[s]              = grab_guarded(naive->arena, ep_naive_combined_bytes(naive, r));
    rank->experts[s]        = cx_arena_grab(naive->arena, (count + 1) * sizeof(int32_t));
    rank->gates[s]          = cx_arena_grab(naive->arena, (count + 1) * sizeof(float));
    rank->slots[s].combined = grab_guarded(naive->arena, ep_naive_combined_bytes(naive, r));
    if (!rank->x[s] || !rank->experts[s] || !rank->gates[s] || !rank->slots[s].combined) {
        return false;
    }
    rank->slots[s].token_counts = naive->token_counts;
    rank->slots[s].x            = rank->x[s];
    rank->slots[s].experts      = rank->experts[s];
    rank->slots[s].gates        = rank->gates[s];
    rank->slots[s].tensor_scale = naive->setup.tensor_scale;
    cx_ep_activations(&(cx_ep_activation_t){.profile      = naive->setup.profile,
                                            .seed         = naive->setup.seed + (uint64_t)s,
                                            .hidden_elems = hidden(naive)},
                      (uint32_t)first, rank->token_count, rank->x[s]);
    for (size_t i = 0; i < count; i++) {
        rank->experts[s][i] = (int32_t)work->physical.experts[first * topk + (int64_t)i];
        rank->gates[s][i]   = work->physical.weights[first * topk + (int64_t)i];
    }
    return true;
}

static bool init_area(ep_naive_t *naive, int64_t r, ep_area_t *area)
{
    const size_t ranks = (size_t)naive->rank_count, topk = (size_t)naive->setup.problem.topk;
    size_t       rows;

    area->counts = cx_arena_grab(naive->arena, ranks * sizeof(int64_t));
    area->displs = cx_arena_grab(naive->arena, ranks * sizeof(int64_t));
    for (int64_t from = 0; from < naive->rank_count; from++) {
        area->item_count_max += count_messages(naive, from, r);
    }
    area->item_count_max += SPARE_ROWS * naive->rank_count;
    area->row_count_max =
        is_token_rank(naive) ? area->item_count_max : naive->share * naive->row_capacity;
    rows       = (size_t)area->row_count_max;
    area->wire = cx_arena_grab(naive->arena, (size_t)(area->item_count_max * naive->record_bytes));
    area->rows = cx_arena_grab(naive->arena, (size_t)area->item_count_max * sizeof(int64_t));
    area->payload           = cx_arena_grab(naive->arena, rows * (size_t)naive->payload_bytes);
    area->scales            = cx_arena_grab(naive->arena, rows * (size_t)naive->scale_bytes + 8);
    area->staged            = naive->setup.problem.dispatch_codec == CX_CODEC_BF16
                                  ? (uint16_t *)(void *)area->payload
                                  : cx_arena_grab(naive->arena, rows * (size_t)hidden(naive) * 2);
    area->row_experts       = cx_arena_grab(naive->arena, rows * topk * sizeof(int32_t));
    area->row_gates         = cx_arena_grab(naive->arena, rows * topk * sizeof(float));
    area->expert_row_counts = cx_arena_grab(naive->arena, (size_t)naive->share * sizeof(int32_t));
    return area->counts && area->displs && area->wire && area->rows && area->payload &&
           area->scales && area->staged && area->row_experts && area->row_gates &&
           area->expert_row_counts;
}

static bool init_slots(ep_naive_t *naive, int64_t r)
{
    const size_t slots = (size_t)naive->setup.slot_count;
    ep_rank_t   *rank  = &naive->ranks[r];

    rank->slots   = cx_arena_grab(naive->arena, slots * sizeof *rank->slots);
    rank->x       = cx_arena_grab(naive->arena, slots * sizeof *rank->x);
    rank->experts = cx_arena_grab(naive->arena, slots * sizeof *rank->experts);
    rank->gates   = cx_arena_grab(naive->arena, slots * sizeof *rank->gates);
    if (!rank->slots || !rank->x || !rank->experts || !rank->gates) {
        return false;
    }
    for (int32_t s = 0; s < naive->setup.slot_count; s++) {
        if (!fill_slot(naive, r, s)) {
            return false;
        }
    }
    return true;
}

static bool init_sends(ep_naive_t *naive, int64_t r)
{
    const size_t ranks = (size_t)naive->rank_count;
    ep_rank_t   *rank  = &naive->ranks[r];
    size_t       count = SPARE_ROWS;

    for (int64_t to = 0; to < naive->rank_count; to++) {
        count += (size_t)count_messages(naive, r, to);
    }
    rank->send        = cx_arena_grab(naive->arena, count * (size_t)naive->record_bytes);
    rank->send_counts = cx_arena_grab(naive->arena, ranks * sizeof(int64_t));
    rank->send_displs = cx_arena_grab(naive->arena, ranks * sizeof(int64_t));
    rank->sent_tokens = cx_arena_grab(naive->arena, count * sizeof(int64_t));
    rank->sent_slots  = cx_arena_grab(naive->arena, count * sizeof(int64_t));
    rank->home        = cx_arena_grab(naive->arena, count * (size_t)hidden(naive) * 2);
    return rank->send && rank->send_counts && rank->send_displs && rank->sent_tokens &&
           rank->sent_slots && rank->home;
}

static bool init_rank(ep_naive_t *naive, int64_t r)
{
    const int32_t area_count = naive->setup.caps.keeps_receives ? naive->setup.slot_count : 1;
    ep_rank_t    *rank       = &naive->ranks[r];

    rank->areas = cx_arena_grab(naive->arena, (size_t)area_count * sizeof *rank->areas);
    if (!rank->areas || !init_slots(naive, r) || !init_sends(naive, r)) {
        return false;
    }
    for (int32_t area = 0; area < area_count; area++) {
        if (!init_area(naive, r, &rank->areas[area])) {
            return false;
        }
    }
    return true;
}

/* The most rows that any expert gets, and some. */
static int64_t capacity_of(const ep_naive_t *naive)
{
    const cx_ep_trace_t *trace = &naive->setup.work->physical;
    int64_t              max   = 0;

    for (int64_t expert = 0; expert < trace->expert_count; expert++) {
        int64_t count = 0;

        for (int64_t i = 0; i < trace->token_count * trace->topk; i++) {
            count += trace->experts[i] == expert;
        }
        max = count > max ? count : max;
    }
    return max + SPARE_ROWS;
}

bool ep_naive_init(const ep_setup_t *setup, cx_arena_t *arena, ep_naive_t *out)
{
    const cx_ep_problem_t *problem = &setup->problem;

    memset(out, 0, sizeof *out);
    out->setup         = *setup;
    out->arena         = arena;
    out->rank_count    = setup->work->workload.rank_count;
    out->share         = problem->expert_count / out->rank_count;
    out->payload_bytes = cx_codec_payload_bytes(problem->dispatch_codec, problem->hidden_elems);
    out->scale_bytes   = cx_codec_scale_bytes(problem->dispatch_codec, problem->hidden_elems);
    out->record_bytes =
        (out->payload_bytes + 7) / 8 * 8 + (out->scale_bytes + 7) / 8 * 8 + 8 * problem->topk;
    out->pair_index   = -1;
    out->row_capacity = setup->caps.layout == CX_EP_LAYOUT_TOKEN_EXPERT ? capacity_of(out) : 0;
    out->ranks        = cx_arena_grab(arena, (size_t)out->rank_count * sizeof *out->ranks);
    out->token_counts = cx_arena_grab(arena, (size_t)out->rank_count * sizeof(int64_t));
    if (!out->ranks || !out->token_counts) {
        return false;
    }
    for (int64_t r = 0; r < out->rank_count; r++) {
        out->ranks[r].token_count = out->token_counts[r] =
            setup->work->first_tokens[r + 1] - setup->work->first_tokens[r];
    }
    for (int64_t r = 0; r < out->rank_count; r++) {
        if (!init_rank(out, r)) {
            return false;
        }
    }
    ep_naive_poison(out);
    return true;
}

ep_area_t *ep_naive_area(const ep_naive_t *naive, int64_t rank, int32_t slot)
{
    return &naive->ranks[rank].areas[naive->setup.caps.keeps_receives ? slot : 0];
}

static void poison_area(const ep_naive_t *naive, ep_area_t *area)
{
    const size_t rows = (size_t)area->row_count_max;

    cx_poison(area->wire, (size_t)(area->item_count_max * naive->record_bytes), 1);
    cx_poison(area->payload, rows * (size_t)naive->payload_bytes, 2);
    cx_poison(area->scales, rows * (size_t)naive->scale_bytes, 3);
    cx_poison(area->staged, rows * (size_t)hidden(naive) * 2, 4);
}

void ep_naive_poison(ep_naive_t *naive)
{
    for (int64_t r = 0; r < naive->rank_count; r++) {
        const size_t bytes = ep_naive_combined_bytes(naive, r);

        for (int32_t s = 0; s < naive->setup.slot_count; s++) {
            poison_area(naive, ep_naive_area(naive, r, s));
            cx_poison(naive->ranks[r].slots[s].combined, bytes, 5);
            cx_guard_write(naive->ranks[r].slots[s].combined, bytes, ep_naive_guard_seed(r, s));
        }
    }
}

static void plant(ep_naive_t *naive, ep_step_t step, int32_t slot)
{
    if (naive->plant && naive->plant_step == step) {
        naive->is_planted |= naive->plant(naive, slot);
    }
}

static void pack_record(const ep_naive_t *naive, int64_t r, int32_t slot, int64_t i, int64_t to)
{
    const ep_rank_t *rank    = &naive->ranks[r];
    const int64_t    topk    = naive->setup.problem.topk;
    const int64_t    token   = rank->sent_tokens[i];
    int32_t         *experts = ep_experts(naive, rank->send, i);
    float           *gates   = ep_gates(naive, rank->send, i);

    ep_naive_encode(naive, naive->setup.problem.dispatch_codec,
                    rank->x[slot] + token * hidden(naive), ep_payload(naive, rank->send, i),
                    ep_scales(naive, rank->send, i));
    for (int64_t k = 0; k < topk; k++) {
        const int32_t expert = rank->experts[slot][token * topk + k];
        const bool    is_here =
            is_token_rank(naive) ? expert / naive->share == to : k == rank->sent_slots[i];

        experts[k] = is_here ? expert : -1;
        gates[k]   = is_here ? rank->gates[slot][token * topk + k] : 0;
    }
}

static void pack(ep_naive_t *naive, int64_t r, int32_t slot)
{
    ep_rank_t *rank = &naive->ranks[r];
    int64_t    i    = 0;

    for (int64_t to = 0; to < naive->rank_count; to++) {
        rank->send_displs[to] = i;
        for (int64_t token = 0; token < rank->token_count; token++) {
            for (int64_t k = 0; k < naive->setup.problem.topk; k++) {
                if (is_message(naive, r, token, k, to)) {
                    rank->sent_tokens[i] = token;
                    rank->sent_slots[i]  = k;
                    pack_record(naive, r, slot, i++, to);
                }
            }
        }
        rank->send_counts[to] = i - rank->send_displs[to];
    }
    rank->send_count = i;
}

static bool is_skipped(const ep_naive_t *naive, int64_t from, int32_t slot)
{
    switch (naive->twist) {
    case EP_TWIST_SKIP_SEND:
        return naive->pair_index == SEVENTH_PAIR && from == 0;
    case EP_TWIST_SKIP_REUSE:
        return slot == 2 && naive->use_counts[slot] == 2;
    default:
        return false;
    }
}

static void all_to_all_v(ep_naive_t *naive, int32_t slot)
{
    for (int64_t to = 0; to < naive->rank_count; to++) {
        ep_area_t *area = ep_naive_area(naive, to, slot);

        area->item_count = 0;
        for (int64_t from = 0; from < naive->rank_count; from++) {
            const ep_rank_t *sender = &naive->ranks[from];

            area->counts[from] = sender->send_counts[to];
            area->displs[from] = area->item_count;
            area->item_count += area->counts[from];
            if (!is_skipped(naive, from, slot)) {
                memcpy(ep_payload(naive, area->wire, area->displs[from]),
                       ep_payload(naive, sender->send, sender->send_displs[to]),
                       (size_t)(area->counts[from] * naive->record_bytes));
            }
        }
    }
}

/* The local expert that a token-expert record is for; 0 when it says nonsense. */
static int64_t list_of(const ep_naive_t *naive, int64_t r, const int32_t *experts)
{
    for (int64_t k = 0; k < naive->setup.problem.topk; k++) {
        if (experts[k] >= r * naive->share && experts[k] < (r + 1) * naive->share) {
            return experts[k] - r * naive->share;
        }
    }
    return 0;
}

static void unpack_record(const ep_naive_t *naive, ep_area_t *area, int64_t i, int64_t row)
{
    const int64_t topk = naive->setup.problem.topk,
                  turn = naive->setup.is_reversed ? row % topk : 0;

    area->rows[i] = row;
    memcpy(area->payload + row * naive->payload_bytes, ep_payload(naive, area->wire, i),
           (size_t)naive->payload_bytes);
    memcpy(area->scales + row * naive->scale_bytes, ep_scales(naive, area->wire, i),
           (size_t)naive->scale_bytes);
    for (int64_t k = 0; k < topk; k++) {
        area->row_experts[row * topk + (k + turn) % topk] = ep_experts(naive, area->wire, i)[k];
        area->row_gates[row * topk + (k + turn) % topk]   = ep_gates(naive, area->wire, i)[k];
    }
}

static void count_experts(const ep_naive_t *naive, int64_t r, ep_area_t *area, int64_t i)
{
    const int32_t *experts = ep_experts(naive, area->wire, i);

    for (int64_t k = 0; k < naive->setup.problem.topk; k++) {
        if (experts[k] >= 0 && experts[k] / naive->share == r) {
            area->expert_row_counts[experts[k] % naive->share]++;
        }
    }
}

static void unpack(const ep_naive_t *naive, int64_t r, ep_area_t *area)
{
    memset(area->expert_row_counts, 0, (size_t)naive->share * sizeof *area->expert_row_counts);
    for (int64_t n = 0; n < area->item_count; n++) {
        const int64_t i = naive->setup.is_reversed ? area->item_count - 1 - n : n;
        int64_t       list;

        if (is_token_rank(naive)) {
            unpack_record(naive, area, i, n);
            count_experts(naive, r, area, i);
            continue;
        }
        list = list_of(naive, r, ep_experts(naive, area->wire, i));
        if (area->expert_row_counts[list] < naive->row_capacity) {
            unpack_record(naive, area, i,
                          list * naive->row_capacity + area->expert_row_counts[list]++);
        }
    }
}

static void show(const ep_naive_t *naive, ep_area_t *area)
{
    area->view = (cx_ep_view_t){.struct_size          = sizeof area->view,
                                .row_count            = area->item_count,
                                .expert_row_capacity  = naive->row_capacity,
                                .payload              = area->payload,
                                .scales               = naive->scale_bytes ? area->scales : NULL,
                                .staged               = area->staged,
                                .payload_stride_bytes = (size_t)naive->payload_bytes,
                                .scale_stride_bytes   = (size_t)naive->scale_bytes,
                                .staged_stride_bytes  = (size_t)hidden(naive) * 2,
                                .row_experts = is_token_rank(naive) ? area->row_experts : NULL,
                                .row_gates   = is_token_rank(naive) ? area->row_gates : NULL,
                                .expert_row_counts = area->expert_row_counts};
}

void ep_naive_dispatch(ep_naive_t *naive, int32_t slot)
{
    naive->use_counts[slot]++;
    for (int64_t r = 0; r < naive->rank_count; r++) {
        pack(naive, r, slot);
    }
    plant(naive, EP_STEP_SEND, slot);
    all_to_all_v(naive, slot);
    for (int64_t r = 0; r < naive->rank_count; r++) {
        unpack(naive, r, ep_naive_area(naive, r, slot));
        show(naive, ep_naive_area(naive, r, slot));
    }
    plant(naive, EP_STEP_RECEIVE, slot);
}

void ep_naive_stage(ep_naive_t *naive, int32_t slot)
{
    for (int64_t r = 0; r < naive->rank_count; r++) {
        ep_area_t *area = ep_naive_area(naive, r, slot);

        for (int64_t i = 0; i < area->item_count; i++) {
            if (naive->setup.problem.dispatch_codec != CX_CODEC_BF16) {
                decode(naive, naive->setup.problem.dispatch_codec,
                       area->payload + area->rows[i] * naive->payload_bytes,
                       area->scales + area->rows[i] * naive->scale_bytes,
                       area->staged + area->rows[i] * hidden(naive));
            }
        }
    }
    plant(naive, EP_STEP_STAGE, slot);
}

/* Rows go back the way they came. */
static void send_home(ep_naive_t *naive, int64_t from, const ep_area_t *area)
{
    const cx_codec_t          codec = naive->setup.problem.combine_codec;
    _Alignas(8) unsigned char payload[8192], scales[8192];

    for (int64_t to = 0; to < naive->rank_count; to++) {
        const ep_rank_t *owner = &naive->ranks[to];

        for (int64_t i = 0; i < area->counts[to]; i++) {
            uint16_t *home = owner->home + (owner->send_displs[from] + i) * hidden(naive);

            memcpy(home, area->staged + area->rows[area->displs[to] + i] * hidden(naive),
                   (size_t)hidden(naive) * sizeof *home);
            if (codec != CX_CODEC_BF16 && naive->twist != EP_TWIST_NO_COMBINE_CODEC) {
                ep_naive_encode(naive, codec, home, payload, scales);
                decode(naive, codec, payload, scales, home);
            }
        }
    }
}

/* What came home of one token: by slot, NULL where none was sent. */
typedef struct ep_token {
    const ep_naive_t *naive;
    const float      *gates, *next_gates;
    const uint16_t   *rows[CX_EP_TOPK_MAX];
    int64_t           slot_ranks[CX_EP_TOPK_MAX];
} ep_token_t;

static float to_bf16(float value)
{
    return cx_bf16_to_float(cx_bf16_from_float(value));
}

static float add(const ep_naive_t *naive, float left, float right)
{
    return naive->twist == EP_TWIST_BF16_SUM ? to_bf16(left + right) : left + right;
}

/* Slot k's contribution to column c. */
static float contribution(const ep_token_t *token, int64_t k, int64_t c)
{
    const bool  is_kernel = token->naive->setup.caps.weighting == CX_EP_WEIGHTING_KERNEL_SUM;
    const float value     = cx_bf16_to_float(token->rows[k][c]);
    const float gate      = token->gates[k];

    switch (token->naive->twist) {
    case EP_TWIST_GATE_TWICE:
        return is_kernel ? value * gate * gate : value * gate;
    case EP_TWIST_GATE_NEVER:
        return value;
    case EP_TWIST_GATE_OF_NEXT_SLOT:
        return value * token->gates[(k + 1) % token->naive->setup.problem.topk];
    case EP_TWIST_GATE_OF_NEXT_TOKEN:
        return value * token->next_gates[k];
    case EP_TWIST_ADD_ONE_TWICE:
        return (k == 0 ? 2 : 1) * (is_kernel ? value * gate : value);
    case EP_TWIST_BF16_PRODUCTS:
        return to_bf16(value * gate);
    default:
        return is_kernel ? value * gate : value;
    }
}

static float sum_slots(const ep_token_t *token, int64_t c)
{
    float sum = 0;

    for (int64_t k = 0; k < token->naive->setup.problem.topk; k++) {
        if (token->rows[k]) {
            sum = add(token->naive, sum, contribution(token, k, c));
        }
    }
    return sum;
}

/* The sum over the ranks of one domain; false when none of them sent anything. */
static bool sum_domain(const ep_token_t *token, int64_t domain, int64_t c, float *sum)
{
    const ep_naive_t *naive  = token->naive;
    const int64_t     size   = naive->setup.problem.domain_rank_count;
    const int64_t     count  = (naive->rank_count + size - 1) / size;
    bool              is_any = false;

    *sum = 0;
    for (int64_t rank = 0; rank < naive->rank_count; rank++) {
        if ((naive->twist == EP_TWIST_OTHER_DOMAINS ? rank % count : rank / size) != domain) {
            continue;
        }
        for (int64_t k = 0; k < naive->setup.problem.topk; k++) {
            if (token->rows[k] && token->slot_ranks[k] == rank) {
                *sum   = add(naive, *sum, contribution(token, k, c));
                is_any = true;
            }
        }
    }
    return is_any;
}

static float sum_domains(const ep_token_t *token, int64_t c)
{
    const ep_naive_t *naive = token->naive;
    float             sum   = 0, part;

    for (int64_t domain = 0; domain * naive->setup.problem.domain_rank_count < naive->rank_count;
         domain++) {
        if (sum_domain(token, domain, c, &part)) {
            sum = add(naive, sum, naive->twist == EP_TWIST_NO_DOMAIN_CAST ? part : to_bf16(part));
        }
    }
    return sum;
}

static float sum_tree(const ep_token_t *token, int64_t c)
{
    const bool is_compact = token->naive->twist == EP_TWIST_COMPACT_TREE;
    float      leaves[CX_EP_TOPK_MAX];
    int64_t    count = 0;

    for (int64_t k = 0; k < token->naive->setup.problem.topk; k++) {
        if (token->rows[k]) {
            leaves[count++] = contribution(token, k, c);
        } else if (!is_compact) {
            leaves[count++] = 0;
        }
    }
    while (count > 1) {
        for (int64_t i = 0; i < count / 2; i++) {
            leaves[i] = to_bf16(leaves[2 * i] + leaves[2 * i + 1]);
        }
        if (count % 2) {
            leaves[count / 2] = leaves[count - 1];
        }
        count = (count + 1) / 2;
    }
    return leaves[0];
}

static float sum_column(const ep_token_t *token, int64_t c)
{
    switch (token->naive->setup.caps.reduction) {
    case CX_EP_REDUCTION_DOMAIN_FP32:
        return sum_domains(token, c);
    case CX_EP_REDUCTION_TOPK_SLOT_TREE:
        return token->naive->twist == EP_TWIST_NO_TREE || token->naive->twist == EP_TWIST_BF16_SUM
                   ? sum_slots(token, c)
                   : sum_tree(token, c);
    default:
        return token->naive->twist == EP_TWIST_EXTRA_CAST ? sum_domains(token, c)
                                                          : sum_slots(token, c);
    }
}

static void gather(const ep_naive_t *naive, const ep_rank_t *rank, int64_t t, ep_token_t *token)
{
    memset(token->rows, 0, sizeof token->rows);
    for (int64_t to = 0; to < naive->rank_count; to++) {
        for (int64_t i = 0; i < rank->send_counts[to]; i++) {
            const int64_t at = rank->send_displs[to] + i, k = rank->sent_slots[at];

            if (rank->sent_tokens[at] == t) {
                token->rows[k]       = rank->home + at * hidden(naive);
                token->slot_ranks[k] = to;
            }
        }
    }
    if (naive->twist == EP_TWIST_FORGET_ONE) {
        token->rows[0] = NULL;
    }
}

static void reduce(const ep_naive_t *naive, int64_t r, int32_t slot)
{
    const ep_rank_t *rank  = &naive->ranks[r];
    const int64_t    topk  = naive->setup.problem.topk;
    ep_token_t       token = {.naive = naive};

    for (int64_t t = 0; t < rank->token_count; t++) {
        uint16_t *out = rank->slots[slot].combined + t * hidden(naive);

        token.gates      = rank->slots[slot].gates + t * topk;
        token.next_gates = rank->slots[slot].gates + (t + 1) % rank->token_count * topk;
        gather(naive, rank, t, &token);
        for (int64_t c = 0; c < hidden(naive); c++) {
            const float sum = sum_column(&token, c);

            out[c] = naive->twist == EP_TWIST_TRUNCATE ? (uint16_t)(cx_float_bits(sum) >> 16)
                                                       : cx_bf16_from_float(sum);
        }
    }
}

void ep_naive_combine(ep_naive_t *naive, int32_t slot)
{
    const int32_t from = naive->twist == EP_TWIST_NEIGHBOUR_AREA && naive->pair_index >= 0
                             ? (slot + 1) % naive->setup.slot_count
                             : slot;

    for (int64_t r = 0; r < naive->rank_count; r++) {
        send_home(naive, r, ep_naive_area(naive, r, from));
    }
    plant(naive, EP_STEP_HOME, slot);
    for (int64_t r = 0; r < naive->rank_count; r++) {
        if (naive->twist == EP_TWIST_SKIP_COMBINE && naive->pair_index == SEVENTH_PAIR && r == 0) {
            continue;
        }
        reduce(naive, r, slot);
    }
    if (naive->twist == EP_TWIST_FLIP_SOMETIMES && naive->pair_index % 5 == 4) {
        naive->ranks[0].slots[slot].combined[hidden(naive) / 2] ^= 1;
    }
    plant(naive, EP_STEP_COMBINE, slot);
    for (int64_t r = 0; r < naive->rank_count; r++) {
        naive->outputs = cx_mix64(naive->outputs) ^ cx_digest(naive->ranks[r].slots[slot].combined,
                                                              ep_naive_combined_bytes(naive, r));
    }
}

void ep_naive_chain(ep_naive_t *naive, int64_t pair_count)
{
    const int32_t slot_count = naive->setup.slot_count;
    bool          is_early   = false;

    naive->pair_count = pair_count;
    for (int64_t pair = 0; pair < pair_count; pair++) {
        const int32_t slot = (int32_t)(pair % slot_count);

        naive->pair_index = pair;
        if (!is_early) {
            ep_naive_dispatch(naive, slot);
            ep_naive_stage(naive, slot);
        }
        is_early = naive->twist == EP_TWIST_OVERLAP && pair == 3 && pair + 1 < pair_count;
        if (is_early) {
            ep_naive_dispatch(naive, (int32_t)((pair + 1) % slot_count));
            ep_naive_stage(naive, (int32_t)((pair + 1) % slot_count));
        }
        ep_naive_combine(naive, slot);
    }
    naive->pair_index = -1;
}

int64_t ep_naive_sent_bytes(const ep_naive_t *naive)
{
    int64_t bytes = 0;

    for (int64_t r = 0; r < naive->rank_count; r++) {
        bytes += naive->ranks[r].send_count * (naive->payload_bytes + naive->scale_bytes);
    }
    return bytes;
}

int64_t ep_naive_received_bytes(const ep_naive_t *naive, int32_t slot)
{
    int64_t bytes = 0;

    for (int64_t r = 0; r < naive->rank_count; r++) {
        bytes += ep_naive_area(naive, r, slot)->view.row_count *
                 (naive->payload_bytes + naive->scale_bytes);
    }
    return bytes;
}
