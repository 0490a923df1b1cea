/* SPDX-License-Identifier: Apache-2.0 */
/* From a description to peers: connect the star, learn the hosts, and where there is but one host
 * move to shared memory. */
#include "peers/meet.h"

#include "base/deadline.h"
#include "base/fail.h"
#include "base/log.h"
#include "peers/hosts.h"
#include "peers/rendezvous.h"
#include "peers/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Said once by every rank to all, first thing on a fresh star. No padding. */
typedef struct cx_introduction {
    uint64_t host_identity;
    int32_t  rank, rank_count;
} cx_introduction_t;

static cx_status_t check_meeting(const cx_meeting_t *meeting)
{
    int32_t expected = meeting->rank == 0 ? meeting->rank_count - 1 : 1;

    if (meeting->rank_count < 1 || meeting->rank < 0 || meeting->rank >= meeting->rank_count) {
        return CX_FAIL(CX_INVALID, "rank %" PRId32 " of %" PRId32 " ranks cannot be", meeting->rank,
                       meeting->rank_count);
    }
    if (meeting->rank_count == 1) {
        return CX_OK;
    }
    if (meeting->star_fds && meeting->address) {
        return CX_FAIL(CX_INVALID, "rank %" PRId32 " was given both descriptors and address '%s'",
                       meeting->rank, meeting->address);
    }
    if (!meeting->star_fds && !meeting->address) {
        return CX_FAIL(CX_INVALID,
                       "rank %" PRId32 " of %" PRId32
                       " was given neither descriptors nor an address: set CX_ADDRESS",
                       meeting->rank, meeting->rank_count);
    }
    if (meeting->star_fds && meeting->star_fd_count != expected) {
        return CX_FAIL(CX_INVALID,
                       "rank %" PRId32 " of %" PRId32 " needs %" PRId32
                       " descriptors, got %" PRId32,
                       meeting->rank, meeting->rank_count, expected, meeting->star_fd_count);
    }
    return CX_OK;
}

static void close_star_fds(const cx_meeting_t *meeting)
{
    for (int32_t index = 0; meeting->star_fds && index < meeting->star_fd_count; index++) {
        (void)close(meeting->star_fds[index]);
    }
}

/* The descriptors become the star's, and no child's. */
static void adopt(cx_star_t *star, const cx_meeting_t *meeting)
{
    star->is_unix = true;
    for (int32_t index = 0; index < meeting->star_fd_count; index++) {
        int32_t peer = star->rank == 0 ? index + 1 : 0;

        star->fds[peer] = meeting->star_fds[index];
        (void)fcntl(star->fds[peer], F_SETFD, FD_CLOEXEC);
    }
}

static cx_status_t check_introductions(const cx_introduction_t *all, int32_t rank_count)
{
    for (int32_t rank = 0; rank < rank_count; rank++) {
        if (all[rank].rank != rank || all[rank].rank_count != rank_count) {
            return CX_FAIL(CX_PEER,
                           "the connection of rank %" PRId32 " of %" PRId32
                           " leads to a process that says it is rank %" PRId32 " of %" PRId32,
                           rank, rank_count, all[rank].rank, all[rank].rank_count);
        }
    }
    return CX_OK;
}

/* Who is on which host. */
static cx_status_t introduce(cx_peers_t *peers, int64_t deadline_ns)
{
    cx_star_t         *star  = &peers->star;
    size_t             count = (size_t)star->rank_count;
    cx_call_t          call  = {.kind = CX_CALL_MEET, .bytes = sizeof(cx_introduction_t)};
    cx_introduction_t  mine  = {.rank = star->rank, .rank_count = star->rank_count};
    cx_introduction_t *all   = calloc(count, sizeof *all);
    uint64_t          *hosts = calloc(count, sizeof *hosts);
    cx_status_t        status;

    if (!all || !hosts) {
        status = CX_FAIL(CX_RESOURCE, "no memory for %" PRId32 " peers", star->rank_count);
        goto free_all;
    }
    CX_TRY_OR(free_all, cx_host_identify(&mine.host_identity));
    CX_TRY_OR(free_all, cx_star_allgather(star, &call, &mine, all, deadline_ns));
    CX_TRY_OR(free_all, check_introductions(all, star->rank_count));
    for (int32_t rank = 0; rank < star->rank_count; rank++) {
        hosts[rank] = all[rank].host_identity;
    }
    cx_host_number(hosts, star->rank_count, peers->host_indices);
    for (int32_t rank = 0; rank < star->rank_count; rank++) {
        if (peers->host_indices[rank] >= peers->host_count) {
            peers->host_count = peers->host_indices[rank] + 1;
        }
    }
free_all:
    free(all);
    free(hosts);
    return status;
}

/* True on all ranks when `is_ready` is on all ranks. */
static cx_status_t agree(cx_star_t *star, bool is_ready, int64_t deadline_ns, bool *out)
{
    cx_call_t   call = {.kind = CX_CALL_MEET, .bytes = 1};
    uint8_t     mine = is_ready;
    uint8_t    *all  = calloc((size_t)star->rank_count, 1);
    cx_status_t status;

    if (!all) {
        return CX_FAIL(CX_RESOURCE, "no memory for %" PRId32 " peers", star->rank_count);
    }
    status = cx_star_allgather(star, &call, &mine, all, deadline_ns);
    *out   = status == CX_OK && !memchr(all, 0, (size_t)star->rank_count);
    free(all);
    return status;
}

/* TCP on one host: the same ranks meet again at an abstract name of rank 0's choice, through which
 * descriptors can travel. Failing that, all stay with TCP. */
static cx_status_t move_to_unix(cx_star_t *star, uint64_t token, int64_t deadline_ns)
{
    char        place[64] = "";
    cx_call_t   call      = {.kind = CX_CALL_MEET, .bytes = sizeof place};
    int64_t     now_ns    = cx_now_ns();
    cx_star_t   moved;
    bool        is_moved;
    cx_status_t status;

    (void)snprintf(place, sizeof place, "unix:collectivex-%016" PRIx64 "-%ld", token,
                   (long)getpid());
    CX_TRY(cx_star_broadcast(star, &call, place, deadline_ns));
    CX_TRY(cx_star_init(&moved, star->rank, star->rank_count));
    /* Half of the time, so that enough is left to agree that it did not work. */
    is_moved = cx_rendezvous(&moved, place, token, now_ns + (deadline_ns - now_ns) / 2) == CX_OK;
    status   = agree(star, is_moved, deadline_ns, &is_moved);
    if (status == CX_OK && is_moved) {
        cx_star_t tcp = *star;

        *star = moved;
        moved = tcp;
    }
    cx_star_fini(&moved);
    return status;
}

/* Rank 0's zeroed memory, for the others -1. */
static int make_memory(const cx_star_t *star)
{
    int fd = star->rank == 0 ? memfd_create("collectivex-peers", MFD_CLOEXEC) : -1;

    if (fd >= 0 && ftruncate(fd, (off_t)cx_shm_bytes(star->rank_count)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Where memory cannot be shared all ranks stay with the star, which is slower and as right. */
static cx_status_t share_memory(cx_peers_t *peers, int64_t deadline_ns)
{
    cx_star_t  *star = &peers->star;
    int         fd   = make_memory(star);
    bool        is_ready;
    cx_status_t status;

    CX_TRY_OR(close_fd, agree(star, star->rank != 0 || fd >= 0, deadline_ns, &is_ready));
    if (!is_ready) {
        goto close_fd;
    }
    CX_TRY_OR(close_fd, cx_star_share_fd(star, fd, deadline_ns, &fd));
    is_ready = cx_shm_open(&peers->shm, fd, star->rank, star->rank_count) == CX_OK;
    CX_TRY_OR(close_fd, agree(star, is_ready, deadline_ns, &is_ready));
    if (!is_ready) {
        cx_shm_close(&peers->shm);
        goto close_fd;
    }
    cx_shm_settle(&peers->shm);
close_fd:
    if (fd >= 0) {
        (void)close(fd);
    }
    return status;
}

static cx_status_t connect_star(cx_peers_t *peers, const cx_meeting_t *meeting, int64_t deadline_ns)
{
    if (meeting->rank_count == 1) {
        peers->star.is_unix = true; /* nothing has to travel */
        return CX_OK;
    }
    if (meeting->star_fds) {
        adopt(&peers->star, meeting);
        return CX_OK;
    }
    return cx_rendezvous(&peers->star, meeting->address, meeting->token, deadline_ns);
}

static cx_status_t meet(cx_peers_t *peers, const cx_meeting_t *meeting, int64_t deadline_ns)
{
    cx_star_t *star = &peers->star;

    CX_TRY(connect_star(peers, meeting, deadline_ns));
    CX_TRY(introduce(peers, deadline_ns));
    if (star->rank_count == 1 || peers->host_count > 1) {
        return CX_OK;
    }
    if (!star->is_unix) {
        CX_TRY(move_to_unix(star, meeting->token, deadline_ns));
    }
    if (star->is_unix) {
        CX_TRY(share_memory(peers, deadline_ns));
    }
    if (!peers->shm.head) {
        cx_log(CX_LOG_WARN, "peers", "no shared memory, calls go through sockets: %s",
               cx_detail()->text);
        cx_detail_clear(); /* survived, so it must not stand before a later failure */
    }
    return CX_OK;
}

static const cx_peers_ops_t *choose_ops(const cx_meeting_t *meeting)
{
    if (meeting->rank_count == 1) {
        return &cx_peers_self_ops;
    }
    return meeting->address && strncmp(meeting->address, "tcp:", 4) == 0 ? &cx_peers_tcp_ops
                                                                         : &cx_peers_local_ops;
}

cx_status_t cx_peers_open(const cx_meeting_t *meeting, int64_t deadline_ns,
                          const cx_peers_ops_t **ops, cx_peers_t **out)
{
    cx_peers_t *peers  = NULL;
    cx_status_t status = check_meeting(meeting);

    if (status != CX_OK) {
        goto close_fds;
    }
    peers = calloc(1, sizeof *peers);
    if (!peers) {
        status = CX_FAIL(CX_RESOURCE, "no memory for peers");
        goto close_fds;
    }
    peers->host_indices = calloc((size_t)meeting->rank_count, sizeof *peers->host_indices);
    status              = cx_star_init(&peers->star, meeting->rank, meeting->rank_count);
    if (status != CX_OK || !peers->host_indices) {
        status = CX_FAIL(CX_RESOURCE, "no memory for %" PRId32 " peers", meeting->rank_count);
        cx_peers_close(NULL, peers);
        goto close_fds;
    }
    status = meet(peers, meeting, deadline_ns);
    if (status != CX_OK) {
        cx_peers_close(NULL, peers);
        return status;
    }
    *ops = choose_ops(meeting);
    *out = peers;
    return CX_OK;
close_fds:
    close_star_fds(meeting);
    return status;
}

void cx_peers_close(const cx_peers_ops_t *ops, cx_peers_t *peers)
{
    (void)ops;
    if (!peers) {
        return;
    }
    cx_shm_close(&peers->shm);
    cx_star_fini(&peers->star);
    free(peers->host_indices);
    free(peers);
}
