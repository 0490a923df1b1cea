/* SPDX-License-Identifier: Apache-2.0 */
/* One host needs no synchronisation; several play ping-pong with rank 0, see clockping.c. */
#include "peers/clocksync.h"

#include "base/deadline.h"
#include "base/fail.h"
#include "peers/clockping.h"
#include "peers/state.h"

#define RESOLUTION_READS 1000

/* The smallest step the clock is seen to make. */
static double measure_resolution_ns(void)
{
    int64_t best_ns = INT64_MAX, last_ns = cx_now_ns();

    for (int read = 0; read < RESOLUTION_READS || best_ns == INT64_MAX; read++) {
        int64_t now_ns = cx_now_ns();

        if (now_ns > last_ns && now_ns - last_ns < best_ns) {
            best_ns = now_ns - last_ns;
        }
        last_ns = now_ns;
    }
    return (double)best_ns;
}

static bool is_one_host(const cx_peers_ops_t *ops, const cx_peers_t *peers)
{
    for (int32_t rank = 1; rank < ops->rank_count(peers); rank++) {
        if (ops->host_index(peers, rank) != ops->host_index(peers, 0)) {
            return false;
        }
    }
    return true;
}

cx_status_t cx_clock_sync(const cx_peers_ops_t *ops, cx_peers_t *peers, int64_t deadline_ns,
                          cx_clock_model_t *out)
{
    cx_clock_model_t model;

    CX_TRY(ops->barrier(peers, deadline_ns));
    if (is_one_host(ops, peers)) {
        *out = (cx_clock_model_t){.bound_ns = measure_resolution_ns(), .reference_ns = cx_now_ns()};
        return CX_OK;
    }
    if (ops != &cx_peers_tcp_ops) {
        return CX_FAIL(CX_UNSUPPORTED,
                       "clocks across hosts can only be learnt by tcp peers, not %s", ops->name);
    }
    CX_TRY(cx_clock_ping(&peers->star, cx_now_ns, deadline_ns, &model));
    *out = model;
    return CX_OK;
}
