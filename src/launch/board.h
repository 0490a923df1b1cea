/* SPDX-License-Identifier: Apache-2.0 */
/* Making and mapping the board that ranks share with their supervisor. Anonymous: nothing is left
 * behind whoever dies. */
#ifndef CX_LAUNCH_BOARD_H
#define CX_LAUNCH_BOARD_H

#include "base/fail.h"
#include "model/board.h"

/* A new board, zeroed, and its descriptor (owned by the caller, inherited on purpose). */
cx_status_t cx_board_open(int32_t local_rank_count, cx_board_t **out, int *fd_out);
/* The same board in a rank process. Errors CX_INVALID the descriptor is no board. */
cx_status_t cx_board_join(int fd, int32_t local_rank_count, cx_board_t **out);
void        cx_board_close(cx_board_t *board, int32_t local_rank_count);

#endif
