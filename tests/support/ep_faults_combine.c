/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of staging and combine, of what may not be touched, and those that only time shows.
 * Not those of dispatch (ep_faults_dispatch.c), and not what notices them. */
#include "support/ep_faults.h"

#include "family/common/guard.h"
#include "family/common/halves.h"

#include <string.h>

#define VICTIM 1 /* the rank that suffers where one is enough */

static int64_t hidden(const ep_naive_t *naive)
{
    return naive->setup.problem.hidden_elems;
}

static ep_area_t *victim(const ep_naive_t *naive, int32_t slot)
{
    return ep_naive_area(naive, VICTIM, slot);
}

static const uint16_t *row_of(const ep_naive_t *naive, int64_t rank, int32_t slot, int64_t token)
{
    return naive->ranks[rank].x[slot] + token * hidden(naive);
}

/* --- staging --- */

static bool staged_never_written(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);

    cx_poison(area->staged + area->rows[0] * hidden(naive), (size_t)hidden(naive) * 2, 4);
    return area->item_count > 0;
}

/* As the next scale would have it: neighbours differ by a power of two now and then. */
static bool staged_doubled(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);
    uint16_t  *row  = area->staged + area->rows[0] * hidden(naive) + hidden(naive) / 2;

    for (int64_t c = 0; c < hidden(naive) / 2; c++) {
        row[c] = cx_bf16_from_float(2 * cx_bf16_to_float(row[c]));
    }
    return area->item_count > 0;
}

static bool staged_one_ulp_off(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);

    for (int64_t c = 0; c < hidden(naive); c++) {
        area->staged[area->rows[0] * hidden(naive) + c] ^= 1;
    }
    return area->item_count > 0;
}

/* --- what came home, and what was made of it --- */

static bool home_rows_swapped(ep_naive_t *naive, int32_t slot)
{
    ep_rank_t *rank = &naive->ranks[VICTIM];

    (void)slot;
    for (int64_t i = 1; i < rank->send_count; i++) {
        if (rank->sent_tokens[i] != rank->sent_tokens[0]) {
            for (int64_t c = 0; c < hidden(naive); c++) {
                const uint16_t kept = rank->home[c];

                rank->home[c]                     = rank->home[i * hidden(naive) + c];
                rank->home[i * hidden(naive) + c] = kept;
            }
            return true;
        }
    }
    return false;
}

static bool home_of_previous_slot(ep_naive_t *naive, int32_t slot)
{
    const int32_t before = (slot + naive->setup.slot_count - 1) % naive->setup.slot_count;
    ep_rank_t    *rank   = &naive->ranks[VICTIM];

    for (int64_t i = 0; i < rank->send_count; i++) {
        memcpy(rank->home + i * hidden(naive), row_of(naive, VICTIM, before, rank->sent_tokens[i]),
               (size_t)hidden(naive) * 2);
    }
    return true;
}

static uint16_t *output(const ep_naive_t *naive, int32_t slot)
{
    return naive->ranks[VICTIM].slots[slot].combined;
}

static bool output_of_next_token(ep_naive_t *naive, int32_t slot)
{
    const int64_t count = (naive->ranks[VICTIM].token_count - 1) * hidden(naive);

    memmove(output(naive, slot), output(naive, slot) + hidden(naive), (size_t)count * 2);
    return true;
}

static bool output_tile_missing(ep_naive_t *naive, int32_t slot)
{
    cx_poison(output(naive, slot) + hidden(naive) - 32, 64, 5);
    return true;
}

static bool output_row_missing(ep_naive_t *naive, int32_t slot)
{
    cx_poison(output(naive, slot) + hidden(naive), (size_t)hidden(naive) * 2, 5);
    return true;
}

static bool output_bit_flipped(ep_naive_t *naive, int32_t slot)
{
    output(naive, slot)[hidden(naive) + 77] ^= 1;
    return true;
}

static bool output_sign_flipped(ep_naive_t *naive, int32_t slot)
{
    for (int64_t c = 0; c < hidden(naive); c++) {
        output(naive, slot)[c] ^= 0x8000;
    }
    return true;
}

static bool output_is_nan(ep_naive_t *naive, int32_t slot)
{
    output(naive, slot)[hidden(naive) - 1] = 0x7fc0;
    return true;
}

static bool output_is_zero(ep_naive_t *naive, int32_t slot)
{
    memset(output(naive, slot), 0, (size_t)hidden(naive) * 2);
    return true;
}

/* --- what a backend may not touch --- */

static bool activations_overwritten(ep_naive_t *naive, int32_t slot)
{
    naive->ranks[VICTIM].x[slot][hidden(naive) + 40] = 0x4040; /* 3 */
    return true;
}

static bool experts_rewritten(ep_naive_t *naive, int32_t slot)
{
    naive->ranks[VICTIM].experts[slot][0] += (int32_t)naive->share;
    return true;
}

static bool gates_normalised(ep_naive_t *naive, int32_t slot)
{
    naive->ranks[VICTIM].gates[slot][1] *= 0.5f;
    return true;
}

static bool guard_after(ep_naive_t *naive, int32_t slot)
{
    output(naive, slot)[ep_naive_combined_bytes(naive, VICTIM) / 2 + 1] = 0;
    return true;
}

static bool guard_before(ep_naive_t *naive, int32_t slot)
{
    output(naive, slot)[-1] = 0;
    return true;
}

#define HOME EP_STEP_HOME
#define COMBINE EP_STEP_COMBINE
#define STAGE EP_STEP_STAGE
#define TOKEN_EXPERT EP_NEEDS_TOKEN_EXPERT
#define BITWISE EP_NEEDS_BITWISE
#define TIME EP_NEEDS_TIME
/* What else goes wrong when inputs are not what they were. */
#define ANY UINT32_MAX
/* name, needs, step, function: all of them show in what comes home */
#define FAULT(name, needs, step, plant)                                                      \
    {                                                                                        \
        name, CX_EP_CHECK_COMBINE, 0, EP_NEEDS_NOTHING | (needs), step, plant, EP_TWIST_NONE \
    }
#define TWIST(name, needs, twist)                                                     \
    {                                                                                 \
        name, CX_EP_CHECK_COMBINE, 0, EP_NEEDS_NOTHING | (needs), EP_STEP_SEND, NULL, \
            EP_TWIST_##twist                                                          \
    }

const ep_fault_t ep_faults_combine[] = {
    FAULT("staged row never written", EP_NEEDS_CODEC, STAGE, staged_never_written),
    FAULT("staged with twice the scale", EP_NEEDS_CODEC, STAGE, staged_doubled),
    FAULT("staged off by one in the last place", EP_NEEDS_CODEC | BITWISE, STAGE,
          staged_one_ulp_off),
    FAULT("rows of two tokens swapped at home", 0, HOME, home_rows_swapped),
    FAULT("combine from the previous slot", 0, HOME, home_of_previous_slot),
    FAULT("output of the next token", 0, COMBINE, output_of_next_token),
    FAULT("last tile of an output not written", 0, COMBINE, output_tile_missing),
    FAULT("output row not written", 0, COMBINE, output_row_missing),
    FAULT("one bit of an output flipped", BITWISE, COMBINE, output_bit_flipped),
    FAULT("signs of an output row flipped", 0, COMBINE, output_sign_flipped),
    FAULT("NaN in an output", 0, COMBINE, output_is_nan),
    FAULT("output row zero", 0, COMBINE, output_is_zero),
    TWIST("gate applied twice", 0, GATE_TWICE),
    TWIST("gate not applied", TOKEN_EXPERT, GATE_NEVER),
    TWIST("gate of the neighbour slot", TOKEN_EXPERT, GATE_OF_NEXT_SLOT),
    TWIST("gate of another token", TOKEN_EXPERT, GATE_OF_NEXT_TOKEN),
    TWIST("products rounded to bf16", TOKEN_EXPERT | BITWISE, BF16_PRODUCTS),
    TWIST("bf16 accumulation", BITWISE, BF16_SUM),
    TWIST("domain cast missing", EP_NEEDS_DOMAINS | BITWISE, NO_DOMAIN_CAST),
    TWIST("domain cast where none is declared", EP_NEEDS_RANK_FP32 | BITWISE, EXTRA_CAST),
    TWIST("ranks in the wrong domains", EP_NEEDS_DOMAINS | BITWISE, OTHER_DOMAINS),
    TWIST("tree over compacted slots", EP_NEEDS_TREE | BITWISE, COMPACT_TREE),
    TWIST("fp32 sum in place of the tree", EP_NEEDS_TREE | BITWISE, NO_TREE),
    TWIST("result truncated, not rounded", BITWISE, TRUNCATE),
    TWIST("one contribution forgotten", 0, FORGET_ONE),
    TWIST("one contribution added twice", 0, ADD_ONE_TWICE),
    TWIST("combine codec skipped", EP_NEEDS_COMBINE | BITWISE, NO_COMBINE_CODEC),
    {"activations overwritten", CX_EP_CHECK_INPUTS, ANY, 0, COMBINE, activations_overwritten, 0},
    {"experts rewritten in place", CX_EP_CHECK_INPUTS, ANY, 0, COMBINE, experts_rewritten, 0},
    {"gates normalised in place", CX_EP_CHECK_INPUTS, ANY, 0, COMBINE, gates_normalised, 0},
    {"guard after an output written", CX_EP_CHECK_GUARD, 0, 0, COMBINE, guard_after, 0},
    {"guard before an output written", CX_EP_CHECK_GUARD, 0, 0, COMBINE, guard_before, 0},
    TWIST("send skipped in the seventh pair of a chain", TIME, SKIP_SEND),
    TWIST("combine skipped in the seventh pair of a chain", TIME, SKIP_COMBINE),
    TWIST("stale on the second use of a slot", TIME, SKIP_REUSE),
    TWIST("dispatch overtakes combine when free-running", TIME | EP_NEEDS_SHARED, OVERLAP),
    TWIST("bit flipped in each fifth pair", TIME | BITWISE, FLIP_SOMETIMES),
    TWIST("combine reads the next slot's receive", TIME | EP_NEEDS_KEPT, NEIGHBOUR_AREA),
};
const int ep_fault_combine_count = (int)(sizeof ep_faults_combine / sizeof ep_faults_combine[0]);
