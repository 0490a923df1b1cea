/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanging outcomes. */
#include "run/agree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct outcome {
    int32_t status;
    char    text[sizeof((cx_detail_t *)0)->text];
} outcome_t;

cx_status_t cx_agree(cx_rank_context_t *context, cx_status_t mine)
{
    const cx_core_t *core   = &context->core;
    outcome_t        own    = {.status = (int32_t)mine};
    outcome_t       *all    = calloc((size_t)core->rank_count, sizeof *all);
    cx_status_t      status = mine;

    if (!all) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d outcomes", core->rank_count);
    }
    memcpy(own.text, cx_detail()->text, sizeof own.text);
    CX_TRY_OR(free_all, core->peers_ops->allgather(core->peers, &own, all, sizeof own,
                                                   cx_rank_context_phase(context, "agreeing")));
    for (int32_t rank = 0; rank < core->rank_count && status == CX_OK; rank++) {
        if (all[rank].status != CX_OK) {
            status = (cx_status_t)all[rank].status;
            if (rank != core->rank) {
                cx_detail_clear();
                cx_fail_record(status, __FILE__, __LINE__, "rank %d: %s", rank, all[rank].text);
            }
        }
    }

free_all:
    free(all);
    return status;
}
