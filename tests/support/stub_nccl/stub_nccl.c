/* SPDX-License-Identifier: Apache-2.0 */
/* A libnccl (or librccl) on host memory between processes, for tests alone.
 * Not a library anybody is offered: it is built beside the tests and never installed. */
#include "capture.h"
#include "elements.h"
#include "mailbox.h"

#include "collectivex/types.h"

#include <poll.h>

/* Declares and defines: a library of C functions has its prototypes in a header we do not have. */
#define STUB(result, name, parameters) \
    CX_EXPORT result name parameters;  \
    result name           parameters

/* ---- faults --------------------------------------------------------------------------------- */

static bool has_fault(const char *name)
{
    const char *fault = getenv("STUB_NCCL_FAULT");

    return fault && strcmp(fault, name) == 0;
}

static void hang(void)
{
    for (;;) {
        (void)poll(NULL, 0, 1000);
    }
}

#define MEMORY_TEXT "Cuda failure 2 'out of memory'"
#define REMOTE_TEXT "socketProgress: Connection closed by remote peer host-b<4711>"

/* ---- what it is ----------------------------------------------------------------------------- */

STUB(xccl_result_t, ncclGetVersion, (int *version))
{
    *version = STUB_VERSION;
    return XCCL_SUCCESS;
}

STUB(const char *, ncclGetErrorString, (xccl_result_t result))
{
    static const char *const texts[] = {"no error",
                                        "unhandled cuda error",
                                        "unhandled system error",
                                        "internal error",
                                        "invalid argument",
                                        "invalid usage",
                                        "remote process exited or there was a network error",
                                        "in progress"};

    return (size_t)result < sizeof texts / sizeof *texts ? texts[result] : "unknown result code";
}

#if STUB_VERSION >= 21300
STUB(const char *, ncclGetLastError, (xccl_comm_t * comm))
{
    (void)comm;
    return stub_last_error;
}
#endif

/* ---- communicators -------------------------------------------------------------------------- */

STUB(xccl_result_t, ncclGetUniqueId, (xccl_unique_id_t * id))
{
    if (has_fault("id:system")) {
        return STUB_FAIL(XCCL_SYSTEM_ERROR, "no socket interface found");
    }
    return stub_world_make(id);
}

static xccl_result_t plant_init_fault(void)
{
    if (has_fault("init:hang")) {
        hang();
    }
    if (has_fault("init:remote")) {
        return STUB_FAIL(XCCL_REMOTE_ERROR, REMOTE_TEXT);
    }
    if (has_fault("init:memory")) {
        return STUB_FAIL(XCCL_UNHANDLED_CUDA_ERROR, MEMORY_TEXT);
    }
    return XCCL_SUCCESS;
}

STUB(xccl_result_t, ncclCommInitRank,
     (xccl_comm_t * *out, int rank_count, xccl_unique_id_t id, int rank))
{
    xccl_result_t result = plant_init_fault();
    xccl_comm_t  *comm   = calloc(1, sizeof *comm);

    if (result != XCCL_SUCCESS || !comm || rank < 0 || rank >= rank_count ||
        rank_count > STUB_RANKS_MAX) {
        free(comm);
        return result != XCCL_SUCCESS ? result : XCCL_INVALID_ARGUMENT;
    }
    comm->rank       = rank;
    comm->rank_count = rank_count;
    comm->is_ring    = getenv("NCCL_ALGO") && strcmp(getenv("NCCL_ALGO"), "Ring") == 0;
    result           = stub_world_open(comm, &id);
    if (result != XCCL_SUCCESS) {
        free(comm);
        return result;
    }
    (void)atomic_fetch_add(&comm->world->arrived_count, 1);
    while (atomic_load(&comm->world->arrived_count) < rank_count) {
        (void)sched_yield();
    }
    if (rank == 0) {
        stub_world_forget();
    }
    *out = comm;
    return XCCL_SUCCESS;
}

#if STUB_VERSION >= 21400
STUB(xccl_result_t, ncclCommInitRankConfig,
     (xccl_comm_t * *out, int rank_count, xccl_unique_id_t id, int rank, xccl_config_t *config))
{
    if (config->magic != XCCL_CONFIG_MAGIC || config->struct_size < sizeof *config ||
        config->blocking != 1) {
        return STUB_FAIL(XCCL_INVALID_ARGUMENT, "a configuration that was not initialised");
    }
    /* As the real one does, before it puts its own for what is undefined. */
    if (config->min_ctas > config->max_ctas) {
        return STUB_FAIL(XCCL_INVALID_ARGUMENT, "Invalid config min/max channels attribute value");
    }
    return ncclCommInitRank(out, rank_count, id, rank);
}
#endif

static void free_comm(xccl_comm_t *comm)
{
    stub_world_close(comm);
    free(comm);
}

STUB(xccl_result_t, ncclCommDestroy, (xccl_comm_t * comm))
{
    const bool is_registered = comm->registered != NULL;

    if (comm->is_stuck || comm->async_error != XCCL_SUCCESS || has_fault("destroy:hang")) {
        hang();
    }
    free_comm(comm);
    return is_registered ? STUB_FAIL(XCCL_INVALID_USAGE, "a registration was left behind")
                         : XCCL_SUCCESS;
}

STUB(xccl_result_t, ncclCommAbort, (xccl_comm_t * comm))
{
    if (has_fault("abort:hang")) {
        hang();
    }
    free_comm(comm);
    return XCCL_SUCCESS;
}

STUB(xccl_result_t, ncclCommGetAsyncError, (xccl_comm_t * comm, xccl_result_t *error))
{
    *error = comm->async_error;
    return XCCL_SUCCESS;
}

/* ---- registration --------------------------------------------------------------------------- */

#if STUB_VERSION >= 21900
static xccl_result_t keep_registration(xccl_comm_t *comm, void *buffer, size_t byte_count,
                                       void **handle)
{
    if (has_fault("register:memory")) {
        return STUB_FAIL(XCCL_UNHANDLED_CUDA_ERROR, MEMORY_TEXT);
    }
    *handle = NULL;
    if (!has_fault("register:nothing")) {
        *handle                = comm;
        comm->registered       = buffer;
        comm->registered_bytes = byte_count;
    }
    return XCCL_SUCCESS;
}

static xccl_result_t drop_registration(xccl_comm_t *comm, const void *handle)
{
    if (comm->is_stuck) {
        hang();
    }
    if (handle != comm || !comm->registered) {
        return STUB_FAIL(XCCL_INVALID_USAGE, "no registration of this communicator");
    }
    comm->registered = NULL;
    return XCCL_SUCCESS;
}

STUB(xccl_result_t, ncclCommRegister,
     (xccl_comm_t * comm, void *buffer, size_t byte_count, void **handle))
{
    return keep_registration(comm, buffer, byte_count, handle);
}

STUB(xccl_result_t, ncclCommDeregister, (xccl_comm_t * comm, void *handle))
{
    return drop_registration(comm, handle);
}
#endif

#if STUB_VERSION >= 22700
STUB(xccl_result_t, ncclCommWindowRegister,
     (xccl_comm_t * comm, void *buffer, size_t byte_count, xccl_window_t **window, int flags))
{
    void         *handle = NULL;
    xccl_result_t result;

    if (has_fault("window:hang")) {
        hang();
    }
    if ((uintptr_t)buffer % XCCL_WINDOW_ALIGNMENT_BYTES != 0 || flags != XCCL_WINDOW_SYMMETRIC) {
        return STUB_FAIL(XCCL_INVALID_ARGUMENT, "no symmetric window of a page");
    }
    result = keep_registration(comm, buffer, byte_count, &handle);
    if (result == XCCL_SUCCESS) {
        *window = handle;
    }
    return result;
}

STUB(xccl_result_t, ncclCommWindowDeregister, (xccl_comm_t * comm, xccl_window_t *window))
{
    return drop_registration(comm, window);
}
#endif

/* ---- transfers ------------------------------------------------------------------------------ */

#define QUEUE_MAX (4 * STUB_RANKS_MAX)

typedef struct transfer {
    xccl_comm_t *comm;
    const void  *send; /* or */
    void        *recv;
    size_t       bytes;
    int          type, peer_rank;
} transfer_t;

static struct {
    transfer_t items[QUEUE_MAX];
    int        count, depth;
} queue;

/* What every call checks first, and where faults of operations are. */
static xccl_result_t enter(xccl_comm_t *comm, int type, int redop)
{
    if (!comm || type < 0 || redop < 0 ||
        type >= (STUB_VERSION >= 21000 ? STUB_TYPE_COUNT : STUB_BF16) ||
        redop >= (STUB_VERSION >= 21000 ? STUB_REDOP_COUNT : STUB_AVG)) {
        return STUB_FAIL(XCCL_INVALID_ARGUMENT, "type %d or reduction %d is unknown", type, redop);
    }
    if (has_fault("operation:remote")) {
        return STUB_FAIL(XCCL_REMOTE_ERROR, REMOTE_TEXT);
    }
    if (has_fault("operation:memory")) {
        return STUB_FAIL(XCCL_UNHANDLED_CUDA_ERROR, MEMORY_TEXT);
    }
    comm->is_stuck |= has_fault("operation:hang");
    if (comm->async_error == XCCL_SUCCESS && has_fault("async:remote")) {
        comm->async_error = XCCL_REMOTE_ERROR;
        return XCCL_SUCCESS;
    }
    return comm->async_error;
}

static bool is_registered(const xccl_comm_t *comm, const void *buffer, size_t bytes)
{
    const char *start = buffer;

    return !comm->registered || (start >= comm->registered &&
                                 start + bytes <= comm->registered + comm->registered_bytes);
}

static xccl_result_t add(transfer_t transfer)
{
    const void *buffer = transfer.send ? transfer.send : transfer.recv;

    if (transfer.peer_rank < 0 || transfer.peer_rank >= transfer.comm->rank_count ||
        queue.count == QUEUE_MAX || !buffer) {
        return STUB_FAIL(XCCL_INVALID_ARGUMENT, "no such peer, no buffer or no room");
    }
    queue.items[queue.count++] = transfer;
    return XCCL_SUCCESS;
}

/* The real library's call returns, and its kernel waits for the rank that is missing. */
static xccl_result_t be_stuck(xccl_comm_t *comm)
{
    comm->is_stuck = true;
    return setenv("STUB_GPU_HANG", "2", 1) == 0 ? XCCL_SUCCESS : XCCL_SYSTEM_ERROR;
}

static xccl_result_t run_queue(void);

/* In a launch of a graph nobody is told but the communicator. */
static void run_queue_later(const void *items)
{
    xccl_comm_t  *comm;
    xccl_result_t result;

    memcpy(&queue.count, items, sizeof queue.count);
    memcpy(queue.items, (const char *)items + sizeof(transfer_t),
           (size_t)queue.count * sizeof(transfer_t));
    comm   = queue.items[0].comm;
    result = run_queue();
    if (result != XCCL_SUCCESS) {
        comm->async_error = result;
    }
}

/* A transfer's place for their number, then the transfers. */
static xccl_result_t defer_queue(void)
{
    static transfer_t items[1 + QUEUE_MAX];
    const size_t      count = (size_t)queue.count;

    memcpy(items, &queue.count, sizeof queue.count);
    memcpy(items + 1, queue.items, count * sizeof *items);
    queue.count = 0;
    return stub_defer(run_queue_later, items, (1 + count) * sizeof *items);
}

static xccl_result_t run_queue(void)
{
    xccl_result_t result = XCCL_SUCCESS;

    if (queue.count > 0 && stub_is_capturing()) {
        return defer_queue();
    }

    for (int i = 0; i < queue.count && result == XCCL_SUCCESS; i++) {
        const transfer_t *one = &queue.items[i];

        if (one->send && !one->comm->is_stuck) {
            result = stub_post(one->comm, one->peer_rank, one->send, one->bytes, one->type);
        }
    }
    for (int i = 0; i < queue.count && result == XCCL_SUCCESS; i++) {
        const transfer_t *one = &queue.items[i];

        if (one->recv && !one->comm->is_stuck) {
            result = stub_take(one->comm, one->peer_rank, one->recv, one->bytes, one->type);
        }
    }
    queue.count = 0;
    return result == XCCL_SYSTEM_ERROR && getenv("STUB_NCCL_PATIENCE_MS")
               ? be_stuck(queue.items[0].comm)
               : result;
}

STUB(xccl_result_t, ncclGroupStart, (void))
{
    queue.depth++;
    return XCCL_SUCCESS;
}

STUB(xccl_result_t, ncclGroupEnd, (void))
{
    if (queue.depth == 0) {
        return STUB_FAIL(XCCL_INVALID_USAGE, "not in a group");
    }
    return --queue.depth == 0 ? run_queue() : XCCL_SUCCESS;
}

#if STUB_VERSION >= 2700
/* Of the user's buffers; returns at once within a group. */
static xccl_result_t transfer(transfer_t one, size_t count)
{
    xccl_result_t result = enter(one.comm, one.type, STUB_SUM);

    if (result == XCCL_SUCCESS) {
        one.bytes = count * stub_elem_bytes[one.type];
        if (!is_registered(one.comm, one.send ? one.send : one.recv, one.bytes)) {
            return STUB_FAIL(XCCL_INVALID_USAGE, "a buffer outside of what is registered");
        }
        result = add(one);
    }
    return result == XCCL_SUCCESS && queue.depth == 0 ? run_queue() : result;
}

STUB(xccl_result_t, ncclSend,
     (const void *send, size_t count, int type, int peer_rank, xccl_comm_t *comm,
      cx_stream_t *stream))
{
    stub_stream = stream;
    return transfer((transfer_t){comm, send, NULL, 0, type, peer_rank}, count);
}

STUB(xccl_result_t, ncclRecv,
     (void *recv, size_t count, int type, int peer_rank, xccl_comm_t *comm, cx_stream_t *stream))
{
    stub_stream = stream;
    return transfer((transfer_t){comm, NULL, recv, 0, type, peer_rank}, count);
}
#endif

/* ---- collectives: patterns of transfers ----------------------------------------------------- */

/* One call: where it sends from and receives to, and how far apart the blocks of ranks lie there;
 * a `root_rank` of -1 stands for all. */
typedef struct pattern {
    xccl_comm_t *comm;
    const void  *send;
    void        *recv;
    size_t       count;
    int          type;
    size_t       send_step, recv_step; /* in blocks: 0 or 1 */
    bool         is_sent_by_root;      /* broadcast, scatter: only the root sends */
    int          root_rank;
} pattern_t;

static char *block_at(const void *buffer, size_t skip_bytes)
{
    return buffer ? (char *)(uintptr_t)buffer + skip_bytes : NULL;
}

static xccl_result_t run_pattern(const pattern_t *pattern)
{
    xccl_comm_t  *comm    = pattern->comm;
    const size_t  bytes   = pattern->count * stub_elem_bytes[pattern->type];
    const bool    is_root = pattern->root_rank < 0 || pattern->root_rank == comm->rank;
    xccl_result_t result  = queue.depth == 0 ? XCCL_SUCCESS : XCCL_INVALID_USAGE;

    for (int rank = 0; rank < comm->rank_count && result == XCCL_SUCCESS; rank++) {
        const bool  is_root_rank = pattern->root_rank < 0 || pattern->root_rank == rank;
        const char *send = block_at(pattern->send, (size_t)rank * pattern->send_step * bytes);
        char       *recv = block_at(pattern->recv, (size_t)rank * pattern->recv_step * bytes);

        if (pattern->is_sent_by_root ? is_root : is_root_rank) {
            result = add((transfer_t){comm, send, NULL, bytes, pattern->type, rank});
        }
        if (result == XCCL_SUCCESS && (pattern->is_sent_by_root ? is_root_rank : is_root)) {
            result = add((transfer_t){comm, NULL, recv, bytes, pattern->type, rank});
        }
    }
    if (result != XCCL_SUCCESS) {
        queue.count = 0;
        return result;
    }
    return run_queue();
}

static xccl_result_t move(const pattern_t *pattern)
{
    xccl_result_t result = enter(pattern->comm, pattern->type, STUB_SUM);
    const size_t  bytes =
        result == XCCL_SUCCESS ? pattern->count * stub_elem_bytes[pattern->type] : 0;
    const size_t ranks = result == XCCL_SUCCESS ? (size_t)pattern->comm->rank_count : 0;

    if (result != XCCL_SUCCESS) {
        return result;
    }
    if ((pattern->send && !is_registered(pattern->comm, pattern->send,
                                         bytes * (pattern->send_step > 0 ? ranks : 1))) ||
        (pattern->recv && !is_registered(pattern->comm, pattern->recv,
                                         bytes * (pattern->recv_step > 0 ? ranks : 1)))) {
        return STUB_FAIL(XCCL_INVALID_USAGE, "a buffer outside of what is registered");
    }
    return run_pattern(pattern);
}

typedef struct reduction {
    xccl_comm_t *comm;
    size_t       count;
    int          type, redop;
    void        *recv;
} reduction_t;

static void reduce(const void *data)
{
    const reduction_t *one = data;

    (one->comm->is_ring ? stub_reduce_stepwise : stub_reduce)(
        one->comm->blocks, one->comm->rank_count, one->count, one->type, one->redop, one->recv);
}

/* Gathers everybody's block in memory of its own, and reduces it where a result is due. */
static xccl_result_t move_and_reduce(pattern_t pattern, void *recv, int redop)
{
    xccl_result_t result = enter(pattern.comm, pattern.type, redop);
    const size_t bytes = result == XCCL_SUCCESS ? pattern.count * stub_elem_bytes[pattern.type] : 0;

    if (result != XCCL_SUCCESS) {
        return result;
    }
    if (!is_registered(pattern.comm, pattern.send, bytes) ||
        (recv && !is_registered(pattern.comm, recv, bytes))) {
        return STUB_FAIL(XCCL_INVALID_USAGE, "a buffer outside of what is registered");
    }
    if (bytes > STUB_MESSAGE_BYTES_MAX) {
        return STUB_FAIL(XCCL_INTERNAL_ERROR, "the stub has no room for %zu bytes", bytes);
    }
    pattern.recv      = pattern.comm->blocks;
    pattern.recv_step = 1;
    result            = run_pattern(&pattern);
    if (result == XCCL_SUCCESS && !pattern.comm->is_stuck &&
        (pattern.root_rank < 0 || pattern.root_rank == pattern.comm->rank)) {
        const reduction_t reduction = {pattern.comm, pattern.count, pattern.type, redop, recv};

        if (stub_is_capturing()) {
            return stub_defer(reduce, &reduction, sizeof reduction);
        }
        reduce(&reduction);
    }
    return result;
}

STUB(xccl_result_t, ncclAllReduce,
     (const void *send, void *recv, size_t count, int type, int redop, xccl_comm_t *comm,
      cx_stream_t *stream))
{
    const pattern_t pattern = {comm, send, NULL, count, type, 0, 0, false, -1};

    stub_stream = stream;
    return move_and_reduce(pattern, recv, redop);
}

STUB(xccl_result_t, ncclReduceScatter,
     (const void *send, void *recv, size_t count, int type, int redop, xccl_comm_t *comm,
      cx_stream_t *stream))
{
    const pattern_t pattern = {comm, send, NULL, count, type, 1, 0, false, -1};

    stub_stream = stream;
    return move_and_reduce(pattern, recv, redop);
}

STUB(xccl_result_t, ncclReduce,
     (const void *send, void *recv, size_t count, int type, int redop, int root, xccl_comm_t *comm,
      cx_stream_t *stream))
{
    const pattern_t pattern = {comm, send, NULL, count, type, 0, 0, false, root};

    stub_stream = stream;
    return move_and_reduce(pattern, recv, redop);
}

STUB(xccl_result_t, ncclAllGather,
     (const void *send, void *recv, size_t count, int type, xccl_comm_t *comm, cx_stream_t *stream))
{
    const pattern_t pattern = {comm, send, recv, count, type, 0, 1, false, -1};

    stub_stream = stream;
    return move(&pattern);
}

STUB(xccl_result_t, ncclBroadcast,
     (const void *send, void *recv, size_t count, int type, int root, xccl_comm_t *comm,
      cx_stream_t *stream))
{
    const pattern_t pattern = {comm, send, recv, count, type, 0, 0, true, root};

    stub_stream = stream;
    return move(&pattern);
}

#if STUB_VERSION >= 22800 || defined(STUB_IS_RCCL)
#ifdef STUB_IS_RCCL
#define ncclAlltoAll ncclAllToAll
#endif
STUB(xccl_result_t, ncclAlltoAll,
     (const void *send, void *recv, size_t count, int type, xccl_comm_t *comm, cx_stream_t *stream))
{
    const pattern_t pattern = {comm, send, recv, count, type, 1, 1, false, -1};

    stub_stream = stream;
    return move(&pattern);
}

STUB(xccl_result_t, ncclGather,
     (const void *send, void *recv, size_t count, int type, int root, xccl_comm_t *comm,
      cx_stream_t *stream))
{
    const pattern_t pattern = {comm, send, recv, count, type, 0, 1, false, root};

    stub_stream = stream;
    return move(&pattern);
}

STUB(xccl_result_t, ncclScatter,
     (const void *send, void *recv, size_t count, int type, int root, xccl_comm_t *comm,
      cx_stream_t *stream))
{
    const pattern_t pattern = {comm, send, recv, count, type, 1, 0, true, root};

    stub_stream = stream;
    return move(&pattern);
}
#endif
