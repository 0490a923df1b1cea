/* SPDX-License-Identifier: Apache-2.0 */
/* Framed messages between a rank and its supervisor. */
#include "run/wire.h"

#include "store/samples.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct header {
    uint32_t kind;
    uint32_t payload_bytes;
} header_t;

#define READ_BYTES 65536

static cx_status_t send_all(int fd, const void *bytes, size_t byte_count)
{
    const char *next = bytes;

    while (byte_count > 0) {
        ssize_t put = send(fd, next, byte_count, MSG_NOSIGNAL);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return CX_FAIL(CX_PEER, "the supervisor is gone: %s", strerror(errno));
        }
        next += put;
        byte_count -= (size_t)put;
    }
    return CX_OK;
}

static cx_status_t send_message(int fd, cx_wire_kind_t kind, const void *payload,
                                size_t payload_bytes)
{
    header_t header = {(uint32_t)kind, (uint32_t)payload_bytes};

    if (payload_bytes > CX_WIRE_MESSAGE_BYTES_MAX) {
        return CX_FAIL(CX_RESOURCE, "a message of %zu bytes is too large", payload_bytes);
    }
    CX_TRY(send_all(fd, &header, sizeof header));
    return send_all(fd, payload, payload_bytes);
}

cx_status_t cx_wire_send_event(int fd, json_t *event)
{
    char       *text = fd >= 0 ? json_dumps(event, JSON_COMPACT) : NULL;
    cx_status_t status;

    json_decref(event);
    if (fd < 0) {
        return CX_OK;
    }
    if (!text) {
        return CX_FAIL(CX_INTERNAL, "an event could not be written as JSON");
    }
    status = send_message(fd, CX_WIRE_JSON, text, strlen(text));
    free(text);
    return status;
}

cx_status_t cx_wire_send_samples(int fd, const cx_series_t *series, const cx_row_t *row)
{
    size_t           rank_bytes = (size_t)series->count * sizeof(double);
    cx_samples_row_t samples    = {.requested_bytes = row->requested_bytes,
                                   .sample_count    = series->count,
                                   .discarded_count = row->discarded_count,
                                   .rank_count      = series->rank_count,
                                   .has_skew        = series->has_skew,
                                   .reduced_us      = series->reduced_us,
                                   .rank_us         = series->rank_us,
                                   .arrival_us      = series->arrival_us,
                                   .exit_us         = series->exit_us};
    size_t           message_bytes;
    void            *message;
    cx_status_t      status;

    if (fd < 0) {
        return CX_OK;
    }
    /* The series is as wide as its capacity; the message is dense. */
    for (int32_t rank = 1; rank < series->rank_count; rank++) {
        memmove(series->rank_us + rank * series->count, series->rank_us + rank * series->capacity,
                rank_bytes);
        memmove(series->arrival_us + rank * series->count,
                series->arrival_us + rank * series->capacity, rank_bytes);
        memmove(series->exit_us + rank * series->count, series->exit_us + rank * series->capacity,
                rank_bytes);
    }
    if (row->component) {
        (void)snprintf(samples.component, sizeof samples.component, "%s", row->component);
    }
    message_bytes = cx_samples_encode_bytes(&samples);
    message       = malloc(message_bytes);
    if (!message) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a message of %zu bytes", message_bytes);
    }
    cx_samples_encode(&samples, message);
    status = send_message(fd, CX_WIRE_SAMPLES, message, message_bytes);
    free(message);
    return status;
}

cx_status_t cx_wire_receive(cx_wire_inbox_t *inbox, int fd, bool *is_closed)
{
    *is_closed = false;
    for (;;) {
        ssize_t got;

        if (inbox->capacity - inbox->used < READ_BYTES) {
            size_t capacity = inbox->capacity ? inbox->capacity * 2 : (size_t)4 * READ_BYTES;
            char  *bytes    = realloc(inbox->bytes, capacity);

            if (!bytes) {
                return CX_FAIL(CX_RESOURCE, "out of memory for messages of the ranks");
            }
            inbox->bytes    = bytes;
            inbox->capacity = capacity;
        }
        got = recv(fd, inbox->bytes + inbox->used, inbox->capacity - inbox->used, MSG_DONTWAIT);
        if (got > 0) {
            inbox->used += (size_t)got;
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else {
            *is_closed = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
            return CX_OK;
        }
    }
}

bool cx_wire_next(const cx_wire_inbox_t *inbox, cx_wire_kind_t *kind, const char **payload,
                  size_t *payload_bytes)
{
    header_t header;

    if (inbox->used < sizeof header) {
        return false;
    }
    memcpy(&header, inbox->bytes, sizeof header);
    if (inbox->used - sizeof header < header.payload_bytes) {
        return false;
    }
    *kind          = (cx_wire_kind_t)header.kind;
    *payload       = inbox->bytes + sizeof header;
    *payload_bytes = header.payload_bytes;
    return true;
}

void cx_wire_pop(cx_wire_inbox_t *inbox)
{
    header_t header;
    size_t   taken;

    memcpy(&header, inbox->bytes, sizeof header);
    taken = sizeof header + header.payload_bytes;
    memmove(inbox->bytes, inbox->bytes + taken, inbox->used - taken);
    inbox->used -= taken;
}

void cx_wire_fini(cx_wire_inbox_t *inbox)
{
    free(inbox->bytes);
    memset(inbox, 0, sizeof *inbox);
}
