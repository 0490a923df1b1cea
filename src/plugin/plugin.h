/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and loading backends and devices. Nothing substitutes for anything: a plugin that was
 * asked for and cannot be loaded is a failure with its reason. */
#ifndef CX_PLUGIN_PLUGIN_H
#define CX_PLUGIN_PLUGIN_H

#include "base/arena.h"
#include "base/fail.h"
#include "collectivex/backend.h"

typedef enum cx_plugin_kind { CX_PLUGIN_BACKEND, CX_PLUGIN_DEVICE } cx_plugin_kind_t;

/**
 * Names of all plugins that are there, sorted, NULL-terminated, in the arena.
 *
 * Searched, first hit of a name wins: each folder of $CX_PLUGIN_PATH (colon-separated), the folder
 * `plugins` beside the program, and ../lib/collectivex seen from the program.
 */
cx_status_t cx_plugin_names(cx_plugin_kind_t kind, cx_arena_t *arena, const char ***out);

/**
 * Load a plugin; it stays loaded until the process ends. `place` is where the name was given.
 *
 * errors  CX_INVALID no such plugin (with the nearest name), a damaged file, another ABI
 */
cx_status_t cx_backend_load(const char *name, const char *place, const cx_backend_ops_t **out);
cx_status_t cx_device_load(const char *name, const char *place, const cx_device_ops_t **out);

/* The file a loaded plugin came from, in the arena; NULL when there is none of that name. */
const char *cx_plugin_path(cx_plugin_kind_t kind, const char *name, cx_arena_t *arena);

#endif
