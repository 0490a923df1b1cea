/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of a machine, each by the emptiest or the widest work there is.
 * source: docs/floors.md */
#include "measure/limits.h"

#include "stats/quantile.h"

#include <math.h>
#include <string.h>

#define FLAG_BYTES 128 /* source: ping_pong in collectivex/device.h */
#define LINK_BYTES_MAX ((size_t)64 << 20)
#define LINK_COPY_COUNT 2 /* back to back, so that their start weighs little */
#define WINDOW_COUNT 4    /* of which the best counts, so none is a warm-up */
#define SINGLE_COUNT 65
#define CHAIN_COUNT (CX_LIMITS_STAMP_COUNT - 1)
#define BARRIER_COUNT 64
#define ROUND_COUNT 100
#define TIMEOUT_US 10e6
#define LEAD_US_PER_PIECE 10 /* a host enqueues a kernel and a stamp in less */

typedef struct copy {
    void       *to;
    const void *from;
    size_t      bytes;
    int32_t     block_count;
} copy_t;

typedef struct volley {
    void *own_flag, *peer_flag;
    bool  begins;
} volley_t;

size_t cx_limits_region_bytes(size_t half_bytes)
{
    return 2 * half_bytes + FLAG_BYTES;
}

/* ---- the work ---------------------------------------------------------------------------------
 */

static cx_status_t enqueue_nothing(const cx_window_t *window, void *what)
{
    (void)what;
    return window->device_ops->spin(window->device, window->stream, 0);
}

static cx_status_t enqueue_graph(const cx_window_t *window, void *what)
{
    return window->device_ops->graph_launch(window->device, what, window->stream);
}

static cx_status_t enqueue_barrier(const cx_window_t *window, void *what)
{
    (void)what;
    return window->device_ops->barrier(window->device, window->stream, window->barrier);
}

static cx_status_t enqueue_copy(const cx_window_t *window, void *what)
{
    const copy_t *copy = what;

    return window->device_ops->copy_enqueue(window->device, window->stream, copy->to, copy->from,
                                            copy->bytes, copy->block_count);
}

static cx_status_t enqueue_volley(const cx_window_t *window, void *what)
{
    const volley_t             *volley    = what;
    const cx_device_ping_pong_t ping_pong = {.own_flag    = volley->own_flag,
                                             .peer_flag   = volley->peer_flag,
                                             .begins      = volley->begins,
                                             .round_count = ROUND_COUNT,
                                             .timeout_us  = TIMEOUT_US};

    return window->device_ops->ping_pong(window->device, window->stream, &ping_pong);
}

/* ---- windows of it ----------------------------------------------------------------------------
 */

static cx_status_t run_window(const cx_job_t *job, const cx_work_t *work)
{
    double lead_us = CX_WINDOW_ALIGN_SPIN_US + LEAD_US_PER_PIECE * (double)work->count;

    return cx_window_work(&job->window, work, lead_us, job->begin_phase(job->context, "limits"));
}

static double elapsed_us(const cx_job_t *job, int64_t from_index, int64_t to_index)
{
    return job->window.device_ops->elapsed_us(job->window.events, from_index, to_index);
}

/* A clock that did not move has measured nothing. */
static double known(double time_us)
{
    return time_us > 0 ? time_us : (double)NAN;
}

/* The shortest time of one piece of the work; NAN where this rank has none to do. */
static cx_status_t find_period(const cx_job_t *job, const cx_work_t *work, double *period_us)
{
    double best_us = (double)NAN;

    for (int i = 0; i < WINDOW_COUNT; i++) {
        CX_TRY(run_window(job, work));
        if (work->count > 0) {
            best_us = fmin(best_us, elapsed_us(job, 0, work->count) / (double)work->count);
        }
    }
    *period_us = known(best_us);
    return CX_OK;
}

static cx_status_t find_median(const cx_job_t *job, const cx_work_t *work, double *median_us)
{
    double samples[SINGLE_COUNT];

    for (int i = 0; i < SINGLE_COUNT; i++) {
        CX_TRY(run_window(job, work));
        samples[i] = elapsed_us(job, 0, work->count);
    }
    cx_sort(samples, SINGLE_COUNT);
    *median_us = known(cx_quantile_nearest_rank(samples, SINGLE_COUNT, 0.5));
    return CX_OK;
}

static cx_status_t find_step(const cx_job_t *job, const cx_work_t *work, double *median_us)
{
    double steps[CHAIN_COUNT];

    CX_TRY(run_window(job, work));
    CX_TRY(run_window(job, work));
    for (int64_t i = 0; i < work->count; i++) {
        steps[i] = elapsed_us(job, i, i + 1);
    }
    cx_sort(steps, work->count);
    *median_us = known(cx_quantile_nearest_rank(steps, work->count, 0.5));
    return CX_OK;
}

/* ---- links and memory -------------------------------------------------------------------------
 */

static cx_status_t find_rate(const cx_job_t *job, copy_t *copy, bool takes_part, double *best)
{
    cx_work_t work = {enqueue_copy, copy, takes_part ? LINK_COPY_COUNT : 0, false};
    double    period_us;

    CX_TRY(find_period(job, &work, &period_us));
    *best = fmax(*best, (double)copy->bytes / (period_us * 1e-6));
    return CX_OK;
}

/* Over a few counts of blocks: few are too few for the link, many get into each other's way. */
static cx_status_t find_kernel_rate(const cx_job_t *job, copy_t *copy, double *best)
{
    static const int32_t block_counts[] = {16, 64, 256};

    for (size_t i = 0; i < sizeof block_counts / sizeof block_counts[0]; i++) {
        copy->block_count = block_counts[i];
        CX_TRY(find_rate(job, copy, true, best));
    }
    return CX_OK;
}

static cx_status_t measure_copies(const cx_job_t *job, const cx_limits_region_t *region,
                                  cx_limits_t *out)
{
    int32_t rank       = job->peers_ops->rank(job->peers);
    int32_t rank_count = job->peers_ops->rank_count(job->peers);
    char   *own        = region->at[rank];
    char   *next       = region->at[(rank + 1) % rank_count];
    size_t  bytes      = region->half_bytes < LINK_BYTES_MAX ? region->half_bytes : LINK_BYTES_MAX;
    copy_t  store      = {next + region->half_bytes, own, bytes, 0};
    copy_t  load       = {own + region->half_bytes, next, bytes, 0};
    copy_t  local      = {own + region->half_bytes, own, region->half_bytes, 0};

    CX_TRY(find_rate(job, &store, rank == 0, &out->link_copy_bytes_per_s));
    CX_TRY(find_rate(job, &store, true, &out->link_copy_bytes_per_s));
    CX_TRY(find_rate(job, &local, true, &out->memory_copy_bytes_per_s));
    out->memory_copy_bytes_per_s *= 2;
    CX_TRY(find_kernel_rate(job, &store, &out->link_store_bytes_per_s));
    return find_kernel_rate(job, &load, &out->link_load_bytes_per_s);
}

/* Between the ranks 0 and 1, 2 and 3, and so on; a last odd one has nobody. */
static cx_status_t measure_flag(const cx_job_t *job, const cx_limits_region_t *region,
                                cx_limits_t *out)
{
    int32_t   rank       = job->peers_ops->rank(job->peers);
    int32_t   peer       = rank ^ 1;
    bool      has_peer   = peer < job->peers_ops->rank_count(job->peers);
    size_t    flag_place = 2 * region->half_bytes;
    volley_t  volley = {.own_flag = (char *)region->at[rank] + flag_place, .begins = rank < peer};
    cx_work_t work   = {enqueue_volley, &volley, has_peer ? 1 : 0, false};
    double    period_us;

    if (has_peer) {
        volley.peer_flag = (char *)region->at[peer] + flag_place;
    }
    CX_TRY(find_period(job, &work, &period_us));
    out->flag_round_trip_us = period_us / ROUND_COUNT;
    return CX_OK;
}

/* ---- launches ---------------------------------------------------------------------------------
 */

static cx_status_t measure_launches(const cx_job_t *job, cx_limits_t *out)
{
    const cx_work_t single = {enqueue_nothing, NULL, 1, false};
    const cx_work_t chain  = {enqueue_nothing, NULL, CHAIN_COUNT, true};
    const cx_work_t loop   = {enqueue_nothing, NULL, CHAIN_COUNT, false};

    CX_TRY(find_median(job, &single, &out->launch_us));
    CX_TRY(find_step(job, &chain, &out->launch_chain_us));
    return find_period(job, &loop, &out->launch_loop_us);
}

static cx_status_t capture(const cx_window_t *window, int64_t kernel_count, cx_graph_t **out)
{
    cx_status_t status = CX_OK;

    CX_TRY(window->device_ops->graph_begin(window->device, window->stream));
    for (int64_t i = 0; i < kernel_count && status == CX_OK; i++) {
        status = enqueue_nothing(window, NULL);
    }
    if (status != CX_OK) {
        (void)window->device_ops->graph_end(window->device, window->stream, NULL);
        return status;
    }
    return window->device_ops->graph_end(window->device, window->stream, out);
}

/* A graph of so many kernels, by one of the functions above. */
static cx_status_t measure_graph(const cx_job_t *job, int64_t kernel_count,
                                 cx_status_t (*find)(const cx_job_t *, const cx_work_t *, double *),
                                 double *replay_us)
{
    cx_work_t   work = {enqueue_graph, NULL, 1, false};
    cx_graph_t *graph;
    cx_status_t status;

    CX_TRY(capture(&job->window, kernel_count, &graph));
    work.what = graph;
    status    = find(job, &work, replay_us);
    if (status != CX_TIMEOUT) {
        job->window.device_ops->graph_free(job->window.device, graph);
    }
    return status;
}

static cx_status_t measure_graphs(const cx_job_t *job, cx_limits_t *out)
{
    double replay_us;

    CX_TRY(measure_graph(job, 1, find_median, &out->graph_launch_us));
    CX_TRY(measure_graph(job, CHAIN_COUNT, find_period, &replay_us));
    out->graph_kernel_us = replay_us / CHAIN_COUNT;
    return CX_OK;
}

static cx_status_t measure_barrier(const cx_job_t *job, cx_limits_t *out)
{
    const cx_work_t work = {enqueue_barrier, NULL, BARRIER_COUNT, false};

    return find_period(job, &work, &out->barrier_us);
}

/* ---- all of them ------------------------------------------------------------------------------
 */

/* A device that cannot do something has no limit of it. */
static cx_status_t pass_over(cx_status_t status)
{
    if (status != CX_UNSUPPORTED) {
        return status;
    }
    cx_detail_clear();
    return CX_OK;
}

/* Copies come first: a device that has been idle runs slowly at first. */
static cx_status_t measure_own(const cx_job_t *job, const cx_limits_region_t *region,
                               cx_limits_t *out)
{
    const cx_device_ops_t *device_ops = job->window.device_ops;

    if (region && CX_DEVICE_HAS(device_ops, copy_enqueue)) {
        CX_TRY(pass_over(measure_copies(job, region, out)));
    }
    CX_TRY(pass_over(measure_launches(job, out)));
    if (CX_DEVICE_HAS(device_ops, graph_begin)) {
        CX_TRY(pass_over(measure_graphs(job, out)));
    }
    if (job->window.barrier) {
        CX_TRY(pass_over(measure_barrier(job, out)));
    }
    if (region && CX_DEVICE_HAS(device_ops, ping_pong)) {
        CX_TRY(pass_over(measure_flag(job, region, out)));
    }
    return CX_OK;
}

/* The shortest times and the highest rates: what no rank of this machine has beaten. */
static void take_best(const cx_limits_t *of_ranks, int32_t rank_count, cx_limits_t *out)
{
    for (const cx_field_t *field = cx_limits_fields; field->name; field++) {
        bool   is_time = strcmp(field->unit, "us") == 0;
        double best    = (double)NAN;

        for (int32_t rank = 0; rank < rank_count; rank++) {
            double value;

            memcpy(&value, (const char *)&of_ranks[rank] + field->offset, sizeof value);
            best = is_time ? fmin(best, value) : fmax(best, value);
        }
        memcpy((char *)out + field->offset, &best, sizeof best);
    }
}

cx_status_t cx_limits_measure(const cx_job_t *job, const cx_limits_region_t *region,
                              cx_limits_t *out)
{
    cx_limits_t own;

    cx_limits_clear(&own);
    CX_TRY(measure_own(job, region, &own));
    CX_TRY(job->peers_ops->allgather(job->peers, &own, job->gather, sizeof own,
                                     job->begin_phase(job->context, "limits exchange")));
    take_best(job->gather, job->peers_ops->rank_count(job->peers), out);
    return CX_OK;
}
