/* SPDX-License-Identifier: Apache-2.0 */
/* Every collective call is one message up to rank 0 from each, then one message down to each. */
#include "peers/star.h"

#include "base/fail.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

cx_status_t cx_star_allgather(cx_star_t *star, const cx_call_t *call, const void *mine, void *all,
                              int64_t deadline_ns)
{
    size_t each = (size_t)call->bytes, total = each * (size_t)star->rank_count;

    star->sequence++;
    if (star->rank != 0) {
        cx_flow_send(star, 0, call, mine, each);
        CX_TRY(cx_flow_complete(star, CX_DIRECTION_SEND, call, deadline_ns));
        cx_flow_receive(star, 0, call, all, total);
        return cx_flow_complete(star, CX_DIRECTION_RECEIVE, call, deadline_ns);
    }
    for (int32_t peer = 1; peer < star->rank_count; peer++) {
        cx_flow_receive(star, peer, call, each ? (char *)all + (size_t)peer * each : NULL, each);
    }
    CX_TRY(cx_flow_complete(star, CX_DIRECTION_RECEIVE, call, deadline_ns));
    if (each > 0) {
        memmove(all, mine, each);
    }
    for (int32_t peer = 1; peer < star->rank_count; peer++) {
        cx_flow_send(star, peer, call, all, total);
    }
    return cx_flow_complete(star, CX_DIRECTION_SEND, call, deadline_ns);
}

cx_status_t cx_star_broadcast(cx_star_t *star, const cx_call_t *call, void *bytes,
                              int64_t deadline_ns)
{
    size_t  byte_count = (size_t)call->bytes;
    bool    is_root    = star->rank == call->root_rank;
    int32_t root_rank  = call->root_rank;

    star->sequence++;
    if (star->rank != 0) {
        cx_flow_send(star, 0, call, bytes, is_root ? byte_count : 0);
        CX_TRY(cx_flow_complete(star, CX_DIRECTION_SEND, call, deadline_ns));
        cx_flow_receive(star, 0, call, bytes, is_root ? 0 : byte_count);
        return cx_flow_complete(star, CX_DIRECTION_RECEIVE, call, deadline_ns);
    }
    for (int32_t peer = 1; peer < star->rank_count; peer++) {
        cx_flow_receive(star, peer, call, bytes, peer == root_rank ? byte_count : 0);
    }
    CX_TRY(cx_flow_complete(star, CX_DIRECTION_RECEIVE, call, deadline_ns));
    for (int32_t peer = 1; peer < star->rank_count; peer++) {
        cx_flow_send(star, peer, call, bytes, peer == root_rank ? 0 : byte_count);
    }
    return cx_flow_complete(star, CX_DIRECTION_SEND, call, deadline_ns);
}

static void close_fds(int *fds, int32_t fd_count)
{
    for (int32_t index = 0; index < fd_count; index++) {
        if (fds[index] >= 0) {
            (void)close(fds[index]);
            fds[index] = -1;
        }
    }
}

static cx_status_t relay_fds(cx_star_t *star, const cx_call_t *call, int fd, int *fds,
                             int64_t deadline_ns)
{
    fds[0] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    for (int32_t peer = 1; peer < star->rank_count; peer++) {
        cx_flow_receive(star, peer, call, NULL, 0);
        cx_flow_attach(star, peer, &fds[peer], 1);
    }
    CX_TRY(cx_flow_complete(star, CX_DIRECTION_RECEIVE, call, deadline_ns));
    for (int32_t peer = 0; peer < star->rank_count; peer++) {
        if (fds[peer] < 0) {
            return cx_star_fail(star, CX_RESOURCE,
                                "the descriptor of rank %" PRId32
                                " did not arrive at rank 0: it is not open, or rank 0 is at its "
                                "limit of open files (ulimit -n)",
                                peer);
        }
    }
    for (int32_t peer = 1; peer < star->rank_count; peer++) {
        cx_flow_send(star, peer, call, NULL, 0);
        cx_flow_attach(star, peer, fds, star->rank_count);
    }
    return cx_flow_complete(star, CX_DIRECTION_SEND, call, deadline_ns);
}

static cx_status_t trade_fds(cx_star_t *star, const cx_call_t *call, int fd, int *fds,
                             int64_t deadline_ns)
{
    cx_flow_send(star, 0, call, NULL, 0);
    cx_flow_attach(star, 0, &fd, 1);
    CX_TRY(cx_flow_complete(star, CX_DIRECTION_SEND, call, deadline_ns));
    cx_flow_receive(star, 0, call, NULL, 0);
    cx_flow_attach(star, 0, fds, star->rank_count);
    CX_TRY(cx_flow_complete(star, CX_DIRECTION_RECEIVE, call, deadline_ns));
    for (int32_t peer = 0; peer < star->rank_count; peer++) {
        if (fds[peer] < 0) {
            return cx_star_fail(star, CX_RESOURCE,
                                "rank %" PRId32 " is at its limit of open files (ulimit -n)",
                                star->rank);
        }
    }
    return CX_OK;
}

cx_status_t cx_star_exchange_fd(cx_star_t *star, int fd, int *fds, int64_t deadline_ns)
{
    cx_call_t   call = {.kind = CX_CALL_EXCHANGE_FD};
    cx_status_t status;

    if (star->rank_count > CX_FLOW_FD_COUNT_MAX) {
        return CX_FAIL(CX_UNSUPPORTED, "descriptors are exchanged between at most %d ranks",
                       CX_FLOW_FD_COUNT_MAX);
    }
    star->sequence++;
    for (int32_t peer = 0; peer < star->rank_count; peer++) {
        fds[peer] = -1;
    }
    status = star->rank == 0 ? relay_fds(star, &call, fd, fds, deadline_ns)
                             : trade_fds(star, &call, fd, fds, deadline_ns);
    if (status != CX_OK) {
        close_fds(fds, star->rank_count);
    }
    return status;
}

cx_status_t cx_star_share_fd(cx_star_t *star, int fd, int64_t deadline_ns, int *out)
{
    cx_call_t call     = {.kind = CX_CALL_MEET};
    int       received = -1;

    star->sequence++;
    if (star->rank == 0) {
        for (int32_t peer = 1; peer < star->rank_count; peer++) {
            cx_flow_send(star, peer, &call, NULL, 0);
            cx_flow_attach(star, peer, &fd, 1);
        }
        return cx_flow_complete(star, CX_DIRECTION_SEND, &call, deadline_ns);
    }
    cx_flow_receive(star, 0, &call, NULL, 0);
    cx_flow_attach(star, 0, &received, 1);
    CX_TRY(cx_flow_complete(star, CX_DIRECTION_RECEIVE, &call, deadline_ns));
    *out = received;
    return CX_OK;
}

cx_status_t cx_star_send(cx_star_t *star, int32_t to_rank, const cx_call_t *call, const void *bytes,
                         int64_t deadline_ns)
{
    cx_flow_send(star, to_rank, call, bytes, (size_t)call->bytes);
    return cx_flow_complete(star, CX_DIRECTION_SEND, call, deadline_ns);
}

cx_status_t cx_star_receive(cx_star_t *star, int32_t from_rank, const cx_call_t *call, void *bytes,
                            int64_t deadline_ns)
{
    cx_flow_receive(star, from_rank, call, bytes, (size_t)call->bytes);
    return cx_flow_complete(star, CX_DIRECTION_RECEIVE, call, deadline_ns);
}
