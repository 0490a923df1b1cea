/* SPDX-License-Identifier: Apache-2.0 */
/* Refusing early. */
#include "run/precheck.h"

#include "base/units.h"
#include "family/collective/layout.h"
#include "family/collective/traffic.h"
#include "model/ladder.h"
#include "plugin/plugin.h"
#include "run/catalog.h"
#include "run/ep_plan.h"
#include "run/external.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFERS_PER_SLOT 2
#define SLOTS_AT_LEAST 2

static int64_t physical_memory_bytes(void)
{
    return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

/* The largest rung needs two sets of two buffers on each rank of this host. */
static cx_status_t check_memory(const cx_case_t *one, const cx_rank_layout_t *layout,
                                int64_t memory_bytes)
{
    int64_t     copies = (int64_t)BUFFERS_PER_SLOT * SLOTS_AT_LEAST * layout->host_rank_count;
    int64_t     largest_bytes;
    cx_ladder_t ladder;
    char        asked[32], limit[32];

    CX_TRY(cx_ladder_parse(one->sizes, "sizes", &ladder));
    largest_bytes = ladder.bytes[ladder.rung_count - 1];
    if (largest_bytes <= memory_bytes / copies) {
        return CX_OK;
    }
    return CX_FAIL(
        CX_INVALID,
        "sizes: %s needs %lld buffers of that size on this host, which has memory for at "
        "most %s each",
        cx_units_print_bytes(largest_bytes, asked, sizeof asked), (long long)copies,
        cx_units_print_bytes(memory_bytes / copies / (1 << 20) * (1 << 20), limit, sizeof limit));
}

static cx_status_t check_traffic(const cx_case_t *one, int32_t rank_count)
{
    int64_t    *counts = calloc((size_t)rank_count * (size_t)rank_count, sizeof *counts);
    cx_status_t status;

    if (!counts) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the traffic of %d ranks", rank_count);
    }
    status = one->traffic[0] ? cx_traffic_from_file(one->traffic, rank_count, 1, counts)
                             : cx_traffic_from_skew(rank_count, 1, one->traffic_skew_ratio, counts);
    free(counts);
    return status;
}

/* What a case names must be there; neighbours in a plan mostly name the same. */
static cx_status_t check_device(const cx_case_t *one, const cx_case_t *last)
{
    const cx_device_ops_t *device_ops;

    return last && strcmp(one->device, last->device) == 0
               ? CX_OK
               : cx_device_load(one->device, "device", &device_ops);
}

/* A default is no wish, and cannot contradict one. */
static cx_status_t check_samples(const cx_case_t *one)
{
    const cx_option_t *least = cx_options_find(cx_case_options, "samples-min");

    if (one->samples_min <= one->samples_max ||
        one->origins[least - cx_case_options] == CX_ORIGIN_DEFAULT) {
        return CX_OK;
    }
    return CX_FAIL(CX_INVALID, "samples-min %lld is above samples-max %lld",
                   (long long)one->samples_min, (long long)one->samples_max);
}

/* ---- family ep ------------------------------------------------------------------------------ */

/* The largest step needs its two slots on each rank of this host. */
static cx_status_t check_ep_memory(const cx_case_t *one, const cx_ep_ranks_t *ranks,
                                   int64_t host_rank_count, int64_t memory_bytes)
{
    const int64_t share_bytes = memory_bytes / (CX_EP_SLOT_COUNT_MIN * host_rank_count);
    cx_ladder_t   ladder;
    int64_t       tokens, most;
    char          limit[32];

    CX_TRY(cx_token_ladder_parse(one->ep.tokens, "tokens", &ladder));
    tokens = ladder.tokens[ladder.rung_count - 1];
    if (cx_ep_plan_slot_bytes(one, ranks, tokens) <= share_bytes) {
        return CX_OK;
    }
    most = share_bytes / cx_ep_plan_slot_bytes(one, ranks, 1);
    return CX_FAIL(CX_INVALID,
                   "tokens: %lld per rank need %d slots on each of %lld ranks, and this host has "
                   "memory for %s each; the nearest is %lld",
                   (long long)tokens, CX_EP_SLOT_COUNT_MIN, (long long)host_rank_count,
                   cx_units_print_bytes(share_bytes / (1 << 20) * (1 << 20), limit, sizeof limit),
                   (long long)most);
}

/* A trace that cannot be read must not be found out by every rank. */
static cx_status_t check_trace(const cx_case_t *one, const cx_ep_ranks_t *ranks)
{
    cx_ladder_t      ladder;
    cx_ep_workload_t workload;
    cx_ep_work_t     work;
    cx_arena_t       arena;
    cx_status_t      status;

    if (one->ep.routing != CX_EP_ROUTING_TRACE) {
        return CX_OK;
    }
    CX_TRY(cx_token_ladder_parse(one->ep.tokens, "tokens", &ladder));
    workload = cx_ep_plan_workload(one, ranks, ladder.tokens[ladder.rung_count - 1], 0);
    cx_arena_init(&arena);
    status = cx_ep_work_build(&workload, &arena, &work);
    cx_arena_fini(&arena);
    return status;
}

static cx_status_t check_ep(const cx_case_t *one, const cx_rank_layout_t *layout,
                            int64_t memory_bytes)
{
    const cx_ep_ranks_t ranks = {.rank_count      = layout->rank_count,
                                 .node_rank_count = layout->host_rank_count};

    CX_TRY(cx_ep_plan_check(one, &ranks));
    CX_TRY(check_ep_memory(one, &ranks, layout->host_rank_count, memory_bytes));
    return check_trace(one, &ranks);
}

static cx_status_t check_collective(const cx_case_t *one, const cx_rank_layout_t *layout,
                                    int64_t memory_bytes)
{
    cx_shape_t shape = cx_case_shape(one);

    CX_TRY(cx_collective_check_shape(&shape, layout->rank_count));
    CX_TRY(check_memory(one, layout, memory_bytes));
    CX_TRY(check_samples(one));
    return one->op == CX_COLLECTIVE_ALL_TO_ALL_V ? check_traffic(one, layout->rank_count) : CX_OK;
}

cx_status_t cx_precheck(const cx_plan_t *plan, const cx_rank_layout_t *layout)
{
    const int64_t    host_bytes = physical_memory_bytes();
    const cx_case_t *last       = NULL;

    CX_TRY(cx_external_precheck(plan, layout));
    for (size_t i = 0; i < plan->case_count; i++) {
        const cx_case_t *one = &plan->cases[i];
        /* An accelerator has memory of its own, and says itself when that is full. */
        const int64_t memory_bytes =
            cx_catalog_is_accelerator(one->device) ? INT64_MAX : host_bytes;

        if (cx_external_find(one->backend)) {
            continue; /* its memory and device are its program's */
        }
        CX_TRY(one->family == CX_FAMILY_EP ? check_ep(one, layout, memory_bytes)
                                           : check_collective(one, layout, memory_bytes));
        CX_TRY(check_device(one, last));
        last = one;
    }
    return CX_OK;
}
