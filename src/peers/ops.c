/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of peers.h: through shared memory where there is some, else over the star. */
#include "base/fail.h"
#include "peers/state.h"

#include <fcntl.h>
#include <inttypes.h>

static int32_t rank(const cx_peers_t *peers)
{
    return peers->star.rank;
}

static int32_t rank_count(const cx_peers_t *peers)
{
    return peers->star.rank_count;
}

static int32_t host_index(const cx_peers_t *peers, int32_t of_rank)
{
    return peers->host_indices[of_rank];
}

static cx_status_t check_in_step(const cx_peers_t *peers)
{
    return peers->star.is_broken
               ? CX_FAIL(CX_PEER, "the ranks are out of step since: %s", peers->star.verdict)
               : CX_OK;
}

static cx_status_t gather(cx_peers_t *peers, const cx_call_t *call, const void *mine, void *all,
                          int64_t deadline_ns)
{
    CX_TRY(check_in_step(peers));
    return peers->shm.head
               ? cx_shm_allgather(&peers->shm, &peers->star, call, mine, all, deadline_ns)
               : cx_star_allgather(&peers->star, call, mine, all, deadline_ns);
}

static cx_status_t barrier(cx_peers_t *peers, int64_t deadline_ns)
{
    cx_call_t call = {.kind = CX_CALL_BARRIER};

    return gather(peers, &call, NULL, NULL, deadline_ns);
}

static cx_status_t allgather(cx_peers_t *peers, const void *mine, void *all, size_t bytes_each,
                             int64_t deadline_ns)
{
    cx_call_t call = {.kind = CX_CALL_ALLGATHER, .bytes = bytes_each};

    return gather(peers, &call, mine, all, deadline_ns);
}

static cx_status_t broadcast(cx_peers_t *peers, void *bytes, size_t byte_count, int32_t root_rank,
                             int64_t deadline_ns)
{
    cx_call_t call = {.kind = CX_CALL_BROADCAST, .root_rank = root_rank, .bytes = byte_count};

    if (root_rank < 0 || root_rank >= peers->star.rank_count) {
        return CX_FAIL(CX_INVALID, "broadcast from rank %" PRId32 " among %" PRId32 " ranks",
                       root_rank, peers->star.rank_count);
    }
    CX_TRY(check_in_step(peers));
    return peers->shm.head ? cx_shm_broadcast(&peers->shm, &peers->star, &call, bytes, deadline_ns)
                           : cx_star_broadcast(&peers->star, &call, bytes, deadline_ns);
}

static cx_status_t exchange_fd(cx_peers_t *peers, int fd, int *fds, int64_t deadline_ns)
{
    cx_call_t call = {.kind = CX_CALL_EXCHANGE_FD};

    if (peers->host_count > 1) {
        return CX_FAIL(CX_UNSUPPORTED,
                       "descriptors cannot be exchanged: the %" PRId32 " ranks are on %" PRId32
                       " hosts",
                       peers->star.rank_count, peers->host_count);
    }
    if (!peers->star.is_unix) {
        return CX_FAIL(CX_UNSUPPORTED, "descriptors cannot be exchanged: the ranks are on one host "
                                       "but could not connect through AF_UNIX sockets");
    }
    if (fcntl(fd, F_GETFD) < 0) {
        return CX_FAIL(CX_INVALID, "descriptor %d to be exchanged is not open", fd);
    }
    /* Ranks that call something else wait in shared memory and would not see the star's message. */
    CX_TRY(gather(peers, &call, NULL, NULL, deadline_ns));
    return cx_star_exchange_fd(&peers->star, fd, fds, deadline_ns);
}

#define OPS(way)                                                                         \
    {                                                                                    \
        .name = (way), .rank = rank, .rank_count = rank_count, .host_index = host_index, \
        .barrier = barrier, .allgather = allgather, .broadcast = broadcast,              \
        .exchange_fd = exchange_fd                                                       \
    }

const cx_peers_ops_t cx_peers_self_ops  = OPS("self");
const cx_peers_ops_t cx_peers_local_ops = OPS("local");
const cx_peers_ops_t cx_peers_tcp_ops   = OPS("tcp");
