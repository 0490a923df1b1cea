/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets of a star and the messages on them: framed, each wait one poll() with a deadline.
 * Not the collective calls that are made of messages (star.h). */
#ifndef CX_PEERS_FLOW_H
#define CX_PEERS_FLOW_H

#include "collectivex/status.h"
#include "peers/call.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest sentence that travels from the rank that saw a failure to the others. */
#define CX_VERDICT_BYTES 240

/* Most descriptors one message can carry (SCM_MAX_FD of Linux). */
#define CX_FLOW_FD_COUNT_MAX 253

typedef struct cx_flow cx_flow_t; /* one message on one socket, partly moved */
typedef enum cx_direction { CX_DIRECTION_SEND, CX_DIRECTION_RECEIVE } cx_direction_t;

typedef struct cx_star {
    int32_t        rank, rank_count;
    bool           is_unix;   /* descriptors can travel */
    bool           is_broken; /* a call failed: the ranks are out of step for good */
    uint64_t       sequence;  /* calls so far */
    cx_direction_t direction; /* of the messages under way */
    int           *fds;       /* [rank_count], owned; -1 where there is no connection */
    cx_flow_t     *flows;     /* [rank_count] */
    char           verdict[CX_VERDICT_BYTES];
} cx_star_t;

/* An unconnected star: every fd is -1 until the caller puts one there. */
cx_status_t cx_star_init(cx_star_t *star, int32_t rank, int32_t rank_count);
void        cx_star_fini(cx_star_t *star); /* closes the descriptors */

/* The next message from or to `peer`; nothing when there is no connection. */
void cx_flow_send(cx_star_t *star, int32_t peer, const cx_call_t *call, const void *bytes,
                  size_t byte_count);
void cx_flow_receive(cx_star_t *star, int32_t peer, const cx_call_t *call, void *bytes,
                     size_t byte_count);
/* Descriptors that travel with that message. Received ones replace -1 in `fds`. */
void cx_flow_attach(cx_star_t *star, int32_t peer, int *fds, int fd_count);

/**
 * Complete all messages started, all of one direction. Rank 0 finds the rank that called something
 * else, died or is silent, and tells the others, who fail with the same sentence. They wait up to
 * 50 ms past the deadline for it, so that the silent rank is named rather than rank 0.
 *
 * errors  CX_PEER, CX_TIMEOUT as peers.h; the star is broken afterwards
 */
cx_status_t cx_flow_complete(cx_star_t *star, cx_direction_t direction, const cx_call_t *call,
                             int64_t deadline_ns);

/* A rank whose connection is closed, -1 when there is none. Does not wait. */
int32_t cx_star_find_lost(const cx_star_t *star);

/* A failure on this star: breaks it, keeps the sentence, and on rank 0 tells the others. */
cx_status_t cx_star_fail(cx_star_t *star, cx_status_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
