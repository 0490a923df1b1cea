/* SPDX-License-Identifier: Apache-2.0 */
/* One outcome for all ranks: nobody goes on where another has failed. */
#ifndef CX_RUN_AGREE_H
#define CX_RUN_AGREE_H

#include "run/rank_context.h"

/**
 * Collective. Returns what all ranks return: CX_OK when every rank brought CX_OK, else the status
 * and words of the lowest rank that failed (with its number, on the others).
 * errors  also CX_PEER, CX_TIMEOUT when the ranks can no longer talk
 */
cx_status_t cx_agree(cx_rank_context_t *context, cx_status_t mine);

#endif
