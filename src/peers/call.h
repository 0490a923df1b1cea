/* SPDX-License-Identifier: Apache-2.0 */
/* What a rank called, so that ranks which call different things are told so instead of hanging.
 * Internal to peers; not how a call is carried out (star.h, shm.h). */
#ifndef CX_PEERS_CALL_H
#define CX_PEERS_CALL_H

#include <stdbool.h>
#include <stdint.h>

/* name, text */
#define CX_CALL_MAP(X)                \
    X(BARRIER, "barrier")             \
    X(ALLGATHER, "allgather")         \
    X(BROADCAST, "broadcast")         \
    X(EXCHANGE_FD, "exchange_fd")     \
    X(CLOCK, "clock synchronisation") \
    X(MEET, "opening")

typedef enum cx_call_kind {
#define CX_CALL_ENUM(name, text) CX_CALL_##name,
    CX_CALL_MAP(CX_CALL_ENUM)
#undef CX_CALL_ENUM
        CX_CALL_COUNT
} cx_call_kind_t;

/* Without padding: travels between processes as it lies. */
typedef struct cx_call {
    uint32_t kind;      /* cx_call_kind_t */
    int32_t  root_rank; /* broadcast only, else 0 */
    uint64_t bytes;     /* of each rank's part */
} cx_call_t;

bool cx_call_is_same(const cx_call_t *one, const cx_call_t *other);

/* "rank 3 called allgather of 8 bytes (call 17)" into `out`. */
void cx_call_describe(const cx_call_t *call, int32_t rank, uint64_t sequence, char *out,
                      int out_bytes);

/* "2, 5 and 7 more": ranks for a sentence. Starts zeroed. */
typedef struct cx_rank_list {
    int32_t count;
    int     length;
    char    text[128];
} cx_rank_list_t;

void cx_rank_list_add(cx_rank_list_t *list, int32_t rank);
/* Completes the text and returns it. */
const char *cx_rank_list_text(cx_rank_list_t *list);

#endif
