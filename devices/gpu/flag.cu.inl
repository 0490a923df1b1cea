/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips of a flag between two devices. Not a barrier of many. Included by kernels.cu. */
#define GPU_POLLS_BETWEEN_LOOKS 1024 /* at the clock, which is slower to read than a flag */

/* Polls until the flag has the value; false when the time is up. */
__device__ static inline bool gpu_await_flag(const unsigned long long *flag,
                                             unsigned long long value, unsigned long long start,
                                             unsigned long long timeout_ticks)
{
    for (unsigned polls = 0; gpu_load_acquire(flag) < value; polls++) {
        if (polls % GPU_POLLS_BETWEEN_LOOKS == 0 && gpu_ticks() - start >= timeout_ticks) {
            return false;
        }
    }
    return true;
}

/* One thread. Flags hold the number of a round, so that nothing is ever reset. */
extern "C" __global__ void cx_gpu_ping_pong(struct gpu_ping_pong_params params)
{
    unsigned long long start = gpu_ticks();
    unsigned long long past  = params.own[GPU_FLAG_PAST_WORD];

    for (unsigned long long round = past + 1; round <= past + params.round_count; round++) {
        if (params.begins) {
            gpu_store_release(params.peer, round);
        }
        if (!gpu_await_flag(params.own, round, start, params.timeout_ticks)) {
            *params.is_lost = 1;
            __threadfence_system();
            return;
        }
        if (!params.begins) {
            gpu_store_release(params.peer, round);
        }
    }
    params.own[GPU_FLAG_PAST_WORD] = past + params.round_count;
}
