/* SPDX-License-Identifier: Apache-2.0 */
/* What a record says of one rung beside its rows: work, bytes, rates, correctness.
 * Not the rows themselves (ep_rows.c). */
#ifndef CX_RUN_EP_POINT_H
#define CX_RUN_EP_POINT_H

#include "family/ep/stats.h"
#include "model/ep_point.h"
#include "run/ep_run.h"

/* What all ranks found out about a rung. */
typedef struct cx_ep_rung_facts {
    int64_t  receive_total, receive_min, receive_max, wire_bytes;
    bool     is_checked[CX_EP_CHECK_COUNT], is_failed[CX_EP_CHECK_COUNT];
    bool     is_pass_failed[CX_EP_PASS_COUNT];
    double   relative_error_max, gate_error_max;
    uint32_t disturbance_bits;
    char     detail[CX_BOARD_DETAIL_BYTES]; /* of the first failure; empty for none */
} cx_ep_rung_facts_t;

/* `rows` [CX_COMPONENT_COUNT]: NULL for what was not measured. Texts lie in the arena. Call before
 * the rows are reported, which uses the series up. errors CX_RESOURCE memory */
cx_status_t cx_ep_point_fill(const cx_ep_run_t *run, int32_t rung, const cx_ep_rung_facts_t *facts,
                             const cx_row_t *const rows[CX_COMPONENT_COUNT], cx_arena_t *arena,
                             cx_ep_point_t *point);

/* Its parts that the gate computes again (check_points.c): what routing asks of the machine, and
 * what follows from rows, tokens and bytes. */
cx_status_t cx_ep_point_fill_work(const cx_ep_stats_t *stats, cx_arena_t *arena,
                                  cx_ep_point_t *point);
void cx_ep_point_fill_rates(int32_t rank_count, const cx_row_t *const rows[CX_COMPONENT_COUNT],
                            cx_ep_point_t *point);

#endif
