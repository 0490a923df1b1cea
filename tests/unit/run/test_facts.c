/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the facts a record holds about itself. */
#include "run/facts.h"

#include "support/expect.h"
#include "support/record_kit.h"

static kit_case_t kit;
static json_t    *record;

static int make_record(void **state)
{
    (void)state;
    if (!kit_case_init(&kit, 3)) {
        return -1;
    }
    record = kit_record(&kit.one, 0, 5, NULL);
    return record ? 0 : -1;
}

static int drop_record(void **state)
{
    (void)state;
    json_decref(record);
    cx_arena_fini(&kit.arena);
    return 0;
}

static cx_judge_facts_t read_facts(void)
{
    cx_judge_facts_t facts;

    cx_facts_read(record, 5, &facts);
    return facts;
}

static void set(const char *object, const char *member, const char *text)
{
    json_object_set_new(json_object_get(record, object), member, json_string(text));
}

static void test_a_good_record_is_official(void **state)
{
    (void)state;
    cx_judge_facts_t facts       = read_facts();
    cx_publication_t publication = cx_judge(&facts);
    json_t          *json        = cx_facts_publication(&publication);

    assert_int_equal(facts.row_count, KIT_ROW_COUNT);
    assert_int_equal(facts.timed_count, 400 * KIT_ROW_COUNT);
    assert_int_equal(facts.launch_count, 5);
    assert_string_equal(json_string_value(json_object_get(json, "class")), "official");
    assert_int_equal(json_array_size(json_object_get(json, "reasons")), 0);
    json_decref(json);
}

/* Outputs are looked at pair by pair: the rows of parts say nothing about it. */
static void test_parts_of_pairs_are_not_counted_as_outputs(void **state)
{
    static const char *const components[] = {"dispatch", "roundtrip", "pair-period"};
    static const int64_t     counts[]     = {KIT_ROW_COUNT - 1, KIT_ROW_COUNT, KIT_ROW_COUNT};

    (void)state;
    for (int i = 0; i < 3; i++) {
        json_object_set_new(json_array_get(json_object_get(record, "rows"), 0), "component",
                            json_string(components[i]));
        assert_int_equal(read_facts().timed_count, 400 * counts[i]);
    }
}

static void test_each_fact_is_found(void **state)
{
    (void)state;
    json_t *row = json_array_get(json_object_get(record, "rows"), 0);

    set("program", "git", "abc1234-dirty");
    assert_true(read_facts().is_git_dirty);
    set("program", "git", "unknown");
    assert_true(read_facts().is_git_dirty);
    set("program", "git", "abc1234");
    assert_false(read_facts().is_git_dirty);
    set("program", "build_type", "Debug");
    assert_true(read_facts().is_debug_build);
    set("program", "build_type", "RelWithDebInfo+address");
    assert_true(read_facts().is_debug_build);
    set("program", "build_type", "RelWithDebInfo");
    assert_false(read_facts().is_debug_build);
    set("environment", CX_FACTOR_MOVES_NO_DATA, "true");
    assert_true(read_facts().moves_no_data);
    set("environment", CX_FACTOR_MOVES_NO_DATA, "false");
    set("environment", CX_FACTOR_VIRTUAL_TIME, "true");
    assert_true(read_facts().moves_no_data);
    set("environment", CX_FACTOR_OVERSUBSCRIBED, "true");
    assert_true(read_facts().is_oversubscribed);
    set("identity", "origin", "imported");
    assert_true(read_facts().is_imported);
    json_object_set_new(json_object_get(json_object_get(record, "case"), "verify"), "value",
                        json_string("false"));
    assert_false(read_facts().is_verified);
    json_object_set_new(json_object_get(json_object_get(record, "case"), "op"), "value",
                        json_string("barrier"));
    assert_false(read_facts().has_output);
    json_object_set_new(json_object_get(json_object_get(record, "case"), "sampling"), "value",
                        json_string("fast"));
    assert_false(read_facts().is_fast); /* of a collective it says nothing */
    json_object_set_new(json_object_get(json_object_get(record, "case"), "family"), "value",
                        json_string("ep"));
    assert_true(read_facts().is_fast);
    json_object_set_new(json_object_get(json_object_get(record, "case"), "sampling"), "value",
                        json_string("exact"));
    assert_false(read_facts().is_fast);
    json_object_set_new(row, "floor_us", json_real(10)); /* the median is a little more */
    assert_false(read_facts().is_under_floor);
    json_object_set_new(row, "floor_us", json_real(20));
    assert_true(read_facts().is_under_floor);
    json_object_set_new(row, "findings", json_string("other-load"));
    assert_true(read_facts().is_disturbed);
    json_object_set_new(row, "status", json_string("unstable"));
    assert_false(read_facts().is_settled);
    set("environment", "ranks_per_host", "2");
    json_object_set_new(json_object_get(json_object_get(record, "case"), "device"), "value",
                        json_string("cuda"));
    json_object_set_new(json_object_get(record, "provenance"), "accelerators",
                        json_pack("[{ss,si,ss},{ss,si,ss}]", "device", "cuda", "index", 0, "model",
                                  "A", "device", "cuda", "index", 1, "model", "B"));
    assert_true(read_facts().is_mixed);
    set("environment", "ranks_per_host", "1");
    assert_false(read_facts().is_mixed);
    json_object_set_new(record, "provenance", json_null());
    assert_false(read_facts().has_provenance);
    json_object_set_new(record, "status", json_string("timeout"));
    assert_int_equal(read_facts().status, CX_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_good_record_is_official, make_record, drop_record),
        cmocka_unit_test_setup_teardown(test_each_fact_is_found, make_record, drop_record),
        cmocka_unit_test_setup_teardown(test_parts_of_pairs_are_not_counted_as_outputs, make_record,
                                        drop_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
