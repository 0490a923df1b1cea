/* SPDX-License-Identifier: Apache-2.0 */
/* Framed messages on non-blocking reads and writes; every wait is one poll() with a deadline. */
#include "peers/flow.h"

#include "base/deadline.h"
#include "base/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_MAGIC UINT32_C(0x43587031) /* "CXp1" */
/* How long a rank waits after its deadline for rank 0 to say who was silent. */
#define GRACE_NS (50 * CX_NS_PER_MS)

/* Ahead of every payload. No padding. A frame with a status is a verdict: its payload is text. */
typedef struct cx_frame {
    uint32_t  magic;
    uint32_t  status;
    uint64_t  sequence;
    cx_call_t call;
} cx_frame_t;

struct cx_flow {
    bool       is_active;
    cx_frame_t frame;
    union {
        const void *from;
        void       *to;
    } payload;
    size_t payload_bytes, done_bytes;
    int   *fds; /* travel with the first byte; NULL for none */
    int    fd_count;
};

cx_status_t cx_star_init(cx_star_t *star, int32_t rank, int32_t rank_count)
{
    memset(star, 0, sizeof *star);
    star->rank       = rank;
    star->rank_count = rank_count;
    star->fds        = malloc((size_t)rank_count * sizeof *star->fds);
    star->flows      = calloc((size_t)rank_count, sizeof *star->flows);
    if (!star->fds || !star->flows) {
        free(star->fds);
        free(star->flows);
        star->fds   = NULL;
        star->flows = NULL;
        return CX_FAIL(CX_RESOURCE, "no memory for %" PRId32 " peers", rank_count);
    }
    for (int32_t peer = 0; peer < rank_count; peer++) {
        star->fds[peer] = -1;
    }
    return CX_OK;
}

void cx_star_fini(cx_star_t *star)
{
    for (int32_t peer = 0; star->fds && peer < star->rank_count; peer++) {
        if (star->fds[peer] >= 0) {
            (void)close(star->fds[peer]);
        }
    }
    free(star->fds);
    free(star->flows);
    star->fds   = NULL;
    star->flows = NULL;
}

/* Best effort, without waiting. A rank in the middle of a message would take the verdict for the
 * rest of it, so it is left to find the connection closed. */
static void tell_others(cx_star_t *star, cx_status_t status)
{
    size_t       text_bytes = strlen(star->verdict);
    cx_frame_t   frame      = {FRAME_MAGIC, (uint32_t)status, star->sequence, {0, 0, text_bytes}};
    struct iovec parts[2]   = {{&frame, sizeof frame}, {star->verdict, text_bytes}};

    for (int32_t peer = 1; peer < star->rank_count; peer++) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

        bool is_midway = star->direction == CX_DIRECTION_SEND && star->flows[peer].is_active &&
                         star->flows[peer].done_bytes > 0;

        if (star->fds[peer] >= 0 && !is_midway) {
            (void)sendmsg(star->fds[peer], &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
    }
}

cx_status_t cx_star_fail(cx_star_t *star, cx_status_t status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(star->verdict, sizeof star->verdict, format, args);
    va_end(args);
    star->is_broken = true;
    if (star->rank == 0) {
        tell_others(star, status);
    }
    return CX_FAIL(status, "%s", star->verdict);
}

/* The verdict of rank 0, if one comes before `deadline_ns`; CX_OK when none does. */
static cx_status_t hear_verdict(cx_star_t *star, int64_t deadline_ns)
{
    struct pollfd poller                 = {.fd = star->fds[0], .events = POLLIN};
    char          text[CX_VERDICT_BYTES] = "";
    cx_frame_t    frame;

    if (poll(&poller, 1, cx_deadline_poll_ms(deadline_ns)) <= 0 ||
        recv(poller.fd, &frame, sizeof frame, MSG_DONTWAIT) != (ssize_t)sizeof frame ||
        frame.magic != FRAME_MAGIC || frame.status == CX_OK || frame.status >= CX_STATUS_COUNT ||
        frame.call.bytes >= sizeof text ||
        recv(poller.fd, text, (size_t)frame.call.bytes, MSG_DONTWAIT) < 0) {
        return CX_OK;
    }
    return cx_star_fail(star, (cx_status_t)frame.status, "%s", text);
}

/* The connection to `peer` ended; rank 0 may have said why before it did. */
static cx_status_t explain_loss(cx_star_t *star, int32_t peer)
{
    if (star->rank != 0) {
        CX_TRY(hear_verdict(star, 0));
    }
    return cx_star_fail(star, CX_PEER, "rank %" PRId32 " closed its connection", peer);
}

static cx_status_t explain_silence(cx_star_t *star, const cx_call_t *call)
{
    cx_rank_list_t silent   = {0};
    char           own[128] = "";

    if (star->rank != 0 &&
        (star->direction == CX_DIRECTION_SEND || star->flows[0].done_bytes == 0)) {
        CX_TRY(hear_verdict(star, cx_now_ns() + GRACE_NS));
    }
    for (int32_t peer = 0; peer < star->rank_count; peer++) {
        if (star->flows[peer].is_active) {
            cx_rank_list_add(&silent, peer);
        }
    }
    cx_call_describe(call, star->rank, star->sequence, own, sizeof own);
    return cx_star_fail(star, CX_TIMEOUT, "no answer from rank %s: %s", cx_rank_list_text(&silent),
                        own);
}

static cx_flow_t *start(cx_star_t *star, int32_t peer, const cx_call_t *call, size_t payload_bytes)
{
    cx_flow_t *flow = &star->flows[peer];

    memset(flow, 0, sizeof *flow);
    flow->is_active     = star->fds[peer] >= 0;
    flow->frame         = (cx_frame_t){FRAME_MAGIC, CX_OK, star->sequence, *call};
    flow->payload_bytes = payload_bytes;
    return flow;
}

void cx_flow_send(cx_star_t *star, int32_t peer, const cx_call_t *call, const void *bytes,
                  size_t byte_count)
{
    start(star, peer, call, byte_count)->payload.from = bytes;
}

void cx_flow_receive(cx_star_t *star, int32_t peer, const cx_call_t *call, void *bytes,
                     size_t byte_count)
{
    start(star, peer, call, byte_count)->payload.to = bytes;
}

void cx_flow_attach(cx_star_t *star, int32_t peer, int *fds, int fd_count)
{
    star->flows[peer].fds      = fds;
    star->flows[peer].fd_count = fd_count;
}

static size_t flow_bytes(const cx_flow_t *flow)
{
    return sizeof flow->frame + flow->payload_bytes;
}

static void attach_fds(const cx_flow_t *flow, struct msghdr *message, struct cmsghdr *control)
{
    size_t bytes = (size_t)flow->fd_count * sizeof(int);

    message->msg_control    = control;
    message->msg_controllen = CMSG_SPACE(bytes);
    control->cmsg_level     = SOL_SOCKET;
    control->cmsg_type      = SCM_RIGHTS;
    control->cmsg_len       = CMSG_LEN(bytes);
    memcpy(CMSG_DATA(control), flow->fds, bytes);
}

static ssize_t send_more(int fd, cx_flow_t *flow)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(CX_FLOW_FD_COUNT_MAX * sizeof(int))];

    struct iovec  parts[2];
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 1};
    size_t        head    = sizeof flow->frame;

    if (flow->done_bytes < head) {
        parts[0].iov_base  = (char *)&flow->frame + flow->done_bytes;
        parts[0].iov_len   = head - flow->done_bytes;
        parts[1].iov_base  = flow->payload.to;
        parts[1].iov_len   = flow->payload_bytes;
        message.msg_iovlen = 2;
    } else {
        parts[0].iov_base = (char *)flow->payload.to + (flow->done_bytes - head);
        parts[0].iov_len  = flow_bytes(flow) - flow->done_bytes;
    }
    if (flow->fds && flow->done_bytes == 0) {
        memset(control, 0, sizeof control);
        attach_fds(flow, &message, (struct cmsghdr *)control);
    }
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Descriptors that came with the message; those that are missing stay -1. */
static void detach_fds(cx_flow_t *flow, struct msghdr *message)
{
    struct cmsghdr *control = CMSG_FIRSTHDR(message);

    if (control && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS) {
        memcpy(flow->fds, CMSG_DATA(control), control->cmsg_len - CMSG_LEN(0));
    }
}

/* The frame is read alone, because what follows depends on it. */
static ssize_t receive_more(int fd, cx_flow_t *flow)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(CX_FLOW_FD_COUNT_MAX * sizeof(int))];

    size_t        head    = sizeof flow->frame;
    bool          is_head = flow->done_bytes < head;
    struct iovec  part    = {(char *)&flow->frame + flow->done_bytes, head - flow->done_bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t       got;

    if (!is_head) {
        part.iov_base = (char *)flow->payload.to + (flow->done_bytes - head);
        part.iov_len  = flow_bytes(flow) - flow->done_bytes;
    }
    if (flow->fds && flow->done_bytes == 0) {
        message.msg_control    = control;
        message.msg_controllen = CMSG_SPACE((size_t)flow->fd_count * sizeof(int));
    }
    got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got > 0 && message.msg_controllen > 0 && flow->fds && flow->done_bytes == 0) {
        detach_fds(flow, &message);
    }
    if (got == 0) {
        errno = ECONNRESET; /* end of the stream, for the caller the same as a reset */
        return -1;
    }
    return got;
}

/* A complete frame has come: is it the answer to what this rank called? */
static cx_status_t check_frame(cx_star_t *star, int32_t peer, const cx_call_t *call)
{
    const cx_frame_t *frame = &star->flows[peer].frame;
    char              theirs[128], ours[128];

    if (frame->magic != FRAME_MAGIC) {
        return cx_star_fail(star, CX_PEER, "rank %" PRId32 " sent something that is no message",
                            peer);
    }
    if (frame->status != CX_OK) {
        char   text[CX_VERDICT_BYTES] = "";
        size_t bytes = frame->call.bytes < sizeof text ? (size_t)frame->call.bytes : 0;

        (void)recv(star->fds[peer], text, bytes, MSG_DONTWAIT);
        return cx_star_fail(star, frame->status < CX_STATUS_COUNT ? frame->status : CX_PEER, "%s",
                            text);
    }
    if (frame->sequence == star->sequence && cx_call_is_same(&frame->call, call)) {
        return CX_OK;
    }
    cx_call_describe(&frame->call, peer, frame->sequence, theirs, sizeof theirs);
    cx_call_describe(call, star->rank, star->sequence, ours, sizeof ours);
    return cx_star_fail(star, CX_PEER, "ranks are out of step: %s, %s", theirs, ours);
}

/* Moves what can be moved now of one flow. */
static cx_status_t advance(cx_star_t *star, int32_t peer, cx_direction_t direction,
                           const cx_call_t *call)
{
    cx_flow_t *flow = &star->flows[peer];

    while (flow->done_bytes < flow_bytes(flow)) {
        bool    was_head = flow->done_bytes < sizeof flow->frame;
        ssize_t moved    = direction == CX_DIRECTION_SEND ? send_more(star->fds[peer], flow)
                                                          : receive_more(star->fds[peer], flow);

        if (moved < 0 && (errno == EAGAIN || errno == EINTR)) {
            return CX_OK;
        }
        if (moved < 0) {
            return explain_loss(star, peer);
        }
        flow->done_bytes += (size_t)moved;
        if (direction == CX_DIRECTION_RECEIVE && was_head &&
            flow->done_bytes == sizeof flow->frame) {
            CX_TRY(check_frame(star, peer, call));
        }
    }
    flow->is_active = false;
    return CX_OK;
}

/* Fills `pollers` and returns how many flows are under way. A rank whose part is complete is still
 * watched for its death while others are waited for; one that sends to rank 0 hears its verdict. */
static int32_t watch(const cx_star_t *star, cx_direction_t direction, struct pollfd *pollers)
{
    int32_t active_count = 0;

    for (int32_t peer = 0; peer < star->rank_count; peer++) {
        bool is_active = star->flows[peer].is_active;

        pollers[peer].fd = is_active || direction == CX_DIRECTION_RECEIVE ? star->fds[peer] : -1;
        pollers[peer].events  = POLLRDHUP;
        pollers[peer].revents = 0;
        if (is_active && direction == CX_DIRECTION_SEND) {
            pollers[peer].events = star->rank == 0 ? POLLOUT : POLLOUT | POLLIN;
        } else if (is_active) {
            pollers[peer].events = POLLIN;
        }
        active_count += is_active;
    }
    return active_count;
}

static cx_status_t react(cx_star_t *star, int32_t peer, cx_direction_t direction,
                         const cx_call_t *call, short events)
{
    if (!star->flows[peer].is_active) {
        return explain_loss(star, peer);
    }
    if (direction == CX_DIRECTION_SEND && !(events & POLLOUT)) {
        return explain_loss(star, peer);
    }
    return advance(star, peer, direction, call);
}

cx_status_t cx_flow_complete(cx_star_t *star, cx_direction_t direction, const cx_call_t *call,
                             int64_t deadline_ns)
{
    struct pollfd *pollers = calloc((size_t)star->rank_count, sizeof *pollers);
    cx_status_t    status  = CX_OK;

    if (!pollers) {
        return cx_star_fail(star, CX_RESOURCE, "no memory to wait for %" PRId32 " ranks",
                            star->rank_count);
    }
    star->direction = direction;
    while (status == CX_OK && watch(star, direction, pollers) > 0) {
        int ready = poll(pollers, (nfds_t)star->rank_count, cx_deadline_poll_ms(deadline_ns));

        if (ready == 0 || (ready < 0 && errno != EINTR)) {
            status = explain_silence(star, call);
        }
        for (int32_t peer = 0; ready > 0 && status == CX_OK && peer < star->rank_count; peer++) {
            if (pollers[peer].revents) {
                status = react(star, peer, direction, call, pollers[peer].revents);
            }
        }
    }
    free(pollers);
    return status;
}

int32_t cx_star_find_lost(const cx_star_t *star)
{
    for (int32_t peer = 0; peer < star->rank_count; peer++) {
        struct pollfd poller = {.fd = star->fds[peer], .events = POLLRDHUP};

        if (poller.fd >= 0 && poll(&poller, 1, 0) > 0) {
            return peer;
        }
    }
    return -1;
}
