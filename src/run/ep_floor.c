/* SPDX-License-Identifier: Apache-2.0 */
/* Floors of expert parallelism.
 * source: docs/floors.md */
#include "run/ep_floor.h"

#include "family/collective/floor.h"
#include "measure/pairs.h"
#include "run/row.h"

#include <math.h>

/* Of the whole pair and of its halves; 0 for what moves nothing that is counted. */
static int64_t logical_bytes(cx_component_t component, const cx_ep_point_t *point)
{
    switch (component) {
    case CX_COMPONENT_DISPATCH:
        return point->dispatch_logical_bytes;
    case CX_COMPONENT_COMBINE:
        return point->combine_logical_bytes;
    case CX_COMPONENT_ROUNDTRIP:
        return point->dispatch_logical_bytes + point->combine_logical_bytes;
    default:
        return 0;
    }
}

/* The point describes the first slot; these two are others in others. */
static bool is_alike_in_all_slots(const cx_case_t *one)
{
    return one->ep.routing != CX_EP_ROUTING_HOTSPOT_MOVING &&
           one->ep.routing != CX_EP_ROUTING_ALTERNATING_GROUPS;
}

void cx_ep_floor_fill(const cx_limits_t *limits, const cx_case_t *one, int32_t rank_count,
                      const cx_ep_point_t *point, cx_row_t *row)
{
    int64_t all_bytes      = logical_bytes(cx_component_find(row->component), point);
    double  crossing_ratio = (double)(point->copies - point->local_copies) / (double)point->copies;
    double  bytes_per_rank = (double)all_bytes * crossing_ratio / rank_count;

    if (limits && is_alike_in_all_slots(one) && bytes_per_rank > 0) {
        cx_row_set_floor(
            limits->launch_us + bytes_per_rank / cx_floor_link_bytes_per_s(limits) * 1e6, row);
    }
}
