/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused because of this machine's accelerators, on the stub of a driver; what each stub
 * setting means stands in tests/support/stub_cuda/stub.c. */
#include "run/machine.h"

#include "unit/run/kit.h"

static cx_arena_t arena;

static int set_up(void **state)
{
    char        path[PATH_MAX * 2];
    const char *folder = getenv("CX_PLUGIN_PATH");

    (void)state;
    cx_arena_init(&arena);
    (void)snprintf(path, sizeof path, "%s/../test-gpu/libcuda.so.1", folder ? folder : "plugins");
    (void)setenv("CX_CUDA_PATH", path, 1);
    (void)snprintf(path, sizeof path, "%s/../test-gpu/libnvidia-ml.so.1",
                   folder ? folder : "plugins");
    (void)setenv("CX_NVML_PATH", path, 1);
    (void)snprintf(path, sizeof path, "%s/../test-gpu:%s", folder ? folder : "plugins",
                   folder ? folder : "plugins");
    return setenv("CX_PLUGIN_PATH", path, 1) || unsetenv("CUDA_VISIBLE_DEVICES");
}

static int tear_down(void **state)
{
    (void)state;
    cx_arena_fini(&arena);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    cx_detail_clear();
    return unsetenv("STUB_GPU_MODELS") || unsetenv("STUB_GPU_COUNT") || unsetenv("STUB_GPU_FAIL");
}

/* Two cases, as the machine answers to them. */
static cx_status_t check(const char *first, const char *second, int32_t host_rank_count,
                         bool takes_mixed)
{
    cx_case_t   cases[2] = {kit_case(&arena, first), kit_case(&arena, second)};
    cx_plan_t   plan     = {.cases = cases, .case_count = 2};
    json_t     *description;
    cx_status_t status;

    cx_detail_clear();
    EXPECT_OK(cx_machine_describe(&plan, &arena, &description));
    status = cx_machine_check(&plan, host_rank_count, takes_mixed, description);
    assert_int_equal(status, cx_detail()->status);
    json_decref(description);
    return status;
}

#define CUDA "device=cuda backend=null"
#define HOST "device=host backend=null"

static void test_enough_devices_of_one_model_are_accepted(void **state)
{
    (void)state;
    EXPECT_OK(check(CUDA, CUDA, 2, false));
    EXPECT_OK(check(HOST, HOST, 64, false));
    EXPECT_OK(cx_machine_check(&(cx_plan_t){0}, 2, false, NULL));
}

static void test_what_leaves_nothing_to_run_is_refused(void **state)
{
    (void)state;
    EXPECT_FAIL(CX_UNSUPPORTED, "3 ranks on this host need as many cuda devices",
                check(CUDA, CUDA, 3, false));
    EXPECT_OK(check(CUDA, HOST, 3, false));
    EXPECT_OK(check(HOST, CUDA, 3, false));
    EXPECT_OK(check(CUDA, "device=host backend=nccltests", 3, false));
    (void)setenv("STUB_GPU_FAIL", "cuInit:100", 1);
    EXPECT_FAIL(CX_UNSUPPORTED, "no device is detected (error 100)", check(CUDA, CUDA, 1, false));
    EXPECT_OK(check(CUDA, HOST, 1, false));
}

static void test_mixed_devices_are_refused_unless_asked(void **state)
{
    (void)state;
    (void)setenv("STUB_GPU_MODELS", "H100,H200", 1);
    EXPECT_FAIL(CX_UNSUPPORTED, "different models: 0 is H100, 1 is H200",
                check(CUDA, CUDA, 2, false));
    EXPECT_FAIL(CX_UNSUPPORTED, "--mixed-devices", check(HOST, CUDA, 2, false));
    EXPECT_OK(check(CUDA, CUDA, 2, true));
    EXPECT_OK(check(CUDA, CUDA, 1, false)); /* the other one is not used */
    EXPECT_OK(check(HOST, HOST, 2, false));
    (void)setenv("STUB_GPU_MODELS", "H200,H200", 1);
    EXPECT_OK(check(CUDA, CUDA, 2, false));
}

static void test_only_devices_of_the_plan_are_described(void **state)
{
    cx_case_t one  = kit_case(&arena, HOST);
    cx_plan_t plan = {.cases = &one, .case_count = 1};
    json_t   *description;

    (void)state;
    EXPECT_OK(cx_machine_describe(&plan, &arena, &description));
    assert_int_equal(json_array_size(json_object_get(description, "accelerators")), 0);
    json_decref(description);
    EXPECT_OK(cx_machine_describe(NULL, &arena, &description));
    assert_true(json_array_size(json_object_get(description, "accelerators")) >= 2);
    json_decref(description);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_enough_devices_of_one_model_are_accepted, forget),
        cmocka_unit_test_teardown(test_what_leaves_nothing_to_run_is_refused, forget),
        cmocka_unit_test_teardown(test_mixed_devices_are_refused_unless_asked, forget),
        cmocka_unit_test_teardown(test_only_devices_of_the_plan_are_described, forget),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
