/* SPDX-License-Identifier: Apache-2.0 */
/* How long backends took to open (a communicator, say), for those who ask for all there is.
 * Not part of any time in the tables. */
#ifndef CX_CLI_OPEN_TIMES_H
#define CX_CLI_OPEN_TIMES_H

#include "cli/page.h"

/* "backend open: 1.20 ms to 3.40 ms nccl, slowest rank", a line for each backend with options whose
 * records know it; over all its cases and launches. */
void cx_open_times_print(const cx_page_t *page, const cx_result_view_t *view);

#endif
