/* SPDX-License-Identifier: Apache-2.0 */
/* A plan to JSON and back, and every document that is no plan. */
#include "run/plan_text.h"

#include "store/record.h"
#include "unit/run/kit.h"

#include "support/arena.h"

#include <fcntl.h>
#include <sys/mman.h>

static json_t *document_of_two(void)
{
    static cx_case_t cases[2];
    cx_plan_t        plan = {.suite = "mine", .summary = "two", .cases = cases, .case_count = 2};
    json_t          *document;

    cases[0] = kit_case(&arena, "");
    cases[1] = kit_case(&arena, "op=barrier regime=steady");
    document = cx_plan_to_json(&plan, 3, 7);
    assert_non_null(document);
    return document;
}

static void test_a_plan_comes_back(void **state)
{
    json_t   *document = document_of_two();
    cx_plan_t back;

    (void)state;
    EXPECT_OK(cx_plan_validate(document, "test"));
    EXPECT_OK(cx_plan_from_json(document, "test", &arena, &back));
    assert_string_equal(back.suite, "mine");
    assert_int_equal(back.case_count, 2);
    assert_string_equal(back.cases[1].case_id,
                        kit_case(&arena, "op=barrier regime=steady").case_id);
    assert_int_equal(back.cases[1].op, CX_COLLECTIVE_BARRIER);
    assert_int_equal(json_integer_value(json_object_get(document, "launch_count")), 3);
    assert_int_equal(json_integer_value(json_object_get(document, "seed")), 7);
    json_decref(document);
}

static void test_a_plan_travels_through_a_descriptor_to_many(void **state)
{
    json_t   *document = document_of_two();
    cx_plan_t one, two;
    int       fd;

    (void)state;
    EXPECT_OK(cx_plan_to_fd(document, &fd));
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    EXPECT_OK(cx_plan_from_fd(fd, &arena, &one));
    EXPECT_OK(cx_plan_from_fd(fd, &arena, &two)); /* its position is nobody's */
    assert_string_equal(one.cases[0].digest, two.cases[0].digest);
    close(fd);
    json_decref(document);
}

static void test_what_is_no_plan_is_refused(void **state)
{
    static const struct {
        const char *change, *words;
    } rows[] = {
        {"{\"schema\": \"collectivex-plan/2\"}", "place: not a plan of schema collectivex-plan/1"},
        {"{\"schema\": 3}", "not a plan of schema"},
        {"{\"suite\": null}", "not a plan of schema"},
        {"{\"cases\": []}", "not a plan of schema"},
        {"{\"cases\": [{\"options\": {}}]}", "place"},
        {"{\"cases\": [3]}", "place"},
    };
    cx_plan_t plan;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *document = document_of_two();
        json_t *change   = json_loads(rows[i].change, 0, NULL);

        json_object_update(document, change);
        EXPECT_FAIL(CX_INVALID, rows[i].words, cx_plan_from_json(document, "place", &arena, &plan));
        json_decref(change);
        json_decref(document);
    }
}

static void test_options_that_do_not_give_the_digest_are_refused(void **state)
{
    json_t   *document = document_of_two();
    json_t   *first    = json_array_get(json_object_get(document, "cases"), 0);
    cx_plan_t plan;

    (void)state;
    json_object_set_new(json_object_get(first, "options"), "dtype", json_string("bf16"));
    EXPECT_FAIL(CX_INVALID, "does not match its options",
                cx_plan_from_json(document, "place", &arena, &plan));
    json_decref(document);
}

static void test_descriptors_without_a_plan_are_refused(void **state)
{
    int       fd = memfd_create("test", MFD_CLOEXEC);
    cx_plan_t plan;

    (void)state;
    EXPECT_FAIL(CX_INVALID, "descriptor -1 holds no plan", cx_plan_from_fd(-1, &arena, &plan));
    EXPECT_FAIL(CX_INVALID, "holds no plan", cx_plan_from_fd(fd, &arena, &plan));
    assert_int_equal(write(fd, "{\"a\":", 5), 5);
    EXPECT_FAIL(CX_INVALID, "plan:1:5: ", cx_plan_from_fd(fd, &arena, &plan));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plan_comes_back),
        cmocka_unit_test(test_a_plan_travels_through_a_descriptor_to_many),
        cmocka_unit_test(test_what_is_no_plan_is_refused),
        cmocka_unit_test(test_options_that_do_not_give_the_digest_are_refused),
        cmocka_unit_test(test_descriptors_without_a_plan_are_refused),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
