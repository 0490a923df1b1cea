/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a set of rank processes is still alive, and if not, which rank was lost and how.
 * Not what is done about it (supervise.h, conform.h). */
#ifndef CX_RUN_VIGIL_H
#define CX_RUN_VIGIL_H

#include "launch/local.h"

/* The first rank that was lost; CX_OK while none is. `local_rank` is its place on the board. */
typedef struct cx_loss {
    cx_status_t status;
    int32_t     local_rank;
    char        text[CX_BOARD_DETAIL_BYTES + 128];
} cx_loss_t;

/* A loss that is known already is kept. */
void cx_loss_note(cx_loss_t *loss, cx_status_t status, int32_t local_rank, const char *text);

/* A rank whose phase should be over by more than `grace_s` hangs: its library does not come back.
 */
void cx_vigil_hang(const cx_launch_t *launch, double grace_s, cx_loss_t *loss);

/* Reap what has ended, and note what it has to say: its own words on the board, or how the system
 * ended it. Ranks that only echo another's end count when nobody had a reason of its own. Returns
 * how many still run. */
int32_t cx_vigil_end(cx_launch_t *launch, cx_loss_t *loss);

/* Once all are stopped: of a time-out the ranks that wait speak first; the one they waited for had
 * to be killed, and is named instead. */
void cx_vigil_blame_silent(const cx_launch_t *launch, cx_loss_t *loss);

#endif
