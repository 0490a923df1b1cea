/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the record document: reading, the closed schema member by member, writing. */
#include "store/record.h"

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
    record = kit_record(&kit.one, 0, 1, NULL);
    return record ? 0 : -1;
}

static int drop_record(void **state)
{
    (void)state;
    json_decref(record);
    cx_arena_fini(&kit.arena);
    return 0;
}

static void test_a_record_of_a_run_is_valid(void **state)
{
    (void)state;
    EXPECT_OK(cx_record_validate(record, "r"));
}

/* Members that documents from before they were there lack. */
static bool is_later(const char *name)
{
    static const char *const names[]  = {"limits", "backend_open_us", "algorithm", "graph_ops",
                                         "limit",  "movers",          "blocks"};
    const cx_field_t *const  tables[] = {cx_row_fields, cx_limits_fields};
    bool                     is_found = false;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && !is_found; i++) {
        is_found = strcmp(name, names[i]) == 0;
    }
    for (size_t i = 0; i < 2; i++) {
        for (const cx_field_t *field = tables[i]; field->name && !is_found; field++) {
            is_found = field->is_later && strcmp(name, field->name) == 0;
        }
    }
    return is_found;
}

static size_t count_later(const json_t *properties)
{
    size_t      count = 0;
    const char *name;
    json_t     *member;

    json_object_foreach((json_t *)(uintptr_t)properties, name, member)
    {
        count += is_later(name);
    }
    return count;
}

/* Removes and adds a member of every object below `value`: each must be noticed. */
static void damage_everywhere(json_t *value, bool is_open)
{
    json_t     *members = json_is_object(value) ? json_copy(value) : NULL;
    const char *name;
    json_t     *member;

    json_object_foreach(members, name, member)
    {
        damage_everywhere(member,
                          strcmp(name, "environment") == 0 || strcmp(name, "provenance") == 0);
        if (!is_open) {
            json_object_del(value, name);
            if (is_later(name)) {
                EXPECT_OK(cx_record_validate(record, "r"));
            } else {
                EXPECT_FAIL(CX_INVALID, "missing", cx_record_validate(record, "r"));
            }
            json_object_set(value, name, member);
        }
    }
    json_decref(members);
    if (json_is_object(value) && !is_open) {
        json_object_set_new(value, "surplus", json_integer(1));
        assert_int_equal(cx_record_validate(record, "r"), CX_INVALID);
        cx_detail_clear();
        json_object_del(value, "surplus");
    }
    for (size_t i = 0; i < json_array_size(value) && i < 1; i++) {
        damage_everywhere(json_array_get(value, i), false);
    }
}

static void test_each_missing_and_each_unknown_member_is_refused(void **state)
{
    (void)state;
    damage_everywhere(record, false);
    EXPECT_OK(cx_record_validate(record, "r"));
}

static void test_wrong_values_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *object, *member, *value, *words;
    } rows[] = {
        {NULL, "schema", "\"collectivex-record/2\"", "r: schema: not one of its values"},
        {NULL, "status", "\"fine\"", "r: status: not one of its values"},
        {NULL, "status", "null", "r: status: expected a text"},
        {NULL, "detail", "7", "r: detail: expected a text"},
        {NULL, "rows", "{}", "r: rows: expected a list"},
        {NULL, "rows", "[1]", "r: rows[0]: expected an object"},
        {NULL, "command", "[\"a\", 1]", "r: command[1]: expected a text"},
        {NULL, "provenance", "[]", "r: provenance: expected an object"},
        {NULL, "failure", "{\"rank\":1}", "r: failure: \"phase\" is missing"},
        {"identity", "case_digest", "\"abc\"", "identity: case_digest: expected 32"},
        {"identity", "case_digest", "\"ABCDEFABCDEFABCDEFABCDEFABCDEFAB\"", "expected 32"},
        {"identity", "launch", "-1", "identity: launch: expected a whole number"},
        {"identity", "launch", "1.5", "identity: launch: expected a whole number"},
        {"identity", "origin", "\"dreamt\"", "identity: origin: not one of"},
        {"publication", "class", "\"good\"", "publication: class: not one of"},
        {"publication", "reasons", "[\"because\"]", "publication: reasons[0]: not one of"},
        {"definition", "busbw_factor", "-1", "definition: busbw_factor: expected a number"},
        {"case", "seed", "\"3\"", "case: seed: expected an object"},
        {"case", "seed", "{\"value\":\"3\",\"origin\":\"luck\"}", "case: seed: origin: not one"},
        {"environment", "rank_count", "4", "environment: rank_count: expected a text"},
        {"time", "wall_s", "\"1\"", "time: wall_s: expected a number"},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        json_t *object = rows[i].object ? json_object_get(record, rows[i].object) : record;
        json_t *kept   = json_incref(json_object_get(object, rows[i].member));

        json_object_set_new(object, rows[i].member,
                            json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
        EXPECT_FAIL(CX_INVALID, rows[i].words, cx_record_validate(record, "r"));
        json_object_set_new(object, rows[i].member, kept);
    }
}

static void test_the_status_of_a_row_is_closed_too(void **state)
{
    (void)state;
    json_t *row = json_array_get(json_object_get(record, "rows"), 1);

    json_object_set_new(row, "status", json_string("fine"));
    EXPECT_FAIL(CX_INVALID, "rows[1]: status", cx_record_validate(record, "r"));
    json_object_set_new(row, "status", json_null());
    EXPECT_FAIL(CX_INVALID, "rows[1]: status", cx_record_validate(record, "r"));
}

static void test_reading_says_where_it_broke(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "n:1:0: "},          {"{\"a\": 1,\n \"a\": 2}", "n:2:4: duplicate"},
        {"{\"a\": ", "n:1:"},     {"{} x", "n:1:"},
        {"{\"a\": NaN}", "n:1:"}, {"{\"a\": \"\xff\"}", "n:1:"},
    };
    json_t *document = NULL;

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        EXPECT_FAIL(CX_INVALID, rows[i].words,
                    cx_record_parse("n", rows[i].text, strlen(rows[i].text), &document));
    }
    EXPECT_FAIL(CX_INVALID, "/no/such", cx_record_read("/no/such", &document));
    assert_null(document);
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    char    folder[PATH_MAX], path[PATH_MAX + 16];
    char   *bytes;
    size_t  count;
    json_t *back;

    assert_non_null(kit_folder(folder));
    (void)snprintf(path, sizeof path, "%s/r.json", folder);
    EXPECT_OK(cx_record_write(path, record));
    EXPECT_OK(cx_file_read(path, 1 << 20, &bytes, &count));
    assert_non_null(strstr(bytes, "{\n \"schema\": \"collectivex-record/1\",\n \"identity\": {"));
    assert_int_equal(bytes[count - 1], '\n');
    assert_int_equal(bytes[count - 2], '}');
    free(bytes);
    EXPECT_OK(cx_record_read(path, &back));
    EXPECT_OK(cx_record_validate(back, "r"));
    json_decref(back);
    EXPECT_FAIL(CX_RESOURCE, "no/r.json", cx_record_write("/no/r.json", record));
    kit_remove_files(folder);
}

/* Each object of a schema is closed and demands all it has but what came later. */
static int count_closed(const json_t *schema)
{
    const json_t *properties = json_object_get(schema, "properties");
    const char   *key;
    json_t       *member;
    int           count = 0;

    if (properties) {
        assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
        assert_int_equal(json_object_size(properties),
                         json_array_size(json_object_get(schema, "required")) +
                             count_later(properties));
        count++;
    }
    json_object_foreach((json_t *)(uintptr_t)schema, key, member)
    {
        count += count_closed(member);
    }
    for (size_t i = 0; i < json_array_size(schema); i++) {
        count += count_closed(json_array_get(schema, i));
    }
    return count;
}

static void test_printed_schemas_are_closed(void **state)
{
    (void)state;
    json_t *of_record = cx_record_schema(), *of_plan = cx_plan_schema();

    assert_true(count_closed(of_record) >= 14);
    assert_true(count_closed(of_plan) >= 3);
    assert_non_null(json_object_get(of_record, "$schema"));
    json_decref(of_record);
    json_decref(of_plan);
}

static void test_a_plan_is_closed(void **state)
{
    (void)state;
    json_t *plan =
        json_pack("{ss,ss,ss,si,si,s[{ss,ss,so}]}", "schema", "collectivex-plan/1", "suite", "s",
                  "summary", "", "launch_count", 1, "seed", 1, "cases", "case_id", kit.one.case_id,
                  "case_digest", kit.one.digest, "options", cx_case_to_texts(&kit.one));
    json_t *one = json_array_get(json_object_get(plan, "cases"), 0);

    EXPECT_OK(cx_plan_validate(plan, "p"));
    json_object_set_new(json_object_get(one, "options"), "op", json_integer(1));
    EXPECT_FAIL(CX_INVALID, "p: cases[0]: options: op: expected a text",
                cx_plan_validate(plan, "p"));
    json_object_del(json_object_get(one, "options"), "op");
    EXPECT_FAIL(CX_INVALID, "the option \"op\" is missing", cx_plan_validate(plan, "p"));
    json_decref(plan);
}

/* What came later may be missing, and is no place for anything else. */
static void test_a_plan_from_before_an_option_is_still_one(void **state)
{
    (void)state;
    json_t *options = cx_case_to_texts(&kit.one);
    json_t *plan =
        json_pack("{ss,ss,ss,si,si,s[{ss,ss,so}]}", "schema", "collectivex-plan/1", "suite", "s",
                  "summary", "", "launch_count", 1, "seed", 1, "cases", "case_id", kit.one.case_id,
                  "case_digest", kit.one.digest, "options", options);

    json_object_del(options, "algorithm");
    EXPECT_OK(cx_plan_validate(plan, "p"));
    json_object_set_new(options, "Algorithm", json_string("ring"));
    EXPECT_FAIL(CX_INVALID, "there are options that this version does not know",
                cx_plan_validate(plan, "p"));
    json_decref(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_record_of_a_run_is_valid, make_record, drop_record),
        cmocka_unit_test_setup_teardown(test_each_missing_and_each_unknown_member_is_refused,
                                        make_record, drop_record),
        cmocka_unit_test_setup_teardown(test_wrong_values_are_refused_with_their_place, make_record,
                                        drop_record),
        cmocka_unit_test_setup_teardown(test_the_status_of_a_row_is_closed_too, make_record,
                                        drop_record),
        cmocka_unit_test(test_reading_says_where_it_broke),
        cmocka_unit_test_setup_teardown(test_what_is_written_is_read, make_record, drop_record),
        cmocka_unit_test(test_printed_schemas_are_closed),
        cmocka_unit_test_setup_teardown(test_a_plan_is_closed, make_record, drop_record),
        cmocka_unit_test_setup_teardown(test_a_plan_from_before_an_option_is_still_one, make_record,
                                        drop_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
