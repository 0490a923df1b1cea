/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of dispatch. Each function spoils something and says whether it found something to spoil.
 * Not those of combine (ep_faults_combine.c), and not what notices them. */
#include "support/ep_faults.h"

#include "family/common/guard.h"

#include <math.h>
#include <string.h>

#define VICTIM 1 /* the rank that suffers where one is enough */

static int64_t hidden(const ep_naive_t *naive)
{
    return naive->setup.problem.hidden_elems;
}

static int64_t topk(const ep_naive_t *naive)
{
    return naive->setup.problem.topk;
}

static cx_codec_t codec_of(const ep_naive_t *naive)
{
    return naive->setup.problem.dispatch_codec;
}

/* --- what senders put on the wire --- */

/* Encode another row than its own into record i of a rank. */
static void send_row(ep_naive_t *naive, int64_t rank, int64_t i, cx_codec_t codec,
                     const uint16_t *row)
{
    unsigned char *send = naive->ranks[rank].send;

    ep_naive_encode(naive, codec, row, ep_payload(naive, send, i), ep_scales(naive, send, i));
}

static const uint16_t *row_of(const ep_naive_t *naive, int64_t rank, int32_t slot, int64_t token)
{
    return naive->ranks[rank].x[slot] + token * hidden(naive);
}

static bool token_shifted(ep_naive_t *naive, int32_t slot)
{
    const ep_rank_t *rank = &naive->ranks[VICTIM];

    for (int64_t i = 0; i < rank->send_count; i++) {
        send_row(naive, VICTIM, i, codec_of(naive),
                 row_of(naive, VICTIM, slot, (rank->sent_tokens[i] + 1) % rank->token_count));
    }
    return true;
}

static bool row_of_another_rank(ep_naive_t *naive, int32_t slot)
{
    send_row(naive, VICTIM, 0, codec_of(naive), row_of(naive, VICTIM + 1, slot, 0));
    return true;
}

/* Send every row of a rank after changing its values. */
static bool change_values(ep_naive_t *naive, int32_t slot, cx_codec_t codec,
                          void (*change)(uint16_t *row, int64_t elems))
{
    const ep_rank_t *rank = &naive->ranks[VICTIM];
    uint16_t         row[1024];

    for (int64_t i = 0; i < rank->send_count; i++) {
        memcpy(row, row_of(naive, VICTIM, slot, rank->sent_tokens[i]),
               (size_t)hidden(naive) * sizeof *row);
        change(row, hidden(naive));
        send_row(naive, VICTIM, i, codec, row);
    }
    return rank->send_count > 0;
}

static void nothing(uint16_t *row, int64_t elems)
{
    (void)row, (void)elems;
}

static void rotate(uint16_t *row, int64_t elems)
{
    const uint16_t first = row[0];

    memmove(row, row + 1, (size_t)(elems - 1) * sizeof *row);
    row[elems - 1] = first;
}

static void rotate_body(uint16_t *row, int64_t elems)
{
    rotate(row + CX_EP_SOURCE_ID_ELEMS, elems - CX_EP_SOURCE_ID_ELEMS);
}

static void flip_signs(uint16_t *row, int64_t elems)
{
    for (int64_t c = CX_EP_SOURCE_ID_ELEMS; c < elems; c++) {
        row[c] ^= 0x8000;
    }
}

static void swap_bytes(uint16_t *row, int64_t elems)
{
    for (int64_t c = 0; c < elems; c++) {
        row[c] = (uint16_t)(row[c] << 8 | row[c] >> 8);
    }
}

static void put_nan(uint16_t *row, int64_t elems)
{
    row[elems - 1] = 0x7fc0;
}

static bool columns_rotated(ep_naive_t *naive, int32_t slot)
{
    return change_values(naive, slot, codec_of(naive), rotate);
}

static bool body_rotated(ep_naive_t *naive, int32_t slot)
{
    return change_values(naive, slot, codec_of(naive), rotate_body);
}

static bool signs_flipped(ep_naive_t *naive, int32_t slot)
{
    return change_values(naive, slot, codec_of(naive), flip_signs);
}

static bool bytes_swapped(ep_naive_t *naive, int32_t slot)
{
    return change_values(naive, slot, codec_of(naive), swap_bytes);
}

static bool has_row_scale(const ep_naive_t *naive)
{
    return naive->scale_bytes == (int64_t)sizeof(float);
}

static bool nan_sent(ep_naive_t *naive, int32_t slot)
{
    return !has_row_scale(naive) && change_values(naive, slot, codec_of(naive), put_nan);
}

/* Where a row shares a scale, one NaN makes the row NaN, its source id as well. */
static bool nan_in_scaled_row(ep_naive_t *naive, int32_t slot)
{
    return has_row_scale(naive) && change_values(naive, slot, codec_of(naive), put_nan);
}

/* e4m3fnuz for e4m3fn and the other way round; the three recipes of a format are neighbours. */
static bool other_fp8(ep_naive_t *naive, int32_t slot)
{
    const cx_codec_t codec = codec_of(naive);
    const int        step  = CX_CODEC_E4M3FNUZ_BLOCK - CX_CODEC_E4M3FN_BLOCK;

    return change_values(
        naive, slot, (cx_codec_t)((int)codec + (codec < CX_CODEC_E4M3FNUZ_BLOCK ? step : -step)),
        nothing);
}

/* One scale for the row, written to every block. */
static bool row_scale_for_blocks(ep_naive_t *naive, int32_t slot)
{
    const ep_rank_t *rank  = &naive->ranks[VICTIM];
    bool             found = change_values(naive, slot, (cx_codec_t)((int)codec_of(naive) + 1),
                                           nothing); /* the token recipe follows the block's */

    for (int64_t i = 0; i < rank->send_count; i++) {
        unsigned char *scales = ep_scales(naive, rank->send, i);

        memcpy(scales + sizeof(float), scales, sizeof(float));
    }
    return found;
}

static bool one_element(ep_naive_t *naive, int32_t slot)
{
    (void)slot;
    ep_payload(naive, naive->ranks[VICTIM].send, 0)[naive->payload_bytes / 2 + 1] ^= 0x04;
    return true;
}

static bool rows_duplicated(ep_naive_t *naive, int32_t slot)
{
    ep_rank_t *rank = &naive->ranks[VICTIM];

    (void)slot;
    for (int64_t to = 0; to < naive->rank_count; to++) {
        const int64_t first = rank->send_displs[to];

        for (int64_t i = first + 1; i < first + rank->send_counts[to]; i++) {
            if (memcmp(ep_experts(naive, rank->send, i), ep_experts(naive, rank->send, first),
                       (size_t)topk(naive) * sizeof(int32_t)) != 0 ||
                naive->setup.caps.layout == CX_EP_LAYOUT_TOKEN_RANK) {
                memcpy(ep_payload(naive, rank->send, i), ep_payload(naive, rank->send, first),
                       (size_t)naive->record_bytes);
                return true;
            }
        }
    }
    return false;
}

/* The last record of a destination is sent twice, the second as one more. */
static bool row_added(ep_naive_t *naive, int32_t slot)
{
    ep_rank_t    *rank = &naive->ranks[VICTIM];
    const int64_t to   = naive->rank_count - 1;
    const int64_t last = rank->send_count - 1;

    (void)slot;
    memcpy(ep_payload(naive, rank->send, last + 1), ep_payload(naive, rank->send, last),
           (size_t)naive->record_bytes);
    rank->send_counts[to]++;
    return rank->send_counts[to] > 1;
}

static bool copy_lost(ep_naive_t *naive, int32_t slot)
{
    ep_rank_t *rank = &naive->ranks[VICTIM];

    (void)slot;
    for (int64_t to = 0; to < naive->rank_count; to++) {
        if (rank->send_counts[to] > 0) {
            rank->send_counts[to]--;
            return true;
        }
    }
    return false;
}

static bool goes_to(const ep_naive_t *naive, int64_t rank, int64_t token, int64_t to)
{
    for (int64_t i = 0; i < naive->ranks[rank].send_counts[to]; i++) {
        if (naive->ranks[rank].sent_tokens[naive->ranks[rank].send_displs[to] + i] == token) {
            return true;
        }
    }
    return false;
}

/* A record for one rank takes the place of a record for another, where its token has no expert. */
static bool row_misrouted(ep_naive_t *naive, int32_t slot)
{
    ep_rank_t *rank = &naive->ranks[VICTIM];

    (void)slot;
    for (int64_t i = 0; i < rank->send_count; i++) {
        for (int64_t to = 0; to < naive->rank_count; to++) {
            if (rank->send_counts[to] > 0 && !goes_to(naive, VICTIM, rank->sent_tokens[i], to)) {
                memcpy(ep_payload(naive, rank->send, rank->send_displs[to]),
                       ep_payload(naive, rank->send, i),
                       (size_t)(naive->payload_bytes + 7) / 8 * 8 + (size_t)naive->scale_bytes);
                return true;
            }
        }
    }
    return false;
}

/* --- what lies in receive memory --- */

static ep_area_t *victim(const ep_naive_t *naive, int32_t slot)
{
    return ep_naive_area(naive, VICTIM, slot);
}

static unsigned char *payload_at(const ep_naive_t *naive, ep_area_t *area, int64_t i)
{
    return area->payload + area->rows[i] * naive->payload_bytes;
}

static unsigned char *scales_at(const ep_naive_t *naive, ep_area_t *area, int64_t i)
{
    return area->scales + area->rows[i] * naive->scale_bytes;
}

static void swap(unsigned char *left, unsigned char *right, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const unsigned char kept = left[i];

        left[i]  = right[i];
        right[i] = kept;
    }
}

/* Exchange payloads, from byte `first` on, of two rows with different experts. Scales go with them
 * when all of it does. */
static bool swap_rows(ep_naive_t *naive, int32_t slot, int64_t first)
{
    ep_area_t *area = victim(naive, slot);

    for (int64_t i = 1; i < area->item_count; i++) {
        if (memcmp(ep_experts(naive, area->wire, i), ep_experts(naive, area->wire, 0),
                   (size_t)topk(naive) * sizeof(int32_t)) != 0 &&
            memcmp(payload_at(naive, area, 0), payload_at(naive, area, i), 16) != 0) {
            swap(payload_at(naive, area, 0) + first, payload_at(naive, area, i) + first,
                 naive->payload_bytes - first);
            if (first == 0) {
                swap(scales_at(naive, area, 0), scales_at(naive, area, i), naive->scale_bytes);
            }
            return true;
        }
    }
    return false;
}

static bool rows_swapped(ep_naive_t *naive, int32_t slot)
{
    return swap_rows(naive, slot, 0);
}

/* All but the source ids: rows of the lattice have much the same norm. */
static bool bodies_swapped(ep_naive_t *naive, int32_t slot)
{
    return swap_rows(naive, slot, naive->payload_bytes / 2);
}

static bool never_written(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);

    cx_poison(payload_at(naive, area, 0), (size_t)naive->payload_bytes, 2);
    cx_poison(scales_at(naive, area, 0), (size_t)naive->scale_bytes, 3);
    return area->item_count > 0;
}

static bool last_tile_missing(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);

    for (int64_t i = 0; i < area->item_count; i++) {
        cx_poison(payload_at(naive, area, i) + naive->payload_bytes - 16, 16, 2);
    }
    return area->item_count > 0;
}

/* The bytes are overwritten with those of the slot before: same tokens, other activations. */
static bool stale_receive(ep_naive_t *naive, int32_t slot)
{
    const int32_t before = (slot + naive->setup.slot_count - 1) % naive->setup.slot_count;
    ep_area_t    *area   = victim(naive, slot);

    for (int64_t to = 0, from = 0; from < naive->rank_count; from++) {
        const ep_rank_t *rank = &naive->ranks[from];

        for (to = 0; to < rank->send_counts[VICTIM]; to++) {
            const int64_t i = rank->send_displs[VICTIM] + to;

            ep_naive_encode(naive, codec_of(naive),
                            row_of(naive, from, before, rank->sent_tokens[i]),
                            payload_at(naive, area, area->displs[from] + to),
                            scales_at(naive, area, area->displs[from] + to));
        }
    }
    return area->item_count > 0;
}

static int64_t scale_size(const ep_naive_t *naive)
{
    return codec_of(naive) == CX_CODEC_MXFP8 || codec_of(naive) == CX_CODEC_NVFP4 ? 1 : 4;
}

static bool scale_of_next_block(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area    = victim(naive, slot);
    bool       differs = false;

    for (int64_t i = 0; i < area->item_count; i++) {
        unsigned char *scales = scales_at(naive, area, i);
        const int64_t  left   = naive->scale_bytes - scale_size(naive);

        differs |= memcmp(scales, scales + scale_size(naive), (size_t)left) != 0;
        memmove(scales, scales + scale_size(naive), (size_t)left);
    }
    return differs;
}

static bool scale_of_next_row(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);

    for (int64_t i = 0; i + 1 < area->item_count; i++) {
        if (memcmp(scales_at(naive, area, i), scales_at(naive, area, i + 1),
                   (size_t)naive->scale_bytes) != 0) {
            memcpy(scales_at(naive, area, i), scales_at(naive, area, i + 1),
                   (size_t)naive->scale_bytes);
            return true;
        }
    }
    return false;
}

static bool scales_missing(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);

    memset(scales_at(naive, area, 0), 0, (size_t)naive->scale_bytes);
    return area->item_count > 0;
}

static bool scale_off_by_one_ulp(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);

    scales_at(naive, area, 0)[0] ^= 1;
    return area->item_count > 0;
}

static bool scale_inverted(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);
    float      scale;

    memcpy(&scale, scales_at(naive, area, 0), sizeof scale);
    scale = 1 / scale;
    memcpy(scales_at(naive, area, 0), &scale, sizeof scale);
    return area->item_count > 0;
}

/* --- what stands beside received rows --- */

/* The first entry of the view's row_experts from `from` on that names an expert; -1 for none. */
static int64_t find_named(const ep_naive_t *naive, const ep_area_t *area, int64_t from)
{
    for (int64_t i = from; i < area->item_count * topk(naive); i++) {
        if (area->row_experts[i] >= 0) {
            return i;
        }
    }
    return -1;
}

/* A row with at least that many experts on this rank, no more than it may have; -1 for none. */
static int64_t find_row(const ep_naive_t *naive, const ep_area_t *area, int64_t min, int64_t max)
{
    for (int64_t row = 0; row < area->item_count; row++) {
        int64_t count = 0;

        for (int64_t k = 0; k < topk(naive); k++) {
            count += area->row_experts[row * topk(naive) + k] >= 0;
        }
        if (count >= min && count <= max) {
            return row;
        }
    }
    return -1;
}

static bool local_expert_ids(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);

    for (int64_t i = 0; i < area->item_count * topk(naive); i++) {
        area->row_experts[i] %= (int32_t)naive->share; /* -1 stays */
    }
    return area->item_count > 0;
}

/* A free local expert in place of the right one. */
static bool wrong_local_expert(ep_naive_t *naive, int32_t slot)
{
    ep_area_t    *area = victim(naive, slot);
    const int64_t row = find_row(naive, area, 1, 1), i = find_named(naive, area, row * topk(naive));

    if (row < 0) {
        return false;
    }
    area->row_experts[i] =
        (int32_t)(VICTIM * naive->share + (area->row_experts[i] + 1) % naive->share);
    return true;
}

static bool expert_out_of_range(ep_naive_t *naive, int32_t slot)
{
    ep_area_t    *area = victim(naive, slot);
    const int64_t i    = find_named(naive, area, 0);

    area->row_experts[i] = 1 << 30;
    return true;
}

/* The whole top-k, not masked to this rank. */
static bool experts_unmasked(ep_naive_t *naive, int32_t slot)
{
    ep_area_t    *area = victim(naive, slot);
    const int64_t row  = find_row(naive, area, 1, topk(naive) - 1);

    for (int64_t k = 0; row >= 0 && k < topk(naive); k++) {
        if (area->row_experts[row * topk(naive) + k] < 0) {
            area->row_experts[row * topk(naive) + k] = (int32_t)((VICTIM + 1) * naive->share);
        }
    }
    return row >= 0;
}

static bool expert_named_twice(ep_naive_t *naive, int32_t slot)
{
    ep_area_t    *area = victim(naive, slot);
    const int64_t row  = find_row(naive, area, 1, topk(naive) - 1);

    for (int64_t k = 0; row >= 0 && k < topk(naive); k++) {
        if (area->row_experts[row * topk(naive) + k] < 0) {
            area->row_experts[row * topk(naive) + k] =
                area->row_experts[find_named(naive, area, row * topk(naive))];
            return true;
        }
    }
    return false;
}

static bool expert_forgotten(ep_naive_t *naive, int32_t slot)
{
    ep_area_t    *area = victim(naive, slot);
    const int64_t i    = find_named(naive, area, 0);

    area->row_experts[i] = -1;
    area->row_gates[i]   = 0;
    return true;
}

static bool gates_unmasked(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);

    for (int64_t i = 0; i < area->item_count * topk(naive); i++) {
        if (area->row_experts[i] < 0) {
            area->row_gates[i] = 0.25f;
            return true;
        }
    }
    return false;
}

static bool gate_of_neighbour_slot(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area = victim(naive, slot);

    for (int64_t row = 0; row < area->item_count; row++) {
        float      *gates = area->row_gates + row * topk(naive);
        const float first = gates[0];

        memmove(gates, gates + 1, (size_t)(topk(naive) - 1) * sizeof *gates);
        gates[topk(naive) - 1] = first;
    }
    return area->item_count > 0;
}

static bool gates_exchanged(ep_naive_t *naive, int32_t slot)
{
    ep_area_t    *area = victim(naive, slot);
    const int64_t row  = find_row(naive, area, 2, topk(naive));
    int64_t       one, two;
    float         kept;

    if (row < 0) {
        return false;
    }
    one                  = find_named(naive, area, row * topk(naive));
    two                  = find_named(naive, area, one + 1);
    kept                 = area->row_gates[one];
    area->row_gates[one] = area->row_gates[two];
    area->row_gates[two] = kept;
    return true;
}

static bool gate_of_another_token(ep_naive_t *naive, int32_t slot)
{
    ep_area_t    *area = victim(naive, slot);
    const int64_t one  = find_named(naive, area, 0);
    const int64_t two  = find_named(naive, area, topk(naive));

    area->row_gates[one] = area->row_gates[two];
    return true;
}

/* Change the first gate that counts. */
static bool set_gate(ep_naive_t *naive, int32_t slot, float factor)
{
    ep_area_t    *area = victim(naive, slot);
    const int64_t i    = find_named(naive, area, 0);

    area->row_gates[i] *= factor;
    return true;
}

static bool gate_one_ulp_off(ep_naive_t *naive, int32_t slot)
{
    return set_gate(naive, slot, 1.00000012f);
}

static bool gate_is_nan(ep_naive_t *naive, int32_t slot)
{
    return set_gate(naive, slot, NAN);
}

static bool gate_squared(ep_naive_t *naive, int32_t slot)
{
    ep_area_t    *area = victim(naive, slot);
    const int64_t i    = find_named(naive, area, 0);

    return set_gate(naive, slot, area->row_gates[i]);
}

static bool count_off_by_one(ep_naive_t *naive, int32_t slot)
{
    victim(naive, slot)->expert_row_counts[0]++;
    return true;
}

static bool padding_counted(ep_naive_t *naive, int32_t slot)
{
    ep_area_t *area  = victim(naive, slot);
    bool       is_on = false;

    for (int64_t e = 0; e < naive->share; e++) {
        const int32_t padded = (area->expert_row_counts[e] + 3) / 4 * 4;

        is_on |= padded != area->expert_row_counts[e];
        area->expert_row_counts[e] = padded;
    }
    return is_on;
}

static bool counts_of_another_rank(ep_naive_t *naive, int32_t slot)
{
    ep_area_t       *area  = victim(naive, slot);
    const ep_area_t *other = ep_naive_area(naive, VICTIM + 1, slot);
    const size_t     bytes = (size_t)naive->share * sizeof *area->expert_row_counts;
    const bool differs     = memcmp(area->expert_row_counts, other->expert_row_counts, bytes) != 0;

    memcpy(area->expert_row_counts, other->expert_row_counts, bytes);
    return differs;
}

static bool counts_missing(ep_naive_t *naive, int32_t slot)
{
    memset(victim(naive, slot)->expert_row_counts, 0, (size_t)naive->share * sizeof(int32_t));
    return true;
}

static bool one_row_too_many(ep_naive_t *naive, int32_t slot)
{
    victim(naive, slot)->view.row_count++;
    return true;
}

static bool one_row_too_few(ep_naive_t *naive, int32_t slot)
{
    victim(naive, slot)->view.row_count--;
    return true;
}

static bool rows_padded(ep_naive_t *naive, int32_t slot)
{
    victim(naive, slot)->view.row_count += 64;
    return true;
}

#define SEND EP_STEP_SEND
#define RECEIVE EP_STEP_RECEIVE
#define TOKEN_RANK EP_NEEDS_TOKEN_RANK
#define TOKEN_EXPERT EP_NEEDS_TOKEN_EXPERT
/* Consequences: rows beside others' experts, and a wrong combine. */
#define BESIDE (EP_CHECK(METADATA) | EP_CHECK(WEIGHTS) | EP_CHECK(MULTIPLICITY) | AFTER)
#define AFTER EP_CHECK(COMBINE)
#define ROWS (BESIDE | EP_CHECK(PAYLOAD) | EP_CHECK(COUNTS))
#define SET EP_CHECK(SOURCE_SET)
/* name, check that must notice, consequences, needs, step, function */
#define FAULT(name, check, others, needs, step, plant)                                            \
    {                                                                                             \
        name, CX_EP_CHECK_##check, others, EP_NEEDS_NOTHING | (needs), step, plant, EP_TWIST_NONE \
    }

const ep_fault_t ep_faults_dispatch[] = {
    FAULT("token shifted by one", SOURCE_SET, BESIDE, 0, SEND, token_shifted),
    FAULT("row of another rank", SOURCE_SET, BESIDE, 0, SEND, row_of_another_rank),
    FAULT("columns rotated", SOURCE_SET, ROWS, 0, SEND, columns_rotated),
    FAULT("columns behind the source id rotated", PAYLOAD, AFTER, 0, SEND, body_rotated),
    FAULT("signs flipped", PAYLOAD, AFTER, 0, SEND, signs_flipped),
    FAULT("bytes swapped before encoding", SOURCE_SET, ROWS, 0, SEND, bytes_swapped),
    FAULT("NaN in an element", PAYLOAD, AFTER, 0, SEND, nan_sent),
    FAULT("NaN in a row with one scale", SOURCE_SET, ROWS, EP_NEEDS_SCALES, SEND,
          nan_in_scaled_row),
    FAULT("fnuz taken for fn", PAYLOAD, AFTER, EP_NEEDS_E4M3, SEND, other_fp8),
    FAULT("row's scale in place of blocks'", PAYLOAD, AFTER, EP_NEEDS_BLOCK_128, SEND,
          row_scale_for_blocks),
    FAULT("one wrong element in one row", PAYLOAD, AFTER, 0, SEND, one_element),
    FAULT("row sent in place of another", SOURCE_SET, ROWS, 0, SEND, rows_duplicated),
    FAULT("row sent twice", SOURCE_SET, EP_CHECK(COUNTS) | AFTER, 0, SEND, row_added),
    FAULT("copy lost", SOURCE_SET, EP_CHECK(COUNTS) | AFTER, 0, SEND, copy_lost),
    FAULT("row sent to a rank without its experts", SOURCE_SET, ROWS, 0, SEND, row_misrouted),
    FAULT("rows swapped", METADATA, BESIDE, TOKEN_RANK, RECEIVE, rows_swapped),
    FAULT("rows of experts swapped", SOURCE_SET, AFTER, TOKEN_EXPERT, RECEIVE, rows_swapped),
    FAULT("rows of equal norm swapped but for their source ids", PAYLOAD, AFTER, 0, RECEIVE,
          bodies_swapped),
    FAULT("row never written", SOURCE_SET, ROWS, 0, RECEIVE, never_written),
    FAULT("last tile not written", PAYLOAD, AFTER, 0, RECEIVE, last_tile_missing),
    FAULT("rows of the previous iteration", PAYLOAD, AFTER, 0, RECEIVE, stale_receive),
    FAULT("scale of the next block", PAYLOAD, AFTER, EP_NEEDS_BLOCKS, RECEIVE, scale_of_next_block),
    FAULT("scale of the next row", PAYLOAD, AFTER, EP_NEEDS_SCALES, RECEIVE, scale_of_next_row),
    FAULT("scales not sent", SOURCE_SET, ROWS, EP_NEEDS_SCALES, RECEIVE, scales_missing),
    FAULT("scale off by one in its last place", PAYLOAD, AFTER, EP_NEEDS_SCALES, RECEIVE,
          scale_off_by_one_ulp),
    FAULT("scale inverted", PAYLOAD, AFTER, EP_NEEDS_FP32_SCALES, RECEIVE, scale_inverted),
    FAULT("local expert ids for global ones", METADATA, AFTER, TOKEN_RANK, RECEIVE,
          local_expert_ids),
    FAULT("wrong expert on the right rank", METADATA, AFTER, TOKEN_RANK, RECEIVE,
          wrong_local_expert),
    FAULT("expert out of range", METADATA, AFTER, TOKEN_RANK, RECEIVE, expert_out_of_range),
    FAULT("experts of other ranks not masked", METADATA, EP_CHECK(MULTIPLICITY), TOKEN_RANK,
          RECEIVE, experts_unmasked),
    FAULT("expert named twice", METADATA, BESIDE, TOKEN_RANK, RECEIVE, expert_named_twice),
    FAULT("expert forgotten", MULTIPLICITY, BESIDE, TOKEN_RANK, RECEIVE, expert_forgotten),
    FAULT("gates of other ranks not masked", WEIGHTS, 0, TOKEN_RANK, RECEIVE, gates_unmasked),
    FAULT("received gate of the neighbour slot", WEIGHTS, AFTER, TOKEN_RANK, RECEIVE,
          gate_of_neighbour_slot),
    FAULT("gates of a row exchanged", WEIGHTS, AFTER, TOKEN_RANK, RECEIVE, gates_exchanged),
    FAULT("received gate of another token", WEIGHTS, AFTER, TOKEN_RANK, RECEIVE,
          gate_of_another_token),
    FAULT("gate off by one in its last place", WEIGHTS, AFTER, TOKEN_RANK, RECEIVE,
          gate_one_ulp_off),
    FAULT("gate is NaN", WEIGHTS, AFTER, TOKEN_RANK, RECEIVE, gate_is_nan),
    FAULT("received gate squared", WEIGHTS, AFTER, TOKEN_RANK, RECEIVE, gate_squared),
    FAULT("count off by one", COUNTS, SET, 0, RECEIVE, count_off_by_one),
    FAULT("padding counted", COUNTS, SET, 0, RECEIVE, padding_counted),
    FAULT("counts of another rank", COUNTS, SET | AFTER, 0, RECEIVE, counts_of_another_rank),
    FAULT("counts never written", COUNTS, SET | AFTER, 0, RECEIVE, counts_missing),
    FAULT("one row too many", SOURCE_SET, 0, 0, RECEIVE, one_row_too_many),
    FAULT("one row too few", SOURCE_SET, AFTER, 0, RECEIVE, one_row_too_few),
    FAULT("rows padded to a tile", SOURCE_SET, 0, 0, RECEIVE, rows_padded),
};
const int ep_fault_dispatch_count = (int)(sizeof ep_faults_dispatch / sizeof ep_faults_dispatch[0]);
