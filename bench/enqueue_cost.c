/* SPDX-License-Identifier: Apache-2.0 */
/* What our windows add to the host's time for an operation that is only enqueued: ncclAllReduce
 * called in a loop, and the same call through backend nccl in the windows of src/measure, in turn.
 * Prints one JSON line per size. Not a measurement of the operation (handloop.c). */
#include "measure/window.h"
#include "model/options.h"
#include "support/fake_core.h"
#include "support/open_plugin.h"

#define SLOT_COUNT 2
#define OPERATION_COUNT 128
#define STAMP_OPS 64     /* as regime steady has for what takes less than 8 us */
#define REPEAT_COUNT 101 /* odd, for a median that was measured */
#define PAGE_BYTES ((size_t)4096)
#define BUDGET_NS INT64_C(240000000000)
#define FLOAT_TYPE 7 /* ncclFloat32 */
#define SUM_REDOP 0  /* ncclSum */

typedef struct nccl_id {
    char bytes[128];
} nccl_id_t;

/* One rank: an open session and window of ours, and a communicator for the bare loop. */
typedef struct side {
    cx_core_t              *core;
    const cx_backend_ops_t *backend_ops;
    cx_device_ops_t         device_ops; /* the device's, but that synchronize looks at the clock */
    cx_window_t             window;
    cx_board_rank_t         board;
    cx_caps_t               caps;
    cx_point_t              point;
    cx_slot_t               slots[SLOT_COUNT];
    void                   *comm, *nccl_library;
    int (*all_reduce)(const void *send, void *recv, size_t count, int type, int redop, void *comm,
                      cx_stream_t *stream);
} side_t;

static const cx_device_ops_t *real_device_ops;
static int64_t                enqueued_ns;

/* A window's last act: by then everything is enqueued. */
static cx_status_t synchronize(cx_device_t *device, cx_stream_t *stream, int64_t deadline_ns)
{
    enqueued_ns = fake_now_ns();
    return real_device_ops->synchronize(device, stream, deadline_ns);
}

static int64_t deadline_of(const side_t *side)
{
    return side->core->deadline_ns(side->core);
}

/* ---- opening --------------------------------------------------------------------------------- */

static cx_status_t open_device(side_t *side)
{
    cx_core_t *core = side->core;

    real_device_ops = plugin_open_device("cx-device-cuda.so");
    if (!real_device_ops) {
        return CX_FAIL(CX_UNSUPPORTED, "there is no cx-device-cuda.so in CX_PLUGIN_PATH");
    }
    side->device_ops             = *real_device_ops;
    side->device_ops.synchronize = synchronize;
    side->window.device_ops      = &side->device_ops;
    side->window.board           = &side->board;
    CX_TRY(real_device_ops->open(core, core->rank, &side->window.device));
    core->device     = side->window.device;
    core->device_ops = real_device_ops;
    CX_TRY(real_device_ops->stream_open(core->device, &side->window.stream));
    return real_device_ops->events_open(core->device, OPERATION_COUNT + 1, &side->window.events);
}

static cx_status_t open_backend(side_t *side)
{
    static unsigned char options[256];
    const cx_shape_t     shape = {.family    = CX_FAMILY_COLLECTIVE,
                                  .op        = CX_COLLECTIVE_ALL_REDUCE,
                                  .dtype     = CX_DTYPE_FP32,
                                  .redop     = CX_REDOP_SUM,
                                  .root_rank = -1};
    cx_arena_t           arena;

    side->backend_ops = plugin_open_backend("cx-backend-nccl.so");
    if (!side->backend_ops || side->backend_ops->options_bytes > sizeof options) {
        return CX_FAIL(CX_UNSUPPORTED, "there is no cx-backend-nccl.so in CX_PLUGIN_PATH");
    }
    cx_arena_init(&arena);
    CX_TRY(cx_options_defaults(side->backend_ops->options, options, &arena));
    CX_TRY(side->backend_ops->probe(side->core, &side->caps));
    side->window.backend_ops           = side->backend_ops;
    side->window.phase                 = CX_PHASE_OPERATION;
    side->window.slot_count            = SLOT_COUNT;
    side->window.stamp_operation_count = STAMP_OPS;
    return side->backend_ops->open(side->core, &shape, options, &side->window.session);
}

/* The same library as the backend's, with a communicator of its own. */
static cx_status_t open_bare(side_t *side)
{
    int (*unique_id)(nccl_id_t * id);
    int (*comm_init)(void **comm, int rank_count, nccl_id_t id, int rank);
    cx_core_t *core    = side->core;
    void      *library = dlopen(side->caps.library_path, RTLD_NOW | RTLD_LOCAL);
    void      *symbols[3];
    nccl_id_t  id = {""}, ids[FAKE_RANKS_MAX];

    if (!library) {
        return CX_FAIL(CX_UNSUPPORTED, "%s", dlerror());
    }
    symbols[0] = dlsym(library, "ncclGetUniqueId");
    symbols[1] = dlsym(library, "ncclCommInitRank");
    symbols[2] = dlsym(library, "ncclAllReduce");
    memcpy(&unique_id, &symbols[0], sizeof symbols[0]);
    memcpy(&comm_init, &symbols[1], sizeof symbols[1]);
    memcpy(&side->all_reduce, &symbols[2], sizeof symbols[2]);
    if (core->rank == 0 && unique_id(&id) != 0) {
        return CX_FAIL(CX_BACKEND, "ncclGetUniqueId failed");
    }
    CX_TRY(core->peers_ops->allgather(core->peers, &id, ids, sizeof id, deadline_of(side)));
    if (comm_init(&side->comm, core->rank_count, ids[0], core->rank) != 0) {
        return CX_FAIL(CX_BACKEND, "ncclCommInitRank failed");
    }
    return CX_OK;
}

static cx_status_t prepare(side_t *side, size_t bytes)
{
    size_t step_bytes = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    void  *region;

    side->point = (cx_point_t){.message_bytes = (int64_t)bytes,
                               .elems         = (int64_t)(bytes / sizeof(float)),
                               .slot_count    = SLOT_COUNT,
                               .slots         = side->slots,
                               .region_bytes  = 2 * SLOT_COUNT * step_bytes,
                               .memory        = side->caps.memory};
    CX_TRY(real_device_ops->alloc(side->window.device, side->point.region_bytes, side->caps.memory,
                                  &region));
    side->point.region = region;
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        size_t send = 2 * i * step_bytes, recv = send + step_bytes;

        side->slots[i] = (cx_slot_t){(char *)region + send, (char *)region + recv, send, recv};
    }
    return side->backend_ops->prepare(side->window.session, &side->point);
}

static void release(side_t *side)
{
    side->backend_ops->release(side->window.session);
    real_device_ops->free(side->window.device, side->point.region);
}

/* ---- what is compared ------------------------------------------------------------------------ */

static cx_status_t run_bare(side_t *side)
{
    for (int i = 0; i < OPERATION_COUNT; i++) {
        const cx_slot_t *slot = &side->slots[i % SLOT_COUNT];

        if (side->all_reduce(slot->send, slot->recv, (size_t)side->point.elems, FLOAT_TYPE,
                             SUM_REDOP, side->comm, side->window.stream) != 0) {
            return CX_FAIL(CX_BACKEND, "ncclAllReduce failed");
        }
    }
    return synchronize(side->window.device, side->window.stream, deadline_of(side));
}

static cx_status_t run_loop(side_t *side)
{
    return cx_window_loop(&side->window, 0, OPERATION_COUNT, deadline_of(side));
}

static cx_status_t run_chain(side_t *side)
{
    return cx_window_chain(&side->window, OPERATION_COUNT / STAMP_OPS, deadline_of(side));
}

static const struct {
    const char *name;
    cx_status_t (*run)(side_t *side);
} ways[] = {{"bare_us", run_bare}, {"loop_us", run_loop}, {"steady_us", run_chain}};
#define WAY_COUNT (sizeof ways / sizeof ways[0])

static int compare_numbers(const void *a, const void *b)
{
    int64_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* The first repeat is not counted. */
static cx_status_t compare(side_t *side)
{
    static int64_t   spent_ns[WAY_COUNT][REPEAT_COUNT];
    const cx_core_t *core = side->core;

    for (int repeat = -1; repeat < REPEAT_COUNT; repeat++) {
        for (size_t way = 0; way < WAY_COUNT; way++) {
            int64_t started_ns;

            CX_TRY(core->peers_ops->barrier(core->peers, deadline_of(side)));
            started_ns = fake_now_ns();
            CX_TRY(ways[way].run(side));
            spent_ns[way][repeat < 0 ? 0 : repeat] = enqueued_ns - started_ns;
        }
    }
    if (core->rank == 0) {
        printf("{\"bytes\": %lld", (long long)side->point.message_bytes);
        for (size_t way = 0; way < WAY_COUNT; way++) {
            qsort(spent_ns[way], REPEAT_COUNT, sizeof spent_ns[way][0], compare_numbers);
            printf(", \"%s\": %.4f", ways[way].name,
                   (double)spent_ns[way][REPEAT_COUNT / 2] / 1e3 / OPERATION_COUNT);
        }
        printf("}\n");
        (void)fflush(stdout);
    }
    return CX_OK;
}

static cx_status_t run_sizes(side_t *side, char **sizes)
{
    CX_TRY(open_device(side));
    CX_TRY(open_backend(side));
    CX_TRY(open_bare(side));
    for (; *sizes; sizes++) {
        CX_TRY(prepare(side, strtoull(*sizes, NULL, 10)));
        CX_TRY(compare(side));
        release(side);
    }
    side->backend_ops->close(side->window.session);
    return CX_OK;
}

/* The process ends with the bare communicator open: nothing waits for that. */
static int run_rank(fake_core_t *fake, void *sizes)
{
    static side_t side;
    cx_status_t   status;

    side.core = &fake->core;
    status    = run_sizes(&side, sizes);
    if (status != CX_OK) {
        fprintf(stderr, "enqueue_cost: %s%s\n", cx_detail()->text, fake_detail_text);
    }
    return status != CX_OK;
}

int main(int argument_count, char **arguments)
{
    int32_t rank_count = argument_count > 2 ? (int32_t)strtol(arguments[1], NULL, 10) : 0;

    if (rank_count < 1 || rank_count > FAKE_RANKS_MAX) {
        fprintf(stderr, "usage: CX_PLUGIN_PATH=FOLDER enqueue_cost RANKS BYTES...\n");
        return 2;
    }
    return fake_ranks_run(rank_count, BUDGET_NS, run_rank, arguments + 2) > 0;
}
