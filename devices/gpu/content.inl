/* SPDX-License-Identifier: Apache-2.0 */
/* Filling memory with its content, and finding out how it differs from it: what is launched, and
 * what comes back. The kernels are in content.cu.inl. */

#define FINDINGS_MAX 2048 /* spans between two waits */

/* One launch for at most GPU_SPANS_MAX spans, each with as many blocks as the largest wants. */
static cx_status_t launch_spans(const cx_device_t *device, int kernel, cx_stream_t *stream,
                                const cx_span_t *spans, int64_t span_count, void *findings)
{
    struct gpu_spans_params values;
    void                   *params[]    = {&values, &findings};
    uint64_t                bytes_most  = 0;
    unsigned                block_count = 0;

    memset(&values, 0, sizeof values);
    for (int64_t i = 0; i < span_count; i++) {
        values.spans[i] = spans[i];
        if (spans[i].byte_count > bytes_most) {
            bytes_most = spans[i].byte_count;
        }
    }
    block_count = blocks_for(device, bytes_most);
    if (block_count == 0) {
        return CX_OK;
    }
    GPU_TRY(device->core, "launch a kernel", launch, device->kernels[kernel], block_count,
            (unsigned)span_count, 1, GPU_CONTENT_THREADS, 1, 1, 0, stream, params, NULL);
    return CX_OK;
}

/* findings: of the first span, in device memory; NULL: there are none */
static cx_status_t launch_all_spans(const cx_device_t *device, int kernel, cx_stream_t *stream,
                                    const cx_span_t *spans, int64_t span_count,
                                    struct gpu_finding *findings)
{
    for (int64_t first = 0; first < span_count; first += GPU_SPANS_MAX) {
        int64_t     count = span_count - first < GPU_SPANS_MAX ? span_count - first : GPU_SPANS_MAX;
        cx_status_t status = launch_spans(device, kernel, stream, spans + first, count,
                                          findings ? findings + first : NULL);

        if (status != CX_OK) {
            return status;
        }
    }
    return CX_OK;
}

static cx_status_t fill(cx_device_t *device, cx_stream_t *stream, const cx_span_t *spans,
                        int64_t span_count)
{
    cx_status_t status = require_kernels(device, "filling memory");

    return status == CX_OK
               ? launch_all_spans(device, GPU_KERNEL_FILL, stream, spans, span_count, NULL)
               : status;
}

/* The host waits before it copies, as the vendor's copy to ordinary memory waits without a
 * deadline. */
static cx_status_t find_differences(cx_device_t *device, cx_stream_t *stream,
                                    const cx_span_t *spans, int64_t span_count,
                                    struct gpu_finding *found)
{
    const size_t bytes = (size_t)span_count * sizeof *found;
    cx_status_t  status;

    GPU_TRY(device->core, "zero what a verification finds", memset_async, device->findings, 0,
            bytes, stream);
    status =
        launch_all_spans(device, GPU_KERNEL_VERIFY, stream, spans, span_count, device->findings);
    if (status == CX_OK) {
        status = stream_synchronize(device, stream, device->core->deadline_ns(device->core));
    }
    return status == CX_OK ? memory_copy(device, found, device->findings, bytes) : status;
}

static cx_status_t verify(cx_device_t *device, cx_stream_t *stream, const cx_span_t *spans,
                          int64_t span_count, cx_difference_t *out)
{
    struct gpu_finding found[FINDINGS_MAX];
    cx_status_t        status = require_kernels(device, "verifying memory");

    if (status == CX_OK && !device->findings) {
        status = memory_alloc(device, sizeof found, CX_MEMORY_PLAIN, &device->findings);
    }
    for (int64_t first = 0; first < span_count && status == CX_OK; first += FINDINGS_MAX) {
        int64_t count = span_count - first < FINDINGS_MAX ? span_count - first : FINDINGS_MAX;

        status = find_differences(device, stream, spans + first, count, found);
        for (int64_t i = 0; i < count && status == CX_OK; i++) {
            out[first + i].wrong_count = (int64_t)found[i].wrong_count;
            out[first + i].first_wrong = (int64_t)~found[i].nearness;
        }
    }
    return status;
}
