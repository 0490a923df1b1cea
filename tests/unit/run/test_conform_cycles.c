/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and sizes that leave something behind, and those that do not. */
#include "unit/run/mock.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void open_ready(mock_rank_t *rank)
{
    mock_rank_open(rank);
    EXPECT_OK(cx_conform_probe(&rank->conform));
}

static void test_a_tidy_backend_leaves_nothing_behind(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock_rank_expect(&rank, cx_conform_open_close, "ok");
    mock_rank_expect(&rank, cx_conform_prepare_release, "ok");
    mock_rank_close(&rank);
}

/* How often something is repeated depends on how long it takes; how many are left each time does
 * not. */
static void expect_left(mock_rank_t *rank, cx_status_t (*check)(cx_conform_t *conform),
                        long long    each_count)
{
    static const char words[] = " more descriptors after ";
    const char       *said = mock_rank_check(rank, check), *at = strstr(said, words);
    long long         left_count, repetition_count;

    if (!at) {
        fail_msg("said \"%s\", not \"%s\"", said, words);
    }
    repetition_count = strtoll(at + strlen(words), NULL, 10);
    while (at > said && isdigit((unsigned char)at[-1])) {
        at--;
    }
    left_count = strtoll(at, NULL, 10);
    assert_true(repetition_count >= 2);
    assert_int_equal(left_count, each_count * repetition_count);
}

static void test_descriptors_of_sessions_are_counted(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.leaks_descriptor = true;
    expect_left(&rank, cx_conform_open_close, 3);
    mock_rank_close(&rank);
}

static void test_descriptors_of_one_operation_alone_are_counted(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.leaks_descriptor = true;
    mock.tidy_ops         = CX_BIT(CX_COLLECTIVE_ALL_REDUCE) | CX_BIT(CX_COLLECTIVE_ALL_GATHER);
    expect_left(&rank, cx_conform_open_close, 1);
    mock_rank_close(&rank);
}

static void test_descriptors_of_sizes_are_counted(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.leaks_size = true;
    expect_left(&rank, cx_conform_prepare_release, 1);
    mock_rank_close(&rank);
}

/* A sanitizer's allocator tells nothing of itself, and finds such a leak on its own. */
static void test_memory_of_sessions_is_counted(void **state)
{
    void          *before = malloc(1);
    bool           is_told;
    mock_rank_t    rank;
    cx_footprint_t footprint;

    (void)state;
    EXPECT_OK(cx_footprint_take(&footprint));
    is_told = footprint.heap_bytes > 0;
    free(before);
    if (!is_told) {
        skip();
    }
    open_ready(&rank);
    mock.leaks_heap = true;
    mock_rank_expect(&rank, cx_conform_open_close, "more bytes of heap after ");
    mock_rank_close(&rank);
}

static void test_every_measure_has_its_limit(void **state)
{
    static const struct {
        int64_t        cycle_count;
        cx_footprint_t after;
        const char    *words;
    } cases[] = {
        {40, {.descriptor_count = 39}, NULL},
        {40, {.descriptor_count = 40}, "40 more descriptors after 40 repetitions"},
        {40, {.mapping_count = 40}, "40 more memory mappings"},
        {40, {.shared_file_count = 40}, "40 more files in /dev/shm"},
        {40, {.heap_bytes = 639}, NULL},
        {40, {.heap_bytes = 640}, "640 more bytes of heap"},
        {40, {.address_bytes = 163840}, "163840 more bytes of address space"},
        {40, {.resident_bytes = 163840}, "163840 more bytes of resident memory"},
        {40, {.resident_bytes = 163839}, NULL},
        {2, {.descriptor_count = 19}, NULL}, /* of so few it may be chance */
        {2, {.descriptor_count = 20}, "20 more descriptors after 2 repetitions"},
    };
    const cx_footprint_t before = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cx_status_t status = cx_footprint_compare(&before, &cases[i].after, cases[i].cycle_count);

        assert_int_equal(status, cases[i].words ? CX_INVALID : CX_OK);
        assert_true(!cases[i].words || strstr(cx_detail()->text, cases[i].words));
        cx_detail_clear();
    }
}

static void test_a_footprint_sees_descriptors_and_mappings(void **state)
{
    cx_footprint_t before, after;
    void          *memory;
    int            fd;

    (void)state;
    EXPECT_OK(cx_footprint_take(&before));
    fd     = open("/dev/null", O_RDONLY | O_CLOEXEC);
    memory = mmap(NULL, 1 << 20, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_OK(cx_footprint_take(&after));
    assert_int_equal(after.descriptor_count, before.descriptor_count + 1);
    assert_true(after.mapping_count > before.mapping_count);
    assert_true(after.address_bytes >= before.address_bytes + (1 << 20));
    (void)munmap(memory, 1 << 20);
    (void)close(fd);
}

/* A sanitizer keeps freed memory for a while, so footprints say nothing there. */
#ifdef __SANITIZE_ADDRESS__
#define FOOTPRINTS_MEAN_NOTHING 1
#else
#define FOOTPRINTS_MEAN_NOTHING 0
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tidy_backend_leaves_nothing_behind),
        cmocka_unit_test(test_descriptors_of_sessions_are_counted),
        cmocka_unit_test(test_descriptors_of_one_operation_alone_are_counted),
        cmocka_unit_test(test_descriptors_of_sizes_are_counted),
        cmocka_unit_test(test_memory_of_sessions_is_counted),
        cmocka_unit_test(test_every_measure_has_its_limit),
        cmocka_unit_test(test_a_footprint_sees_descriptors_and_mappings),
    };

    if (FOOTPRINTS_MEAN_NOTHING) {
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
