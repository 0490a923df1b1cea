/* SPDX-License-Identifier: Apache-2.0 */
/* The folders plugins are looked for in. Private to plugin/. */
#ifndef CX_PLUGIN_SEARCH_H
#define CX_PLUGIN_SEARCH_H

#include "base/arena.h"

#include <stddef.h>

/* The i-th folder to search, in the arena; NULL behind the last. */
const char *cx_plugin_folder(size_t index, cx_arena_t *arena);

#endif
