/* SPDX-License-Identifier: Apache-2.0 */
/* Slots, inputs, poison and verification of one point. */
#include "run/workload.h"

#include "family/collective/bytes.h"
#include "family/collective/inputs.h"
#include "family/collective/oracle.h"
#include "family/collective/traffic.h"
#include "family/limits/traffic.h"
#include "run/workload_device.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOT_SLOT_COUNT 2
#define HOT_CONSUMED_SLOT_COUNT                                       \
    16 /* a slot serves once per block, and a block wants some length \
        */

cx_status_t cx_region_open(const cx_core_t *core, size_t bytes, cx_memory_t kind, cx_region_t *out)
{
    cx_region_t region = {.core = core, .bytes = bytes, .kind = kind};

    if (bytes > 0) {
        CX_TRY(core->device_ops->alloc(core->device, bytes, kind, &region.memory));
    }
    *out = region;
    return CX_OK;
}

void cx_region_close(cx_region_t *region)
{
    if (region->memory) {
        region->core->device_ops->free(region->core->device, region->memory);
        region->memory = NULL;
    }
}

static cx_status_t plan_traffic(const cx_case_t *one, cx_workload_t *workload)
{
    int32_t rank_count = workload->core->rank_count;

    if (one->op != CX_COLLECTIVE_ALL_TO_ALL_V) {
        return CX_OK;
    }
    workload->counts = calloc((size_t)rank_count * (size_t)rank_count, sizeof *workload->counts);
    if (!workload->counts) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the traffic of %d ranks", rank_count);
    }
    workload->data.counts = workload->counts;
    if (one->family == CX_FAMILY_LIMITS) {
        cx_limits_traffic(&workload->shape, one->limits.movers == CX_MOVERS_ALL, rank_count,
                          workload->point.elems, workload->counts);
        return CX_OK;
    }
    if (one->traffic[0]) {
        return cx_traffic_from_file(one->traffic, rank_count, workload->point.elems,
                                    workload->counts);
    }
    return cx_traffic_from_skew(rank_count, workload->point.elems, one->traffic_skew_ratio,
                                workload->counts);
}

static int32_t choose_slot_count(const cx_case_t *one, const cx_workload_t *workload,
                                 size_t slot_bytes)
{
    int64_t count;

    if (slot_bytes == 0) {
        return 1;
    }
    if (one->buffers == CX_BUFFERS_HOT) {
        return workload->is_consumed ? HOT_CONSUMED_SLOT_COUNT : HOT_SLOT_COUNT;
    }
    count = one->rotate_bytes / (int64_t)slot_bytes;
    count = count < CX_WORKLOAD_SLOT_COUNT_MAX ? count : CX_WORKLOAD_SLOT_COUNT_MAX;
    return count > HOT_SLOT_COUNT ? (int32_t)count : HOT_SLOT_COUNT;
}

/* In regime graph the operations of a replay come to so many slots, and never to others. */
static int32_t limit_slot_count(const cx_case_t *one, int32_t slot_count)
{
    if (one->regime == CX_REGIME_GRAPH && one->graph_ops < slot_count) {
        return (int32_t)one->graph_ops;
    }
    return slot_count;
}

static cx_status_t plan_layout(const cx_case_t *one, cx_workload_t *workload)
{
    size_t  stride_bytes = 0;
    int32_t slot_count;

    CX_TRY(cx_collective_layout(&workload->data, 1, 0, &workload->layout));
    slot_count                 = choose_slot_count(one, workload, workload->layout.region_bytes);
    workload->slot_bytes       = workload->layout.region_bytes;
    workload->point.slot_count = limit_slot_count(one, slot_count);
    if (one->buffers == CX_BUFFERS_ROTATED) {
        stride_bytes = (size_t)(one->rotate_bytes / workload->point.slot_count);
    }
    return cx_collective_layout(&workload->data, workload->point.slot_count, stride_bytes,
                                &workload->layout);
}

static void plan_point(cx_workload_t *workload)
{
    const cx_shape_t *shape      = &workload->shape;
    int32_t           rank_count = workload->core->rank_count;

    workload->point.message_bytes =
        cx_collective_message_bytes(shape, workload->point.elems, workload->counts, rank_count);
    workload->point.counts = workload->counts;
    workload->busbw_factor = shape->op == CX_COLLECTIVE_ALL_TO_ALL_V
                                 ? cx_busbw_factor_v(workload->counts, rank_count)
                                 : cx_busbw_factor(shape->op, rank_count);
    if (shape->family == CX_FAMILY_LIMITS) {
        workload->busbw_factor = (double)NAN; /* the link's bytes are counted as they are */
    }
}

/* The rung as elements of one block; false when not even one fits. */
static bool plan_size(cx_workload_t *workload, int64_t requested_bytes)
{
    int32_t rank_count = workload->core->rank_count;

    return workload->shape.family == CX_FAMILY_LIMITS
               ? cx_limits_size(&workload->shape, rank_count, requested_bytes,
                                &workload->point.elems)
               : cx_collective_size(&workload->shape, rank_count, requested_bytes,
                                    &workload->point.elems, &workload->point.message_bytes);
}

cx_status_t cx_workload_plan(const cx_core_t *core, const cx_case_t *one, int64_t requested_bytes,
                             cx_workload_t *out, char *reason, size_t reason_bytes)
{
    cx_workload_t *workload = out;
    cx_status_t    status;

    memset(workload, 0, sizeof *workload);
    cx_verdict_init(&workload->wrong);
    reason[0]       = '\0';
    workload->core  = core;
    workload->shape = cx_case_shape(one);
    if (!plan_size(workload, requested_bytes)) {
        (void)snprintf(reason, reason_bytes, "less than one %s element in each block of %d ranks",
                       cx_dtype_slugs[one->dtype], core->rank_count);
        return CX_OK;
    }
    workload->data        = (cx_collective_data_t){.shape      = &workload->shape,
                                                   .elems      = workload->point.elems,
                                                   .rank       = core->rank,
                                                   .rank_count = core->rank_count,
                                                   .seed       = (uint64_t)one->seed};
    workload->is_verified = one->is_verified;
    workload->is_consumed = cx_collective_needs_refill(&workload->shape);
    CX_TRY_OR(release, plan_traffic(one, workload));
    CX_TRY_OR(release, plan_layout(one, workload));
    plan_point(workload);
    return CX_OK;

release:
    cx_workload_release(workload);
    return status;
}

void cx_workload_release(cx_workload_t *workload)
{
    cx_workload_device_close(workload);
    free(workload->counts);
    free(workload->mirror);
    workload->counts = NULL;
    workload->mirror = NULL;
}

/* ---- slots as the host sees them ------------------------------------------------------------ */

static cx_status_t open_mirror(cx_workload_t *workload)
{
    const cx_core_t  *core = workload->core;
    cx_device_facts_t facts;

    core->device_ops->facts(core->device, &facts);
    if (facts.is_host_ordered || workload->mirror) {
        return CX_OK;
    }
    workload->mirror = malloc(workload->slot_bytes);
    if (!workload->mirror) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a mirror of %zu bytes",
                       workload->slot_bytes);
    }
    return CX_OK;
}

/* Where the region would start if this slot's host memory were part of it. */
static char *host_region(const cx_workload_t *workload, int32_t slot_index)
{
    uintptr_t mirror = (uintptr_t)workload->mirror;

    if (!workload->mirror) {
        return workload->point.region;
    }
    return (char *)(mirror - (size_t)slot_index * workload->layout.stride_bytes);
}

static char *device_slot(const cx_workload_t *workload, int32_t slot_index)
{
    return (char *)workload->point.region + (size_t)slot_index * workload->layout.stride_bytes;
}

static cx_status_t load_slot(const cx_workload_t *workload, int32_t slot_index)
{
    const cx_core_t *core = workload->core;

    return workload->mirror
               ? core->device_ops->copy(core->device, workload->mirror,
                                        device_slot(workload, slot_index), workload->slot_bytes)
               : CX_OK;
}

static cx_status_t store_slot(const cx_workload_t *workload, int32_t slot_index)
{
    const cx_core_t *core = workload->core;

    return workload->mirror
               ? core->device_ops->copy(core->device, device_slot(workload, slot_index),
                                        workload->mirror, workload->slot_bytes)
               : CX_OK;
}

/* Host memory of what lies at `buffer` in the slot; NULL where the slot has none. */
static void *host_buffer(const cx_workload_t *workload, int32_t slot_index, const void *buffer)
{
    return buffer ? host_region(workload, slot_index) +
                        ((const char *)buffer - (const char *)workload->point.region)
                  : NULL;
}

static cx_status_t fill_slot(cx_workload_t *workload, int32_t slot_index)
{
    const cx_slot_t *slot   = &workload->slots[slot_index];
    char            *region = host_region(workload, slot_index);

    if (workload->layout.send_bytes > 0) {
        cx_collective_fill(&workload->data, slot_index, region + slot->send_offset);
    }
    if (slot->recv && !workload->shape.is_in_place) {
        cx_collective_poison(&workload->data, slot_index,
                             host_buffer(workload, slot_index, slot->recv));
    }
    cx_collective_guard_write(&workload->layout, workload->data.seed, slot_index, region);
    return store_slot(workload, slot_index);
}

cx_status_t cx_workload_fill(cx_workload_t *workload, const cx_region_t *region)
{
    workload->point.region       = region->memory;
    workload->point.region_bytes = region->bytes;
    workload->point.memory       = region->kind;
    workload->point.slots        = workload->slots;
    if (workload->layout.region_bytes == 0) {
        return CX_OK;
    }
    CX_TRY(cx_workload_device_open(workload));
    cx_collective_slots(&workload->layout, &workload->data, region->memory, workload->slots);
    if (workload->spans) {
        return cx_workload_device_fill(workload, 0, workload->point.slot_count);
    }
    CX_TRY(open_mirror(workload));
    for (int32_t i = 0; i < workload->point.slot_count; i++) {
        CX_TRY(fill_slot(workload, i));
    }
    return CX_OK;
}

/* The slot is loaded. */
static cx_status_t verify_slot(cx_workload_t *workload, int32_t slot_index, cx_verdict_t *verdict)
{
    const cx_slot_t *slot = &workload->slots[slot_index];

    CX_TRY(cx_collective_verify(&workload->data, slot_index,
                                host_buffer(workload, slot_index, slot->recv),
                                host_buffer(workload, slot_index, slot->send), verdict));
    if (verdict->is_right) {
        cx_collective_guard_check(&workload->layout, workload->data.seed, slot_index,
                                  host_region(workload, slot_index), verdict);
    }
    return CX_OK;
}

/* What an operation has used must not be taken for its next answer. The slot is loaded. */
static cx_status_t renew_slot(cx_workload_t *workload, int32_t slot_index)
{
    const cx_slot_t *slot = &workload->slots[slot_index];

    if (workload->shape.is_in_place) {
        return fill_slot(workload, slot_index);
    }
    if (slot->recv) {
        cx_collective_poison(&workload->data, slot_index,
                             host_buffer(workload, slot_index, slot->recv));
        return store_slot(workload, slot_index);
    }
    return CX_OK;
}

static void note_verdict(cx_workload_t *workload, const cx_verdict_t *verdict,
                         cx_block_report_t *report)
{
    report->verified_count++;
    report->wrong_count += !verdict->is_right;
    if (cx_verdict_says_more(verdict, &workload->wrong)) {
        workload->wrong = *verdict;
    }
}

static cx_status_t verify_by_host(cx_workload_t *workload, int32_t slot_count,
                                  cx_block_report_t *report)
{
    for (int32_t i = 0; i < slot_count; i++) {
        cx_verdict_t verdict;

        CX_TRY(load_slot(workload, i));
        if (workload->is_verified) {
            CX_TRY(verify_slot(workload, i, &verdict));
            note_verdict(workload, &verdict, report);
        }
        CX_TRY(renew_slot(workload, i));
    }
    return CX_OK;
}

/* What the device has found, in words. */
static cx_status_t explain_slot(cx_workload_t *workload, int32_t slot_index,
                                const cx_difference_t *difference, cx_verdict_t *verdict)
{
    cx_verdict_init(verdict);
    if (difference->wrong_count == 0) {
        return CX_OK;
    }
    CX_TRY(open_mirror(workload));
    CX_TRY(load_slot(workload, slot_index));
    CX_TRY(verify_slot(workload, slot_index, verdict));
    if (verdict->is_right) {
        return CX_FAIL(CX_INTERNAL,
                       "device and host disagree: in slot %d the device found %" PRId64
                       " wrong bytes, the first at byte %" PRId64
                       " of the region, and the host none in its copy",
                       slot_index, difference->wrong_count, difference->first_wrong);
    }
    return CX_OK;
}

static cx_status_t verify_by_device(cx_workload_t *workload, int32_t slot_count,
                                    cx_block_report_t *report)
{
    const int32_t   batch = cx_workload_device_batch(workload);
    cx_difference_t differences[CX_WORKLOAD_SLOT_COUNT_MAX];

    for (int32_t first = 0; first < slot_count && workload->is_verified; first += batch) {
        int32_t count = slot_count - first < batch ? slot_count - first : batch;

        CX_TRY(cx_workload_device_verify(workload, first, count, differences));
        for (int32_t i = 0; i < count; i++) {
            cx_verdict_t verdict;

            CX_TRY(explain_slot(workload, first + i, &differences[i], &verdict));
            note_verdict(workload, &verdict, report);
        }
    }
    return workload->shape.is_in_place ? cx_workload_device_fill(workload, 0, slot_count)
                                       : cx_workload_device_poison(workload, 0, slot_count);
}

cx_status_t cx_workload_verify(cx_workload_t *workload, int64_t operation_count,
                               cx_block_report_t *report)
{
    int32_t slot_count = workload->point.slot_count;
    int32_t used_count = operation_count < slot_count ? (int32_t)operation_count : slot_count;

    if (workload->layout.region_bytes == 0) {
        return CX_OK; /* a barrier is judged by its stamps, in run_case.c */
    }
    return workload->spans ? verify_by_device(workload, used_count, report)
                           : verify_by_host(workload, used_count, report);
}
