/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the page a person reads, against whole expected pages, at three widths, in UTF-8 and ASCII.
 * Not the numbers behind it (test_result_points.c, test_result_set.c). */
#include "cli/result_table.h"

#include "records.h"

static const spec_t few[] = {
    {.backend          = "hostref",
     .count            = 2,
     .first_us         = 0.42,
     .factor           = 1.61,
     .half_width_ratio = 0.01,
     .bad_index        = -1},
    {.backend          = "mpi",
     .count            = 2,
     .first_us         = 0.9,
     .factor           = 0.75,
     .half_width_ratio = 0.012,
     .bad_index        = -1},
    {.backend   = "nccl",
     .status    = "unsupported",
     .detail    = "no accelerator on this machine",
     .bad_index = -1},
};

static const char *const hints[] = {"collectivex check out", NULL};

static char *print(const cx_style_t *style, const cx_result_set_t *set)
{
    capture_t capture;

    cx_result_print(capture_open(&capture), style, set);
    return capture_close(&capture);
}

static cx_result_set_t set_of(json_t *records)
{
    return (cx_result_set_t){.records     = records,
                             .title       = "quick: one minute",
                             .started_utc = "2026-11-22T06:10Z",
                             .machine     = "2 cores",
                             .program     = "collectivex 0.1.0",
                             .data_path   = "out",
                             .hints       = hints};
}

static void check_page(int32_t column_count, bool is_utf8, const char *expected)
{
    const cx_style_t      style   = {.is_utf8 = is_utf8, .column_count = column_count};
    json_t               *records = make_records(few, LENGTH(few));
    const cx_result_set_t set     = set_of(records);
    char                 *text    = print(&style, &set);

    assert_string_equal(text, expected);
    assert_null(strchr(text, '\033'));
    free(text);
    json_decref(records);
}

static void test_page_of_132_columns_in_utf8(void **state)
{
    (void)state;
    check_page(
        132, true,
        "all_reduce fp32 sum: 0.420 µs p50 at 8 B with hostref, peak busbw 0.0474 GB/s at 32 B "
        "with mpi (2 ranks, isolated); hostref is 2.14x\n"
        "  faster than mpi at 8 B (intervals disjoint); mpi and hostref tie at 32 B (intervals "
        "overlap)\n"
        "\n"
        "quick: one minute · 2026-11-22T06:10Z\n"
        "2 cores · collectivex 0.1.0\n"
        "\n"
        "isolated · all_reduce · fp32 · sum · out of place · 2 ranks\n"
        "statistic: latency of one operation from an idle start, slowest rank; max over ranks; "
        "percentiles by nearest rank; ± 95 % order\n"
        "  statistics\n"
        "\n"
        "  backend  size    p50     ±    p99    algbw    busbw  vs best    skew     n  check\n"
        "                    µs           µs     GB/s     GB/s               µs\n"
        "> hostref   8 B  0.420  1.0%  0.630   0.0190   0.0190     1.00  0.0500  1000  ok\n"
        "  mpi       8 B  0.900  1.2%   1.35  0.00889  0.00889     2.14  0.0500  1000  ok\n"
        "≈ mpi      32 B  0.675  1.2%   1.01   0.0474   0.0474     1.00  0.0500  1000  ok\n"
        "≈ hostref  32 B  0.676  1.0%   1.01   0.0473   0.0473     1.00  0.0500  1000  ok\n"
        "x nccl        -      -     -      -        -        -        -       -     -  "
        "unsupported: no accelerator on this machine\n"
        "\n"
        "> fastest   ≈ tie, order not established   x failed or unsupported\n"
        "GB/s are 10^9 bytes/s; skew is the last rank's start after the first's, median; vs best "
        "is p50 over the best p50\n"
        "data: out\n"
        "repeat: collectivex run 'it'\\''s quick'\n"
        "next: collectivex check out\n");
}

static void test_page_of_100_columns_in_utf8(void **state)
{
    (void)state;
    check_page(
        100, true,
        "all_reduce fp32 sum: 0.420 µs p50 at 8 B with hostref, peak busbw 0.0474 GB/s at 32 B "
        "with mpi\n"
        "  (2 ranks, isolated); hostref is 2.14x faster than mpi at 8 B (intervals disjoint); mpi "
        "and "
        "hostref\n"
        "  tie at 32 B (intervals overlap)\n"
        "\n"
        "quick: one minute · 2026-11-22T06:10Z\n"
        "2 cores · collectivex 0.1.0\n"
        "\n"
        "isolated · all_reduce · fp32 · sum · out of place · 2 ranks\n"
        "statistic: latency of one operation from an idle start, slowest rank; max over ranks; "
        "percentiles by\n"
        "  nearest rank; ± 95 % order statistics\n"
        "\n"
        "  backend  size    p50     ±    p99    algbw    busbw  vs best    skew     n  check\n"
        "                    µs           µs     GB/s     GB/s               µs\n"
        "> hostref   8 B  0.420  1.0%  0.630   0.0190   0.0190     1.00  0.0500  1000  ok\n"
        "  mpi       8 B  0.900  1.2%   1.35  0.00889  0.00889     2.14  0.0500  1000  ok\n"
        "≈ mpi      32 B  0.675  1.2%   1.01   0.0474   0.0474     1.00  0.0500  1000  ok\n"
        "≈ hostref  32 B  0.676  1.0%   1.01   0.0473   0.0473     1.00  0.0500  1000  ok\n"
        "x nccl        -      -     -      -        -        -        -       -     -  "
        "unsupported: no\n"
        "                                                                              accelerator "
        "on this\n"
        "                                                                              machine\n"
        "\n"
        "> fastest   ≈ tie, order not established   x failed or unsupported\n"
        "GB/s are 10^9 bytes/s; skew is the last rank's start after the first's, median; vs best "
        "is p50 over\n"
        "  the best p50\n"
        "data: out\n"
        "repeat: collectivex run 'it'\\''s quick'\n"
        "next: collectivex check out\n");
}

static void test_page_of_100_columns_in_ascii(void **state)
{
    (void)state;
    check_page(
        100, false,
        "all_reduce fp32 sum: 0.420 us p50 at 8 B with hostref, peak busbw 0.0474 GB/s at 32 B "
        "with mpi\n"
        "  (2 ranks, isolated); hostref is 2.14x faster than mpi at 8 B (intervals disjoint); mpi "
        "and "
        "hostref\n"
        "  tie at 32 B (intervals overlap)\n"
        "\n"
        "quick: one minute | 2026-11-22T06:10Z\n"
        "2 cores | collectivex 0.1.0\n"
        "\n"
        "isolated | all_reduce | fp32 | sum | out of place | 2 ranks\n"
        "statistic: latency of one operation from an idle start, slowest rank; max over ranks; "
        "percentiles by\n"
        "  nearest rank; +- 95 % order statistics\n"
        "\n"
        "  backend  size    p50    +-    p99    algbw    busbw  vs best    skew     n  check\n"
        "                    us           us     GB/s     GB/s               us\n"
        "> hostref   8 B  0.420  1.0%  0.630   0.0190   0.0190     1.00  0.0500  1000  ok\n"
        "  mpi       8 B  0.900  1.2%   1.35  0.00889  0.00889     2.14  0.0500  1000  ok\n"
        "~ mpi      32 B  0.675  1.2%   1.01   0.0474   0.0474     1.00  0.0500  1000  ok\n"
        "~ hostref  32 B  0.676  1.0%   1.01   0.0473   0.0473     1.00  0.0500  1000  ok\n"
        "x nccl        -      -     -      -        -        -        -       -     -  "
        "unsupported: no\n"
        "                                                                              accelerator "
        "on this\n"
        "                                                                              machine\n"
        "\n"
        "> fastest   ~ tie, order not established   x failed or unsupported\n"
        "GB/s are 10^9 bytes/s; skew is the last rank's start after the first's, median; vs best "
        "is p50 over\n"
        "  the best p50\n"
        "data: out\n"
        "repeat: collectivex run 'it'\\''s quick'\n"
        "next: collectivex check out\n");
}

static void test_page_of_80_columns_in_utf8(void **state)
{
    (void)state;
    check_page(80, true,
               "all_reduce fp32 sum: 0.420 µs p50 at 8 B with hostref, peak busbw 0.0474 GB/s at\n"
               "  32 B with mpi (2 ranks, isolated); hostref is 2.14x faster than mpi at 8 B\n"
               "  (intervals disjoint); mpi and hostref tie at 32 B (intervals overlap)\n"
               "\n"
               "quick: one minute · 2026-11-22T06:10Z\n"
               "2 cores · collectivex 0.1.0\n"
               "\n"
               "isolated · all_reduce · fp32 · sum · out of place · 2 ranks\n"
               "statistic: latency of one operation from an idle start, slowest rank; max over\n"
               "  ranks; percentiles by nearest rank; ± 95 % order statistics\n"
               "\n"
               "  backend  size    p50     ±    p99    algbw    busbw  vs best  check\n"
               "                    µs           µs     GB/s     GB/s\n"
               "> hostref   8 B  0.420  1.0%  0.630   0.0190   0.0190     1.00  ok\n"
               "  mpi       8 B  0.900  1.2%   1.35  0.00889  0.00889     2.14  ok\n"
               "≈ mpi      32 B  0.675  1.2%   1.01   0.0474   0.0474     1.00  ok\n"
               "≈ hostref  32 B  0.676  1.0%   1.01   0.0473   0.0473     1.00  ok\n"
               "x nccl        -      -     -      -        -        -        -  unsupported: no\n"
               "                                                                accelerator on\n"
               "                                                                this machine\n"
               "\n"
               "> fastest   ≈ tie, order not established   x failed or unsupported\n"
               "GB/s are 10^9 bytes/s; skew is the last rank's start after the first's, median;\n"
               "  vs best is p50 over the best p50\n"
               "data: out\n"
               "repeat: collectivex run 'it'\\''s quick'\n"
               "next: collectivex check out\n");
}

static void test_page_of_80_columns_in_ascii(void **state)
{
    (void)state;
    check_page(80, false,
               "all_reduce fp32 sum: 0.420 us p50 at 8 B with hostref, peak busbw 0.0474 GB/s at\n"
               "  32 B with mpi (2 ranks, isolated); hostref is 2.14x faster than mpi at 8 B\n"
               "  (intervals disjoint); mpi and hostref tie at 32 B (intervals overlap)\n"
               "\n"
               "quick: one minute | 2026-11-22T06:10Z\n"
               "2 cores | collectivex 0.1.0\n"
               "\n"
               "isolated | all_reduce | fp32 | sum | out of place | 2 ranks\n"
               "statistic: latency of one operation from an idle start, slowest rank; max over\n"
               "  ranks; percentiles by nearest rank; +- 95 % order statistics\n"
               "\n"
               "  backend  size    p50    +-    p99    algbw    busbw  vs best  check\n"
               "                    us           us     GB/s     GB/s\n"
               "> hostref   8 B  0.420  1.0%  0.630   0.0190   0.0190     1.00  ok\n"
               "  mpi       8 B  0.900  1.2%   1.35  0.00889  0.00889     2.14  ok\n"
               "~ mpi      32 B  0.675  1.2%   1.01   0.0474   0.0474     1.00  ok\n"
               "~ hostref  32 B  0.676  1.0%   1.01   0.0473   0.0473     1.00  ok\n"
               "x nccl        -      -     -      -        -        -        -  unsupported: no\n"
               "                                                                accelerator on\n"
               "                                                                this machine\n"
               "\n"
               "> fastest   ~ tie, order not established   x failed or unsupported\n"
               "GB/s are 10^9 bytes/s; skew is the last rank's start after the first's, median;\n"
               "  vs best is p50 over the best p50\n"
               "data: out\n"
               "repeat: collectivex run 'it'\\''s quick'\n"
               "next: collectivex check out\n");
}

static void test_forced_colour_says_what_the_signs_say(void **state)
{
    (void)state;
    const cx_style_t      style   = {.is_utf8 = true, .is_colored = true, .column_count = 132};
    json_t               *records = make_records(few, LENGTH(few));
    const cx_result_set_t set     = set_of(records);
    char                 *text    = print(&style, &set);

    assert_non_null(strstr(text, "\033[32m>\033[0m \033[32mhostref\033[0m"));
    assert_non_null(strstr(text, "\033[31mx\033[0m \033[31mnccl\033[0m"));
    assert_non_null(strstr(text, "\033[36mout\033[0m"));
    assert_null(strstr(text, "\033[4")); /* no background */
    free(text);
    json_decref(records);
}

static void test_hostile_names_reach_no_terminal(void **state)
{
    (void)state;
    const cx_style_t style   = {.is_utf8 = true, .column_count = 100};
    const spec_t     spec    = {.backend   = "\033[2J\a\302\233evil",
                                .count     = 2,
                                .first_us  = 1,
                                .factor    = 2,
                                .status    = "incorrect",
                                .detail    = "row\n\033]0;title\a",
                                .bad_index = 1};
    json_t          *records = make_records(&spec, 1);
    cx_result_set_t  set     = set_of(records);
    char            *text;

    set.title = set.machine = set.data_path = "\033[31m";
    text                                    = print(&style, &set);
    for (const char *byte = text; *byte; byte++) {
        assert_true((unsigned char)*byte >= ' ' || *byte == '\n');
    }
    assert_null(strstr(text, "\302\233"));
    assert_non_null(strstr(text, "?[2J??evil"));
    free(text);
    json_decref(records);
}

static void check_contains(const cx_result_set_t *set, const char *const *parts)
{
    const cx_style_t style = {.is_utf8 = true, .column_count = 132};
    char            *text  = print(&style, set);

    for (; *parts; parts++) {
        if (!strstr(text, *parts)) {
            fail_msg("no \"%s\" in:\n%s", *parts, text);
        }
    }
    free(text);
}

static void test_no_records_say_so(void **state)
{
    (void)state;
    static const char *const parts[] = {"no records: nothing was measured\n", "data: out\n", NULL};
    json_t                  *records = json_array();
    const cx_result_set_t    set     = set_of(records);

    check_contains(&set, parts);
    json_decref(records);
}

static void test_one_row_has_no_ranking(void **state)
{
    (void)state;
    const cx_style_t style = {.is_utf8 = true, .column_count = 100};
    spec_t           spec  = few[0];
    json_t          *records;
    cx_result_set_t  set;
    char            *text;

    spec.count = 1;
    records    = make_records(&spec, 1);
    set        = set_of(records);
    text       = print(&style, &set);
    assert_null(strstr(text, "vs best"));
    assert_null(strstr(text, "fastest"));
    assert_non_null(strstr(text, "\nisolated · hostref · all_reduce · fp32 · sum · out of place"));
    assert_non_null(strstr(text, "  8 B  0.420  1.0%  0.630  0.0190  0.0190  0.0500  1000  ok\n"));
    free(text);
    json_decref(records);
}

/* Four operations on two backends, 12 sizes, 3 launches: more rows than a table shows. */
static json_t *make_many(void)
{
    static const char *const ops[]   = {"all_reduce", "all_gather", "broadcast", "barrier"};
    json_t                  *records = json_array();

    for (int64_t i = 0; i < 4 * 2 * 3; i++) {
        const bool   is_mpi = i / 3 % 2 == 1;
        const spec_t spec   = {.backend  = is_mpi ? "mpi" : "hostref",
                               .op       = ops[i / 6],
                               .launch   = i % 3,
                               .count    = i / 6 == 3 ? 1 : 12,
                               .first_us = (is_mpi ? 0.9 : 0.42) * (1 + 0.01 * (double)(i % 3)),
                               .factor   = is_mpi ? 1.7 : 1.9,
                               .half_width_ratio = 0.01,
                               .status           = i == 9 ? "incorrect" : NULL,
                               .detail           = i == 9 ? "element 5" : NULL,
                               .bad_index        = i == 9 ? 3 : -1};

        json_array_append_new(records, make_record(&spec));
    }
    return records;
}

static void test_the_floor_has_a_column_where_any_row_has_one(void **state)
{
    (void)state;
    static const char *const full[] = {"    busbw  x floor  vs best    skew     n  check\n",
                                       "x floor is",
                                       "   1.40     1.00 ",
                                       "  host  ",
                                       "; host is its time",
                                       " sizes at the host's pace, which",
                                       NULL};
    const cx_style_t         style  = {.is_utf8 = true, .column_count = 132};
    spec_t                   specs[LENGTH(few)];
    json_t                  *records = make_records(few, LENGTH(few));
    cx_result_set_t          set     = set_of(records);
    char                    *text    = print(&style, &set);

    assert_null(strstr(text, "x floor"));
    free(text);
    json_decref(records);
    memcpy(specs, few, sizeof few);
    specs[0].floor_ratio = 1.4;
    specs[0].enqueue_us  = 5.75;
    records              = make_records(specs, LENGTH(few));
    set                  = set_of(records);
    check_contains(&set, full);
    json_decref(records);
}

static void test_the_floor_of_a_line_is_that_of_its_peak(void **state)
{
    (void)state;
    static const char *const parts[] = {"  at  x floor  spread", "    size  at peak   worst",
                                        "  32 MiB     1.40    2.0%", "x floor is", NULL};
    json_t                  *records = make_many();
    const cx_result_set_t    set     = set_of(records);

    for (size_t i = 0; i < json_array_size(records); i++) {
        json_t *rows = json_object_get(json_array_get(records, i), "rows");

        for (size_t j = 0; j < json_array_size(rows); j++) {
            json_object_set_new(json_array_get(rows, j), "floor_ratio",
                                json_real(j + 1 == json_array_size(rows) ? 1.4 : 3));
        }
    }
    check_contains(&set, parts);
    json_decref(records);
}

static void test_limits_have_a_column_of_what_is_nominal(void **state)
{
    (void)state;
    static const char *const full[]    = {"  busbw  nominal  vs best", "     80%  ",
                                          "; nominal is the", NULL};
    static const char *const compact[] = {"      at  nominal  spread", " at peak ",
                                          "; nominal is the", NULL};

    for (int i = 0; i < 2; i++) {
        json_t               *records = i == 0 ? make_records(few, LENGTH(few)) : make_many();
        const cx_result_set_t set     = set_of(records);
        size_t                j;
        json_t               *record;

        json_array_foreach(records, j, record)
        {
            set_option(json_object_get(record, "case"), "family", "limits");
            json_object_set_new(record, "limits",
                                json_pack("{sf}", "link_nominal_bytes_per_s", 8 / 0.42e-6 / 0.8));
        }
        check_contains(&set, i == 0 ? full : compact);
        json_decref(records);
    }
}

static void test_many_rows_become_one_line_per_case(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "  backend  op          type  redop  place  first    p50  32 KiB      peak      at  spread"
        "  ladder        check\n"
        "                                            size     µs  p50 µs  bus GB/s    size   worst"
        "  8 B..32 MiB\n"
        "  hostref  all_reduce  fp32  sum    out      8 B  0.424    20.0      67.9  32 MiB    2.0%"
        "  ▁▁▂▃▃▄▅▆▆▇██  ok\n",
        "x mpi      all_gather  fp32  -      out      8 B  0.909    21.9       108  32 MiB    2.0%"
        "  ▁▂▃x▄▄▅▆▆▇▇█  incorrect: launch 1 of 3:\n",
        "> hostref  barrier     -     -      -          -  0.424       -         -       -    2.0%"
        "                ok\n",
        "median of 3 launches",
        "(1 of 12 sizes)",
        NULL};
    json_t               *records = make_many();
    const cx_result_set_t set     = set_of(records);

    check_contains(&set, parts);
    json_decref(records);
}

static void test_verbose_shows_every_row(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "\n> hostref  all_reduce  fp32  sum    out        8 B  0.424", "\n  mpi      barrier     -",
        "; spread is", NULL};
    json_t         *records = make_many();
    cx_result_set_t set     = set_of(records);

    set.is_verbose = true;
    check_contains(&set, parts);
    json_decref(records);
}

static void test_kinds_of_work_stand_apart_in_a_table(void **state)
{
    (void)state;
    static const char *const parts[] = {"  ok\n\n bf16 ", NULL};
    spec_t                   specs[] = {few[0], few[0]};
    json_t                  *records;
    cx_result_set_t          set;

    specs[1].dtype = "bf16";
    records        = make_records(specs, 2);
    set            = set_of(records);
    check_contains(&set, parts);
    json_decref(records);
}

static void test_regimes_never_share_a_table(void **state)
{
    (void)state;
    static const char *const parts[] = {"\nisolated · hostref", "; max over ranks",
                                        "\nsteady · hostref", "; median over ranks", NULL};
    spec_t                   specs[] = {few[0], few[0]};
    json_t                  *records;
    cx_result_set_t          set;

    specs[1].regime = "steady";
    records         = make_records(specs, 2);
    set             = set_of(records);
    check_contains(&set, parts);
    json_decref(records);
}

static void test_caveats_are_in_the_row_and_below(void **state)
{
    (void)state;
    static const char *const extra[] = {"2 ranks on 1 core", NULL};
    static const char *const parts[] = {
        "\n! ",
        "! not verified\n",
        "! unstable\n",
        "PARTIAL: stopped before all was measured",
        "! caveat",
        "warning: 1 size never settled: not reproducible, left out of the ranking\n",
        "warning: 1 size not verified\n",
        "warning: 2 ranks on 1 core\n",
        NULL};
    static const char *const disturbed[] = {
        "! not verified; load\n", "warning: 1 size measured while disturbed: load\n", NULL};
    spec_t          specs[] = {few[0], few[0]};
    json_t         *records, *row;
    cx_result_set_t set;

    specs[0].is_unverified = true;
    specs[0].count         = 1;
    specs[1].backend       = "mpi";
    specs[1].status        = "unstable";
    specs[1].detail        = "drifts";
    specs[1].bad_index     = 0;
    specs[1].count         = 1;
    records                = make_records(specs, 2);
    row                    = json_array_get(json_object_get(json_array_get(records, 0), "rows"), 0);
    set                    = set_of(records);
    set.is_partial         = true;
    set.warnings           = extra;
    check_contains(&set, parts);
    assert_int_equal(json_object_set_new(row, "findings", json_string("load")), 0);
    check_contains(&set, disturbed);
    json_decref(records);
}

static void test_an_oversubscribed_machine_is_a_warning(void **state)
{
    (void)state;
    static const char *const parts[] = {" · 2 ranks · oversubscribed\n",
                                        "warning: more ranks than cores: times contain", NULL};
    json_t                  *records = make_records(few, 1);
    const cx_result_set_t    set     = set_of(records);

    json_object_set_new(json_object_get(json_array_get(records, 0), "environment"),
                        "is_oversubscribed", json_string("true"));
    check_contains(&set, parts);
    json_decref(records);
}

static void test_markdown_is_a_github_table(void **state)
{
    (void)state;
    json_t               *records = make_records(few, LENGTH(few));
    const cx_result_set_t set     = set_of(records);
    capture_t             capture;
    char                 *text;

    cx_result_print_markdown(capture_open(&capture), &set);
    text = capture_close(&capture);
    assert_memory_equal(text, "- all_reduce fp32 sum: 0.420 µs p50 at 8 B", 42);
    assert_non_null(strstr(text, "\n### isolated · all_reduce · fp32 · sum · out of place"));
    assert_non_null(strstr(text, "\n|  | backend | size | p50 µs | ± | p99 µs | algbw GB/s | "));
    assert_non_null(strstr(text, "\n|---|---|--:|--:|"));
    assert_non_null(strstr(text, "\n| &gt; | hostref | 8 B | 0.420 | 1.0% | 0.630 | "));
    assert_non_null(strstr(text, "| unsupported: no accelerator on this machine |\n"));
    free(text);
    json_decref(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_of_132_columns_in_utf8),
        cmocka_unit_test(test_page_of_100_columns_in_utf8),
        cmocka_unit_test(test_page_of_100_columns_in_ascii),
        cmocka_unit_test(test_page_of_80_columns_in_utf8),
        cmocka_unit_test(test_page_of_80_columns_in_ascii),
        cmocka_unit_test(test_forced_colour_says_what_the_signs_say),
        cmocka_unit_test(test_hostile_names_reach_no_terminal),
        cmocka_unit_test(test_no_records_say_so),
        cmocka_unit_test(test_one_row_has_no_ranking),
        cmocka_unit_test(test_the_floor_has_a_column_where_any_row_has_one),
        cmocka_unit_test(test_limits_have_a_column_of_what_is_nominal),
        cmocka_unit_test(test_the_floor_of_a_line_is_that_of_its_peak),
        cmocka_unit_test(test_many_rows_become_one_line_per_case),
        cmocka_unit_test(test_verbose_shows_every_row),
        cmocka_unit_test(test_kinds_of_work_stand_apart_in_a_table),
        cmocka_unit_test(test_regimes_never_share_a_table),
        cmocka_unit_test(test_caveats_are_in_the_row_and_below),
        cmocka_unit_test(test_an_oversubscribed_machine_is_a_warning),
        cmocka_unit_test(test_markdown_is_a_github_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
