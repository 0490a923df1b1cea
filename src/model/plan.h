/* SPDX-License-Identifier: Apache-2.0 */
/* From a request (suite, environment, command line) to the list of cases: the cross product of
 * every option that was given several values. Not the reading of files or variables. */
#ifndef CX_MODEL_PLAN_H
#define CX_MODEL_PLAN_H

#include "base/document.h"
#include "model/case.h"

#define CX_PLAN_CASE_COUNT_MAX 1000000

/* One value somebody gave, and where. `name` is an option of a case, or of a backend. */
typedef struct cx_setting {
    const char *name, *text; /* text: one value, or several separated by commas */
    const char *place;
    cx_origin_t origin;
} cx_setting_t;

typedef struct cx_plan {
    const char *suite, *summary; /* names of the request */
    cx_case_t  *cases;           /* owned by the arena */
    size_t      case_count;
} cx_plan_t;

/**
 * Finds the table of a backend's own options (NULL: it has none), so that the plan can check
 * "hostref-eager" without knowing plugins. `place` is where the backend was named.
 * errors  CX_INVALID no such backend, with the nearest name
 */
typedef cx_status_t (*cx_backend_rows_fn)(void *context, const char *backend, const char *place,
                                          const cx_option_t **rows_out, size_t *options_bytes_out);

/* Who does the work, and where. */
typedef struct cx_plan_choice {
    const char *backend, *device;
} cx_plan_choice_t;

/* What "auto" stands for on this machine, in those of the two that are "auto"; asked for once for
 * neighbouring cases that leave as much open. errors  CX_UNSUPPORTED none can run here */
typedef cx_status_t (*cx_auto_choice_fn)(void *context, cx_family_t family,
                                         cx_plan_choice_t *in_out);

/* The numbers of a model shape, for options of family ep that are 0: not given. */
typedef struct cx_plan_shape {
    int64_t hidden_elems, topk, expert_count;
} cx_plan_shape_t;

/**
 * Finds a shape by its name, so that the plan needs no registry. `place` is where it was named.
 * errors  CX_INVALID no such shape, with the nearest name
 */
typedef cx_status_t (*cx_shape_numbers_fn)(void *context, const char *shape, const char *place,
                                           cx_plan_shape_t *out);

/**
 * Refuses a device that a suite names and that is none, whether or not it is here.
 * errors  CX_INVALID no such device, with the nearest name
 */
typedef cx_status_t (*cx_check_device_fn)(void *context, const char *device, const char *place);

typedef struct cx_plan_request {
    const cx_node_t    *suite;      /* parsed suite; NULL: one group without settings */
    const char         *suite_path; /* for messages */
    const cx_setting_t *overrides;  /* environment first, then command line */
    size_t              override_count;
    cx_auto_choice_fn   auto_choice;
    cx_backend_rows_fn  backend_rows;
    cx_check_device_fn  check_device;
    cx_shape_numbers_fn shape_numbers;
    void               *context;
} cx_plan_request_t;

/**
 * Expand a request. Equal cases are one case.
 *
 * owns    everything in `out` lives in the arena
 * errors  CX_INVALID with place and nearest name: unknown key, unknown value, an option that means
 *         nothing for any operation asked for, a request that expands to nothing or to over a
 *         million cases · CX_RESOURCE memory
 */
cx_status_t cx_plan_expand(const cx_plan_request_t *request, cx_arena_t *arena, cx_plan_t *out);

#endif
