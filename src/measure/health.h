/* SPDX-License-Identifier: Apache-2.0 */
/* How far a chain of pairs can be trusted: gap between pairs, drift, spread of the ranks.
 * Not the chain (pair_chain.c). Source: docs/measurement.md, "Expert parallelism". */
#ifndef CX_MEASURE_HEALTH_H
#define CX_MEASURE_HEALTH_H

#include "measure/pairs.h"

/* p50 of the `count` - 1 times from start to start less p50 of the `count` pairs, in microseconds.
 * shape  scratch [count], count >= 2 */
double cx_chain_gap_us(const double *pair_us, const double *start_to_start_us, int64_t count,
                       double *scratch);

/* p50 of the later half of the pairs less p50 of the earlier, in microseconds; the middle one of an
 * odd count is in the later. shape  scratch [count], count >= 2 */
double cx_chain_drift_us(const double *pair_us, int64_t count, double *scratch);

/* The value of largest magnitude, with its sign; the first of equals. */
double cx_largest_magnitude(const double *values, int64_t count);

/* result->health from the series spread, interpair_gap and settle_drift. */
void cx_chain_health(cx_pair_result_t *result);

#endif
