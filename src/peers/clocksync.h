/* SPDX-License-Identifier: Apache-2.0 */
/* A common time base: from this process's clock to rank 0's, with a bound of the error.
 * Not the clock of a device, and not a timer of work. */
#ifndef CX_PEERS_CLOCKSYNC_H
#define CX_PEERS_CLOCKSYNC_H

#include "collectivex/peers.h"

#include <stdint.h>

/**
 * common_ns = local_ns + offset_ns + drift_ratio * (local_ns - reference_ns)
 *
 * bound_ns  how far that may be off within the synchronisation itself: the worst half-width of an
 *           offset interval plus the worst residual of the fit. It grows afterwards, by about
 *           bound_ns per length of the synchronisation (half a second), so repeat it every few
 *           seconds; a skew smaller than the bound is not to be claimed
 */
typedef struct cx_clock_model {
    double  offset_ns, drift_ratio, bound_ns;
    int64_t reference_ns; /* local time at which offset_ns holds */
} cx_clock_model_t;

/**
 * Learn this rank's model: collective, takes about half a second across hosts.
 *
 * Ranks of one host share CLOCK_MONOTONIC, so when all are on one host the offset is 0 and the
 * bound is the measured resolution of the clock. Otherwise every rank plays ping-pong with rank 0
 * at several instants; each instant narrows the offset to an interval (as SKaMPI does) and a line
 * is fitted through the mid-points (as HCA3 does, along a star instead of a tree).
 *
 * source  Hunold, Carpen-Amarie, "Hierarchical clock synchronization in MPI", CLUSTER 2018 (HCA3);
 *         Reussner et al., "SKaMPI", EuroPVM/MPI 1998 (offset interval)
 * errors  those of peers.h; CX_UNSUPPORTED when the peers are of a foreign kind on several hosts
 */
cx_status_t cx_clock_sync(const cx_peers_ops_t *ops, cx_peers_t *peers, int64_t deadline_ns,
                          cx_clock_model_t *out);

/* Rank 0's CLOCK_MONOTONIC at this rank's `local_ns`. */
int64_t cx_clock_to_common(const cx_clock_model_t *model, int64_t local_ns);

#endif
