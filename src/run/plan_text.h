/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as JSON: for the rank processes, and as DIR/plan.json for the gate. */
#ifndef CX_RUN_PLAN_TEXT_H
#define CX_RUN_PLAN_TEXT_H

#include "model/plan.h"

#include <jansson.h>

/* The document of DIR/plan.json, closed, schema collectivex-plan/1. NULL when memory ran out. */
json_t *cx_plan_to_json(const cx_plan_t *plan, int64_t launch_count, int64_t seed);

/* The cases of such a document, in the arena. Errors CX_INVALID with `place`. */
cx_status_t cx_plan_from_json(const json_t *document, const char *place, cx_arena_t *arena,
                              cx_plan_t *out);

/* The plan in an anonymous file, from its start: what ranks inherit. */
cx_status_t cx_plan_to_fd(const json_t *document, int *fd_out);
/* Any document handed over that way; a new reference, NULL on failure. */
cx_status_t cx_plan_document_from_fd(int fd, json_t **out);
cx_status_t cx_plan_from_fd(int fd, cx_arena_t *arena, cx_plan_t *out);

#endif
