/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a collective and the two bandwidths made from them (docs/measurement.md derives them).
 * Not a time: that comes from measure. */
#ifndef CX_FAMILY_COLLECTIVE_BYTES_H
#define CX_FAMILY_COLLECTIVE_BYTES_H

#include "collectivex/shape.h"

#include <stdint.h>

/* The largest of what any rank sends or receives, own blocks included. counts: all_to_all_v. */
int64_t cx_collective_message_bytes(const cx_shape_t *shape, int64_t elems, const int64_t *counts,
                                    int32_t rank_count);

/* message_bytes per second; NAN when time_us is not positive. */
double cx_algbw_bytes_per_s(int64_t message_bytes, double time_us);

/* busbw = factor * algbw. 0 for one rank: nothing crosses a wire. NAN where no factor exists that
 * follows from op and rank_count alone: all_to_all_v (see below) and barrier. */
double cx_busbw_factor(cx_collective_t op, int32_t rank_count);

/* The same for all_to_all_v: what the busiest rank sends to or receives from *others*, over what
 * the busiest rank sends or receives in all. 0 when there is no traffic. */
double cx_busbw_factor_v(const int64_t *counts, int32_t rank_count);

#endif
