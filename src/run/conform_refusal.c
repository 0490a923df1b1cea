/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of what a backend does with what is wrong: impossible sizes, a device that fails, a rank
 * that never comes. */
#include "run/conform_kit.h"

#include "base/deadline.h"
#include "run/agree.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_ELEMS 17
#define LARGE_BLOCK_ELEMS 4099
#define FAILURE_ROUND_COUNT 20
#define WAIT_NS CX_NS_PER_S
#define ABSENCE_NS (CX_NS_PER_S * 3 / 2)
#define LATE_NS CX_NS_PER_S

/* ---- wrong input ----------------------------------------------------------------------------- */

static void lose_region(cx_point_t *point)
{
    point->region       = NULL;
    point->region_bytes = 0;
}

static void exceed_region(cx_point_t *point)
{
    point->elems         = INT64_MAX / 16;
    point->message_bytes = INT64_MAX / 16;
}

static void negate_elems(cx_point_t *point)
{
    point->elems = -1;
}

static const struct {
    const char *what;
    void (*spoil)(cx_point_t *point);
} wrongs[] = {
    {"a point without memory", lose_region},
    {"blocks larger than their memory", exceed_region},
    {"blocks of less than no element", negate_elems},
};

static cx_status_t offer_wrong(cx_trial_t *trial, size_t index)
{
    cx_conform_t *conform = trial->conform;
    cx_point_t    point   = trial->workload.point;
    cx_status_t   status;

    wrongs[index].spoil(&point);
    (void)cx_rank_context_phase(conform->context, "prepare");
    cx_detail_clear();
    status = conform->ops->prepare(trial->session, &point);
    if (status == CX_OK) {
        conform->ops->release(trial->session);
        status = CX_FAIL(CX_INVALID, "prepare accepts %s", wrongs[index].what);
    } else if (cx_conform_is_out_of_step(status)) {
        status = cx_conform_blame(status, "%s", wrongs[index].what);
    } else if (!cx_detail()->text[0]) {
        status = CX_FAIL(CX_INVALID, "prepare refuses %s without a sentence", wrongs[index].what);
    } else {
        cx_detail_clear();
        status = CX_OK;
    }
    return cx_conform_is_out_of_step(status) ? status : cx_agree(conform->context, status);
}

/* A session that has refused is as good as before. */
static cx_status_t offer_wrongs(cx_trial_t *trial)
{
    CX_TRY(cx_trial_open(trial));
    CX_TRY(cx_trial_plan(trial, BLOCK_ELEMS));
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        CX_TRY(offer_wrong(trial, i));
    }
    CX_TRY(cx_trial_prepare(trial));
    CX_TRY(cx_trial_run(trial, trial->workload.point.slot_count));
    return cx_trial_verify(trial, trial->workload.point.slot_count);
}

/* The table of counts is what sizes an all_to_all_v, and is left as it is. */
static bool is_sized(int32_t op)
{
    return op != CX_COLLECTIVE_BARRIER && op != CX_COLLECTIVE_ALL_TO_ALL_V;
}

static cx_status_t try_wrongs(cx_conform_t *conform, const cx_case_t *one)
{
    cx_trial_t trial;

    if (!is_sized(one->op)) {
        return CX_OK;
    }
    cx_trial_init(&trial, conform, one);
    return cx_trial_end(&trial, offer_wrongs(&trial));
}

cx_status_t cx_conform_wrong_input(cx_conform_t *conform)
{
    cx_case_t one;
    bool      has_any = false;

    for (int32_t op = 0; op < CX_COLLECTIVE_COUNT; op++) {
        has_any = has_any || (is_sized(op) && cx_conform_find_case(conform, op, &one));
    }
    if (!has_any) {
        return cx_conform_skip(conform, "no operation is offered whose size the point alone says");
    }
    return cx_conform_each_case(conform, CX_CONFORM_EVERY_OPERATION, true, try_wrongs);
}

/* ---- a device that fails --------------------------------------------------------------------- */

/* The device the backend sees: the real one, but for one call. Static, as device functions have no
 * place for anything of ours. */
static struct {
    const cx_device_ops_t *real;
    cx_device_ops_t        ops;
    int64_t                call_count, failing_call; /* from 1; 0: none fails */
} unreliable;

static cx_status_t next_call(void)
{
    if (++unreliable.call_count == unreliable.failing_call) {
        return CX_FAIL(CX_RESOURCE, "injected failure of device call %lld",
                       (long long)unreliable.call_count);
    }
    return CX_OK;
}

static cx_status_t unreliable_alloc(cx_device_t *device, size_t bytes, cx_memory_t memory,
                                    void **out)
{
    CX_TRY(next_call());
    return unreliable.real->alloc(device, bytes, memory, out);
}

static cx_status_t unreliable_export(cx_device_t *device, void *memory, int *fd_out)
{
    CX_TRY(next_call());
    return unreliable.real->export_fd(device, memory, fd_out);
}

static cx_status_t unreliable_import(cx_device_t *device, int fd, size_t bytes, void **out)
{
    CX_TRY(next_call());
    return unreliable.real->import_fd(device, fd, bytes, out);
}

/* Only around calls of the backend: the core's own allocations are not meant. */
static void make_unreliable(cx_core_t *core, int64_t failing_call)
{
    unreliable.real          = core->device_ops;
    unreliable.ops           = *core->device_ops;
    unreliable.ops.alloc     = unreliable_alloc;
    unreliable.ops.export_fd = unreliable_export;
    unreliable.ops.import_fd = unreliable_import;
    unreliable.call_count    = 0;
    unreliable.failing_call  = failing_call;
    core->device_ops         = &unreliable.ops;
}

static void make_reliable(cx_core_t *core)
{
    core->device_ops = unreliable.real;
}

/* Open and prepare with one failing call: what they say, all ranks alike. */
static cx_status_t attempt(cx_trial_t *trial, int64_t failing_call)
{
    cx_core_t  *core = &trial->conform->context->core;
    cx_status_t status;

    make_unreliable(core, failing_call);
    status = cx_trial_open(trial);
    if (status == CX_OK) {
        status = cx_trial_prepare(trial);
    }
    make_reliable(core);
    if (trial->is_prepared) {
        trial->conform->ops->release(trial->session);
        trial->is_prepared = false;
    }
    if (trial->session && !cx_conform_is_out_of_step(status)) {
        trial->conform->ops->close(trial->session);
        trial->session = NULL;
    }
    return status;
}

static cx_status_t judge_attempt(cx_status_t status, int64_t call)
{
    bool has_sentence = cx_detail()->text[0] != '\0';

    cx_detail_clear();
    if (status == CX_OK) {
        return CX_FAIL(CX_INVALID, "device call %lld failed, and open and prepare said ok",
                       (long long)call);
    }
    if (!has_sentence) {
        return CX_FAIL(CX_INVALID, "the failure of device call %lld is reported without a sentence",
                       (long long)call);
    }
    return CX_OK;
}

static cx_status_t fail_each_call(cx_trial_t *trial, int64_t call_count)
{
    for (int64_t call = 1; call <= call_count; call++) {
        cx_status_t status = attempt(trial, call);

        if (cx_conform_is_out_of_step(status)) {
            return cx_conform_blame(status, "device call %lld failed", (long long)call);
        }
        CX_TRY(cx_agree(trial->conform->context, judge_attempt(status, call)));
    }
    return CX_OK;
}

static cx_status_t fail_often(cx_trial_t *trial, int64_t call_count)
{
    cx_footprint_t before, after;
    cx_status_t    status;

    CX_TRY(fail_each_call(trial, call_count));
    status = cx_footprint_take(&before);
    for (int i = 0; i < FAILURE_ROUND_COUNT; i++) {
        CX_TRY(fail_each_call(trial, call_count));
    }
    if (status == CX_OK) {
        status = cx_footprint_take(&after);
    }
    if (status == CX_OK) {
        status = cx_footprint_compare(&before, &after, FAILURE_ROUND_COUNT);
    }
    return cx_agree(trial->conform->context, status);
}

/* Ranks that ask the device for different numbers of things would not fail together. */
static cx_status_t count_calls(cx_trial_t *trial, int64_t *out)
{
    const cx_core_t *core = &trial->conform->context->core;
    int64_t         *counts;
    cx_status_t      status;

    CX_TRY(attempt(trial, 0));
    counts = calloc((size_t)core->rank_count, sizeof *counts);
    if (!counts) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d ranks", core->rank_count);
    }
    status = core->peers_ops->allgather(core->peers, &unreliable.call_count, counts, sizeof *counts,
                                        cx_rank_context_phase(trial->conform->context, "calls"));
    *out   = counts[0];
    for (int32_t rank = 1; rank < core->rank_count; rank++) {
        *out = counts[rank] == *out ? *out : -1;
    }
    free(counts);
    return status;
}

/* A limit that this device does not have, or that needs another rank. */
static bool is_refusal(const cx_trial_t *trial, cx_status_t status)
{
    return status == CX_UNSUPPORTED && trial->one.family == CX_FAMILY_LIMITS;
}

static cx_status_t fail_device(cx_trial_t *trial)
{
    cx_status_t status;
    int64_t     call_count;

    CX_TRY(cx_trial_plan(trial, LARGE_BLOCK_ELEMS));
    status = count_calls(trial, &call_count);
    if (is_refusal(trial, status)) {
        return cx_conform_skip(trial->conform, "%s", cx_detail()->text);
    }
    CX_TRY(status);
    if (call_count <= 0) {
        return cx_conform_skip(trial->conform, call_count == 0
                                                   ? "the backend asks the device for nothing"
                                                   : "ranks ask the device for different things");
    }
    CX_TRY(fail_often(trial, call_count));
    CX_TRY(cx_trial_open(trial));
    CX_TRY(cx_trial_prepare(trial));
    CX_TRY(cx_trial_run(trial, trial->workload.point.slot_count));
    return cx_trial_verify(trial, trial->workload.point.slot_count);
}

cx_status_t cx_conform_device_failure(cx_conform_t *conform)
{
    cx_case_t  one;
    cx_trial_t trial;

    (void)cx_conform_find_case(conform, -1, &one);
    cx_trial_init(&trial, conform, &one);
    return cx_trial_end(&trial, fail_device(&trial));
}

/* ---- a rank that never comes ----------------------------------------------------------------- */

/* Whether the text names another rank than the one that waited. */
static bool names_another(const char *text, int32_t own_rank)
{
    for (const char *at = strstr(text, "rank "); at; at = strstr(at + 1, "rank ")) {
        char *end;
        long  rank = strtol(at + 5, &end, 10);

        if (end != at + 5 && rank != own_rank) {
            return true;
        }
    }
    return false;
}

/* A device does not know for whom its work waits; that a host which does it knows is promised. */
static cx_status_t judge_wait(const cx_conform_t *conform, cx_status_t status, int64_t waited_ns)
{
    int32_t     rank = conform->context->core.rank;
    const char *text = cx_detail()->text;

    if (status == CX_OK) {
        return CX_FAIL(CX_INVALID, "the operation ended though a rank never came");
    }
    if (status != CX_TIMEOUT) {
        return cx_conform_blame(CX_INVALID, "the wait ended as %s, not as timeout",
                                cx_status_slug(status));
    }
    if (conform->context->facts.is_host_ordered && !names_another(text, rank)) {
        return cx_conform_blame(CX_INVALID, "the timeout does not name the rank that is missing");
    }
    if (waited_ns > WAIT_NS + LATE_NS) {
        return cx_conform_blame(CX_INVALID, "the wait of 1 s ended after %.1f s",
                                (double)waited_ns / 1e9);
    }
    cx_detail_clear();
    return CX_OK;
}

/* Not there, but alive: what it would be called for ends without it. */
static void stay_away(cx_rank_context_t *context)
{
    context->timeout_ns = ABSENCE_NS;
    (void)cx_rank_context_phase(context, "absent on purpose");
    while (!context->core.is_over(&context->core)) {
        (void)poll(NULL, 0, 5);
    }
}

static cx_status_t wait_in_vain(cx_trial_t *trial)
{
    cx_conform_t      *conform = trial->conform;
    cx_rank_context_t *context = conform->context;
    int64_t            started_ns;
    cx_status_t        status;

    CX_TRY(cx_trial_open(trial));
    CX_TRY(cx_trial_plan(trial, BLOCK_ELEMS));
    CX_TRY(cx_trial_prepare(trial));
    CX_TRY(cx_trial_run(trial, 1));
    if (context->core.rank == context->core.rank_count - 1) {
        stay_away(context);
        return CX_OK;
    }
    context->timeout_ns = WAIT_NS;
    (void)cx_rank_context_phase(context, "waiting in vain");
    started_ns = cx_now_ns();
    status = conform->ops->enqueue(trial->session, CX_PHASE_OPERATION, 0, conform->bench.stream);
    if (status == CX_OK && CX_HAS(conform->ops, wait)) {
        status = conform->ops->wait(trial->session, CX_PHASE_OPERATION);
    }
    if (status == CX_OK) {
        status = context->core.device_ops->synchronize(context->core.device, conform->bench.stream,
                                                       context->deadline_ns);
    }
    return judge_wait(conform, status, cx_now_ns() - started_ns);
}

/* An operation that nobody can finish alone, behind one of all ranks, in which a library may
 * connect them. The session is not closed: its library may wait for the rank that is missing. */
cx_status_t cx_conform_absent_peer(cx_conform_t *conform)
{
    cx_case_t  one;
    cx_trial_t trial;

    if (!cx_conform_find_case(conform, CX_COLLECTIVE_ALL_REDUCE, &one) &&
        !cx_conform_find_case(conform, CX_COLLECTIVE_BARRIER, &one)) {
        return cx_conform_skip(conform, "neither all_reduce nor barrier is offered");
    }
    cx_trial_init(&trial, conform, &one);
    return wait_in_vain(&trial);
}
