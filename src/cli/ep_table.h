/* SPDX-License-Identifier: Apache-2.0 */
/* Results of expert parallelism on a page: a table per work with its backends, the line of latency
 * over bytes under it, and what the columns mean. Not the first lines (ep_answer.h). */
#ifndef CX_CLI_EP_TABLE_H
#define CX_CLI_EP_TABLE_H

#include "cli/ep_result.h"
#include "cli/page.h"

/* errors  CX_RESOURCE memory */
cx_status_t cx_ep_tables_print(cx_page_t *page, const cx_ep_results_t *view);

/* What the columns of these tables mean. */
void cx_ep_legend_print(const cx_page_t *page);

#endif
