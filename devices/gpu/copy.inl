/* SPDX-License-Identifier: Apache-2.0 */
/* Enqueued copies: by the copy engine, or by a kernel (copy.cu.inl). */

static cx_status_t launch_copies(cx_device_t *device, cx_stream_t *stream,
                                 const struct gpu_copies_params *values, int32_t copy_count)
{
    struct gpu_copies_params copies   = *values;
    void                    *params[] = {&copies};
    cx_status_t              status   = require_kernels(device, "a copy by blocks");

    if (status != CX_OK || copy_count == 0) {
        return status;
    }
    return launch(device, GPU_KERNEL_COPIES, (unsigned)copy_count * copies.block_count,
                  GPU_COPY_THREADS, stream, params);
}

static cx_status_t copy_together(cx_device_t *device, cx_stream_t *stream,
                                 const cx_device_copy_t *copies, int32_t copy_count,
                                 int32_t block_count)
{
    struct gpu_copies_params values;
    int32_t                  share = block_count;

    if (copy_count < 0 || copy_count > CX_DEVICE_COPIES_MAX || block_count < 0 ||
        block_count > GPU_COPY_BLOCKS_MAX) {
        return CX_CORE_FAIL(device->core, CX_INVALID,
                            "cannot copy %d pieces at once, each by %d blocks: at most %d pieces "
                            "and %d blocks",
                            copy_count, block_count, CX_DEVICE_COPIES_MAX, GPU_COPY_BLOCKS_MAX);
    }
    if (block_count == 0 && copy_count > 0) {
        share = device->multiprocessor_count / copy_count;
        share = share > 0 ? share : 1;
    }
    memset(&values, 0, sizeof values);
    for (int32_t i = 0; i < copy_count; i++) {
        values.copies[i] = (struct gpu_copy){copies[i].to, copies[i].from, copies[i].bytes};
    }
    values.block_count = (unsigned)share;
    return launch_copies(device, stream, &values, copy_count);
}

static cx_status_t copy_enqueue(cx_device_t *device, cx_stream_t *stream, void *to,
                                const void *from, size_t bytes, int32_t block_count)
{
    cx_device_copy_t copy = {to, from, bytes};
    cx_status_t      status;
    int              code;

    if (block_count > 0) {
        return copy_together(device, stream, &copy, 1, block_count);
    }
    status = bind_thread(device);
    if (status != CX_OK || bytes == 0) {
        return status;
    }
    code = vendor_copy_async(to, from, bytes, stream);
    return code == 0 ? CX_OK
                     : fail_call(device->core, code, VENDOR_COPY_NAME, "enqueue a copy of memory");
}
