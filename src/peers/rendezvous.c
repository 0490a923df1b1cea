/* SPDX-License-Identifier: Apache-2.0 */
/* One hello from each rank, one answer from rank 0 to each. */
#include "peers/rendezvous.h"

#include "base/deadline.h"
#include "base/fail.h"
#include "peers/address.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Byte order is part of it: hosts of different order are strangers. */
#define HELLO_MAGIC UINT64_C(0x436f6c6c65637458) /* "CollectX" */
#define HELLO_VERSION 1u
/* Connections of strangers that may stand around while ranks come. */
#define STRANGER_COUNT_MAX 64
/* How long a rank waits past its deadline for rank 0 to say who is missing. */
#define GRACE_NS (50 * CX_NS_PER_MS)

/* Both without padding: they travel as they lie. */
typedef struct cx_hello {
    uint64_t magic, token;
    uint32_t version, reserved;
    int32_t  rank, rank_count;
} cx_hello_t;

typedef struct cx_answer {
    uint64_t magic;
    uint32_t status, reserved;
    char     text[CX_VERDICT_BYTES];
} cx_answer_t;

/* A connection that has not yet said who it is. */
typedef struct cx_guest {
    int        fd;
    size_t     done_bytes;
    cx_hello_t hello;
} cx_guest_t;

typedef struct cx_door {
    cx_star_t          *star;
    const cx_address_t *address;
    uint64_t            token;
    int                 listener;
    int32_t             guest_count, guest_count_max, missing_count;
    cx_guest_t         *guests;
    struct pollfd      *pollers; /* listener, then guests */
    char                refused[96];
} cx_door_t;

static void send_answer(int fd, cx_status_t status, const char *text)
{
    cx_answer_t answer = {.magic = HELLO_MAGIC, .status = (uint32_t)status};

    (void)snprintf(answer.text, sizeof answer.text, "%s", text);
    (void)send(fd, &answer, sizeof answer, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void dismiss(cx_door_t *door, int32_t index)
{
    (void)close(door->guests[index].fd);
    door->guests[index] = door->guests[--door->guest_count];
}

/* Why a guest that knows the token cannot be let in, into `verdict`; empty when it can. */
static void find_objection(cx_star_t *star, const cx_hello_t *hello)
{
    char  *out       = star->verdict;
    size_t out_bytes = sizeof star->verdict;

    out[0] = '\0';
    if (hello->version != HELLO_VERSION) {
        (void)snprintf(out, out_bytes,
                       "rank %" PRId32 " speaks version %" PRIu32 " of the meeting, rank 0 %u",
                       hello->rank, hello->version, HELLO_VERSION);
    } else if (hello->rank_count != star->rank_count) {
        (void)snprintf(out, out_bytes,
                       "rank %" PRId32 " thinks there are %" PRId32
                       " ranks, rank 0 thinks %" PRId32,
                       hello->rank, hello->rank_count, star->rank_count);
    } else if (hello->rank <= 0 || hello->rank >= star->rank_count) {
        (void)snprintf(out, out_bytes,
                       "a process says it is rank %" PRId32 ", rank 0 expects 1 to %" PRId32,
                       hello->rank, star->rank_count - 1);
    } else if (star->fds[hello->rank] >= 0) {
        (void)snprintf(out, out_bytes, "two processes say they are rank %" PRId32, hello->rank);
    }
}

/* The hello of a guest is complete. */
static cx_status_t receive_guest(cx_door_t *door, int32_t index)
{
    cx_guest_t *guest = &door->guests[index];
    char        text[CX_VERDICT_BYTES];

    if (guest->hello.magic != HELLO_MAGIC) {
        dismiss(door, index);
        return CX_OK;
    }
    if (guest->hello.token != door->token) {
        (void)snprintf(text, sizeof text,
                       "rank %" PRId32 " has token %016" PRIx64 ", rank 0 has %016" PRIx64
                       ": they are of different runs",
                       guest->hello.rank, guest->hello.token, door->token);
        (void)snprintf(door->refused, sizeof door->refused,
                       "; a rank %" PRId32 " with the token of another run was turned away",
                       guest->hello.rank);
        send_answer(guest->fd, CX_PEER, text);
        dismiss(door, index);
        return CX_OK;
    }
    find_objection(door->star, &guest->hello);
    if (door->star->verdict[0] != '\0') {
        return CX_FAIL(CX_PEER, "%s", door->star->verdict);
    }
    door->star->fds[guest->hello.rank] = guest->fd;
    door->guests[index]                = door->guests[--door->guest_count];
    door->missing_count--;
    return CX_OK;
}

static cx_status_t hear_guest(cx_door_t *door, int32_t index)
{
    cx_guest_t *guest = &door->guests[index];
    ssize_t     got   = recv(guest->fd, (char *)&guest->hello + guest->done_bytes,
                             sizeof guest->hello - guest->done_bytes, MSG_DONTWAIT);

    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            dismiss(door, index);
        }
        return CX_OK;
    }
    guest->done_bytes += (size_t)got;
    return guest->done_bytes == sizeof guest->hello ? receive_guest(door, index) : CX_OK;
}

static void accept_guests(cx_door_t *door)
{
    while (door->guest_count < door->guest_count_max) {
        int fd = cx_address_accept(door->address, door->listener);

        if (fd < 0) {
            return;
        }
        door->guests[door->guest_count++] = (cx_guest_t){.fd = fd};
    }
}

static cx_status_t name_missing(const cx_door_t *door)
{
    cx_rank_list_t missing = {0};

    for (int32_t rank = 1; rank < door->star->rank_count; rank++) {
        if (door->star->fds[rank] < 0) {
            cx_rank_list_add(&missing, rank);
        }
    }
    (void)snprintf(door->star->verdict, sizeof door->star->verdict, "rank %s did not come to %s%s",
                   cx_rank_list_text(&missing), door->address->name, door->refused);
    return CX_FAIL(CX_TIMEOUT, "%s", door->star->verdict);
}

static cx_status_t wait_at_door(cx_door_t *door, int64_t deadline_ns)
{
    while (door->missing_count > 0) {
        bool is_full = door->guest_count == door->guest_count_max;
        int  ready;

        door->pollers[0] = (struct pollfd){.fd = is_full ? -1 : door->listener, .events = POLLIN};
        for (int32_t index = 0; index < door->guest_count; index++) {
            door->pollers[index + 1] =
                (struct pollfd){.fd = door->guests[index].fd, .events = POLLIN};
        }
        ready =
            poll(door->pollers, (nfds_t)door->guest_count + 1, cx_deadline_poll_ms(deadline_ns));
        if (ready == 0 || (ready < 0 && errno != EINTR)) {
            return name_missing(door);
        }
        /* Backwards, because a guest that leaves is replaced by the last one. */
        for (int32_t index = door->guest_count - 1; ready > 0 && index >= 0; index--) {
            if (door->pollers[index + 1].revents) {
                CX_TRY(hear_guest(door, index));
            }
        }
        accept_guests(door);
    }
    return CX_OK;
}

static void answer_all(const cx_door_t *door, cx_status_t status)
{
    const char *text = status == CX_OK ? "" : door->star->verdict;

    for (int32_t rank = 1; rank < door->star->rank_count; rank++) {
        if (door->star->fds[rank] >= 0) {
            send_answer(door->star->fds[rank], status, text);
        }
    }
    for (int32_t index = 0; index < door->guest_count; index++) {
        if (status != CX_OK) {
            send_answer(door->guests[index].fd, status, text);
        }
        (void)close(door->guests[index].fd);
    }
}

static cx_status_t host_meeting(cx_star_t *star, const cx_address_t *address, uint64_t token,
                                int64_t deadline_ns)
{
    cx_door_t   door   = {.star            = star,
                          .address         = address,
                          .token           = token,
                          .guest_count_max = star->rank_count + STRANGER_COUNT_MAX,
                          .missing_count   = star->rank_count - 1};
    size_t      places = (size_t)door.guest_count_max;
    cx_status_t status = CX_OK;

    door.guests  = calloc(places, sizeof *door.guests);
    door.pollers = calloc(places + 1, sizeof *door.pollers);
    if (!door.guests || !door.pollers) {
        status = CX_FAIL(CX_RESOURCE, "no memory to meet %" PRId32 " ranks", star->rank_count);
        goto free_places;
    }
    CX_TRY_OR(free_places, cx_address_listen(address, &door.listener));
    status = wait_at_door(&door, deadline_ns);
    answer_all(&door, status);
    (void)close(door.listener);
free_places:
    free(door.guests);
    free(door.pollers);
    return status;
}

/* Reads the answer whole; false at the end of the stream or of the time. */
static bool read_answer(int fd, int64_t deadline_ns, cx_answer_t *out, bool *is_closed)
{
    size_t done_bytes = 0;

    *is_closed = false;
    while (done_bytes < sizeof *out) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        ssize_t       got;

        if (poll(&poller, 1, cx_deadline_poll_ms(deadline_ns)) <= 0) {
            if (cx_now_ns() < deadline_ns) {
                continue; /* a signal */
            }
            return false;
        }
        got = recv(fd, (char *)out + done_bytes, sizeof *out - done_bytes, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            *is_closed = true;
            return false;
        }
        done_bytes += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static cx_status_t attend_meeting(cx_star_t *star, const cx_address_t *address, uint64_t token,
                                  int64_t deadline_ns)
{
    cx_hello_t  hello = {.magic      = HELLO_MAGIC,
                         .token      = token,
                         .version    = HELLO_VERSION,
                         .rank       = star->rank,
                         .rank_count = star->rank_count};
    cx_answer_t answer;
    bool        is_closed;

    CX_TRY(cx_address_connect(address, deadline_ns, &star->fds[0]));
    /* Smaller than any socket buffer, so it goes at once or the connection is gone. */
    if (send(star->fds[0], &hello, sizeof hello, MSG_NOSIGNAL) != (ssize_t)sizeof hello) {
        return CX_FAIL(CX_PEER, "rank 0 at %s closed its connection", address->name);
    }
    if (!read_answer(star->fds[0], deadline_ns + GRACE_NS, &answer, &is_closed)) {
        return is_closed ? CX_FAIL(CX_PEER, "rank 0 at %s closed its connection", address->name)
                         : CX_FAIL(CX_TIMEOUT, "no answer from rank 0 at %s", address->name);
    }
    if (answer.magic != HELLO_MAGIC || answer.status >= CX_STATUS_COUNT) {
        return CX_FAIL(CX_PEER, "what listens at %s is not rank 0 of CollectiveX", address->name);
    }
    answer.text[sizeof answer.text - 1] = '\0';
    return answer.status == CX_OK ? CX_OK : CX_FAIL((cx_status_t)answer.status, "%s", answer.text);
}

cx_status_t cx_rendezvous(cx_star_t *star, const char *address_text, uint64_t token,
                          int64_t deadline_ns)
{
    cx_address_t address;

    CX_TRY(cx_address_parse(address_text, &address));
    star->is_unix = address.is_unix;
    return star->rank == 0 ? host_meeting(star, &address, token, deadline_ns)
                           : attend_meeting(star, &address, token, deadline_ns);
}
