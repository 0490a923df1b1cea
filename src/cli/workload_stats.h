/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics of an expert-parallel workload as JSON. Not their computation (family/ep/stats.h).
 */
#ifndef CX_CLI_WORKLOAD_STATS_H
#define CX_CLI_WORKLOAD_STATS_H

#include "family/ep/workload.h"

#include <jansson.h>

/* Names are those of docs and CSV; lists are arrays, byte counts an object per precision.
 * errors  CX_RESOURCE memory */
cx_status_t cx_workload_stats(const cx_ep_work_t *work, cx_arena_t *arena, json_t **out);

#endif
