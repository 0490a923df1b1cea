/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes a backend can make, each as a theory of what the wrong elements would then be. */
#include "family/collective/diagnose.h"

#include "family/collective/element.h"
#include "family/collective/inputs.h"
#include "family/collective/layout.h"
#include "family/common/guard.h"
#include "model/case.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STALE_SLOT_COUNT 64
#define SHIFT_MAX 4
#define WEIGHT_BITS_MIN 24

/* The right contents, but of another slot or epoch, another sender, the block for another rank,
 * some elements away, or without one rank's contribution. */
typedef struct theory {
    cx_collective_data_t data;
    int32_t              slot_index, to_rank, skip_rank;
    bool                 has_source_rank;
    int32_t              source_rank;
    int64_t              shift_elems;
} theory_t;

typedef struct claim {
    cx_wrong_t wrong;
    char       text[112];
} claim_t;

/* A kind of mistake: true, with the claim filled in, when the evidence fits. */
typedef bool (*claim_fn)(const cx_evidence_t *evidence, claim_t *claim);

static bool make_claim(claim_t *claim, cx_wrong_t wrong, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool make_claim(claim_t *claim, cx_wrong_t wrong, const char *format, ...)
{
    va_list arguments;

    claim->wrong = wrong;
    va_start(arguments, format);
    vsnprintf(claim->text, sizeof claim->text, format, arguments);
    va_end(arguments);
    return true;
}

static size_t elem_bytes_of(const cx_evidence_t *evidence)
{
    return cx_dtype_bytes(evidence->data->shape->dtype);
}

static const unsigned char *got_at(const cx_evidence_t *evidence, int64_t recv_index)
{
    return evidence->recv + (size_t)recv_index * elem_bytes_of(evidence);
}

static bool has_weight(const cx_evidence_t *evidence)
{
    return (size_t)evidence->index_count * elem_bytes_of(evidence) * 8 >= WEIGHT_BITS_MIN;
}

static theory_t start_theory(const cx_evidence_t *evidence)
{
    return (theory_t){
        .data       = *evidence->data,
        .slot_index = evidence->slot_index,
        .to_rank    = evidence->data->rank,
        .skip_rank  = CX_NO_RANK,
    };
}

/* What the theory says stands at `recv_index`; false when it says nothing about that place. */
static bool predict(const theory_t *theory, const cx_evidence_t *evidence, int64_t recv_index,
                    void *out)
{
    const cx_collective_data_t *data  = &theory->data;
    int64_t                     index = recv_index + theory->shift_elems;
    cx_collective_block_t       block;
    cx_collective_piece_t       piece = {
              .slot_index = theory->slot_index, .skip_rank = theory->skip_rank, .elem_count = 1};

    if (index < 0 || index >= evidence->recv_elems) {
        return false;
    }
    block             = cx_collective_block(data, index);
    piece.source_rank = theory->has_source_rank ? theory->source_rank : block.source_rank;
    piece.first       = index - block.first;
    if (data->counts &&
        piece.first >=
            data->counts[(int64_t)piece.source_rank * data->rank_count + theory->to_rank]) {
        return false;
    }
    piece.first += cx_collective_block_start(data, piece.source_rank, theory->to_rank);
    cx_collective_piece(data, &piece, out);
    return true;
}

static bool is_enough(const cx_evidence_t *evidence, int32_t miss_count)
{
    return miss_count * 4 <= evidence->index_count;
}

static bool explains(const theory_t *theory, const cx_evidence_t *evidence)
{
    int32_t  miss_count = 0;
    uint64_t predicted[1];

    for (int32_t i = 0; i < evidence->index_count && is_enough(evidence, miss_count); i++) {
        int64_t recv_index = evidence->indexes[i];

        if (!predict(theory, evidence, recv_index, predicted) ||
            memcmp(predicted, got_at(evidence, recv_index), elem_bytes_of(evidence)) != 0) {
            miss_count++;
        }
    }
    return is_enough(evidence, miss_count);
}

/* Sender and destination of the block the evidence lies in. */
static int32_t source_of(const cx_evidence_t *evidence)
{
    return cx_collective_block(evidence->data, evidence->indexes[0]).source_rank;
}

/* The rank's own inputs, in the place where they would lie in place. */
static bool holds_own_input(const cx_evidence_t *evidence)
{
    const cx_collective_t op     = evidence->data->shape->op;
    theory_t              theory = start_theory(evidence);

    theory.has_source_rank = true;
    theory.source_rank     = evidence->data->rank;
    if (op == CX_COLLECTIVE_ALL_TO_ALL || op == CX_COLLECTIVE_ALL_TO_ALL_V) {
        theory.to_rank = source_of(evidence);
    } else if (!cx_collective_reduces(op)) {
        return false;
    }
    return explains(&theory, evidence);
}

/* What stood in the output of `rank` before the operation. */
static bool holds_poison(const cx_evidence_t *evidence, int32_t rank)
{
    const int64_t        recv_first = cx_collective_place(evidence->data).recv_first;
    const size_t         elem_bytes = elem_bytes_of(evidence);
    cx_collective_data_t data       = *evidence->data;
    int32_t              miss_count = 0;
    uint64_t             seed;
    unsigned char        poison[8];

    data.rank = rank;
    seed      = cx_collective_poison_seed(&data, evidence->slot_index);
    for (int32_t i = 0; i < evidence->index_count; i++) {
        int64_t recv_index = evidence->indexes[i];

        cx_poison_bytes(seed, (uint64_t)(recv_first + recv_index) * elem_bytes, elem_bytes, poison);
        miss_count += memcmp(poison, got_at(evidence, recv_index), elem_bytes) != 0;
    }
    return is_enough(evidence, miss_count);
}

static bool claim_never_written(const cx_evidence_t *evidence, claim_t *claim)
{
    if (holds_poison(evidence, evidence->data->rank)) {
        return make_claim(claim, CX_WRONG_NEVER_WRITTEN, "never written (skipped send?)");
    }
    return cx_collective_needs_refill(evidence->data->shape) && has_weight(evidence) &&
           holds_own_input(evidence) &&
           make_claim(claim, CX_WRONG_NEVER_WRITTEN,
                      "never written (skipped send?): still this rank's own input");
}

/* A rank that takes itself for the root of a broadcast sends what its output buffer holds. */
static bool claim_poison_of_wrong_root(const cx_evidence_t *evidence, claim_t *claim)
{
    const cx_shape_t *shape = evidence->data->shape;

    for (int32_t rank = 0; rank < evidence->data->rank_count; rank++) {
        if (shape->op == CX_COLLECTIVE_BROADCAST && rank != shape->root_rank &&
            has_weight(evidence) && holds_poison(evidence, rank)) {
            return make_claim(claim, CX_WRONG_ROOT,
                              "the unwritten output of rank %d: wrong root (root is %d)", rank,
                              shape->root_rank);
        }
    }
    return false;
}

/* Position of the only bit that differs, or -1. */
static int32_t find_lone_bit(const cx_evidence_t *evidence, int64_t recv_index)
{
    const cx_dtype_t dtype = evidence->data->shape->dtype;
    uint64_t         right[1], difference;

    cx_collective_expect(evidence->data, evidence->slot_index, recv_index, 1, right);
    difference =
        cx_element_bits(dtype, right) ^ cx_element_bits(dtype, got_at(evidence, recv_index));
    return __builtin_popcountll(difference) == 1 ? __builtin_ctzll(difference) : -1;
}

static bool claim_bit_flip(const cx_evidence_t *evidence, claim_t *claim)
{
    const int32_t bit = find_lone_bit(evidence, evidence->indexes[0]);

    for (int32_t i = 0; i < evidence->index_count; i++) {
        if (find_lone_bit(evidence, evidence->indexes[i]) < 0) {
            return false;
        }
    }
    return make_claim(claim, CX_WRONG_BIT_FLIP, "bit flip: bit %d of byte %d of the element",
                      bit % 8, bit / 8);
}

/* Alone, a flipped bit needs no other explanation; in many elements it is tried last. */
static bool claim_lone_bit_flip(const cx_evidence_t *evidence, claim_t *claim)
{
    return evidence->wrong_count == 1 && claim_bit_flip(evidence, claim);
}

static bool claim_stale_in(const cx_evidence_t *evidence, uint64_t epoch, claim_t *claim)
{
    const char *when   = epoch == evidence->data->epoch ? "" : " before the last filling";
    theory_t    theory = start_theory(evidence);

    theory.data.epoch = epoch;
    for (int32_t slot_index = 0; slot_index < STALE_SLOT_COUNT; slot_index++) {
        theory.slot_index = slot_index;
        if (!(slot_index == evidence->slot_index && epoch == evidence->data->epoch) &&
            explains(&theory, evidence)) {
            return make_claim(claim, CX_WRONG_STALE, "stale: data of slot %d%s", slot_index, when);
        }
    }
    return false;
}

static bool claim_stale(const cx_evidence_t *evidence, claim_t *claim)
{
    const uint64_t epoch = evidence->data->epoch;

    return has_weight(evidence) && (claim_stale_in(evidence, epoch, claim) ||
                                    (epoch > 0 && claim_stale_in(evidence, epoch - 1, claim)));
}

static bool claim_missing(const cx_evidence_t *evidence, claim_t *claim)
{
    theory_t theory = start_theory(evidence);

    if (!cx_collective_reduces(evidence->data->shape->op) || evidence->data->rank_count == 1 ||
        !has_weight(evidence)) {
        return false;
    }
    for (int32_t rank = 0; rank < evidence->data->rank_count; rank++) {
        theory.skip_rank = rank;
        if (explains(&theory, evidence)) {
            return make_claim(claim, CX_WRONG_MISSING, "contribution of rank %d missing", rank);
        }
    }
    return false;
}

/* Whether the place of `other_rank`'s block holds the data of `source_rank`. */
static bool is_swapped(const cx_evidence_t *evidence, int32_t source_rank, int32_t other_rank)
{
    const int64_t elems  = evidence->data->elems;
    theory_t      theory = start_theory(evidence);
    cx_evidence_t other  = *evidence;

    if (evidence->recv_elems != elems * evidence->data->rank_count || evidence->data->counts) {
        return false;
    }
    for (int32_t i = 0; i < other.index_count; i++) {
        other.indexes[i] += (other_rank - source_rank) * elems;
    }
    theory.has_source_rank = true;
    theory.source_rank     = source_rank;
    return explains(&theory, &other);
}

static bool claim_source(const cx_evidence_t *evidence, int32_t rank, claim_t *claim)
{
    const cx_shape_t *shape       = evidence->data->shape;
    const int32_t     source_rank = source_of(evidence);

    if (cx_collective_reduces(shape->op)) {
        return make_claim(claim, CX_WRONG_RANK, "not reduced: data of rank %d alone", rank);
    }
    if (shape->op == CX_COLLECTIVE_BROADCAST || shape->op == CX_COLLECTIVE_SCATTER) {
        return make_claim(claim, CX_WRONG_ROOT, "data of rank %d: wrong root (root is %d)", rank,
                          shape->root_rank);
    }
    if (is_swapped(evidence, source_rank, rank)) {
        return make_claim(claim, CX_WRONG_SWAPPED, "blocks of ranks %d and %d swapped", source_rank,
                          rank);
    }
    return make_claim(claim, CX_WRONG_RANK, "data of rank %d: wrong rank (belongs to rank %d)",
                      rank, source_rank);
}

static bool claim_wrong_source(const cx_evidence_t *evidence, claim_t *claim)
{
    const int32_t source_rank = source_of(evidence);
    theory_t      theory      = start_theory(evidence);

    if (!has_weight(evidence)) {
        return false;
    }
    theory.has_source_rank = true;
    for (int32_t rank = 0; rank < evidence->data->rank_count; rank++) {
        theory.source_rank = rank;
        if (rank != source_rank && explains(&theory, evidence)) {
            return claim_source(evidence, rank, claim);
        }
    }
    return holds_own_input(evidence) &&
           make_claim(claim, CX_WRONG_RANK, "data of rank %d: its own input, not exchanged",
                      evidence->data->rank);
}

static bool claim_wrong_block(const cx_evidence_t *evidence, claim_t *claim)
{
    theory_t theory = start_theory(evidence);

    if (!has_weight(evidence)) {
        return false;
    }
    for (int32_t rank = 0; rank < evidence->data->rank_count; rank++) {
        theory.to_rank = rank;
        if (rank != evidence->data->rank && explains(&theory, evidence)) {
            return make_claim(claim, CX_WRONG_BLOCK, "wrong block: the one meant for rank %d",
                              rank);
        }
    }
    return false;
}

static bool claim_shifted(const cx_evidence_t *evidence, claim_t *claim)
{
    theory_t theory = start_theory(evidence);

    if (!has_weight(evidence)) {
        return false;
    }
    for (int32_t distance = 1; distance <= SHIFT_MAX; distance++) {
        for (int32_t sign = 1; sign >= -1; sign -= 2) {
            theory.shift_elems = (int64_t)sign * distance;
            if (explains(&theory, evidence)) {
                return make_claim(claim, CX_WRONG_SHIFTED, "shifted by %d element%s %s", distance,
                                  distance == 1 ? "" : "s",
                                  sign > 0 ? "towards the start" : "towards the end");
            }
        }
    }
    return false;
}

static bool claim_wrong_type(const cx_evidence_t *evidence, claim_t *claim)
{
    claim->wrong = CX_WRONG_TYPE;
    return cx_collective_reduces(evidence->data->shape->op) && has_weight(evidence) &&
           cx_collective_diagnose_type(evidence, claim->text, sizeof claim->text);
}

static bool claim_corrupted(const cx_evidence_t *evidence, claim_t *claim)
{
    const unsigned char *got        = got_at(evidence, evidence->indexes[0]);
    int32_t              byte_count = 0, last_byte = 0;
    unsigned char        right[8];

    cx_collective_expect(evidence->data, evidence->slot_index, evidence->indexes[0], 1, right);
    for (int32_t byte = 0; byte < (int32_t)elem_bytes_of(evidence); byte++) {
        if (got[byte] != right[byte]) {
            byte_count++;
            last_byte = byte;
        }
    }
    return byte_count == 1 ? make_claim(claim, CX_WRONG_CORRUPTED,
                                        "corrupted: only byte %d of the element", last_byte)
                           : make_claim(claim, CX_WRONG_CORRUPTED, "corrupted");
}

/* From the most to the least likely; the last always fits. */
static const claim_fn claims[] = {
    claim_never_written, claim_poison_of_wrong_root,
    claim_lone_bit_flip, claim_stale,
    claim_missing,       claim_wrong_source,
    claim_wrong_block,   claim_shifted,
    claim_wrong_type,    claim_bit_flip,
    claim_corrupted,
};

void cx_collective_diagnose(const cx_evidence_t *evidence, cx_verdict_t *out)
{
    const cx_dtype_t dtype = evidence->data->shape->dtype;
    const int64_t    first = evidence->indexes[0];
    char             expected_text[CX_ELEMENT_TEXT_BYTES], got_text[CX_ELEMENT_TEXT_BYTES];
    uint64_t         right[1];
    claim_t          claim;
    size_t           i = 0;

    while (!claims[i](evidence, &claim)) {
        i++;
    }
    cx_collective_expect(evidence->data, evidence->slot_index, first, 1, right);
    cx_verdict_blame(out, claim.wrong,
                     "%s; element %" PRId64 " (byte %" PRId64 "): expected %s, got %s; %" PRId64
                     " of %" PRId64 " elements wrong",
                     claim.text, first, first * (int64_t)elem_bytes_of(evidence),
                     cx_element_print(dtype, right, expected_text, sizeof expected_text),
                     cx_element_print(dtype, got_at(evidence, first), got_text, sizeof got_text),
                     evidence->wrong_count, evidence->recv_elems);
}
