/* SPDX-License-Identifier: Apache-2.0 */
/* Workload floors of the collectives.
 * source: docs/floors.md */
#include "family/collective/floor.h"

#include "family/collective/bytes.h"
#include "stats/ranks.h"

#include <math.h>

static double blocks_bytes(const cx_floor_work_t *work, double block_count)
{
    return block_count * (double)work->elems * (double)cx_dtype_bytes(work->shape->dtype);
}

/* What the rank sends to others, or receives from them. */
static double counted_bytes(const cx_floor_work_t *work, int32_t rank)
{
    double sent = 0, received = 0;

    for (int32_t peer_rank = 0; peer_rank < work->rank_count; peer_rank++) {
        if (peer_rank != rank) {
            sent += (double)work->counts[(int64_t)rank * work->rank_count + peer_rank];
            received += (double)work->counts[(int64_t)peer_rank * work->rank_count + rank];
        }
    }
    return fmax(sent, received) * (double)cx_dtype_bytes(work->shape->dtype);
}

double cx_floor_bytes(const cx_floor_work_t *work, int32_t rank)
{
    double other_count = work->rank_count - 1;

    if (work->rank_count < 2) {
        return 0;
    }
    switch (work->shape->op) {
    case CX_COLLECTIVE_ALL_REDUCE:
        return blocks_bytes(work, 2 * other_count / work->rank_count);
    case CX_COLLECTIVE_ALL_GATHER:
    case CX_COLLECTIVE_REDUCE_SCATTER:
    case CX_COLLECTIVE_ALL_TO_ALL:
        return blocks_bytes(work, other_count);
    case CX_COLLECTIVE_ALL_TO_ALL_V:
        return work->counts ? counted_bytes(work, rank) : (double)NAN;
    case CX_COLLECTIVE_BROADCAST:
    case CX_COLLECTIVE_REDUCE:
    case CX_COLLECTIVE_SEND_RECV:
        return blocks_bytes(work, 1);
    case CX_COLLECTIVE_GATHER:
    case CX_COLLECTIVE_SCATTER:
        return blocks_bytes(work, rank == work->shape->root_rank ? other_count : 1);
    default:
        return 0;
    }
}

/* Samples are put together so; what must pass is a lower bound for each rank by itself. */
static double bytes_over_ranks(const cx_floor_work_t *work, double *values, double *scratch)
{
    cx_rank_reduction_t how = CX_RANK_REDUCTION_MEDIAN;
    double              bytes;

    if (work->regime == CX_REGIME_ISOLATED) {
        how = CX_RANK_REDUCTION_MAX;
    } else if (work->regime == CX_REGIME_LOOP_MEAN) {
        how = CX_RANK_REDUCTION_MEAN;
    }
    for (int32_t rank = 0; rank < work->rank_count; rank++) {
        values[rank] = cx_floor_bytes(work, rank);
    }
    cx_reduce_ranks(values, work->rank_count, 1, how, scratch, &bytes);
    return bytes;
}

/* What a kernel costs that does nothing, from an idle start or among others. fmin passes over what
 * is not known. */
static double launch_us(const cx_limits_t *limits, cx_regime_t regime)
{
    return regime == CX_REGIME_ISOLATED ? limits->launch_us
                                        : fmin(limits->launch_loop_us, limits->graph_kernel_us);
}

/* A rank that came early has its launch behind it when the last one's flag arrives; in a chain the
 * launches and the flags may go on at the same time. fmax passes over what is not known. */
static double barrier_us(const cx_limits_t *limits, cx_regime_t regime)
{
    double start_us   = launch_us(limits, regime);
    double one_way_us = limits->flag_round_trip_us / 2;

    if (regime == CX_REGIME_ISOLATED) {
        return start_us + (isnan(one_way_us) ? 0 : one_way_us);
    }
    return fmax(start_us, one_way_us);
}

double cx_floor_link_bytes_per_s(const cx_limits_t *limits)
{
    return fmax(limits->link_copy_bytes_per_s,
                fmax(limits->link_store_bytes_per_s, limits->link_load_bytes_per_s));
}

double cx_floor_us(const cx_limits_t *limits, const cx_floor_work_t *work, double *values,
                   double *scratch)
{
    double bytes_per_s = cx_floor_link_bytes_per_s(limits);
    double bytes;

    if (work->rank_count < 2 || (work->shape->family != CX_FAMILY_COLLECTIVE &&
                                 work->shape->family != CX_FAMILY_ALLREDUCE)) {
        return (double)NAN;
    }
    if (work->shape->op == CX_COLLECTIVE_BARRIER) {
        return barrier_us(limits, work->regime);
    }
    bytes = bytes_over_ranks(work, values, scratch);
    return bytes > 0 ? launch_us(limits, work->regime) + bytes / bytes_per_s * 1e6 : (double)NAN;
}
