/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the page of expert parallelism against whole expected pages: two widths, ASCII, Markdown.
 * Not the numbers behind it (test_ep_result.c). */
#include "cli/ep_table.h"

#include "cli/result_table.h"
#include "ep_records.h"

static const ep_spec_t specs[] = {
    {.backend     = "hostref",
     .regime      = "isolated",
     .count       = 3,
     .first_us    = 80,
     .factor      = 1.5,
     .wrong_index = -1},
    {.backend     = "hostref",
     .regime      = "steady",
     .count       = 3,
     .first_us    = 60,
     .factor      = 1.5,
     .wrong_index = -1},
    {.backend     = "nccl_ep",
     .regime      = "isolated",
     .status      = "unsupported",
     .detail      = "no GPU",
     .wrong_index = -1},
};

static char *print(const ep_spec_t *some, int64_t count, int32_t column_count, bool is_utf8)
{
    const cx_style_t      style   = {.is_utf8 = is_utf8, .column_count = column_count};
    json_t               *records = ep_records(some, count);
    const cx_result_set_t set = {.records = records, .title = "ep-decode", .machine = "2 cores"};
    capture_t             capture;
    char                 *text;

    cx_result_print(capture_open(&capture), &style, &set);
    text = capture_close(&capture);
    assert_null(strchr(text, '\033'));
    json_decref(records);
    return text;
}

static void check_page(int32_t column_count, bool is_utf8, const char *expected)
{
    char *text = print(specs, LENGTH(specs), column_count, is_utf8);

    assert_string_equal(text, expected);
    free(text);
}

static void test_page_of_100_columns(void **state)
{
    (void)state;
    check_page(
        100, true,
        "hostref, 4 ranks, normal, deepseek-v3, bf16: a dispatch+combine pair takes 135 µs at 64 "
        "tokens per\n"
        "  rank (95 % interval 132 to 138 µs); dispatch 60%, combine 40%; every checked output was "
        "right\n"
        "nccl_ep, normal, deepseek-v3, bf16: no valid result (unsupported: no GPU)\n"
        "\n"
        "ep-decode\n"
        "2 cores\n"
        "\n"
        "expert parallelism · normal · deepseek-v3 7168/8/256 · bf16 · uniform · 4 ranks\n"
        "statistic: pair is one of a free-running chain, median over ranks; floors are of such a "
        "chain,\n"
        "  minimum over ranks; roundtrip and its parts from an idle start, maximum over ranks; "
        "medians unless\n"
        "  said otherwise, by nearest rank\n"
        "\n"
        "  backend   T  pair  pair p99  roundtrip  rt p99  dispatch  combine    logical  check\n"
        "                 µs        µs         µs      µs        µs       µs  GB/s/rank\n"
        "  hostref   1  60.0      90.0       80.0     120      52.8     35.2       1.43  ok\n"
        "  hostref   8  90.0       135        120     180      79.2     52.8       7.65  ok\n"
        "  hostref  64   135       202        180     270       119     79.2       40.8  ok\n"
        "x nccl_ep   -     -         -          -       -         -        -          -  "
        "isolated:\n"
        "                                                                                "
        "unsupported: no GPU\n"
        "fit of hostref over logical bytes: dispatch 61.3 µs + bytes / (46.9 GB/s) (R2 0.909); "
        "combine\n"
        "  40.9 µs + bytes / (70.3 GB/s) (R2 0.909)\n"
        "\n"
        "x failed or unsupported\n"
        "GB/s are 10^9 bytes/s\n"
        "T is tokens per rank; sum is dispatch, stage and combine added up, derived and no time of "
        "anything;\n"
        "  spread is the slowest rank's roundtrip less the fastest's; logical counts a token once "
        "per rank it\n"
        "  goes to, and once back, own rank included, over the pair's (else the roundtrip's) time; "
        "assigned\n"
        "  counts it once per expert, where the backend's layout moves it so; fit is over such "
        "bytes of a\n"
        "  rank, * marks a start cost read off beyond the sizes, (below 0) that there is none; the "
        "numbers of\n"
        "  a shape are hidden/topk/experts\n"
        "repeat: collectivex run\n");
}

static void test_page_of_80_columns_in_ascii(void **state)
{
    (void)state;
    check_page(80, false,
               "hostref, 4 ranks, normal, deepseek-v3, bf16: a dispatch+combine pair takes\n"
               "  135 us at 64 tokens per rank (95 % interval 132 to 138 us); dispatch 60%,\n"
               "  combine 40%; every checked output was right\n"
               "nccl_ep, normal, deepseek-v3, bf16: no valid result (unsupported: no GPU)\n"
               "\n"
               "ep-decode\n"
               "2 cores\n"
               "\n"
               "expert parallelism | normal | deepseek-v3 7168/8/256 | bf16 | uniform | 4 ranks\n"
               "statistic: pair is one of a free-running chain, median over ranks; floors are of\n"
               "  such a chain, minimum over ranks; roundtrip and its parts from an idle start,\n"
               "  maximum over ranks; medians unless said otherwise, by nearest rank\n"
               "\n"
               "  backend   T  pair  roundtrip  dispatch  combine    logical  check\n"
               "                 us         us        us       us  GB/s/rank\n"
               "  hostref   1  60.0       80.0      52.8     35.2       1.43  ok\n"
               "  hostref   8  90.0        120      79.2     52.8       7.65  ok\n"
               "  hostref  64   135        180       119     79.2       40.8  ok\n"
               "x nccl_ep   -     -          -         -        -          -  isolated:\n"
               "                                                              unsupported: no\n"
               "                                                              GPU\n"
               "fit of hostref over logical bytes: dispatch 61.3 us + bytes / (46.9 GB/s) (R2\n"
               "  0.909); combine 40.9 us + bytes / (70.3 GB/s) (R2 0.909)\n"
               "\n"
               "x failed or unsupported\n"
               "GB/s are 10^9 bytes/s\n"
               "T is tokens per rank; sum is dispatch, stage and combine added up, derived and\n"
               "  no time of anything; spread is the slowest rank's roundtrip less the\n"
               "  fastest's; logical counts a token once per rank it goes to, and once back, own\n"
               "  rank included, over the pair's (else the roundtrip's) time; assigned counts it\n"
               "  once per expert, where the backend's layout moves it so; fit is over such\n"
               "  bytes of a rank, * marks a start cost read off beyond the sizes, (below 0)\n"
               "  that there is none; the numbers of a shape are hidden/topk/experts\n"
               "repeat: collectivex run\n");
}

static void expect_in(const char *text, const char *wanted)
{
    if (!strstr(text, wanted)) {
        fail_msg("\"%s\" is not in:\n%s", wanted, text);
    }
}

static void test_staging_wrong_and_unverified_sizes(void **state)
{
    (void)state;
    ep_spec_t spec = specs[0];
    char     *text;

    spec.is_staged     = true;
    spec.is_unverified = true;
    spec.wrong_index   = 1;
    spec.status        = "incorrect";
    text               = print(&spec, 1, 132, true);
    expect_in(text, "stage");
    expect_in(text, "! not verified\n");
    expect_in(text, "WRONG: combine-values\n");
    expect_in(text, "warning: 2 sizes not verified");
    free(text);
}

static void test_backends_stand_side_by_side(void **state)
{
    (void)state;
    ep_spec_t two[] = {specs[1], specs[1]};
    char     *text;

    two[1].backend  = "mpi";
    two[1].first_us = 90;
    text            = print(two, 2, 132, true);
    expect_in(text, "> hostref   1");
    expect_in(text, "  mpi       1");
    expect_in(text, "vs best");
    expect_in(text, "fit of mpi over logical bytes: ");
    expect_in(text, "> fastest");
    free(text);
}

/* Of a pair of a chain there is none, whether or not its roundtrip was timed. */
static void test_the_roundtrip_has_its_distance_to_the_floor(void **state)
{
    (void)state;
    ep_spec_t two[] = {specs[0], specs[1]};
    char     *text  = print(two, 2, 132, true);

    assert_null(strstr(text, "x floor"));
    free(text);
    two[0].floor_ratio = 1.7;
    text               = print(two, 2, 132, true);
    expect_in(text, "  logical  x floor  check\n");
    expect_in(text, "     1.43     1.70  ok\n");
    expect_in(text, "; x floor is p50 over the least that the machine's limits allow\n");
    expect_in(text, "x floor here is the roundtrip's");
    free(text);
    text = print(&two[1], 1, 132, true);
    assert_null(strstr(text, "x floor"));
    free(text);
}

static void test_launches_and_many_works(void **state)
{
    (void)state;
    ep_spec_t many[28];
    char     *text;

    for (int i = 0; i < 28; i++) {
        static const char *const eplb[] = {"0", "1", "2", "3",  "4",  "5",  "6",
                                           "7", "8", "9", "10", "11", "12", "13"};

        many[i]        = specs[1];
        many[i].eplb   = eplb[i / 2];
        many[i].launch = i % 2;
    }
    text = print(many, 28, 100, true);
    expect_in(text, "; median of 2 launches\n");
    expect_in(text, "launches");
    expect_in(text, "2 more kinds of work: -v, or the table\n");
    expect_in(text, "worst of 13: ");
    free(text);
}

static void test_collectives_stand_beside_it(void **state)
{
    (void)state;
    const spec_t          collective = {.backend          = "hostref",
                                        .count            = 2,
                                        .first_us         = 0.5,
                                        .factor           = 2,
                                        .half_width_ratio = 0.01,
                                        .bad_index        = -1};
    const cx_style_t      style      = {.column_count = 100};
    json_t               *records    = ep_records(specs, 2);
    const cx_result_set_t set        = {.records = records};
    capture_t             capture;
    char                 *text;

    json_array_append_new(records, make_record(&collective));
    cx_result_print(capture_open(&capture), &style, &set);
    text = capture_close(&capture);
    assert_memory_equal(text, "all_reduce fp32 sum: 0.500 us p50", 33);
    expect_in(text, "\nhostref, 4 ranks, normal, deepseek-v3, bf16: a dispatch+combine pair takes");
    expect_in(text, "\nisolated | hostref | all_reduce | fp32 | sum | out of place | 2 ranks\n");
    expect_in(text, "\nexpert parallelism | hostref | normal | ");
    expect_in(text, "; skew is the last rank's start");
    expect_in(text, "\nT is tokens per rank; ");
    free(text);
    json_decref(records);
}

/* A small part of the page, where Markdown differs. */
static void test_markdown(void **state)
{
    (void)state;
    json_t               *records = ep_records(specs, LENGTH(specs));
    const cx_result_set_t set     = {.records = records};
    capture_t             capture;
    char                 *text;

    cx_result_print_markdown(capture_open(&capture), &set);
    text = capture_close(&capture);
    expect_in(text,
              "- hostref, 4 ranks, normal, deepseek-v3, bf16: a dispatch+combine pair takes ");
    expect_in(text,
              "\n### expert parallelism · normal · deepseek-v3 7168/8/256 · bf16 · uniform · 4 "
              "ranks\n\n");
    expect_in(text, "| pair µs | pair p99 µs |");
    expect_in(text, "|\n\nfit of hostref over logical bytes: ");
    free(text);
    json_decref(records);
}

static void test_rows_that_go_by_expert(void **state)
{
    (void)state;
    ep_spec_t spec = specs[1];
    char     *text;

    spec.is_by_expert = true;
    text              = print(&spec, 1, 132, true);
    expect_in(text, "assigned");
    expect_in(text, "fit over assigned bytes: dispatch");
    free(text);
}

/* Whatever the points are: no line, or one whose bandwidth or start cost is not to be believed. */
static void test_lines_that_say_why_there_is_no_number(void **state)
{
    (void)state;
    static const struct {
        int64_t     count;
        double      factor;
        const char *said;
    } rows[] = {
        {2, 1.5,
         "fit over logical bytes: dispatch no line (too-few-points); combine no line "
         "(too-few-points)\n"},
        {3, 0.5,
         "fit over logical bytes: dispatch no line (not-rising); combine no line (not-rising)\n"},
        {4, 1.5, "no bandwidth (poor-fit, R2 "},
        {4, 1.01, "no bandwidth ("},
        {4, 8.0, " + bytes / ("},
        {4, 9.0, "fit over logical bytes: dispatch (below 0) + bytes / ("},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ep_spec_t spec = specs[1];
        char     *text;

        spec.count  = rows[i].count;
        spec.factor = rows[i].factor;
        text        = print(&spec, 1, 132, true);
        expect_in(text, rows[i].said);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_of_100_columns),
        cmocka_unit_test(test_page_of_80_columns_in_ascii),
        cmocka_unit_test(test_staging_wrong_and_unverified_sizes),
        cmocka_unit_test(test_backends_stand_side_by_side),
        cmocka_unit_test(test_the_roundtrip_has_its_distance_to_the_floor),
        cmocka_unit_test(test_launches_and_many_works),
        cmocka_unit_test(test_collectives_stand_beside_it),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_rows_that_go_by_expert),
        cmocka_unit_test(test_lines_that_say_why_there_is_no_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
