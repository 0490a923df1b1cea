/* SPDX-License-Identifier: Apache-2.0 */
/* Order and time on the device: streams, waiting with a deadline, events, the two clocks.
 * Not kernels (kernels.inl). */

#define SPIN_POLLS 4096
#define ANCHOR_TRIALS 4
/* Within this age an event's time is exact to 16 ns as the float of the vendors' elapsed time, and
 * two crystals that differ by 20 in a million have drifted apart by 2 us. */
#define ANCHOR_AGE_NS INT64_C(100000000)
#define ANCHOR_DRIFT_NS 2000

struct cx_events {
    cx_device_t *device;
    int64_t      event_count;
    void        *handles[];
};

static cx_status_t stream_open(cx_device_t *device, cx_stream_t **out)
{
    cx_status_t status = bind_thread(device);

    if (status != CX_OK) {
        return status;
    }
    GPU_TRY(device->core, "open a stream", stream_create, out, GPU_STREAM_NON_BLOCKING);
    return CX_OK;
}

/* CUDA destroys a stream once its work has ended, and does not wait for that; HIP waits, so beside
 * work that may never end streams are left. source: HostQueue::terminate, commandqueue.cpp of ROCm
 * clr 6.3 */
static void stream_close(cx_device_t *device, cx_stream_t *stream)
{
    if (stream && !device->stuck_stream && vendor_context_bind(device) == 0) {
        (void)gpu.stream_destroy(stream);
    }
}

/* Waits for a stream, or for an event: what `query` says of `handle`. The vendor's code. */
static int wait_for(const cx_device_t *device, int (*query)(void *), void *handle,
                    int64_t deadline_ns)
{
    const cx_core_t *core = device->core;

    for (int64_t polls = 0;; polls++) {
        int code = query(handle);

        if (code != GPU_ERROR_NOT_READY) {
            return code;
        }
        if (polls >= SPIN_POLLS || core->is_oversubscribed) {
            if (clock_now_ns() > deadline_ns || core->is_over(core)) {
                return GPU_ERROR_NOT_READY;
            }
            (void)sched_yield();
        }
    }
}

static int query_stream(void *stream)
{
    return gpu.stream_query(stream);
}

static int query_event(void *event)
{
    return gpu.event_query(event);
}

/* Who a kernel missed that waited for another device; the report is taken. */
static cx_status_t check_mailbox(const cx_device_t *device)
{
    uint64_t missing_rank = device->mailbox ? device->mailbox->missing_rank : 0;

    if (device->mailbox && device->mailbox->is_flag_lost) {
        device->mailbox->is_flag_lost = 0;
        return CX_CORE_FAIL(device->core, CX_TIMEOUT,
                            "the round trips of a flag on device %d gave up: the other device did "
                            "not answer in time",
                            device->index);
    }
    if (missing_rank == 0) {
        return CX_OK;
    }
    device->mailbox->missing_rank = 0;
    return CX_CORE_FAIL(device->core, CX_TIMEOUT,
                        "the barrier on device %d gave up: rank %d did not come in time",
                        device->index, (int)(missing_rank - 1));
}

static cx_status_t check_late_failure(cx_device_t *device)
{
    int code = device->late_code;

    if (code == 0) {
        return CX_OK;
    }
    device->late_code = 0;
    return fail_call(device->core, code, device->late_call, "stamp or order work on the device");
}

/* Best of some: an event is recorded on an idle stream, and happens between two looks at the host's
 * clock, so half the time between them is the most that their middle can be wrong by. */
static int renew_anchor(cx_device_t *device)
{
    int64_t narrowest_ns = INT64_MAX;

    for (int trial = 0; trial < ANCHOR_TRIALS; trial++) {
        int64_t before_ns = clock_now_ns(), after_ns;
        int     code      = gpu.event_record(device->anchor_trial, device->stream);

        if (code == 0) {
            code = wait_for(device, query_event, device->anchor_trial,
                            device->core->deadline_ns(device->core));
        }
        if (code != 0) {
            return code;
        }
        after_ns = clock_now_ns();
        if (after_ns - before_ns < narrowest_ns) {
            void *former = device->anchor;

            narrowest_ns            = after_ns - before_ns;
            device->anchor_ns       = before_ns + narrowest_ns / 2;
            device->anchor_bound_ns = narrowest_ns / 2 + ANCHOR_DRIFT_NS;
            device->anchor          = device->anchor_trial;
            device->anchor_trial    = former;
        }
    }
    return 0;
}

/* Shared by all who wait for their own or the caller's stream. */
static cx_status_t stream_synchronize(cx_device_t *device, cx_stream_t *stream, int64_t deadline_ns)
{
    int64_t     started_ns = clock_now_ns();
    cx_status_t status     = bind_thread(device);
    int         code;

    if (status != CX_OK) {
        return status;
    }
    code = wait_for(device, query_stream, stream, deadline_ns);
    if (code != 0) {
        device->stuck_stream = stream;
    } else if (device->stuck_stream == stream) {
        device->stuck_stream = NULL;
    }
    if (code == GPU_ERROR_NOT_READY) {
        return CX_CORE_FAIL(device->core, CX_TIMEOUT,
                            "work on device %d (%s) had not ended when waiting for it was given "
                            "up after %.1f ms: it is still running, or it hangs",
                            device->index, device->model,
                            (double)(clock_now_ns() - started_ns) / 1e6);
    }
    if (code != 0) {
        return fail_call(device->core, code, vendor_names.stream_query,
                         "finish the work on the device: something that was enqueued earlier "
                         "failed, and this process can use the device no more");
    }
    status = check_mailbox(device);
    if (status == CX_OK) {
        status = check_late_failure(device);
    }
    if (device->anchor && clock_now_ns() - device->anchor_ns > ANCHOR_AGE_NS) {
        remember_failure(device, renew_anchor(device), vendor_names.event_record);
    }
    return status;
}

static void events_close(cx_device_t *device, cx_events_t *events)
{
    (void)vendor_context_bind(device);
    for (int64_t i = 0; i < events->event_count; i++) {
        (void)gpu.event_destroy(events->handles[i]);
    }
    free(events);
}

static cx_status_t events_open(cx_device_t *device, int64_t event_count, cx_events_t **out)
{
    cx_status_t  status = bind_thread(device);
    cx_events_t *events;

    if (status != CX_OK) {
        return status;
    }
    if (event_count <= 0 || event_count > INT64_C(1) << 24) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "%lld events cannot be opened",
                            (long long)event_count);
    }
    events = calloc(1, sizeof *events + (size_t)event_count * sizeof events->handles[0]);
    if (!events) {
        return CX_CORE_FAIL(device->core, CX_RESOURCE, "no memory for %lld events",
                            (long long)event_count);
    }
    events->device = device;
    for (int64_t i = 0; i < event_count; i++) {
        int code = gpu.event_create(&events->handles[i], GPU_EVENT_DEFAULT);

        if (code != 0) {
            events_close(device, events);
            return fail_call(device->core, code, vendor_names.event_create, "create an event");
        }
        events->event_count++;
    }
    *out = events;
    return CX_OK;
}

/* In a capture the stamp is made by each launch of the graph, if the library can: another record
 * would order work there and stamp nothing. */
static int record_in_capture(void *event, cx_stream_t *stream)
{
    return gpu.event_record_flags ? gpu.event_record_flags(event, stream, GPU_EVENT_EXTERNAL)
                                  : GPU_ERROR_NOT_SUPPORTED;
}

/* Handles say where they belong, so the thread needs no context here. */
static void events_mark(cx_device_t *device, cx_stream_t *stream, cx_events_t *events,
                        int64_t index)
{
    void *event = events->handles[index];

    if (device->is_capturing) {
        remember_failure(device, record_in_capture(event, stream), vendor_names.event_record_flags);
    } else {
        remember_failure(device, gpu.event_record(event, stream), vendor_names.event_record);
    }
}

/* Milliseconds between two events, waiting for both; NAN when there are none to be had. */
static double elapsed_ms(cx_device_t *device, void *from, void *to)
{
    float   between_ms  = 0;
    int64_t deadline_ns = device->core->deadline_ns(device->core);
    int     code        = gpu.event_elapsed(&between_ms, from, to);

    if (code == GPU_ERROR_NOT_READY && wait_for(device, query_event, from, deadline_ns) == 0 &&
        wait_for(device, query_event, to, deadline_ns) == 0) {
        code = gpu.event_elapsed(&between_ms, from, to);
    }
    remember_failure(device, code, vendor_names.event_elapsed);
    return code == 0 ? (double)between_ms : (double)NAN;
}

static double events_elapsed_us(const cx_events_t *events, int64_t from_index, int64_t to_index)
{
    return 1e3 * elapsed_ms(events->device, events->handles[from_index], events->handles[to_index]);
}

static int64_t events_stamp_ns(const cx_events_t *events, int64_t index)
{
    cx_device_t *device     = events->device;
    double       between_ms = elapsed_ms(device, device->anchor, events->handles[index]);

    return isnan(between_ms) ? -1 : device->anchor_ns + (int64_t)(between_ms * 1e6);
}

static int64_t device_now_ns(const cx_device_t *device)
{
    (void)device;
    return clock_now_ns();
}
