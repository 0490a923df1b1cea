/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the times that backends took to open, over cases and launches. */
#include "cli/open_times.h"

#include "records.h"

/* A launch whose record knows the time; negative: it does not. */
static json_t *launch(double open_us)
{
    return open_us < 0 ? json_pack("{s{sn}}", "time", "backend_open_us")
                       : json_pack("{s{sf}}", "time", "backend_open_us", open_us);
}

static void test_a_line_for_each_backend_that_is_known(void **state)
{
    const cx_style_t      style = {.is_utf8 = false, .column_count = 100};
    const cx_result_set_t set   = {.is_verbose = true};
    json_t *launches[5] = {launch(2500), launch(1250), launch(999), launch(-1), json_object()};
    const json_t *const first[2]    = {launches[0], launches[3]};
    const json_t *const second[1]   = {launches[1]};
    const json_t *const third[1]    = {launches[2]};
    const json_t *const fourth[2]   = {launches[3], launches[4]};
    cx_result_case_t    cases[4]    = {{.label = "nccl", .launches = first, .launch_count = 2},
                                       {.label = "hostref", .launches = third, .launch_count = 1},
                                       {.label = "nccl", .launches = second, .launch_count = 1},
                                       {.label = "mpi", .launches = fourth, .launch_count = 2}};
    cx_result_case_t   *in_order[4] = {&cases[0], &cases[1], &cases[2], &cases[3]};
    cx_result_view_t    view        = {.case_count = 4, .cases = in_order};
    cx_page_t           page        = {.style = &style, .set = &set};
    capture_t           capture;
    char               *text;

    (void)state;
    page.out = capture_open(&capture);
    cx_open_times_print(&page, &view);
    text = capture_close(&capture);
    assert_string_equal(text, "backend open: 1.25 ms to 2.50 ms nccl, slowest rank\n"
                              "backend open: 999 us hostref, slowest rank\n");
    free(text);
    for (size_t i = 0; i < LENGTH(launches); i++) {
        json_decref(launches[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_for_each_backend_that_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
