/* SPDX-License-Identifier: Apache-2.0 */
/* A GPU as a device: finding, opening, describing it, its graphs, and the table of it all.
 * The includer has defined the vendor's half: what api.inl and device_type.inl declare, and
 * vendor_telemetry() and vendor_driver_text(). */
#include "content.inl"
#include "copy.inl"
#include "flag.inl"

static cx_status_t device_probe(const cx_core_t *core, int32_t *device_count)
{
    int         count  = 0;
    const char *call   = vendor_names.init;
    cx_status_t status = load_library(core);
    int         code;

    if (status != CX_OK) {
        return status;
    }
    code = gpu.init(0);
    if (code == 0) {
        call = vendor_names.device_count;
        code = gpu.device_count(&count);
    }
    if (code != 0 || count <= 0) {
        const char *remedy = vendor_remedy(code != 0 ? code : GPU_ERROR_NO_DEVICE);

        return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                            "no " VENDOR_NAME " device: %s: %s (error %d)%s%s%s", call,
                            code != 0 ? vendor_error_text(code) : "it counts none", code,
                            remedy ? "; " : "", remedy ? remedy : "", vendor_explain_absence(code));
    }
    *device_count = count;
    return CX_OK;
}

/* Two ranks of one device would take turns, and no number would mean what it says. */
static cx_status_t check_share(const cx_core_t *core, int32_t device_index, int32_t device_count)
{
    if (device_index < 0 || device_index >= device_count) {
        return CX_CORE_FAIL(core, CX_INVALID,
                            "there is no device %d: this process sees %d " VENDOR_NAME " device%s",
                            device_index, device_count, device_count == 1 ? "" : "s");
    }
    if (core->local_rank_count > device_count) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                            "%d ranks on this host need as many " VENDOR_NAME
                            " devices, and this process sees %d: start fewer ranks" VENDOR_VISIBLE
                            "%s",
                            core->local_rank_count, device_count, vendor_explain_absence(0));
    }
    return CX_OK;
}

#include "card.inl"

static cx_status_t read_attributes(cx_device_t *device)
{
    const cx_core_t *core        = device->core;
    int              cache_bytes = 0, count = 0;
    int64_t          far_cache_bytes;

    GPU_TRY(core, "find the device", device_get, &device->handle, device->index);
    GPU_TRY(core, "read the device's name", device_name, device->model, sizeof device->model,
            device->handle);
    GPU_TRY(core, "read the device's address", device_bus, device->bus, sizeof device->bus,
            device->handle);
    GPU_TRY(core, "count the device's multiprocessors", device_attribute, &count,
            VENDOR_MULTIPROCESSOR_COUNT, device->handle);
    GPU_TRY(core, "read the size of the device's cache", device_attribute, &cache_bytes,
            VENDOR_CACHE_BYTES, device->handle);
    device->multiprocessor_count = count > 0 ? count : 1;
    far_cache_bytes              = vendor_far_cache_bytes(device);
    device->last_cache_bytes     = far_cache_bytes > cache_bytes ? far_cache_bytes : cache_bytes;
    device->can_map              = has_attribute(device, VENDOR_CAN_MAP);
    device->can_map_for_network  = vendor_maps_for_network(device);
    device->handle_kinds         = GPU_HANDLE_DESCRIPTOR | vendor_further_handles(device);
    return CX_OK;
}

/* Everything a run needs of the device that is not made anew for each case. */
static cx_status_t open_parts(cx_device_t *device)
{
    const cx_core_t *core    = device->core;
    void            *mailbox = NULL;
    char             attempt[64];
    int              code = vendor_context_open(device);

    if (code != 0) {
        (void)snprintf(attempt, sizeof attempt, "open device %d", device->index);
        return fail_call(core, code, VENDOR_OPEN_NAME, attempt);
    }
    device->ticks_per_us = vendor_ticks_per_us(device);
    GPU_TRY(core, "open a stream", stream_create, &device->stream, GPU_STREAM_NON_BLOCKING);
    GPU_TRY(core, "allocate host memory for the device's answers", host_alloc, &mailbox,
            GPU_PAGE_BYTES, GPU_HOST_MEMORY_MAPPED);
    memset(mailbox, 0, GPU_PAGE_BYTES);
    device->mailbox = mailbox;
    GPU_TRY(core, "allocate device memory for digests", memory_alloc, &device->digest_sum, 8);
    GPU_TRY(core, "create an event", event_create, &device->anchor, GPU_EVENT_DEFAULT);
    GPU_TRY(core, "create an event", event_create, &device->anchor_trial, GPU_EVENT_DEFAULT);
    load_kernels(device);
    code = renew_anchor(device);
    return code == 0 ? CX_OK
                     : fail_call(core, code, vendor_names.event_record,
                                 "lay the device's clock beside the host's");
}

/* What runs for ever is waited for by most calls that free, so then everything is left to the
 * driver, which gets it when the process ends. */
static void device_close(cx_device_t *device)
{
    if (device->context && !device->stuck_stream && vendor_context_bind(device) == 0) {
        while (device->regions) {
            memory_free(device, device->regions->address);
        }
        if (device->module) {
            (void)gpu.module_unload(device->module);
        }
        if (device->anchor_trial) {
            (void)gpu.event_destroy(device->anchor_trial);
        }
        if (device->anchor) {
            (void)gpu.event_destroy(device->anchor);
        }
        if (device->digest_sum) {
            (void)gpu.memory_free(device->digest_sum);
        }
        if (device->mailbox) {
            (void)gpu.host_free(device->mailbox);
        }
        stream_close(device, device->stream);
        vendor_context_close(device);
    }
    while (device->regions) {
        gpu_region_t *region = device->regions;

        device->regions = region->next;
        free(region);
    }
    free(device);
}

static cx_status_t device_open(const cx_core_t *core, int32_t device_index, cx_device_t **out)
{
    int32_t      device_count = 0;
    cx_device_t *device;
    cx_status_t  status = device_probe(core, &device_count);

    if (status == CX_OK) {
        status = check_share(core, device_index, device_count);
    }
    if (status != CX_OK) {
        return status;
    }
    device = calloc(1, sizeof *device);
    if (!device) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for a device");
    }
    device->core  = core;
    device->index = device_index;
    status        = read_attributes(device);
    if (status == CX_OK) {
        status = open_parts(device);
    }
    if (status != CX_OK) {
        device_close(device);
        return status;
    }
    *out = device;
    return CX_OK;
}

/* A stamp keeps the kernel behind it from starting while the one ahead of it ends: up to 4 us on an
 * H200. So far apart, stamps cost less than 1 %.
 * source: docs/adr/0021-stamp-a-chain-as-seldom-as-the-device-wants.md */
#define STAMP_INTERVAL_US 500

static void facts(const cx_device_t *device, cx_device_facts_t *out)
{
    size_t free_bytes = 0, total_bytes = 0;

    *out = (cx_device_facts_t){.last_cache_bytes  = device->last_cache_bytes,
                               .stamp_bound_us    = (double)device->anchor_bound_ns / 1e3,
                               .stamp_interval_us = STAMP_INTERVAL_US};
    (void)snprintf(out->model, sizeof out->model, "%s", device->model);
    vendor_driver_text(device, out->driver, sizeof out->driver);
    if (vendor_context_bind(device) == 0 && gpu.memory_info(&free_bytes, &total_bytes) == 0) {
        out->memory_bytes = (int64_t)free_bytes;
    }
}

static cx_status_t graph_begin(cx_device_t *device, cx_stream_t *stream)
{
    cx_status_t status = bind_thread(device);

    if (status != CX_OK) {
        return status;
    }
    GPU_TRY(device->core, "begin to capture a graph", capture_begin, stream,
            GPU_CAPTURE_THREAD_LOCAL);
    device->is_capturing = true;
    return CX_OK;
}

static cx_status_t graph_end(cx_device_t *device, cx_stream_t *stream, cx_graph_t **out)
{
    void       *graph = NULL;
    cx_graph_t *exec  = NULL;
    int         code;

    device->is_capturing = false;
    GPU_TRY(device->core, "end the capture of a graph", capture_end, stream, &graph);
    code = out ? gpu.graph_instantiate(&exec, graph, 0) : 0;
    (void)gpu.graph_destroy(graph);
    if (code != 0) {
        return fail_call(device->core, code, vendor_names.graph_instantiate,
                         "make a graph of what was captured");
    }
    if (out) {
        *out = exec;
    }
    return CX_OK;
}

static cx_status_t graph_launch(cx_device_t *device, cx_graph_t *graph, cx_stream_t *stream)
{
    GPU_TRY(device->core, "launch a graph", graph_launch, graph, stream);
    return CX_OK;
}

static void graph_free(cx_device_t *device, cx_graph_t *graph)
{
    if (graph && vendor_context_bind(device) == 0) {
        (void)gpu.graph_exec_destroy(graph);
    }
}

static cx_status_t telemetry(cx_device_t *device, cx_device_telemetry_t *out)
{
    *out = (cx_device_telemetry_t){.core_clock_mhz   = (double)NAN,
                                   .memory_clock_mhz = (double)NAN,
                                   .power_w          = (double)NAN,
                                   .temperature_c    = (double)NAN,
                                   .ecc_error_count  = -1};
    vendor_telemetry(device, out);
    return CX_OK;
}

static const cx_device_ops_t gpu_ops = {
    .abi           = CX_DEVICE_ABI,
    .struct_size   = sizeof(cx_device_ops_t),
    .name          = VENDOR_NAME,
    .summary       = VENDOR_SUMMARY GPU_KERNELS_SUMMARY,
    .probe         = device_probe,
    .open          = device_open,
    .close         = device_close,
    .facts         = facts,
    .alloc         = memory_alloc,
    .free          = memory_free,
    .export_fd     = memory_export_fd,
    .import_fd     = memory_import_fd,
    .unimport      = memory_unimport,
    .copy          = memory_copy,
    .stream_open   = stream_open,
    .stream_close  = stream_close,
    .synchronize   = stream_synchronize,
    .events_open   = events_open,
    .events_close  = events_close,
    .mark          = events_mark,
    .elapsed_us    = events_elapsed_us,
    .event_ns      = events_stamp_ns,
    .now_ns        = device_now_ns,
    .spin          = spin,
    .graph_begin   = graph_begin,
    .graph_end     = graph_end,
    .graph_launch  = graph_launch,
    .graph_free    = graph_free,
    .poison        = poison,
    .digest        = digest,
    .flush         = flush,
    .barrier       = barrier,
    .telemetry     = telemetry,
    .fill          = fill,
    .verify        = verify,
    .card          = device_card,
    .link          = device_link,
    .copy_enqueue  = copy_enqueue,
    .ping_pong     = ping_pong,
    .copy_together = copy_together,
};

const cx_device_ops_t *cx_device_v1(void)
{
    return &gpu_ops;
}
