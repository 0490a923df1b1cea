/* SPDX-License-Identifier: Apache-2.0 */
/* Our own kernels: loading them, and what is enqueued with them. Their source is kernels.cu. */
#include "params.inl"

#define THREADS 256u
#define THREAD_BYTES ((size_t)16) /* that a thread takes at once */
#define BLOCKS_PER_MULTIPROCESSOR 8
#define FLUSH_BYTES_MIN ((size_t)64 << 20)

/* The compiled kernels; written by cmake/embed.cmake. */
#ifdef GPU_KERNEL_TARGETS
extern const unsigned char cx_gpu_image[];
#define GPU_IMAGE cx_gpu_image
#define GPU_KERNELS_SUMMARY "; kernels for " GPU_KERNEL_TARGETS
#else
#define GPU_IMAGE NULL
#define GPU_KERNELS_SUMMARY "; built without kernels, for want of a working " VENDOR_COMPILER
#endif

/* Without kernels the rest of the device works, and what needs one says why it cannot. */
static void load_kernels(cx_device_t *device)
{
    static const char *const names[GPU_KERNEL_COUNT] = {
        "cx_gpu_spin",   "cx_gpu_poison",    "cx_gpu_digest", "cx_gpu_flush", "cx_gpu_barrier",
        "cx_gpu_copies", "cx_gpu_ping_pong", "cx_gpu_fill",   "cx_gpu_verify"};
    const void *image = GPU_IMAGE;
    int         code;

    if (!image) {
        (void)snprintf(device->no_kernels, sizeof device->no_kernels,
                       "this program was built without kernels for " VENDOR_NAME
                       ": build it where " VENDOR_COMPILER " works");
        return;
    }
    code = gpu.module_load(&device->module, image);
    for (int i = 0; i < GPU_KERNEL_COUNT && code == 0; i++) {
        code = gpu.module_function(&device->kernels[i], device->module, names[i]);
    }
    if (code != 0) {
        const char *remedy = vendor_remedy(code);

        (void)snprintf(device->no_kernels, sizeof device->no_kernels,
                       "the kernels of this program do not load on %s: %s: %s (error %d)%s%s",
                       device->model, vendor_names.module_load, vendor_error_text(code), code,
                       remedy ? "; " : "", remedy ? remedy : "");
    }
}

static cx_status_t require_kernels(const cx_device_t *device, const char *purpose)
{
    if (device->no_kernels[0]) {
        return CX_CORE_FAIL(device->core, CX_UNSUPPORTED, "%s needs a kernel: %s", purpose,
                            device->no_kernels);
    }
    return bind_thread(device);
}

/* `params` point at the kernel's parameters, in their order. */
static cx_status_t launch(const cx_device_t *device, int kernel, unsigned block_count,
                          unsigned thread_count, cx_stream_t *stream, void **params)
{
    GPU_TRY(device->core, "launch a kernel", launch, device->kernels[kernel], block_count, 1, 1,
            thread_count, 1, 1, 0, stream, params, NULL);
    return CX_OK;
}

/* Enough blocks to fill the device, and not more than there is work for. */
static unsigned blocks_for(const cx_device_t *device, size_t bytes)
{
    size_t wanted = (bytes + THREADS * THREAD_BYTES - 1) / (THREADS * THREAD_BYTES);
    size_t most   = (size_t)device->multiprocessor_count * BLOCKS_PER_MULTIPROCESSOR;

    return (unsigned)(wanted < most ? wanted : most);
}

static cx_status_t spin(cx_device_t *device, cx_stream_t *stream, double spin_us)
{
    double      ticks    = spin_us * device->ticks_per_us + 0.5;
    uint64_t    count    = ticks >= 0 && ticks < 9e18 ? (uint64_t)ticks : 0;
    void       *params[] = {&count};
    cx_status_t status;

    if (!(spin_us >= 0 && ticks < 9e18)) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "cannot spin for %g us", spin_us);
    }
    status = require_kernels(device, "a spin");
    return status == CX_OK ? launch(device, GPU_KERNEL_SPIN, 1, 1, stream, params) : status;
}

static cx_status_t poison(cx_device_t *device, cx_stream_t *stream, void *memory, size_t bytes,
                          uint64_t seed)
{
    uint64_t    byte_count = bytes;
    void       *params[]   = {&memory, &byte_count, &seed};
    cx_status_t status     = require_kernels(device, "poison");

    if (status != CX_OK || bytes == 0) {
        return status;
    }
    return launch(device, GPU_KERNEL_POISON, blocks_for(device, bytes), THREADS, stream, params);
}

static cx_status_t digest_sum(cx_device_t *device, cx_stream_t *stream, const void *memory,
                              size_t bytes)
{
    uint64_t    byte_count = bytes;
    void       *params[]   = {&memory, &byte_count, &device->digest_sum};
    cx_status_t status;
    int         code;

    GPU_TRY(device->core, "zero a digest", memset_async, device->digest_sum, 0, 8, stream);
    status = launch(device, GPU_KERNEL_DIGEST, blocks_for(device, bytes), THREADS, stream, params);
    if (status != CX_OK) {
        return status;
    }
    code = vendor_copy_async(&device->mailbox->digest_sum, device->digest_sum, 8, stream);
    if (code != 0) {
        return fail_call(device->core, code, VENDOR_COPY_NAME, "copy a digest to the host");
    }
    return CX_OK;
}

static cx_status_t digest(cx_device_t *device, cx_stream_t *stream, const void *memory,
                          size_t bytes, uint64_t *out)
{
    cx_status_t status = require_kernels(device, "a digest");

    if (status == CX_OK && bytes > 0) {
        status = digest_sum(device, stream, memory, bytes);
    }
    if (status == CX_OK) {
        status = stream_synchronize(device, stream, device->core->deadline_ns(device->core));
    }
    if (status == CX_OK) {
        *out = cx_digest_finish(bytes > 0 ? device->mailbox->digest_sum : 0, bytes);
    }
    return status;
}

/* Twice the cache, as no cache evicts strictly the oldest. */
static cx_status_t flush(cx_device_t *device, cx_stream_t *stream)
{
    cx_status_t status = require_kernels(device, "flushing the cache");
    uint64_t    pair_count;
    void       *params[] = {&device->flush_memory, &pair_count};

    if (status == CX_OK && !device->flush_memory) {
        size_t bytes = 2 * (size_t)device->last_cache_bytes;

        device->flush_bytes = bytes > FLUSH_BYTES_MIN ? bytes : FLUSH_BYTES_MIN;
        status = memory_alloc(device, device->flush_bytes, CX_MEMORY_PLAIN, &device->flush_memory);
    }
    if (status != CX_OK) {
        return status;
    }
    pair_count = device->flush_bytes / 16;
    return launch(device, GPU_KERNEL_FLUSH, blocks_for(device, device->flush_bytes), THREADS,
                  stream, params);
}

static cx_status_t barrier(cx_device_t *device, cx_stream_t *stream,
                           const cx_device_barrier_t *barrier)
{
    struct gpu_barrier_params values;
    void                     *params[] = {&values};
    double                    ticks    = barrier->timeout_us * device->ticks_per_us;
    cx_status_t               status;

    if (barrier->rank_count < 1 || barrier->rank_count > GPU_BARRIER_RANKS_MAX ||
        barrier->rank < 0 || barrier->rank >= barrier->rank_count ||
        !(ticks >= 0 && ticks < 9e18)) {
        return CX_CORE_FAIL(device->core, CX_INVALID,
                            "no barrier of rank %d of %d within %g us: at most %d ranks meet",
                            barrier->rank, barrier->rank_count, barrier->timeout_us,
                            GPU_BARRIER_RANKS_MAX);
    }
    status = require_kernels(device, "a barrier");
    if (status != CX_OK) {
        return status;
    }
    memset(&values, 0, sizeof values);
    memcpy(values.flags, barrier->flags, (size_t)barrier->rank_count * sizeof values.flags[0]);
    values.missing_rank  = (volatile unsigned long long *)(void *)&device->mailbox->missing_rank;
    values.timeout_ticks = (unsigned long long)ticks;
    values.rank          = barrier->rank;
    values.rank_count    = barrier->rank_count;
    return launch(device, GPU_KERNEL_BARRIER, 1, (unsigned)barrier->rank_count, stream, params);
}
