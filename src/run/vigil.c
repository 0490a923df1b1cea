/* SPDX-License-Identifier: Apache-2.0 */
/* Signs of life of a set of rank processes. */
#include "run/vigil.h"

#include "base/deadline.h"

#include <stdio.h>
#include <sys/wait.h>

void cx_loss_note(cx_loss_t *loss, cx_status_t status, int32_t local_rank, const char *text)
{
    if (loss->status == CX_OK) {
        loss->status     = status;
        loss->local_rank = local_rank;
        (void)snprintf(loss->text, sizeof loss->text, "%s", text);
    }
}

void cx_vigil_hang(const cx_launch_t *launch, double grace_s, cx_loss_t *loss)
{
    int64_t now_ns = cx_now_ns();

    for (int32_t i = 0; i < launch->local_rank_count; i++) {
        const cx_board_rank_t *rank        = &launch->board->ranks[i];
        int64_t                deadline_ns = atomic_load(&rank->deadline_ns);
        int64_t                silent_ns   = now_ns - atomic_load(&rank->beat_ns);
        char                   text[160];

        if (deadline_ns == 0 || launch->processes[i].pid == 0 ||
            now_ns <= deadline_ns + (int64_t)(grace_s * 1e9)) {
            continue;
        }
        (void)snprintf(text, sizeof text,
                       "rank %d did not come back from phase \"%s\" within %.3g s",
                       launch->first_rank + i, rank->phase, (double)silent_ns / 1e9);
        cx_loss_note(loss, CX_TIMEOUT, i, text);
    }
}

static void note_end(const cx_launch_t *launch, int32_t local_rank, cx_loss_t *loss)
{
    const cx_board_rank_t *rank   = &launch->board->ranks[local_rank];
    cx_status_t            status = (cx_status_t)atomic_load(&rank->status);
    char                   how[64], text[CX_BOARD_DETAIL_BYTES + 64];

    if (status != CX_OK && status != CX_PEER) {
        (void)snprintf(text, sizeof text, "rank %d: %s", launch->first_rank + local_rank,
                       rank->detail);
        cx_loss_note(loss, status, local_rank, text);
    } else if (status == CX_OK) {
        cx_launch_describe_exit(launch->processes[local_rank].exit_status, how, sizeof how);
        (void)snprintf(text, sizeof text, "rank %d %s in phase \"%s\"",
                       launch->first_rank + local_rank, how, rank->phase);
        cx_loss_note(loss, CX_PEER, local_rank, text);
    }
}

int32_t cx_vigil_end(cx_launch_t *launch, cx_loss_t *loss)
{
    int32_t running_count = cx_launch_reap(launch, NULL);

    for (int32_t i = 0; i < launch->local_rank_count; i++) {
        if (launch->processes[i].pid == 0 && launch->processes[i].exit_status != 0) {
            note_end(launch, i, loss);
        }
    }
    for (int32_t i = 0; i < launch->local_rank_count && running_count == 0; i++) {
        if (atomic_load(&launch->board->ranks[i].status) == CX_PEER) {
            cx_loss_note(loss, CX_PEER, i, launch->board->ranks[i].detail);
        }
    }
    return running_count;
}

void cx_vigil_blame_silent(const cx_launch_t *launch, cx_loss_t *loss)
{
    for (int32_t i = 0; i < launch->local_rank_count; i++) {
        const cx_board_rank_t *rank = &launch->board->ranks[i];

        if (loss->status == CX_TIMEOUT && atomic_load(&rank->status) == CX_OK &&
            WIFSIGNALED(launch->processes[i].exit_status)) {
            loss->local_rank = i;
            (void)snprintf(loss->text, sizeof loss->text,
                           "rank %d did not come back from phase \"%s\"", launch->first_rank + i,
                           rank->phase);
            return;
        }
    }
}
