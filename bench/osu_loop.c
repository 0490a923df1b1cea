/* SPDX-License-Identifier: Apache-2.0 */
/* The loop everybody writes: MPI calls with a clock around them, on buffers laid out like ours, to
 * hold our harness and our backends against. Prints one JSON line per size.
 * Not a benchmark of its own: no verification, no stopping rule, no record. */
#include <mpi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define SET_COUNT 2    /* as many as --buffers hot has */
#define BATCH_COUNT 41 /* odd, for a median that was measured */
#define WARMUP_COUNT 10
#define RANKS_MAX 64
#define COUNT_MAX 20000
#define HUGEPAGE_BYTES ((size_t)2 << 20)
#define HUGEPAGE_BYTES_MIN ((size_t)4 << 20)
#define ALIGN_BYTES ((size_t)128)
#define GUARD_BYTES ((size_t)128) /* before and after each buffer */

typedef struct buffers {
    char *send[SET_COUNT], *recv[SET_COUNT];
    int   count; /* elements of one block: what the MPI call is given */
    int   peer_to, peer_from;
    int  *counts, *places; /* of all_to_all_v */
} buffers_t;

static int rank, rank_count;

static int call_all_reduce(const buffers_t *b, int set)
{
    return MPI_Allreduce(b->send[set], b->recv[set], b->count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

static int call_all_gather(const buffers_t *b, int set)
{
    return MPI_Allgather(b->send[set], b->count, MPI_FLOAT, b->recv[set], b->count, MPI_FLOAT,
                         MPI_COMM_WORLD);
}

static int call_reduce_scatter(const buffers_t *b, int set)
{
    return MPI_Reduce_scatter_block(b->send[set], b->recv[set], b->count, MPI_FLOAT, MPI_SUM,
                                    MPI_COMM_WORLD);
}

static int call_all_to_all(const buffers_t *b, int set)
{
    return MPI_Alltoall(b->send[set], b->count, MPI_FLOAT, b->recv[set], b->count, MPI_FLOAT,
                        MPI_COMM_WORLD);
}

static int call_all_to_all_v(const buffers_t *b, int set)
{
    return MPI_Alltoallv(b->send[set], b->counts, b->places, MPI_FLOAT, b->recv[set], b->counts,
                         b->places, MPI_FLOAT, MPI_COMM_WORLD);
}

/* In place, as MPI means it. */
static int call_broadcast(const buffers_t *b, int set)
{
    return MPI_Bcast(b->recv[set], b->count, MPI_FLOAT, 0, MPI_COMM_WORLD);
}

static int call_reduce(const buffers_t *b, int set)
{
    return MPI_Reduce(b->send[set], b->recv[set], b->count, MPI_FLOAT, MPI_SUM, 0, MPI_COMM_WORLD);
}

static int call_gather(const buffers_t *b, int set)
{
    return MPI_Gather(b->send[set], b->count, MPI_FLOAT, b->recv[set], b->count, MPI_FLOAT, 0,
                      MPI_COMM_WORLD);
}

static int call_scatter(const buffers_t *b, int set)
{
    return MPI_Scatter(b->send[set], b->count, MPI_FLOAT, b->recv[set], b->count, MPI_FLOAT, 0,
                       MPI_COMM_WORLD);
}

static int call_send_recv(const buffers_t *b, int set)
{
    return MPI_Sendrecv(b->send[set], b->count, MPI_FLOAT, b->peer_to, 0, b->recv[set], b->count,
                        MPI_FLOAT, b->peer_from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static int call_barrier(const buffers_t *b, int set)
{
    (void)b;
    (void)set;
    return MPI_Barrier(MPI_COMM_WORLD);
}

/* is_split: a message of N bytes is one block of N / rank_count for each rank. */
static const struct {
    const char *name;
    int (*call)(const buffers_t *b, int set);
    int is_split;
} operations[] = {
    {"all_reduce", call_all_reduce, 0},
    {"all_gather", call_all_gather, 1},
    {"reduce_scatter", call_reduce_scatter, 1},
    {"all_to_all", call_all_to_all, 1},
    {"all_to_all_v", call_all_to_all_v, 1},
    {"broadcast", call_broadcast, 0},
    {"reduce", call_reduce, 0},
    {"gather", call_gather, 1},
    {"scatter", call_scatter, 1},
    {"send_recv", call_send_recv, 0},
    {"barrier", call_barrier, 0},
};

static double now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return values[(count - 1) / 2];
}

/* Touched, and in huge pages from the size from which ours are. `*region_bytes` becomes the
 * mapping's. */
static char *grab(size_t *region_bytes)
{
    size_t bytes  = *region_bytes < HUGEPAGE_BYTES_MIN
                        ? *region_bytes
                        : (*region_bytes + HUGEPAGE_BYTES - 1) / HUGEPAGE_BYTES * HUGEPAGE_BYTES;
    char  *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        (void)fprintf(stderr, "osu_loop: no memory for %zu bytes\n", bytes);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    if (bytes >= HUGEPAGE_BYTES_MIN) {
        (void)madvise(memory, bytes, MADV_HUGEPAGE);
    }
    memset(memory, 0, bytes);
    *region_bytes = bytes;
    return memory;
}

/* Of a buffer with its guards. */
static size_t buffer_bytes(size_t bytes)
{
    return GUARD_BYTES + (bytes + GUARD_BYTES + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

static void open_buffers(buffers_t *b, char *region, size_t bytes, int is_split)
{
    size_t stride = buffer_bytes(bytes);

    region += GUARD_BYTES;
    for (int set = 0; set < SET_COUNT; set++) {
        b->send[set] = region + (size_t)(2 * set) * stride;
        b->recv[set] = region + (size_t)(2 * set + 1) * stride;
    }
    b->count     = (int)(bytes / sizeof(float)) / (is_split ? rank_count : 1);
    b->peer_to   = (rank + 1) % rank_count;
    b->peer_from = (rank + rank_count - 1) % rank_count;
    for (int i = 0; i < rank_count; i++) {
        b->counts[i] = b->count;
        b->places[i] = i * b->count;
    }
}

/* t0; op; t1 from a barrier, like OSU; the slowest rank of each iteration, then the median. */
static double time_isolated(int op, const buffers_t *b, double *mine, double *slowest, int count)
{
    for (int i = 0; i < count; i++) {
        double start_us;

        (void)MPI_Barrier(MPI_COMM_WORLD);
        start_us = now_us();
        (void)operations[op].call(b, i % SET_COUNT);
        mine[i] = now_us() - start_us;
    }
    (void)MPI_Allreduce(mine, slowest, count, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return median(slowest, count);
}

/* Column `index` of [rank_count][count]: its middle by nearest rank. */
static double middle_rank(const double *all_us, int index, int count)
{
    double column_us[RANKS_MAX];

    for (int i = 0; i < rank_count; i++) {
        column_us[i] = all_us[(size_t)i * (size_t)count + (size_t)index];
    }
    return median(column_us, rank_count);
}

/* Back to back with a stamp between; the middle rank of each operation, then the median, as regime
 * `steady` does. */
static double time_chain(int op, const buffers_t *b, double *stamps_us, double *all_us, int count)
{
    (void)MPI_Barrier(MPI_COMM_WORLD);
    for (int i = 0; i < count; i++) {
        stamps_us[i] = now_us();
        (void)operations[op].call(b, i % SET_COUNT);
    }
    stamps_us[count] = now_us();
    for (int i = 0; i < count; i++) {
        stamps_us[i] = stamps_us[i + 1] - stamps_us[i];
    }
    (void)MPI_Gather(stamps_us, count, MPI_DOUBLE, all_us, count, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    for (int i = 0; i < count && rank == 0; i++) {
        stamps_us[i] = middle_rank(all_us, i, count);
    }
    return median(stamps_us, count);
}

/* Back to back and nothing else: the mean over a batch, the median over batches. */
static double time_loop(int op, const buffers_t *b, int count)
{
    double batches_us[BATCH_COUNT], mine_us, all_us;

    for (int batch = 0; batch < BATCH_COUNT; batch++) {
        double start_us;

        (void)MPI_Barrier(MPI_COMM_WORLD);
        start_us = now_us();
        for (int i = 0; i < count; i++) {
            (void)operations[op].call(b, i % SET_COUNT);
        }
        batches_us[batch] = (now_us() - start_us) / count;
    }
    mine_us = median(batches_us, BATCH_COUNT);
    (void)MPI_Allreduce(&mine_us, &all_us, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    return all_us / rank_count;
}

/* All ranks take the same count: rank 0's estimate. */
static int choose_count(int op, const buffers_t *b, double budget_us, int count_max)
{
    double start_us = now_us(), each_us;
    int    count;

    for (int i = 0; i < WARMUP_COUNT; i++) {
        (void)operations[op].call(b, i % SET_COUNT);
    }
    each_us = (now_us() - start_us) / WARMUP_COUNT;
    count   = (int)(budget_us / (each_us + 0.1));
    count   = count < WARMUP_COUNT ? WARMUP_COUNT : count > count_max ? count_max : count;
    (void)MPI_Bcast(&count, 1, MPI_INT, 0, MPI_COMM_WORLD);
    return count;
}

static void run_size(int op, buffers_t *b, char *region, size_t bytes, double budget_us)
{
    double *scratch = malloc((size_t)(rank_count + 1) * (COUNT_MAX + 1) * sizeof *scratch);
    double  isolated_us, chain_us, loop_us;
    int     count, batch_count;

    if (!scratch) {
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    open_buffers(b, region, bytes, operations[op].is_split);
    count       = choose_count(op, b, budget_us, COUNT_MAX);
    batch_count = count / BATCH_COUNT + 2;
    isolated_us = time_isolated(op, b, scratch, scratch + COUNT_MAX + 1, count);
    chain_us    = time_chain(op, b, scratch, scratch + COUNT_MAX + 1, count);
    loop_us     = time_loop(op, b, batch_count);
    if (rank == 0) {
        (void)printf("{\"op\": \"%s\", \"bytes\": %zu, \"isolated_us\": %.4f, \"chain_us\": %.4f, "
                     "\"loop_us\": %.4f, \"count\": %d}\n",
                     operations[op].name, bytes, isolated_us, chain_us, loop_us, count);
        (void)fflush(stdout);
    }
    free(scratch);
}

static int find_operation(const char *name)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static void run_all(int op, char **sizes, int size_count, double budget_us)
{
    buffers_t b             = {.counts = calloc((size_t)rank_count, sizeof *b.counts),
                               .places = calloc((size_t)rank_count, sizeof *b.places)};
    size_t    largest_bytes = 0, region_bytes;
    char     *region;

    for (int i = 0; i < size_count; i++) {
        size_t bytes = strtoull(sizes[i], NULL, 10);

        largest_bytes = bytes > largest_bytes ? bytes : largest_bytes;
    }
    region_bytes = 2 * SET_COUNT * buffer_bytes(largest_bytes);
    region       = grab(&region_bytes);
    for (int i = 0; i < size_count && b.counts && b.places; i++) {
        run_size(op, &b, region, strtoull(sizes[i], NULL, 10), budget_us);
    }
    (void)munmap(region, region_bytes);
    free(b.counts);
    free(b.places);
}

int main(int argc, char **argv)
{
    int op = argc > 3 ? find_operation(argv[1]) : -1;

    if (op < 0) {
        (void)fprintf(stderr, "usage: mpirun -n N osu_loop OPERATION BUDGET_MS BYTES...\n");
        return 2;
    }
    (void)MPI_Init(&argc, &argv);
    (void)MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)MPI_Comm_size(MPI_COMM_WORLD, &rank_count);
    if (rank_count > RANKS_MAX) {
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    run_all(op, argv + 3, argc - 3, strtod(argv[2], NULL) * 1e3);
    (void)MPI_Finalize();
    return 0;
}
