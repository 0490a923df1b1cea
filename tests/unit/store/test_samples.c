/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the sidecar: what is written is read, and no damage goes unnoticed. */
#include "store/samples.h"

#include "base/file.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define RANK_COUNT 3
#define SAMPLE_COUNT 40

static double reduced[SAMPLE_COUNT], ranks[RANK_COUNT * SAMPLE_COUNT],
    arrivals[RANK_COUNT * SAMPLE_COUNT], exits[RANK_COUNT * SAMPLE_COUNT];
static char path[64];

static cx_samples_row_t make_row(int64_t requested_bytes, bool has_skew)
{
    cx_samples_row_t row = {.requested_bytes = requested_bytes,
                            .sample_count    = SAMPLE_COUNT,
                            .discarded_count = 5,
                            .rank_count      = RANK_COUNT,
                            .has_skew        = has_skew,
                            .reduced_us      = reduced,
                            .rank_us         = ranks,
                            .arrival_us      = has_skew ? arrivals : NULL,
                            .exit_us         = has_skew ? exits : NULL};

    for (int i = 0; i < RANK_COUNT * SAMPLE_COUNT; i++) {
        reduced[i % SAMPLE_COUNT] = i * 0.5;
        ranks[i]                  = i;
        arrivals[i]               = -i;
        exits[i]                  = 1.0 / (i + 1);
    }
    return row;
}

/* Two rows, one with and one without skew, in message form. */
static void *make_messages(size_t *bytes)
{
    cx_samples_row_t with = make_row(8, true), without = make_row(1024, false);
    size_t           first = cx_samples_encode_bytes(&with);
    char            *out;

    memcpy(without.component, "pair-period", sizeof "pair-period");
    *bytes = first + cx_samples_encode_bytes(&without);
    out    = malloc(*bytes);
    assert_non_null(out);
    cx_samples_encode(&with, out);
    cx_samples_encode(&without, out + first);
    return out;
}

static int make_path(void **state)
{
    int fd;

    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/collectivex-samples-XXXXXX");
    fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    size_t       bytes;
    void        *messages = make_messages(&bytes);
    char         digest[CX_HASH_HEX_BYTES];
    cx_samples_t samples;

    EXPECT_OK(cx_samples_write(path, messages, bytes, digest));
    EXPECT_OK(cx_samples_read(path, digest, &samples));
    assert_int_equal(samples.row_count, 2);
    assert_int_equal(samples.rows[0].requested_bytes, 8);
    assert_string_equal(samples.rows[0].component, "");
    assert_string_equal(samples.rows[1].component, "pair-period");
    assert_int_equal(samples.rows[0].discarded_count, 5);
    assert_int_equal(samples.rows[0].rank_count, RANK_COUNT);
    assert_true(samples.rows[0].has_skew);
    assert_memory_equal(samples.rows[0].reduced_us, reduced, sizeof reduced);
    assert_memory_equal(samples.rows[0].rank_us, ranks, sizeof ranks);
    assert_memory_equal(samples.rows[0].arrival_us, arrivals, sizeof arrivals);
    assert_memory_equal(samples.rows[0].exit_us, exits, sizeof exits);
    assert_false(samples.rows[1].has_skew);
    assert_null(samples.rows[1].arrival_us);
    assert_memory_equal(samples.rows[1].rank_us, ranks, sizeof ranks);
    cx_samples_fini(&samples);
    free(messages);
}

static void test_no_rows_are_a_sidecar_too(void **state)
{
    (void)state;
    char         digest[CX_HASH_HEX_BYTES];
    cx_samples_t samples;

    EXPECT_OK(cx_samples_write(path, "", 0, digest));
    EXPECT_OK(cx_samples_read(path, digest, &samples));
    assert_int_equal(samples.row_count, 0);
    cx_samples_fini(&samples);
}

static void test_every_cut_and_every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    size_t       bytes, count;
    void        *messages = make_messages(&bytes);
    char         digest[CX_HASH_HEX_BYTES];
    char        *file;
    cx_samples_t samples;

    EXPECT_OK(cx_samples_write(path, messages, bytes, digest));
    EXPECT_OK(cx_file_read(path, 1 << 20, &file, &count));
    for (size_t cut = 0; cut < count; cut++) {
        EXPECT_FAIL(CX_INVALID, "f:", cx_samples_parse("f", file, cut, NULL, &samples));
        EXPECT_FAIL(CX_INVALID, "f:", cx_samples_parse("f", file, cut, digest, &samples));
    }
    for (size_t at = 0; at < count; at++) {
        file[at] ^= 4;
        EXPECT_FAIL(CX_INVALID, "f:", cx_samples_parse("f", file, count, digest, &samples));
        file[at] ^= 4;
    }
    file = realloc(file, count + 1);
    assert_non_null(file);
    file[count] = 0;
    EXPECT_FAIL(CX_INVALID, "bytes follow", cx_samples_parse("f", file, count + 1, NULL, &samples));
    free(file);
    free(messages);
}

/* Packs the messages, for damage behind zlib's checksum. */
static cx_status_t parse_messages(const void *messages, size_t bytes)
{
    uLongf         packed_bytes = compressBound(bytes);
    unsigned char *file         = malloc(8 + packed_bytes);
    cx_samples_t   samples;
    cx_status_t    status;

    assert_non_null(file);
    assert_int_equal(compress(file + 8, &packed_bytes, messages, bytes), Z_OK);
    memcpy(file, "CXSAMP2\n", 8);
    status = cx_samples_parse("f", file, 8 + packed_bytes, NULL, &samples);
    if (status == CX_OK) {
        cx_samples_fini(&samples);
    }
    free(file);
    return status;
}

static void test_impossible_rows_are_refused(void **state)
{
    (void)state;
    size_t   bytes;
    char    *messages = make_messages(&bytes);
    int64_t *header   = (int64_t *)(void *)messages; /* requested, samples, discarded, ranks+skew */
    static const struct {
        int     field;
        int64_t value;
    } rows[] = {
        {0, -1},
        {1, -1},
        {1, INT64_MAX},
        {1, INT64_C(1) << 60},
        {1, 41},
        {2, -1},
        {2, 41},
        {3, 0},
        {3, -1},
        {3, INT32_MAX},
        {3, INT64_C(2) << 32 | 3},
        {4, 'A'},
        {4, '-' | (int64_t)'x' << 16},
        {5, 'x'},
        {5, INT64_C(0x6161616161616161)},
    };

    EXPECT_OK(parse_messages(messages, bytes));
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        int64_t kept = header[rows[i].field];

        header[rows[i].field] = rows[i].value;
        EXPECT_FAIL(CX_INVALID, "damaged", parse_messages(messages, bytes));
        header[rows[i].field] = kept;
    }
    EXPECT_FAIL(CX_INVALID, "row 1", parse_messages(messages, bytes - 8));
    ((double *)(void *)messages)[6] = (double)NAN;
    EXPECT_FAIL(CX_INVALID, "finite", parse_messages(messages, bytes));
    free(messages);
}

static void test_a_file_that_is_not_there(void **state)
{
    (void)state;
    cx_samples_t samples;
    char         digest[CX_HASH_HEX_BYTES];

    EXPECT_FAIL(CX_INVALID, "/no/such", cx_samples_read("/no/such", NULL, &samples));
    EXPECT_FAIL(CX_RESOURCE, "/no/such", cx_samples_write("/no/such", "", 0, digest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_no_rows_are_a_sidecar_too),
        cmocka_unit_test(test_every_cut_and_every_flipped_bit_is_noticed),
        cmocka_unit_test(test_impossible_rows_are_refused),
        cmocka_unit_test(test_a_file_that_is_not_there),
    };

    return cmocka_run_group_tests(tests, make_path, remove_path);
}
