/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels of a backend on the stub drivers: found where the device has loaded one, refused with a
 * reason, launched. Not the kernels. */
#include "../../../backends/gpu/module.inl"

#include "support/fake_core.h"

#include "../../../backends/gpu/shuffle_params.inl"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BUDGET_NS INT64_C(20000000000)

static const char stub_image[] = "STUB", other_image[] = "of another kind";

typedef struct vendor {
    const char *device, *file;
    const char *load, *launch, *open_stream, *bind; /* bind: of HIP, which takes a number */
} vendor_t;

static const vendor_t cuda = {
    .device      = "cuda",
    .file        = "libcuda.so.1",
    .load        = "cuModuleLoadData",
    .launch      = "cuLaunchKernel",
    .open_stream = "cuStreamCreate",
};
static const vendor_t hip = {
    .device      = "hip",
    .file        = "libamdhip64.so",
    .load        = "hipModuleLoadData",
    .launch      = "hipModuleLaunchKernel",
    .open_stream = "hipStreamCreateWithFlags",
    .bind        = "hipSetDevice",
};

typedef union call {
    void *symbol;
    int (*retain)(void **context, int device);
    int (*bind)(void *context);
    int (*bind_number)(int index);
    int (*open)(cx_stream_t **stream, unsigned flags);
} call_t;

static cx_device_ops_t device_ops;

/* As the device does it when it is opened. */
static cx_stream_t *open_driver(fake_core_t *fake, const vendor_t *vendor)
{
    const char  *folder = getenv("CX_PLUGIN_PATH");
    cx_stream_t *stream = NULL;
    call_t       retain, bind, open;
    char         path[4096];
    void        *driver, *context;

    device_ops            = fake_device_ops;
    device_ops.name       = vendor->device;
    fake->core.device_ops = &device_ops;
    (void)snprintf(path, sizeof path, "%s/../test-gpu/%s", folder ? folder : "plugins",
                   vendor->file);
    driver = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!driver) {
        return NULL;
    }
    open.symbol = dlsym(driver, vendor->open_stream);
    if (vendor->bind) {
        bind.symbol = dlsym(driver, vendor->bind);
        return bind.bind_number(0) == 0 && open.open(&stream, 1) == 0 ? stream : NULL;
    }
    retain.symbol = dlsym(driver, "cuDevicePrimaryCtxRetain");
    bind.symbol   = dlsym(driver, "cuCtxSetCurrent");
    return retain.retain(&context, 0) == 0 && bind.bind(context) == 0 && open.open(&stream, 1) == 0
               ? stream
               : NULL;
}

static int check(bool is_right, const char *what)
{
    if (!is_right) {
        (void)fprintf(stderr, "not so: %s (last detail: %s)\n", what, fake_detail_text);
    }
    return !is_right;
}

#define CHECK(condition) check((condition), #condition)
#define FAILS(status, words, call) \
    (CHECK((call) == (status)) + CHECK(strstr(fake_detail_text, (words)) != NULL))

/* The kernel that plans a shuffle of no tokens leaves a count of none for the only rank. */
static int launching_rank(fake_core_t *fake, void *argument)
{
    cx_stream_t              *stream    = open_driver(fake, argument);
    int32_t                   header[4] = {7, 7, 7, 7}, expert_count = 7;
    struct gpu_shuffle_params params = {.inbox              = (unsigned char *)header,
                                        .expert_counts      = &expert_count,
                                        .rank_count         = 1,
                                        .topk               = 1,
                                        .local_expert_count = 1};
    gpu_module_t              module;
    void                     *kernel;
    int                       failed_count;

    if (!stream || gpu_module_open(&fake->core, stub_image, "the stub", &module) != CX_OK ||
        gpu_module_find(&module, "cx_gpu_shuffle_plan", &kernel) != CX_OK) {
        return 1;
    }
    failed_count =
        CHECK(gpu_launch(&module, kernel, (gpu_grid_t){0, 1, 32}, stream, &params) == CX_OK) +
        CHECK(header[0] == 7) +
        CHECK(gpu_launch(&module, kernel, (gpu_grid_t){1, 1, 32}, stream, &params) == CX_OK) +
        CHECK(header[0] == 0 && expert_count == 0) +
        FAILS(CX_DEVICE, "a kernel of 1 x 2 blocks of 2048 threads cannot be launched (error 1)",
              gpu_launch(&module, kernel, (gpu_grid_t){1, 2, 2048}, stream, &params)) +
        FAILS(CX_INTERNAL, "there is no kernel cx_gpu_nothing",
              gpu_module_find(&module, "cx_gpu_nothing", &kernel));
    gpu_module_close(&module);
    gpu_module_close(&module); /* of a closed one: nothing */
    return failed_count + CHECK(!module.handle);
}

static int refused_rank(fake_core_t *fake, void *argument)
{
    gpu_module_t module = {.handle = NULL};

    if (!open_driver(fake, argument)) {
        return 1;
    }
    return FAILS(CX_UNSUPPORTED, "kernels for gfx1 do not load on this device (error 200)",
                 gpu_module_open(&fake->core, other_image, "gfx1", &module)) +
           CHECK(!module.handle);
}

/* The other vendor's driver is no help. */
static int driverless_rank(fake_core_t *fake, void *argument)
{
    const vendor_t *other  = argument == (const void *)&cuda ? &hip : &cuda;
    const vendor_t *vendor = argument;
    gpu_module_t    module = {.handle = NULL};

    if (!open_driver(fake, other)) {
        return 1;
    }
    device_ops.name = vendor->device;
    return FAILS(CX_UNSUPPORTED, "which is not loaded",
                 gpu_module_open(&fake->core, stub_image, "the stub", &module)) +
           CHECK(strstr(fake_detail_text, vendor->device) != NULL);
}

static void run_both(fake_rank_fn body)
{
    const vendor_t *const vendors[] = {&cuda, &hip};

    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++) {
        assert_int_equal(fake_ranks_run(1, BUDGET_NS, body, (void *)(uintptr_t)vendors[i]), 0);
    }
}

static void test_kernels_are_found_and_launched(void **state)
{
    (void)state;
    run_both(launching_rank);
}

static void test_kernels_for_another_gpu_are_refused(void **state)
{
    (void)state;
    run_both(refused_rank);
}

static void test_the_driver_is_the_one_of_the_device(void **state)
{
    (void)state;
    run_both(driverless_rank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_are_found_and_launched),
        cmocka_unit_test(test_kernels_for_another_gpu_are_refused),
        cmocka_unit_test(test_the_driver_is_the_one_of_the_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
