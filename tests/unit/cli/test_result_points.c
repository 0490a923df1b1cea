/* SPDX-License-Identifier: Apache-2.0 */
/* Tests how the rows of several launches become one point. Not ranking (test_result_set.c). */
#include "cli/result_points.h"

#include "records.h"

static const json_t *launches[8];

/* The points of a case whose launches are the records. */
static cx_result_case_t read_points(const json_t *records, cx_arena_t *arena)
{
    cx_result_case_t out = {0};
    size_t           i;
    json_t          *record;

    json_array_foreach(records, i, record)
    {
        launches[i] = record;
    }
    out.launches     = launches;
    out.launch_count = (int64_t)json_array_size(records);
    assert_int_equal(cx_result_points_read(&out, arena), CX_OK);
    return out;
}

static void test_median_and_its_bandwidth_come_from_the_same_launch(void **state)
{
    (void)state;
    static const spec_t specs[] = {
        {.backend          = "a",
         .launch           = 0,
         .count            = 2,
         .first_us         = 1.2,
         .factor           = 2,
         .bad_index        = -1,
         .half_width_ratio = 0.01},
        {.backend          = "a",
         .launch           = 1,
         .count            = 2,
         .first_us         = 1.0,
         .factor           = 2,
         .bad_index        = -1,
         .half_width_ratio = 0.05},
        {.backend          = "a",
         .launch           = 2,
         .count            = 2,
         .first_us         = 1.1,
         .factor           = 2,
         .bad_index        = -1,
         .half_width_ratio = 0.01},
    };
    json_t                  *records = make_records(specs, LENGTH(specs));
    cx_arena_t               arena;
    cx_result_case_t         one;
    const cx_result_point_t *point;

    cx_arena_init(&arena);
    one   = read_points(records, &arena);
    point = &one.points[0];
    assert_int_equal(one.point_count, 2);
    assert_near(point->time_us_p50, 1.1, 1e-12);
    assert_near(point->busbw_bytes_per_s, 8 / 1.1 * 1e6, 1e-3);
    assert_near(point->launch_spread_ratio, 0.2 / 1.1, 1e-9);
    assert_near(point->time_us_p50_ci_low, 0.95, 1e-9);
    assert_near(point->time_us_p50_ci_high, 1.212, 1e-9);
    assert_int_equal(point->launch_count, 3);
    assert_int_equal(point->sample_count, 3000);
    assert_true(point->is_ranked);
    cx_arena_fini(&arena);
    json_decref(records);
}

/* A limit of 64 bytes in 1 us, 64 MB/s, against a link of 80 MB/s and a memory of 128 MB/s. */
static void test_a_limit_is_laid_beside_its_nominal_one(void **state)
{
    (void)state;
    static const struct {
        const char *family, *limit;
        double      wanted; /* 0: none */
    } rows[] = {
        {"limits", "copy_engine", 0.8}, {"limits", "sm_store", 0.8},   {"limits", "sm_load", 0.8},
        {"limits", "memory_copy", 0.5}, {"limits", "sm_store_all", 0}, {"limits", "flag", 0},
        {"collective", "sm_load", 0},
    };
    static const spec_t spec = {
        .backend = "a", .count = 1, .first_us = 0.125, .factor = 1, .bad_index = -1};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        json_t    *records = make_records((spec_t[]){spec, spec}, 2);
        json_t    *second  = json_array_get(records, 1); /* the first did not get so far */
        cx_arena_t arena;
        double     ratio;

        for (size_t j = 0; j < 2; j++) {
            json_t *options = json_object_get(json_array_get(records, j), "case");

            set_option(options, "family", rows[i].family);
            set_option(options, "limit", rows[i].limit);
        }
        cx_arena_init(&arena);
        assert_true(isnan(read_points(records, &arena).points[0].nominal_ratio));
        json_object_set_new(second, "limits",
                            json_pack("{sf,sf}", "link_nominal_bytes_per_s", 80e6,
                                      "memory_nominal_bytes_per_s", 128e6));
        ratio = read_points(records, &arena).points[0].nominal_ratio;
        assert_true(rows[i].wanted > 0 ? fabs(ratio - rows[i].wanted) < 1e-9 : isnan(ratio));
        cx_arena_fini(&arena);
        json_decref(records);
    }
}

static void test_one_launch_has_no_spread(void **state)
{
    (void)state;
    static const spec_t spec = {
        .backend = "a", .count = 1, .first_us = 1, .factor = 1, .bad_index = -1};
    json_t          *records = make_records(&spec, 1);
    cx_arena_t       arena;
    cx_result_case_t one;

    cx_arena_init(&arena);
    one = read_points(records, &arena);
    assert_true(isnan(one.points[0].launch_spread_ratio));
    cx_arena_fini(&arena);
    json_decref(records);
}

static void test_the_worst_launch_gives_the_status(void **state)
{
    (void)state;
    static const spec_t specs[] = {
        {.backend   = "a",
         .launch    = 0,
         .count     = 2,
         .first_us  = 1,
         .factor    = 1,
         .bad_index = 0,
         .status    = "unstable",
         .detail    = "drifts"},
        {.backend   = "a",
         .launch    = 1,
         .count     = 2,
         .first_us  = 1,
         .factor    = 1,
         .bad_index = 0,
         .status    = "incorrect",
         .detail    = "element 3"},
    };
    json_t          *records = make_records(specs, LENGTH(specs));
    cx_arena_t       arena;
    cx_result_case_t one;

    cx_arena_init(&arena);
    one = read_points(records, &arena);
    assert_string_equal(one.points[0].status, "incorrect");
    assert_string_equal(one.points[0].detail, "element 3");
    assert_false(one.points[0].is_ranked);
    assert_true(one.points[1].is_ranked);
    json_object_set_new(json_array_get(json_object_get(json_array_get(records, 0), "rows"), 0),
                        "status", json_string("ok"));
    one = read_points(records, &arena);
    assert_string_equal(one.points[0].detail, "launch 2 of 2: element 3");
    cx_arena_fini(&arena);
    json_decref(records);
}

static void test_sizes_left_out_are_points_with_a_reason(void **state)
{
    (void)state;
    static const spec_t spec = {
        .backend = "a", .count = 1, .first_us = 1, .factor = 1, .bad_index = -1};
    json_t                  *records = make_records(&spec, 1);
    const cx_result_point_t *point;
    cx_arena_t               arena;
    cx_result_case_t         one;

    json_array_append_new(
        json_object_get(json_array_get(records, 0), "left_out"),
        json_pack("{sI,ss}", "requested_bytes", (json_int_t)4, "reason", "less than an element"));
    cx_arena_init(&arena);
    one   = read_points(records, &arena);
    point = &one.points[0];
    assert_int_equal(one.point_count, 2);
    assert_int_equal(point->requested_bytes, 4);
    assert_string_equal(point->status, "left out");
    assert_string_equal(point->detail, "less than an element");
    assert_true(isnan(point->time_us_p50));
    assert_false(point->is_ranked);
    cx_arena_fini(&arena);
    json_decref(records);
}

static void test_an_unknown_interval_of_one_launch_makes_the_whole_unknown(void **state)
{
    (void)state;
    static const spec_t specs[] = {
        {.backend = "a", .launch = 0, .count = 1, .first_us = 1, .bad_index = -1},
        {.backend = "a", .launch = 1, .count = 1, .first_us = 1, .bad_index = -1},
    };
    json_t          *records = make_records(specs, LENGTH(specs));
    cx_arena_t       arena;
    cx_result_case_t one;

    json_object_set_new(json_array_get(json_object_get(json_array_get(records, 1), "rows"), 0),
                        "time_us_p50_ci_low", json_null());
    cx_arena_init(&arena);
    one = read_points(records, &arena);
    assert_true(isnan(one.points[0].time_us_p50_ci_low));
    assert_true(isnan(one.points[0].ci_half_width_ratio));
    cx_arena_fini(&arena);
    json_decref(records);
}

static void test_members_of_the_wrong_type_are_unknown(void **state)
{
    (void)state;
    json_t *object = json_pack("{ss,si,sn}", "text", "a", "whole", 1, "nothing");

    assert_null(cx_json_text(object, "whole"));
    assert_null(cx_json_text(NULL, "whole"));
    assert_true(isnan(cx_json_real(object, "text")));
    assert_true(cx_json_whole(object, "nothing") == INT64_MIN);
    assert_int_equal(cx_json_whole(object, "whole"), 1);
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_median_and_its_bandwidth_come_from_the_same_launch),
        cmocka_unit_test(test_a_limit_is_laid_beside_its_nominal_one),
        cmocka_unit_test(test_one_launch_has_no_spread),
        cmocka_unit_test(test_the_worst_launch_gives_the_status),
        cmocka_unit_test(test_sizes_left_out_are_points_with_a_reason),
        cmocka_unit_test(test_an_unknown_interval_of_one_launch_makes_the_whole_unknown),
        cmocka_unit_test(test_members_of_the_wrong_type_are_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
