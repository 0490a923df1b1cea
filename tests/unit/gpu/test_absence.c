/* SPDX-License-Identifier: Apache-2.0 */
/* The devices cuda and hip where there is none, where it cannot be opened, and where it is lost.
 * Each case has a process of its own, as a process looks for its libraries once. */
#include "stub.h"

/* What a case sets before the plugin is opened, and what must come of it. */
typedef struct scene {
    const vendor_t *vendor;
    const char     *variable, *value; /* NULL: none */
    const char     *fault, *code;     /* NULL: none */
    cx_status_t     status;
    const char     *words;
} scene_t;

static const cx_device_ops_t *enter(const scene_t *scene)
{
    const cx_device_ops_t *ops;

    stub_environment();
    stub_fault(scene->fault, scene->code);
    if (scene->variable) {
        (void)setenv(scene->variable, scene->value, 1);
    }
    ops = plugin_open_device(scene->vendor->plugin);
    if (!ops) {
        (void)fprintf(stderr, "no %s\n", scene->vendor->plugin);
        _exit(2);
    }
    return ops;
}

static int probe_body(lone_core_t *lone, void *argument)
{
    const scene_t         *scene = argument;
    const cx_device_ops_t *ops   = enter(scene);
    int32_t                count = -7;
    bool is_right = stub_says(ops->probe(&lone->core, &count), scene->status, scene->words);

    return is_right && count == (scene->status == CX_OK ? 2 : -7) ? 0 : 1;
}

static int open_body(lone_core_t *lone, void *argument)
{
    const scene_t         *scene  = argument;
    const cx_device_ops_t *ops    = enter(scene);
    cx_device_t           *device = NULL;
    bool is_right = stub_says(ops->open(&lone->core, 0, &device), scene->status, scene->words);

    return is_right && (device != NULL) == (scene->status == CX_OK) ? 0 : 1;
}

static void expect_all(lone_fn body, scene_t *scenes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (lone_run(1, BUDGET_NS, body, &scenes[i]) != 0) {
            fail_msg("case %zu of %s", i, scenes[i].vendor->name);
        }
    }
}
#define EXPECT_ALL(body, scenes) expect_all(body, scenes, sizeof(scenes) / sizeof(scenes)[0])

static void test_probe_says_why_there_is_none(void **state)
{
    scene_t scenes[] = {
        {&cuda, NULL, NULL, NULL, NULL, CX_OK, ""},
        {&hip, NULL, NULL, NULL, NULL, CX_OK, ""},
        {&cuda, "CX_CUDA_PATH", "/nowhere/libcuda.so", NULL, NULL, CX_UNSUPPORTED,
         "no CUDA driver library libcuda.so.1 ($CX_CUDA_PATH: /nowhere/libcuda.so: cannot open"},
        {&hip, "CX_HIP_PATH", "/nowhere/libamdhip64.so", NULL, NULL, CX_UNSUPPORTED,
         "($CX_HIP_PATH: /nowhere/libamdhip64.so: cannot open"},
        {&cuda, NULL, NULL, "cuInit", "100", CX_UNSUPPORTED,
         "no cuda device: cuInit: no device is detected (error 100); is the driver loaded"},
        {&hip, NULL, NULL, "hipInit", "100", CX_UNSUPPORTED, "no hip device: hipInit"},
        {&cuda, NULL, NULL, "cuInit", "803", CX_UNSUPPORTED, "are of different versions"},
        {&cuda, NULL, NULL, "cuInit", "802", CX_UNSUPPORTED, "nvidia-fabricmanager"},
        {&cuda, NULL, NULL, "cuInit", "34", CX_UNSUPPORTED, "linker's stub"},
        {&cuda, "STUB_GPU_COUNT", "0", NULL, NULL, CX_UNSUPPORTED, "it counts none"},
        {&hip, "STUB_GPU_COUNT", "0", NULL, NULL, CX_UNSUPPORTED, "it counts none"},
        {&cuda, "CUDA_VISIBLE_DEVICES", "7", "cuInit", "100", CX_UNSUPPORTED,
         "the driver knows 2 GPUs, and CUDA_VISIBLE_DEVICES is \"7\""},
        {&cuda, "STUB_NVML_MIG", "1", "cuInit", "100", CX_UNSUPPORTED,
         "2 of 2 GPUs are in MIG mode"},
        {&cuda, NULL, NULL, "cuDeviceGetCount", "999", CX_UNSUPPORTED, "cuDeviceGetCount"},
    };

    (void)state;
    EXPECT_ALL(probe_body, scenes);
}

static void test_open_says_which_call_failed(void **state)
{
    scene_t scenes[] = {
        {&cuda, NULL, NULL, "cuDevicePrimaryCtxRetain", "46", CX_DEVICE,
         "cannot open device 0: cuDevicePrimaryCtxRetain"},
        {&hip, NULL, NULL, "hipSetDevice", "101", CX_DEVICE, "cannot open device 0: hipSetDevice"},
        {&cuda, NULL, NULL, "cuMemHostAlloc", "2", CX_RESOURCE, "out of memory"},
        {&hip, NULL, NULL, "hipHostMalloc", "2", CX_RESOURCE, "out of memory"},
        {&cuda, NULL, NULL, "cuMemAlloc_v2", "2", CX_RESOURCE, "device memory for digests"},
        {&cuda, NULL, NULL, "cuEventCreate", "2", CX_RESOURCE, "create an event"},
        {&cuda, NULL, NULL, "cuEventRecord", "400", CX_DEVICE, "beside the host's"},
        {&hip, NULL, NULL, "hipEventRecord", "400@3", CX_DEVICE, "beside the host's"},
        {&cuda, NULL, NULL, NULL, NULL, CX_OK, ""},
    };

    (void)state;
    EXPECT_ALL(open_body, scenes);
}

static int share_body(lone_core_t *lone, void *argument)
{
    const scene_t         *scene  = argument;
    const cx_device_ops_t *ops    = enter(scene);
    cx_device_t           *device = NULL;

    lone->core.local_rank_count = 3;
    if (!stub_says(ops->open(&lone->core, 0, &device), CX_UNSUPPORTED,
                   "3 ranks on this host need as many")) {
        return 1;
    }
    lone->core.local_rank_count = 2;
    return stub_says(ops->open(&lone->core, 2, &device), CX_INVALID,
                     "no device 2: this process sees 2") &&
                   stub_says(ops->open(&lone->core, -1, &device), CX_INVALID, "no device -1") &&
                   ops->open(&lone->core, 1, &device) == CX_OK
               ? 0
               : 1;
}

static void test_ranks_do_not_share_a_device(void **state)
{
    scene_t scenes[] = {{.vendor = &cuda}, {.vendor = &hip}};

    (void)state;
    EXPECT_ALL(share_body, scenes);
}

/* Kernels that do not load take only themselves away. */
static int kernels_body(lone_core_t *lone, void *argument)
{
    const scene_t         *scene  = argument;
    const cx_device_ops_t *ops    = enter(scene);
    cx_device_t           *device = NULL;
    cx_stream_t           *stream = NULL;
    void                  *memory = NULL;
    uint64_t               digest;

    if (ops->open(&lone->core, 0, &device) != CX_OK || ops->stream_open(device, &stream) != CX_OK ||
        ops->alloc(device, 64, CX_MEMORY_PLAIN, &memory) != CX_OK) {
        return 1;
    }
    return stub_says(ops->spin(device, stream, 1), CX_UNSUPPORTED, scene->words) &&
                   stub_says(ops->poison(device, stream, memory, 64, 1), CX_UNSUPPORTED,
                             scene->words) &&
                   stub_says(ops->digest(device, stream, memory, 64, &digest), CX_UNSUPPORTED,
                             scene->words) &&
                   stub_says(ops->flush(device, stream), CX_UNSUPPORTED, scene->words) &&
                   ops->synchronize(device, stream, lone_now_ns() + BUDGET_NS) == CX_OK
               ? 0
               : 1;
}

static void test_without_kernels_the_rest_works(void **state)
{
    scene_t scenes[] = {
        {&cuda, NULL, NULL, "cuModuleLoadData", "209", CX_OK, "do not load on Stub GPU"},
        {&hip, NULL, NULL, "hipModuleGetFunction", "500", CX_OK, "do not load on Stub GPU"},
    };

    (void)state;
    EXPECT_ALL(kernels_body, scenes);
}

/* The plugin as it is installed: with kernels it spins, and without it says what is missing. */
static int installed_body(lone_core_t *lone, void *argument)
{
    const scene_t         *scene = argument;
    char                   file[64];
    const cx_device_ops_t *ops;
    cx_device_t           *device = NULL;
    cx_stream_t           *stream = NULL;
    cx_status_t            status;

    stub_environment();
    (void)snprintf(file, sizeof file, "cx-device-%s.so", scene->vendor->name);
    ops = plugin_open_device(file);
    if (!ops || ops->open(&lone->core, 0, &device) != CX_OK ||
        ops->stream_open(device, &stream) != CX_OK) {
        return 1;
    }
    status = ops->spin(device, stream, 1);
    return strstr(ops->summary, "built without kernels")
               ? !stub_says(status, CX_UNSUPPORTED, "built without kernels for")
               : status != CX_OK;
}

static void test_installed_plugin_tells_about_its_kernels(void **state)
{
    scene_t scenes[] = {{.vendor = &cuda}, {.vendor = &hip}};

    (void)state;
    EXPECT_ALL(installed_body, scenes);
}

/* Nothing waits for work that hangs: not the next allocation, not closing. */
static int hang_body(lone_core_t *lone, void *argument)
{
    const scene_t         *scene    = argument;
    const cx_device_ops_t *ops      = enter(scene);
    cx_device_t           *device   = NULL;
    cx_stream_t           *stream   = NULL;
    void                  *memory   = NULL;
    int64_t                start_ns = lone_now_ns();
    bool                   is_right;

    is_right = ops->open(&lone->core, 0, &device) == CX_OK &&
               ops->stream_open(device, &stream) == CX_OK &&
               ops->alloc(device, 64, CX_MEMORY_EXPORTABLE, &memory) == CX_OK &&
               ops->spin(device, stream, 1) == CX_OK &&
               stub_says(ops->synchronize(device, stream, start_ns + 20000000), scene->status,
                         scene->words);
    if (is_right) {
        ops->free(device, memory);
        ops->stream_close(device, stream);
        ops->close(device);
    }
    return is_right && lone_now_ns() - start_ns < BUDGET_NS / 2 ? 0 : 1;
}

static void test_lost_device_is_reported_and_closed(void **state)
{
    scene_t scenes[] = {
        {&cuda, "STUB_GPU_HANG", "1", NULL, NULL, CX_TIMEOUT, "had not ended"},
        {&hip, "STUB_GPU_HANG", "1", NULL, NULL, CX_TIMEOUT, "had not ended"},
        {&cuda, "STUB_GPU_ASYNC", "700", NULL, NULL, CX_DEVICE,
         "an illegal memory access was encountered (error 700); an address was used"},
        {&hip, "STUB_GPU_ASYNC", "719", NULL, NULL, CX_DEVICE, "can use the device no more"},
    };

    (void)state;
    EXPECT_ALL(hang_body, scenes);
}

static int telemetry_body(lone_core_t *lone, void *argument)
{
    const scene_t         *scene  = argument;
    const cx_device_ops_t *ops    = enter(scene);
    cx_device_t           *device = NULL;
    cx_device_telemetry_t  now    = {0};
    cx_device_facts_t      facts;

    if (ops->open(&lone->core, 0, &device) != CX_OK || ops->telemetry(device, &now) != CX_OK) {
        return 1;
    }
    ops->facts(device, &facts);
    return !isnan(now.core_clock_mhz) || !isnan(now.power_w) || !isnan(now.temperature_c) ||
           now.ecc_error_count != -1 || now.is_throttle_known ||
           strcmp(facts.driver, scene->words) != 0;
}

static void test_without_a_management_library_all_is_unknown(void **state)
{
    scene_t scenes[] = {
        {&cuda, "CX_NVML_PATH", "/nowhere", NULL, NULL, CX_OK, "CUDA 13.0"},
        {&hip, "CX_ROCM_SMI_PATH", "/nowhere", NULL, NULL, CX_OK, "HIP 6.3.42131"},
    };

    (void)state;
    EXPECT_ALL(telemetry_body, scenes);
}

/* A library of that name that is none of the vendor's. */
static void test_old_library_is_named_with_the_call_it_lacks(void **state)
{
    const char *folder = getenv("CX_PLUGIN_PATH");
    char        path[4096];
    scene_t     scene = {&cuda,
                         "CX_CUDA_PATH",
                         path,
                         NULL,
                         NULL,
                         CX_UNSUPPORTED,
                         "has no cuInit, so it is too old: install a driver for CUDA"};

    (void)state;
    (void)snprintf(path, sizeof path, "%s/../test-gpu/libnvidia-ml.so.1",
                   folder ? folder : "plugins");
    assert_int_equal(lone_run(1, BUDGET_NS, probe_body, &scene), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe_says_why_there_is_none),
        cmocka_unit_test(test_open_says_which_call_failed),
        cmocka_unit_test(test_ranks_do_not_share_a_device),
        cmocka_unit_test(test_without_kernels_the_rest_works),
        cmocka_unit_test(test_installed_plugin_tells_about_its_kernels),
        cmocka_unit_test(test_lost_device_is_reported_and_closed),
        cmocka_unit_test(test_without_a_management_library_all_is_unknown),
        cmocka_unit_test(test_old_library_is_named_with_the_call_it_lacks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
