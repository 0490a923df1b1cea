/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of device memory of every rank of a host, mapped on the devices of all of them.
 * Not the memory that operations move (workload.h). */
#ifndef CX_RUN_PEER_MEMORY_H
#define CX_RUN_PEER_MEMORY_H

#include "collectivex/core.h"
#include "run/rank_context.h"

#define CX_PEER_MEMORY_RANKS_MAX CX_DEVICE_BARRIER_RANKS_MAX

typedef struct cx_peer_memory {
    void  *at[CX_PEER_MEMORY_RANKS_MAX]; /* by rank; NULL where there is none */
    size_t bytes;                        /* of each */
} cx_peer_memory_t;

/**
 * Collective: on all ranks or on none, each with the same `bytes`, zeroed. For at most
 * CX_PEER_MEMORY_RANKS_MAX ranks of one host.
 * owns    close gives it back, which must be on all ranks or at the process's end
 * errors  those of the device, on any rank, and of peers
 */
cx_status_t cx_peer_memory_open(cx_rank_context_t *context, size_t bytes, cx_peer_memory_t *out);
void        cx_peer_memory_close(const cx_rank_context_t *context, cx_peer_memory_t *memory);

#endif
