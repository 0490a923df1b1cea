/* SPDX-License-Identifier: Apache-2.0 */
/* Count tables from a skew and from files, and what is said about files that are wrong. */
#include "family/collective/traffic.h"

#include "base/file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ELEMS 1000000

static int64_t counts[64 * 64];

static void test_no_skew_is_all_to_all(void **state)
{
    (void)state;
    assert_int_equal(cx_traffic_from_skew(8, 12345, 0.0, counts), CX_OK);
    for (int i = 0; i < 64; i++) {
        assert_int_equal(counts[i], 12345);
    }
}

static void test_the_hottest_rank_gets_one_plus_skew_times_the_mean(void **state)
{
    static const double skews[] = {0.01, 0.5, 1.0, 2.5, 6.9, 7.0};

    (void)state;
    for (size_t s = 0; s < sizeof skews / sizeof skews[0]; s++) {
        double total = 0.0;

        assert_int_equal(cx_traffic_from_skew(8, ELEMS, skews[s], counts), CX_OK);
        for (int to_rank = 0; to_rank < 8; to_rank++) {
            total += (double)counts[to_rank];
            assert_int_equal(counts[3 * 8 + to_rank], counts[to_rank]);
            assert_true(to_rank == 0 || counts[to_rank] <= counts[to_rank - 1]);
        }
        assert_int_equal(counts[0], ELEMS);
        assert_true(fabs(ELEMS / (total / 8.0) - (1.0 + skews[s])) < 1e-4 * (1.0 + skews[s]));
    }
}

static void test_largest_skew_sends_everything_to_one_rank(void **state)
{
    (void)state;
    assert_int_equal(cx_traffic_from_skew(4, ELEMS, 3.0, counts), CX_OK);
    assert_int_equal(counts[0], ELEMS);
    assert_int_equal(counts[1], 0);
    assert_int_equal(cx_traffic_from_skew(1, 7, 0.0, counts), CX_OK);
    assert_int_equal(counts[0], 7);
}

static void test_impossible_skews_are_refused(void **state)
{
    static const double skews[] = {-0.1, 3.1, (double)INFINITY, (double)NAN};

    (void)state;
    for (size_t s = 0; s < sizeof skews / sizeof skews[0]; s++) {
        cx_detail_clear();
        counts[0] = -5;
        assert_int_equal(cx_traffic_from_skew(4, 10, skews[s], counts), CX_INVALID);
        assert_non_null(strstr(cx_detail()->text, "outside 0 to 3"));
        assert_int_equal(counts[0], -5);
    }
}

static cx_status_t read_text(const char *text, int32_t rank_count, int64_t elems)
{
    char        path[] = "/tmp/cx-traffic-XXXXXX";
    int         fd     = mkstemp(path);
    cx_status_t status;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    cx_detail_clear();
    status = cx_traffic_from_file(path, rank_count, elems, counts);
    unlink(path);
    return status;
}

static void test_a_file_is_scaled_to_its_busiest_rank(void **state)
{
    (void)state;
    /* Rank 1 receives 8 of weight in all, the most anyone does: 8 becomes 2 * 100. */
    assert_int_equal(read_text("# who sends what\n\n 0 6  # rank 0\n1,2\n\n", 2, 100), CX_OK);
    assert_int_equal(counts[0], 0);
    assert_int_equal(counts[1], 150);
    assert_int_equal(counts[2], 25);
    assert_int_equal(counts[3], 50);
    assert_int_equal(read_text("0.5 0.25\r\n0 1e-3", 2, 3), CX_OK);
    assert_int_equal(counts[0], 4);
    assert_int_equal(counts[1], 2);
    assert_int_equal(counts[2], 0);
    assert_int_equal(counts[3], 0);
}

static void test_wrong_files_are_named_by_place_and_expectation(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"1 2\n3 x\n", ":2:3: found 'x', expected weight 2 of 2, a number that is not negative"},
        {"1 2\n3\n", ":2:2: found the end of the line, expected weight 2 of 2"},
        {"1 2\n3", ":2:2: found the end of the file, expected weight 2 of 2"},
        {"1 2 # only one\n", ":2:1: found the end of the file, expected line 2 of 2, what rank 1"},
        {"", ":1:1: found the end of the file, expected line 1 of 2, what rank 0 sends"},
        {"1 2 3\n", ":1:5: found '3', expected the end of the line: there are 2 ranks"},
        {"1 2\n3 4\n5 6\n", ":3:1: found '5', expected the end of the file: there are 2 ranks"},
        {"1 -2\n3 4\n", ":1:3: found '-2', expected weight 2 of 2, a number that is not negative"},
        {"1 nan\n3 4\n", ":1:3: found 'nan'"},
        {"1 inf\n3 4\n", ":1:3: found 'inf'"},
        {"1 2k\n3 4\n", ":1:3: found '2k'"},
        {"0 0\n0 0\n", "the weights add up to 0, expected a positive number"},
        {"1e308 1e308\n1e308 1e308\n", "the weights add up to inf"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(read_text(rows[i].text, 2, 100), CX_INVALID);
        if (!strstr(cx_detail()->text, rows[i].words)) {
            fail_msg("%s\nlacks %s", cx_detail()->text, rows[i].words);
        }
    }
    cx_detail_clear();
    assert_int_equal(cx_traffic_from_file("/nowhere/traffic", 2, 1, counts), CX_INVALID);
    assert_non_null(strstr(cx_detail()->text, "/nowhere/traffic"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_skew_is_all_to_all),
        cmocka_unit_test(test_the_hottest_rank_gets_one_plus_skew_times_the_mean),
        cmocka_unit_test(test_largest_skew_sends_everything_to_one_rank),
        cmocka_unit_test(test_impossible_skews_are_refused),
        cmocka_unit_test(test_a_file_is_scaled_to_its_busiest_rank),
        cmocka_unit_test(test_wrong_files_are_named_by_place_and_expectation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
