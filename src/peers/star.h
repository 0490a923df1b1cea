/* SPDX-License-Identifier: Apache-2.0 */
/* Collective calls over connected stream sockets, all of which end at rank 0.
 * Not how the sockets came to be (rendezvous.h), and not the fast way on one host (shm.h). */
#ifndef CX_PEERS_STAR_H
#define CX_PEERS_STAR_H

#include "peers/flow.h"

/* Shapes and errors are those of peers.h and cx_flow_complete(); `call` is what the ranks are
 * compared by, and its bytes and root_rank are the sizes. */
cx_status_t cx_star_allgather(cx_star_t *star, const cx_call_t *call, const void *mine, void *all,
                              int64_t deadline_ns);
cx_status_t cx_star_broadcast(cx_star_t *star, const cx_call_t *call, void *bytes,
                              int64_t deadline_ns);
/* Unix sockets only. Nothing stays open on failure. CX_UNSUPPORTED for more than 253 ranks. */
cx_status_t cx_star_exchange_fd(cx_star_t *star, int fd, int *fds, int64_t deadline_ns);
/* Unix sockets only: rank 0's descriptor to all the others, who get a new one in `out`. */
cx_status_t cx_star_share_fd(cx_star_t *star, int fd, int64_t deadline_ns, int *out);

/* One message between rank 0 and one other, inside a collective call: the sequence stays. */
cx_status_t cx_star_send(cx_star_t *star, int32_t to_rank, const cx_call_t *call, const void *bytes,
                         int64_t deadline_ns);
cx_status_t cx_star_receive(cx_star_t *star, int32_t from_rank, const cx_call_t *call, void *bytes,
                            int64_t deadline_ns);

#endif
