/* SPDX-License-Identifier: Apache-2.0 */
/* Gates by (seed, token, slot). Not their application. */
#include "family/ep/weights.h"

#include <string.h>

#define RAW_MAX 65535

static void make_row(const cx_ep_router_t *router, int64_t token, float *weights)
{
    const int64_t topk = router->workload.topk;
    uint64_t      raw[CX_EP_TOPK_MAX], sum = 0;

    for (int64_t slot = 0; slot < topk; slot++) {
        raw[slot] = 1 + cx_ep_counter(router, token, slot, 0, CX_EP_STREAM_GATE) % RAW_MAX;
        sum += raw[slot];
    }
    for (int64_t slot = 0; slot < topk; slot++) {
        weights[slot] = (float)((double)raw[slot] / (double)sum);
    }
}

void cx_ep_weights(const cx_ep_router_t *router, int64_t first_token, int64_t token_count,
                   float *weights_out)
{
    const int64_t topk = router->workload.topk;

    if (router->recorded && router->recorded->weights) {
        memcpy(weights_out, router->recorded->weights + first_token * topk,
               (size_t)(token_count * topk) * sizeof *weights_out);
        return;
    }
    for (int64_t i = 0; i < token_count; i++) {
        make_row(router, first_token + i, weights_out + i * topk);
    }
}
