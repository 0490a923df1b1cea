/* SPDX-License-Identifier: Apache-2.0 */
/* The least that a collective can take: what its busiest rank must send or receive, over what the
 * machine's limits allow. docs/floors.md derives it. Not the measuring of the limits
 * (measure/limits.h), and not what a backend really moved. */
#ifndef CX_FAMILY_COLLECTIVE_FLOOR_H
#define CX_FAMILY_COLLECTIVE_FLOOR_H

#include "collectivex/shape.h"
#include "model/case.h"
#include "model/record.h"

/* The work of one size; counts [rank_count][rank_count] is of all_to_all_v alone. */
typedef struct cx_floor_work {
    const cx_shape_t *shape;
    const int64_t    *counts;
    int64_t           elems;
    int32_t           rank_count;
    cx_regime_t       regime;
} cx_floor_work_t;

/* Bytes that pass the connection of `rank` in the one direction in which there are more, at least,
 * where ranks can only send, receive and add. 0 for a barrier and with one rank. */
double cx_floor_bytes(const cx_floor_work_t *work, int32_t rank);

/* The fastest way to a peer in one direction; NAN: unknown. */
double cx_floor_link_bytes_per_s(const cx_limits_t *limits);

/**
 * In us; NAN where nothing has to pass between ranks, where a limit that it needs is not known, and
 * for families that are not made of collectives.
 * Over ranks it is put together as the regime puts its samples together.
 * shape  values and scratch [rank_count]: room, no input
 */
double cx_floor_us(const cx_limits_t *limits, const cx_floor_work_t *work, double *values,
                   double *scratch);

#endif
