/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch: every rank pulls the rows that have experts on it; stage: it decodes what it pulled.
 * Not the way back (ep_combine.c). */
#include "ep.h"

#include "flags.h"

#include <string.h>

/* Where one rank's tokens lie, as mapped here. */
typedef struct source {
    int32_t              rank;
    int64_t              token_count;
    const int32_t       *experts;
    const float         *gates;
    const unsigned char *payload, *scales;
} source_t;

/* Where the rows of this dispatch go. */
typedef struct sink {
    int32_t        first_expert, expert_count; /* of this rank */
    int64_t        row_capacity;               /* of a list */
    unsigned char *payload, *scales;
    int32_t       *row_experts; /* token-rank alone, like row_gates */
    float         *row_gates;
    int32_t       *counts; /* [local expert] */
    int32_t       *begins; /* [rank][list] */
} sink_t;

/* The rows that peers will pull; those of the dispatch before must have been pulled by then. */
static cx_status_t fill_outbox(cx_session_t *session, const cx_ep_slot_t *given)
{
    const cx_hostref_ep_t        *ep     = session->ep;
    const cx_hostref_ep_format_t *format = &ep->dispatch;
    const int64_t                 elems  = session->shape.ep.hidden_elems;
    unsigned char *payload = cx_hostref_ep_plane(session, session->rank, ep->outbox.payload_offset);
    unsigned char *scales  = cx_hostref_ep_plane(session, session->rank, ep->outbox.scales_offset);

    CX_HOSTREF_TRY(cx_hostref_wait_all_done(session, ep->dispatch_sequence));
    for (int64_t token = 0; token < given->token_counts[session->rank]; token++) {
        session->core->codecs->encode(format->codec, given->x + token * elems, elems,
                                      given->tensor_scale, payload, scales);
        payload += format->payload_bytes;
        scales += format->scale_bytes;
    }
    return CX_OK;
}

static source_t source_of(const cx_session_t *session, const cx_ep_slot_t *given, int32_t rank)
{
    const cx_hostref_ep_t *ep     = session->ep;
    source_t               source = {
                      .rank        = rank,
                      .token_count = given->token_counts[rank],
                      .experts     = cx_hostref_ep_input(session, rank, given->experts_offset),
                      .gates       = cx_hostref_ep_input(session, rank, given->gates_offset),
                      .payload     = cx_hostref_ep_input(session, rank, given->x_offset),
    };

    if (ep->dispatch.codec != CX_CODEC_BF16) {
        source.payload = cx_hostref_ep_plane(session, rank, ep->outbox.payload_offset);
        source.scales  = cx_hostref_ep_plane(session, rank, ep->outbox.scales_offset);
    }
    return source;
}

static sink_t sink_of(const cx_session_t *session, const cx_hostref_ep_slot_t *slot)
{
    const int32_t me = session->rank;

    return (sink_t){
        .first_expert = me * session->ep->local_expert_count,
        .expert_count = session->ep->local_expert_count,
        .row_capacity = slot->row_capacity,
        .payload      = cx_hostref_ep_plane(session, me, slot->received.payload_offset),
        .scales       = cx_hostref_ep_plane(session, me, slot->received.scales_offset),
        .row_experts  = cx_hostref_ep_table(session, me, slot->row_experts_offset),
        .row_gates    = (void *)cx_hostref_ep_plane(session, me, slot->row_gates_offset),
        .counts       = cx_hostref_ep_table(session, me, slot->counts_offset),
        .begins       = cx_hostref_ep_table(session, me, slot->begins_offset),
    };
}

/* An expert's place among those of this rank; -1 for those of others. */
static inline int32_t place_of(const sink_t *sink, int32_t expert)
{
    const int32_t place = expert - sink->first_expert;

    return place >= 0 && place < sink->expert_count ? place : -1;
}

/* ---- how many rows --------------------------------------------------------------------------- */

/* Adds a source's rows to those of each expert; returns how many of its tokens come here. */
static int32_t count_rows(const cx_hostref_ep_t *ep, const sink_t *sink, const source_t *source)
{
    const int32_t *experts     = source->experts;
    int32_t        token_count = 0;

    for (int64_t token = 0; token < source->token_count; token++) {
        bool is_here = false;

        for (int32_t k = 0; k < ep->topk; k++) {
            const int32_t place = place_of(sink, *experts++);

            if (place >= 0) {
                sink->counts[place]++;
                is_here = true;
            }
        }
        token_count += is_here;
    }
    return token_count;
}

/* Where in every list each source's rows begin; returns the number of rows that are lost for want
 * of room, which are none unless the routing is not the one that was prepared. */
static int64_t find_begins(const cx_session_t *session, const cx_ep_slot_t *given,
                           cx_hostref_ep_slot_t *slot, const sink_t *sink)
{
    const cx_hostref_ep_t *ep         = session->ep;
    const int32_t         *totals     = sink->counts;
    int32_t                token_rows = 0;
    int64_t                missing    = 0;

    if (!ep->is_by_expert) {
        totals = &token_rows;
    }
    memset(sink->counts, 0, (size_t)ep->local_expert_count * sizeof *sink->counts);
    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        const source_t source = source_of(session, given, rank);

        memcpy(sink->begins + (size_t)rank * (size_t)ep->list_count, totals,
               (size_t)ep->list_count * sizeof *totals);
        token_rows += count_rows(ep, sink, &source);
    }
    slot->row_count = 0;
    for (int32_t list = 0; list < ep->list_count; list++) {
        /* cppcheck-suppress objectIndex ; token-rank has one list */
        const int32_t total = totals[list];

        slot->row_count += total;
        missing += total > sink->row_capacity ? total - sink->row_capacity : 0;
    }
    return missing;
}

/* ---- the rows -------------------------------------------------------------------------------- */

static void pull_row(const cx_hostref_ep_format_t *format, const sink_t *sink,
                     const source_t *source, int64_t token, int64_t row)
{
    memcpy(sink->payload + (size_t)row * format->payload_bytes,
           source->payload + (size_t)token * format->payload_bytes, format->payload_bytes);
    if (source->scales && format->scale_bytes > 0) {
        memcpy(sink->scales + (size_t)row * format->scale_bytes,
               source->scales + (size_t)token * format->scale_bytes, format->scale_bytes);
    }
}

/* token-rank: a row's experts that are here, with their gates; false when there are none. */
static bool note_choices(const cx_hostref_ep_t *ep, const sink_t *sink, const source_t *source,
                         int64_t token, int64_t row)
{
    const int32_t *experts     = source->experts + token * ep->topk;
    const float   *gates       = source->gates + token * ep->topk;
    int32_t       *row_experts = sink->row_experts + row * ep->topk;
    float         *row_gates   = sink->row_gates + row * ep->topk;
    int32_t        first       = 0;

    while (first < ep->topk && place_of(sink, experts[first]) < 0) {
        first++;
    }
    if (first == ep->topk) {
        return false; /* and nothing is written: there may be no room for one more row */
    }
    for (int32_t k = 0; k < ep->topk; k++) {
        const bool is_here = place_of(sink, experts[k]) >= 0;

        row_experts[k] = is_here ? experts[k] : -1;
        row_gates[k]   = is_here ? gates[k] : 0.0f;
    }
    return true;
}

static int64_t pull_tokens(const cx_hostref_ep_t *ep, const sink_t *sink, const source_t *source)
{
    const int64_t begin = sink->begins[source->rank];
    int64_t       row   = begin;

    for (int64_t token = 0; token < source->token_count; token++) {
        if (note_choices(ep, sink, source, token, row)) {
            pull_row(&ep->dispatch, sink, source, token, row);
            row++;
        }
    }
    return row - begin;
}

static int64_t pull_choices(const cx_hostref_ep_t *ep, const sink_t *sink, const source_t *source)
{
    const int32_t *experts   = source->experts;
    int64_t        row_count = 0;

    memcpy(ep->cursors, sink->begins + (size_t)source->rank * (size_t)ep->list_count,
           (size_t)ep->list_count * sizeof *ep->cursors);
    for (int64_t token = 0; token < source->token_count; token++) {
        for (int32_t k = 0; k < ep->topk; k++) {
            const int32_t place = place_of(sink, *experts++);

            if (place >= 0) {
                pull_row(&ep->dispatch, sink, source, token,
                         place * sink->row_capacity + ep->cursors[place]++);
                row_count++;
            }
        }
    }
    return row_count;
}

/* Own rows first, then those of the ranks that follow, so that no rank is asked by all at once. */
static int64_t pull_all(const cx_session_t *session, const cx_ep_slot_t *given, const sink_t *sink)
{
    const cx_hostref_ep_t *ep            = session->ep;
    int64_t                foreign_count = 0;

    for (int32_t i = 0; i < session->rank_count; i++) {
        const source_t source =
            source_of(session, given, (session->rank + i) % session->rank_count);
        const int64_t row_count =
            ep->is_by_expert ? pull_choices(ep, sink, &source) : pull_tokens(ep, sink, &source);

        foreign_count += i > 0 ? row_count : 0;
    }
    return foreign_count;
}

cx_status_t cx_hostref_ep_dispatch(cx_session_t *session, int32_t slot_index)
{
    cx_hostref_ep_t      *ep    = session->ep;
    cx_hostref_ep_slot_t *slot  = ep->slots + slot_index;
    const cx_ep_slot_t   *given = session->point->ep_slots + slot_index;
    const sink_t          sink  = sink_of(session, slot);
    int64_t               missing_count, pulled_count;

    session->sequence++;
    if (ep->dispatch.codec != CX_CODEC_BF16) {
        CX_HOSTREF_TRY(fill_outbox(session, given));
    }
    /* Who has come this far has ended the combine before: nobody reads this rank's rows now. */
    CX_HOSTREF_TRY(cx_hostref_enter(session));
    missing_count = find_begins(session, given, slot, &sink);
    if (missing_count > 0) {
        return CX_CORE_FAIL(session->core, CX_INVALID,
                            "rank %d has no room for %lld rows of slot %d: its experts are not "
                            "those it was prepared with",
                            session->rank, (long long)missing_count, slot_index);
    }
    pulled_count = pull_all(session, given, &sink);
    slot->wire_bytes =
        pulled_count * (int64_t)(ep->dispatch.payload_bytes + ep->dispatch.scale_bytes);
    ep->dispatch_sequence = session->sequence;
    cx_hostref_say_done(session);
    return CX_OK;
}

cx_status_t cx_hostref_ep_stage(cx_session_t *session, int32_t slot_index)
{
    const cx_hostref_ep_t        *ep     = session->ep;
    const cx_hostref_ep_slot_t   *slot   = ep->slots + slot_index;
    const cx_hostref_ep_format_t *format = &ep->dispatch;
    const sink_t                  sink   = sink_of(session, slot);
    const int64_t                 elems  = session->shape.ep.hidden_elems;
    uint16_t *staged = (void *)cx_hostref_ep_plane(session, session->rank, slot->staged_offset);

    if (format->codec == CX_CODEC_BF16) {
        return CX_OK; /* staged rows are the received ones */
    }
    CX_HOSTREF_TRY(cx_hostref_wait_all_done(session, ep->combine_sequence));
    for (int32_t list = 0; list < ep->list_count; list++) {
        const int64_t begin = list * slot->row_capacity;
        const int64_t end   = begin + cx_hostref_ep_list_rows(session, slot, list);

        for (int64_t row = begin; row < end; row++) {
            session->core->codecs->decode(
                format->codec, sink.payload + (size_t)row * format->payload_bytes,
                sink.scales + (size_t)row * format->scale_bytes, elems,
                session->point->ep_slots[slot_index].tensor_scale, staged + row * elems);
        }
    }
    return CX_OK;
}
