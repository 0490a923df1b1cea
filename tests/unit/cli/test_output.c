/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of form for a result on stdout, and what a set says of itself. The forms themselves
 * have their own tests. */
#include "cli/output.h"

#include "cli/forms.h"
#include "unit/cli/command.h"
#include "unit/cli/records.h"

static const spec_t spec = {.backend          = "hostref",
                            .count            = 3,
                            .first_us         = 2,
                            .factor           = 1.5,
                            .half_width_ratio = 0.01,
                            .bad_index        = -1};

static heard_t heard;
static int32_t form;
static json_t *records;

static int print(int argc, char **argv)
{
    cx_output_t     output = {.format = form, .style = {.color = CX_COLOR_NEVER, .is_ascii = true}};
    cx_result_set_t set    = {.records = records, .data_path = "DIR"};
    cx_arena_t      arena;

    (void)argc;
    (void)argv;
    cx_arena_init(&arena);
    cx_output_describe(&set, &arena);
    cx_output_print(&output, &set);
    cx_arena_fini(&arena);
    return 0;
}

static const char *printed_as(cx_form_t wanted)
{
    form = (int32_t)wanted;
    command_run(print, "", &heard);
    return heard.out;
}

static void test_each_form_is_its_own(void **state)
{
    json_t *document;

    (void)state;
    records  = make_records(&spec, 1);
    document = json_loads(printed_as(CX_FORM_JSON), 0, NULL);
    assert_non_null(document);
    assert_string_equal(json_string_value(json_object_get(document, "schema")),
                        "collectivex-result/1");
    json_decref(document);
    assert_non_null(strstr(printed_as(CX_FORM_CSV), "time_us_p50"));
    assert_non_null(strchr(heard.out, ','));
    assert_non_null(strstr(printed_as(CX_FORM_MD), "|"));
    assert_non_null(strstr(printed_as(CX_FORM_TABLE), "hostref"));
    assert_null(strchr(heard.out, '\x1b'));
    assert_string_equal(printed_as(CX_FORM_NDJSON), ""); /* was printed as it happened */
    json_decref(records);
}

static void test_a_set_describes_itself_from_its_records(void **state)
{
    cx_result_set_t set   = {.records = make_records(&spec, 1)};
    json_t         *first = json_array_get(set.records, 0);
    cx_arena_t      arena;

    (void)state;
    cx_arena_init(&arena);
    json_object_set_new(first, "provenance",
                        json_pack("{s{ss}}", "cpu", "model", "a fast processor"));
    json_object_set_new(first, "program", json_pack("{ss,ss}", "version", "9.8", "git", "abc"));
    json_object_set_new(first, "time", json_pack("{ss}", "started_utc", "2026-11-22T06:10:04Z"));
    cx_output_describe(&set, &arena);
    assert_string_equal(set.title, "quick");
    assert_string_equal(set.machine, "a fast processor, 2 ranks");
    assert_string_equal(set.program, "collectivex 9.8 (abc)");
    assert_string_equal(set.started_utc, "2026-11-22T06:10:04Z");
    set.title = "given";
    cx_output_describe(&set, &arena);
    assert_string_equal(set.title, "given");
    json_decref((json_t *)(uintptr_t)set.records);
    cx_arena_fini(&arena);
}

static void test_a_set_of_nothing_says_so_much(void **state)
{
    cx_result_set_t set = {.records = json_array()};
    cx_arena_t      arena;

    (void)state;
    cx_arena_init(&arena);
    cx_output_describe(&set, &arena);
    assert_string_equal(set.machine, "unknown machine, ? ranks");
    assert_string_equal(set.program, "collectivex ? (?)");
    assert_null(set.title);
    json_decref((json_t *)(uintptr_t)set.records);
    cx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_form_is_its_own),
        cmocka_unit_test(test_a_set_describes_itself_from_its_records),
        cmocka_unit_test(test_a_set_of_nothing_says_so_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
