/* SPDX-License-Identifier: Apache-2.0 */
/* Message sizes and bandwidths; every factor is derived in docs/measurement.md. */
#include "family/collective/bytes.h"

#include "family/collective/layout.h"
#include "model/case.h"

#include <math.h>

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t cx_collective_message_bytes(const cx_shape_t *shape, int64_t elems, const int64_t *counts,
                                    int32_t rank_count)
{
    int64_t largest_elems = 0;

    for (int32_t rank = 0; rank < rank_count; rank++) {
        cx_collective_extent_t extent =
            cx_collective_extent(shape, elems, counts, rank, rank_count);

        largest_elems = larger(largest_elems, larger(extent.send_elems, extent.recv_elems));
    }
    return largest_elems * (int64_t)cx_dtype_bytes(shape->dtype);
}

double cx_algbw_bytes_per_s(int64_t message_bytes, double time_us)
{
    return time_us > 0.0 ? (double)message_bytes / (time_us * 1e-6) : (double)NAN;
}

double cx_busbw_factor(cx_collective_t op, int32_t rank_count)
{
    const double others_ratio = (double)(rank_count - 1) / (double)rank_count;

    switch (op) {
    case CX_COLLECTIVE_ALL_REDUCE:
        return 2.0 * others_ratio;
    case CX_COLLECTIVE_ALL_GATHER:
    case CX_COLLECTIVE_REDUCE_SCATTER:
    case CX_COLLECTIVE_ALL_TO_ALL:
    case CX_COLLECTIVE_GATHER:
    case CX_COLLECTIVE_SCATTER:
        return others_ratio;
    case CX_COLLECTIVE_BROADCAST:
    case CX_COLLECTIVE_REDUCE:
    case CX_COLLECTIVE_SEND_RECV:
        return rank_count > 1 ? 1.0 : 0.0;
    default:
        return (double)NAN;
    }
}

double cx_busbw_factor_v(const int64_t *counts, int32_t rank_count)
{
    int64_t largest_all = 0, largest_others = 0;

    for (int64_t rank = 0; rank < rank_count; rank++) {
        int64_t sent = 0, received = 0;
        int64_t own = counts[rank * rank_count + rank];

        for (int64_t peer_rank = 0; peer_rank < rank_count; peer_rank++) {
            sent += counts[rank * rank_count + peer_rank];
            received += counts[peer_rank * rank_count + rank];
        }
        largest_all    = larger(largest_all, larger(sent, received));
        largest_others = larger(largest_others, larger(sent, received) - own);
    }
    return largest_all ? (double)largest_others / (double)largest_all : 0.0;
}
