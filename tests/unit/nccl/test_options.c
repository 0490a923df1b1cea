/* SPDX-License-Identifier: Apache-2.0 */
/* The options of nccl against what each version of the library has.
 * Not their parsing, which is the core's. */
#include "unit/nccl/kit.h"

typedef struct choice {
    const char     *library;
    kit_options_t   options;
    cx_collective_t op;
    cx_status_t     status;
    const char     *words;
} choice_t;

static int choosing_rank(fake_core_t *fake, void *argument)
{
    const choice_t  *choice       = argument;
    const cx_shape_t shape        = {.op = choice->op, .dtype = CX_DTYPE_FP32};
    int              failed_count = kit_begin(fake, choice->library);
    cx_session_t    *session      = NULL;

    kit_options = choice->options;
    failed_count +=
        KIT_FAILS(choice->status, choice->words, kit_open(&fake->core, &shape, NULL, &session));
    if (session) {
        kit_ops->close(session);
    }
    return failed_count + KIT_CHECK((session != NULL) == (choice->status == CX_OK));
}

typedef struct type_choice {
    const char     *library;
    cx_collective_t op;
    cx_dtype_t      dtype;
    const char     *words; /* NULL: the library has it */
} type_choice_t;

static int choosing_type(fake_core_t *fake, void *argument)
{
    const type_choice_t *choice       = argument;
    const cx_shape_t     shape        = {.op = choice->op, .dtype = choice->dtype};
    int                  failed_count = kit_begin(fake, choice->library);
    cx_session_t        *session      = NULL;

    failed_count +=
        KIT_FAILS(choice->words ? CX_UNSUPPORTED : CX_OK, choice->words ? choice->words : "",
                  kit_open(&fake->core, &shape, NULL, &session));
    if (session) {
        kit_ops->close(session);
    }
    return failed_count + KIT_CHECK((session != NULL) == (choice->words == NULL));
}

static void test_a_type_the_library_does_not_have_is_refused(void **state)
{
    static const type_choice_t choices[] = {
        {KIT_NEWEST, CX_COLLECTIVE_ALL_GATHER, CX_DTYPE_INT16, "has no type int16 ("},
        {KIT_NEWEST, CX_COLLECTIVE_ALL_GATHER, CX_DTYPE_BF16, NULL},
        {KIT_NEWEST, CX_COLLECTIVE_BARRIER, CX_DTYPE_INT16, NULL},
        {"nccl-2804", CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_BF16, "NCCL 2.8.4 has no type bf16 ("},
    };

    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        type_choice_t choice = choices[i];

        assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, choosing_type, &choice), 0);
    }
}

static void test_an_option_the_library_is_too_old_for_is_refused_with_its_version(void **state)
{
    static const choice_t choices[] = {
        {"nccl-21805",
         {KIT_USER_BUFFER, KIT_AUTO, 0, 0, KIT_FIXED},
         CX_COLLECTIVE_ALL_GATHER,
         CX_UNSUPPORTED,
         "nccl-registration=user-buffer needs NCCL 2.19 or later, this is 2.18.5 ("},
        {"nccl-21805",
         {KIT_SYMMETRIC, KIT_AUTO, 0, 0, KIT_FIXED},
         CX_COLLECTIVE_ALL_GATHER,
         CX_UNSUPPORTED,
         "nccl-registration=symmetric needs NCCL 2.27 or later"},
        {"nccl-22705",
         {KIT_SYMMETRIC, KIT_AUTO, 0, 0, KIT_FIXED},
         CX_COLLECTIVE_ALL_GATHER,
         CX_OK,
         ""},
        {"nccl-22705",
         {KIT_USER_BUFFER, KIT_AUTO, 0, 0, KIT_FIXED},
         CX_COLLECTIVE_ALL_GATHER,
         CX_OK,
         ""},
        {"nccl-2804",
         {KIT_NONE, KIT_AUTO, 0, 8, KIT_FIXED},
         CX_COLLECTIVE_ALL_GATHER,
         CX_UNSUPPORTED,
         "nccl-min-ctas (or nccl-max-ctas) needs NCCL 2.17 or later, this is 2.8.4 ("},
        {"nccl-2804", {KIT_NONE, KIT_AUTO, 0, 0, KIT_FIXED}, CX_COLLECTIVE_ALL_GATHER, CX_OK, ""},
        {"nccl-21805", {KIT_NONE, KIT_AUTO, 2, 8, KIT_FIXED}, CX_COLLECTIVE_ALL_GATHER, CX_OK, ""},
        {KIT_NEWEST, {KIT_NONE, KIT_AUTO, 2, 0, KIT_FIXED}, CX_COLLECTIVE_ALL_GATHER, CX_OK, ""},
        {KIT_NEWEST, {KIT_NONE, KIT_AUTO, 0, 8, KIT_FIXED}, CX_COLLECTIVE_ALL_GATHER, CX_OK, ""},
        {KIT_NEWEST,
         {KIT_NONE, KIT_AUTO, 9, 8, KIT_FIXED},
         CX_COLLECTIVE_ALL_GATHER,
         CX_BACKEND,
         "Invalid config min/max"},
        {"nccl-22705",
         {KIT_NONE, KIT_YES, 0, 0, KIT_FIXED},
         CX_COLLECTIVE_ALL_TO_ALL,
         CX_UNSUPPORTED,
         "nccl-native=yes: this NCCL has no ncclAlltoAll"},
        {"nccl-22705", {KIT_NONE, KIT_AUTO, 0, 0, KIT_FIXED}, CX_COLLECTIVE_ALL_TO_ALL, CX_OK, ""},
        {KIT_NEWEST, {KIT_NONE, KIT_YES, 0, 0, KIT_FIXED}, CX_COLLECTIVE_GATHER, CX_OK, ""},
        {KIT_NEWEST, {KIT_NONE, KIT_YES, 0, 0, KIT_FIXED}, CX_COLLECTIVE_ALL_GATHER, CX_OK, ""},
        {KIT_NEWEST,
         {KIT_NONE, KIT_YES, 0, 0, KIT_FIXED},
         CX_COLLECTIVE_SEND_RECV,
         CX_UNSUPPORTED,
         "has no single call for this operation"},
        {KIT_NEWEST, {KIT_NONE, KIT_NO, 0, 0, KIT_FIXED}, CX_COLLECTIVE_ALL_GATHER, CX_OK, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        choice_t choice = choices[i];

        assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, choosing_rank, &choice), 0);
    }
}

/* Told by the words of a failure, which name what was called. */
static int naming_rank(fake_core_t *fake, void *argument)
{
    const choice_t *choice       = argument;
    int             failed_count = kit_begin(fake, choice->library);
    cx_session_t   *session;
    cx_slot_t       slot;
    cx_point_t      point;

    kit_options = choice->options;
    session     = kit_session(fake, choice->op);
    failed_count += KIT_CHECK(session != NULL) ||
                    KIT_CHECK(kit_point(fake, &slot, &point) == CX_OK) ||
                    KIT_CHECK(kit_ops->prepare(session, &point) == CX_OK);
    (void)setenv("STUB_NCCL_FAULT", "operation:remote", 1);
    return failed_count ? failed_count
                        : KIT_FAILS(CX_PEER, choice->words,
                                    kit_ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL));
}

static void test_native_decides_what_is_called(void **state)
{
    static const choice_t choices[] = {
        {KIT_NEWEST, {.native = KIT_AUTO}, CX_COLLECTIVE_ALL_TO_ALL, CX_OK, "ncclAlltoAll failed"},
        {KIT_NEWEST, {.native = KIT_YES}, CX_COLLECTIVE_GATHER, CX_OK, "ncclGather failed"},
        {KIT_NEWEST, {.native = KIT_AUTO}, CX_COLLECTIVE_SCATTER, CX_OK, "ncclScatter failed"},
        {KIT_NEWEST, {.native = KIT_NO}, CX_COLLECTIVE_SCATTER, CX_OK, "ncclRecv failed"},
        {"nccl-22705", {.native = KIT_AUTO}, CX_COLLECTIVE_GATHER, CX_OK, "ncclRecv failed"},
        {KIT_NEWEST, {.native = KIT_NO}, CX_COLLECTIVE_BROADCAST, CX_OK, "ncclBroadcast failed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        choice_t choice = choices[i];

        assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, naming_rank, &choice), 0);
    }
}

static void test_the_rows_carry_the_backends_name_and_its_struct(void **state)
{
    static const char *const names[] = {"nccl-registration", "nccl-native", "nccl-min-ctas",
                                        "nccl-max-ctas", "nccl-ep-messages"};

    (void)state;
    assert_int_equal(kit_ops->options_bytes, sizeof(kit_options_t));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_string_equal(kit_ops->options[i].name, names[i]);
        assert_int_equal(kit_ops->options[i].role, CX_OPTION_KEY);
    }
    assert_null(kit_ops->options[sizeof names / sizeof *names].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_option_the_library_is_too_old_for_is_refused_with_its_version),
        cmocka_unit_test(test_a_type_the_library_does_not_have_is_refused),
        cmocka_unit_test(test_native_decides_what_is_called),
        cmocka_unit_test(test_the_rows_carry_the_backends_name_and_its_struct),
    };

    return kit_load("cx-backend-nccl.so") ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
