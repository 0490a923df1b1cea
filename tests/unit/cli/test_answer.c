/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what is claimed in words and in JSON: latency, peak, who wins where, and ties. */
#include "cli/answer.h"

#include "records.h"

typedef struct fixture {
    cx_arena_t       arena;
    json_t          *records;
    cx_answer_list_t list;
} fixture_t;

static void derive(fixture_t *fixture, json_t *records)
{
    cx_result_view_t view;

    fixture->records = records;
    cx_arena_init(&fixture->arena);
    assert_int_equal(cx_result_view_read(records, &fixture->arena, &view), CX_OK);
    assert_int_equal(cx_answer_derive(&view, &fixture->arena, &fixture->list), CX_OK);
}

static void drop(fixture_t *fixture)
{
    cx_arena_fini(&fixture->arena);
    json_decref(fixture->records);
}

static void check_sentence(const fixture_t *fixture, int64_t index, const char *expected)
{
    const cx_style_t style = {0};
    cx_text_t        text;

    cx_text_init(&text, 4096);
    cx_answer_say(&fixture->list.answers[index], &style, &text);
    assert_string_equal(text.bytes, expected);
    cx_text_fini(&text);
}

static const spec_t hostref = {.backend          = "hostref",
                               .count            = 4,
                               .first_us         = 0.5,
                               .factor           = 2,
                               .half_width_ratio = 0.015,
                               .bad_index        = -1};

static spec_t mpi(double first_us, double factor)
{
    spec_t spec = hostref;

    spec.backend  = "mpi";
    spec.first_us = first_us;
    spec.factor   = factor;
    return spec;
}

static void test_one_backend_says_latency_and_peak(void **state)
{
    (void)state;
    fixture_t fixture;

    derive(&fixture, make_records(&hostref, 1));
    assert_int_equal(fixture.list.count, 1);
    assert_int_equal(fixture.list.answers[0].span_count, 0);
    check_sentence(&fixture, 0,
                   "all_reduce fp32 sum: 0.500 us p50 at 8 B, peak busbw 0.128 GB/s at 512 B "
                   "(hostref, 2 ranks, isolated)");
    drop(&fixture);
}

static void test_the_distance_to_the_floor_is_said_where_it_is_known(void **state)
{
    (void)state;
    spec_t    spec = hostref;
    fixture_t fixture;

    spec.floor_ratio = 1.4;
    derive(&fixture, make_records(&spec, 1));
    check_sentence(&fixture, 0,
                   "all_reduce fp32 sum: 0.500 us p50 at 8 B, 1.40 x the floor, peak busbw 0.128 "
                   "GB/s at 512 B, 1.40 x the floor (hostref, 2 ranks, isolated)");
    drop(&fixture);
}

static void test_a_winner_at_all_sizes_is_one_span(void **state)
{
    (void)state;
    const spec_t specs[] = {hostref, mpi(1.0, 2)};
    fixture_t    fixture;

    derive(&fixture, make_records(specs, 2));
    check_sentence(&fixture, 0,
                   "all_reduce fp32 sum: 0.500 us p50 at 8 B, peak busbw 0.128 GB/s at 512 B "
                   "(hostref, 2 ranks, isolated); hostref is 2.00x faster than mpi at 8 B to 512 B "
                   "(intervals disjoint)");
    drop(&fixture);
}

static void test_win_tie_and_loss_are_three_spans(void **state)
{
    (void)state;
    /* hostref 0.5 1 2 4; mpi 1 1.4 1.96 2.744 */
    const spec_t specs[] = {hostref, mpi(1.0, 1.4)};
    fixture_t    fixture;

    derive(&fixture, make_records(specs, 2));
    assert_int_equal(fixture.list.answers[0].span_count, 3);
    check_sentence(&fixture, 0,
                   "all_reduce fp32 sum: 0.500 us p50 at 8 B with hostref, peak busbw 0.187 GB/s "
                   "at 512 B with mpi (2 ranks, isolated); hostref is 1.40x to 2.00x faster than "
                   "mpi at 8 B to 32 B (intervals disjoint); mpi and hostref tie at 128 B "
                   "(intervals overlap); mpi is 1.46x faster than hostref at 512 B");
    drop(&fixture);
}

static void test_a_wrong_result_wins_nothing(void **state)
{
    (void)state;
    spec_t    specs[] = {hostref, mpi(0.1, 2)};
    fixture_t fixture;

    specs[1].count     = 1;
    specs[1].status    = "incorrect";
    specs[1].bad_index = 0;
    derive(&fixture, make_records(specs, 2));
    assert_string_equal(fixture.list.answers[0].fastest_case->label, "hostref");
    assert_int_equal(fixture.list.answers[0].span_count, 0);
    drop(&fixture);
}

static void test_nothing_valid_says_why(void **state)
{
    (void)state;
    spec_t    spec = hostref;
    fixture_t fixture;

    spec.count  = 0;
    spec.status = "unsupported";
    spec.detail = "no accelerator";
    derive(&fixture, make_records(&spec, 1));
    check_sentence(&fixture, 0,
                   "all_reduce fp32 sum: no valid result (hostref, 2 ranks, isolated): "
                   "unsupported: no accelerator");
    drop(&fixture);
}

static void test_unverified_numbers_say_so(void **state)
{
    (void)state;
    spec_t    spec = hostref;
    fixture_t fixture;

    spec.is_unverified = true;
    spec.op            = "barrier";
    spec.count         = 1;
    derive(&fixture, make_records(&spec, 1));
    check_sentence(&fixture, 0, "barrier: 0.500 us p50 (hostref, 2 ranks, isolated, not verified)");
    drop(&fixture);
}

static void test_a_third_backend_does_not_split_a_win(void **state)
{
    (void)state;
    /* second is nccl at 8 B and 32 B, mpi from 128 B on */
    spec_t    specs[] = {hostref, mpi(2, 1.9), mpi(1.5, 2.3)};
    fixture_t fixture;

    specs[2].backend = "nccl";
    derive(&fixture, make_records(specs, 3));
    assert_int_equal(fixture.list.answers[0].span_count, 1);
    assert_null(fixture.list.answers[0].spans[0].runner_up);
    assert_string_equal(fixture.list.answers[0].spans[0].leader, "hostref");
    drop(&fixture);
}

static void test_json_has_the_numbers_of_the_sentence(void **state)
{
    (void)state;
    const spec_t  specs[] = {hostref, mpi(1.0, 1.4)};
    fixture_t     fixture;
    json_t       *answer, *spans;
    const json_t *group;

    derive(&fixture, make_records(specs, 2));
    answer = cx_answer_groups_to_json(&fixture.list);
    group  = json_array_get(answer, 0);
    spans  = json_object_get(group, "spans");
    assert_string_equal(json_string_value(json_object_get(group, "op")), "all_reduce");
    assert_near(json_real_value(json_object_get(json_object_get(group, "fastest"), "time_us_p50")),
                0.5, 1e-12);
    assert_near(
        json_real_value(json_object_get(json_object_get(group, "peak"), "busbw_bytes_per_s")),
        512 / 2.744 * 1e6, 1);
    assert_int_equal(json_array_size(spans), 3);
    assert_true(json_is_true(json_object_get(json_array_get(spans, 1), "is_tie")));
    assert_near(json_real_value(json_object_get(json_array_get(spans, 0), "ratio_max")), 2, 1e-12);
    json_decref(answer);
    drop(&fixture);
}

static void test_no_records_give_no_answers(void **state)
{
    (void)state;
    fixture_t fixture;
    json_t   *answer;

    derive(&fixture, json_array());
    assert_int_equal(fixture.list.count, 0);
    answer = cx_answer_groups_to_json(&fixture.list);
    assert_int_equal(json_array_size(answer), 0);
    json_decref(answer);
    drop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_backend_says_latency_and_peak),
        cmocka_unit_test(test_the_distance_to_the_floor_is_said_where_it_is_known),
        cmocka_unit_test(test_a_winner_at_all_sizes_is_one_span),
        cmocka_unit_test(test_win_tie_and_loss_are_three_spans),
        cmocka_unit_test(test_a_wrong_result_wins_nothing),
        cmocka_unit_test(test_nothing_valid_says_why),
        cmocka_unit_test(test_unverified_numbers_say_so),
        cmocka_unit_test(test_a_third_backend_does_not_split_a_win),
        cmocka_unit_test(test_json_has_the_numbers_of_the_sentence),
        cmocka_unit_test(test_no_records_give_no_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
