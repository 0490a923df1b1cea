/* SPDX-License-Identifier: Apache-2.0 */
/* The law of the nccl-tests readers: the text and the JSON of one run are the same rows, as far as
 * the text has digits; and no cut of a capture makes a number that was not printed. */
#include "store/import_nccltests.h"

#include "support/capture.h"
#include "support/prop.h"

#include <math.h>

static const char *const captures[] = {"all_gather", "all_reduce", "alltoall", "broadcast",
                                       "reduce_scatter"};

static void read_form(const char *name, const char *ending, cx_import_t *import)
{
    char   path[128];
    size_t count;
    char  *bytes;

    (void)snprintf(path, sizeof path, "nccltests/h100x4/%s.%s", name, ending);
    bytes = read_capture(path, &count);
    EXPECT_OK(cx_import_nccltests(path, bytes, count, import));
    free(bytes);
}

/* Two decimals were printed. */
static bool are_near(double text, double json, double unit)
{
    return fabs(text - json) <= 0.00501 * unit;
}

static void check_series(const cx_import_series_t *text, const cx_import_series_t *json)
{
    assert_string_equal(text->op, json->op);
    assert_string_equal(text->dtype, json->dtype);
    assert_string_equal(text->redop, json->redop);
    assert_int_equal(text->root_rank, json->root_rank);
    assert_int_equal(text->is_in_place, json->is_in_place);
    assert_int_equal(text->row_count, json->row_count);
    for (int32_t i = 0; i < text->row_count; i++) {
        const cx_import_row_t *a = &text->rows[i], *b = &json->rows[i];

        assert_true(a->message_bytes == b->message_bytes);
        assert_true(a->elems == b->elems);
        assert_true(are_near(a->time_us, b->time_us, 1));
        assert_true(are_near(a->algbw_bytes_per_s, b->algbw_bytes_per_s, 1e9));
        assert_true(are_near(a->busbw_bytes_per_s, b->busbw_bytes_per_s, 1e9));
        assert_int_equal(a->is_checked, b->is_checked);
        assert_true(a->wrong_count == b->wrong_count);
    }
}

static void test_text_and_json_of_one_run_agree(void **state)
{
    (void)state;
    for (int64_t i = 0; i < LENGTH(captures); i++) {
        cx_import_t text, json;

        read_form(captures[i], "txt", &text);
        read_form(captures[i], "json", &json);
        assert_int_equal(text.series_count, json.series_count);
        for (int32_t k = 0; k < text.series_count; k++) {
            check_series(&text.series[k], &json.series[k]);
        }
        assert_int_equal(text.runs[0].rank_count, json.runs[0].rank_count);
        assert_int_equal(text.runs[0].iters, json.runs[0].iters);
        assert_int_equal(text.runs[0].footer, json.runs[0].footer);
        assert_string_equal(text.runs[0].op, json.runs[0].op);
        assert_string_equal(text.runs[0].library_version, json.runs[0].library_version);
        cx_import_fini(&text);
        cx_import_fini(&json);
    }
}

static const prop_range_t ranges[] = {
    {"capture", 0, 4}, {"at", 0, 6000}, {"cut", 0, 200}, {"noise", 0, 2}, PROP_END};

/* Every row of `part` stands in `whole`. */
static bool is_subset(const cx_import_series_t *part, const cx_import_t *whole)
{
    const cx_import_series_t *series = &whole->series[part->is_in_place];
    int32_t                   at     = 0;

    for (int32_t i = 0; i < part->row_count; i++) {
        while (at < series->row_count &&
               (series->rows[at].message_bytes != part->rows[i].message_bytes ||
                series->rows[at].time_us != part->rows[i].time_us)) {
            at++;
        }
        if (at == series->row_count) {
            return false;
        }
    }
    return true;
}

/* A stretch of whole lines is lost, or another program's line comes between two lines. */
static bool damage_invents_nothing(const int64_t *values)
{
    static const char *const noise[] = {
        "", "vm:4242:4250 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1]\n", "1 2 3 warning: 4.5 6.7\n"};
    char        path[128];
    char       *bytes, *damaged;
    size_t      count, at, end;
    cx_import_t whole, part;
    bool        is_good = true;

    (void)snprintf(path, sizeof path, "nccltests/h100x4/%s.txt", captures[values[0]]);
    bytes   = read_capture(path, &count);
    damaged = calloc(1, count + 128);
    at      = (size_t)values[1] % count;
    end     = at + (size_t)values[2] < count ? at + (size_t)values[2] : count;
    while (at > 0 && bytes[at - 1] != '\n') {
        at--;
    }
    while (end > at && bytes[end - 1] != '\n') {
        end--;
    }
    (void)snprintf(damaged, count + 128, "%.*s%s%s", (int)at, bytes, noise[values[3]], bytes + end);
    cx_detail_clear();
    EXPECT_OK(cx_import_nccltests("all_reduce_perf.txt", bytes, count, &whole));
    if (cx_import_nccltests("all_reduce_perf.txt", damaged, strlen(damaged), &part) == CX_OK) {
        for (int32_t i = 0; i < part.series_count; i++) {
            is_good = is_good && is_subset(&part.series[i], &whole);
        }
        cx_import_fini(&part);
    }
    cx_detail_clear();
    cx_import_fini(&whole);
    free(bytes);
    free(damaged);
    return is_good;
}

static void test_damage_invents_no_number(void **state)
{
    (void)state;
    assert_true(prop_holds(ranges, damage_invents_nothing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_and_json_of_one_run_agree),
        cmocka_unit_test(test_damage_invents_no_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
