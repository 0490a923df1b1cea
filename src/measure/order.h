/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which things run, so that drift of the machine does not favour the first. */
#ifndef CX_MEASURE_ORDER_H
#define CX_MEASURE_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* A permutation of 0..count-1 that depends on seed and launch only; launch 0 keeps the order of the
 * request, so that a single launch reads as it was asked. Fisher-Yates. */
void cx_trial_order(uint64_t seed, int64_t launch_index, size_t count, size_t *order_out);

/**
 * Another permutation for each trial: the order given, rotated left by one more place each time; in
 * every second cycle of `count` trials the reverse of it. So each comes to every place, after
 * either neighbour.
 * source  the Python CollectiveX, trial order
 */
void cx_rotation_order(int64_t trial_index, size_t count, size_t *order_out);

#endif
