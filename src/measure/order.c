/* SPDX-License-Identifier: Apache-2.0 */
/* The orders of cases, and of what a trial goes through. */
#include "measure/order.h"

#include "base/prng.h"

#include <stdbool.h>

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

void cx_rotation_order(int64_t trial_index, size_t count, size_t *order_out)
{
    size_t trial      = (size_t)trial_index;
    bool   is_reverse = trial / count % 2 == 1;

    for (size_t i = 0; i < count; i++) {
        size_t place = (i + trial) % count;

        order_out[i] = is_reverse ? count - 1 - place : place;
    }
}
