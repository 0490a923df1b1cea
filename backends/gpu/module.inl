/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels of a backend: loaded through the driver that the open device has loaded, and launched.
 * Includes loaded.inl. Not a device: no memory, no stream and no time.
 *
 * A kernel takes one struct. The device's context is current on the thread that opens a case, and
 * that thread is the one that enqueues. */
#include "collectivex/core.h"

#include "loaded.inl"

#include <dlfcn.h>

/* What both vendors' drivers have with the same parameters. */
#define GPU_DRIVER_MAP(X)                                                                 \
    X(load, "cuModuleLoadData", "hipModuleLoadData", (void **out, const void *))          \
    X(unload, "cuModuleUnload", "hipModuleUnload", (void *))                              \
    X(find, "cuModuleGetFunction", "hipModuleGetFunction",                                \
      (void **out, void *module, const char *name))                                       \
    X(launch, "cuLaunchKernel", "hipModuleLaunchKernel",                                  \
      (void *kernel, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, \
       unsigned block_y, unsigned block_z, unsigned shared_bytes, cx_stream_t *stream,    \
       void **params, void **extra))

typedef struct gpu_driver {
#define GPU_DRIVER_MEMBER(member, cuda, hip, parameters) int(*member) parameters;
    GPU_DRIVER_MAP(GPU_DRIVER_MEMBER)
#undef GPU_DRIVER_MEMBER
} gpu_driver_t;

typedef struct gpu_module {
    const cx_core_t *core;
    gpu_driver_t     driver;
    void            *handle; /* NULL: not open */
} gpu_module_t;

/* Blocks in two directions, threads of each in one. */
typedef struct gpu_grid {
    unsigned blocks_x, blocks_y, threads;
} gpu_grid_t;

/* ISO C has no cast from what dlsym returns to a function. */
static cx_status_t gpu_driver_find(const cx_core_t *core, gpu_driver_t *out)
{
    static const struct {
        const char *cuda, *hip;
        size_t      offset;
    } rows[] = {
#define GPU_DRIVER_ROW(member, cuda, hip, parameters) {cuda, hip, offsetof(gpu_driver_t, member)},
        GPU_DRIVER_MAP(GPU_DRIVER_ROW)
#undef GPU_DRIVER_ROW
    };
    const bool  is_cuda = strcmp(core->device_ops->name, "cuda") == 0;
    const char *missing = NULL;
    loaded_t    loaded;
    void       *handle;

    find_loaded(is_cuda ? "libcuda.so" : "libamdhip64.so", &loaded);
    handle = loaded.path[0] ? dlopen(loaded.path, RTLD_LAZY | RTLD_NOLOAD) : NULL;
    if (!handle) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                            "kernels need the driver of device %s, which is not loaded",
                            core->device_ops->name);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !missing; i++) {
        const char *name   = is_cuda ? rows[i].cuda : rows[i].hip;
        void       *symbol = dlsym(handle, name);

        memcpy((char *)out + rows[i].offset, &symbol, sizeof symbol);
        missing = symbol ? NULL : name;
    }
    (void)dlclose(handle); /* it stays loaded: the device holds it */
    return missing ? CX_CORE_FAIL(core, CX_UNSUPPORTED, "%s has no %s", loaded.path, missing)
                   : CX_OK;
}

/**
 * Load compiled kernels, as cmake/gpu_kernels.cmake embeds them, for the open device.
 *
 * targets  what they were compiled for, for the words of a failure
 * errors   CX_UNSUPPORTED no driver is loaded, or these kernels are not for this device
 */
static cx_status_t gpu_module_open(const cx_core_t *core, const void *image, const char *targets,
                                   gpu_module_t *out)
{
    gpu_module_t module = {.core = core};
    cx_status_t  status = gpu_driver_find(core, &module.driver);
    int          code;

    if (status != CX_OK) {
        return status;
    }
    code = module.driver.load(&module.handle, image);
    if (code != 0) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                            "kernels for %s do not load on this device (error %d): build this "
                            "program with the architecture of its GPU",
                            targets, code);
    }
    *out = module;
    return CX_OK;
}

static void gpu_module_close(gpu_module_t *module)
{
    if (module->handle) {
        (void)module->driver.unload(module->handle);
        module->handle = NULL;
    }
}

static cx_status_t gpu_module_find(const gpu_module_t *module, const char *name, void **out)
{
    const int code = module->driver.find(out, module->handle, name);

    return code == 0 ? CX_OK
                     : CX_CORE_FAIL(module->core, CX_INTERNAL,
                                    "there is no kernel %s among those of this program (error %d)",
                                    name, code);
}

/* Enqueues a kernel; none at all where its grid is empty. For use in windows. */
static cx_status_t gpu_launch(const gpu_module_t *module, void *kernel, gpu_grid_t grid,
                              cx_stream_t *stream, void *params)
{
    void *all[] = {params};
    int   code;

    if (grid.blocks_x == 0 || grid.blocks_y == 0) {
        return CX_OK;
    }
    code = module->driver.launch(kernel, grid.blocks_x, grid.blocks_y, 1, grid.threads, 1, 1, 0,
                                 stream, all, NULL);
    return code == 0 ? CX_OK
                     : CX_CORE_FAIL(module->core, CX_DEVICE,
                                    "a kernel of %u x %u blocks of %u threads cannot be launched "
                                    "(error %d)",
                                    grid.blocks_x, grid.blocks_y, grid.threads, code);
}
