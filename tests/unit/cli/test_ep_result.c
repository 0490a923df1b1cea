/* SPDX-License-Identifier: Apache-2.0 */
/* Tests how cases of expert parallelism are laid together: regimes, sizes, launches, backends. */
#include "cli/ep_result.h"

#include "ep_records.h"

typedef struct fixture {
    cx_arena_t       arena;
    json_t          *records;
    cx_result_view_t view;
    cx_ep_results_t  results;
} fixture_t;

static void read_specs(fixture_t *fixture, const ep_spec_t *specs, int64_t count)
{
    fixture->records = ep_records(specs, count);
    cx_arena_init(&fixture->arena);
    assert_int_equal(cx_result_view_read(fixture->records, &fixture->arena, &fixture->view), CX_OK);
    assert_int_equal(cx_ep_results_read(&fixture->view, &fixture->arena, &fixture->results), CX_OK);
}

static void drop(fixture_t *fixture)
{
    cx_arena_fini(&fixture->arena);
    json_decref(fixture->records);
}

static const ep_spec_t isolated = {.backend     = "hostref",
                                   .regime      = "isolated",
                                   .count       = 4,
                                   .first_us    = 80,
                                   .factor      = 1.5,
                                   .wrong_index = -1};

static ep_spec_t with(const char *regime, const char *backend, double first_us)
{
    ep_spec_t spec = isolated;

    spec.regime   = regime;
    spec.backend  = backend;
    spec.first_us = first_us;
    return spec;
}

static void test_regimes_of_one_work_are_laid_together(void **state)
{
    (void)state;
    const ep_spec_t            specs[] = {isolated, with("steady", "hostref", 60)};
    fixture_t                  fixture;
    const cx_ep_result_t      *work;
    const cx_ep_result_rung_t *rung;

    read_specs(&fixture, specs, 2);
    assert_int_equal(fixture.results.work_count, 1);
    work = fixture.results.works[0];
    assert_non_null(work->isolated);
    assert_non_null(work->steady);
    assert_int_equal(work->rung_count, 4);
    rung = &work->rungs[1];
    assert_int_equal(rung->tokens_per_rank, 8);
    assert_true(rung->headline == &rung->parts[CX_COMPONENT_PAIR_PERIOD]);
    assert_near(rung->headline->time_us_p50, 90, 1e-9);
    assert_near(rung->parts[CX_COMPONENT_ROUNDTRIP].time_us_p50, 120, 1e-9);
    assert_near(rung->isolated_sum_us_p50, 132, 1e-9);
    assert_true(isnan(rung->parts[CX_COMPONENT_STAGE].time_us_p50));
    /* 2 phases of 3 copies of 8 tokens of 4 ranks, 14336 bytes each, in 90 us, by 4 ranks */
    assert_near(rung->logical_bytes_per_s_per_rank, 2.0 * 3 * 8 * 14336 / 90e-6, 1);
    assert_true(isnan(rung->assigned_bytes_per_s_per_rank));
    assert_true(cx_ep_result_is_ranked(rung));
    drop(&fixture);
}

static void test_rows_that_go_by_expert_have_a_rate_of_assignments(void **state)
{
    (void)state;
    ep_spec_t                  spec = isolated;
    fixture_t                  fixture;
    const cx_ep_result_rung_t *rung;

    spec.is_by_expert = true;
    read_specs(&fixture, &spec, 1);
    rung = &fixture.results.works[0]->rungs[0];
    /* 8 experts of a token instead of 3 ranks */
    assert_near(rung->assigned_bytes_per_s_per_rank / rung->logical_bytes_per_s_per_rank, 8.0 / 3,
                1e-9);
    drop(&fixture);
}

static void test_the_round_trip_stands_in_where_there_is_no_chain(void **state)
{
    (void)state;
    fixture_t fixture;

    read_specs(&fixture, &isolated, 1);
    assert_null(fixture.results.works[0]->steady);
    assert_true(fixture.results.works[0]->rungs[0].headline ==
                &fixture.results.works[0]->rungs[0].parts[CX_COMPONENT_ROUNDTRIP]);
    drop(&fixture);
}

static void test_backends_share_a_group_and_are_ranked(void **state)
{
    (void)state;
    const ep_spec_t specs[] = {with("steady", "hostref", 60), with("steady", "mpi", 90),
                               with("isolated", "hostref", 80)};
    fixture_t       fixture;

    read_specs(&fixture, specs, 3);
    assert_int_equal(fixture.results.work_count, 2);
    assert_int_equal(fixture.results.works[0]->group_index, fixture.results.works[1]->group_index);
    assert_int_equal(fixture.results.works[0]->rungs[0].headline->standing, CX_STANDING_BEST);
    assert_int_equal(fixture.results.works[1]->rungs[0].headline->standing, CX_STANDING_BEHIND);
    assert_near(fixture.results.works[1]->rungs[0].headline->vs_best_ratio, 1.5, 1e-9);
    drop(&fixture);
}

static void test_routings_and_places_are_works_of_their_own(void **state)
{
    (void)state;
    ep_spec_t specs[] = {isolated, isolated};
    fixture_t fixture;

    specs[1].routing = "zipf";
    read_specs(&fixture, specs, 2);
    assert_int_equal(fixture.results.work_count, 2);
    assert_int_not_equal(fixture.results.works[0]->group_index,
                         fixture.results.works[1]->group_index);
    assert_string_equal(cx_ep_result_routing(fixture.results.works[1], &fixture.arena), "zipf 1");
    drop(&fixture);
}

static void test_launches_give_their_median(void **state)
{
    (void)state;
    ep_spec_t                  specs[] = {isolated, isolated, isolated};
    fixture_t                  fixture;
    const cx_ep_result_rung_t *rung;

    specs[1].launch   = 1;
    specs[1].first_us = 100;
    specs[2].launch   = 2;
    specs[2].first_us = 90;
    read_specs(&fixture, specs, 3);
    assert_int_equal(fixture.results.work_count, 1);
    rung = &fixture.results.works[0]->rungs[0];
    assert_near(rung->headline->time_us_p50, 90, 1e-9);
    assert_near(rung->isolated_sum_us_p50, 99, 1e-9);
    assert_int_equal(rung->parts[CX_COMPONENT_DISPATCH].launch_count, 3);
    drop(&fixture);
}

static void test_one_wrong_launch_is_wrong(void **state)
{
    (void)state;
    ep_spec_t                  specs[] = {isolated, isolated};
    fixture_t                  fixture;
    const cx_ep_result_rung_t *rung;

    specs[1].launch      = 1;
    specs[1].wrong_index = 2;
    specs[1].status      = "incorrect";
    read_specs(&fixture, specs, 2);
    rung = &fixture.results.works[0]->rungs[2];
    assert_false(rung->is_right);
    assert_string_equal(rung->failed_checks, "combine-values");
    assert_string_equal(rung->status, "incorrect");
    assert_false(cx_ep_result_is_ranked(rung));
    assert_true(cx_ep_result_is_ranked(&fixture.results.works[0]->rungs[1]));
    drop(&fixture);
}

static void test_the_size_that_is_said_first(void **state)
{
    (void)state;
    fixture_t             fixture;
    const cx_ep_result_t *work;

    read_specs(&fixture, &isolated, 1);
    work = fixture.results.works[0];
    assert_int_equal(cx_ep_result_headline(work)->tokens_per_rank, 64); /* 512 is above 128 */
    assert_int_equal(cx_ep_result_largest(work)->tokens_per_rank, 512);
    drop(&fixture);
}

static void test_a_case_that_failed_early_stands_with_its_work(void **state)
{
    (void)state;
    ep_spec_t specs[] = {isolated, with("steady", "hostref", 60)};
    fixture_t fixture;

    specs[1].count  = 0;
    specs[1].status = "timeout";
    specs[1].detail = "rank 3 is silent";
    read_specs(&fixture, specs, 2);
    assert_int_equal(fixture.results.work_count, 1);
    assert_string_equal(fixture.results.works[0]->steady->status, "timeout");
    assert_int_equal(fixture.results.works[0]->rung_count, 4);
    assert_non_null(cx_ep_result_headline(fixture.results.works[0]));
    drop(&fixture);
}

static void test_names(void **state)
{
    (void)state;
    ep_spec_t             spec = isolated;
    fixture_t             fixture;
    const cx_ep_result_t *work;

    spec.precision = "mxfp8";
    spec.routing   = "hotspot";
    spec.eplb      = "32";
    read_specs(&fixture, &spec, 1);
    work = fixture.results.works[0];
    assert_string_equal(cx_ep_result_shape(work, &fixture.arena), "deepseek-v3");
    assert_string_equal(cx_ep_result_codecs(work, &fixture.arena), "mxfp8 dispatch, bf16 combine");
    assert_string_equal(cx_ep_result_routing(work, &fixture.arena), "hotspot, eplb 32");
    drop(&fixture);
}

/* Printing never fails for what a record does not know. */
static void test_documents_that_lack_everything(void **state)
{
    (void)state;
    fixture_t fixture;

    fixture.records = json_pack("[{s{s{ss}}},{s{s{ss}},s[{sI}n],s[n,i]}]", "case", "family",
                                "value", "ep", "case", "family", "value", "ep", "rows",
                                "requested_bytes", (json_int_t)5, "points", 7);
    assert_non_null(fixture.records);
    cx_arena_init(&fixture.arena);
    assert_int_equal(cx_result_view_read(fixture.records, &fixture.arena, &fixture.view), CX_OK);
    assert_int_equal(cx_ep_results_read(&fixture.view, &fixture.arena, &fixture.results), CX_OK);
    for (int64_t i = 0; i < fixture.results.work_count; i++) {
        assert_null(cx_ep_result_headline(fixture.results.works[i]));
    }
    drop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regimes_of_one_work_are_laid_together),
        cmocka_unit_test(test_rows_that_go_by_expert_have_a_rate_of_assignments),
        cmocka_unit_test(test_the_round_trip_stands_in_where_there_is_no_chain),
        cmocka_unit_test(test_backends_share_a_group_and_are_ranked),
        cmocka_unit_test(test_routings_and_places_are_works_of_their_own),
        cmocka_unit_test(test_launches_give_their_median),
        cmocka_unit_test(test_one_wrong_launch_is_wrong),
        cmocka_unit_test(test_the_size_that_is_said_first),
        cmocka_unit_test(test_a_case_that_failed_early_stands_with_its_work),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_documents_that_lack_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
