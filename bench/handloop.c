/* SPDX-License-Identifier: Apache-2.0 */
/* The loop everybody writes on GPUs: ncclAllReduce between two events, one call after the other and
 * replayed from a graph, to hold our harness against. Memory is the library's own, which it can
 * register where it captures, as it can ours. Prints one JSON line per size.
 * Not a benchmark of its own: no verification, no stopping rule, no record. */
#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RANKS_MAX 16
#define SET_COUNT 2                  /* buffers used in turn, as many as --buffers hot has */
#define HEAD_COUNT 5                 /* operations before the first event, on which ranks meet */
#define LEAD_BYTES ((size_t)1 << 30) /* to clear takes the device longer than a loop its host */
#define LOOP_COUNT 50                /* operations between two events */
#define GRAPH_COUNT 100   /* operations in the graph: the start of a replay is little of them */
#define BATCH_COUNT_MIN 5 /* loops of which a median is taken */
#define BATCH_COUNT_MAX 401
#define TIME_LIMIT_S 240 /* then a process ends itself */
#define PAGE_BYTES ((size_t)4096)
#define FLOAT_TYPE 7 /* ncclFloat32 */
#define SUM_REDOP 0  /* ncclSum */
#define ID_BYTES 128

typedef struct id {
    char bytes[ID_BYTES];
} nccl_id_t; /* ncclUniqueId, which is passed by value */

/* member, symbol, parameters; every call returns 0 when it worked */
#define CUDA_CALLS(X)                                                                 \
    X(init, "cuInit", (unsigned flags))                                               \
    X(device_get, "cuDeviceGet", (int *device, int index))                            \
    X(context_retain, "cuDevicePrimaryCtxRetain", (void **context, int device))       \
    X(context_set, "cuCtxSetCurrent", (void *context))                                \
    X(memory_set, "cuMemsetD8Async",                                                  \
      (void *memory, unsigned char value, size_t bytes, void *stream))                \
    X(stream_create, "cuStreamCreate", (void **stream, unsigned flags))               \
    X(stream_query, "cuStreamQuery", (void *stream))                                  \
    X(event_create, "cuEventCreate", (void **event, unsigned flags))                  \
    X(event_record, "cuEventRecord", (void *event, void *stream))                     \
    X(event_elapsed, "cuEventElapsedTime", (float *elapsed_ms, void *from, void *to)) \
    X(capture_begin, "cuStreamBeginCapture_v2", (void *stream, int mode))             \
    X(capture_end, "cuStreamEndCapture", (void *stream, void **graph))                \
    X(graph_instantiate, "cuGraphInstantiateWithFlags",                               \
      (void **exec, void *graph, unsigned long long flags))                           \
    X(graph_launch, "cuGraphLaunch", (void *exec, void *stream))                      \
    X(graph_exec_destroy, "cuGraphExecDestroy", (void *exec))                         \
    X(graph_destroy, "cuGraphDestroy", (void *graph))
#define NCCL_CALLS(X)                                                                       \
    X(unique_id, "ncclGetUniqueId", (nccl_id_t * id))                                       \
    X(comm_init, "ncclCommInitRank", (void **comm, int rank_count, nccl_id_t id, int rank)) \
    X(comm_destroy, "ncclCommDestroy", (void *comm))                                        \
    X(memory_alloc, "ncclMemAlloc", (void **memory, size_t bytes))                          \
    X(memory_free, "ncclMemFree", (void *memory))                                           \
    X(all_reduce, "ncclAllReduce",                                                          \
      (const void *send, void *recv, size_t count, int type, int redop, void *comm, void *stream))

#define MEMBER(name, symbol, parameters) int(*name) parameters;
static struct {
    CUDA_CALLS(MEMBER)
} cuda;
static struct {
    NCCL_CALLS(MEMBER)
} nccl;

/* What the processes share. */
typedef struct meeting {
    atomic_int arrived_count;
    nccl_id_t  id;
    double     us[RANKS_MAX];
} meeting_t;

typedef struct side {
    meeting_t *meeting;
    int        rank, rank_count, meeting_count;
    void      *comm, *stream, *events[2], *graph_exec, *lead;
    char      *memory;
    size_t     bytes, step_bytes;
    int        call_index;
} side_t;

static void check(int code, const char *what)
{
    if (code != 0) {
        fprintf(stderr, "handloop: %s: error %d\n", what, code);
        exit(1);
    }
}
#define TRY(call) check((call), #call)

static double now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* ---- libraries ------------------------------------------------------------------------------- */

/* The file that $variable names, or the one of that name in the folder it names. */
static void *open_library(const char *variable, const char *soname)
{
    const char *chosen = getenv(variable);
    char        path[4096];
    struct stat facts;
    void       *library;

    (void)snprintf(path, sizeof path, "%s", chosen && *chosen ? chosen : soname);
    if (chosen && stat(chosen, &facts) == 0 && S_ISDIR(facts.st_mode)) {
        (void)snprintf(path, sizeof path, "%s/%s", chosen, soname);
    }
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "handloop: %s\n", dlerror());
        exit(77);
    }
    return library;
}

static void find_call(void *library, const char *symbol, void *member)
{
    void *found = dlsym(library, symbol);

    if (!found) {
        fprintf(stderr, "handloop: there is no %s\n", symbol);
        exit(77);
    }
    memcpy(member, &found, sizeof found);
}

static void open_libraries(void)
{
    void *cuda_library = open_library("CX_CUDA_PATH", "libcuda.so.1");
    void *nccl_library = open_library("CX_NCCL_PATH", "libnccl.so.2");

#define FIND_CUDA(name, symbol, parameters) find_call(cuda_library, symbol, &cuda.name);
#define FIND_NCCL(name, symbol, parameters) find_call(nccl_library, symbol, &nccl.name);
    CUDA_CALLS(FIND_CUDA)
    NCCL_CALLS(FIND_NCCL)
}

/* ---- ranks ----------------------------------------------------------------------------------- */

static void meet(side_t *side)
{
    const int wanted_count = ++side->meeting_count * side->rank_count;

    (void)atomic_fetch_add(&side->meeting->arrived_count, 1);
    while (atomic_load(&side->meeting->arrived_count) < wanted_count) {
        (void)sched_yield();
    }
}

/* The mean over the ranks, on all of them. */
static double agree(side_t *side, double mine_us)
{
    double sum_us = 0;

    side->meeting->us[side->rank] = mine_us;
    meet(side);
    for (int rank = 0; rank < side->rank_count; rank++) {
        sum_us += side->meeting->us[rank];
    }
    meet(side);
    return sum_us / side->rank_count;
}

static void drain(const side_t *side)
{
    int code;

    while ((code = cuda.stream_query(side->stream)) == 600) {
    }
    check(code, "the stream");
}

static void open_side(side_t *side)
{
    void *context;
    int   device;

    TRY(cuda.init(0));
    TRY(cuda.device_get(&device, side->rank));
    TRY(cuda.context_retain(&context, device));
    TRY(cuda.context_set(context));
    TRY(cuda.stream_create(&side->stream, 1));
    TRY(cuda.event_create(&side->events[0], 0));
    TRY(cuda.event_create(&side->events[1], 0));
    if (side->rank == 0) {
        TRY(nccl.unique_id(&side->meeting->id));
    }
    meet(side);
    TRY(nccl.comm_init(&side->comm, side->rank_count, side->meeting->id, side->rank));
    TRY(nccl.memory_alloc(&side->lead, LEAD_BYTES));
}

/* ---- what is timed --------------------------------------------------------------------------- */

static void enqueue(side_t *side)
{
    char *send = side->memory + (size_t)(2 * side->call_index) * side->step_bytes;

    check(nccl.all_reduce(send, send + side->step_bytes, side->bytes / sizeof(float), FLOAT_TYPE,
                          SUM_REDOP, side->comm, side->stream),
          "ncclAllReduce");
    side->call_index = (side->call_index + 1) % SET_COUNT;
}

static void enqueue_many(side_t *side, int count)
{
    for (int i = 0; i < count; i++) {
        enqueue(side);
    }
}

static double between_events_us(const side_t *side)
{
    float elapsed_ms;

    drain(side);
    TRY(cuda.event_elapsed(&elapsed_ms, side->events[0], side->events[1]));
    return 1e3 * (double)elapsed_ms;
}

/* Behind work that lets the host get ahead: as steady, the device's period and not the host's. */
static double loop_us(side_t *side)
{
    TRY(cuda.memory_set(side->lead, 0, LEAD_BYTES, side->stream));
    enqueue_many(side, HEAD_COUNT);
    TRY(cuda.event_record(side->events[0], side->stream));
    enqueue_many(side, LOOP_COUNT);
    TRY(cuda.event_record(side->events[1], side->stream));
    return between_events_us(side) / LOOP_COUNT;
}

/* The first replay holds the second back until all ranks are there. */
static double graph_us(side_t *side)
{
    TRY(cuda.graph_launch(side->graph_exec, side->stream));
    TRY(cuda.event_record(side->events[0], side->stream));
    TRY(cuda.graph_launch(side->graph_exec, side->stream));
    TRY(cuda.event_record(side->events[1], side->stream));
    return between_events_us(side) / GRAPH_COUNT;
}

/* What the host pays for a call that only enqueues. */
static double host_us(side_t *side)
{
    double start_us, end_us;

    start_us = now_us();
    enqueue_many(side, LOOP_COUNT);
    end_us = now_us();
    drain(side);
    return (end_us - start_us) / LOOP_COUNT;
}

static void capture(side_t *side)
{
    void *graph;

    TRY(cuda.capture_begin(side->stream, 1));
    enqueue_many(side, GRAPH_COUNT);
    TRY(cuda.capture_end(side->stream, &graph));
    TRY(cuda.graph_instantiate(&side->graph_exec, graph, 0));
    TRY(cuda.graph_destroy(graph));
}

static int compare_numbers(const void *a, const void *b)
{
    double x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* The mean over ranks of the medians over loops; all ranks do as many as rank 0 has time for. */
static double median_us(side_t *side, double (*measure)(side_t *side), double budget_us)
{
    static double us[BATCH_COUNT_MAX];
    double        start_us = now_us(), one_us;
    int           count;

    (void)measure(side);
    meet(side);
    (void)measure(side);
    one_us = agree(side, now_us() - start_us) / 2;
    count  = one_us > 0 ? (int)(budget_us / one_us) : BATCH_COUNT_MAX;
    count  = count > BATCH_COUNT_MAX ? BATCH_COUNT_MAX : count;
    count  = count < BATCH_COUNT_MIN ? BATCH_COUNT_MIN : count;
    for (int i = 0; i < count; i++) {
        meet(side);
        us[i] = measure(side);
    }
    qsort(us, (size_t)count, sizeof us[0], compare_numbers);
    return agree(side, us[count / 2]);
}

static void run_size(side_t *side, size_t bytes, double budget_us)
{
    double eager, graph, host;

    side->bytes      = bytes;
    side->step_bytes = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    side->call_index = 0;
    TRY(nccl.memory_alloc((void **)&side->memory, 2 * SET_COUNT * side->step_bytes));
    TRY(cuda.memory_set(side->memory, 0, 2 * SET_COUNT * side->step_bytes, side->stream));
    enqueue_many(side, HEAD_COUNT);
    drain(side);
    capture(side);
    eager = median_us(side, loop_us, budget_us);
    graph = median_us(side, graph_us, budget_us);
    host  = median_us(side, host_us, budget_us / 4);
    if (side->rank == 0) {
        printf("{\"bytes\": %zu, \"steady_us\": %.4f, \"graph_us\": %.4f, \"host_us\": %.4f}\n",
               bytes, eager, graph, host);
        (void)fflush(stdout);
    }
    TRY(cuda.graph_exec_destroy(side->graph_exec));
    TRY(nccl.memory_free(side->memory));
}

static int run_rank(meeting_t *meeting, int rank, int rank_count, char **arguments)
{
    side_t side = {.meeting = meeting, .rank = rank, .rank_count = rank_count};

    (void)alarm(TIME_LIMIT_S);
    open_libraries();
    open_side(&side);
    for (char **size = arguments + 1; *size; size++) {
        run_size(&side, strtoull(*size, NULL, 10), 1e3 * strtod(arguments[0], NULL));
    }
    TRY(nccl.comm_destroy(side.comm));
    return 0;
}

/* One rank that ends badly ends all. */
static int wait_for_all(const pid_t *children, int rank_count)
{
    int worst = 0;

    for (int i = 0; i < rank_count; i++) {
        int status;

        (void)wait(&status);
        if (status != 0 && worst == 0) {
            worst = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
            for (int rank = 0; rank < rank_count; rank++) {
                (void)kill(children[rank], SIGKILL);
            }
        }
    }
    return worst;
}

int main(int argument_count, char **arguments)
{
    int        rank_count = argument_count > 3 ? (int)strtol(arguments[1], NULL, 10) : 0;
    meeting_t *meeting =
        mmap(NULL, sizeof *meeting, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[RANKS_MAX];

    if (rank_count < 1 || rank_count > RANKS_MAX || meeting == MAP_FAILED) {
        fprintf(stderr, "usage: handloop RANKS BUDGET_MS BYTES...\n");
        return 2;
    }
    for (int rank = 0; rank < rank_count; rank++) {
        children[rank] = fork();
        if (children[rank] == 0) {
            exit(run_rank(meeting, rank, rank_count, arguments + 2));
        }
    }
    return wait_for_all(children, rank_count);
}
