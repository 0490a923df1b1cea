/* SPDX-License-Identifier: Apache-2.0 */
/* Where the rows of every slot will lie, decided once for the routing at hand; the same on all
 * ranks. Not who received what: every dispatch finds that out again (ep_dispatch.c). */
#include "ep.h"

#include "flags.h"

#include <string.h>

/* The next piece of the planes, on lines of its own; returns where it begins. */
static size_t place(size_t *end_bytes, size_t bytes)
{
    const size_t begin = *end_bytes;

    *end_bytes +=
        (bytes + CX_HOSTREF_LINE_BYTES - 1) / CX_HOSTREF_LINE_BYTES * CX_HOSTREF_LINE_BYTES;
    return begin;
}

static cx_hostref_ep_rows_t place_rows(size_t *end_bytes, const cx_hostref_ep_format_t *format,
                                       int64_t row_count)
{
    cx_hostref_ep_rows_t rows;

    rows.payload_offset = place(end_bytes, (size_t)row_count * format->payload_bytes);
    rows.scales_offset  = place(end_bytes, (size_t)row_count * format->scale_bytes);
    return rows;
}

/* A token's experts are there, and differ. */
static cx_status_t check_token(const cx_session_t *session, int32_t rank, int64_t token,
                               const int32_t *experts)
{
    const int64_t expert_count = session->shape.ep.expert_count;

    for (int32_t k = 0; k < session->ep->topk; k++) {
        if (experts[k] < 0 || experts[k] >= expert_count) {
            return CX_CORE_FAIL(session->core, CX_INVALID,
                                "rank %d, token %lld, slot %d: there is no expert %d of %lld", rank,
                                (long long)token, k, experts[k], (long long)expert_count);
        }
        for (int32_t j = 0; j < k; j++) {
            if (experts[j] == experts[k]) {
                return CX_CORE_FAIL(session->core, CX_INVALID,
                                    "rank %d, token %lld: slots %d and %d have the same expert %d",
                                    rank, (long long)token, j, k, experts[k]);
            }
        }
    }
    return CX_OK;
}

/* Adds a token's rows to the lists of all ranks, counted in ep->cursors. */
static void count_token(cx_hostref_ep_t *ep, const int32_t *experts)
{
    for (int32_t k = 0; k < ep->topk; k++) {
        const int32_t rank   = experts[k] / ep->local_expert_count;
        bool          is_new = true;

        if (ep->is_by_expert) {
            ep->cursors[experts[k]]++;
            continue;
        }
        for (int32_t j = 0; j < k && is_new; j++) {
            is_new = experts[j] / ep->local_expert_count != rank;
        }
        ep->cursors[rank] += is_new;
    }
}

/* The longest list of any rank. */
static cx_status_t measure_lists(cx_session_t *session, const cx_ep_slot_t *given, int64_t *out)
{
    cx_hostref_ep_t *ep         = session->ep;
    const size_t     list_count = (size_t)session->rank_count * (size_t)ep->list_count;
    int32_t          longest    = 0;

    memset(ep->cursors, 0, list_count * sizeof *ep->cursors);
    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        const int32_t *experts = cx_hostref_ep_input(session, rank, given->experts_offset);

        for (int64_t token = 0; token < given->token_counts[rank]; token++, experts += ep->topk) {
            CX_HOSTREF_TRY(check_token(session, rank, token, experts));
            count_token(ep, experts);
        }
    }
    for (size_t list = 0; list < list_count; list++) {
        longest = ep->cursors[list] > longest ? ep->cursors[list] : longest;
    }
    *out = longest;
    return CX_OK;
}

static int64_t most_tokens(const cx_session_t *session, const cx_ep_slot_t *given)
{
    int64_t most = 0;

    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        most = given->token_counts[rank] > most ? given->token_counts[rank] : most;
    }
    return most;
}

static bool lies_inside(const cx_point_t *point, size_t offset, int64_t row_count, size_t row_bytes)
{
    return offset <= point->region_bytes &&
           (size_t)row_count <= (point->region_bytes - offset) / row_bytes;
}

/* A slot that its region cannot hold would be found out inside a window, by a crash. */
static cx_status_t check_areas(const cx_session_t *session, const cx_ep_slot_t *given)
{
    const cx_point_t      *point   = session->point;
    const cx_hostref_ep_t *ep      = session->ep;
    const int64_t          tokens  = most_tokens(session, given);
    const size_t           choices = (size_t)ep->topk;

    if (!lies_inside(point, given->x_offset, tokens, ep->row_bytes) ||
        !lies_inside(point, given->combined_offset, tokens, ep->row_bytes) ||
        !lies_inside(point, given->experts_offset, tokens, choices * sizeof(int32_t)) ||
        !lies_inside(point, given->gates_offset, tokens, choices * sizeof(float))) {
        return CX_CORE_FAIL(session->core, CX_INVALID,
                            "slots of %lld tokens do not fit into a region of %zu bytes",
                            (long long)tokens, point->region_bytes);
    }
    return CX_OK;
}

static void place_slot(const cx_session_t *session, cx_hostref_ep_slot_t *slot, size_t *end_bytes)
{
    const cx_hostref_ep_t *ep    = session->ep;
    const int64_t          rows  = slot->row_capacity * ep->list_count;
    const size_t           lists = (size_t)session->rank_count * (size_t)ep->list_count;

    slot->received      = place_rows(end_bytes, &ep->dispatch, rows);
    slot->staged_offset = ep->dispatch.codec == CX_CODEC_BF16
                              ? slot->received.payload_offset
                              : place(end_bytes, (size_t)rows * ep->row_bytes);
    slot->begins_offset = place(end_bytes, lists * sizeof(int32_t));
    slot->counts_offset = place(end_bytes, (size_t)ep->local_expert_count * sizeof(int32_t));
    if (!ep->is_by_expert) {
        const size_t choices = (size_t)rows * (size_t)ep->topk;

        slot->row_experts_offset = place(end_bytes, choices * sizeof(int32_t));
        slot->row_gates_offset   = place(end_bytes, choices * sizeof(float));
    }
}

cx_status_t cx_hostref_ep_plan(cx_session_t *session, size_t *plane_bytes_out)
{
    const cx_point_t *point      = session->point;
    cx_hostref_ep_t  *ep         = session->ep;
    int64_t           tokens_max = 0, rows_max = 0;
    size_t            bytes = 0;

    for (int32_t i = 0; i < point->slot_count; i++) {
        const cx_ep_slot_t *given  = point->ep_slots + i;
        const int64_t       tokens = most_tokens(session, given);
        int64_t             rows;

        CX_HOSTREF_TRY(check_areas(session, given));
        CX_HOSTREF_TRY(measure_lists(session, given, &ep->slots[i].row_capacity));
        place_slot(session, &ep->slots[i], &bytes);
        rows       = ep->slots[i].row_capacity * ep->list_count;
        rows_max   = rows > rows_max ? rows : rows_max;
        tokens_max = tokens > tokens_max ? tokens : tokens_max;
    }
    if (ep->dispatch.codec != CX_CODEC_BF16) {
        ep->outbox = place_rows(&bytes, &ep->dispatch, tokens_max);
    }
    if (ep->combine.codec != CX_CODEC_BF16) {
        ep->homebound = place_rows(&bytes, &ep->combine, rows_max);
    }
    *plane_bytes_out = bytes;
    return CX_OK;
}
