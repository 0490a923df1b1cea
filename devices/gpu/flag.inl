/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips of a flag between two devices (flag.cu.inl). */

static cx_status_t ping_pong(cx_device_t *device, cx_stream_t *stream,
                             const cx_device_ping_pong_t *asked)
{
    struct gpu_ping_pong_params values;
    void                       *params[] = {&values};
    double                      ticks    = asked->timeout_us * device->ticks_per_us;
    cx_status_t                 status;

    if (asked->round_count < 0 || !(ticks >= 0 && ticks < 9e18)) {
        return CX_CORE_FAIL(device->core, CX_INVALID,
                            "no %lld round trips of a flag within %g us can be made",
                            (long long)asked->round_count, asked->timeout_us);
    }
    status = require_kernels(device, "a round trip of a flag");
    if (status != CX_OK) {
        return status;
    }
    memset(&values, 0, sizeof values);
    values.own           = asked->own_flag;
    values.peer          = asked->peer_flag;
    values.is_lost       = (volatile unsigned long long *)(void *)&device->mailbox->is_flag_lost;
    values.round_count   = (unsigned long long)asked->round_count;
    values.timeout_ticks = (unsigned long long)ticks;
    values.begins        = asked->begins;
    return launch(device, GPU_KERNEL_PING_PONG, 1, 1, stream, params);
}
