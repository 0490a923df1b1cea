/* SPDX-License-Identifier: Apache-2.0 */
/* Routings that draw equally likely experts until they are distinct: uniform, hotspot, alternating
 * groups. Not skewed draws (routing_zipf.c). */
#include "family/ep/routing.h"

static bool is_taken(const int64_t *experts, int64_t count, int64_t expert)
{
    for (int64_t i = 0; i < count; i++) {
        if (experts[i] == expert) {
            return true;
        }
    }
    return false;
}

/* Which slots to fill (from that one on), and which experts there are to choose from. */
typedef struct draw {
    int64_t first_slot, first_expert, range_count;
} draw_t;

/* The modulo's bias is the published generator's: below 2^-44 for a million experts. */
static void draw_experts(const cx_ep_router_t *router, int64_t token, draw_t draw, int64_t *experts)
{
    for (int64_t slot = draw.first_slot; slot < router->workload.topk; slot++) {
        uint64_t attempt = 0;

        do {
            uint64_t number = cx_ep_counter(router, token, slot, attempt++, CX_EP_STREAM_ROUTE);

            experts[slot] = draw.first_expert + (int64_t)(number % (uint64_t)draw.range_count);
        } while (is_taken(experts, slot, experts[slot]));
    }
}

void cx_ep_route_uniform(const cx_ep_router_t *router, int64_t token, int64_t *experts)
{
    draw_experts(router, token, (draw_t){0, 0, router->workload.expert_count}, experts);
}

void cx_ep_route_hotspot(const cx_ep_router_t *router, int64_t token, int64_t *experts)
{
    experts[0] = router->hot_expert;
    draw_experts(router, token, (draw_t){1, 0, router->workload.expert_count}, experts);
}

void cx_ep_route_alternating(const cx_ep_router_t *router, int64_t token, int64_t *experts)
{
    const int64_t half_count = router->workload.expert_count / 2;

    draw_experts(router, token, (draw_t){0, router->workload.step % 2 * half_count, half_count},
                 experts);
}
