/* SPDX-License-Identifier: Apache-2.0 */
/* The comparison of whole buffers with the right answer, in chunks; words come from diagnose.c. */
#include "family/collective/oracle.h"

#include "family/collective/diagnose.h"
#include "family/collective/element.h"
#include "family/collective/inputs.h"
#include "family/collective/layout.h"
#include "model/case.h"

#include <inttypes.h>
#include <string.h>

/* Right contents are made a piece at a time: small enough for the first-level cache. */
#define CHUNK_BYTES 4096

/* Whether the buffer is what the rank received, or what it sent and should still have. */
typedef enum side { SIDE_RECV, SIDE_SEND } side_t;

static void make_right(const cx_evidence_t *evidence, side_t side, int64_t first,
                       int64_t elem_count, void *out)
{
    cx_collective_piece_t piece = {
        .slot_index  = evidence->slot_index,
        .source_rank = evidence->data->rank,
        .skip_rank   = CX_NO_RANK,
        .first       = first,
        .elem_count  = elem_count,
    };

    if (side == SIDE_RECV) {
        cx_collective_expect(evidence->data, evidence->slot_index, first, elem_count, out);
    } else {
        cx_collective_piece(evidence->data, &piece, out);
    }
}

static void note_wrong(cx_evidence_t *evidence, side_t side, int64_t index)
{
    evidence->wrong_count++;
    if (evidence->index_count > 0 && side == SIDE_RECV) {
        cx_collective_block_t block = cx_collective_block(evidence->data, evidence->indexes[0]);

        if (index >= block.first + block.elem_count) {
            return;
        }
    }
    if (evidence->index_count < CX_EVIDENCE_COUNT_MAX) {
        evidence->indexes[evidence->index_count++] = index;
    }
}

static void compare(cx_evidence_t *evidence, side_t side, int64_t elem_count)
{
    const int64_t elem_bytes  = (int64_t)cx_dtype_bytes(evidence->data->shape->dtype);
    const int64_t chunk_elems = CHUNK_BYTES / elem_bytes;
    unsigned char right[CHUNK_BYTES];

    for (int64_t first = 0; first < elem_count; first += chunk_elems) {
        const unsigned char *got = evidence->recv + first * elem_bytes;
        int64_t count = elem_count - first < chunk_elems ? elem_count - first : chunk_elems;

        make_right(evidence, side, first, count, right);
        if (memcmp(right, got, (size_t)(count * elem_bytes)) == 0) {
            continue;
        }
        for (int64_t i = 0; i < count; i++) {
            if (memcmp(right + i * elem_bytes, got + i * elem_bytes, (size_t)elem_bytes) != 0) {
                note_wrong(evidence, side, first + i);
            }
        }
    }
}

static void blame_input(const cx_evidence_t *evidence, int64_t send_elems, cx_verdict_t *out)
{
    const cx_dtype_t dtype = evidence->data->shape->dtype;
    const int64_t    first = evidence->indexes[0];
    const int64_t    byte  = first * (int64_t)cx_dtype_bytes(dtype);
    char             right_text[CX_ELEMENT_TEXT_BYTES], got_text[CX_ELEMENT_TEXT_BYTES];
    uint64_t         right[1];

    make_right(evidence, SIDE_SEND, first, 1, right);
    cx_verdict_blame(out, CX_WRONG_INPUT_MODIFIED,
                     "input modified; element %" PRId64 " (byte %" PRId64
                     ") of the send buffer: was %s, is %s; %" PRId64 " of %" PRId64
                     " elements changed",
                     first, byte, cx_element_print(dtype, right, right_text, sizeof right_text),
                     cx_element_print(dtype, evidence->recv + byte, got_text, sizeof got_text),
                     evidence->wrong_count, send_elems);
}

cx_status_t cx_collective_verify(const cx_collective_data_t *data, int32_t slot_index,
                                 const void *recv, const void *send, cx_verdict_t *out)
{
    const cx_collective_place_t place    = cx_collective_place(data);
    cx_evidence_t               evidence = {.data = data, .slot_index = slot_index, .recv = recv};
    cx_verdict_t                verdict;

    if (place.recv_elems > 0 && !recv) {
        return CX_FAIL(CX_INVALID,
                       "no receive buffer to verify: rank %d receives %" PRId64 " elements",
                       data->rank, place.recv_elems);
    }
    cx_verdict_init(&verdict);
    evidence.recv_elems   = place.recv_elems;
    verdict.checked_count = place.recv_elems;
    compare(&evidence, SIDE_RECV, place.recv_elems);
    if (evidence.wrong_count > 0) {
        cx_collective_diagnose(&evidence, &verdict);
    } else if (send && !cx_collective_needs_refill(data->shape)) {
        evidence.recv = send;
        verdict.checked_count += place.send_elems;
        compare(&evidence, SIDE_SEND, place.send_elems);
        if (evidence.wrong_count > 0) {
            blame_input(&evidence, place.send_elems, &verdict);
        }
    }
    if (evidence.wrong_count > 0) {
        verdict.wrong_count = evidence.wrong_count;
        verdict.first_index = evidence.indexes[0];
    }
    *out = verdict;
    return CX_OK;
}
