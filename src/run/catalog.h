/* SPDX-License-Identifier: Apache-2.0 */
/* What is there on this machine: suites, backends, devices, and what each can do here. */
#ifndef CX_RUN_CATALOG_H
#define CX_RUN_CATALOG_H

#include "base/arena.h"
#include "collectivex/backend.h"
#include "model/plan.h"

/* A backend as `collectivex list backends` shows it. */
typedef struct cx_catalog_entry {
    const char *name, *summary; /* empty of a plugin that could not be loaded */
    bool        is_usable;
    cx_caps_t   caps;   /* when usable */
    const char *reason; /* when not: why, and what to do; in the arena */
} cx_catalog_entry_t;

/* Enough of a core to probe with: no device, no peers. */
cx_core_t cx_catalog_core(int32_t rank_count);

/**
 * Every backend of registry/backends.json and every plugin that is there, sorted by name.
 * errors  CX_INVALID the registry cannot be read · CX_RESOURCE
 */
cx_status_t cx_catalog_backends(int32_t rank_count, cx_arena_t *arena, cx_catalog_entry_t **out,
                                size_t *count_out);

/* The same for devices: caps are not filled. */
cx_status_t cx_catalog_devices(cx_arena_t *arena, cx_catalog_entry_t **out, size_t *count_out);

/**
 * What "auto" stands for here, in those of backend and device that are "auto": accelerators before
 * the host, where there is one for each rank of this host; on each the backend that comes first in
 * registry/backends.json among those that do something of the family there. A backend that was
 * named decides on the device alone.
 * errors  CX_UNSUPPORTED none can · CX_INVALID the registry, or a backend that is not there
 */
cx_status_t cx_catalog_choose(int32_t host_rank_count, cx_family_t family, cx_arena_t *arena,
                              cx_plan_choice_t *in_out);

/* Whether a device of that name has memory of its own: not the host, nor sim. */
bool cx_catalog_is_accelerator(const char *device);

/* How many accelerators of that name there are; 0 for the host, and where they cannot be used. */
int32_t cx_catalog_accelerator_count(const char *device);

/* Folder of the registry: $CX_REGISTRY, ../share/collectivex/registry seen from the program, or the
 * source tree this was built from. In the arena. */
const char *cx_registry_folder(cx_arena_t *arena);

/* Path of a suite: a file when the name has '/' or an ending, else registry/suites/NAME.yaml.
 * errors  CX_INVALID no such suite, with the nearest name */
cx_status_t cx_suite_path(const char *name, cx_arena_t *arena, const char **out);
/* Names of the registry's suites, sorted, NULL-terminated. */
cx_status_t cx_suite_names(cx_arena_t *arena, const char ***out);

/* Rows and size of a backend's own options. For cx_plan_request_t; context is not used. */
cx_status_t cx_catalog_backend_rows(void *context, const char *backend, const char *place,
                                    const cx_option_t **rows_out, size_t *options_bytes_out);

/* Refuses a name that no device has; an accelerator need not be here. For cx_plan_request_t. */
cx_status_t cx_catalog_check_device(void *context, const char *device, const char *place);

/* The numbers of a model shape of the registry, or of a file. For cx_plan_request_t likewise. */
cx_status_t cx_catalog_shape(void *context, const char *shape, const char *place,
                             cx_plan_shape_t *out);

#endif
