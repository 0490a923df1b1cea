/* SPDX-License-Identifier: Apache-2.0 */
/* How a rank talks to the others outside any timed window: bring-up and the control plane.
 * Not a transport that is measured. */
#ifndef COLLECTIVEX_PEERS_H
#define COLLECTIVEX_PEERS_H

#include "collectivex/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cx_peers cx_peers_t; /* completed by each way of meeting */

/**
 * The control plane. Every call but rank, rank_count and host_index is collective: all ranks call
 * it in the same order with the same sizes.
 *
 * units   deadline_ns is absolute on CLOCK_MONOTONIC of this host; every wait has one
 * errors  CX_TIMEOUT deadline passed (the detail names the silent ranks) · CX_PEER a rank died,
 *         closed its connection or called something else · CX_UNSUPPORTED exchange_fd across hosts
 */
typedef struct cx_peers_ops {
    const char *name; /* "self", "local", "tcp" */
    int32_t (*rank)(const cx_peers_t *peers);
    int32_t (*rank_count)(const cx_peers_t *peers);
    /* hosts are numbered by their lowest rank; ranks of one host can share memory */
    int32_t (*host_index)(const cx_peers_t *peers, int32_t rank);
    cx_status_t (*barrier)(cx_peers_t *peers, int64_t deadline_ns);
    /* `all` receives rank_count blocks of bytes_each in rank order, own block included */
    cx_status_t (*allgather)(cx_peers_t *peers, const void *mine, void *all, size_t bytes_each,
                             int64_t deadline_ns);
    cx_status_t (*broadcast)(cx_peers_t *peers, void *bytes, size_t byte_count, int32_t root_rank,
                             int64_t deadline_ns);
    /* `fds` receives rank_count descriptors owned by the caller; fds[own rank] is a dup of `fd` */
    cx_status_t (*exchange_fd)(cx_peers_t *peers, int fd, int *fds, int64_t deadline_ns);
} cx_peers_ops_t;

#ifdef __cplusplus
}
#endif
#endif
