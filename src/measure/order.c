/* SPDX-License-Identifier: Apache-2.0 */
/* The order of cases. */
#include "measure/order.h"

#include "base/prng.h"

void cx_trial_order(uint64_t seed, int64_t launch_index, size_t count, size_t *order_out)
{
    uint64_t stream = cx_prng_at(seed, (uint64_t)launch_index);

    for (size_t i = 0; i < count; i++) {
        order_out[i] = i;
    }
    for (size_t i = count; launch_index > 0 && i > 1; i--) {
        size_t other = (size_t)cx_prng_below(cx_prng_at(stream, i), i);
        size_t kept  = order_out[i - 1];

        order_out[i - 1] = order_out[other];
        order_out[other] = kept;
    }
}
