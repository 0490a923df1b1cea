/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of each type as long double, which holds every 64-bit integer and every double exactly.
 * Sums and products of integers wrap. Not fast. */
#ifndef CX_TESTS_STUB_NCCL_ELEMENTS_H
#define CX_TESTS_STUB_NCCL_ELEMENTS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    STUB_INT8,
    STUB_UINT8,
    STUB_INT32,
    STUB_UINT32,
    STUB_INT64,
    STUB_UINT64,
    STUB_FP16,
    STUB_FP32,
    STUB_FP64,
    STUB_BF16,
    STUB_TYPE_COUNT
};
enum { STUB_SUM, STUB_PROD, STUB_MAX, STUB_MIN, STUB_AVG, STUB_REDOP_COUNT };

static const size_t stub_elem_bytes[STUB_TYPE_COUNT] = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2};

/* A 16-bit float has 10 fraction bits and a bias of 15 (fp16), or 7 and 127 (bf16). Subnormals are
 * left out. */
static inline long double stub_half_value(uint16_t half, int fraction_bits, int bias)
{
    const int         exponent = (half & 0x7fff) >> fraction_bits;
    const int         fraction = half & ((1 << fraction_bits) - 1);
    const long double value =
        exponent == 0 ? 0
                      : ldexpl((1 << fraction_bits) + fraction, exponent - bias - fraction_bits);

    return half & 0x8000 ? -value : value;
}

static inline uint16_t stub_half(long double value, int fraction_bits, int bias)
{
    const int sign = signbit(value) ? 0x8000 : 0;
    int       exponent;
    long      kept;

    if (value == 0) {
        return (uint16_t)sign;
    }
    kept = lrintl(ldexpl(frexpl(fabsl(value), &exponent), fraction_bits + 1));
    /* `kept` carries the hidden bit, which adds one to the exponent. */
    return (uint16_t)(sign + ((exponent - 2 + bias) << fraction_bits) + (int)kept);
}

#define STUB_LOAD(type)                         \
    do {                                        \
        type element;                           \
        memcpy(&element, from, sizeof element); \
        return (long double)element;            \
    } while (0)

static inline long double stub_load(int type, const void *from)
{
    uint16_t half;

    switch (type) {
    case STUB_INT8:
        STUB_LOAD(int8_t);
    case STUB_UINT8:
        STUB_LOAD(uint8_t);
    case STUB_INT32:
        STUB_LOAD(int32_t);
    case STUB_UINT32:
        STUB_LOAD(uint32_t);
    case STUB_INT64:
        STUB_LOAD(int64_t);
    case STUB_UINT64:
        STUB_LOAD(uint64_t);
    case STUB_FP32:
        STUB_LOAD(float);
    case STUB_FP64:
        STUB_LOAD(double);
    default:
        memcpy(&half, from, sizeof half);
        return type == STUB_FP16 ? stub_half_value(half, 10, 15) : stub_half_value(half, 7, 127);
    }
}

#define STUB_STORE(type)                      \
    do {                                      \
        const type element = (type)value;     \
        memcpy(to, &element, sizeof element); \
        return;                               \
    } while (0)

/* Integers are rounded toward zero, as an average of theirs is. */
static inline void stub_store(int type, long double value, void *to)
{
    uint16_t half;

    switch (type) {
    case STUB_INT8:
        STUB_STORE(int8_t);
    case STUB_UINT8:
        STUB_STORE(uint8_t);
    case STUB_INT32:
        STUB_STORE(int32_t);
    case STUB_UINT32:
        STUB_STORE(uint32_t);
    case STUB_INT64:
        STUB_STORE(int64_t);
    case STUB_UINT64:
        STUB_STORE(uint64_t);
    case STUB_FP32:
        STUB_STORE(float);
    case STUB_FP64:
        STUB_STORE(double);
    default:
        half = type == STUB_FP16 ? stub_half(value, 10, 15) : stub_half(value, 7, 127);
        memcpy(to, &half, sizeof half);
    }
}

static inline long double stub_combine(int redop, long double a, long double b)
{
    switch (redop) {
    case STUB_PROD:
        return a * b;
    case STUB_MAX:
        return a > b ? a : b;
    case STUB_MIN:
        return a < b ? a : b;
    default:
        return a + b;
    }
}

static inline bool stub_wraps(int type, int redop)
{
    return type < STUB_FP16 && (redop == STUB_SUM || redop == STUB_PROD);
}

/* Of the lowest bits alone: those do not depend on the sign. */
static inline void stub_reduce_wrapping(const char *first, int block_count, size_t block_bytes,
                                        size_t elem_bytes, int redop, char *to)
{
    uint64_t result = redop == STUB_PROD;

    for (int block = 0; block < block_count; block++) {
        uint64_t elem = 0;

        memcpy(&elem, first + (size_t)block * block_bytes, elem_bytes);
        result = redop == STUB_PROD ? result * elem : result + elem;
    }
    memcpy(to, &result, elem_bytes);
}

/* `blocks` are those of all ranks, in rank order. */
static inline void stub_reduce(const char *blocks, int block_count, size_t elem_count, int type,
                               int redop, char *to)
{
    const size_t bytes = stub_elem_bytes[type];

    for (size_t i = 0; i < elem_count; i++) {
        long double result = stub_load(type, blocks + i * bytes);

        if (stub_wraps(type, redop)) {
            stub_reduce_wrapping(blocks + i * bytes, block_count, elem_count * bytes, bytes, redop,
                                 to + i * bytes);
            continue;
        }
        for (int block = 1; block < block_count; block++) {
            const size_t skip = ((size_t)block * elem_count + i) * bytes;

            result = stub_combine(redop, result, stub_load(type, blocks + skip));
        }
        stub_store(type, redop == STUB_AVG ? result / block_count : result, to + i * bytes);
    }
}

/* Two at a time, so that every partial result is rounded to the type; an average is divided at the
 * end. Integers need no rounding. */
static inline void stub_reduce_stepwise(const char *blocks, int block_count, size_t elem_count,
                                        int type, int redop, char *to)
{
    const size_t bytes = elem_count * stub_elem_bytes[type];

    if (type < STUB_FP16) {
        stub_reduce(blocks, block_count, elem_count, type, redop, to);
        return;
    }
    memcpy(to, blocks, bytes);
    for (int block = 1; block < block_count; block++) {
        for (size_t i = 0; i < elem_count; i++) {
            const size_t skip = i * stub_elem_bytes[type];

            stub_store(type,
                       stub_combine(redop, stub_load(type, to + skip),
                                    stub_load(type, blocks + (size_t)block * bytes + skip)),
                       to + skip);
        }
    }
    for (size_t i = 0; i < elem_count && redop == STUB_AVG; i++) {
        const size_t skip = i * stub_elem_bytes[type];

        stub_store(type, stub_load(type, to + skip) / block_count, to + skip);
    }
}

#endif
