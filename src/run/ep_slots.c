/* SPDX-License-Identifier: Apache-2.0 */
/* Layout, filling and checking of slots. */
#include "run/ep_slots.h"

#include "base/prng.h"
#include "family/common/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AREA_ALIGN_BYTES 256u

enum { AREA_X, AREA_EXPERTS, AREA_GATES, AREA_COMBINED, AREA_COUNT };

static const char *const area_names[AREA_COUNT] = {"activations", "experts", "gates", "output"};

/* One area of a slot on this rank. */
typedef struct area {
    size_t offset, bytes;
} area_t;

/* Bytes that one token has in each area. */
static void token_bytes(const cx_ep_plan_t *plan, size_t bytes_out[AREA_COUNT])
{
    const size_t row_bytes = (size_t)plan->problem.hidden_elems * sizeof(uint16_t);

    bytes_out[AREA_X]        = row_bytes;
    bytes_out[AREA_EXPERTS]  = (size_t)plan->problem.topk * sizeof(int32_t);
    bytes_out[AREA_GATES]    = (size_t)plan->problem.topk * sizeof(float);
    bytes_out[AREA_COMBINED] = row_bytes;
}

/* Where a rank's tokens really lie: guards follow them directly, also where others have more. */
static void find_areas(const cx_ep_slots_t *slots, int32_t slot_index, area_t areas[AREA_COUNT])
{
    const cx_ep_slot_t *slot = &slots->slots[slot_index];
    const size_t        own  = (size_t)slot->token_counts[slots->plan->ranks.rank];
    size_t              bytes[AREA_COUNT];

    token_bytes(slots->plan, bytes);
    areas[AREA_X]        = (area_t){slot->x_offset, own * bytes[AREA_X]};
    areas[AREA_EXPERTS]  = (area_t){slot->experts_offset, own * bytes[AREA_EXPERTS]};
    areas[AREA_GATES]    = (area_t){slot->gates_offset, own * bytes[AREA_GATES]};
    areas[AREA_COMBINED] = (area_t){slot->combined_offset, own * bytes[AREA_COMBINED]};
}

static uint64_t area_seed(const cx_ep_slots_t *slots, int32_t slot_index, int area)
{
    return cx_mix64((uint64_t)slots->plan->one->seed + (uint64_t)slot_index * AREA_COUNT +
                    (uint64_t)area);
}

/* The host's view of the region. */
static char *host_memory(const cx_ep_slots_t *slots)
{
    return slots->mirror ? slots->mirror : slots->region.memory;
}

/* ---- layout --------------------------------------------------------------------------------- */

static size_t next_area(size_t *cursor, size_t bytes)
{
    size_t offset =
        (*cursor + CX_GUARD_BYTES + AREA_ALIGN_BYTES - 1) / AREA_ALIGN_BYTES * AREA_ALIGN_BYTES;

    *cursor = offset + bytes + CX_GUARD_BYTES;
    return offset;
}

/* Offsets of all slots; returns the bytes of the region. */
static size_t lay_out(cx_ep_slots_t *slots)
{
    size_t bytes[AREA_COUNT], cursor = 0;

    token_bytes(slots->plan, bytes);
    for (int32_t i = 0; i < slots->plan->slot_count; i++) {
        const cx_ep_work_t *work = cx_ep_plan_work_of(slots->plan, i);
        const size_t        most = (size_t)cx_ep_work_tokens_max(work);
        cx_ep_slot_t       *slot = &slots->slots[i];

        slot->x_offset        = next_area(&cursor, most * bytes[AREA_X]);
        slot->experts_offset  = next_area(&cursor, most * bytes[AREA_EXPERTS]);
        slot->gates_offset    = next_area(&cursor, most * bytes[AREA_GATES]);
        slot->combined_offset = next_area(&cursor, most * bytes[AREA_COMBINED]);
    }
    return cursor;
}

static cx_status_t count_tokens(cx_ep_slots_t *slots, cx_arena_t *arena)
{
    const int32_t rank_count = slots->plan->ranks.rank_count;

    for (int32_t i = 0; i < slots->plan->slot_count; i++) {
        int64_t *counts = cx_arena_grab(arena, (size_t)rank_count * sizeof *counts);

        if (!counts) {
            return CX_FAIL(CX_RESOURCE, "out of memory for %d slots", slots->plan->slot_count);
        }
        for (int32_t rank = 0; rank < rank_count; rank++) {
            counts[rank] = cx_ep_work_tokens(cx_ep_plan_work_of(slots->plan, i), rank);
        }
        slots->slots[i].token_counts = counts;
    }
    return CX_OK;
}

static void point_at(cx_ep_slots_t *slots)
{
    char *memory = slots->region.memory;

    for (int32_t i = 0; i < slots->plan->slot_count; i++) {
        cx_ep_slot_t *slot = &slots->slots[i];

        slot->x        = (const void *)(memory + slot->x_offset);
        slot->experts  = (const void *)(memory + slot->experts_offset);
        slot->gates    = (const void *)(memory + slot->gates_offset);
        slot->combined = (void *)(memory + slot->combined_offset);
    }
    slots->point = (cx_point_t){.slot_count   = slots->plan->slot_count,
                                .region       = slots->region.memory,
                                .region_bytes = slots->region.bytes,
                                .memory       = slots->region.kind,
                                .ep_slots     = slots->slots};
}

cx_status_t cx_ep_slots_open(const cx_core_t *core, const cx_ep_plan_t *plan, cx_memory_t memory,
                             bool is_host_ordered, cx_arena_t *arena, cx_ep_slots_t *out)
{
    cx_ep_slots_t slots = {.core = core, .plan = plan};
    size_t        region_bytes;

    slots.slots = cx_arena_grab(arena, (size_t)plan->slot_count * sizeof *slots.slots);
    if (!slots.slots) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d slots", plan->slot_count);
    }
    CX_TRY(count_tokens(&slots, arena));
    region_bytes = lay_out(&slots);
    CX_TRY(cx_region_open(core, region_bytes, memory, &slots.region));
    if (!is_host_ordered && region_bytes > 0) {
        slots.mirror = malloc(region_bytes);
        if (!slots.mirror) {
            cx_region_close(&slots.region);
            return CX_FAIL(CX_RESOURCE, "out of memory for a mirror of %zu bytes", region_bytes);
        }
    }
    point_at(&slots);
    *out = slots;
    return CX_OK;
}

void cx_ep_slots_close(cx_ep_slots_t *slots)
{
    free(slots->mirror);
    slots->mirror = NULL;
    cx_region_close(&slots->region);
}

/* ---- contents ------------------------------------------------------------------------------- */

static cx_status_t store(const cx_ep_slots_t *slots, size_t offset, size_t bytes)
{
    const cx_core_t *core = slots->core;

    return slots->mirror
               ? core->device_ops->copy(core->device, (char *)slots->region.memory + offset,
                                        slots->mirror + offset, bytes)
               : CX_OK;
}

static cx_status_t load(const cx_ep_slots_t *slots, size_t offset, size_t bytes)
{
    const cx_core_t *core = slots->core;

    return slots->mirror ? core->device_ops->copy(core->device, slots->mirror + offset,
                                                  (char *)slots->region.memory + offset, bytes)
                         : CX_OK;
}

cx_ep_truth_t cx_ep_slots_truth(const cx_ep_slots_t *slots, int32_t slot_index)
{
    cx_ep_truth_t truth = cx_ep_plan_truth(slots->plan, slot_index);

    truth.tensor_scale = slots->slots[slot_index].tensor_scale;
    return truth;
}

static void fill_inputs(const cx_ep_slots_t *slots, const cx_ep_truth_t *truth,
                        const area_t areas[AREA_COUNT])
{
    const cx_ep_trace_t *trace   = &truth->work->physical;
    const int64_t        first   = truth->work->first_tokens[truth->rank];
    const int64_t        count   = cx_ep_work_tokens(truth->work, truth->rank);
    char                *memory  = host_memory(slots);
    int32_t             *experts = (void *)(memory + areas[AREA_EXPERTS].offset);

    cx_ep_activations(&truth->activation, (uint32_t)first, count,
                      (uint16_t *)(void *)(memory + areas[AREA_X].offset));
    for (int64_t i = 0; i < count * trace->topk; i++) {
        experts[i] = (int32_t)trace->experts[first * trace->topk + i];
    }
    memcpy(memory + areas[AREA_GATES].offset, truth->work->trace.weights + first * trace->topk,
           areas[AREA_GATES].bytes);
}

cx_status_t cx_ep_slots_fill(cx_ep_slots_t *slots)
{
    for (int32_t i = 0; i < slots->plan->slot_count; i++) {
        cx_ep_truth_t truth = cx_ep_plan_truth(slots->plan, i);
        area_t        areas[AREA_COUNT];

        CX_TRY(cx_ep_tensor_scale(&truth, &slots->slots[i].tensor_scale));
        find_areas(slots, i, areas);
        fill_inputs(slots, &truth, areas);
        cx_poison(host_memory(slots) + areas[AREA_COMBINED].offset, areas[AREA_COMBINED].bytes,
                  area_seed(slots, i, AREA_COMBINED));
        for (int area = 0; area < AREA_COUNT; area++) {
            cx_guard_write(host_memory(slots) + areas[area].offset, areas[area].bytes,
                           area_seed(slots, i, area));
        }
    }
    return store(slots, 0, slots->region.bytes);
}

cx_status_t cx_ep_slots_poison(cx_ep_slots_t *slots, int32_t slot_index)
{
    area_t areas[AREA_COUNT];

    find_areas(slots, slot_index, areas);
    cx_poison(host_memory(slots) + areas[AREA_COMBINED].offset, areas[AREA_COMBINED].bytes,
              area_seed(slots, slot_index, AREA_COMBINED));
    return store(slots, areas[AREA_COMBINED].offset, areas[AREA_COMBINED].bytes);
}

cx_status_t cx_ep_slots_combined(cx_ep_slots_t *slots, int32_t slot_index, const uint16_t **out,
                                 size_t *bytes_out)
{
    area_t areas[AREA_COUNT];

    find_areas(slots, slot_index, areas);
    CX_TRY(load(slots, areas[AREA_COMBINED].offset, areas[AREA_COMBINED].bytes));
    *out       = (const void *)(host_memory(slots) + areas[AREA_COMBINED].offset);
    *bytes_out = areas[AREA_COMBINED].bytes;
    return CX_OK;
}

static void check_guard(const cx_ep_slots_t *slots, int32_t slot_index, int area,
                        const area_t *place, cx_ep_report_t *report)
{
    cx_verdict_t verdict;
    char         name[64];

    (void)snprintf(name, sizeof name, "%s of slot %d", area_names[area], slot_index);
    cx_guard_check(host_memory(slots) + place->offset, place->bytes,
                   area_seed(slots, slot_index, area), name, &verdict);
    cx_ep_report_checked(report, CX_EP_CHECK_GUARD, verdict.checked_count);
    if (!verdict.is_right) {
        cx_ep_report_blame(report, CX_EP_CHECK_GUARD, verdict.first_index, "%s", verdict.text);
    }
}

cx_status_t cx_ep_slots_check(cx_ep_slots_t *slots, int32_t slot_index, cx_ep_report_t *report)
{
    cx_ep_truth_t truth = cx_ep_slots_truth(slots, slot_index);
    cx_ep_slot_t  host  = slots->slots[slot_index];
    area_t        areas[AREA_COUNT];

    find_areas(slots, slot_index, areas);
    for (int area = 0; area < AREA_COUNT; area++) {
        CX_TRY(load(slots, areas[area].offset - CX_GUARD_BYTES,
                    areas[area].bytes + 2 * (size_t)CX_GUARD_BYTES));
        check_guard(slots, slot_index, area, &areas[area], report);
    }
    host.x       = (const void *)(host_memory(slots) + areas[AREA_X].offset);
    host.experts = (const void *)(host_memory(slots) + areas[AREA_EXPERTS].offset);
    host.gates   = (const void *)(host_memory(slots) + areas[AREA_GATES].offset);
    return cx_ep_check_inputs(&truth, &host, report);
}
