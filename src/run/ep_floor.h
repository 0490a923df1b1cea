/* SPDX-License-Identifier: Apache-2.0 */
/* The least that a dispatch or a combine can take, from the bytes that its point says must move.
 * Not the floors of a chain, which are components of their own (measure/pairs.h). */
#ifndef CX_RUN_EP_FLOOR_H
#define CX_RUN_EP_FLOOR_H

#include "model/case.h"
#include "model/ep_point.h"

/* Fill the floor of a row of the point's size: of a dispatch, a combine or a roundtrip, where all
 * slots have one routing. Other rows have none. `limits` NULL: not known. docs/floors.md */
void cx_ep_floor_fill(const cx_limits_t *limits, const cx_case_t *one, int32_t rank_count,
                      const cx_ep_point_t *point, cx_row_t *row);

#endif
