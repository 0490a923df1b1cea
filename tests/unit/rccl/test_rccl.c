/* SPDX-License-Identifier: Apache-2.0 */
/* The names of rccl on the stub of that name; the body is tested as nccl.
 * Not RCCL itself, which needs devices. */
#include "unit/nccl/kit.h"

static int named_rank(fake_core_t *fake, void *argument)
{
    (void)argument;
    kit_dress(fake, "CX_RCCL_PATH", "rccl");
    return KIT_CHECK(kit_ops->probe(&fake->core, &kit_caps) == CX_OK) +
           KIT_CHECK(strcmp(kit_caps.library_version, "2.22.3") == 0) +
           KIT_CHECK(strstr(kit_caps.library_path, "rccl/librccl.so.1") != NULL) +
           KIT_CHECK(strcmp(kit_caps.devices, "hip") == 0) +
           KIT_CHECK(kit_caps.memory == CX_MEMORY_PLAIN) +
           KIT_CHECK((kit_caps.families & CX_BIT(CX_FAMILY_ALLREDUCE)) != 0) +
           KIT_CHECK(kit_caps.algorithms == 0); /* none is sure to be heeded */
}

static void test_probe_tells_of_rccl(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, named_rank, NULL), 0);
}

static int absent_rank(fake_core_t *fake, void *argument)
{
    (void)argument;
    (void)setenv("CX_RCCL_PATH", "/nowhere", 1);
    return KIT_FAILS(CX_UNSUPPORTED, "RCCL cannot be loaded: /nowhere",
                     kit_ops->probe(&fake->core, &kit_caps)) +
           KIT_CHECK(strstr(fake_detail_text, "install the package rccl of ROCm") != NULL);
}

static void test_an_absent_library_is_told_with_a_remedy(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, absent_rank, NULL), 0);
}

/* RCCL spells its all-to-all in another way than NCCL. */
static int exchange_rank(fake_core_t *fake, void *argument)
{
    static const cx_collective_t ops[]        = {CX_COLLECTIVE_ALL_TO_ALL, CX_COLLECTIVE_GATHER,
                                                 CX_COLLECTIVE_ALL_REDUCE};
    int                          failed_count = named_rank(fake, argument);

    kit_options.native = KIT_YES;
    for (size_t i = 0; i < sizeof ops / sizeof *ops && failed_count == 0; i++) {
        const exercise_t what = {
            .shape      = {.op    = ops[i],
                           .dtype = CX_DTYPE_BF16,
                           .redop = ops[i] == CX_COLLECTIVE_ALL_REDUCE ? CX_REDOP_AVG : CX_REDOP_NONE},
            .elems      = 6,
            .call_count = 3,
        };

        failed_count += exercise_rank(fake, &kit_wrapped, &what);
    }
    return failed_count;
}

static void test_native_calls_work_between_ranks(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(3, KIT_BUDGET_NS, exchange_rank, NULL), 0);
}

static void test_it_says_that_nobody_has_run_it_on_hardware(void **state)
{
    (void)state;
    assert_string_equal(kit_ops->name, "rccl");
    assert_non_null(strstr(kit_ops->summary, "unvalidated on hardware"));
    assert_string_equal(kit_ops->options[0].name, "rccl-registration");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe_tells_of_rccl),
        cmocka_unit_test(test_an_absent_library_is_told_with_a_remedy),
        cmocka_unit_test(test_native_calls_work_between_ranks),
        cmocka_unit_test(test_it_says_that_nobody_has_run_it_on_hardware),
    };

    return kit_load("cx-backend-rccl.so") ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
