/* SPDX-License-Identifier: Apache-2.0 */
/* device_check cuda|hip: what the device promises, on a real GPU, with the times it takes.
 * Skips with 77 and a reason where there is none. Not a benchmark, and not a test of a backend. */
#include "collectivex/digest.h"
#include "gpu/bed.h"
#include "support/open_plugin.h"

#include <math.h>
#include <sys/socket.h>

typedef struct check {
    const char            *vendor;
    const cx_device_ops_t *ops;
    int                    sockets[2]; /* between the two processes of check_two */
} check_t;

static void check_facts(bed_t *bed)
{
    cx_device_facts_t     facts;
    cx_device_telemetry_t now;
    cx_status_t           status = bed->ops->telemetry(bed->device, &now);

    bed->ops->facts(bed->device, &facts);
    say(bed, facts.model[0] && facts.memory_bytes > 0 && facts.last_cache_bytes > 0,
        "%s, driver %s, %lld bytes free, %lld bytes of cache; %s", facts.model, facts.driver,
        (long long)facts.memory_bytes, (long long)facts.last_cache_bytes, bed->ops->summary);
    say(bed, status == CX_OK,
        "telemetry: core %g MHz, memory %g MHz, %g W, %g C, %lld ECC errors, throttled by: %s",
        now.core_clock_mhz, now.memory_clock_mhz, now.power_w, now.temperature_c,
        (long long)now.ecc_error_count, now.is_throttle_known ? now.throttle_reasons : "unknown");
}

/* Copies both ways and digests, with `host` as what the device must end up with. */
static void check_copies(bed_t *bed, char *memory, unsigned char *host, unsigned char *back,
                         size_t bytes)
{
    int64_t     start_ns;
    uint64_t    digest = 0;
    cx_status_t status = bed->ops->copy(bed->device, back, memory, bytes);

    memset(host, 0, bytes);
    say(bed, status == CX_OK && (uintptr_t)memory % 4096 == 0 && memcmp(host, back, bytes) == 0,
        "  zeroed and page aligned");
    for (size_t i = 0; i < bytes; i++) {
        host[i] = (unsigned char)(i * 7 + (i >> 9));
    }
    start_ns = lone_now_ns();
    status   = bed->ops->copy(bed->device, memory, host, bytes);
    say(bed, status == CX_OK, "  copied in within %.0f us", since_us(start_ns));
    start_ns = lone_now_ns();
    status   = bed->ops->copy(bed->device, back, memory, bytes);
    say(bed, status == CX_OK && memcmp(host, back, bytes) == 0, "  and out within %.0f us",
        since_us(start_ns));
    for (size_t first = 0; first < 2; first++) {
        status = bed->ops->digest(bed->device, bed->stream, memory + first, bytes - first, &digest);
        say(bed, status == CX_OK && digest == cx_digest(host + first, bytes - first),
            "  digest from byte %zu is the host's", first);
    }
}

static void check_memory(bed_t *bed, cx_memory_t kind, const char *name)
{
    size_t         bytes = 16 * MIB + 5;
    unsigned char *host = malloc(bytes), *back = malloc(bytes);
    void          *memory   = NULL;
    int64_t        start_ns = lone_now_ns();
    cx_status_t    status   = bed->ops->alloc(bed->device, bytes, kind, &memory);

    say(bed, status == CX_OK, "%s: %zu bytes allocated within %.0f us", name, bytes,
        since_us(start_ns));
    if (memory && host && back) {
        memset(back, 1, bytes);
        check_copies(bed, memory, host, back, bytes);
        bed->ops->free(bed->device, memory);
    }
    free(host);
    free(back);
}

static void check_poison(bed_t *bed)
{
    size_t         bytes = MIB + 3;
    unsigned char *host = malloc(bytes), *back = malloc(bytes);
    char          *memory = NULL;

    if (!host || !back ||
        bed->ops->alloc(bed->device, bytes + 1, CX_MEMORY_PLAIN, (void **)&memory) != CX_OK) {
        say(bed, 0, "poison: memory");
        return;
    }
    for (size_t i = 0; i < bytes; i++) {
        host[i] = (unsigned char)(cx_poison_word(42, i / 8) >> 8 * (i % 8));
    }
    for (size_t first = 0; first < 2; first++) {
        say(bed,
            bed->ops->poison(bed->device, bed->stream, memory + first, bytes, 42) == CX_OK &&
                drain(bed) == CX_OK &&
                bed->ops->copy(bed->device, back, memory + first, bytes) == CX_OK &&
                memcmp(host, back, bytes) == 0,
            "poison from byte %zu is the host's", first);
    }
    bed->ops->free(bed->device, memory);
    free(host);
    free(back);
}

/* The last bit of much memory, and how fast the kernels stream through it. */
static void check_large(bed_t *bed)
{
    cx_device_facts_t facts;
    size_t            bytes  = 1024 * MIB;
    char             *memory = NULL;
    uint64_t          digest = 0, flipped = 0;
    unsigned char     last = 0;
    double            digest_us;
    int64_t           start_ns;

    bed->ops->facts(bed->device, &facts);
    while (bytes > (size_t)facts.memory_bytes / 16) {
        bytes /= 2;
    }
    if (bed->ops->alloc(bed->device, bytes, CX_MEMORY_PLAIN, (void **)&memory) != CX_OK) {
        say(bed, 0, "allocate %zu bytes", bytes);
        return;
    }
    for (int repeat = 0; repeat < 2; repeat++) {
        bed->ops->mark(bed->device, bed->stream, bed->events, 0);
        (void)bed->ops->poison(bed->device, bed->stream, memory, bytes, 1);
        bed->ops->mark(bed->device, bed->stream, bed->events, 1);
        say(bed, drain(bed) == CX_OK, "%zu MiB poisoned in %.1f us", bytes / MIB,
            bed->ops->elapsed_us(bed->events, 0, 1));
        start_ns = lone_now_ns();
        (void)bed->ops->digest(bed->device, bed->stream, memory, bytes, &digest);
        digest_us = since_us(start_ns);
        say(bed, repeat == 0 || bytes < 1024 * MIB || digest_us < 5000,
            "and digested in %.1f us, %.0f GB/s; 1 GiB may take 5 ms", digest_us,
            (double)bytes / digest_us / 1e3);
    }
    (void)bed->ops->copy(bed->device, &last, memory + bytes - 1, 1);
    last ^= 0x80;
    (void)bed->ops->copy(bed->device, memory + bytes - 1, &last, 1);
    say(bed,
        bed->ops->digest(bed->device, bed->stream, memory, bytes, &flipped) == CX_OK &&
            flipped != digest,
        "a flipped bit in the last byte changes the digest");
    bed->ops->free(bed->device, memory);
}

static void check_events(bed_t *bed)
{
    cx_device_facts_t facts;
    int64_t           before_ns = 0, after_ns = 0, first_ns, last_ns, bound_ns;
    double            elapsed_us = INFINITY;

    for (int trial = 0; trial < 5 && elapsed_us > 220; trial++) {
        before_ns = lone_now_ns();
        bed->ops->mark(bed->device, bed->stream, bed->events, 0);
        (void)bed->ops->spin(bed->device, bed->stream, 200);
        bed->ops->mark(bed->device, bed->stream, bed->events, 1);
        elapsed_us = bed->ops->elapsed_us(bed->events, 0, 1); /* waits by itself */
        after_ns   = lone_now_ns();
    }
    say(bed, elapsed_us >= 199 && elapsed_us < 240, "events around a spin of 200 us: %.2f us",
        elapsed_us);
    first_ns = bed->ops->event_ns(bed->events, 0);
    last_ns  = bed->ops->event_ns(bed->events, 1);
    bed->ops->facts(bed->device, &facts);
    bound_ns = (int64_t)(facts.stamp_bound_us * 1e3);
    say(bed, first_ns > before_ns - bound_ns && last_ns < after_ns + bound_ns && first_ns < last_ns,
        "stamps on the host's clock: %.2f us after its start, %.2f us before its end, to %.2f us",
        (double)(first_ns - before_ns) / 1e3, (double)(after_ns - last_ns) / 1e3,
        facts.stamp_bound_us);
    (void)bed->ops->spin(bed->device, bed->stream, 150000);
    (void)drain(bed); /* lays the clocks side by side anew: the stamps are now before the anchor */
    say(bed, llabs(bed->ops->event_ns(bed->events, 0) - first_ns) < 2 * bound_ns,
        "the same stamp with a newer anchor differs by %.2f us",
        (double)(bed->ops->event_ns(bed->events, 0) - first_ns) / 1e3);
    bed->ops->mark(bed->device, bed->stream, bed->events, 0);
    before_ns = lone_now_ns();
    for (int64_t i = 1; i < 1000; i++) {
        bed->ops->mark(bed->device, bed->stream, bed->events, i);
    }
    elapsed_us = since_us(before_ns) / 999;
    say(bed, drain(bed) == CX_OK,
        "a mark costs the host %.3f us; marks follow each other in %.3f us", elapsed_us,
        bed->ops->elapsed_us(bed->events, 0, 999) / 999);
}

static void check_spin(bed_t *bed)
{
    static const double asked_us[] = {0, 10, 30, 100, 300, 1000, 10000};

    for (size_t i = 0; i < sizeof asked_us / sizeof asked_us[0]; i++) {
        double least_us = INFINITY, most_us = 0;

        for (int repeat = 0; repeat < 5; repeat++) {
            double seen_us;

            bed->ops->mark(bed->device, bed->stream, bed->events, 0);
            (void)bed->ops->spin(bed->device, bed->stream, asked_us[i]);
            bed->ops->mark(bed->device, bed->stream, bed->events, 1);
            seen_us  = bed->ops->elapsed_us(bed->events, 0, 1);
            least_us = fmin(least_us, seen_us);
            most_us  = fmax(most_us, seen_us);
        }
        say(bed, least_us >= asked_us[i] - 1.5 && least_us < asked_us[i] * 1.01 + 20,
            "a spin of %g us takes %.2f to %.2f us", asked_us[i], least_us, most_us);
    }
}

static void check_graph(bed_t *bed)
{
    cx_graph_t *graph  = NULL;
    cx_status_t status = bed->ops->graph_begin(bed->device, bed->stream);
    int64_t     start_ns;
    double      launch_us;

    bed->ops->mark(bed->device, bed->stream, bed->events, 10);
    for (int i = 0; i < 10; i++) {
        (void)bed->ops->spin(bed->device, bed->stream, 20);
    }
    bed->ops->mark(bed->device, bed->stream, bed->events, 11);
    status = status == CX_OK ? bed->ops->graph_end(bed->device, bed->stream, &graph) : status;
    say(bed, status == CX_OK && graph, "a graph of ten spins of 20 us between two marks");
    for (int i = 0; i < 3 && graph; i++) {
        double between_us;

        start_ns   = lone_now_ns();
        status     = bed->ops->graph_launch(bed->device, graph, bed->stream);
        status     = status == CX_OK ? drain(bed) : status;
        launch_us  = since_us(start_ns);
        between_us = bed->ops->elapsed_us(bed->events, 10, 11);
        say(bed, status == CX_OK && between_us >= 199 && launch_us >= 199,
            "its launch ends after %.2f us; between its marks %.2f us", launch_us, between_us);
    }
    bed->ops->graph_free(bed->device, graph);
    status = bed->ops->graph_begin(bed->device, bed->stream);
    say(bed,
        status == CX_OK && bed->ops->graph_end(bed->device, bed->stream, NULL) == CX_OK &&
            drain(bed) == CX_OK,
        "a capture can be thrown away");
}

static void check_waiting(bed_t *bed)
{
    int64_t     start_ns = lone_now_ns();
    cx_status_t status;

    (void)bed->ops->flush(bed->device, bed->stream);
    (void)drain(bed);
    bed->ops->mark(bed->device, bed->stream, bed->events, 0);
    status = bed->ops->flush(bed->device, bed->stream);
    bed->ops->mark(bed->device, bed->stream, bed->events, 1);
    say(bed, status == CX_OK && drain(bed) == CX_OK, "flushing the cache takes %.1f us",
        bed->ops->elapsed_us(bed->events, 0, 1));
    start_ns = lone_now_ns();
    (void)bed->ops->spin(bed->device, bed->stream, 300000);
    status = bed->ops->synchronize(bed->device, bed->stream, start_ns + 20000000);
    say(bed, status == CX_TIMEOUT && since_us(start_ns) < 250000,
        "a deadline of 20 ms: %.1f ms, %s", since_us(start_ns) / 1e3, lone_detail);
    say(bed, drain(bed) == CX_OK && since_us(start_ns) >= 300000,
        "and the work then ends by itself");
    start_ns = lone_now_ns();
    for (int i = 0; i < 1000; i++) {
        (void)drain(bed);
    }
    say(bed, 1, "synchronising an idle stream costs %.3f us", since_us(start_ns) / 1e3);
}

typedef struct trial {
    size_t  to, from, bytes; /* offsets into the first and the second half of the memory */
    int32_t block_count;
} trial_t;

/* One enqueued copy into poison: whether what it was to write, and nothing else, is written.
 * `host` has the second half of `memory`, and room for the first behind it. */
static bool copies_right(bed_t *bed, char *memory, unsigned char *host, const trial_t *trial)
{
    const size_t   half     = 16 * MIB;
    unsigned char *back     = host + half;
    bool           is_right = true;

    if (bed->ops->poison(bed->device, bed->stream, memory, half, 5) != CX_OK ||
        bed->ops->copy_enqueue(bed->device, bed->stream, memory + trial->to,
                               memory + half + trial->from, trial->bytes,
                               trial->block_count) != CX_OK ||
        drain(bed) != CX_OK || bed->ops->copy(bed->device, back, memory, half) != CX_OK) {
        return false;
    }
    for (size_t i = 0; i < half; i++) {
        bool          is_copied = i >= trial->to && i < trial->to + trial->bytes;
        unsigned char left      = (unsigned char)(cx_poison_word(5, i / 8) >> 8 * (i % 8));

        is_right &= back[i] == (is_copied ? host[trial->from + i - trial->to] : left);
    }
    return is_right;
}

/* Copies by the engine and by blocks: every alignment of both sides, tails, and nothing beside. */
static void check_enqueued_copies(bed_t *bed)
{
    static const size_t  sizes[]     = {1, 15, 16, 17, 4099, 8 * MIB + 13};
    static const int32_t blocks[]    = {0, 1, 3, 16};
    unsigned char       *host        = malloc(32 * MIB);
    char                *memory      = NULL;
    size_t               wrong_count = 0, copy_count = 0;

    if (!host ||
        bed->ops->alloc(bed->device, 32 * MIB, CX_MEMORY_EXPORTABLE, (void **)&memory) != CX_OK) {
        say(bed, 0, "enqueued copies: memory");
        free(host);
        return;
    }
    for (size_t i = 0; i < 16 * MIB; i++) {
        host[i] = (unsigned char)(i * 11 + (i >> 7));
    }
    (void)bed->ops->copy(bed->device, memory + 16 * MIB, host, 16 * MIB);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t k = 0; k < 12; k++, copy_count++) { /* aligned alike, and not */
            trial_t trial = {.to          = 64 + 5 * k % 16,
                             .from        = 7 * k % 16,
                             .bytes       = sizes[i],
                             .block_count = blocks[k % 4]};

            trial.from = k % 3 == 0 ? trial.to + 32 : trial.from;
            wrong_count += !copies_right(bed, memory, host, &trial);
        }
    }
    say(bed, wrong_count == 0, "%zu enqueued copies of all alignments, %zu wrong", copy_count,
        wrong_count);
    bed->ops->free(bed->device, memory);
    free(host);
}

static int check_one(lone_core_t *lone, void *argument)
{
    const check_t *check = argument;
    bed_t          bed;

    if (open_bed(&bed, &lone->core, check->ops, 0) != 0) {
        return 1;
    }
    check_facts(&bed);
    check_memory(&bed, CX_MEMORY_PLAIN, "plain memory");
    check_memory(&bed, CX_MEMORY_EXPORTABLE, "exportable memory");
    check_poison(&bed);
    check_enqueued_copies(&bed);
    check_large(&bed);
    check_events(&bed);
    check_spin(&bed);
    check_graph(&bed);
    check_waiting(&bed);
    close_bed(&bed);
    return bed.wrong_count;
}

/* A descriptor to the other process, and its own in return; -1 on failure. */
static int trade_fd(int to, int fd)
{
    char          word = 'x', space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec  part    = {&word, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    int             got  = -1;

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type  = SCM_RIGHTS;
    head->cmsg_len   = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    if (sendmsg(to, &message, 0) != 1) {
        return -1;
    }
    message.msg_controllen = sizeof space;
    if (recvmsg(to, &message, 0) == 1 && CMSG_FIRSTHDR(&message)) {
        memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof got);
    }
    return got;
}

/* Memory of this process that the other one maps, and the other's mapped here. */
static int share(bed_t *bed, int to, size_t bytes, void **own, void **other)
{
    int fd = -1, got;

    if (bed->ops->alloc(bed->device, bytes, CX_MEMORY_EXPORTABLE, own) != CX_OK ||
        bed->ops->export_fd(bed->device, *own, &fd) != CX_OK) {
        return -1;
    }
    got = trade_fd(to, fd);
    (void)close(fd);
    if (got < 0 || bed->ops->import_fd(bed->device, got, bytes, other) != CX_OK) {
        return -1;
    }
    (void)close(got);
    return 0;
}

static void check_barrier(bed_t *bed, lone_core_t *lone, void *const *flags)
{
    cx_device_barrier_t barrier = {
        .flags = flags, .rank = lone->core.rank, .rank_count = 2, .timeout_us = 1e6};
    cx_status_t status = CX_OK;

    for (int round = 0; round < 2 && status == CX_OK; round++) {
        bed->ops->mark(bed->device, bed->stream, bed->events, 0);
        for (int i = 0; i < 500 && status == CX_OK; i++) {
            status = bed->ops->barrier(bed->device, bed->stream, &barrier);
        }
        bed->ops->mark(bed->device, bed->stream, bed->events, 1);
        status = status == CX_OK ? drain(bed) : status;
    }
    say(bed, status == CX_OK, "rank %d: 500 barriers, %.3f us each", lone->core.rank,
        bed->ops->elapsed_us(bed->events, 0, 1) / 500);
    (void)lone_meet(lone);
    if (lone->core.rank == 0) {
        int64_t start_ns = lone_now_ns();

        barrier.timeout_us = 5000;
        status             = bed->ops->barrier(bed->device, bed->stream, &barrier);
        status             = status == CX_OK ? drain(bed) : status;
        say(bed, status == CX_TIMEOUT && since_us(start_ns) >= barrier.timeout_us,
            "a barrier alone for %.1f ms: %s", since_us(start_ns) / 1e3, lone_detail);
    }
    (void)lone_meet(lone);
}

/* How long a round trip takes, and copies into the other's memory by engine and blocks. */
static void check_links(bed_t *bed, lone_core_t *lone, void *const *flags, void *own, void *other)
{
    static const int32_t blocks[] = {0, 1, 16, 128};
    cx_status_t          status   = CX_OK;

    for (int repeat = 0; repeat < 2 && status == CX_OK; repeat++) {
        (void)lone_meet(lone);
        bed->ops->mark(bed->device, bed->stream, bed->events, 0);
        status = bed->ops->ping_pong(bed->device, bed->stream,
                                     &(cx_device_ping_pong_t){flags[lone->core.rank],
                                                              flags[1 - lone->core.rank],
                                                              lone->core.rank == 0, 1000, 1e6});
        bed->ops->mark(bed->device, bed->stream, bed->events, 1);
        status = status == CX_OK ? drain(bed) : status;
    }
    say(bed, status == CX_OK, "rank %d: 1000 round trips of a flag, %.3f us each", lone->core.rank,
        bed->ops->elapsed_us(bed->events, 0, 1) / 1000);
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        for (int repeat = 0; repeat < 2; repeat++) {
            bed->ops->mark(bed->device, bed->stream, bed->events, 0);
            status =
                bed->ops->copy_enqueue(bed->device, bed->stream, other, own, 64 * MIB, blocks[i]);
            bed->ops->mark(bed->device, bed->stream, bed->events, 1);
            status = status == CX_OK ? drain(bed) : status;
        }
        say(bed, status == CX_OK, "rank %d: 64 MiB to the other by %d blocks, %.0f GB/s",
            lone->core.rank, blocks[i],
            64.0 * (double)MIB / bed->ops->elapsed_us(bed->events, 0, 1) / 1e3);
        (void)lone_meet(lone);
    }
}

static int check_two(lone_core_t *lone, void *argument)
{
    const check_t *check = argument;
    size_t         bytes = 64 * MIB + 40;
    int32_t        rank = lone->core.rank, device_count = 0;
    void          *own = NULL, *other = NULL, *flags[2] = {NULL, NULL};
    char          *host   = malloc(bytes);
    uint64_t       digest = 0;
    bed_t          bed;

    lone->core.local_rank_count = 1; /* two processes on one device are fine for this */
    if (!host || check->ops->probe(&lone->core, &device_count) != CX_OK ||
        open_bed(&bed, &lone->core, check->ops, rank % device_count) != 0) {
        return 1;
    }
    say(&bed, share(&bed, check->sockets[rank], bytes, &own, &other) == 0,
        "rank %d on device %d maps the other's memory", rank, rank % device_count);
    if (other) {
        bed.ops->mark(bed.device, bed.stream, bed.events, 0);
        (void)bed.ops->poison(bed.device, bed.stream, other, bytes, (uint64_t)rank);
        bed.ops->mark(bed.device, bed.stream, bed.events, 1);
        say(&bed, drain(&bed) == CX_OK, "rank %d writes 64 MiB of it in %.1f us", rank,
            bed.ops->elapsed_us(bed.events, 0, 1));
    }
    (void)lone_meet(lone);
    for (size_t i = 0; i < bytes / 8; i++) {
        uint64_t word = cx_poison_word((uint64_t)(1 - rank), i);

        memcpy(host + 8 * i, &word, 8);
    }
    say(&bed,
        bed.ops->digest(bed.device, bed.stream, own, bytes, &digest) == CX_OK &&
            digest == cx_digest(host, bytes),
        "rank %d finds what the other wrote", rank);
    if (share(&bed, check->sockets[rank], CX_DEVICE_BARRIER_BYTES(2), &flags[rank],
              &flags[1 - rank]) == 0) {
        check_barrier(&bed, lone, flags);
    }
    if (other && share(&bed, check->sockets[rank], 128, &flags[rank], &flags[1 - rank]) == 0) {
        check_links(&bed, lone, flags, own, other);
    }
    (void)lone_meet(lone);
    if (other) {
        bed.ops->unimport(bed.device, other, bytes);
    }
    close_bed(&bed);
    free(host);
    return bed.wrong_count;
}

/* In a process of its own, as a library that was opened does not survive a fork. */
static int check_present(lone_core_t *lone, void *argument)
{
    const check_t *check        = argument;
    int32_t        device_count = 0;

    if (check->ops->probe(&lone->core, &device_count) != CX_OK) {
        (void)printf("skipped: %s\n", lone_detail);
        (void)fflush(stdout);
        return 1;
    }
    (void)printf("%d device%s\n", device_count, device_count == 1 ? "" : "s");
    (void)fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    check_t check = {.vendor = argc > 1 ? argv[1] : "cuda"};
    char    file[128];
    int     wrong_count;

    (void)snprintf(file, sizeof file, "cx-device-%s.so", check.vendor);
    check.ops = plugin_open_device(file);
    if (!check.ops) {
        (void)printf("skipped: no %s in $CX_PLUGIN_PATH\n", file);
        return 77;
    }
    if (lone_run(1, BUDGET_NS, check_present, &check) != 0) {
        return 77;
    }
    wrong_count = lone_run(1, BUDGET_NS, check_one, &check);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, check.sockets) != 0) {
        return 1;
    }
    wrong_count += lone_run(2, BUDGET_NS, check_two, &check);
    (void)printf(wrong_count ? "WRONG\n" : "all right\n");
    return wrong_count != 0;
}
