/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions of single elements. No loops. */
#include "family/collective/element.h"

#include "family/collective/recipe.h"
#include "family/common/halves.h"
#include "model/case.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t cx_element_bits(cx_dtype_t dtype, const void *element)
{
    uint64_t bits = 0;

    memcpy(&bits, element, cx_dtype_bytes(dtype)); /* little-endian, as every supported host */
    return bits;
}

int64_t cx_element_wrap(cx_dtype_t dtype, uint64_t bits)
{
    const int shift = 64 - 8 * (int)cx_dtype_bytes(dtype);

    bits <<= shift;
    return cx_dtype_is_signed(dtype) ? (int64_t)bits >> shift : (int64_t)(bits >> shift);
}

double cx_element_value(cx_dtype_t dtype, uint64_t bits)
{
    double value;

    switch (dtype) {
    case CX_DTYPE_FP16:
        return (double)cx_fp16_to_float((uint16_t)bits);
    case CX_DTYPE_BF16:
        return (double)cx_bf16_to_float((uint16_t)bits);
    case CX_DTYPE_FP32:
        return (double)cx_float_from_bits((uint32_t)bits);
    default:
        memcpy(&value, &bits, sizeof value);
        return value;
    }
}

uint64_t cx_element_round(cx_dtype_t dtype, double value)
{
    uint64_t bits;

    switch (dtype) {
    case CX_DTYPE_FP16:
        return cx_fp16_from_float((float)value);
    case CX_DTYPE_BF16:
        return cx_bf16_from_float((float)value);
    case CX_DTYPE_FP32:
        return cx_float_bits((float)value);
    default:
        memcpy(&bits, &value, sizeof bits);
        return bits;
    }
}

const char *cx_element_print(cx_dtype_t dtype, const void *element, char *out, size_t out_bytes)
{
    const uint64_t bits   = cx_element_bits(dtype, element);
    const int      digits = 2 * (int)cx_dtype_bytes(dtype);

    if (cx_dtype_is_float(dtype)) {
        snprintf(out, out_bytes, "0x%0*" PRIx64 " (%.9g)", digits, bits,
                 cx_element_value(dtype, bits));
    } else if (cx_dtype_is_signed(dtype)) {
        snprintf(out, out_bytes, "0x%0*" PRIx64 " (%" PRId64 ")", digits, bits,
                 cx_element_wrap(dtype, bits));
    } else {
        snprintf(out, out_bytes, "0x%0*" PRIx64 " (%" PRIu64 ")", digits, bits, bits);
    }
    return out;
}
