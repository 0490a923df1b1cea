/* SPDX-License-Identifier: Apache-2.0 */
/* Reduction of N arrays in rank order, and the loops of the dtypes that C has.
 * Not the 16-bit floats (half.c). */
#include "reduce.h"

#include "loops.h"

#include <string.h>

#define LOOP(name, type, expression)                                                               \
    CX_HOSTREF_CLONES static void name(void *out, const void *a, const void *b, size_t elem_count) \
    {                                                                                              \
        type       *to = out;                                                                      \
        const type *x = a, *y = b;                                                                 \
        CX_HOSTREF_INDEPENDENT                                                                     \
        for (size_t i = 0; i < elem_count; i++) {                                                  \
            to[i] = (type)(expression);                                                            \
        }                                                                                          \
    }

/**
 * Divides in the type `via`, which has vector instructions where integers have none. Truncation
 * makes it exact: x / n that is no integer is at least 1 / n away from one, and `via` is finer than
 * that, for |x| < 2^16 as float and |x| < 2^32 as double.
 */
#define DIVIDE(name, type, via)                                                         \
    CX_HOSTREF_CLONES static void name(void *inout, int32_t divisor, size_t elem_count) \
    {                                                                                   \
        type     *to = inout;                                                           \
        const via by = (via)divisor;                                                    \
        for (size_t i = 0; i < elem_count; i++) {                                       \
            to[i] = (type)((via)to[i] / by);                                            \
        }                                                                               \
    }

/* `wide` is what sums and products are taken in: unsigned, so that integers wrap. */
#define LOOPS(slug, type, wide, via)                  \
    LOOP(sum_##slug, type, (wide)x[i] + (wide)y[i])   \
    LOOP(prod_##slug, type, (wide)x[i] * (wide)y[i])  \
    LOOP(min_##slug, type, x[i] < y[i] ? x[i] : y[i]) \
    LOOP(max_##slug, type, x[i] > y[i] ? x[i] : y[i]) \
    DIVIDE(divide_##slug, type, via)

LOOPS(int8, int8_t, uint32_t, float)
LOOPS(uint8, uint8_t, uint32_t, float)
LOOPS(int16, int16_t, uint32_t, float)
LOOPS(uint16, uint16_t, uint32_t, float)
LOOPS(int32, int32_t, uint32_t, double)
LOOPS(uint32, uint32_t, uint32_t, double)
LOOPS(int64, int64_t, uint64_t, int64_t)
LOOPS(uint64, uint64_t, uint64_t, uint64_t)
LOOPS(fp32, float, float, float)
LOOPS(fp64, double, double, double)

#define ROW(slug)                                                                                \
    {                                                                                            \
        [CX_REDOP_SUM] = sum_##slug, [CX_REDOP_PROD] = prod_##slug, [CX_REDOP_MIN] = min_##slug, \
        [CX_REDOP_MAX] = max_##slug, [CX_REDOP_AVG] = sum_##slug,                                \
    }

static const cx_hostref_combine_fn combine_loops[CX_DTYPE_COUNT][CX_REDOP_COUNT] = {
    [CX_DTYPE_INT8] = ROW(int8),   [CX_DTYPE_UINT8] = ROW(uint8),
    [CX_DTYPE_INT16] = ROW(int16), [CX_DTYPE_UINT16] = ROW(uint16),
    [CX_DTYPE_INT32] = ROW(int32), [CX_DTYPE_UINT32] = ROW(uint32),
    [CX_DTYPE_INT64] = ROW(int64), [CX_DTYPE_UINT64] = ROW(uint64),
    [CX_DTYPE_FP32] = ROW(fp32),   [CX_DTYPE_FP64] = ROW(fp64),
};

/* 16-bit floats are divided while they are still fp32. */
static const cx_hostref_divide_fn divide_loops[CX_DTYPE_COUNT] = {
    [CX_DTYPE_INT8] = divide_int8,   [CX_DTYPE_UINT8] = divide_uint8,
    [CX_DTYPE_INT16] = divide_int16, [CX_DTYPE_UINT16] = divide_uint16,
    [CX_DTYPE_INT32] = divide_int32, [CX_DTYPE_UINT32] = divide_uint32,
    [CX_DTYPE_INT64] = divide_int64, [CX_DTYPE_UINT64] = divide_uint64,
    [CX_DTYPE_FP16] = divide_fp32,   [CX_DTYPE_BF16] = divide_fp32,
    [CX_DTYPE_FP32] = divide_fp32,   [CX_DTYPE_FP64] = divide_fp64,
};

size_t cx_hostref_elem_bytes(cx_dtype_t dtype)
{
    static const size_t elem_bytes[CX_DTYPE_COUNT] = {
#define BYTES(name, slug, bytes) [CX_DTYPE_##name] = (bytes),
        CX_DTYPE_MAP(BYTES)
#undef BYTES
    };

    return elem_bytes[dtype];
}

void cx_hostref_reducer_init(cx_hostref_reducer_t *reducer, cx_dtype_t dtype, cx_redop_t redop)
{
    *reducer = (cx_hostref_reducer_t){
        .elem_bytes = cx_hostref_elem_bytes(dtype),
        .combine    = combine_loops[dtype][redop],
        .divide     = redop == CX_REDOP_AVG ? divide_loops[dtype] : NULL,
    };
    if (dtype == CX_DTYPE_FP16 || dtype == CX_DTYPE_BF16) {
        cx_hostref_half_init(reducer, dtype, redop);
    }
}

static const void *part_at(const void *const *parts, int32_t index, size_t skip_bytes)
{
    return (const unsigned char *)parts[index] + skip_bytes;
}

/* The partial result has its own place: `out` may be a part that is yet to be read. */
static void reduce_many(const cx_hostref_reducer_t *reducer, unsigned char *out,
                        const void *const *parts, int32_t part_count, size_t skip_bytes,
                        size_t elem_count)
{
    /* The widest chunk: 16-bit floats as floats. */
    _Alignas(64) unsigned char acc[2 * CX_HOSTREF_CHUNK_BYTES];
    int32_t                    next = 1;

    if (reducer->widen) {
        reducer->widen(acc, part_at(parts, 0, skip_bytes), elem_count);
    } else {
        reducer->combine(acc, part_at(parts, 0, skip_bytes), part_at(parts, 1, skip_bytes),
                         elem_count);
        next = 2;
    }
    for (; next < part_count; next++) {
        reducer->combine(acc, acc, part_at(parts, next, skip_bytes), elem_count);
    }
    if (reducer->divide) {
        reducer->divide(acc, part_count, elem_count);
    }
    if (reducer->narrow) {
        reducer->narrow(out + skip_bytes, acc, elem_count);
    } else {
        memcpy(out + skip_bytes, acc, elem_count * reducer->elem_bytes);
    }
}

static void reduce_pair(const cx_hostref_reducer_t *reducer, unsigned char *out,
                        const void *const *parts, size_t skip_bytes, size_t elem_count)
{
    const cx_hostref_combine_fn loop = reducer->pair ? reducer->pair : reducer->combine;

    loop(out + skip_bytes, part_at(parts, 0, skip_bytes), part_at(parts, 1, skip_bytes),
         elem_count);
    if (reducer->divide && !reducer->pair) {
        reducer->divide(out + skip_bytes, 2, elem_count);
    }
}

void cx_hostref_reduce(const cx_hostref_reducer_t *reducer, void *out, const void *const *parts,
                       int32_t part_count, size_t elem_count)
{
    const size_t chunk_elems = CX_HOSTREF_CHUNK_BYTES / reducer->elem_bytes;

    if (part_count == 1) {
        memmove(out, parts[0], elem_count * reducer->elem_bytes);
        return;
    }
    for (size_t begin = 0; begin < elem_count; begin += chunk_elems) {
        const size_t left  = elem_count - begin;
        const size_t elems = left < chunk_elems ? left : chunk_elems;

        if (part_count == 2) {
            reduce_pair(reducer, out, parts, begin * reducer->elem_bytes, elems);
        } else {
            reduce_many(reducer, out, parts, part_count, begin * reducer->elem_bytes, elems);
        }
    }
}
