/* SPDX-License-Identifier: Apache-2.0 */
/* The faults: each a few bytes in the wrong place. They act on rank 1, where it has rows. */
#include "spoiled.h"

#include <stdlib.h>
#include <string.h>

#define SKIPPED_PAIR 7      /* of a chain */
#define FREE_RUNNING_MIN 20 /* pairs without a look of the core */

static int64_t tokens_of(const cx_session_t *session, int32_t slot_index)
{
    return session->point->ep_slots[slot_index].token_counts[session->core->rank];
}

static size_t combined_bytes(const cx_session_t *session, int32_t slot_index)
{
    return (size_t)(tokens_of(session, slot_index) * session->shape.ep.hidden_elems) *
           sizeof(uint16_t);
}

/* Row `index` in the order in which rows lie, whatever the layout; NULL when there is none. */
static unsigned char *row_at(const cx_session_t *session, const cx_ep_view_t *view, int64_t index)
{
    const int64_t local_count = session->shape.ep.expert_count / session->core->rank_count;

    if (index >= view->row_count) {
        return NULL;
    }
    if (view->row_experts) {
        return (unsigned char *)view->payload + (size_t)index * view->payload_stride_bytes;
    }
    for (int64_t expert = 0; expert < local_count; expert++) {
        if (index < view->expert_row_counts[expert]) {
            return (unsigned char *)view->payload +
                   (size_t)(expert * view->expert_row_capacity + index) *
                       view->payload_stride_bytes;
        }
        index -= view->expert_row_counts[expert];
    }
    return NULL;
}

static void spoil_one_byte(unsigned char *row, size_t at)
{
    if (row) {
        row[at] ^= 0x10;
    }
}

/* ---- what a dispatch left -------------------------------------------------------------------- */

static void flip_payload(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    (void)slot_index;
    spoil_one_byte(row_at(session, view, view->row_count / 2), view->payload_stride_bytes - 1);
}

static void swap_rows(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    unsigned char *a = row_at(session, view, 0), *b = row_at(session, view, view->row_count - 1);

    (void)slot_index;
    for (size_t i = 0; a && b && a != b && i < view->payload_stride_bytes; i++) {
        unsigned char held = a[i];

        a[i] = b[i];
        b[i] = held;
    }
}

static void duplicate_row(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    unsigned char *a = row_at(session, view, 0), *b = row_at(session, view, 1);

    (void)slot_index;
    if (a && b) {
        memcpy(b, a, view->payload_stride_bytes);
    }
}

static void unwrite_last_row(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    unsigned char *row = view->row_count > 0 ? row_at(session, view, view->row_count - 1) : NULL;

    (void)slot_index;
    if (row) {
        memset(row, 0xff, view->payload_stride_bytes);
    }
}

/* As if one dispatch of a chain had sent nothing: the memory holds what was there before. */
static void skip_seventh_dispatch(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    (void)slot_index;
    if (session->pair_count == SKIPPED_PAIR) {
        for (int64_t i = 0; i < view->row_count; i++) {
            memset(row_at(session, view, i), 0xff, view->payload_stride_bytes);
        }
    }
}

static void spoil_input(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    (void)view;
    if (tokens_of(session, slot_index) > 0) {
        ((unsigned char *)(uintptr_t)session->point->ep_slots[slot_index].x)[99] = 0x7e;
    }
}

/* ---- what a combine sends and brings home ---------------------------------------------------- */

static void spoil_staged(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    (void)session;
    (void)slot_index;
    if (view->row_count > 0 && view->row_experts) {
        spoil_one_byte(view->staged, view->staged_stride_bytes - 1);
    }
}

static void spoil_combined(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    size_t bytes = combined_bytes(session, slot_index);

    (void)view;
    if (bytes > 0) {
        spoil_one_byte((unsigned char *)session->point->ep_slots[slot_index].combined, bytes - 1);
    }
}

static void keep_last_combined(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    const cx_ep_slot_t *slots = session->point->ep_slots;
    const int32_t       last  = session->last_slot;

    (void)view;
    if (last >= 0 && last != slot_index &&
        combined_bytes(session, last) == combined_bytes(session, slot_index)) {
        memcpy(slots[slot_index].combined, slots[last].combined,
               combined_bytes(session, slot_index));
    }
}

static void skip_seventh_combine(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    (void)view;
    if (session->pair_count == SKIPPED_PAIR) {
        memset(session->point->ep_slots[slot_index].combined, 0xff,
               combined_bytes(session, slot_index));
    }
}

static void spoil_when_free(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    if (session->pair_count >= FREE_RUNNING_MIN) {
        spoil_combined(session, slot_index, view);
    }
}

static void write_behind(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    (void)view;
    ((unsigned char *)session->point->ep_slots[slot_index]
         .combined)[combined_bytes(session, slot_index)]++;
}

/* ---- what inspect tells ---------------------------------------------------------------------- */

static void lose_row(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    (void)session;
    (void)slot_index;
    view->row_count -= view->row_count > 0;
}

static void count_one_more(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    const size_t bytes = (size_t)(session->shape.ep.expert_count / session->core->rank_count) *
                         sizeof *view->expert_row_counts;

    (void)slot_index;
    free(session->expert_counts);
    session->expert_counts = malloc(bytes);
    if (session->expert_counts) {
        memcpy(session->expert_counts, view->expert_row_counts, bytes);
        session->expert_counts[0]++;
        view->expert_row_counts = session->expert_counts;
    }
}

/* Numbers of this rank's experts instead of global ones. */
static void tell_local_experts(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    const int32_t first =
        session->core->rank * (int32_t)(session->shape.ep.expert_count / session->core->rank_count);
    const int64_t count = view->row_count * session->shape.ep.topk;

    (void)slot_index;
    if (!view->row_experts || count == 0) {
        return;
    }
    free(session->row_experts);
    session->row_experts = malloc((size_t)count * sizeof *session->row_experts);
    for (int64_t i = 0; session->row_experts && i < count; i++) {
        session->row_experts[i] =
            view->row_experts[i] < 0 ? view->row_experts[i] : view->row_experts[i] - first;
    }
    view->row_experts = session->row_experts ? session->row_experts : view->row_experts;
}

/* name, where, what */
#define SPOIL_MAP(X)                                                \
    X("none", PLACE_COUNT, NULL)                                    \
    X("flipped-payload", RECEIVED, flip_payload)                    \
    X("swapped-rows", RECEIVED, swap_rows)                          \
    X("duplicated-row", RECEIVED, duplicate_row)                    \
    X("last-row-not-written", RECEIVED, unwrite_last_row)           \
    X("skipped-send-in-a-chain", RECEIVED, skip_seventh_dispatch)   \
    X("modified-input", RECEIVED, spoil_input)                      \
    X("spoiled-message", STAGED, spoil_staged)                      \
    X("flipped-output", COMBINED, spoil_combined)                   \
    X("stale-output", COMBINED, keep_last_combined)                 \
    X("skipped-combine-in-a-chain", COMBINED, skip_seventh_combine) \
    X("wrong-when-free-running", COMBINED, spoil_when_free)         \
    X("overrun", COMBINED, write_behind)                            \
    X("lost-row", VIEW, lose_row)                                   \
    X("count-off-by-one", VIEW, count_one_more)                     \
    X("local-expert-numbers", VIEW, tell_local_experts)

const char *const cx_spoiled_slugs[] = {
#define SLUG(slug, place, act) slug,
    SPOIL_MAP(SLUG)
#undef SLUG
        NULL};

static const struct {
    cx_spoiled_place_t place;
    void (*act)(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view);
} spoils[] = {
#define SPOIL(slug, place, act) {CX_SPOILED_##place, act},
    SPOIL_MAP(SPOIL)
#undef SPOIL
};

void cx_spoiled_act(cx_session_t *session, cx_spoiled_place_t place, int32_t slot_index,
                    cx_ep_view_t *view)
{
    if (spoils[session->fault_index].place == place && session->core->rank == 1) {
        spoils[session->fault_index].act(session, slot_index, view);
    }
}
