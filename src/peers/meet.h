/* SPDX-License-Identifier: Apache-2.0 */
/* How the ranks of a run find each other: from a description of the meeting to a control plane.
 * Not how a process learns its rank (env.h), and not a transport that is measured. */
#ifndef CX_PEERS_MEET_H
#define CX_PEERS_MEET_H

#include "collectivex/peers.h"

#include <stdint.h>

/**
 * What a rank process knows before it meets the others. Exactly one way is described:
 *
 * rank_count 1    nobody to meet; star_fds and address are not looked at
 * star_fds        connected AF_UNIX stream sockets made by the process that started all ranks:
 *                 rank 0 has rank_count - 1, star_fds[i] leads to rank i + 1; every other rank has
 *                 one, which leads to rank 0. Owned by cx_peers_open() from the call on, also when
 *                 it fails. The starter closes its copies, or a death is never noticed
 * address         "unix:NAME" (abstract AF_UNIX, one host) or "tcp:HOST:PORT" ("tcp:[::1]:PORT"):
 *                 rank 0 listens there, the others connect until the deadline. A numeric HOST is
 *                 also what rank 0 binds; a name is only for the others, rank 0 binds all
 * token           the same on all ranks of a run and on no other run: keeps runs apart that share
 *                 an address. It is not a secret and authenticates nobody
 */
typedef struct cx_meeting {
    int32_t     rank, rank_count;
    int32_t     local_rank, local_rank_count; /* as the launcher says; open measures hosts itself */
    int32_t     star_fd_count;
    const int  *star_fds; /* NULL when there are none */
    const char *address;  /* NULL when there is none; borrowed during the call */
    uint64_t    token;
} cx_meeting_t;

/**
 * Meet the others: collective over all ranks. Fills `ops` and `out` on success only.
 *
 * After CX_TIMEOUT or CX_PEER from any call the ranks are out of step: every later call fails with
 * CX_PEER, and all that is left to do is cx_peers_close().
 *
 * errors  CX_INVALID the description contradicts itself · CX_TIMEOUT a rank did not come (named) ·
 *         CX_PEER ranks disagree on who they are (both sides named), or one died · CX_RESOURCE no
 *         descriptor, memory, name or port · CX_UNSUPPORTED the address cannot be used here
 */
cx_status_t cx_peers_open(const cx_meeting_t *meeting, int64_t deadline_ns,
                          const cx_peers_ops_t **ops, cx_peers_t **out);

/* Not collective. The others notice in their next or running call. NULL peers are nothing to do. */
void cx_peers_close(const cx_peers_ops_t *ops, cx_peers_t *peers);

#endif
