/* SPDX-License-Identifier: Apache-2.0 */
/* Family `ep` of this backend: what it can do, and the memory of a prepared point.
 * Not where rows lie (ep_plan.c), nor how they travel (ep_dispatch.c, ep_combine.c). */
#include "ep.h"

#include "flags.h"

#include <stdlib.h>

#define ALL_CODECS (CX_BIT(CX_CODEC_COUNT) - 1)

cx_ep_caps_t cx_hostref_ep_caps(cx_ep_mode_t mode)
{
    const bool is_normal = mode == CX_EP_MODE_NORMAL;

    return (cx_ep_caps_t){
        .is_supported    = true,
        .dispatch_codecs = ALL_CODECS,
        /* Rows that go home have no scale that all of a tensor share. */
        .combine_codecs = ALL_CODECS & ~CX_BIT(CX_CODEC_NVFP4),
        .layout         = is_normal ? CX_EP_LAYOUT_TOKEN_RANK : CX_EP_LAYOUT_TOKEN_EXPERT,
        .weighting      = is_normal ? CX_EP_WEIGHTING_RANK_SUM : CX_EP_WEIGHTING_KERNEL_SUM,
        .reduction      = is_normal ? CX_EP_REDUCTION_DOMAIN_FP32 : CX_EP_REDUCTION_SLOT_FP32,
        .is_bitwise     = true,
        .keeps_receives = true,
        .stage_codecs   = ALL_CODECS & ~CX_BIT(CX_CODEC_BF16),
    };
}

/* ---- open ------------------------------------------------------------------------------------ */

static cx_status_t refuse_codec(const cx_session_t *session, cx_codec_t codec, uint64_t supported,
                                const char *phase)
{
    static const struct {
        const char *slug;
        int32_t     block_elems;
    } codecs[] = {
#define ROW(name, slug, bits, scale_bytes, scale_elems) {slug, scale_elems},
        CX_CODEC_MAP(ROW)
#undef ROW
    };
    const int64_t hidden_elems = session->shape.ep.hidden_elems;

    if (!(supported & CX_BIT(codec))) {
        return CX_CORE_FAIL(session->core, CX_UNSUPPORTED, "hostref has no %s in codec %s", phase,
                            codecs[codec].slug);
    }
    if (codecs[codec].block_elems > 0 && hidden_elems % codecs[codec].block_elems != 0) {
        return CX_CORE_FAIL(session->core, CX_INVALID,
                            "codec %s of %s needs rows of whole blocks of %d elements, not %lld",
                            codecs[codec].slug, phase, codecs[codec].block_elems,
                            (long long)hidden_elems);
    }
    return CX_OK;
}

static void meet_everyone(cx_session_t *session)
{
    session->partner_count = session->rank_count - 1;
    for (int32_t i = 0; i < session->partner_count; i++) {
        session->partners[i] = (session->rank + 1 + i) % session->rank_count;
    }
}

static cx_status_t open_ep(cx_session_t *session)
{
    const cx_ep_problem_t *problem = &session->shape.ep;
    const cx_ep_caps_t     caps    = cx_hostref_ep_caps(problem->mode);

    if (problem->hidden_elems < 1 || problem->topk < 1 || problem->topk > problem->expert_count ||
        problem->expert_count % session->rank_count != 0 || problem->domain_rank_count < 1) {
        return CX_CORE_FAIL(session->core, CX_INVALID,
                            "%lld of %lld experts, rows of %lld elements and domains of %lld ranks "
                            "cannot be laid out on %d ranks",
                            (long long)problem->topk, (long long)problem->expert_count,
                            (long long)problem->hidden_elems, (long long)problem->domain_rank_count,
                            session->rank_count);
    }
    meet_everyone(session);
    CX_HOSTREF_TRY(
        refuse_codec(session, problem->dispatch_codec, caps.dispatch_codecs, "dispatch"));
    return refuse_codec(session, problem->combine_codec, caps.combine_codecs, "combine");
}

/* ---- prepare --------------------------------------------------------------------------------- */

static cx_hostref_ep_format_t format_of(const cx_session_t *session, cx_codec_t codec)
{
    const cx_codec_ops_t *codecs = session->core->codecs;
    const int64_t         elems  = session->shape.ep.hidden_elems;

    return (cx_hostref_ep_format_t){.codec         = codec,
                                    .payload_bytes = (size_t)codecs->payload_bytes(codec, elems),
                                    .scale_bytes   = (size_t)codecs->scale_bytes(codec, elems)};
}

static cx_status_t new_state(cx_session_t *session, const cx_point_t *point)
{
    const cx_ep_problem_t *problem = &session->shape.ep;
    const size_t           topk = (size_t)problem->topk, ranks = (size_t)session->rank_count;
    const size_t           lists =
        problem->mode == CX_EP_MODE_LOW_LATENCY ? (size_t)problem->expert_count / ranks : 1;
    const size_t     row_bytes = (size_t)problem->hidden_elems * sizeof(uint16_t);
    cx_hostref_ep_t *ep        = calloc(1, sizeof *ep);

    session->ep    = ep;
    session->point = point;
    if (!ep) {
        return CX_CORE_FAIL(session->core, CX_RESOURCE, "no memory for a point");
    }
    *ep = (cx_hostref_ep_t){
        .is_by_expert       = problem->mode == CX_EP_MODE_LOW_LATENCY,
        .topk               = (int32_t)problem->topk,
        .local_expert_count = (int32_t)(problem->expert_count / session->rank_count),
        .list_count         = (int32_t)lists,
        .row_bytes          = row_bytes,
        .dispatch           = format_of(session, problem->dispatch_codec),
        .combine            = format_of(session, problem->combine_codec),
        .slots              = calloc((size_t)point->slot_count, sizeof *ep->slots),
        .cursors            = calloc(ranks * lists, sizeof *ep->cursors),
        .row_at             = calloc(ranks, sizeof *ep->row_at),
        .summands           = calloc(topk, sizeof *ep->summands),
        .decoded            = calloc(topk, row_bytes),
        .sums               = calloc(topk, row_bytes),
    };
    if (!ep->slots || !ep->cursors || !ep->row_at || !ep->summands || !ep->decoded || !ep->sums) {
        return CX_CORE_FAIL(session->core, CX_RESOURCE, "no memory for %d slots of %d ranks",
                            point->slot_count, session->rank_count);
    }
    return CX_OK;
}

static cx_status_t open_planes(cx_session_t *session)
{
    size_t bytes;

    CX_HOSTREF_TRY(cx_hostref_ep_plan(session, &bytes));
    return cx_hostref_share_alloc(session->core, bytes, &session->ep->planes);
}

static void release(cx_session_t *session)
{
    const cx_core_t *core = session->core;
    cx_hostref_ep_t *ep   = session->ep;

    if (ep) {
        cx_hostref_share_free(core, &ep->planes);
        free(ep->slots);
        free(ep->cursors);
        free(ep->row_at);
        free(ep->summands);
        free(ep->decoded);
        free(ep->sums);
        free(ep);
    }
    cx_share_close(core, &session->region);
    session->ep    = NULL;
    session->point = NULL;
}

/* What others will read is read from the first moment on: the share of the region comes first, and
 * with it the certainty that every rank has filled its inputs. */
static cx_status_t prepare(cx_session_t *session, const cx_point_t *point)
{
    cx_status_t status = new_state(session, point);

    if (status == CX_OK) {
        status = cx_hostref_share_open(session->core, point->region, point->region_bytes,
                                       &session->region);
    }
    if (status == CX_OK) {
        status = open_planes(session);
    }
    if (status != CX_OK) {
        release(session);
    }
    return status;
}

/* ---- phases ---------------------------------------------------------------------------------- */

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index)
{
    switch (phase) {
    case CX_PHASE_DISPATCH:
        return cx_hostref_ep_dispatch(session, slot_index);
    case CX_PHASE_STAGE:
        return cx_hostref_ep_stage(session, slot_index);
    case CX_PHASE_COMBINE:
        return cx_hostref_ep_combine(session, slot_index);
    default:
        return CX_CORE_FAIL(session->core, CX_INVALID, "family ep has no phase %d", (int)phase);
    }
}

cx_status_t cx_hostref_ep_inspect(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    const cx_hostref_ep_t      *ep   = session->ep;
    const cx_hostref_ep_slot_t *slot = ep->slots + slot_index;
    const int32_t               me   = session->rank;

    CX_HOSTREF_TRY(cx_hostref_wait_all_done(session, ep->combine_sequence));
    *view = (cx_ep_view_t){
        .struct_size          = sizeof *view,
        .row_count            = slot->row_count,
        .expert_row_capacity  = ep->is_by_expert ? slot->row_capacity : 0,
        .payload              = cx_hostref_ep_plane(session, me, slot->received.payload_offset),
        .staged               = cx_hostref_ep_plane(session, me, slot->staged_offset),
        .payload_stride_bytes = ep->dispatch.payload_bytes,
        .scale_stride_bytes   = ep->dispatch.scale_bytes,
        .staged_stride_bytes  = ep->row_bytes,
        .expert_row_counts    = cx_hostref_ep_table(session, me, slot->counts_offset),
        .wire_bytes           = slot->wire_bytes,
    };
    if (ep->dispatch.scale_bytes > 0) {
        view->scales = cx_hostref_ep_plane(session, me, slot->received.scales_offset);
    }
    if (!ep->is_by_expert) {
        view->row_experts = cx_hostref_ep_table(session, me, slot->row_experts_offset);
        view->row_gates =
            (const float *)(const void *)cx_hostref_ep_plane(session, me, slot->row_gates_offset);
    }
    return CX_OK;
}

const cx_hostref_family_t cx_hostref_ep = {
    .open    = open_ep,
    .prepare = prepare,
    .enqueue = enqueue,
    .release = release,
};
