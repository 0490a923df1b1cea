/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what a backend says it received, without trusting it: no count, id or pointer of the view
 * is followed further than the workload allows. Not what should be there (received.c). */
#ifndef CX_FAMILY_EP_READER_H
#define CX_FAMILY_EP_READER_H

#include "family/ep/oracle.h"
#include "family/ep/row.h"

/* Rows lie in lists: token-rank has one, token-expert one per local expert. */
typedef struct cx_ep_reader {
    const cx_ep_truth_t *truth;
    const cx_ep_view_t  *view;
    cx_ep_row_t          row; /* its scales are a copy of those of the row read last */
    int64_t              expert_count, first_expert; /* of this rank, physical */
    int64_t              list_count, row_capacity;
    int64_t             *due_rows;    /* [list_count]: rows that are due in each list */
    int64_t             *due_experts; /* [expert_count]: tokens that have the local expert */
    int64_t              due_row_count;
    bool                 has_rows; /* the rows' memory can be what it has to be */
} cx_ep_reader_t;

/* errors  CX_RESOURCE memory · CX_UNSUPPORTED of cx_ep_caps_check */
cx_status_t cx_ep_reader_init(const cx_ep_truth_t *truth, const cx_ep_view_t *view,
                              cx_arena_t *arena, cx_ep_reader_t *out);

/* How many rows the view claims in a list, and how many of them may be looked at. */
int64_t cx_ep_reader_claimed(const cx_ep_reader_t *reader, int64_t list);
int64_t cx_ep_reader_readable(const cx_ep_reader_t *reader, int64_t list);

/* The index of a list's k-th row in the view's memory. */
static inline int64_t cx_ep_reader_at(const cx_ep_reader_t *reader, int64_t list, int64_t k)
{
    return list * reader->row_capacity + k;
}

/* The global token that row `at` spells, which exists; -1 when it spells none. */
int64_t cx_ep_reader_token(cx_ep_reader_t *reader, int64_t at);

/* Row `at` as it is decoded: bf16 [hidden_elems]. */
void cx_ep_reader_values(cx_ep_reader_t *reader, int64_t at, uint16_t *values_out);

/* Payload and scales of row `at`; scales may be unaligned, NULL when the codec has none. */
const unsigned char *cx_ep_reader_payload(const cx_ep_reader_t *reader, int64_t at);
const unsigned char *cx_ep_reader_scales(const cx_ep_reader_t *reader, int64_t at);

/* Whether an expert lives on this rank. */
static inline bool cx_ep_reader_is_local(const cx_ep_reader_t *reader, int64_t expert)
{
    return expert >= reader->first_expert && expert < reader->first_expert + reader->expert_count;
}

/* The token's slot with that expert; -1 when it has none. */
int64_t cx_ep_reader_slot(const cx_ep_reader_t *reader, int64_t token, int64_t expert);
/* How many of the token's experts live on this rank. */
int64_t cx_ep_reader_local_count(const cx_ep_reader_t *reader, int64_t token);

#endif
