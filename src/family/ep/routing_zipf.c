/* SPDX-License-Identifier: Apache-2.0 */
/* Experts whose popularity falls with their number: weight (e+1)^-s, drawn without putting back.
 * Not equally likely ones (routing_uniform.c).
 *
 * Weights are whole numbers, 2^40 (e+1)^-s but at least 1, so that a draw is exact arithmetic that
 * gives the same expert everywhere, and always ends however steep the popularity is. */
#include "base/prng.h"
#include "family/ep/routing.h"

#include <math.h>

#define WEIGHT_MAX 0x1p40

void cx_ep_zipf_sums(double exponent, int64_t expert_count, uint64_t *sums_out)
{
    sums_out[0] = 0;
    for (int64_t e = 0; e < expert_count; e++) {
        double weight = floor(WEIGHT_MAX * pow((double)(e + 1), -exponent));

        sums_out[e + 1] = sums_out[e] + (weight < 1 ? 1 : (uint64_t)weight);
    }
}

/* The expert in whose stretch [sums[e], sums[e+1]) the place lies. */
static int64_t find_stretch(const uint64_t *sums, int64_t expert_count, uint64_t place)
{
    int64_t low = 0, high = expert_count;

    while (high - low > 1) {
        int64_t middle = (low + high) / 2;

        if (sums[middle] <= place) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Keeps `taken` ascending. */
static void insert_sorted(int64_t *taken, int64_t count, int64_t expert)
{
    int64_t at = count;

    for (; at > 0 && taken[at - 1] > expert; at--) {
        taken[at] = taken[at - 1];
    }
    taken[at] = expert;
}

/* One draw: a place in what is left of the line, moved past the stretches that are gone. */
void cx_ep_route_zipf(const cx_ep_router_t *router, int64_t token, int64_t *experts)
{
    const uint64_t *sums         = router->zipf_sums;
    const int64_t   expert_count = router->workload.expert_count;
    uint64_t        left         = sums[expert_count];
    int64_t         taken[CX_EP_TOPK_MAX];

    for (int64_t slot = 0; slot < router->workload.topk; slot++) {
        uint64_t random = cx_ep_counter(router, token, slot, 0, CX_EP_STREAM_ZIPF);
        uint64_t place  = cx_prng_below(random, left);

        for (int64_t i = 0; i < slot && sums[taken[i]] <= place; i++) {
            place += sums[taken[i] + 1] - sums[taken[i]];
        }
        experts[slot] = find_stretch(sums, expert_count, place);
        left -= sums[experts[slot] + 1] - sums[experts[slot]];
        insert_sorted(taken, slot, experts[slot]);
    }
}
