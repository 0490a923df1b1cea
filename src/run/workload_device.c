/* SPDX-License-Identifier: Apache-2.0 */
/* From slots to spans, in batches. A batch is a few launches and one wait, whatever its sizes. */
#include "run/workload_device.h"

#include "family/collective/contents.h"

#include <stdlib.h>

#define BATCH_SPANS 2048

/* What of a slot becomes spans. */
typedef void (*add_fn)(const cx_workload_t *workload, int32_t slot_index, cx_span_list_t *list);

static int64_t slot_spans_max(const cx_workload_t *workload)
{
    return CX_COLLECTIVE_SPANS_MAX(workload->core->rank_count);
}

int32_t cx_workload_device_batch(const cx_workload_t *workload)
{
    int64_t slot_count = BATCH_SPANS / slot_spans_max(workload);

    return slot_count > 0 ? (int32_t)slot_count : 1;
}

/* Devices that have the operations may still lack the kernels. */
static cx_status_t ask_device(const cx_core_t *core, bool *is_able)
{
    const cx_device_ops_t *ops = core->device_ops;
    cx_status_t            status;

    *is_able = false;
    if (!CX_DEVICE_HAS(ops, fill) || !CX_DEVICE_HAS(ops, verify)) {
        return CX_OK;
    }
    status = ops->fill(core->device, NULL, NULL, 0);
    if (status == CX_UNSUPPORTED) {
        cx_detail_clear();
        return CX_OK;
    }
    *is_able = status == CX_OK;
    return status;
}

cx_status_t cx_workload_device_open(cx_workload_t *workload)
{
    const cx_core_t *core = workload->core;
    const size_t     span_count =
        (size_t)cx_workload_device_batch(workload) * (size_t)slot_spans_max(workload);
    bool is_able = false;

    if (workload->spans) {
        return CX_OK;
    }
    CX_TRY(ask_device(core, &is_able));
    if (!is_able) {
        return CX_OK;
    }
    CX_TRY(core->device_ops->stream_open(core->device, &workload->stream));
    workload->spans       = calloc(span_count, sizeof *workload->spans);
    workload->differences = calloc(span_count, sizeof *workload->differences);
    if (!workload->spans || !workload->differences) {
        cx_workload_device_close(workload);
        return CX_FAIL(CX_RESOURCE, "out of memory for %zu spans", span_count);
    }
    return CX_OK;
}

void cx_workload_device_close(cx_workload_t *workload)
{
    const cx_core_t *core = workload->core;

    if (workload->stream) {
        core->device_ops->stream_close(core->device, workload->stream);
    }
    free(workload->spans);
    free(workload->differences);
    workload->stream      = NULL;
    workload->spans       = NULL;
    workload->differences = NULL;
}

static char *buffer_of(const cx_workload_t *workload, size_t offset)
{
    return (char *)workload->point.region + offset;
}

static void add_filling(const cx_workload_t *workload, int32_t slot_index, cx_span_list_t *list)
{
    const cx_slot_t *slot = &workload->slots[slot_index];

    if (workload->layout.send_bytes > 0) {
        cx_collective_add_inputs(&workload->data, slot_index,
                                 buffer_of(workload, slot->send_offset), list);
    }
    if (slot->recv) {
        cx_collective_add_poison(&workload->data, slot_index, slot->recv, list);
    }
    cx_collective_add_guards(&workload->layout, workload->data.seed, slot_index,
                             workload->point.region, list);
}

static void add_poison(const cx_workload_t *workload, int32_t slot_index, cx_span_list_t *list)
{
    const cx_slot_t *slot = &workload->slots[slot_index];

    if (slot->recv) {
        cx_collective_add_poison(&workload->data, slot_index, slot->recv, list);
    }
}

static void add_answers(const cx_workload_t *workload, int32_t slot_index, cx_span_list_t *list)
{
    const cx_slot_t *slot = &workload->slots[slot_index];

    cx_collective_add_outputs(&workload->data, slot_index, slot->recv, slot->send, list);
    cx_collective_add_guards(&workload->layout, workload->data.seed, slot_index,
                             workload->point.region, list);
}

static cx_span_list_t list_spans(const cx_workload_t *workload, add_fn add, int32_t first,
                                 int32_t slot_count)
{
    cx_span_list_t list = {.spans = workload->spans};

    for (int32_t i = first; i < first + slot_count; i++) {
        add(workload, i, &list);
    }
    return list;
}

static cx_status_t write_slots(cx_workload_t *workload, add_fn add, int32_t first,
                               int32_t slot_count)
{
    const cx_core_t       *core  = workload->core;
    const cx_device_ops_t *ops   = core->device_ops;
    const int32_t          batch = cx_workload_device_batch(workload);

    for (int32_t done = 0; done < slot_count; done += batch) {
        int32_t        count = slot_count - done < batch ? slot_count - done : batch;
        cx_span_list_t list  = list_spans(workload, add, first + done, count);

        CX_TRY(ops->fill(core->device, workload->stream, list.spans, list.span_count));
    }
    return ops->synchronize(core->device, workload->stream, core->deadline_ns(core));
}

cx_status_t cx_workload_device_fill(cx_workload_t *workload, int32_t first, int32_t slot_count)
{
    return write_slots(workload, add_filling, first, slot_count);
}

cx_status_t cx_workload_device_poison(cx_workload_t *workload, int32_t first, int32_t slot_count)
{
    return write_slots(workload, add_poison, first, slot_count);
}

cx_status_t cx_workload_device_verify(cx_workload_t *workload, int32_t first, int32_t slot_count,
                                      cx_difference_t *out)
{
    const cx_core_t *core = workload->core;
    cx_span_list_t   list = list_spans(workload, add_answers, first, slot_count);
    /* Slots differ in where they lie and in their keys alone. */
    const int64_t slot_spans = list.span_count / slot_count;

    CX_TRY(core->device_ops->verify(core->device, workload->stream, list.spans, list.span_count,
                                    workload->differences));
    for (int32_t i = 0; i < slot_count; i++) {
        out[i] = (cx_difference_t){.first_wrong = -1};
    }
    for (int64_t i = 0; i < list.span_count; i++) {
        const cx_difference_t *found = &workload->differences[i];
        cx_difference_t       *slot  = &out[i / slot_spans];

        if (found->wrong_count > 0 && slot->wrong_count == 0) {
            slot->first_wrong =
                (char *)list.spans[i].memory - buffer_of(workload, 0) + found->first_wrong;
        }
        slot->wrong_count += found->wrong_count;
    }
    return CX_OK;
}
