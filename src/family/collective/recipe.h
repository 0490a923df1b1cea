/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs of reductions whose result is exact, in every order and for every number of ranks.
 * Not inputs of operations that only move bytes: those are random bytes (inputs.c).
 *
 * One random word per element, common to all ranks, is mixed with one word per rank; the top bits
 * of the product become that rank's value. What the values are, with N ranks and a type of p
 * significant bits (fp16 11, bf16 8, fp32 24, fp64 53):
 *
 *   integer sum    |w| small enough that no sum overflows: what an overflow gives is no rule of the
 *                  field (one MPI library saturates narrow sums where others wrap)
 *   integer prod   any odd value, modulo 2^bits, so any order gives the same; odd, so that no
 * factor can hide another min, max       any value; floats are normal numbers of both signs, no
 * zero, infinity or NaN float sum      one sign per element, magnitudes 1 ... a with N*a <= 2^p:
 * every partial sum is an integer of at most p bits, and most sums need nearly all of them, which a
 *                  narrower type does not have
 *   float prod     +-c * 2^-k, c odd, of b bits, 0 <= k <= b, N*b <= p: every partial product has
 *                  at most p significant bits and an exponent within +-p
 *   integer avg    N*w with |w| small enough that no sum overflows: divides exactly, before or
 *                  after the sum
 *   float avg      N = 2^t * n, n odd: n = 1 as float sum (dividing by 2^t is exact). Otherwise
 *                  +-n * c * 2^k, c a small odd number: sums and values divide exactly by N, and
 *                  values also when they are multiplied with the rounded reciprocal of N, as
 *                  libraries do that scale before they sum (c is chosen so that this holds)
 *
 * The values themselves are in collectivex/content.h, as devices compute them, too.
 *
 * Where N is so large that a (or b, w) would fall under 4, ranks take turns: an element is given to
 * the ranks of one residue modulo a power of two, and all others hold the neutral value there (for
 * prod: +-1), so that N in these bounds is the number of ranks that take part.
 * source  exactness: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., 2.1-2.2
 */
#ifndef CX_FAMILY_COLLECTIVE_RECIPE_H
#define CX_FAMILY_COLLECTIVE_RECIPE_H

#include "collectivex/content.h"

/* False when no such inputs exist: avg where N needs more bits than the type has. */
bool cx_recipe_make(cx_dtype_t dtype, cx_redop_t redop, int32_t rank_count, cx_recipe_t *out);

/* What `rank` contributes to elements [first, first + elem_count), in the dtype. */
void cx_recipe_values(const cx_recipe_t *recipe, uint64_t key, int32_t rank, int64_t first,
                      int64_t elem_count, void *out);

/* The reduction of all ranks, or of all but `skip_rank` (-1: none) where there are others; avg
 * divides by N all the same. */
typedef struct cx_recipe_range {
    int64_t first, elem_count;
    int32_t skip_rank;
} cx_recipe_range_t;

void cx_recipe_reduce(const cx_recipe_t *recipe, uint64_t key, const cx_recipe_range_t *range,
                      void *out);

/* Bits of the significand, the hidden one included, and of the exponent; 0 for integers. */
typedef struct cx_float_format {
    int32_t significant_bits, exponent_bits;
} cx_float_format_t;

extern const cx_float_format_t cx_float_formats[CX_DTYPE_COUNT];

bool cx_dtype_is_float(cx_dtype_t dtype);
bool cx_dtype_is_signed(cx_dtype_t dtype);

#endif
