/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of one group of cases: per option the values it was given, the last layer winning.
 * Private to the plan. */
#ifndef CX_MODEL_GROUP_H
#define CX_MODEL_GROUP_H

#include "model/plan.h"

/* The values one option was given. */
typedef struct cx_axis {
    const char **texts;
    const char  *place;
    size_t       value_count;
    cx_origin_t  origin;
} cx_axis_t;

/* A setting whose name is no option of a case: it must be one of a backend's. */
typedef struct cx_extra {
    const char      *name, *text, *place;
    bool             is_used;
    struct cx_extra *next;
} cx_extra_t;

typedef struct cx_group {
    cx_axis_t   axes[CX_CASE_OPTION_COUNT_MAX]; /* by row of cx_case_options; no values: default */
    cx_extra_t *extras;
    cx_axis_t   only_on; /* on other devices the group has no cases; no values: on all */
} cx_group_t;

/* Later calls replace what earlier ones gave to the same option. Errors CX_INVALID, CX_RESOURCE. */
cx_status_t cx_group_set(cx_group_t *group, const cx_setting_t *setting, cx_arena_t *arena);
/* Every key of a map node, with places "path:line:column". */
cx_status_t cx_group_read(cx_group_t *group, const cx_node_t *map, const char *path,
                          cx_arena_t *arena);

#endif
