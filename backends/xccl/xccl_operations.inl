/* SPDX-License-Identifier: Apache-2.0 */
/* What one operation calls: decided by prepare, done by enqueue with nothing in between.
 * Not communicators, and not what is offered (xccl.inl). */

/* One send or receive of an operation for which the library has no single call. */
typedef struct transfer {
    bool    is_send;
    int32_t peer_rank;
    size_t  count;
    size_t  skip_bytes; /* from the slot's buffer */
} transfer_t;

typedef struct ep ep_t; /* xccl_ep.inl */

typedef xccl_result_t (*run_fn)(const cx_session_t *session, const cx_slot_t *slot,
                                cx_stream_t *stream);

struct cx_session {
    const cx_core_t *core;
    cx_shape_t       shape;
    options_t        options;
    xccl_comm_t     *comm;
    bool             is_broken; /* a call failed: from now on nothing waits for the others */
    bool             is_held;   /* a call that was given up may still use the communicator */
    int              type, redop;
    size_t           elem_bytes;
    run_fn           run;
    const char      *call; /* what `run` calls, for words */

    /* Between prepare and release. */
    const cx_slot_t *slots;
    size_t           count;
    transfer_t      *transfers; /* owned, of a grouped operation */
    size_t           transfer_count;
    void            *registration;
    xccl_window_t   *window;
    cx_slot_t        scratch; /* what a barrier reduces; owned */
    ep_t            *ep;      /* family ep alone; owned */
};

/* ---- one call ------------------------------------------------------------------------------- */

static xccl_result_t run_all_reduce(const cx_session_t *session, const cx_slot_t *slot,
                                    cx_stream_t *stream)
{
    return library.api.all_reduce(slot->send, slot->recv, session->count, session->type,
                                  session->redop, session->comm, stream);
}

static xccl_result_t run_all_gather(const cx_session_t *session, const cx_slot_t *slot,
                                    cx_stream_t *stream)
{
    return library.api.all_gather(slot->send, slot->recv, session->count, session->type,
                                  session->comm, stream);
}

static xccl_result_t run_reduce_scatter(const cx_session_t *session, const cx_slot_t *slot,
                                        cx_stream_t *stream)
{
    return library.api.reduce_scatter(slot->send, slot->recv, session->count, session->type,
                                      session->redop, session->comm, stream);
}

/* A rank without one of the buffers gives the other for both, which is the in-place form. */
static xccl_result_t run_broadcast(const cx_session_t *session, const cx_slot_t *slot,
                                   cx_stream_t *stream)
{
    const void *send = slot->send ? slot->send : slot->recv;
    void       *recv = slot->recv ? slot->recv : (void *)(uintptr_t)slot->send;

    return library.api.broadcast(send, recv, session->count, session->type,
                                 session->shape.root_rank, session->comm, stream);
}

static xccl_result_t run_reduce(const cx_session_t *session, const cx_slot_t *slot,
                                cx_stream_t *stream)
{
    return library.api.reduce(slot->send, slot->recv, session->count, session->type, session->redop,
                              session->shape.root_rank, session->comm, stream);
}

static xccl_result_t run_all_to_all(const cx_session_t *session, const cx_slot_t *slot,
                                    cx_stream_t *stream)
{
    return library.api.all_to_all(slot->send, slot->recv, session->count, session->type,
                                  session->comm, stream);
}

static xccl_result_t run_gather(const cx_session_t *session, const cx_slot_t *slot,
                                cx_stream_t *stream)
{
    return library.api.gather(slot->send, slot->recv, session->count, session->type,
                              session->shape.root_rank, session->comm, stream);
}

static xccl_result_t run_scatter(const cx_session_t *session, const cx_slot_t *slot,
                                 cx_stream_t *stream)
{
    return library.api.scatter(slot->send, slot->recv, session->count, session->type,
                               session->shape.root_rank, session->comm, stream);
}

/* ---- a group of calls ----------------------------------------------------------------------- */

/* A group that was begun is ended whatever happens within; the first failure is told. */
static xccl_result_t run_grouped(const cx_session_t *session, const cx_slot_t *slot,
                                 cx_stream_t *stream)
{
    xccl_result_t result = library.api.group_start(), ended;

    if (result != XCCL_SUCCESS) {
        return result;
    }
    for (size_t i = 0; i < session->transfer_count && result == XCCL_SUCCESS; i++) {
        const transfer_t *one = &session->transfers[i];

        result = one->is_send
                     ? library.api.send((const char *)slot->send + one->skip_bytes, one->count,
                                        session->type, one->peer_rank, session->comm, stream)
                     : library.api.recv((char *)slot->recv + one->skip_bytes, one->count,
                                        session->type, one->peer_rank, session->comm, stream);
    }
    ended = library.api.group_end();
    return result == XCCL_SUCCESS ? ended : result;
}

static void add_transfer(cx_session_t *session, bool is_send, int32_t peer_rank, int64_t count,
                         int64_t skip_elems)
{
    if (count > 0) {
        session->transfers[session->transfer_count++] = (transfer_t){
            is_send, peer_rank, (size_t)count, (size_t)skip_elems * session->elem_bytes};
    }
}

static void plan_all_to_all(cx_session_t *session, const cx_point_t *point)
{
    for (int32_t rank = 0; rank < session->core->rank_count; rank++) {
        add_transfer(session, true, rank, point->elems, rank * point->elems);
        add_transfer(session, false, rank, point->elems, rank * point->elems);
    }
}

/* A rank's row of the table is what it sends, its column what it receives. */
static void plan_all_to_all_v(cx_session_t *session, const cx_point_t *point)
{
    const int32_t own = session->core->rank, rank_count = session->core->rank_count;
    int64_t       send_skip_elems = 0, recv_skip_elems = 0;

    for (int32_t rank = 0; rank < rank_count; rank++) {
        const int64_t sent     = point->counts[(ptrdiff_t)own * rank_count + rank];
        const int64_t received = point->counts[(ptrdiff_t)rank * rank_count + own];

        add_transfer(session, true, rank, sent, send_skip_elems);
        add_transfer(session, false, rank, received, recv_skip_elems);
        send_skip_elems += sent;
        recv_skip_elems += received;
    }
}

/* In place, the root's own block is where it belongs. */
static void plan_gather(cx_session_t *session, const cx_point_t *point)
{
    const int32_t own = session->core->rank, root = session->shape.root_rank;
    const int32_t kept_rank = session->shape.is_in_place ? root : -1;

    if (own != kept_rank) {
        add_transfer(session, true, root, point->elems, 0);
    }
    for (int32_t rank = 0; own == root && rank < session->core->rank_count; rank++) {
        if (rank != kept_rank) {
            add_transfer(session, false, rank, point->elems, rank * point->elems);
        }
    }
}

static void plan_scatter(cx_session_t *session, const cx_point_t *point)
{
    const int32_t own = session->core->rank, root = session->shape.root_rank;
    const int32_t kept_rank = session->shape.is_in_place ? root : -1;

    for (int32_t rank = 0; own == root && rank < session->core->rank_count; rank++) {
        if (rank != kept_rank) {
            add_transfer(session, true, rank, point->elems, rank * point->elems);
        }
    }
    if (own != kept_rank) {
        add_transfer(session, false, root, point->elems, 0);
    }
}

static void plan_send_recv(cx_session_t *session, const cx_point_t *point)
{
    const int32_t own = session->core->rank, rank_count = session->core->rank_count;

    add_transfer(session, true, (own + 1) % rank_count, point->elems, 0);
    add_transfer(session, false, (own + rank_count - 1) % rank_count, point->elems, 0);
}

/* ---- which of them -------------------------------------------------------------------------- */

/* `run` is one call, `plan` makes it a group of them. `member` is the function of the library that
 * the one call needs, where not every version has it. */
static const struct {
    const char *call;
    run_fn      run;
    size_t      member;
    void (*plan)(cx_session_t *session, const cx_point_t *point);
    bool has_in_place;
} operations[CX_COLLECTIVE_COUNT] = {
#define MEMBER(name) offsetof(xccl_api_t, name)
    [CX_COLLECTIVE_ALL_REDUCE] = {"ncclAllReduce", run_all_reduce, MEMBER(all_reduce), NULL, true},
    [CX_COLLECTIVE_ALL_GATHER] = {"ncclAllGather", run_all_gather, MEMBER(all_gather), NULL, true},
    [CX_COLLECTIVE_REDUCE_SCATTER] = {"ncclReduceScatter", run_reduce_scatter,
                                      MEMBER(reduce_scatter), NULL, true},
    [CX_COLLECTIVE_ALL_TO_ALL]     = {XCCL_ALL_TO_ALL_SYMBOL, run_all_to_all, MEMBER(all_to_all),
                                      plan_all_to_all, false},
    [CX_COLLECTIVE_ALL_TO_ALL_V]   = {NULL, NULL, 0, plan_all_to_all_v, false},
    [CX_COLLECTIVE_BROADCAST] = {"ncclBroadcast", run_broadcast, MEMBER(broadcast), NULL, true},
    [CX_COLLECTIVE_REDUCE]    = {"ncclReduce", run_reduce, MEMBER(reduce), NULL, true},
    [CX_COLLECTIVE_GATHER]    = {"ncclGather", run_gather, MEMBER(gather), plan_gather, true},
    [CX_COLLECTIVE_SCATTER]   = {"ncclScatter", run_scatter, MEMBER(scatter), plan_scatter, true},
    [CX_COLLECTIVE_SEND_RECV] = {NULL, NULL, 0, plan_send_recv, false},
    [CX_COLLECTIVE_BARRIER]   = {"ncclAllReduce", run_all_reduce, MEMBER(all_reduce), NULL, false},
#undef MEMBER
};

static bool has_single_call(cx_collective_t op)
{
    void *function = NULL;

    if (operations[op].run) {
        memcpy(&function, (const char *)&library.api + operations[op].member, sizeof function);
    }
    return function != NULL;
}

/* At open: a choice that cannot be had is refused, not replaced. */
static cx_status_t choose_run(cx_session_t *session)
{
    const cx_collective_t op        = session->shape.op;
    const bool            is_single = has_single_call(op);

    if (session->options.native == NATIVE_YES && !is_single) {
        return CX_CORE_FAIL(
            session->core, CX_UNSUPPORTED, XCCL_NAME "-native=yes: this " XCCL_LABEL " has no %s",
            operations[op].call ? operations[op].call : "single call for this operation");
    }
    if (is_single && (session->options.native != NATIVE_NO || !operations[op].plan)) {
        session->run  = operations[op].run;
        session->call = operations[op].call;
    } else {
        session->run  = run_grouped;
        session->call = "ncclSend and ncclRecv";
    }
    return CX_OK;
}

static cx_status_t plan_transfers(cx_session_t *session, const cx_point_t *point)
{
    if (session->run != run_grouped) {
        return CX_OK;
    }
    session->transfers = calloc(2 * (size_t)session->core->rank_count, sizeof *session->transfers);
    if (!session->transfers) {
        return CX_CORE_FAIL(session->core, CX_RESOURCE, "no memory for the transfers of %d ranks",
                            session->core->rank_count);
    }
    operations[session->shape.op].plan(session, point);
    return CX_OK;
}
