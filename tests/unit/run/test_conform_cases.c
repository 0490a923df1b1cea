/* SPDX-License-Identifier: Apache-2.0 */
/* Which cases a backend is put to: few, and yet any two choices meet in one of them. */
#include "unit/run/mock.h"

#include "model/case.h"

#define CASES_MAX 1024

/* What a walk came to. */
static struct {
    cx_case_t cases[CASES_MAX];
    int32_t   count;
} seen;

static cx_status_t keep(cx_conform_t *conform, const cx_case_t *one)
{
    (void)conform;
    assert_in_range(seen.count, 0, CASES_MAX - 1);
    seen.cases[seen.count++] = *one;
    return CX_OK;
}

/* The mock with all there is, to two ranks, which are never started. */
static void open_wide(mock_rank_t *rank)
{
    seen.count = 0;
    mock_rank_open(rank);
    mock_caps.families =
        CX_BIT(CX_FAMILY_COLLECTIVE) | CX_BIT(CX_FAMILY_ALLREDUCE) | CX_BIT(CX_FAMILY_LIMITS);
    mock_caps.collectives          = CX_BIT(CX_COLLECTIVE_COUNT) - 1;
    mock_caps.in_place_collectives = CX_BIT(CX_COLLECTIVE_BARRIER) - 1;
    mock_caps.dtypes               = CX_BIT(CX_DTYPE_COUNT) - 1;
    mock_caps.reduce_dtypes        = CX_BIT(CX_DTYPE_COUNT) - 1;
    mock_caps.redops               = CX_BIT(CX_REDOP_COUNT) - 1;
    mock_caps.algorithms           = CX_BIT(CX_ALGORITHM_RING) | CX_BIT(CX_ALGORITHM_TREE);
    mock_caps.limits               = CX_BIT(CX_LIMIT_SM_STORE) | CX_BIT(CX_LIMIT_LAUNCH);
    EXPECT_OK(cx_conform_probe(&rank->conform));
    rank->kit.context.core.rank_count = 2;
}

static void close_wide(mock_rank_t *rank)
{
    rank->kit.context.core.rank_count = 1;
    mock_rank_close(rank);
}

/* The value that a case has in one of the choices. */
enum { OP, ALGORITHM, DTYPE, REDOP, PLACEMENT, ROOT, CHOICE_COUNT };

static int64_t choice_of(const cx_case_t *one, int choice)
{
    const int64_t values[CHOICE_COUNT] = {one->op,    one->algorithm, one->dtype,
                                          one->redop, one->placement, one->root};

    return values[choice];
}

static bool agree_in(const cx_case_t *a, const cx_case_t *b, int choice)
{
    return choice_of(a, choice) == choice_of(b, choice);
}

static bool is_pair_seen(const cx_case_t *one, int first, int second)
{
    const bool is_of_op = first == OP || second == OP;

    for (int32_t i = 0; i < seen.count; i++) {
        if (seen.cases[i].op != CX_COLLECTIVE_BARRIER && seen.cases[i].family != CX_FAMILY_LIMITS &&
            (!is_of_op || seen.cases[i].family == one->family) &&
            agree_in(&seen.cases[i], one, first) && agree_in(&seen.cases[i], one, second)) {
            return true;
        }
    }
    return false;
}

static void expect_pairs_of(const cx_case_t *one)
{
    for (int first = 0; first < CHOICE_COUNT; first++) {
        for (int second = 0; second < first; second++) {
            if (!is_pair_seen(one, first, second)) {
                fail_msg("%s %s %s: choices %d and %d never met", cx_collective_slugs[one->op],
                         cx_dtype_slugs[one->dtype], cx_redop_slugs[one->redop], first, second);
            }
        }
    }
}

/* Each case that the mock offers, made here in another way than there. */
static void test_any_two_choices_meet(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_wide(&rank);
    EXPECT_OK(cx_conform_each_case(&rank.conform, CX_CONFORM_EVERY_PAIR, true, keep));
    for (int32_t place = 0; place < 2 * 2 * CX_COLLECTIVE_BARRIER * CX_DTYPE_COUNT; place++) {
        cx_case_t one = {.placement = place % 2,
                         .root      = place / 2 % 2,
                         .op        = place / 4 % CX_COLLECTIVE_BARRIER,
                         .dtype     = place / 4 / CX_COLLECTIVE_BARRIER};

        for (one.redop = 0; one.redop < CX_REDOP_COUNT; one.redop++) {
            cx_shape_t shape = cx_case_shape(&one);

            if ((one.root == 0 || shape.root_rank > 0) &&
                cx_collective_check_shape(&shape, 2) == CX_OK) {
                expect_pairs_of(&one);
            }
            cx_detail_clear();
        }
    }
    close_wide(&rank);
}

/* Types times reductions of five works with arithmetic, types of seven without, a barrier, a limit
 * of one mover and of all, and one that has none. */
static void test_there_are_few(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_wide(&rank);
    EXPECT_OK(cx_conform_each_case(&rank.conform, CX_CONFORM_EVERY_PAIR, true, keep));
    assert_int_equal(seen.count, 12 * 5 + 12 * 7 + 1 + 2 + 1);
    close_wide(&rank);
}

static int32_t count_seen(cx_family_t family, int64_t algorithm, int64_t limit)
{
    int32_t count = 0;

    for (int32_t i = 0; i < seen.count; i++) {
        count += seen.cases[i].family == (int32_t)family && seen.cases[i].algorithm == algorithm &&
                 seen.cases[i].limits.limit == limit;
    }
    return count;
}

static void test_algorithms_and_limits_are_work_as_operations_are(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_wide(&rank);
    EXPECT_OK(cx_conform_each_case(&rank.conform, CX_CONFORM_EVERY_OPERATION, true, keep));
    assert_int_equal(seen.count, CX_COLLECTIVE_COUNT + 2 + 2);
    assert_int_equal(count_seen(CX_FAMILY_COLLECTIVE, CX_ALGORITHM_DEFAULT, 0),
                     CX_COLLECTIVE_COUNT);
    assert_int_equal(count_seen(CX_FAMILY_ALLREDUCE, CX_ALGORITHM_TREE, 0), 1);
    assert_int_equal(count_seen(CX_FAMILY_LIMITS, CX_ALGORITHM_DEFAULT, CX_LIMIT_LAUNCH), 1);
    assert_int_equal(seen.cases[0].dtype, CX_DTYPE_FP32);
    seen.count                       = 0;
    rank.kit.context.core.rank_count = 1; /* reduces with nobody */
    EXPECT_OK(cx_conform_each_case(&rank.conform, CX_CONFORM_EVERY_OPERATION, true, keep));
    assert_int_equal(seen.count, CX_COLLECTIVE_COUNT + 2);
    close_wide(&rank);
}

static void test_a_backend_of_allreduce_alone_has_its_default(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_wide(&rank);
    rank.conform.caps.families    = CX_BIT(CX_FAMILY_ALLREDUCE);
    rank.conform.caps.collectives = CX_BIT(CX_COLLECTIVE_ALL_REDUCE);
    EXPECT_OK(cx_conform_each_case(&rank.conform, CX_CONFORM_EVERY_OPERATION, true, keep));
    assert_int_equal(seen.count, 3);
    assert_int_equal(count_seen(CX_FAMILY_ALLREDUCE, CX_ALGORITHM_DEFAULT, 0), 1);
    close_wide(&rank);
}

/* A type and an algorithm: each of them in turn with everything that is there. */
static void test_what_is_not_offered_is_asked_with_each_operation(void **state)
{
    const cx_case_t wanted = {.op = CX_COLLECTIVE_SEND_RECV, .dtype = CX_DTYPE_INT16};
    mock_rank_t     rank;

    (void)state;
    open_wide(&rank);
    rank.conform.caps.dtypes &= ~CX_BIT(CX_DTYPE_INT16);
    EXPECT_OK(cx_conform_each_case(&rank.conform, CX_CONFORM_EVERY_PAIR, false, keep));
    assert_true(is_pair_seen(&wanted, OP, DTYPE));
    assert_int_equal(count_seen(CX_FAMILY_LIMITS, CX_ALGORITHM_DEFAULT, CX_LIMIT_FLAG), 1);
    assert_true(count_seen(CX_FAMILY_ALLREDUCE, CX_ALGORITHM_SYMMETRIC, 0) > 0);
    assert_in_range(seen.count, 1, 80);
    close_wide(&rank);
}

/* ---- a backend that lies --------------------------------------------------------------------- */

static cx_case_t lie; /* two of its choices are those that the backend gets wrong */
static int       lie_first, lie_second;

static bool is_lie(const cx_shape_t *shape)
{
    const cx_case_t one = {.op        = (int32_t)shape->op,
                           .dtype     = (int32_t)shape->dtype,
                           .redop     = (int32_t)shape->redop,
                           .placement = shape->is_in_place};

    return agree_in(&one, &lie, lie_first) && agree_in(&one, &lie, lie_second);
}

static void expect_lie_found(mock_rank_t *rank, int first, int second)
{
    const char *said;

    lie_first  = first;
    lie_second = second;
    said       = mock_rank_check(rank, cx_conform_declared);
    if (!strstr(said, "cases, the first: ")) {
        fail_msg("%s %s %s, choices %d and %d: %s", cx_collective_slugs[lie.op],
                 cx_dtype_slugs[lie.dtype], cx_redop_slugs[lie.redop], first, second, said);
    }
}

/* Of everything that the mock declares, exactly two choices together are wrong. */
static void test_a_lie_about_one_pair_is_found(void **state)
{
    static const int32_t dtypes[] = {CX_DTYPE_INT8, CX_DTYPE_BF16, CX_DTYPE_FP32};
    mock_rank_t          rank;

    (void)state;
    mock_rank_open(&rank);
    mock_caps.collectives |= CX_BIT(CX_COLLECTIVE_REDUCE_SCATTER);
    mock_caps.in_place_collectives |= CX_BIT(CX_COLLECTIVE_REDUCE_SCATTER);
    mock_caps.dtypes        = CX_BIT(dtypes[0]) | CX_BIT(dtypes[1]) | CX_BIT(dtypes[2]);
    mock_caps.reduce_dtypes = mock_caps.dtypes;
    mock_caps.redops |= CX_BIT(CX_REDOP_PROD);
    EXPECT_OK(cx_conform_probe(&rank.conform));
    mock_rank_expect(&rank, cx_conform_declared, "ok");
    mock.is_wrong = is_lie;
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        lie = (cx_case_t){.op = CX_COLLECTIVE_ALL_GATHER, .dtype = dtypes[i]};
        expect_lie_found(&rank, OP, DTYPE);
        lie = (cx_case_t){.op = CX_COLLECTIVE_REDUCE_SCATTER, .dtype = dtypes[i], .placement = 1};
        expect_lie_found(&rank, OP, DTYPE);
        expect_lie_found(&rank, OP, PLACEMENT);
        expect_lie_found(&rank, DTYPE, PLACEMENT);
        for (lie.redop = CX_REDOP_SUM; lie.redop <= CX_REDOP_PROD; lie.redop++) {
            expect_lie_found(&rank, DTYPE, REDOP);
            expect_lie_found(&rank, OP, REDOP);
            expect_lie_found(&rank, REDOP, PLACEMENT);
        }
    }
    mock_rank_close(&rank);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void open_limits(mock_rank_t *rank)
{
    mock_rank_open(rank);
    mock_caps = (cx_caps_t){.families = CX_BIT(CX_FAMILY_LIMITS),
                            .limits   = CX_BIT(CX_LIMIT_MEMORY_COPY) | CX_BIT(CX_LIMIT_LAUNCH),
                            .devices  = "host sim"};
    EXPECT_OK(cx_conform_probe(&rank->conform));
    assert_true(rank->conform.can_run && rank->conform.has_case);
}

static void test_limits_are_checked_as_operations_are(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_limits(&rank);
    mock_rank_expect(&rank, cx_conform_declared, "ok");
    assert_int_equal(mock.open_count, 2);
    mock_rank_expect(&rank, cx_conform_back_to_back, "ok");
    mock.wrong_call = 7;
    mock_rank_expect(&rank, cx_conform_declared, "1 of 2 cases, the first: limit memory_copy: ");
    mock_rank_close(&rank);
}

static void test_a_limit_may_be_refused_but_not_all(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_limits(&rank);
    mock.refused_limits = CX_BIT(CX_LIMIT_LAUNCH);
    mock_rank_expect(&rank, cx_conform_declared, "ok");
    mock.refused_limits |= CX_BIT(CX_LIMIT_MEMORY_COPY);
    mock_rank_expect(&rank, cx_conform_declared,
                     "2 of 2 cases are refused, the first: limit memory_copy: no such limit");
    mock_rank_expect(&rank, cx_conform_device_failure, "skipped: no such limit");
    mock_rank_close(&rank);
}

static void test_a_refusal_is_at_open_and_has_a_sentence(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_limits(&rank);
    mock.refused_limits = CX_BIT(CX_LIMIT_LAUNCH);
    mock.open_is_mute   = true;
    mock_rank_expect(&rank, cx_conform_declared, "1 of 2 cases, the first: limit launch: ");
    mock.refused_limits = 0;
    mock.enqueue_status = CX_UNSUPPORTED;
    mock.enqueue_text   = "too late";
    mock_rank_expect(&rank, cx_conform_declared, "the first: limit memory_copy: too late");
    mock_rank_close(&rank);
}

static void test_limits_have_no_peer_that_could_be_absent(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_limits(&rank);
    mock_rank_expect(&rank, cx_conform_absent_peer,
                     "skipped: neither all_reduce nor barrier is offered");
    mock_rank_expect(&rank, cx_conform_wrong_input, "skipped: no operation is offered");
    mock_rank_close(&rank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_two_choices_meet),
        cmocka_unit_test(test_there_are_few),
        cmocka_unit_test(test_algorithms_and_limits_are_work_as_operations_are),
        cmocka_unit_test(test_a_backend_of_allreduce_alone_has_its_default),
        cmocka_unit_test(test_what_is_not_offered_is_asked_with_each_operation),
        cmocka_unit_test(test_a_lie_about_one_pair_is_found),
        cmocka_unit_test(test_limits_are_checked_as_operations_are),
        cmocka_unit_test(test_a_limit_may_be_refused_but_not_all),
        cmocka_unit_test(test_a_refusal_is_at_open_and_has_a_sentence),
        cmocka_unit_test(test_limits_have_no_peer_that_could_be_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
