/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the derivation of publication classes: each fact alone lowers the class as its row says. */
#include "judge/publication.h"

#include "support/expect.h"

#include <math.h>

static const cx_judge_facts_t spotless = {
    .status         = CX_OK,
    .row_count      = 3,
    .launch_count   = CX_OFFICIAL_LAUNCH_COUNT_MIN,
    .timed_count    = 100,
    .verified_count = 100,
    .is_verified    = true,
    .has_output     = true,
    .has_provenance = true,
    .is_settled     = true,
};

static void expect(const cx_judge_facts_t *facts, cx_reason_t reason, cx_publication_class_t level)
{
    cx_publication_t publication = cx_judge(facts);

    assert_int_equal(publication.reasons, UINT32_C(1) << reason);
    assert_int_equal(publication.level, level);
    assert_int_equal(cx_reason_best(reason), level);
}

static void test_nothing_against_it_is_official(void **state)
{
    (void)state;
    cx_publication_t publication = cx_judge(&spotless);

    assert_int_equal(publication.level, CX_PUBLICATION_OFFICIAL);
    assert_int_equal(publication.reasons, 0);
}

/* All is spotless but for this. */
#define EXPECT(change, reason, level) \
    (facts = spotless, facts.change, expect(&facts, CX_REASON_##reason, CX_PUBLICATION_##level))

static void test_each_fact_lowers_the_class(void **state)
{
    (void)state;
    cx_judge_facts_t facts;

    EXPECT(row_count = 0, NO_ROWS, FAILED);
    EXPECT(verified_count = 0, NO_EVIDENCE, INVALID);
    EXPECT(is_under_floor = true, UNDER_FLOOR, INVALID);
    EXPECT(is_settled = false, NOT_SETTLED, DIAGNOSTIC);
    EXPECT(is_verified = false, NOT_VERIFIED, DIAGNOSTIC);
    EXPECT(moves_no_data = true, MOVES_NO_DATA, DIAGNOSTIC);
    EXPECT(is_disturbed = true, DISTURBED, DIAGNOSTIC);
    EXPECT(is_oversubscribed = true, OVERSUBSCRIBED, DIAGNOSTIC);
    EXPECT(is_mixed = true, MIXED_DEVICES, DIAGNOSTIC);
    EXPECT(is_debug_build = true, DEBUG_BUILD, DIAGNOSTIC);
    EXPECT(is_git_dirty = true, GIT_DIRTY, DIAGNOSTIC);
    EXPECT(verified_count = 99, PARTLY_VERIFIED, COMPARABLE);
    EXPECT(is_imported = true, IMPORTED, COMPARABLE);
    EXPECT(has_provenance = false, NO_PROVENANCE, COMPARABLE);
    EXPECT(is_fast = true, FAST_SAMPLING, COMPARABLE);
    EXPECT(launch_count = CX_OFFICIAL_LAUNCH_COUNT_MIN - 1, FEW_LAUNCHES, COMPARABLE);
}

static void test_each_status_has_its_class(void **state)
{
    (void)state;
    static const cx_publication_class_t levels[CX_STATUS_COUNT] = {
        [CX_OK] = CX_PUBLICATION_OFFICIAL,         [CX_UNSUPPORTED] = CX_PUBLICATION_FAILED,
        [CX_INVALID] = CX_PUBLICATION_INVALID,     [CX_INCORRECT] = CX_PUBLICATION_INVALID,
        [CX_UNSTABLE] = CX_PUBLICATION_DIAGNOSTIC, [CX_TIMEOUT] = CX_PUBLICATION_FAILED,
        [CX_PEER] = CX_PUBLICATION_FAILED,         [CX_BACKEND] = CX_PUBLICATION_FAILED,
        [CX_DEVICE] = CX_PUBLICATION_FAILED,       [CX_RESOURCE] = CX_PUBLICATION_FAILED,
        [CX_INTERNAL] = CX_PUBLICATION_FAILED,
    };

    for (int i = 0; i <= CX_STATUS_COUNT; i++) {
        cx_judge_facts_t facts = spotless;

        facts.status = (cx_status_t)i; /* one past the last: a slug nobody knows */
        assert_int_equal(cx_judge(&facts).level,
                         i == CX_STATUS_COUNT ? CX_PUBLICATION_FAILED : levels[i]);
    }
}

static void test_a_barrier_has_nothing_to_verify(void **state)
{
    (void)state;
    cx_judge_facts_t facts = spotless;

    facts.has_output     = false;
    facts.verified_count = 0;
    assert_int_equal(cx_judge(&facts).level, CX_PUBLICATION_OFFICIAL);
}

static void test_the_worst_reason_decides_and_all_are_named(void **state)
{
    (void)state;
    cx_judge_facts_t facts = spotless;
    cx_publication_t publication;

    facts.launch_count = 1;
    facts.is_git_dirty = true;
    facts.status       = CX_INCORRECT;
    publication        = cx_judge(&facts);
    assert_int_equal(publication.level, CX_PUBLICATION_INVALID);
    assert_int_equal(publication.reasons, 1u << CX_REASON_INCORRECT | 1u << CX_REASON_GIT_DIRTY |
                                              1u << CX_REASON_FEW_LAUNCHES);
}

static void test_under_the_floor_is_the_whole_interval_beyond_the_tolerance(void **state)
{
    (void)state;
    const double unknown = (double)NAN;
    const struct {
        double time_us, high_us, floor_us;
        bool   is_under;
    } rows[] = {
        {12, 13, 10, false},           {9, 10.5, 10, false},
        {9.9, 9.9, 10, false},         {9, 9.5, 10, true},
        {9, unknown, 10, true},        {9, 9, unknown, false},
        {unknown, unknown, 10, false},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        assert_int_equal(cx_judge_floor(rows[i].time_us, rows[i].high_us, rows[i].floor_us),
                         rows[i].is_under);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_under_the_floor_is_the_whole_interval_beyond_the_tolerance),
        cmocka_unit_test(test_nothing_against_it_is_official),
        cmocka_unit_test(test_each_fact_lowers_the_class),
        cmocka_unit_test(test_each_status_has_its_class),
        cmocka_unit_test(test_a_barrier_has_nothing_to_verify),
        cmocka_unit_test(test_the_worst_reason_decides_and_all_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
