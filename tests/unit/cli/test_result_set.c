/* SPDX-License-Identifier: Apache-2.0 */
/* Tests which records become one case, which cases share a table or a class, and who is ahead. */
#include "cli/result_set.h"

#include "records.h"

typedef struct fixture {
    cx_arena_t       arena;
    json_t          *records;
    cx_result_view_t view;
} fixture_t;

static void read_view(fixture_t *fixture, json_t *records)
{
    fixture->records = records;
    cx_arena_init(&fixture->arena);
    assert_int_equal(cx_result_view_read(records, &fixture->arena, &fixture->view), CX_OK);
}

static void drop_view(fixture_t *fixture)
{
    cx_arena_fini(&fixture->arena);
    json_decref(fixture->records);
}

static spec_t simple(const char *backend, double first_us, double half_width_ratio)
{
    return (spec_t){.backend          = backend,
                    .count            = 1,
                    .first_us         = first_us,
                    .factor           = 1,
                    .half_width_ratio = half_width_ratio,
                    .bad_index        = -1};
}

static void test_standing_follows_from_intervals(void **state)
{
    (void)state;
    static const struct {
        double        us[3], half_width_ratio;
        cx_standing_t standings[3];
    } rows[] = {
        {{1, 2, 3}, 0.01, {CX_STANDING_BEST, CX_STANDING_BEHIND, CX_STANDING_BEHIND}},
        {{1, 1.01, 3}, 0.01, {CX_STANDING_TIE, CX_STANDING_TIE, CX_STANDING_BEHIND}},
        {{1, 2, 2.01}, 0.01, {CX_STANDING_BEST, CX_STANDING_TIE, CX_STANDING_TIE}},
        {{3, 2, 1}, 0.01, {CX_STANDING_BEHIND, CX_STANDING_BEHIND, CX_STANDING_BEST}},
        {{1, 2, 3}, NAN, {CX_STANDING_TIE, CX_STANDING_TIE, CX_STANDING_TIE}},
    };
    static const char *const names[] = {"a", "b", "c"};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        spec_t    specs[3];
        fixture_t fixture;

        for (int64_t j = 0; j < 3; j++) {
            specs[j] = simple(names[j], rows[i].us[j], rows[i].half_width_ratio);
        }
        read_view(&fixture, make_records(specs, 3));
        for (int64_t j = 0; j < 3; j++) {
            assert_int_equal(fixture.view.cases[j]->points[0].standing, rows[i].standings[j]);
        }
        drop_view(&fixture);
    }
}

static void test_ratio_is_to_the_best_and_the_best_has_one(void **state)
{
    (void)state;
    const spec_t specs[] = {simple("a", 3, 0.01), simple("b", 2, 0.01)};
    fixture_t    fixture;

    read_view(&fixture, make_records(specs, 2));
    assert_near(fixture.view.cases[0]->points[0].vs_best_ratio, 1.5, 1e-12);
    assert_near(fixture.view.cases[1]->points[0].vs_best_ratio, 1.0, 1e-12);
    drop_view(&fixture);
}

static void test_failed_and_unstable_points_are_not_ranked(void **state)
{
    (void)state;
    static const char *const statuses[] = {"incorrect", "unstable", "timeout"};

    for (int64_t i = 0; i < LENGTH(statuses); i++) {
        spec_t    specs[] = {simple("wrong", 1, 0.01), simple("right", 2, 0.01)};
        fixture_t fixture;

        specs[0].status    = statuses[i];
        specs[0].bad_index = 0;
        read_view(&fixture, make_records(specs, 2));
        assert_int_equal(fixture.view.cases[0]->points[0].standing, CX_STANDING_ALONE);
        assert_int_equal(fixture.view.cases[1]->points[0].standing, CX_STANDING_ALONE);
        assert_true(isnan(fixture.view.cases[1]->points[0].vs_best_ratio));
        drop_view(&fixture);
    }
}

static void set_environment(json_t *record, const char *name, const char *value)
{
    json_object_set_new(json_object_get(record, "environment"), name, json_string(value));
}

static void test_cases_of_another_kind_are_neither_ranked_nor_in_one_table(void **state)
{
    (void)state;
    const spec_t specs[] = {simple("a", 1, 0.01), simple("b", 2, 0.01)};
    fixture_t    fixture;
    json_t      *records = make_records(specs, 2);

    set_environment(json_array_get(records, 1), "cpu_model", "other");
    read_view(&fixture, records);
    assert_true(fixture.view.cases[0]->table_index != fixture.view.cases[1]->table_index);
    assert_int_equal(fixture.view.cases[0]->points[0].standing, CX_STANDING_ALONE);
    drop_view(&fixture);
}

static void test_what_a_backend_brings_along_separates_nothing(void **state)
{
    (void)state;
    const spec_t specs[] = {simple("a", 1, 0.01), simple("b", 2, 0.01)};
    fixture_t    fixture;
    json_t      *records = make_records(specs, 2);

    set_environment(json_array_get(records, 0), "memory_kind", "plain");
    set_environment(json_array_get(records, 1), "memory_kind", "exportable");
    read_view(&fixture, records);
    assert_int_equal(fixture.view.cases[0]->class_index, fixture.view.cases[1]->class_index);
    drop_view(&fixture);
}

static void test_sizes_that_moved_different_bytes_are_not_ranked(void **state)
{
    (void)state;
    const spec_t specs[] = {simple("a", 1, 0.01), simple("b", 2, 0.01)};
    fixture_t    fixture;
    json_t      *records = make_records(specs, 2);

    json_object_set_new(json_array_get(json_object_get(json_array_get(records, 1), "rows"), 0),
                        "message_bytes", json_integer(12));
    read_view(&fixture, records);
    assert_int_equal(fixture.view.cases[0]->points[0].standing, CX_STANDING_ALONE);
    drop_view(&fixture);
}

static void test_regimes_have_tables_and_dtypes_have_classes(void **state)
{
    (void)state;
    spec_t    specs[] = {simple("a", 1, 0.01), simple("b", 2, 0.01), simple("c", 2, 0.01)};
    fixture_t fixture;

    specs[1].dtype  = "bf16";
    specs[2].regime = "steady";
    read_view(&fixture, make_records(specs, 3));
    assert_int_equal(fixture.view.cases[0]->table_index, fixture.view.cases[1]->table_index);
    assert_true(fixture.view.cases[0]->class_index != fixture.view.cases[1]->class_index);
    assert_true(fixture.view.cases[0]->table_index != fixture.view.cases[2]->table_index);
    drop_view(&fixture);
}

static void test_launches_are_one_case_and_unlike_keys_are_two(void **state)
{
    (void)state;
    spec_t    specs[] = {simple("a", 1, 0.01), simple("a", 1.1, 0.01), simple("a", 5, 0.01)};
    fixture_t fixture;
    json_t   *records;

    specs[1].launch = 1;
    records         = make_records(specs, 3);
    json_object_set_new(json_object_get(json_array_get(records, 2), "identity"), "comparison_key",
                        json_string("another"));
    read_view(&fixture, records);
    assert_int_equal(fixture.view.case_count, 2);
    assert_int_equal(fixture.view.cases[0]->launch_count, 2);
    assert_int_equal(fixture.view.cases[1]->launch_count, 1);
    drop_view(&fixture);
}

static void test_an_early_failure_stands_with_its_kin(void **state)
{
    (void)state;
    spec_t    specs[] = {simple("a", 1, 0.01), simple("b", 1, 0.01), simple("c", 0, 0)};
    fixture_t fixture;
    json_t   *records;

    specs[0].dtype  = "bf16";
    specs[2].count  = 0;
    specs[2].status = "unsupported";
    records         = make_records(specs, 3);
    json_object_clear(json_object_get(json_array_get(records, 2), "environment"));
    json_object_set_new(json_array_get(records, 2), "definition", json_null());
    read_view(&fixture, records);
    assert_int_equal(fixture.view.case_count, 3);
    assert_string_equal(fixture.view.cases[2]->label, "c");
    assert_int_equal(fixture.view.cases[2]->table_index, fixture.view.cases[1]->table_index);
    assert_int_equal(fixture.view.cases[2]->class_index, fixture.view.cases[1]->class_index);
    drop_view(&fixture);
}

static void set_case_option(json_t *record, const char *key, const char *value)
{
    json_t *options = json_object_get(record, "case");

    set_option(options, key, value);
    json_object_set_new(json_object_get(options, key), "origin", json_string("command line"));
}

/* What nobody asked of an operation means nothing to it, however others of the table have it. */
static void test_options_that_no_case_of_an_operation_was_asked_for_are_not_said(void **state)
{
    const spec_t specs[] = {simple("a", 1, 0.01), simple("b", 2, 0.01)};
    fixture_t    fixture;
    json_t      *records = make_records(specs, 2);

    (void)state;
    set_case_option(json_array_get(records, 1), "op", "all_gather");
    set_case_option(json_array_get(records, 1), "seed", "7");
    read_view(&fixture, records);
    for (int64_t i = 0; i < 2; i++) {
        const cx_result_case_t *one = fixture.view.cases[i];

        assert_string_equal(one->differs, strcmp(one->op, "all_gather") == 0 ? "seed=7" : "");
    }
    drop_view(&fixture);
}

static void test_varying_options_become_names(void **state)
{
    (void)state;
    const spec_t specs[] = {simple("a", 1, 0.01), simple("b", 2, 0.01)};
    fixture_t    fixture;
    json_t      *records = make_records(specs, 2);

    set_case_option(json_array_get(records, 1), "seed", "7");
    set_case_option(json_array_get(records, 1), "timeout", "3s");
    set_case_option(json_array_get(records, 1), "backend_options", "ring=1");
    read_view(&fixture, records);
    assert_string_equal(fixture.view.cases[0]->differs, "seed=1");
    assert_string_equal(fixture.view.cases[1]->differs, "seed=7");
    assert_string_equal(fixture.view.cases[1]->label, "b[ring=1]");
    assert_int_equal(fixture.view.cases[0]->points[0].standing, CX_STANDING_ALONE);
    drop_view(&fixture);
}

static void test_documents_without_members_are_read_as_far_as_they_go(void **state)
{
    (void)state;
    fixture_t fixture;

    read_view(&fixture, json_pack("[{},{s[n],s[i]},n,s]", "rows", "left_out", 3, "text"));
    assert_true(fixture.view.case_count >= 1);
    drop_view(&fixture);
    read_view(&fixture, json_array());
    assert_int_equal(fixture.view.case_count, 0);
    drop_view(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standing_follows_from_intervals),
        cmocka_unit_test(test_ratio_is_to_the_best_and_the_best_has_one),
        cmocka_unit_test(test_failed_and_unstable_points_are_not_ranked),
        cmocka_unit_test(test_cases_of_another_kind_are_neither_ranked_nor_in_one_table),
        cmocka_unit_test(test_what_a_backend_brings_along_separates_nothing),
        cmocka_unit_test(test_sizes_that_moved_different_bytes_are_not_ranked),
        cmocka_unit_test(test_regimes_have_tables_and_dtypes_have_classes),
        cmocka_unit_test(test_launches_are_one_case_and_unlike_keys_are_two),
        cmocka_unit_test(test_an_early_failure_stands_with_its_kin),
        cmocka_unit_test(test_varying_options_become_names),
        cmocka_unit_test(test_options_that_no_case_of_an_operation_was_asked_for_are_not_said),
        cmocka_unit_test(test_documents_without_members_are_read_as_far_as_they_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
