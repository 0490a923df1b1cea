/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused before any process is started. */
#include "run/precheck.h"

#include "unit/run/kit.h"

#include "support/arena.h"

static cx_status_t precheck(const char *words, int32_t rank_count)
{
    cx_case_t        cases[2] = {kit_case(&arena, ""), kit_case(&arena, words)};
    cx_plan_t        plan     = {.cases = cases, .case_count = 2};
    cx_rank_layout_t layout   = {.rank_count = rank_count, .host_rank_count = rank_count};

    return cx_precheck(&plan, &layout);
}

static void test_what_means_nothing_is_refused(void **state)
{
    (void)state;
    EXPECT_OK(precheck("op=broadcast root=1", 2));
    EXPECT_FAIL(CX_INVALID, "root 2 is not one of the ranks 0 to 1",
                precheck("op=broadcast root=2", 2));
    EXPECT_FAIL(CX_INVALID, "in place has no meaning for send_recv",
                precheck("op=send_recv placement=in_place", 2));
    EXPECT_FAIL(CX_INVALID, "sizes: ", precheck("sizes=8B,7B", 2));
}

/* The limit lies where four buffers of all ranks of the host fill its memory, on any machine. */
static void test_sizes_over_the_memory_are_refused(void **state)
{
    int64_t memory_bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    char    words[64];

    (void)state;
    (void)snprintf(words, sizeof words, "sizes=8B,%lldB", (long long)(memory_bytes / 8));
    EXPECT_OK(precheck(words, 2));
    (void)snprintf(words, sizeof words, "sizes=8B,%lldB", (long long)(memory_bytes / 8 + 1));
    EXPECT_FAIL(CX_INVALID, "needs 8 buffers of that size on this host", precheck(words, 2));
    EXPECT_FAIL(CX_INVALID, "needs 16 buffers of that size", precheck(words, 4));
    EXPECT_FAIL(CX_INVALID, "MiB each", precheck(words, 4));
}

/* sim's memory is the host's, an accelerator's is its own. */
static void test_memory_of_the_host_bounds_no_accelerator(void **state)
{
    (void)state;
    EXPECT_OK(precheck("device=cuda sizes=8B,1TiB", 1024));
    EXPECT_OK(precheck("device=hip family=ep hidden=1048576 topk=2 experts=12 tokens=10000000", 2));
    EXPECT_FAIL(CX_INVALID, "on this host", precheck("device=sim sizes=8B,1TiB", 1024));
}

static void test_a_barrier_needs_no_memory(void **state)
{
    (void)state;
    EXPECT_OK(precheck("op=barrier", 2));
}

#define EP "family=ep hidden=256 topk=2 experts=12 "

static void test_expert_parallelism_that_cannot_be_is_refused(void **state)
{
    (void)state;
    EXPECT_OK(precheck(EP "tokens=1:8:x2", 4));
    EXPECT_FAIL(CX_INVALID,
                "experts: 12 do not divide by 5 ranks; the nearest number of ranks is 4",
                precheck(EP, 5));
    EXPECT_FAIL(CX_INVALID, "tokens: must rise", precheck(EP "tokens=8,4", 2));
    EXPECT_FAIL(CX_INVALID, "topk: 2 distinct experts cannot come from 1",
                precheck("family=ep hidden=256 topk=2 experts=1", 1));
    EXPECT_FAIL(CX_INVALID, "hidden: 16 is below 32",
                precheck("family=ep hidden=16 topk=2 experts=12", 2));
    EXPECT_FAIL(CX_INVALID, "e4m3fn-block128",
                precheck("family=ep hidden=200 topk=2 experts=12 precision=e4m3fn-block128", 2));
    EXPECT_FAIL(CX_INVALID, "nvfp4",
                precheck("family=ep hidden=200 topk=2 experts=12 combine-precision=nvfp4", 2));
    EXPECT_FAIL(CX_INVALID, "trace: routing trace needs a file", precheck(EP "routing=trace", 2));
    EXPECT_FAIL(CX_INVALID, "/nowhere", precheck(EP "routing=trace trace=/nowhere", 2));
    EXPECT_FAIL(CX_INVALID, "hot-expert: there is no expert 12",
                precheck(EP "routing=hotspot hot-expert=12", 2));
    EXPECT_FAIL(CX_INVALID, "eplb-seed: 67", precheck(EP "eplb=2 seed=67 eplb-seed=67", 2));
    EXPECT_FAIL(CX_INVALID, "this host has memory for",
                precheck("family=ep hidden=1048576 topk=2 experts=12 tokens=10000000", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_means_nothing_is_refused),
        cmocka_unit_test(test_sizes_over_the_memory_are_refused),
        cmocka_unit_test(test_memory_of_the_host_bounds_no_accelerator),
        cmocka_unit_test(test_a_barrier_needs_no_memory),
        cmocka_unit_test(test_expert_parallelism_that_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
