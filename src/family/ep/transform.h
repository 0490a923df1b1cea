/* SPDX-License-Identifier: Apache-2.0 */
/* The experts of the oracle: each an affine function of a row, so that a row says afterwards which
 * experts it went through. Not which rows go through which (experts.c, expected.c).
 *
 * Expert e makes of element x in column c: x * scale + shift + slope * p(c), with
 *   scale = ((17e + 5) mod 31 + 1) / 32      shift = ((29e + 7) mod 37 - 18) / 64
 *   slope = ((43e + 11) mod 41 - 20) / 128   p(c)  = ((13c mod 17) - 8) / 8
 * in fp32, rounded once to bf16; those of the Python CollectiveX. The three differ together for
 * any two experts below 47,027.
 */
#ifndef CX_FAMILY_EP_TRANSFORM_H
#define CX_FAMILY_EP_TRANSFORM_H

#include <stdint.h>

/* The members are sums over experts of float times a number of few bits: exact in double for
 * generated gates, so that the order of the experts does not matter. */
typedef struct cx_ep_affine {
    double scale, shift, slope;
} cx_ep_affine_t;

/* Add factor * expert. */
void cx_ep_affine_add(cx_ep_affine_t *in_out, int64_t expert, float factor);

/* p(c): float [elems]. */
void cx_ep_affine_pattern(int64_t elems, float *pattern_out);

/* Of bf16 [elems] the transformed row. The coefficients are rounded to fp32 first. */
void cx_ep_affine_apply(const cx_ep_affine_t *affine, const float *pattern, const uint16_t *row,
                        int64_t elems, uint16_t *row_out);

#endif
