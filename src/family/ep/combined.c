/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing what came home with what had to. Not what had to (expected.c). */
#include "base/fail.h"
#include "family/common/halves.h"
#include "family/ep/expected.h"
#include "family/ep/report.h"

#include <math.h>
#include <string.h>

/* Of two values that differ, relative to the magnitude, or to a floor below which differences are
 * absolute. */
static double relative_error(uint16_t got, uint16_t expected)
{
    const double value = (double)cx_bf16_to_float(got), right = (double)cx_bf16_to_float(expected);

    if (!isfinite(value) || !isfinite(right)) {
        return INFINITY;
    }
    return fabs(value - right) / fmax(fabs(right), CX_EP_MAGNITUDE_FLOOR);
}

static void compare_row(const cx_ep_truth_t *truth, int64_t token, const uint16_t *got,
                        const uint16_t *expected, cx_ep_report_t *report)
{
    const int64_t elems = truth->problem->hidden_elems;
    const int64_t first = (token - truth->work->first_tokens[truth->rank]) * elems;

    for (int64_t c = 0; c < elems; c++) {
        double error;

        if (got[c] == expected[c]) {
            continue;
        }
        error                      = relative_error(got[c], expected[c]);
        report->relative_error_max = fmax(report->relative_error_max, error);
        if (truth->caps.is_bitwise || !(error < CX_EP_TOLERANCE)) {
            cx_ep_report_blame(report, CX_EP_CHECK_COMBINE, first + c,
                               "%s, column %lld is %.9g, expected %.9g (relative error %.3g)",
                               cx_ep_token_name(truth->work, token).text, (long long)c,
                               (double)cx_bf16_to_float(got[c]),
                               (double)cx_bf16_to_float(expected[c]), error);
        }
    }
}

cx_status_t cx_ep_check_combined(const cx_ep_truth_t *truth, cx_ep_experts_t experts,
                                 const uint16_t *combined, cx_ep_report_t *report)
{
    const int64_t    first = truth->work->first_tokens[truth->rank];
    const int64_t    count = truth->work->first_tokens[truth->rank + 1] - first;
    const int64_t    elems = truth->problem->hidden_elems;
    cx_ep_expected_t expected;
    uint16_t        *row;
    cx_arena_t       arena;
    cx_status_t      status;

    cx_arena_init(&arena);
    CX_TRY_OR(fini_arena, cx_ep_expected_init(truth, experts, &arena, &expected));
    row = cx_arena_grab(&arena, (size_t)elems * sizeof *row);
    if (!row) {
        status = CX_FAIL(CX_RESOURCE, "out of memory for an expected row");
        goto fini_arena;
    }
    cx_ep_report_checked(report, CX_EP_CHECK_COMBINE, count * elems);
    for (int64_t i = 0; i < count; i++) {
        cx_ep_expected_row(&expected, first + i, row);
        if (memcmp(row, combined + i * elems, (size_t)elems * sizeof *row) != 0) {
            compare_row(truth, first + i, combined + i * elems, row, report);
        }
    }
fini_arena:
    cx_arena_fini(&arena);
    return status;
}
