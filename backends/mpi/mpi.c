/* SPDX-License-Identifier: Apache-2.0 */
/* Every collective as the MPI function of that name: one table per vocabulary.
 * Not a way to start ranks: they must already share an MPI world (see README.md). */
#include "collectivex/backend.h"

#include "world.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cx_session {
    const cx_core_t  *core;
    const cx_point_t *point; /* between prepare and release */
    MPI_Comm          comm;
    MPI_Datatype      type;
    MPI_Op            op;
    cx_shape_t        shape;
    int               elems;
    size_t            block_bytes;
    int              *layout; /* owned; all_to_all_v's four arrays of rank_count, see below */
};

/* The rows of `layout`. */
enum { SEND_COUNTS, SEND_PLACES, RECV_COUNTS, RECV_PLACES, LAYOUT_ROWS };

/* MPI knows no 16-bit floats: they travel as two bytes and are never reduced. */
static const struct {
    MPI_Datatype type;
    size_t       bytes;
    bool         is_reducible;
} dtypes[CX_DTYPE_COUNT] = {
    [CX_DTYPE_INT8] = {MPI_INT8_T, 1, true},    [CX_DTYPE_UINT8] = {MPI_UINT8_T, 1, true},
    [CX_DTYPE_INT16] = {MPI_INT16_T, 2, true},  [CX_DTYPE_UINT16] = {MPI_UINT16_T, 2, true},
    [CX_DTYPE_INT32] = {MPI_INT32_T, 4, true},  [CX_DTYPE_UINT32] = {MPI_UINT32_T, 4, true},
    [CX_DTYPE_INT64] = {MPI_INT64_T, 8, true},  [CX_DTYPE_UINT64] = {MPI_UINT64_T, 8, true},
    [CX_DTYPE_FP16] = {MPI_UINT16_T, 2, false}, [CX_DTYPE_BF16] = {MPI_UINT16_T, 2, false},
    [CX_DTYPE_FP32] = {MPI_FLOAT, 4, true},     [CX_DTYPE_FP64] = {MPI_DOUBLE, 8, true},
};

/* MPI has no average. */
static const struct {
    MPI_Op op;
    bool   is_known;
} redops[CX_REDOP_COUNT] = {
    [CX_REDOP_NONE] = {MPI_OP_NULL, true}, [CX_REDOP_SUM] = {MPI_SUM, true},
    [CX_REDOP_PROD] = {MPI_PROD, true},    [CX_REDOP_MIN] = {MPI_MIN, true},
    [CX_REDOP_MAX] = {MPI_MAX, true},      [CX_REDOP_AVG] = {MPI_OP_NULL, false},
};

static bool is_root(const cx_session_t *session)
{
    return session->shape.root_rank == session->core->rank;
}

/* The send buffer of an operation whose in-place form is asked for by MPI_IN_PLACE. */
static const void *send_or_in_place(const cx_session_t *session, const cx_slot_t *slot)
{
    return session->shape.is_in_place ? MPI_IN_PLACE : slot->send;
}

static int run_all_reduce(const cx_session_t *session, const cx_slot_t *slot)
{
    return MPI_Allreduce(send_or_in_place(session, slot), slot->recv, session->elems, session->type,
                         session->op, session->comm);
}

static int run_all_gather(const cx_session_t *session, const cx_slot_t *slot)
{
    return MPI_Allgather(send_or_in_place(session, slot), session->elems, session->type, slot->recv,
                         session->elems, session->type, session->comm);
}

/* MPI leaves an in-place result at the start of the buffer, CollectiveX (and nccl-tests) wants it
 * at the rank's own block: the move is part of what this form costs on MPI. */
static int run_reduce_scatter(const cx_session_t *session, const cx_slot_t *slot)
{
    char *start;
    int   code;

    if (!session->shape.is_in_place) {
        return MPI_Reduce_scatter_block(slot->send, slot->recv, session->elems, session->type,
                                        session->op, session->comm);
    }
    start = (char *)slot->recv - (size_t)session->core->rank * session->block_bytes;
    code = MPI_Reduce_scatter_block(MPI_IN_PLACE, start, session->elems, session->type, session->op,
                                    session->comm);
    memmove(slot->recv, start, session->block_bytes);
    return code;
}

static int run_all_to_all(const cx_session_t *session, const cx_slot_t *slot)
{
    return MPI_Alltoall(send_or_in_place(session, slot), session->elems, session->type, slot->recv,
                        session->elems, session->type, session->comm);
}

static const int *layout_row(const cx_session_t *session, int row)
{
    return session->layout + (ptrdiff_t)row * session->core->rank_count;
}

static int run_all_to_all_v(const cx_session_t *session, const cx_slot_t *slot)
{
    return MPI_Alltoallv(slot->send, layout_row(session, SEND_COUNTS),
                         layout_row(session, SEND_PLACES), session->type, slot->recv,
                         layout_row(session, RECV_COUNTS), layout_row(session, RECV_PLACES),
                         session->type, session->comm);
}

/* MPI broadcasts within one buffer, which at the root is what it sends. A root that was also given
 * a buffer to receive into gets its copy there. */
static int run_broadcast(const cx_session_t *session, const cx_slot_t *slot)
{
    void *buffer = slot->recv;

    if (is_root(session)) {
        buffer = (void *)(uintptr_t)slot->send;
        if (slot->recv && slot->recv != buffer) {
            memcpy(slot->recv, buffer, session->block_bytes);
        }
    }
    return MPI_Bcast(buffer, session->elems, session->type, session->shape.root_rank,
                     session->comm);
}

static int run_reduce(const cx_session_t *session, const cx_slot_t *slot)
{
    const void *send = is_root(session) ? send_or_in_place(session, slot) : slot->send;

    return MPI_Reduce(send, slot->recv, session->elems, session->type, session->op,
                      session->shape.root_rank, session->comm);
}

static int run_gather(const cx_session_t *session, const cx_slot_t *slot)
{
    const void *send = is_root(session) ? send_or_in_place(session, slot) : slot->send;

    return MPI_Gather(send, session->elems, session->type, slot->recv, session->elems,
                      session->type, session->shape.root_rank, session->comm);
}

static int run_scatter(const cx_session_t *session, const cx_slot_t *slot)
{
    bool is_kept = is_root(session) && session->shape.is_in_place;

    return MPI_Scatter(slot->send, session->elems, session->type,
                       is_kept ? MPI_IN_PLACE : slot->recv, session->elems, session->type,
                       session->shape.root_rank, session->comm);
}

static int run_send_recv(const cx_session_t *session, const cx_slot_t *slot)
{
    int rank = session->core->rank, rank_count = session->core->rank_count;

    return MPI_Sendrecv(slot->send, session->elems, session->type, (rank + 1) % rank_count, 0,
                        slot->recv, session->elems, session->type,
                        (rank + rank_count - 1) % rank_count, 0, session->comm, MPI_STATUS_IGNORE);
}

static int run_barrier(const cx_session_t *session, const cx_slot_t *slot)
{
    (void)slot;
    return MPI_Barrier(session->comm);
}

static const struct {
    const char *name;
    int (*run)(const cx_session_t *session, const cx_slot_t *slot);
    bool has_in_place;
} operations[CX_COLLECTIVE_COUNT] = {
    [CX_COLLECTIVE_ALL_REDUCE]     = {"MPI_Allreduce", run_all_reduce, true},
    [CX_COLLECTIVE_ALL_GATHER]     = {"MPI_Allgather", run_all_gather, true},
    [CX_COLLECTIVE_REDUCE_SCATTER] = {"MPI_Reduce_scatter_block", run_reduce_scatter, true},
    [CX_COLLECTIVE_ALL_TO_ALL]     = {"MPI_Alltoall", run_all_to_all, true},
    [CX_COLLECTIVE_ALL_TO_ALL_V]   = {"MPI_Alltoallv", run_all_to_all_v, false},
    [CX_COLLECTIVE_BROADCAST]      = {"MPI_Bcast", run_broadcast, true},
    [CX_COLLECTIVE_REDUCE]         = {"MPI_Reduce", run_reduce, true},
    [CX_COLLECTIVE_GATHER]         = {"MPI_Gather", run_gather, true},
    [CX_COLLECTIVE_SCATTER]        = {"MPI_Scatter", run_scatter, true},
    [CX_COLLECTIVE_SEND_RECV]      = {"MPI_Sendrecv", run_send_recv, false},
    [CX_COLLECTIVE_BARRIER]        = {"MPI_Barrier", run_barrier, false},
};

/* The library names itself over several lines; the first one holds the version. */
static void describe_library(cx_caps_t *caps)
{
    char    text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int     length                               = 0;
    Dl_info found;

    if (MPI_Get_library_version(text, &length) == MPI_SUCCESS) {
        (void)snprintf(caps->library_version, sizeof caps->library_version, "%.*s",
                       (int)strcspn(text, "\n"), text);
    }
    if (dladdr((const void *)(uintptr_t)MPI_Get_library_version, &found) != 0 && found.dli_fname) {
        (void)snprintf(caps->library_path, sizeof caps->library_path, "%s", found.dli_fname);
    }
}

static cx_status_t probe(const cx_core_t *core, cx_caps_t *caps)
{
    (void)core;
    *caps = (cx_caps_t){
        .families        = CX_BIT(CX_FAMILY_COLLECTIVE),
        .collectives     = CX_BIT(CX_COLLECTIVE_COUNT) - 1,
        .dtypes          = CX_BIT(CX_DTYPE_COUNT) - 1,
        .memory          = CX_MEMORY_PLAIN,
        .spans_hosts     = true,
        .is_thread_bound = true,
        .devices         = "host",
    };
    for (int i = 0; i < CX_COLLECTIVE_COUNT; i++) {
        caps->in_place_collectives |= operations[i].has_in_place ? CX_BIT(i) : 0;
    }
    for (int i = 0; i < CX_DTYPE_COUNT; i++) {
        caps->reduce_dtypes |= dtypes[i].is_reducible ? CX_BIT(i) : 0;
    }
    for (int i = 0; i < CX_REDOP_COUNT; i++) {
        caps->redops |= redops[i].is_known ? CX_BIT(i) : 0;
    }
    describe_library(caps);
    return CX_OK;
}

static cx_status_t open_session(const cx_core_t *core, const cx_shape_t *shape, const void *options,
                                cx_session_t **out)
{
    cx_session_t *session = calloc(1, sizeof *session);
    cx_status_t   status;

    (void)options;
    if (!session) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for a session");
    }
    status = cx_mpi_world_join(core, &session->comm);
    if (status != CX_OK) {
        free(session);
        return status;
    }
    session->core  = core;
    session->shape = *shape;
    session->type  = dtypes[shape->dtype].type;
    session->op    = redops[shape->redop].op;
    *out           = session;
    return CX_OK;
}

/* Fills one pair of rows; false when a count or a place does not fit MPI's int. */
static bool lay_out(int *counts, int *places, const int64_t *table, int32_t stride,
                    int32_t rank_count)
{
    int64_t place = 0;

    for (int32_t i = 0; i < rank_count; i++) {
        int64_t count = table[(ptrdiff_t)i * stride];
        if (count > INT_MAX || place > INT_MAX) {
            return false;
        }
        counts[i] = (int)count;
        places[i] = (int)place;
        place += count;
    }
    return true;
}

/* A rank's row of the table is what it sends, its column is what it receives. */
static cx_status_t prepare_layout(cx_session_t *session, const int64_t *counts)
{
    const cx_core_t *core       = session->core;
    int32_t          rank_count = core->rank_count;
    size_t           row_count  = (size_t)rank_count;
    int             *layout     = calloc(LAYOUT_ROWS * row_count, sizeof *layout);

    if (!layout) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for the counts of %d ranks", rank_count);
    }
    if (!lay_out(layout + SEND_COUNTS * row_count, layout + SEND_PLACES * row_count,
                 counts + (size_t)core->rank * row_count, 1, rank_count) ||
        !lay_out(layout + RECV_COUNTS * row_count, layout + RECV_PLACES * row_count,
                 counts + core->rank, rank_count, rank_count)) {
        free(layout);
        return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                            "MPI_Alltoallv counts elements in an int: more than %d do not fit",
                            INT_MAX);
    }
    session->layout = layout;
    return CX_OK;
}

static void release(cx_session_t *session)
{
    free(session->layout);
    session->layout = NULL;
    session->point  = NULL;
}

/* A point whose blocks its memory cannot hold would be found out inside a window, by a crash. */
static cx_status_t refuse_impossible(const cx_session_t *session, const cx_point_t *point)
{
    if (session->shape.op == CX_COLLECTIVE_BARRIER) {
        return CX_OK;
    }
    if (!point->region || point->elems < 0 ||
        (uint64_t)point->elems > point->region_bytes / dtypes[session->shape.dtype].bytes) {
        return CX_CORE_FAIL(session->core, CX_INVALID,
                            "blocks of %lld elements do not fit into a region of %zu bytes",
                            (long long)point->elems, point->region_bytes);
    }
    return CX_OK;
}

static cx_status_t prepare(cx_session_t *session, const cx_point_t *point)
{
    if (session->shape.op == CX_COLLECTIVE_ALL_TO_ALL_V) {
        cx_status_t status = prepare_layout(session, point->counts);
        if (status != CX_OK) {
            return status;
        }
    } else if (point->elems > INT_MAX) {
        return CX_CORE_FAIL(session->core, CX_UNSUPPORTED,
                            "%s counts elements in an int: %lld elements are more than %d",
                            operations[session->shape.op].name, (long long)point->elems, INT_MAX);
    }
    if (refuse_impossible(session, point) != CX_OK) {
        release(session);
        return CX_INVALID;
    }
    session->point       = point;
    session->elems       = (int)point->elems;
    session->block_bytes = (size_t)point->elems * dtypes[session->shape.dtype].bytes;
    return CX_OK;
}

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *stream)
{
    static const cx_slot_t nothing;
    const cx_slot_t *slot = session->point->slots ? &session->point->slots[slot_index] : &nothing;
    int              code = operations[session->shape.op].run(session, slot);

    (void)phase;
    (void)stream;
    return code == MPI_SUCCESS
               ? CX_OK
               : cx_mpi_fail(session->core, operations[session->shape.op].name, code);
}

/* The world stays joined: it is the process's, not the session's. */
static void close_session(cx_session_t *session)
{
    free(session);
}

static const cx_backend_ops_t mpi_ops = {
    .abi         = CX_BACKEND_ABI,
    .struct_size = sizeof(cx_backend_ops_t),
    .name        = "mpi",
    .summary     = "the collectives of the MPI library found at build time",
    .probe       = probe,
    .open        = open_session,
    .prepare     = prepare,
    .enqueue     = enqueue,
    .release     = release,
    .close       = close_session,
};

const cx_backend_ops_t *cx_backend_v1(void)
{
    return &mpi_ops;
}
