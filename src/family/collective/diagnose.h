/* SPDX-License-Identifier: Apache-2.0 */
/* From wrong elements to the most likely mistake of the backend, in words.
 * Not the comparison that found them (oracle.c): a diagnosis never changes what is wrong. */
#ifndef CX_FAMILY_COLLECTIVE_DIAGNOSE_H
#define CX_FAMILY_COLLECTIVE_DIAGNOSE_H

#include "family/collective/data.h"
#include "family/common/verdict.h"

#include <stddef.h>

#define CX_EVIDENCE_COUNT_MAX 64

/* The first wrong elements of the block that has the first of all, by index in `recv`. */
typedef struct cx_evidence {
    const cx_collective_data_t *data;
    const unsigned char        *recv;
    int32_t                     slot_index, index_count;
    int64_t                     recv_elems, wrong_count;
    int64_t                     indexes[CX_EVIDENCE_COUNT_MAX];
} cx_evidence_t;

/**
 * Blame the mistake that explains at least three quarters of the evidence; "corrupted" if none
 * does. Explanations with many variants (which slot, which rank, how far) need evidence of at least
 * 24 bits, so that a lone byte is not taken for another rank's by chance.
 */
void cx_collective_diagnose(const cx_evidence_t *evidence, cx_verdict_t *out);

/* For reductions: whether the evidence was computed in another type; a sentence if so. */
bool cx_collective_diagnose_type(const cx_evidence_t *evidence, char *out, size_t out_bytes);

#endif
