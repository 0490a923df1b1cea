/* SPDX-License-Identifier: Apache-2.0 */
/* Family allreduce on nccl: what each algorithm imposes, and what is refused.
 * Not its numbers. */
#include "unit/nccl/kit.h"

typedef struct choice {
    const char    *library;
    cx_algorithm_t algorithm;
    int32_t        registration;
    const char    *variable; /* NCCL_ALGO of the process; NULL: unset */
    cx_status_t    status;
    const char    *words;
} choice_t;

static cx_status_t open_allreduce(fake_core_t *fake, const choice_t *choice, cx_session_t **out)
{
    const cx_shape_t shape = {.family    = CX_FAMILY_ALLREDUCE,
                              .op        = CX_COLLECTIVE_ALL_REDUCE,
                              .dtype     = CX_DTYPE_BF16,
                              .redop     = CX_REDOP_SUM,
                              .root_rank = -1,
                              .algorithm = choice->algorithm};

    kit_options = (kit_options_t){.registration = choice->registration};
    return kit_open(&fake->core, &shape, NULL, out);
}

/* On 2 ranks, or alone where the words say so. */
static int opening_rank(fake_core_t *fake, void *argument)
{
    const choice_t *choice       = argument;
    cx_session_t   *session      = NULL;
    int             failed_count = 0;

    if (choice->variable) {
        (void)setenv("NCCL_ALGO", choice->variable, 1);
    } else {
        (void)unsetenv("NCCL_ALGO");
    }
    failed_count += kit_begin(fake, choice->library);
    failed_count +=
        KIT_FAILS(choice->status, choice->words, open_allreduce(fake, choice, &session));
    failed_count += KIT_CHECK((session != NULL) == (choice->status == CX_OK));
    failed_count += KIT_CHECK((getenv("NCCL_ALGO") != NULL) == (choice->variable != NULL));
    if (session) {
        kit_ops->close(session);
    }
    return failed_count;
}

static void test_what_contradicts_itself_is_refused(void **state)
{
    static const choice_t choices[] = {
        {KIT_NEWEST, CX_ALGORITHM_DEFAULT, KIT_NONE, NULL, CX_OK, ""},
        {KIT_NEWEST, CX_ALGORITHM_DEFAULT, KIT_NONE, "Tree", CX_OK, ""},
        {KIT_NEWEST, CX_ALGORITHM_DEFAULT, KIT_USER_BUFFER, NULL, CX_OK, ""},
        {KIT_NEWEST, CX_ALGORITHM_RING, KIT_NONE, NULL, CX_OK, ""},
        {KIT_NEWEST, CX_ALGORITHM_TREE, KIT_USER_BUFFER, NULL, CX_OK, ""},
        {KIT_NEWEST, CX_ALGORITHM_SYMMETRIC, KIT_NONE, NULL, CX_OK, ""},
        {KIT_NEWEST, CX_ALGORITHM_RING, KIT_NONE, "Tree", CX_INVALID,
         "the variable NCCL_ALGO is set to Tree, so the case cannot choose an algorithm"},
        {KIT_NEWEST, CX_ALGORITHM_SYMMETRIC, KIT_NONE, "Ring", CX_INVALID, "NCCL_ALGO is set"},
        {KIT_NEWEST, CX_ALGORITHM_SYMMETRIC, KIT_USER_BUFFER, NULL, CX_INVALID,
         "leave out nccl-registration=user-buffer"},
        {KIT_NEWEST, CX_ALGORITHM_SYMMETRIC, KIT_SYMMETRIC, NULL, CX_INVALID,
         "nccl-registration=symmetric is said in family allreduce by --algorithm symmetric"},
        {KIT_NEWEST, CX_ALGORITHM_DEFAULT, KIT_SYMMETRIC, NULL, CX_INVALID,
         "--algorithm symmetric"},
        {"nccl-21805", CX_ALGORITHM_SYMMETRIC, KIT_NONE, NULL, CX_UNSUPPORTED,
         "needs NCCL 2.27 or later"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        choice_t choice = choices[i];

        assert_int_equal(fake_ranks_run(2, KIT_BUDGET_NS, opening_rank, &choice), 0);
    }
}

static void test_one_rank_has_no_algorithm(void **state)
{
    choice_t choice = {KIT_NEWEST, CX_ALGORITHM_RING, KIT_NONE,
                       NULL,       CX_UNSUPPORTED,    "one rank reduces with nobody"};

    (void)state;
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, opening_rank, &choice), 0);
}

/* 1 + 2^-8 + 2^-8 in bf16: in steps each half of the last bit is lost, at once they make one. The
 * stub adds in steps where it is told to be a ring, as NCCL's ring does. */
static int reducing_rank(fake_core_t *fake, void *argument)
{
    static const uint16_t inputs[3]    = {0x3f80, 0x3b80, 0x3b80};
    const choice_t       *choice       = argument;
    cx_session_t         *session      = NULL;
    int                   failed_count = kit_begin(fake, choice->library);
    cx_slot_t             slot;
    cx_point_t            point;
    uint16_t             *values;

    failed_count += KIT_CHECK(open_allreduce(fake, choice, &session) == CX_OK) ||
                    KIT_CHECK(kit_point(fake, &slot, &point) == CX_OK) ||
                    KIT_CHECK(kit_ops->prepare(session, &point) == CX_OK);
    if (failed_count > 0) {
        return failed_count;
    }
    values    = point.region;
    values[0] = inputs[fake->core.rank];
    failed_count += KIT_CHECK(kit_ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL) == CX_OK);
    failed_count += KIT_CHECK(*(uint16_t *)slot.recv ==
                              (choice->algorithm == CX_ALGORITHM_RING ? 0x3f80 : 0x3f81));
    kit_ops->release(session);
    kit_ops->close(session);
    return failed_count;
}

/* In one process, one behind the other: nothing of the ring is left for the next. */
static int changing_rank(fake_core_t *fake, void *argument)
{
    static const cx_algorithm_t algorithms[] = {CX_ALGORITHM_DEFAULT, CX_ALGORITHM_RING,
                                                CX_ALGORITHM_TREE, CX_ALGORITHM_RING,
                                                CX_ALGORITHM_SYMMETRIC};
    int                         failed_count = 0;

    (void)argument;
    (void)unsetenv("NCCL_ALGO");
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms && failed_count == 0; i++) {
        choice_t choice = {.library = KIT_NEWEST, .algorithm = algorithms[i]};

        failed_count += reducing_rank(fake, &choice);
    }
    return failed_count;
}

static void test_each_session_gets_what_it_asks_for(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(3, KIT_BUDGET_NS, changing_rank, NULL), 0);
}

static int probing_rank(fake_core_t *fake, void *argument)
{
    const choice_t *choice       = argument;
    int             failed_count = kit_begin(fake, choice->library);
    const bool      has_window   = strcmp(choice->library, "nccl-21805") != 0;

    failed_count += KIT_CHECK((kit_caps.families & CX_BIT(CX_FAMILY_ALLREDUCE)) != 0);
    failed_count += KIT_CHECK((kit_caps.algorithms & CX_BIT(CX_ALGORITHM_RING)) != 0);
    failed_count += KIT_CHECK((kit_caps.algorithms & CX_BIT(CX_ALGORITHM_TREE)) != 0);
    failed_count +=
        KIT_CHECK(((kit_caps.algorithms & CX_BIT(CX_ALGORITHM_SYMMETRIC)) != 0) == has_window);
    return failed_count + KIT_CHECK((kit_caps.algorithms & CX_BIT(CX_ALGORITHM_ONE_SHOT)) == 0);
}

static void test_it_offers_what_the_library_has(void **state)
{
    static const char *const libraries[] = {"nccl-21805", "nccl-22705", KIT_NEWEST};

    (void)state;
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        choice_t choice = {.library = libraries[i]};

        assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, probing_rank, &choice), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_contradicts_itself_is_refused),
        cmocka_unit_test(test_one_rank_has_no_algorithm),
        cmocka_unit_test(test_each_session_gets_what_it_asks_for),
        cmocka_unit_test(test_it_offers_what_the_library_has),
    };

    return kit_load("cx-backend-nccl.so") ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
