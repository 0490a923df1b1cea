/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and ranks as words of a sentence. */
#include "peers/call.h"

#include <inttypes.h>
#include <stdio.h>

#define NAMED_RANKS_MAX 8

static const char *const call_texts[CX_CALL_COUNT] = {
#define TEXT(name, text) text,
    CX_CALL_MAP(TEXT)
#undef TEXT
};

bool cx_call_is_same(const cx_call_t *one, const cx_call_t *other)
{
    return one->kind == other->kind && one->root_rank == other->root_rank &&
           one->bytes == other->bytes;
}

void cx_call_describe(const cx_call_t *call, int32_t rank, uint64_t sequence, char *out,
                      int out_bytes)
{
    const char *text   = call->kind < CX_CALL_COUNT ? call_texts[call->kind] : "something unknown";
    char        of[64] = "";

    if (call->kind == CX_CALL_ALLGATHER) {
        (void)snprintf(of, sizeof of, " of %" PRIu64 " bytes", call->bytes);
    } else if (call->kind == CX_CALL_BROADCAST) {
        (void)snprintf(of, sizeof of, " of %" PRIu64 " bytes from rank %" PRId32, call->bytes,
                       call->root_rank);
    }
    (void)snprintf(out, (size_t)out_bytes, "rank %" PRId32 " called %s%s (call %" PRIu64 ")", rank,
                   text, of, sequence);
}

void cx_rank_list_add(cx_rank_list_t *list, int32_t rank)
{
    if (list->count < NAMED_RANKS_MAX) {
        list->length +=
            snprintf(list->text + list->length, sizeof list->text - (size_t)list->length,
                     "%s%" PRId32, list->count > 0 ? ", " : "", rank);
    }
    list->count++;
}

const char *cx_rank_list_text(cx_rank_list_t *list)
{
    if (list->count > NAMED_RANKS_MAX) {
        (void)snprintf(list->text + list->length, sizeof list->text - (size_t)list->length,
                       " and %" PRId32 " more", list->count - NAMED_RANKS_MAX);
    }
    return list->text;
}
