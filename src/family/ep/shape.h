/* SPDX-License-Identifier: Apache-2.0 */
/* Model shapes: the numbers of a model that decide what expert parallelism moves, as registry data.
 * Not a workload (that has ranks, tokens and a routing). */
#ifndef CX_FAMILY_EP_SHAPE_H
#define CX_FAMILY_EP_SHAPE_H

#include "base/arena.h"
#include "base/fail.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct cx_ep_shape {
    const char *name, *model, *source; /* in the arena */
    int64_t     version, hidden_elems, topk, expert_count;
    bool        is_to_verify; /* nobody has checked these numbers against the model yet */
} cx_ep_shape_t;

/**
 * Read a shape: a file when `name` has '/' or ends in ".json", else FOLDER/NAME.json.
 *
 * errors  CX_INVALID no such shape, with the nearest name; a key that is missing, unknown or no
 *         whole number, with file, line and column · CX_RESOURCE memory
 */
cx_status_t cx_ep_shape_read(const char *folder, const char *name, cx_arena_t *arena,
                             cx_ep_shape_t *out);

/* Names of the shapes of a folder, sorted, NULL-terminated, in the arena. */
cx_status_t cx_ep_shape_names(const char *folder, cx_arena_t *arena, const char ***out);

#endif
