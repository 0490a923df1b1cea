/* SPDX-License-Identifier: Apache-2.0 */
/* Collective calls of the ranks of one host through shared memory, in well under a microsecond.
 * Not how the memory got to the ranks (meet.c); the star tells who died. */
#ifndef CX_PEERS_SHM_H
#define CX_PEERS_SHM_H

#include "peers/star.h"

/* Completed in shm.c: what lies in the shared memory. */
typedef struct cx_shm_head cx_shm_head_t;

typedef struct cx_shm {
    cx_shm_head_t *head; /* NULL when memory is not shared */
    int32_t        rank, rank_count;
    uint64_t       step;         /* of this rank; the ranks are at most one apart */
    int64_t        spin_count;   /* between two looks at the clock */
    int64_t        patience_ns;  /* of a wait before it offers the processor to others */
    int64_t        next_look_ns; /* when the connections are looked at again */
} cx_shm_t;

/* Bytes that rank 0 must provide, zeroed. */
size_t cx_shm_bytes(int32_t rank_count);
/* Maps `fd`, which stays the caller's. CX_RESOURCE when it cannot. */
cx_status_t cx_shm_open(cx_shm_t *shm, int fd, int32_t rank, int32_t rank_count);
void        cx_shm_close(cx_shm_t *shm);
/* Once all ranks have opened: how they wait follows from the processors they have together. */
void cx_shm_settle(cx_shm_t *shm);

/* As their names in peers.h; `star` finds the dead and is broken by a failure. Barrier is an
 * allgather of no bytes. */
cx_status_t cx_shm_allgather(cx_shm_t *shm, cx_star_t *star, const cx_call_t *call,
                             const void *mine, void *all, int64_t deadline_ns);
cx_status_t cx_shm_broadcast(cx_shm_t *shm, cx_star_t *star, const cx_call_t *call, void *bytes,
                             int64_t deadline_ns);

#endif
