/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of combine: a weighted sum of bf16 rows.
 * Not which rows, and in which order (ep_combine.c). */
#ifndef CX_HOSTREF_EP_SUM_H
#define CX_HOSTREF_EP_SUM_H

#include <stddef.h>
#include <stdint.h>

/* One row of a sum: bf16, anywhere, borrowed. */
typedef struct cx_hostref_ep_summand {
    const uint16_t *row;
    float           gate; /* 1 where sums are unweighted */
    int32_t         rank; /* where the row was */
} cx_hostref_ep_summand_t;

/**
 * out[i] = bf16(((0 + gate[0] * row[0][i]) + gate[1] * row[1][i]) + ...), where every product and
 * every sum is rounded to fp32. `out` may not overlap the rows.
 */
void cx_hostref_ep_sum(const cx_hostref_ep_summand_t *summands, int64_t summand_count,
                       size_t elem_count, uint16_t *out);

#endif
