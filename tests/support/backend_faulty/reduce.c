/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions in rank order, one element at a time, through the widest type of its kind.
 * Shares nothing with any other backend or with the oracle, so that it can disagree with both. */
#include "faulty.h"

#include <math.h>
#include <string.h>

typedef enum kind { KIND_SIGNED, KIND_UNSIGNED, KIND_REAL } kind_t;

typedef union value {
    uint64_t whole; /* sign-extended when signed */
    double   real;
} value_t;

/* A binary floating-point format, as IEEE 754 lays it out. */
typedef struct format {
    int exponent_bits, mantissa_bits;
} format_t;

/* `narrow`: the type that the fault wrong_type reduces in. */
static const struct {
    kind_t   kind;
    int      bits;
    format_t format, narrow;
} dtypes[CX_DTYPE_COUNT] = {
    [CX_DTYPE_INT8]   = {KIND_SIGNED, 8, {0, 0}, {0, 0}},
    [CX_DTYPE_UINT8]  = {KIND_UNSIGNED, 8, {0, 0}, {0, 0}},
    [CX_DTYPE_INT16]  = {KIND_SIGNED, 16, {0, 0}, {0, 0}},
    [CX_DTYPE_UINT16] = {KIND_UNSIGNED, 16, {0, 0}, {0, 0}},
    [CX_DTYPE_INT32]  = {KIND_SIGNED, 32, {0, 0}, {0, 0}},
    [CX_DTYPE_UINT32] = {KIND_UNSIGNED, 32, {0, 0}, {0, 0}},
    [CX_DTYPE_INT64]  = {KIND_SIGNED, 64, {0, 0}, {0, 0}},
    [CX_DTYPE_UINT64] = {KIND_UNSIGNED, 64, {0, 0}, {0, 0}},
    [CX_DTYPE_FP16]   = {KIND_REAL, 16, {5, 10}, {4, 3}},
    [CX_DTYPE_BF16]   = {KIND_REAL, 16, {8, 7}, {4, 3}},
    [CX_DTYPE_FP32]   = {KIND_REAL, 32, {8, 23}, {8, 7}},
    [CX_DTYPE_FP64]   = {KIND_REAL, 64, {11, 52}, {8, 23}},
};

/* Source: IEEE 754-2019, section 3.4. */
static double decode(uint64_t bits, format_t format)
{
    int      bias     = (1 << (format.exponent_bits - 1)) - 1;
    uint64_t implied  = UINT64_C(1) << format.mantissa_bits;
    uint64_t mantissa = bits & (implied - 1);
    int      exponent = (int)(bits >> format.mantissa_bits) & ((1 << format.exponent_bits) - 1);
    bool     is_minus = bits >> (format.exponent_bits + format.mantissa_bits);
    double   size;

    if (exponent == (1 << format.exponent_bits) - 1) {
        size = mantissa ? NAN : INFINITY;
    } else if (exponent == 0) {
        size = ldexp((double)mantissa, 1 - bias - format.mantissa_bits);
    } else {
        size = ldexp((double)(implied + mantissa), exponent - bias - format.mantissa_bits);
    }
    return is_minus ? -size : size;
}

/* To nearest even, which is the rounding nearbyint has by default; overflow ends in infinity. A
 * mantissa that rounds up to the next power of two carries into the exponent by addition. */
static uint64_t encode(double value, format_t format)
{
    int      bias     = (1 << (format.exponent_bits - 1)) - 1;
    uint64_t infinite = ((UINT64_C(1) << format.exponent_bits) - 1) << format.mantissa_bits;
    uint64_t bits     = 0;

    if (isnan(value)) {
        bits = infinite + 1;
    } else if (isinf(value) || ilogb(value) > bias) {
        bits = infinite;
    } else if (value != 0) {
        int exponent = ilogb(value) < 1 - bias ? 1 - bias : ilogb(value);
        bits         = (uint64_t)nearbyint(ldexp(fabs(value), format.mantissa_bits - exponent)) +
               ((uint64_t)(exponent + bias - 1) << format.mantissa_bits);
    }
    return bits | (uint64_t)(signbit(value) != 0) << (format.exponent_bits + format.mantissa_bits);
}

/* The low `bits` of `whole`, as a number of that kind. */
static uint64_t extend(uint64_t whole, kind_t kind, int bits)
{
    int shift = 64 - bits;

    return kind == KIND_SIGNED ? (uint64_t)((int64_t)(whole << shift) >> shift)
                               : whole << shift >> shift;
}

/* Elements are little-endian, as on every host this test runs on. */
static value_t load(const unsigned char *from, cx_dtype_t dtype)
{
    size_t   bytes = (size_t)dtypes[dtype].bits / 8;
    uint64_t bits  = 0;

    memcpy(&bits, from, bytes);
    if (dtypes[dtype].kind == KIND_REAL) {
        return (value_t){.real = decode(bits, dtypes[dtype].format)};
    }
    return (value_t){.whole = extend(bits, dtypes[dtype].kind, dtypes[dtype].bits)};
}

static void store(unsigned char *to, value_t value, cx_dtype_t dtype)
{
    uint64_t bits = value.whole;

    if (dtypes[dtype].kind == KIND_REAL) {
        bits = encode(value.real, dtypes[dtype].format);
    }
    memcpy(to, &bits, (size_t)dtypes[dtype].bits / 8);
}

static double combine_real(double a, double b, cx_redop_t redop)
{
    switch (redop) {
    case CX_REDOP_PROD:
        return a * b;
    case CX_REDOP_MIN:
        return fmin(a, b);
    case CX_REDOP_MAX:
        return fmax(a, b);
    default:
        return a + b;
    }
}

/* Unsigned arithmetic wraps; the caller cuts the value to its width. */
static uint64_t combine_whole(uint64_t a, uint64_t b, cx_redop_t redop, kind_t kind)
{
    bool is_less = kind == KIND_SIGNED ? (int64_t)a < (int64_t)b : a < b;

    switch (redop) {
    case CX_REDOP_PROD:
        return a * b;
    case CX_REDOP_MIN:
        return is_less ? a : b;
    case CX_REDOP_MAX:
        return is_less ? b : a;
    default:
        return a + b;
    }
}

/* Cuts or rounds to the width of the type, or of the narrower one. */
static value_t fit(value_t value, cx_dtype_t dtype, bool is_narrow)
{
    format_t format = is_narrow ? dtypes[dtype].narrow : dtypes[dtype].format;
    int      bits   = is_narrow ? dtypes[dtype].bits / 2 : dtypes[dtype].bits;

    if (dtypes[dtype].kind == KIND_REAL) {
        return (value_t){.real = decode(encode(value.real, format), format)};
    }
    return (value_t){.whole = extend(value.whole, dtypes[dtype].kind, bits)};
}

static value_t combine(value_t a, value_t b, const cx_shape_t *shape)
{
    kind_t kind = dtypes[shape->dtype].kind;

    if (kind == KIND_REAL) {
        return (value_t){.real = combine_real(a.real, b.real, shape->redop)};
    }
    return (value_t){.whole = combine_whole(a.whole, b.whole, shape->redop, kind)};
}

/* An average of integers is truncated toward zero. */
static value_t divide(value_t value, cx_dtype_t dtype, int32_t divisor)
{
    switch (dtypes[dtype].kind) {
    case KIND_REAL:
        return (value_t){.real = value.real / divisor};
    case KIND_SIGNED:
        return (value_t){.whole = (uint64_t)((int64_t)value.whole / divisor)};
    default:
        return (value_t){.whole = value.whole / (uint64_t)divisor};
    }
}

/* Sixteen-bit floats are summed in wide precision and rounded once; the others at every step. */
static value_t reduce_element(const cx_session_t *session, size_t offset, cx_faulty_twist_t twist)
{
    const cx_shape_t *shape      = &session->shape;
    int32_t           rank_count = session->core->rank_count;
    bool is_rounded = twist.is_narrow || twist.is_stepwise || dtypes[shape->dtype].bits > 16 ||
                      dtypes[shape->dtype].kind != KIND_REAL;
    value_t value    = {.whole = 0};
    bool    is_begun = false;

    for (int32_t i = 0; i < rank_count; i++) {
        int32_t rank = (twist.first_rank + i) % rank_count;
        value_t part;
        if (rank == twist.lost_rank) {
            continue;
        }
        part = load(session->gathered + (size_t)rank * session->sent_stride + offset, shape->dtype);
        value    = is_begun ? combine(value, part, shape) : part;
        value    = is_rounded ? fit(value, shape->dtype, twist.is_narrow) : value;
        is_begun = true;
    }
    return shape->redop == CX_REDOP_AVG ? divide(value, shape->dtype, rank_count) : value;
}

void cx_faulty_reduce(cx_session_t *session, cx_faulty_twist_t twist)
{
    for (size_t at = 0; at < session->result_bytes; at += session->elem_bytes) {
        store(session->result + at, reduce_element(session, session->pieces[0].offset + at, twist),
              session->shape.dtype);
    }
}
