/* SPDX-License-Identifier: Apache-2.0 */
/* Combine: every rank pulls the staged rows of its tokens from where they were dispatched to, and
 * adds them up. Not the arithmetic (ep_sum.c). */
#include "ep.h"

#include "flags.h"

#include <string.h>

/* Staged rows as peers will pull them; those of the combine before must have been pulled by then.
 */
static cx_status_t fill_homebound(cx_session_t *session, const cx_hostref_ep_slot_t *slot)
{
    const cx_hostref_ep_t        *ep     = session->ep;
    const cx_hostref_ep_format_t *format = &ep->combine;
    const int64_t                 elems  = session->shape.ep.hidden_elems;
    const int32_t                 me     = session->rank;
    const uint16_t *staged  = (const void *)cx_hostref_ep_plane(session, me, slot->staged_offset);
    unsigned char  *payload = cx_hostref_ep_plane(session, me, ep->homebound.payload_offset);
    unsigned char  *scales  = cx_hostref_ep_plane(session, me, ep->homebound.scales_offset);

    CX_HOSTREF_TRY(cx_hostref_wait_all_done(session, ep->combine_sequence));
    for (int32_t list = 0; list < ep->list_count; list++) {
        const int64_t begin = list * slot->row_capacity;
        const int64_t end   = begin + cx_hostref_ep_list_rows(session, slot, list);

        for (int64_t row = begin; row < end; row++) {
            session->core->codecs->encode(format->codec, staged + row * elems, elems, 1.0f,
                                          payload + (size_t)row * format->payload_bytes,
                                          scales + (size_t)row * format->scale_bytes);
        }
    }
    return CX_OK;
}

/* The next row of each list of every rank is, so far, the first of this rank's tokens. */
static void find_first_rows(const cx_session_t *session, const cx_hostref_ep_slot_t *slot)
{
    const cx_hostref_ep_t *ep    = session->ep;
    const size_t           lists = (size_t)ep->list_count;

    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        memcpy(ep->cursors + (size_t)rank * lists,
               cx_hostref_ep_table(session, rank, slot->begins_offset) +
                   (size_t)session->rank * lists,
               lists * sizeof *ep->cursors);
        ep->row_at[rank] = -1;
    }
}

/* A row as its rank sends it home; an encoded one is decoded to `decoded`. */
static const uint16_t *fetch_row(const cx_session_t *session, const cx_hostref_ep_slot_t *slot,
                                 int32_t rank, int64_t row, uint16_t *decoded)
{
    const cx_hostref_ep_t        *ep     = session->ep;
    const cx_hostref_ep_format_t *format = &ep->combine;

    if (format->codec == CX_CODEC_BF16) {
        return (const void *)cx_hostref_ep_plane(session, rank,
                                                 slot->staged_offset + (size_t)row * ep->row_bytes);
    }
    session->core->codecs->decode(
        format->codec,
        cx_hostref_ep_plane(session, rank,
                            ep->homebound.payload_offset + (size_t)row * format->payload_bytes),
        cx_hostref_ep_plane(session, rank,
                            ep->homebound.scales_offset + (size_t)row * format->scale_bytes),
        session->shape.ep.hidden_elems, 1.0f, decoded);
    return decoded;
}

/* token-expert: a row of every choice, in their order. */
static int32_t fetch_choices(const cx_session_t *session, const cx_hostref_ep_slot_t *slot,
                             const int32_t *experts, const float *gates)
{
    const cx_hostref_ep_t *ep    = session->ep;
    const int64_t          elems = session->shape.ep.hidden_elems;

    for (int32_t k = 0; k < ep->topk; k++) {
        const int32_t rank = experts[k] / ep->local_expert_count;
        const int64_t list = experts[k] % ep->local_expert_count;
        const int64_t row  = list * slot->row_capacity + ep->cursors[experts[k]]++;

        ep->summands[k] = (cx_hostref_ep_summand_t){
            fetch_row(session, slot, rank, row, ep->decoded + k * elems), gates[k], rank};
    }
    return ep->topk;
}

/* token-rank: a row of every rank that has one of the experts, ranks ascending. */
static int32_t fetch_messages(const cx_session_t *session, const cx_hostref_ep_slot_t *slot,
                              const int32_t *experts)
{
    const cx_hostref_ep_t *ep    = session->ep;
    const int64_t          elems = session->shape.ep.hidden_elems;
    int32_t                count = 0;

    for (int32_t k = 0; k < ep->topk; k++) {
        const int32_t rank = experts[k] / ep->local_expert_count;

        if (ep->row_at[rank] < 0) {
            ep->row_at[rank] = ep->cursors[rank]++;
        }
    }
    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        if (ep->row_at[rank] >= 0) {
            ep->summands[count] = (cx_hostref_ep_summand_t){
                fetch_row(session, slot, rank, ep->row_at[rank], ep->decoded + count * elems), 1.0f,
                rank};
            ep->row_at[rank] = -1;
            count++;
        }
    }
    return count;
}

/* domain-fp32 of ep.h. A sum over a single domain is that domain's: rounding twice is rounding
 * once. */
static void add_by_domain(const cx_session_t *session, int32_t count, uint16_t *out)
{
    const cx_hostref_ep_t   *ep           = session->ep;
    const int64_t            domain_ranks = session->shape.ep.domain_rank_count;
    const size_t             elems        = (size_t)session->shape.ep.hidden_elems;
    cx_hostref_ep_summand_t *summands     = ep->summands;
    int32_t                  domain_count = 0, end;

    for (int32_t begin = 0; begin < count; begin = end, domain_count++) {
        const int32_t rank = summands[begin].rank;
        uint16_t     *sum  = ep->sums + (size_t)domain_count * elems;

        for (end = begin + 1;
             end < count && summands[end].rank / domain_ranks == rank / domain_ranks; end++) {
        }
        if (begin == 0 && end == count) {
            cx_hostref_ep_sum(summands, count, elems, out);
            return;
        }
        cx_hostref_ep_sum(summands + begin, end - begin, elems, sum);
        summands[domain_count] = (cx_hostref_ep_summand_t){sum, 1.0f, rank};
    }
    cx_hostref_ep_sum(summands, domain_count, elems, out);
}

cx_status_t cx_hostref_ep_combine(cx_session_t *session, int32_t slot_index)
{
    cx_hostref_ep_t            *ep      = session->ep;
    const cx_hostref_ep_slot_t *slot    = ep->slots + slot_index;
    const cx_ep_slot_t         *given   = session->point->ep_slots + slot_index;
    const size_t                elems   = (size_t)session->shape.ep.hidden_elems;
    const int32_t              *experts = given->experts;
    const float                *gates   = given->gates;

    session->sequence++;
    if (ep->combine.codec != CX_CODEC_BF16) {
        CX_HOSTREF_TRY(fill_homebound(session, slot));
    }
    CX_HOSTREF_TRY(cx_hostref_enter(session));
    find_first_rows(session, slot);
    for (int64_t token = 0; token < given->token_counts[session->rank]; token++) {
        uint16_t *out = given->combined + (size_t)token * elems;

        if (ep->is_by_expert) {
            cx_hostref_ep_sum(ep->summands, fetch_choices(session, slot, experts, gates), elems,
                              out);
        } else {
            add_by_domain(session, fetch_messages(session, slot, experts), out);
        }
        experts += ep->topk;
        gates += ep->topk;
    }
    ep->combine_sequence = session->sequence;
    cx_hostref_say_done(session);
    return CX_OK;
}
