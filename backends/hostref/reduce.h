/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of the reductions: N arrays into one, in rank order, for every dtype and redop.
 * Not who reduces what (eager.c, direct.c). */
#ifndef CX_HOSTREF_REDUCE_H
#define CX_HOSTREF_REDUCE_H

#include "collectivex/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Arrays are reduced in pieces of this size, so that partial results stay in the first cache. */
#define CX_HOSTREF_CHUNK_BYTES 8192u

/* out[i] = a[i] op b[i]; `out` may be `a` or `b`, but may not overlap them otherwise. */
typedef void (*cx_hostref_combine_fn)(void *out, const void *a, const void *b, size_t elem_count);
/* out[i] = a[i], from one type to another. */
typedef void (*cx_hostref_convert_fn)(void *out, const void *a, size_t elem_count);
typedef void (*cx_hostref_divide_fn)(void *inout, int32_t divisor, size_t elem_count);

/* The loops of one dtype and redop. */
typedef struct cx_hostref_reducer {
    size_t                elem_bytes;
    cx_hostref_combine_fn combine; /* 16-bit floats: `out` and `a` are float, `b` is not */
    cx_hostref_divide_fn  divide;  /* of what combine makes; NULL but for avg */
    /* 16-bit floats only, else NULL: */
    cx_hostref_combine_fn pair; /* all of a reduction of two: one rounding, no float array */
    cx_hostref_convert_fn widen, narrow;
} cx_hostref_reducer_t;

size_t cx_hostref_elem_bytes(cx_dtype_t dtype);

/**
 * The loops of a dtype and a redop other than CX_REDOP_NONE.
 *
 * source  integers wrap around in their own width, and avg truncates sum / N toward zero; fp16 and
 *         bf16 are accumulated in fp32 and rounded once, to nearest even
 */
void cx_hostref_reducer_init(cx_hostref_reducer_t *reducer, cx_dtype_t dtype, cx_redop_t redop);

/* The part of it that knows 16-bit floats (half.c); the caller has set elem_bytes and divide. */
void cx_hostref_half_init(cx_hostref_reducer_t *reducer, cx_dtype_t dtype, cx_redop_t redop);

/* The same for fp16 on processors that convert it themselves (half_f16c.c); false on others. */
bool cx_hostref_half_init_f16c(cx_hostref_reducer_t *reducer, cx_redop_t redop);

/**
 * out[i] = parts[0][i] op parts[1][i] op ..., in that order, for elem_count elements.
 *
 * `out` may be one of the parts, but may not overlap them otherwise.
 */
void cx_hostref_reduce(const cx_hostref_reducer_t *reducer, void *out, const void *const *parts,
                       int32_t part_count, size_t elem_count);

#endif
