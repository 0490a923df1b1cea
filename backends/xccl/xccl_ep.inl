/* SPDX-License-Identifier: Apache-2.0 */
/* Family `ep` in mode normal as a token shuffle: rows are packed into a message per rank, messages
 * travel as sends and receives in one group, and rows are unpacked; home the same way, and added.
 * Not the memory of a point (xccl_ep_plan.inl) and not the kernels (backends/gpu/shuffle.cu).
 *
 * A dispatch works out on the device who gets what, as a layer of a model has to. How long messages
 * are must be known by the host, which may not wait for the device: docs/adr/0019. */

/* What xccl.inl does for every family. */
static cx_status_t fail_session(cx_session_t *session, const char *call, xccl_result_t result);
static cx_status_t register_region(cx_session_t *session, const cx_point_t *point);

/* The compiled kernels; written by cmake/embed.cmake. */
#ifdef GPU_KERNEL_TARGETS
extern const unsigned char        cx_shuffle_image[];
static const unsigned char *const shuffle_image   = cx_shuffle_image;
static const char *const          shuffle_targets = GPU_KERNEL_TARGETS;
#else
static const unsigned char *const shuffle_image   = NULL;
static const char *const          shuffle_targets = "nothing";
#endif

enum { SHUFFLE_PLAN, SHUFFLE_PACK, SHUFFLE_UNPACK, SHUFFLE_RETURN, SHUFFLE_SUM, SHUFFLE_COUNT };

typedef struct ep_slot {
    struct gpu_shuffle_params params;
    int32_t                   token_count_max;       /* of any rank; at least 1 */
    int32_t                  *sent_rows, *came_rows; /* [rank_count]: of a message, by peer */
} ep_slot_t;

struct ep {
    gpu_module_t module;
    void        *kernels[SHUFFLE_COUNT];
    size_t       row_bytes, out_bytes; /* of a row in messages: home, and out */

    /* Between prepare and release, all owned. */
    void      *memory; /* the device's */
    ep_slot_t *slots;
    int32_t   *rows; /* [slot_count][2][rank_count], which the slots point into */
};

static void offer_ep(cx_caps_t *caps)
{
    if (!shuffle_image) {
        return;
    }
    caps->families |= CX_BIT(CX_FAMILY_EP);
    caps->ep[CX_EP_MODE_NORMAL] = (cx_ep_caps_t){
        .is_supported    = true,
        .dispatch_codecs = CX_BIT(CX_CODEC_BF16),
        .combine_codecs  = CX_BIT(CX_CODEC_BF16),
        .layout          = CX_EP_LAYOUT_TOKEN_RANK,
        .weighting       = CX_EP_WEIGHTING_RANK_SUM,
        .reduction       = CX_EP_REDUCTION_DOMAIN_FP32,
        .is_bitwise      = true,
    };
}

/* ---- open and close ------------------------------------------------------------------------- */

static cx_status_t refuse_problem(const cx_core_t *core, const cx_ep_problem_t *problem)
{
    if (problem->mode != CX_EP_MODE_NORMAL || problem->dispatch_codec != CX_CODEC_BF16 ||
        problem->combine_codec != CX_CODEC_BF16) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                            XCCL_NAME " shuffles tokens in mode normal and in bf16 alone: the "
                                      "library encodes nothing and multiplies by no gate");
    }
    if (problem->hidden_elems < 1 || problem->topk < 1 || problem->topk > problem->expert_count ||
        problem->expert_count % core->rank_count != 0 || problem->domain_rank_count < 1) {
        return CX_CORE_FAIL(core, CX_INVALID,
                            "%lld of %lld experts, rows of %lld elements and domains of %lld ranks "
                            "cannot be laid out on %d ranks",
                            (long long)problem->topk, (long long)problem->expert_count,
                            (long long)problem->hidden_elems, (long long)problem->domain_rank_count,
                            core->rank_count);
    }
    return CX_OK;
}

static cx_status_t load_shuffle(const cx_core_t *core, ep_t *ep)
{
    static const char *const names[SHUFFLE_COUNT] = {"cx_gpu_shuffle_plan", "cx_gpu_shuffle_pack",
                                                     "cx_gpu_shuffle_unpack",
                                                     "cx_gpu_shuffle_return", "cx_gpu_shuffle_sum"};
    cx_status_t status = gpu_module_open(core, shuffle_image, shuffle_targets, &ep->module);

    for (int i = 0; i < SHUFFLE_COUNT && status == CX_OK; i++) {
        status = gpu_module_find(&ep->module, names[i], &ep->kernels[i]);
    }
    return status;
}

static cx_status_t open_ep(cx_session_t *session)
{
    const cx_ep_problem_t *problem = &session->shape.ep;
    cx_status_t            status  = refuse_problem(session->core, problem);

    if (status != CX_OK) {
        return status;
    }
    session->ep = calloc(1, sizeof *session->ep);
    if (!session->ep) {
        return CX_CORE_FAIL(session->core, CX_RESOURCE, "no memory for a token shuffle");
    }
    session->type          = dtypes[CX_DTYPE_UINT8].value;
    session->ep->row_bytes = GPU_SHUFFLE_ROW_BYTES(problem->hidden_elems);
    session->ep->out_bytes = GPU_SHUFFLE_OUT_BYTES(problem->hidden_elems, problem->topk);
    return load_shuffle(session->core, session->ep);
}

static void release_ep(cx_session_t *session)
{
    ep_t *ep = session->ep;

    if (ep && ep->memory) {
        session->core->device_ops->free(session->core->device, ep->memory);
        ep->memory = NULL;
    }
    if (ep) {
        free(ep->slots);
        free(ep->rows);
        ep->slots = NULL;
        ep->rows  = NULL;
    }
}

static void close_ep(cx_session_t *session)
{
    release_ep(session);
    if (session->ep) {
        gpu_module_close(&session->ep->module);
        free(session->ep);
    }
}

/* ---- phases --------------------------------------------------------------------------------- */

static cx_status_t launch_shuffle(const cx_session_t *session, int kernel, ep_slot_t *slot,
                                  gpu_grid_t grid, cx_stream_t *stream)
{
    const ep_t *ep = session->ep;

    return gpu_launch(&ep->module, ep->kernels[kernel], grid, stream, &slot->params);
}

/* The messages of one direction: sizes [rank_count] of what is sent and received, in bytes. What a
 * rank has for itself is in its inbox already. */
static cx_status_t exchange(cx_session_t *session, const ep_slot_t *slot,
                            size_t (*bytes_of)(const ep_t *ep, int32_t row_count),
                            const int32_t *sent_rows, const int32_t *came_rows, cx_stream_t *stream)
{
    const struct gpu_shuffle_params *params = &slot->params;
    const xccl_api_t                *api    = &library.api;
    xccl_result_t                    result = api->group_start(), ended;

    if (result != XCCL_SUCCESS) {
        return fail_session(session, "ncclGroupStart", result);
    }
    for (int32_t i = 1; i < params->rank_count && result == XCCL_SUCCESS; i++) {
        const int32_t to   = (params->rank + i) % params->rank_count;
        const int32_t from = (params->rank + params->rank_count - i) % params->rank_count;
        const size_t  sent = bytes_of(session->ep, sent_rows[to]);
        const size_t  came = bytes_of(session->ep, came_rows[from]);

        if (sent > 0) {
            result = api->send(params->outbox + (unsigned)to * params->block_bytes, sent,
                               session->type, to, session->comm, stream);
        }
        if (came > 0 && result == XCCL_SUCCESS) {
            result = api->recv(params->inbox + (unsigned)from * params->block_bytes, came,
                               session->type, from, session->comm, stream);
        }
    }
    ended  = api->group_end();
    result = result == XCCL_SUCCESS ? ended : result;
    return result == XCCL_SUCCESS ? CX_OK : fail_session(session, "ncclSend/ncclRecv", result);
}

static size_t bytes_out(const ep_t *ep, int32_t row_count)
{
    return GPU_SHUFFLE_HEADER_BYTES + (size_t)row_count * ep->out_bytes;
}

static size_t bytes_home(const ep_t *ep, int32_t row_count)
{
    return (size_t)row_count * ep->row_bytes;
}

static cx_status_t dispatch(cx_session_t *session, ep_slot_t *slot, cx_stream_t *stream)
{
    const unsigned ranks = (unsigned)slot->params.rank_count;
    const unsigned own = (unsigned)slot->params.token_count, most = (unsigned)slot->token_count_max;
    cx_status_t    status;

    status = launch_shuffle(session, SHUFFLE_PLAN, slot,
                            (gpu_grid_t){ranks, 1, GPU_SHUFFLE_PLAN_THREADS}, stream);
    if (status == CX_OK) {
        status = launch_shuffle(session, SHUFFLE_PACK, slot,
                                (gpu_grid_t){own, 1, GPU_SHUFFLE_ROW_THREADS}, stream);
    }
    if (status == CX_OK) {
        status = exchange(session, slot, bytes_out, slot->sent_rows, slot->came_rows, stream);
    }
    return status == CX_OK
               ? launch_shuffle(session, SHUFFLE_UNPACK, slot,
                                (gpu_grid_t){most, ranks, GPU_SHUFFLE_ROW_THREADS}, stream)
               : status;
}

static cx_status_t combine(cx_session_t *session, ep_slot_t *slot, cx_stream_t *stream)
{
    const unsigned ranks = (unsigned)slot->params.rank_count;
    const unsigned own = (unsigned)slot->params.token_count, most = (unsigned)slot->token_count_max;
    cx_status_t    status;

    status = launch_shuffle(session, SHUFFLE_RETURN, slot,
                            (gpu_grid_t){most, ranks, GPU_SHUFFLE_ROW_THREADS}, stream);
    if (status == CX_OK) {
        status = exchange(session, slot, bytes_home, slot->came_rows, slot->sent_rows, stream);
    }
    return status == CX_OK ? launch_shuffle(session, SHUFFLE_SUM, slot,
                                            (gpu_grid_t){own, 1, GPU_SHUFFLE_ROW_THREADS}, stream)
                           : status;
}

static cx_status_t enqueue_ep(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                              cx_stream_t *stream)
{
    ep_slot_t *slot = &session->ep->slots[slot_index];

    switch (phase) {
    case CX_PHASE_DISPATCH:
        return dispatch(session, slot, stream);
    case CX_PHASE_STAGE:
        return CX_OK; /* staged rows are the received ones */
    case CX_PHASE_COMBINE:
        return combine(session, slot, stream);
    default:
        return CX_CORE_FAIL(session->core, CX_INVALID, "family ep has no phase %d", (int)phase);
    }
}

static int64_t wire_rows(const ep_slot_t *slot)
{
    int64_t row_count = 0;

    for (int32_t rank = 0; rank < slot->params.rank_count; rank++) {
        row_count += rank == slot->params.rank ? 0 : slot->sent_rows[rank];
    }
    return row_count;
}

static cx_status_t inspect(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    const cx_core_t                 *core   = session->core;
    const ep_t                      *ep     = session->ep;
    const ep_slot_t                 *slot   = &ep->slots[slot_index];
    const struct gpu_shuffle_params *params = &slot->params;
    const size_t bytes     = (size_t)params->rank_count * sizeof *params->source_counts;
    int32_t     *counts    = malloc(bytes);
    int64_t      row_count = 0;
    cx_status_t  status;

    if (!counts) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for what %d ranks sent",
                            params->rank_count);
    }
    status = core->device_ops->copy(core->device, counts, params->source_counts, bytes);
    for (int32_t rank = 0; rank < params->rank_count && status == CX_OK; rank++) {
        row_count += counts[rank];
    }
    free(counts);
    if (status != CX_OK) {
        return status;
    }
    *view = (cx_ep_view_t){
        .struct_size          = sizeof *view,
        .row_count            = row_count,
        .payload              = params->rows,
        .staged               = params->rows,
        .payload_stride_bytes = ep->row_bytes,
        .staged_stride_bytes  = ep->row_bytes,
        .row_experts          = params->row_experts,
        .row_gates            = params->row_gates,
        .expert_row_counts    = params->expert_counts,
        .wire_bytes           = wire_rows(slot) * (int64_t)ep->row_bytes,
    };
    return CX_OK;
}
