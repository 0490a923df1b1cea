/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a prepared point of family `ep`, how long its messages are, and the refusal of
 * slots that would go wrong inside a window. Not the phases (xccl_ep.inl). */

#define PLACE_BYTES ((size_t)256)

/* What the slots of a point need at most; the same on every rank. */
typedef struct extent {
    size_t token_count;  /* of a rank, at least 1 */
    size_t tokens_total; /* of all ranks */
} extent_t;

/* ---- what is asked -------------------------------------------------------------------------- */

static bool lies_inside(const cx_point_t *point, size_t offset, size_t row_count, size_t row_bytes)
{
    return offset <= point->region_bytes && row_count <= (point->region_bytes - offset) / row_bytes;
}

static cx_status_t refuse_areas(const cx_session_t *session, const cx_point_t *point,
                                const cx_ep_slot_t *given)
{
    const cx_ep_problem_t *problem   = &session->shape.ep;
    const int64_t          own_count = given->token_counts[session->core->rank];
    const size_t           tokens    = (size_t)own_count;
    const size_t           row_bytes = (size_t)problem->hidden_elems * sizeof(uint16_t);
    const size_t           choice    = (size_t)problem->topk * sizeof(int32_t);

    if (own_count < 0 || own_count > INT32_MAX ||
        !lies_inside(point, given->x_offset, tokens, row_bytes) ||
        !lies_inside(point, given->combined_offset, tokens, row_bytes) ||
        !lies_inside(point, given->experts_offset, tokens, choice) ||
        !lies_inside(point, given->gates_offset, tokens, choice)) {
        return CX_CORE_FAIL(session->core, CX_INVALID,
                            "a slot of %lld tokens does not fit into a region of %zu bytes",
                            (long long)own_count, point->region_bytes);
    }
    return CX_OK;
}

/* A token's experts are there, and differ; adds its rows to those of the ranks. */
static cx_status_t count_token(const cx_session_t *session, int64_t token, const int32_t *experts,
                               int32_t *counts)
{
    const cx_ep_problem_t *problem = &session->shape.ep;
    const int32_t          locals  = (int32_t)(problem->expert_count / session->core->rank_count);

    for (int64_t k = 0; k < problem->topk; k++) {
        bool is_new = true;

        if (experts[k] < 0 || experts[k] >= problem->expert_count) {
            return CX_CORE_FAIL(
                session->core, CX_INVALID, "token %lld, slot %lld: there is no expert %d of %lld",
                (long long)token, (long long)k, experts[k], (long long)problem->expert_count);
        }
        for (int64_t j = 0; j < k; j++) {
            if (experts[j] == experts[k]) {
                return CX_CORE_FAIL(session->core, CX_INVALID,
                                    "token %lld: slots %lld and %lld have the same expert %d",
                                    (long long)token, (long long)j, (long long)k, experts[k]);
            }
            is_new = is_new && experts[j] / locals != experts[k] / locals;
        }
        counts[experts[k] / locals] += is_new;
    }
    return CX_OK;
}

/* Rows of this rank's tokens for each rank, from the routing that lies on the device. */
static cx_status_t count_rows(const cx_session_t *session, const cx_ep_slot_t *given,
                              int32_t *counts)
{
    const cx_core_t *core        = session->core;
    const int64_t    token_count = given->token_counts[core->rank];
    const int64_t    topk        = session->shape.ep.topk;
    const size_t     bytes       = (size_t)(token_count * topk) * sizeof(int32_t);
    int32_t         *experts     = malloc(bytes + 1);
    cx_status_t      status      = CX_OK;

    if (!experts) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for the routing of %lld tokens",
                            (long long)token_count);
    }
    if (bytes > 0) {
        status = core->device_ops->copy(core->device, experts, given->experts, bytes);
    }
    for (int64_t token = 0; token < token_count && status == CX_OK; token++) {
        status = count_token(session, token, experts + token * topk, counts);
    }
    free(experts);
    return status;
}

static cx_status_t count_slots(const cx_session_t *session, const cx_point_t *point,
                               int32_t *counts)
{
    cx_status_t status = CX_OK;

    for (int32_t i = 0; i < point->slot_count && status == CX_OK; i++) {
        status = refuse_areas(session, point, &point->ep_slots[i]);
        if (status == CX_OK) {
            status = count_rows(session, &point->ep_slots[i],
                                counts + (size_t)i * (size_t)session->core->rank_count);
        }
    }
    return status;
}

/* ---- messages ------------------------------------------------------------------------------- */

/* What each rank says of itself: whether its slots are sound, then its rows by slot and rank. */
static cx_status_t read_words(const cx_session_t *session, const cx_point_t *point,
                              const int32_t *words, size_t word_count)
{
    const cx_core_t *core     = session->core;
    const size_t     ranks    = (size_t)core->rank_count;
    const bool       is_fixed = session->options.ep_messages == EP_MESSAGES_FIXED;

    for (size_t rank = 0; rank < ranks; rank++) {
        const int32_t *said = words + rank * word_count;

        if (said[0] != CX_OK) {
            return CX_CORE_FAIL(core, (cx_status_t)said[0], "rank %zu refuses its slots", rank);
        }
        for (int32_t i = 0; i < point->slot_count; i++) {
            const ep_slot_t *slot   = &session->ep->slots[i];
            const int64_t   *tokens = point->ep_slots[i].token_counts;
            const int32_t   *mine   = words + (size_t)core->rank * word_count;
            const size_t     at     = 1 + (size_t)i * ranks;

            slot->sent_rows[rank] = is_fixed ? (int32_t)tokens[core->rank] : mine[at + rank];
            slot->came_rows[rank] =
                is_fixed ? (int32_t)tokens[rank] : said[at + (size_t)core->rank];
        }
    }
    return CX_OK;
}

/* Collective: every rank comes here, also one whose slots are not sound. */
static cx_status_t agree_on_messages(cx_session_t *session, const cx_point_t *point)
{
    const cx_core_t *core       = session->core;
    const size_t     ranks      = (size_t)core->rank_count;
    const size_t     word_count = 1 + (size_t)point->slot_count * ranks;
    int32_t         *words      = calloc((ranks + 1) * word_count, sizeof *words);
    int32_t         *mine       = words ? words + ranks * word_count : NULL;
    cx_status_t      own, status;

    if (!words) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for the messages of %zu ranks", ranks);
    }
    own     = count_slots(session, point, mine + 1);
    mine[0] = (int32_t)own;
    status  = core->peers_ops->allgather(core->peers, mine, words, word_count * sizeof *words,
                                         core->deadline_ns(core));
    if (own != CX_OK) {
        status = own;
    } else if (status == CX_OK) {
        status = read_words(session, point, words, word_count);
    }
    free(words);
    return status;
}

/* ---- memory --------------------------------------------------------------------------------- */

static extent_t measure_slot(const cx_session_t *session, const cx_ep_slot_t *given)
{
    extent_t extent = {.token_count = 1};

    for (int32_t rank = 0; rank < session->core->rank_count; rank++) {
        const size_t tokens = (size_t)given->token_counts[rank];

        extent.tokens_total += tokens;
        extent.token_count = tokens > extent.token_count ? tokens : extent.token_count;
    }
    return extent;
}

static size_t place(size_t *end_bytes, size_t bytes)
{
    const size_t begin = *end_bytes;

    *end_bytes += (bytes + PLACE_BYTES - 1) / PLACE_BYTES * PLACE_BYTES;
    return begin;
}

/* One memory serves all slots: a dispatch overwrites what the one before it delivered. */
static cx_status_t open_shuffle_memory(cx_session_t *session, const extent_t *most,
                                       struct gpu_shuffle_params *out)
{
    const cx_core_t       *core    = session->core;
    const cx_ep_problem_t *problem = &session->shape.ep;
    const size_t           ranks = (size_t)core->rank_count, topk = (size_t)problem->topk;
    const size_t           locals  = (size_t)problem->expert_count / ranks;
    const size_t           boxes   = ranks * bytes_out(session->ep, (int32_t)most->token_count);
    const size_t           choices = most->tokens_total * topk * sizeof(int32_t);
    size_t                 end     = 0;
    const size_t           at[]    = {
                     place(&end, most->token_count * ranks * sizeof(int32_t)),
                     place(&end, boxes),
                     place(&end, boxes),
                     place(&end, most->tokens_total * session->ep->row_bytes),
                     place(&end, choices),
                     place(&end, choices),
                     place(&end, ranks * sizeof(int32_t)),
                     place(&end, locals * sizeof(int32_t)),
    };
    cx_point_t     own = {.region_bytes = end, .memory = XCCL_MEMORY};
    unsigned char *memory;
    cx_status_t    status;

    status = core->device_ops->alloc(core->device, end, XCCL_MEMORY, &session->ep->memory);
    if (status != CX_OK) {
        return status;
    }
    memory             = session->ep->memory;
    own.region         = memory;
    out->positions     = (void *)(memory + at[0]);
    out->outbox        = memory + at[1];
    out->inbox         = memory + at[2];
    out->rows          = memory + at[3];
    out->row_experts   = (void *)(memory + at[4]);
    out->row_gates     = (void *)(memory + at[5]);
    out->source_counts = (void *)(memory + at[6]);
    out->expert_counts = (void *)(memory + at[7]);
    return register_region(session, &own);
}

static void fill_slot(const cx_session_t *session, const cx_ep_slot_t *given,
                      const struct gpu_shuffle_params *memory, ep_slot_t *slot)
{
    const cx_core_t       *core    = session->core;
    const cx_ep_problem_t *problem = &session->shape.ep;

    slot->token_count_max           = (int32_t)measure_slot(session, given).token_count;
    slot->params                    = *memory;
    slot->params.x                  = given->x;
    slot->params.experts            = given->experts;
    slot->params.gates              = given->gates;
    slot->params.combined           = given->combined;
    slot->params.block_bytes        = bytes_out(session->ep, slot->token_count_max);
    slot->params.rank               = core->rank;
    slot->params.rank_count         = core->rank_count;
    slot->params.topk               = (int)problem->topk;
    slot->params.hidden_elems       = (int)problem->hidden_elems;
    slot->params.token_count        = (int)given->token_counts[core->rank];
    slot->params.local_expert_count = (int)(problem->expert_count / core->rank_count);
    slot->params.domain_rank_count  = problem->domain_rank_count < core->rank_count
                                          ? (int)problem->domain_rank_count
                                          : core->rank_count;
}

static cx_status_t new_slots(cx_session_t *session, const cx_point_t *point)
{
    ep_t        *ep    = session->ep;
    const size_t ranks = (size_t)session->core->rank_count, slots = (size_t)point->slot_count;

    ep->slots = calloc(slots, sizeof *ep->slots);
    ep->rows  = calloc(2 * slots * ranks, sizeof *ep->rows);
    if (!ep->slots || !ep->rows) {
        return CX_CORE_FAIL(session->core, CX_RESOURCE, "no memory for %zu slots", slots);
    }
    for (size_t i = 0; i < slots; i++) {
        ep->slots[i].sent_rows = ep->rows + 2 * i * ranks;
        ep->slots[i].came_rows = ep->slots[i].sent_rows + ranks;
    }
    return CX_OK;
}

static cx_status_t prepare_ep(cx_session_t *session, const cx_point_t *point)
{
    struct gpu_shuffle_params memory = {.rank = session->core->rank};
    extent_t                  most   = {.token_count = 1};
    cx_status_t               status = new_slots(session, point);

    if (status == CX_OK) {
        status = agree_on_messages(session, point);
    }
    for (int32_t i = 0; i < point->slot_count; i++) {
        const extent_t one = measure_slot(session, &point->ep_slots[i]);

        most.token_count = one.token_count > most.token_count ? one.token_count : most.token_count;
        most.tokens_total =
            one.tokens_total > most.tokens_total ? one.tokens_total : most.tokens_total;
    }
    if (status == CX_OK) {
        status = open_shuffle_memory(session, &most, &memory);
    }
    for (int32_t i = 0; i < point->slot_count && status == CX_OK; i++) {
        fill_slot(session, &point->ep_slots[i], &memory, &session->ep->slots[i]);
    }
    return status;
}
