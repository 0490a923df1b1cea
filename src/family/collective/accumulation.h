/* SPDX-License-Identifier: Apache-2.0 */
/* How precisely a sum over ranks was taken: inputs on which order and precision show, and what an
 * output made of them proves. Not the check of timed operations, whose inputs are exact in any
 * order (recipe.h). */
#ifndef CX_FAMILY_COLLECTIVE_ACCUMULATION_H
#define CX_FAMILY_COLLECTIVE_ACCUMULATION_H

#include "collectivex/types.h"

#include <stdint.h>

/* Inputs repeat after so many elements; a prime, so that chunks of no algorithm begin alike. */
#define CX_ACCUMULATION_TILE_ELEMS 65521
/* Fewer elements can be right by chance; they prove nothing. */
#define CX_ACCUMULATION_ELEMS_MIN 64

/* In the order of how little is known or kept. name, slug */
#define CX_ACCUMULATION_MAP(X) \
    X(EXACT, "exact")          \
    X(FP32, "fp32")            \
    X(DTYPE, "dtype")          \
    X(UNKNOWN, NULL)

typedef enum cx_accumulation {
#define CX_ACCUMULATION_ENUM(name, slug) CX_ACCUMULATION_##name,
    CX_ACCUMULATION_MAP(CX_ACCUMULATION_ENUM)
#undef CX_ACCUMULATION_ENUM
        CX_ACCUMULATION_COUNT
} cx_accumulation_t;

/* "fp32"; NULL for unknown. */
const char *cx_accumulation_slug(cx_accumulation_t accumulation);

/**
 * One rank's inputs. Floats are full significands of either sign over eight binades, so that nearly
 * every partial sum must be rounded; integers are any bits, which wrap around.
 */
void cx_accumulation_fill(cx_dtype_t dtype, uint64_t seed, int32_t rank, int64_t elem_count,
                          void *out);

/**
 * What the sum of all ranks' inputs, as some library left it in `output`, proves of how it was
 * accumulated. With x the inputs of an element, s their exact sum, N ranks, u_F the unit roundoff
 * of a format F, and every element y of the output held against the bounds:
 *   exact    integers: y = s. Floats: |y - s| <= half ulp(s), that is rounded once, for N <= 2,
 *            where all orders agree
 *   fp32     N > 2: |y - s| <= g(u_fp32) + half ulp(|s| + g(u_fp32)): added in fp32 or wider, in
 *            any order, and rounded once
 *   dtype    N > 2: |y - s| <= g(u_dtype): rounded to the dtype on the way
 *   unknown  beyond, fewer elements than prove anything, or fp64 of more than two ranks, whose
 *            exact sum is not at hand
 * where g(u) = (N-1) u / (1 - (N-1) u) * sum |x|.
 * source  Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 4.2 and (3.1)
 */
cx_accumulation_t cx_accumulation_judge(cx_dtype_t dtype, uint64_t seed, int32_t rank_count,
                                        int64_t elem_count, const void *output);

#endif
