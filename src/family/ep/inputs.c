/* SPDX-License-Identifier: Apache-2.0 */
/* That a slot's inputs are still what they were filled with. Not its outputs (combined.c). */
#include "base/fail.h"
#include "family/common/halves.h"
#include "family/ep/report.h"
#include "family/ep/row.h"

#include <string.h>

static void compare_row(const cx_ep_truth_t *truth, int64_t token, const uint16_t *got,
                        const uint16_t *right, cx_ep_report_t *report)
{
    const int64_t elems = truth->problem->hidden_elems;
    const int64_t first = (token - truth->work->first_tokens[truth->rank]) * elems;

    for (int64_t c = 0; c < elems; c++) {
        if (got[c] != right[c]) {
            cx_ep_report_blame(report, CX_EP_CHECK_INPUTS, first + c,
                               "%s, column %lld of the activations is %.9g, filled with %.9g",
                               cx_ep_token_name(truth->work, token).text, (long long)c,
                               (double)cx_bf16_to_float(got[c]),
                               (double)cx_bf16_to_float(right[c]));
        }
    }
}

static void compare_slots(const cx_ep_truth_t *truth, int64_t token, const int32_t *experts,
                          const float *gates, cx_ep_report_t *report)
{
    const cx_ep_trace_t *trace = &truth->work->physical;

    for (int64_t slot = 0; slot < trace->topk; slot++) {
        const int64_t expert = trace->experts[token * trace->topk + slot];
        const float   gate   = trace->weights[token * trace->topk + slot];

        if (experts[slot] != expert) {
            cx_ep_report_blame(report, CX_EP_CHECK_INPUTS, slot,
                               "%s, slot %lld: expert %d, filled with %lld",
                               cx_ep_token_name(truth->work, token).text, (long long)slot,
                               (int)experts[slot], (long long)expert);
        }
        if (cx_float_bits(gates[slot]) != cx_float_bits(gate)) {
            cx_ep_report_blame(report, CX_EP_CHECK_INPUTS, slot,
                               "%s, slot %lld: gate %.9g, filled with %.9g",
                               cx_ep_token_name(truth->work, token).text, (long long)slot,
                               (double)gates[slot], (double)gate);
        }
    }
}

cx_status_t cx_ep_check_inputs(const cx_ep_truth_t *truth, const cx_ep_slot_t *slot,
                               cx_ep_report_t *report)
{
    const int64_t first = truth->work->first_tokens[truth->rank];
    const int64_t count = truth->work->first_tokens[truth->rank + 1] - first;
    const int64_t elems = truth->problem->hidden_elems, topk = truth->problem->topk;
    cx_ep_row_t   row;
    cx_arena_t    arena;
    cx_status_t   status;

    cx_arena_init(&arena);
    CX_TRY_OR(fini_arena, cx_ep_row_init(truth, CX_CODEC_BF16, &arena, &row));
    cx_ep_report_checked(report, CX_EP_CHECK_INPUTS, count * (elems + 2 * topk));
    for (int64_t i = 0; i < count; i++) {
        const uint16_t *got = slot->x + i * elems;

        cx_ep_activations(&truth->activation, (uint32_t)(first + i), 1, row.values);
        if (memcmp(got, row.values, (size_t)elems * sizeof *got) != 0) {
            compare_row(truth, first + i, got, row.values, report);
        }
        compare_slots(truth, first + i, slot->experts + i * topk, slot->gates + i * topk, report);
    }
fini_arena:
    cx_arena_fini(&arena);
    return status;
}
