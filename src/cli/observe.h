/* SPDX-License-Identifier: Apache-2.0 */
/* What a run tells while it runs: progress on stderr, or events on stdout. */
#ifndef CX_CLI_OBSERVE_H
#define CX_CLI_OBSERVE_H

#include "cli/progress.h"
#include "cli/request.h"

typedef struct cx_observation {
    cx_observer_t       observer;
    const cx_request_t *request;
    const char         *folder;
    cx_style_t          style;
    cx_progress_t       progress;
    int64_t             started_ns, done_count, row_count, ok_count;
    bool                streams_events; /* --format ndjson */
} cx_observation_t;

void cx_observation_init(cx_observation_t *observation, const cx_request_t *request,
                         const char *folder);
void cx_observation_fini(cx_observation_t *observation, int exit_code);

#endif
