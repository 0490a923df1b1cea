/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what is claimed of expert parallelism in words and in JSON: pairs, shares, verdicts,
 * contrasts. */
#include "cli/ep_answer.h"

#include "ep_records.h"

typedef struct fixture {
    cx_arena_t      arena;
    json_t         *records;
    cx_ep_results_t results;
} fixture_t;

static void read_specs(fixture_t *fixture, const ep_spec_t *specs, int64_t count)
{
    cx_result_view_t view;

    fixture->records = ep_records(specs, count);
    cx_arena_init(&fixture->arena);
    assert_int_equal(cx_result_view_read(fixture->records, &fixture->arena, &view), CX_OK);
    assert_int_equal(cx_ep_results_read(&view, &fixture->arena, &fixture->results), CX_OK);
}

static void drop(fixture_t *fixture)
{
    cx_arena_fini(&fixture->arena);
    json_decref(fixture->records);
}

static void check_sentence(fixture_t *fixture, int64_t index, const char *expected)
{
    const cx_style_t style = {0};
    cx_text_t        text;

    cx_text_init(&text, 4096);
    cx_ep_answer_say(fixture->results.works[index], &style, &fixture->arena, &text);
    assert_string_equal(text.bytes, expected);
    cx_text_fini(&text);
}

static void check_contrast(fixture_t *fixture, const cx_ep_contrast_t *contrast,
                           const char *expected)
{
    cx_text_t text;

    cx_text_init(&text, 4096);
    cx_ep_contrast_say(contrast, &fixture->arena, &text);
    assert_string_equal(text.bytes, expected);
    cx_text_fini(&text);
}

static const ep_spec_t steady = {.backend     = "hostref",
                                 .regime      = "steady",
                                 .count       = 4,
                                 .first_us    = 60,
                                 .factor      = 1.5,
                                 .wrong_index = -1};

static ep_spec_t routed(const char *routing, const char *eplb, double factor)
{
    ep_spec_t spec = steady;

    spec.routing = routing;
    spec.eplb    = eplb;
    spec.factor  = factor;
    return spec;
}

static void test_a_pair_in_words(void **state)
{
    (void)state;
    fixture_t fixture;

    read_specs(&fixture, &steady, 1);
    check_sentence(&fixture, 0,
                   "hostref, 4 ranks, normal, deepseek-v3, bf16: a dispatch+combine pair takes 135 "
                   "us at 64 tokens per rank (95 % interval 132 to 138 us), 1.50x that at 512; "
                   "dispatch 60%, combine 40%; every checked output was right");
    drop(&fixture);
}

static void test_a_round_trip_of_one_size_not_verified(void **state)
{
    (void)state;
    ep_spec_t spec = routed("zipf", "32", 1);
    fixture_t fixture;

    spec.regime        = "isolated";
    spec.precision     = "mxfp8";
    spec.count         = 1;
    spec.is_unverified = true;
    read_specs(&fixture, &spec, 1);
    check_sentence(&fixture, 0,
                   "hostref, 4 ranks, normal, deepseek-v3, mxfp8 dispatch, bf16 combine, zipf 1, "
                   "eplb 32: a dispatch+combine round trip takes 60.0 us at 1 token per rank (95 % "
                   "interval 58.8 to 61.2 us); dispatch 60%, combine 40%; not verified");
    drop(&fixture);
}

static void test_wrong_outputs_are_shouted(void **state)
{
    (void)state;
    ep_spec_t spec = steady;
    fixture_t fixture;

    spec.wrong_index = 3;
    spec.status      = "incorrect";
    read_specs(&fixture, &spec, 1);
    check_sentence(&fixture, 0,
                   "hostref, 4 ranks, normal, deepseek-v3, bf16: a dispatch+combine pair takes 135 "
                   "us at 64 tokens per rank (95 % interval 132 to 138 us), 1.50x that at 512; "
                   "dispatch 60%, combine 40%; OUTPUTS WERE WRONG at 1 of 4 sizes: combine-values");
    drop(&fixture);
}

static void test_a_failure_says_why(void **state)
{
    (void)state;
    ep_spec_t spec = steady;
    fixture_t fixture;

    spec.count  = 0;
    spec.status = "unsupported";
    spec.detail = "no accelerator on this machine";
    read_specs(&fixture, &spec, 1);
    check_sentence(&fixture, 0,
                   "hostref, normal, deepseek-v3, bf16: no valid result (unsupported: no "
                   "accelerator on this machine)");
    drop(&fixture);
}

static void test_backends_are_ranked_in_words(void **state)
{
    (void)state;
    ep_spec_t                specs[] = {steady, steady};
    fixture_t                fixture;
    const cx_style_t         style  = {0};
    static const char *const ends[] = {"; the fastest backend here",
                                       "; 1.50x the time of the fastest backend here", NULL};

    specs[1].backend  = "mpi";
    specs[1].first_us = 90;
    read_specs(&fixture, specs, 2);
    for (int i = 0; ends[i]; i++) {
        cx_text_t text;

        cx_text_init(&text, 4096);
        cx_ep_answer_say(fixture.results.works[i], &style, &fixture.arena, &text);
        assert_non_null(strstr(text.bytes, ends[i]));
        cx_text_fini(&text);
    }
    drop(&fixture);
    specs[1].first_us = 60.5;
    read_specs(&fixture, specs, 2);
    check_sentence(&fixture, 0,
                   "hostref, 4 ranks, normal, deepseek-v3, bf16: a dispatch+combine pair takes 135 "
                   "us at 64 tokens per rank (95 % interval 132 to 138 us), 1.50x that at 512; "
                   "dispatch 60%, combine 40%; no order among the backends here (intervals "
                   "overlap); every checked output was right");
    drop(&fixture);
}

static void test_the_worst_routing_and_what_eplb_does(void **state)
{
    (void)state;
    const ep_spec_t   specs[] = {steady, routed("zipf", "0", 1.8), routed("hotspot", "0", 2.0),
                                 routed("zipf", "32", 1.6)};
    fixture_t         fixture;
    cx_ep_contrasts_t found;

    read_specs(&fixture, specs, 4);
    assert_int_equal(cx_ep_contrasts_derive(&fixture.results, &fixture.arena, &found), CX_OK);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.items[0].axis, CX_EP_AXIS_ROUTING);
    assert_int_equal(found.items[0].other_count, 2);
    check_contrast(&fixture, &found.items[0],
                   "hostref, normal, bf16: worst of 2: hotspot takes 1.00x (at T=1) to 2.37x (at "
                   "T=512) the time of uniform; intervals disjoint: longer at 3, shorter at 0 of 4 "
                   "sizes");
    assert_int_equal(found.items[1].axis, CX_EP_AXIS_EPLB);
    check_contrast(&fixture, &found.items[1],
                   "hostref, normal, bf16: zipf 1, eplb 32 takes 0.702x (at T=512) to 1.00x (at "
                   "T=1) the time of zipf 1; intervals disjoint: longer at 0, shorter at 3 of 4 "
                   "sizes");
    drop(&fixture);
}

static void test_no_contrast_across_backends_codecs_or_regimes(void **state)
{
    (void)state;
    ep_spec_t         specs[] = {steady, routed("zipf", "0", 1.8), routed("zipf", "0", 1.8),
                                 routed("zipf", "0", 1.8)};
    fixture_t         fixture;
    cx_ep_contrasts_t found;

    specs[1].backend   = "mpi";
    specs[2].precision = "mxfp8";
    specs[3].regime    = "isolated";
    read_specs(&fixture, specs, 4);
    assert_int_equal(cx_ep_contrasts_derive(&fixture.results, &fixture.arena, &found), CX_OK);
    assert_int_equal(found.count, 0);
    drop(&fixture);
}

static void test_wrong_sizes_are_in_no_contrast(void **state)
{
    (void)state;
    ep_spec_t         specs[] = {steady, routed("zipf", "0", 1.8)};
    fixture_t         fixture;
    cx_ep_contrasts_t found;

    specs[1].wrong_index = 3;
    read_specs(&fixture, specs, 2);
    assert_int_equal(cx_ep_contrasts_derive(&fixture.results, &fixture.arena, &found), CX_OK);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.items[0].contrast.rung_count, 3);
    assert_int_equal(found.items[0].contrast.ratio_max_rung, 64);
    drop(&fixture);
}

static void test_json_has_the_numbers_of_the_words(void **state)
{
    (void)state;
    const ep_spec_t specs[] = {steady, routed("zipf", "0", 1.8)};
    fixture_t       fixture;
    json_t         *answer, *work, *contrast;

    read_specs(&fixture, specs, 2);
    answer   = cx_ep_answer_to_json(&fixture.results, &fixture.arena);
    work     = json_array_get(json_object_get(answer, "works"), 0);
    contrast = json_array_get(json_object_get(answer, "contrasts"), 0);
    assert_near(json_real_value(json_object_get(json_object_get(work, "headline"), "time_us_p50")),
                135, 1e-9);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(work, "headline"), "component")),
        "pair-period");
    assert_true(json_is_true(json_object_get(work, "is_right")));
    assert_near(json_real_value(json_object_get(work, "dispatch_share_ratio")), 0.6, 1e-9);
    assert_string_equal(json_string_value(json_object_get(contrast, "axis")), "routing");
    assert_near(json_real_value(json_object_get(contrast, "ratio_max")), 1.728, 1e-9);
    json_decref(answer);
    drop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pair_in_words),
        cmocka_unit_test(test_a_round_trip_of_one_size_not_verified),
        cmocka_unit_test(test_wrong_outputs_are_shouted),
        cmocka_unit_test(test_a_failure_says_why),
        cmocka_unit_test(test_backends_are_ranked_in_words),
        cmocka_unit_test(test_the_worst_routing_and_what_eplb_does),
        cmocka_unit_test(test_no_contrast_across_backends_codecs_or_regimes),
        cmocka_unit_test(test_wrong_sizes_are_in_no_contrast),
        cmocka_unit_test(test_json_has_the_numbers_of_the_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
