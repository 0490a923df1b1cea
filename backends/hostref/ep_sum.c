/* SPDX-License-Identifier: Apache-2.0 */
/* Loops of the weighted sum, over pieces of rows whose partial sums stay in the first cache.
 * Not fused multiply-adds: plugin.cmake forbids them, for they round once where twice is defined.
 */
#include "ep_sum.h"

#include "bf16.h"
#include "loops.h"

#define CHUNK_ELEMS 2048u

/* From +0 on, which makes +0 of a single -0: as any accumulator that is cleared first. */
CX_HOSTREF_CLONES static void begin_sum(float *acc, const cx_hostref_ep_summand_t *summand,
                                        size_t at, size_t count)
{
    const uint16_t *row  = summand->row + at;
    const float     gate = summand->gate;

    CX_HOSTREF_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        const float product = gate * widen_bf16(row[i]);

        acc[i] = 0.0f + product;
    }
}

CX_HOSTREF_CLONES static void add_row(float *acc, const cx_hostref_ep_summand_t *summand, size_t at,
                                      size_t count)
{
    const uint16_t *row  = summand->row + at;
    const float     gate = summand->gate;

    CX_HOSTREF_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        const float product = gate * widen_bf16(row[i]);

        acc[i] = acc[i] + product;
    }
}

/* Two after each other: a quarter faster than one at a time, for memory has more to do at once. */
CX_HOSTREF_CLONES static void add_two_rows(float *acc, const cx_hostref_ep_summand_t *summands,
                                           size_t at, size_t count)
{
    const uint16_t *a = summands[0].row + at, *b = summands[1].row + at;
    const float     gate_a = summands[0].gate, gate_b = summands[1].gate;

    CX_HOSTREF_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        const float product_a = gate_a * widen_bf16(a[i]), product_b = gate_b * widen_bf16(b[i]);
        const float first = acc[i] + product_a;

        acc[i] = first + product_b;
    }
}

CX_HOSTREF_CLONES static void end_sum(uint16_t *out, const float *acc, size_t count)
{
    CX_HOSTREF_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        out[i] = narrow_bf16(acc[i]);
    }
}

void cx_hostref_ep_sum(const cx_hostref_ep_summand_t *summands, int64_t summand_count,
                       size_t elem_count, uint16_t *out)
{
    _Alignas(64) float acc[CHUNK_ELEMS];

    for (size_t at = 0; at < elem_count; at += CHUNK_ELEMS) {
        const size_t left  = elem_count - at;
        const size_t count = left < CHUNK_ELEMS ? left : CHUNK_ELEMS;
        int64_t      next  = 1;

        begin_sum(acc, summands, at, count);
        for (; next + 1 < summand_count; next += 2) {
            add_two_rows(acc, summands + next, at, count);
        }
        if (next < summand_count) {
            add_row(acc, summands + next, at, count);
        }
        end_sum(out + at, acc, count);
    }
}
