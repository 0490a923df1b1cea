/* SPDX-License-Identifier: Apache-2.0 */
/* A device whose stream is the calling thread: open, stream, and events that count ticks.
 * Not a clock: the includer defines TICKS_PER_US and clock_ticks(), and has included
 * host_memory.inl. */

struct cx_events {
    int64_t event_count;
    int64_t stamp_ticks[]; /* -1 before the first mark */
};

static int64_t clock_ticks(const cx_device_t *device);

static cx_status_t device_probe(const cx_core_t *core, int32_t *device_count)
{
    (void)core;
    *device_count = 1;
    return CX_OK;
}

static cx_status_t device_open(const cx_core_t *core, int32_t device_index, cx_device_t **out)
{
    cx_device_t *device;

    if (device_index != 0) {
        return CX_CORE_FAIL(core, CX_INVALID, "there is only device 0, not device %d",
                            device_index);
    }
    device = calloc(1, sizeof *device);
    if (!device) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for a device");
    }
    device->core = core;
    *out         = device;
    return CX_OK;
}

static void device_close(cx_device_t *device)
{
    memory_free_all(device);
    free(device);
}

/* The one stream is the calling thread, which needs no object: it is NULL, as device.h allows. */
static cx_status_t stream_open(cx_device_t *device, cx_stream_t **out)
{
    (void)device;
    *out = NULL;
    return CX_OK;
}

static void stream_close(cx_device_t *device, cx_stream_t *stream)
{
    (void)device;
    (void)stream;
}

/* Work is done when its enqueue returns, so there is never anything to wait for. */
static cx_status_t stream_synchronize(cx_device_t *device, cx_stream_t *stream, int64_t deadline_ns)
{
    (void)device;
    (void)stream;
    (void)deadline_ns;
    return CX_OK;
}

/* Written once here, so that a mark never meets an untouched page. */
static cx_status_t events_open(cx_device_t *device, int64_t event_count, cx_events_t **out)
{
    size_t       stamps_bytes = (size_t)event_count * sizeof(int64_t);
    cx_events_t *events;

    if (event_count <= 0) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "%lld events cannot be opened",
                            (long long)event_count);
    }
    events = malloc(sizeof *events + stamps_bytes);
    if (!events) {
        return CX_CORE_FAIL(device->core, CX_RESOURCE, "no memory for %lld events",
                            (long long)event_count);
    }
    events->event_count = event_count;
    memset(events->stamp_ticks, 0xff, stamps_bytes);
    *out = events;
    return CX_OK;
}

static void events_close(cx_device_t *device, cx_events_t *events)
{
    (void)device;
    free(events);
}

static void events_mark(cx_device_t *device, cx_stream_t *stream, cx_events_t *events,
                        int64_t index)
{
    (void)stream;
    events->stamp_ticks[index] = clock_ticks(device);
}

static double events_elapsed_us(const cx_events_t *events, int64_t from_index, int64_t to_index)
{
    return (double)(events->stamp_ticks[to_index] - events->stamp_ticks[from_index]) / TICKS_PER_US;
}

static int64_t events_stamp_ns(const cx_events_t *events, int64_t index)
{
    return events->stamp_ticks[index] / (TICKS_PER_US / 1000);
}

static int64_t clock_now_ns(const cx_device_t *device)
{
    return clock_ticks(device) / (TICKS_PER_US / 1000);
}

/* Ticks of a spin, to the nearest one; -1 for a time that cannot be waited. */
static int64_t spin_ticks(double spin_us)
{
    double ticks = spin_us * TICKS_PER_US + 0.5;

    return spin_us >= 0 && ticks < 9e18 ? (int64_t)ticks : -1;
}
