/* SPDX-License-Identifier: Apache-2.0 */
/* A rank process: joining its supervisor's board and its peers. */
#include "run/rank_context.h"

#include "base/deadline.h"
#include "base/log.h"
#include "base/units.h"
#include "family/common/codec_ops.h"
#include "launch/board.h"
#include "launch/local.h"
#include "peers/env.h"
#include "peers/meet.h"
#include "plugin/plugin.h"
#include "run/processors.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAR_FD_COUNT_MAX 4096
/* How fast a bound grows once it was learnt; source: peers/clocksync.h. */
#define CLOCK_BOUND_DOUBLES_NS 0.5e9

static bool is_over(const cx_core_t *core)
{
    const cx_rank_context_t *context = (const cx_rank_context_t *)(const void *)core;

    return atomic_load_explicit(&context->board->is_cancelled, memory_order_relaxed) ||
           cx_now_ns() > context->deadline_ns;
}

static int64_t deadline_of(const cx_core_t *core)
{
    return ((const cx_rank_context_t *)(const void *)core)->deadline_ns;
}

int64_t cx_rank_context_phase(cx_rank_context_t *context, const char *phase)
{
    int64_t now_ns = cx_now_ns();

    context->deadline_ns = now_ns + context->timeout_ns;
    /* After a failure the board keeps the phase it happened in. */
    if (cx_detail()->status == CX_OK) {
        (void)strncpy(context->own->phase, phase, sizeof context->own->phase - 1);
    }
    atomic_store(&context->own->beat_ns, now_ns);
    atomic_store(&context->own->deadline_ns, context->deadline_ns);
    return context->deadline_ns;
}

int64_t cx_rank_context_common_ns(const cx_rank_context_t *context, int64_t local_ns)
{
    return context->facts.is_virtual_time ? local_ns
                                          : cx_clock_to_common(&context->clock, local_ns);
}

void cx_rank_context_give_up(cx_rank_context_t *context, cx_status_t status)
{
    const cx_detail_t *detail = cx_detail();

    (void)snprintf(context->own->detail, sizeof context->own->detail, "%s", detail->text);
    atomic_store(&context->own->status,
                 (int32_t)(detail->status != CX_OK ? detail->status : status));
}

/* A number the supervisor left in the environment; -1 when it is not there. */
static int32_t inherited(const char *name)
{
    const char *text = getenv(name);
    int64_t     number;

    return text && !cx_units_parse_int(text, &number) ? (int32_t)number : -1;
}

static int32_t star_fds(int *fds)
{
    const char *text  = getenv(CX_ENV_STAR_FDS);
    int32_t     count = 0;

    while (text && *text && count < STAR_FD_COUNT_MAX) {
        char *end;

        fds[count++] = (int)strtol(text, &end, 10);
        text         = *end == ',' ? end + 1 : NULL;
    }
    return count;
}

static cx_status_t meet(cx_rank_context_t *context, const cx_launch_env_t *env)
{
    int          fds[STAR_FD_COUNT_MAX];
    cx_meeting_t meeting = {.rank             = env->rank,
                            .rank_count       = env->rank_count,
                            .local_rank       = env->local_rank,
                            .local_rank_count = env->local_rank_count,
                            .token            = env->token};

    meeting.star_fd_count = star_fds(fds);
    meeting.star_fds      = meeting.star_fd_count > 0 ? fds : NULL;
    meeting.address       = meeting.star_fds || !env->address[0] ? NULL : env->address;
    return cx_peers_open(&meeting, cx_rank_context_phase(context, "meeting"),
                         &context->core.peers_ops, &context->core.peers);
}

static void find_audit(cx_audit_t *audit)
{
    void *enter = dlsym(RTLD_DEFAULT, "cx_audit_enter");
    void *leave = dlsym(RTLD_DEFAULT, "cx_audit_leave");
    void *count = dlsym(RTLD_DEFAULT, "cx_audit_violation_count");

    if (enter && leave && count) {
        memcpy(&audit->enter, &enter, sizeof enter);
        memcpy(&audit->leave, &leave, sizeof leave);
        memcpy(&audit->violation_count, &count, sizeof count);
    }
}

/* How many ranks share this host, and how many hosts there are, as the peers found out. */
static void count_hosts(cx_rank_context_t *context)
{
    const cx_core_t *core     = &context->core;
    int32_t          own_host = core->peers_ops->host_index(core->peers, core->rank);

    context->core.local_rank_count = 0;
    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        int32_t host = core->peers_ops->host_index(core->peers, rank);

        context->core.local_rank_count += host == own_host;
        context->host_count = host >= context->host_count ? host + 1 : context->host_count;
    }
}

cx_status_t cx_rank_context_clock(cx_rank_context_t *context)
{
    const cx_core_t *core     = &context->core;
    double          *bounds   = calloc((size_t)core->rank_count, sizeof *bounds);
    double           worst_ns = 0, second_ns = 0;
    cx_status_t      status;

    if (!bounds) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d bounds", core->rank_count);
    }
    CX_TRY_OR(free_bounds, cx_clock_sync(core->peers_ops, core->peers,
                                         cx_rank_context_phase(context, "clock"), &context->clock));
    CX_TRY_OR(free_bounds, core->peers_ops->allgather(core->peers, &context->clock.bound_ns, bounds,
                                                      sizeof *bounds, context->deadline_ns));
    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        second_ns = fmax(second_ns, fmin(worst_ns, bounds[rank]));
        worst_ns  = fmax(worst_ns, bounds[rank]);
    }
    /* Ranks of one host read one clock, whose resolution is the whole error. */
    context->skew_bound_ns = context->host_count > 1 ? worst_ns + second_ns : worst_ns;

free_bounds:
    free(bounds);
    return status;
}

double cx_rank_context_skew_bound_us(const cx_rank_context_t *context)
{
    double age_ns = (double)(cx_now_ns() - context->clock.reference_ns);

    if (context->facts.is_virtual_time) {
        return 0;
    }
    return context->skew_bound_ns *
               (context->host_count > 1 ? 1 + age_ns / CLOCK_BOUND_DOUBLES_NS : 1) / 1e3 +
           2 * context->facts.stamp_bound_us;
}

cx_status_t cx_rank_context_open(cx_rank_context_t *context, int64_t timeout_ns)
{
    int32_t         place       = inherited(CX_ENV_BOARD_INDEX);
    int32_t         place_count = inherited(CX_ENV_BOARD_COUNT);
    cx_launch_env_t env;

    memset(context, 0, sizeof *context);
    context->timeout_ns = timeout_ns;
    CX_TRY(cx_env_detect(&env));
    CX_TRY(cx_board_join(inherited(CX_ENV_BOARD_FD), place_count, &context->board));
    if (place < 0 || place >= place_count) {
        return CX_FAIL(CX_INVALID, "there is no place %d on a board of %d", place, place_count);
    }
    context->own        = &context->board->ranks[place];
    context->local_rank = env.local_rank;
    context->channel_fd = inherited(CX_ENV_CHANNEL_FD);
    context->core       = (cx_core_t){.struct_size = sizeof context->core,
                                      .rank        = env.rank,
                                      .rank_count  = env.rank_count,
                                      .fail        = cx_fail_plugin,
                                      .log         = cx_log,
                                      .is_over     = is_over,
                                      .deadline_ns = deadline_of,
                                      .codecs      = &cx_codec_ops};
    cx_log_init(getenv("CX_LOG"), env.rank);
    CX_TRY(meet(context, &env));
    count_hosts(context);
    CX_TRY(cx_processors_share(context));
    find_audit(&context->audit);
    return cx_rank_context_clock(context);
}

void cx_rank_context_close(cx_rank_context_t *context)
{
    if (context->core.device) {
        context->core.device_ops->close(context->core.device);
    }
    if (context->core.peers) {
        cx_peers_close(context->core.peers_ops, context->core.peers);
    }
}

cx_status_t cx_rank_context_device(cx_rank_context_t *context, const char *name)
{
    cx_core_t             *core = &context->core;
    const cx_device_ops_t *device_ops;
    int32_t                device_count;

    if (context->device_name && strcmp(context->device_name, name) == 0) {
        return CX_OK;
    }
    CX_TRY(cx_device_load(name, "device", &device_ops));
    if (core->device) {
        core->device_ops->close(core->device);
        core->device         = NULL;
        context->device_name = NULL;
    }
    core->device_ops = device_ops;
    CX_TRY(device_ops->probe(core, &device_count));
    CX_TRY(device_ops->open(core, context->local_rank % device_count, &core->device));
    device_ops->facts(core->device, &context->facts);
    /* Only work on the processor is held to it: a host that feeds a GPU runs where it likes. */
    if (context->facts.is_host_ordered && !context->facts.is_virtual_time) {
        cx_processors_bind(context);
    }
    context->device_name = device_ops->name;
    return CX_OK;
}
