/* SPDX-License-Identifier: Apache-2.0 */
/* content_check cuda|hip [MIB]: memory that the device fills and verifies by itself, against what
 * the host computes, to the last bit of 4 GiB (or of at most so many MiB), with the times it takes.
 * Skips with 77 and a reason where there is none. Not a benchmark. */
#include "gpu/bed.h"
#include "support/content_bytes.h"
#include "support/open_plugin.h"

#define ROOM 4096
#define WIDE_BYTES ((size_t)20011)
#define MANY_SPANS 5000
#define LIMIT_US 5000.0 /* for 1 GiB */

typedef struct check {
    const char            *vendor;
    const cx_device_ops_t *ops;
    size_t                 bytes_max;
} check_t;

/* Contents of every kind. That sums are exact is not asked here, so any numbers will do. */
typedef struct row {
    const char  *name;
    cx_content_t content;
} row_t;

#define REDUCTION(kind_, redop_, ranks, bits, exponent, field, turns) \
    {                                                                 \
        .key = 99, .rank = CX_CONTENT_ALL_RANKS, .recipe = {          \
            .kind          = CX_RECIPE_##kind_,                       \
            .redop         = CX_REDOP_##redop_,                       \
            .rank_count    = (ranks),                                 \
            .elem_bits     = (bits),                                  \
            .exponent_bits = (exponent),                              \
            .field_bits    = (field),                                 \
            .turn_mask     = (turns),                                 \
            .sign_mask     = UINT64_MAX,                              \
            .unit          = 1,                                       \
            .scale         = 1                                        \
        }                                                             \
    }

static const row_t rows[] = {
    {"fp32 sum of 2 ranks", REDUCTION(COUNT, SUM, 2, 32, 8, 23, 0)}, /* first: has a limit */
    {"random bytes", {.key = 5}},
    {"poison", {.key = 6, .set_mask = CX_POISON_MASK}},
    {"bf16 sum of 8 ranks", REDUCTION(COUNT, SUM, 8, 16, 8, 5, 0)},
    {"fp16 sum of 1000 ranks", REDUCTION(COUNT, SUM, 1000, 16, 5, 2, 1)},
    {"int8 sum of 1500 ranks in turns", REDUCTION(COUNT, SUM, 1500, 8, 0, 2, 63)},
    {"fp64 prod of 4 ranks", REDUCTION(FACTOR, PROD, 4, 64, 11, 13, 0)},
    {"fp16 prod of 3 ranks in turns", REDUCTION(FACTOR, PROD, 3, 16, 5, 5, 1)},
    {"bf16 max of 5 ranks", REDUCTION(ORDER, MAX, 5, 16, 8, 0, 0)},
    {"uint8 prod of 8 ranks", REDUCTION(ODD, PROD, 8, 8, 0, 0, 0)},
    {"int64 min of 2 ranks", REDUCTION(ORDER, MIN, 2, 64, 0, 0, 0)},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static cx_difference_t difference_of(bed_t *bed, const cx_span_t *span)
{
    cx_difference_t difference = {-7, -7};

    (void)bed->ops->verify(bed->device, bed->stream, span, 1, &difference);
    return difference;
}

static int is_different(bed_t *bed, const cx_span_t *span, int64_t wrong_count, int64_t first)
{
    cx_difference_t difference = difference_of(bed, span);

    return difference.wrong_count == wrong_count && difference.first_wrong == first;
}

static cx_status_t flip_bit(bed_t *bed, void *memory)
{
    unsigned char byte   = 0;
    cx_status_t   status = bed->ops->copy(bed->device, &byte, memory, 1);

    byte ^= 0x80;
    return status == CX_OK ? bed->ops->copy(bed->device, memory, &byte, 1) : status;
}

/* Written right, nothing beside it, and three flipped bits are found. 0: all of it. */
static int is_wrong(bed_t *bed, unsigned char *base, const cx_span_t *span, unsigned char *right)
{
    static unsigned char got[ROOM + WIDE_BYTES + ROOM];
    const size_t         bytes = span->byte_count;
    const size_t         first = (size_t)((unsigned char *)span->memory - base);

    memset(right, 0, sizeof got);
    content_bytes(&span->content, bytes, right + first);
    memset(got, 0, sizeof got);
    if (bed->ops->copy(bed->device, base, got, sizeof got) != CX_OK ||
        bed->ops->fill(bed->device, bed->stream, span, 1) != CX_OK || drain(bed) != CX_OK ||
        bed->ops->copy(bed->device, got, base, sizeof got) != CX_OK ||
        memcmp(got, right, sizeof got) != 0) {
        return 1;
    }
    if (bytes < 3) {
        return !is_different(bed, span, 0, -1);
    }
    return !is_different(bed, span, 0, -1) || flip_bit(bed, base + first + bytes - 1) != CX_OK ||
           !is_different(bed, span, 1, (int64_t)bytes - 1) ||
           flip_bit(bed, base + first + bytes / 2) != CX_OK ||
           !is_different(bed, span, 2, (int64_t)(bytes / 2)) ||
           flip_bit(bed, base + first) != CX_OK || !is_different(bed, span, 3, 0);
}

/* Every kind at every alignment, in the string and in memory, of a rank and of all ranks. */
static void check_kinds(bed_t *bed)
{
    static unsigned char right[ROOM + WIDE_BYTES + ROOM];
    static const size_t  sizes[] = {0, 1, 8, 15, 31, 64, 3001, WIDE_BYTES};
    unsigned char       *base    = NULL;

    if (bed->ops->alloc(bed->device, sizeof right, CX_MEMORY_PLAIN, (void **)&base) != CX_OK) {
        say(bed, 0, "memory");
        return;
    }
    for (size_t i = 0; i < ROW_COUNT; i++) {
        int wrong_count = 0, span_count = 0;

        for (size_t k = 0; k < 3 * sizeof sizes / sizeof sizes[0]; k++, span_count++) {
            cx_span_t span = {.content    = rows[i].content,
                              .memory     = base + ROOM - 32 + 5 * k % 16,
                              .byte_count = sizes[k / 3]};

            span.content.first_byte = k % 3 == 0 ? 0 : 16 * k + 3 * k % 8;
            if (k % 3 == 1 && span.content.rank == CX_CONTENT_ALL_RANKS) {
                span.content.rank = 1;
            }
            wrong_count += is_wrong(bed, base, &span, right);
        }
        say(bed, wrong_count == 0, "%s: %d spans, %d wrong", rows[i].name, span_count, wrong_count);
    }
    bed->ops->free(bed->device, base);
}

static void check_many(bed_t *bed)
{
    cx_span_t       *spans       = calloc(MANY_SPANS, sizeof *spans);
    cx_difference_t *differences = calloc(MANY_SPANS, sizeof *differences);
    unsigned char   *base        = NULL;
    int              wrong_count = 0;
    int64_t          start_ns;
    double           fill_us, verify_us;

    if (!spans || !differences ||
        bed->ops->alloc(bed->device, MANY_SPANS * (size_t)16, CX_MEMORY_PLAIN, (void **)&base) !=
            CX_OK) {
        say(bed, 0, "memory for %d spans", MANY_SPANS);
        free(spans);
        free(differences);
        return;
    }
    for (int i = 0; i < MANY_SPANS; i++) {
        spans[i] = (cx_span_t){rows[(size_t)i % ROW_COUNT].content, base + 16 * i, 8};
    }
    for (int repeat = 0; repeat < 2; repeat++) {
        start_ns = lone_now_ns();
        (void)bed->ops->fill(bed->device, bed->stream, spans, MANY_SPANS);
        (void)drain(bed);
        fill_us = since_us(start_ns);
        if (repeat > 0) {
            (void)flip_bit(bed, spans[4321].memory);
        }
        start_ns = lone_now_ns();
        (void)bed->ops->verify(bed->device, bed->stream, spans, MANY_SPANS, differences);
        verify_us = since_us(start_ns);
        for (int i = 0; i < MANY_SPANS; i++) {
            wrong_count += differences[i].wrong_count != (repeat > 0 && i == 4321);
        }
        say(bed, wrong_count == 0, "%d spans of 8 bytes: filled in %.0f us, verified in %.0f us",
            MANY_SPANS, fill_us, verify_us);
    }
    bed->ops->free(bed->device, base);
    free(spans);
    free(differences);
}

/* The last bit of more memory than 32 bits can count. */
static void check_last_bit(bed_t *bed, size_t bytes)
{
    cx_span_t span = {.content = {.key = 1}, .byte_count = bytes};

    if (bed->ops->alloc(bed->device, bytes, CX_MEMORY_PLAIN, &span.memory) != CX_OK) {
        say(bed, 0, "allocate %zu bytes", bytes);
        return;
    }
    (void)bed->ops->fill(bed->device, bed->stream, &span, 1);
    say(bed, drain(bed) == CX_OK && is_different(bed, &span, 0, -1), "%zu MiB filled and verified",
        bytes / MIB);
    say(bed,
        flip_bit(bed, (char *)span.memory + bytes - 1) == CX_OK &&
            is_different(bed, &span, 1, (int64_t)bytes - 1),
        "a flipped bit in the last byte is found there");
    bed->ops->free(bed->device, span.memory);
}

static void time_row(bed_t *bed, const row_t *row, void *memory, size_t bytes, double limit_us)
{
    cx_span_t span    = {row->content, memory, bytes};
    double    fill_us = 0, verify_us = 0;
    int       is_right = 1;

    for (int repeat = 0; repeat < 2; repeat++) {
        int64_t start_ns;

        bed->ops->mark(bed->device, bed->stream, bed->events, 0);
        (void)bed->ops->fill(bed->device, bed->stream, &span, 1);
        bed->ops->mark(bed->device, bed->stream, bed->events, 1);
        is_right  = is_right && drain(bed) == CX_OK;
        fill_us   = bed->ops->elapsed_us(bed->events, 0, 1);
        start_ns  = lone_now_ns();
        is_right  = is_right && is_different(bed, &span, 0, -1);
        verify_us = since_us(start_ns);
    }
    say(bed, is_right && fill_us < limit_us && verify_us < limit_us,
        "%zu MiB of %s: filled in %.0f us (%.0f GB/s), verified in %.0f us (%.0f GB/s)",
        bytes / MIB, row->name, fill_us, (double)bytes / fill_us / 1e3, verify_us,
        (double)bytes / verify_us / 1e3);
}

static void check_times(bed_t *bed, size_t bytes)
{
    void *memory = NULL;

    if (bed->ops->alloc(bed->device, bytes, CX_MEMORY_PLAIN, &memory) != CX_OK) {
        say(bed, 0, "allocate %zu bytes", bytes);
        return;
    }
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].content.recipe.rank_count <= 8) {
            /* What the limit was set for; less memory than that is a test of this program. */
            int is_limited = i < 3 && bytes == 1024 * MIB;

            time_row(bed, &rows[i], memory, bytes, is_limited ? LIMIT_US : 1e9);
        }
    }
    bed->ops->free(bed->device, memory);
}

static size_t smaller(size_t left, size_t right)
{
    return left < right ? left : right;
}

static int check_all(lone_core_t *lone, void *argument)
{
    const check_t    *check        = argument;
    int32_t           device_count = 0;
    cx_device_facts_t facts;
    size_t            room;
    bed_t             bed;

    if (check->ops->probe(&lone->core, &device_count) != CX_OK ||
        open_bed(&bed, &lone->core, check->ops, 0) != 0) {
        return 1;
    }
    if (bed.ops->fill(bed.device, bed.stream, NULL, 0) != CX_OK) {
        say(&bed, 0, "this device fills nothing");
        close_bed(&bed);
        return 1;
    }
    bed.ops->facts(bed.device, &facts);
    room = smaller((size_t)facts.memory_bytes / 32, check->bytes_max / 4) / MIB * MIB;
    check_kinds(&bed);
    check_many(&bed);
    check_last_bit(&bed, 4 * smaller(room, 1024 * MIB) + MIB + 1);
    check_times(&bed, smaller(room, 1024 * MIB));
    close_bed(&bed);
    return bed.wrong_count;
}

/* In a process of its own, as a library that was opened does not survive a fork. */
static int check_present(lone_core_t *lone, void *argument)
{
    const check_t *check        = argument;
    int32_t        device_count = 0;
    cx_status_t    status       = check->ops->probe(&lone->core, &device_count);

    if (status == CX_OK && CX_DEVICE_HAS(check->ops, fill)) {
        return 0;
    }
    (void)printf("skipped: %s\n", status == CX_OK ? "no operation fill" : lone_detail);
    (void)fflush(stdout);
    return 1;
}

int main(int argc, char **argv)
{
    check_t check = {.vendor    = argc > 1 ? argv[1] : "cuda",
                     .bytes_max = (argc > 2 ? strtoull(argv[2], NULL, 10) : 4096) * MIB};
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
    wrong_count = lone_run(1, BUDGET_NS, check_all, &check);
    (void)printf(wrong_count ? "WRONG\n" : "all right\n");
    return wrong_count != 0;
}
