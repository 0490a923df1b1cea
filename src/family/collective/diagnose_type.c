/* SPDX-License-Identifier: Apache-2.0 */
/* The theory that a reduction was computed in another type than the case's. */
#include "family/collective/diagnose.h"
#include "family/collective/element.h"
#include "family/collective/inputs.h"
#include "family/collective/recipe.h"
#include "model/case.h"

#include <math.h>
#include <stdio.h>

/* Rounding makes the order matter; these are the orders that backends add ranks in. */
typedef enum order {
    ORDER_RISING,
    ORDER_FALLING,
    ORDER_ROUND_LAST, /* right until the result was stored */
    ORDER_COUNT
} order_t;

/* One attempt: all of `evidence` again in `dtype`, ranks in `order`. */
typedef struct attempt {
    const cx_evidence_t *evidence;
    cx_dtype_t           dtype;
    order_t              order;
} attempt_t;

static cx_dtype_t right_dtype(const attempt_t *attempt)
{
    return attempt->evidence->data->shape->dtype;
}

/* The right result (CX_ALL_RANKS) or one rank's input, for the element at `recv_index`. */
static uint64_t find_bits(const attempt_t *attempt, int64_t recv_index, int32_t rank)
{
    const cx_collective_data_t *data  = attempt->evidence->data;
    cx_collective_piece_t       piece = {
              .slot_index  = attempt->evidence->slot_index,
              .source_rank = rank,
              .skip_rank   = CX_NO_RANK,
              .first       = recv_index + cx_collective_block_start(data, rank, data->rank),
              .elem_count  = 1,
    };
    uint64_t element[1];

    cx_collective_piece(data, &piece, element);
    return cx_element_bits(data->shape->dtype, element);
}

static int32_t nth_rank(const attempt_t *attempt, int32_t i)
{
    return attempt->order == ORDER_FALLING ? attempt->evidence->data->rank_count - 1 - i : i;
}

static double combine_floats(cx_redop_t redop, double a, double b)
{
    switch (redop) {
    case CX_REDOP_PROD:
        return a * b;
    case CX_REDOP_MIN:
        return b < a ? b : a;
    case CX_REDOP_MAX:
        return b > a ? b : a;
    default:
        return a + b;
    }
}

static double round_float(const attempt_t *attempt, double value)
{
    return cx_element_value(attempt->dtype, cx_element_round(attempt->dtype, value));
}

static uint64_t reduce_floats(const attempt_t *attempt, int64_t recv_index)
{
    const cx_collective_data_t *data  = attempt->evidence->data;
    const cx_dtype_t            dtype = right_dtype(attempt);
    double                      acc   = 0.0;

    if (attempt->order == ORDER_ROUND_LAST) {
        acc = round_float(attempt,
                          cx_element_value(dtype, find_bits(attempt, recv_index, CX_ALL_RANKS)));
        return cx_element_round(dtype, acc);
    }
    for (int32_t i = 0; i < data->rank_count; i++) {
        uint64_t bits  = find_bits(attempt, recv_index, nth_rank(attempt, i));
        double   value = round_float(attempt, cx_element_value(dtype, bits));

        acc = i == 0 ? value : round_float(attempt, combine_floats(data->shape->redop, acc, value));
    }
    if (data->shape->redop == CX_REDOP_AVG) {
        acc = round_float(attempt, acc / data->rank_count);
    }
    return cx_element_round(dtype, acc);
}

static bool is_less(cx_dtype_t dtype, int64_t a, int64_t b)
{
    return cx_dtype_is_signed(dtype) ? a < b : (uint64_t)a < (uint64_t)b;
}

static int64_t combine_integers(const attempt_t *attempt, int64_t a, int64_t b)
{
    switch (attempt->evidence->data->shape->redop) {
    case CX_REDOP_PROD:
        return cx_element_wrap(attempt->dtype, (uint64_t)a * (uint64_t)b);
    case CX_REDOP_MIN:
        return is_less(attempt->dtype, b, a) ? b : a;
    case CX_REDOP_MAX:
        return is_less(attempt->dtype, a, b) ? b : a;
    default:
        return cx_element_wrap(attempt->dtype, (uint64_t)a + (uint64_t)b);
    }
}

static uint64_t reduce_integers(const attempt_t *attempt, int64_t recv_index)
{
    const cx_collective_data_t *data = attempt->evidence->data;
    int64_t                     acc  = 0;

    if (attempt->order == ORDER_ROUND_LAST) {
        acc = cx_element_wrap(right_dtype(attempt), find_bits(attempt, recv_index, CX_ALL_RANKS));
        return (uint64_t)cx_element_wrap(attempt->dtype, (uint64_t)acc);
    }
    for (int32_t rank = 0; rank < data->rank_count; rank++) {
        uint64_t bits =
            (uint64_t)cx_element_wrap(right_dtype(attempt), find_bits(attempt, recv_index, rank));
        int64_t value = cx_element_wrap(attempt->dtype, bits);

        acc = rank == 0 ? value : combine_integers(attempt, acc, value);
    }
    if (data->shape->redop == CX_REDOP_AVG) {
        acc = cx_dtype_is_signed(attempt->dtype)
                  ? acc / data->rank_count
                  : (int64_t)((uint64_t)acc / (uint64_t)data->rank_count);
    }
    return (uint64_t)acc;
}

static uint64_t got_bits(const cx_evidence_t *evidence, int64_t recv_index)
{
    const cx_dtype_t dtype = evidence->data->shape->dtype;

    return cx_element_bits(dtype, evidence->recv + (size_t)recv_index * cx_dtype_bytes(dtype));
}

static bool attempt_explains(const attempt_t *attempt)
{
    const cx_evidence_t *evidence   = attempt->evidence;
    const cx_dtype_t     dtype      = right_dtype(attempt);
    int32_t              miss_count = 0;

    for (int32_t i = 0; i < evidence->index_count && miss_count * 4 <= evidence->index_count; i++) {
        int64_t  recv_index = evidence->indexes[i];
        uint64_t bits       = cx_dtype_is_float(dtype) ? reduce_floats(attempt, recv_index)
                                                       : reduce_integers(attempt, recv_index);

        miss_count +=
            cx_element_wrap(dtype, bits) != cx_element_wrap(dtype, got_bits(evidence, recv_index));
    }
    return miss_count * 4 <= evidence->index_count;
}

/* Floats that are all close, but not right, were rounded somewhere, whatever the order was. */
static bool is_rounded(const cx_evidence_t *evidence, double *error_ratio_out)
{
    const attempt_t  attempt     = {.evidence = evidence};
    const cx_dtype_t dtype       = evidence->data->shape->dtype;
    double           error_ratio = 0.0;

    for (int32_t i = 0; i < evidence->index_count; i++) {
        int64_t recv_index = evidence->indexes[i];
        double  right      = cx_element_value(dtype, find_bits(&attempt, recv_index, CX_ALL_RANKS));
        double  got        = cx_element_value(dtype, got_bits(evidence, recv_index));
        double  ratio      = fabs(got - right) / fabs(right);

        if (!(ratio <= 0x1p-5)) {
            return false;
        }
        error_ratio = fmax(error_ratio, ratio);
    }
    *error_ratio_out = error_ratio;
    return evidence->index_count > 1;
}

bool cx_collective_diagnose_type(const cx_evidence_t *evidence, char *out, size_t out_bytes)
{
    const cx_dtype_t right    = evidence->data->shape->dtype;
    const bool       is_float = cx_dtype_is_float(right);
    double           error_ratio;

    for (int dtype = 0; dtype < CX_DTYPE_COUNT; dtype++) {
        for (int order = 0; order < ORDER_COUNT; order++) {
            attempt_t attempt = {evidence, (cx_dtype_t)dtype, (order_t)order};

            if (dtype != (int)right && cx_dtype_is_float(attempt.dtype) == is_float &&
                attempt_explains(&attempt)) {
                snprintf(out, out_bytes, "reduced in %s instead of %s", cx_dtype_slugs[dtype],
                         cx_dtype_slugs[right]);
                return true;
            }
        }
    }
    if (is_float && is_rounded(evidence, &error_ratio)) {
        snprintf(out, out_bytes, "reduced in a type narrower than %s: off by up to 1 in %.0f",
                 cx_dtype_slugs[right], 1.0 / error_ratio);
        return true;
    }
    return false;
}
