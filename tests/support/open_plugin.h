/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a plugin of this build for a test of the plugin.
 * Not the loader under test (src/plugin): nothing is searched for and nothing is checked. */
#ifndef CX_TESTS_OPEN_PLUGIN_H
#define CX_TESTS_OPEN_PLUGIN_H

#include "collectivex/backend.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/* dlsym gives a void *, which ISO C does not cast to a function. */
typedef union plugin_entry {
    void *symbol;
    const cx_device_ops_t *(*device)(void);
    const cx_backend_ops_t *(*backend)(void);
} plugin_entry_t;

/* `file` is relative to $CX_PLUGIN_PATH. Never closed. */
static inline plugin_entry_t plugin_open(const char *file, const char *symbol)
{
    char        path[4096];
    const char *folder = getenv("CX_PLUGIN_PATH");
    void       *plugin;

    (void)snprintf(path, sizeof path, "%s/%s", folder ? folder : "plugins", file);
    plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return (plugin_entry_t){.symbol = plugin ? dlsym(plugin, symbol) : NULL};
}

/* NULL when there is no such plugin. */
static inline const cx_device_ops_t *plugin_open_device(const char *file)
{
    plugin_entry_t entry = plugin_open(file, "cx_device_v1");

    return entry.symbol ? entry.device() : NULL;
}

static inline const cx_backend_ops_t *plugin_open_backend(const char *file)
{
    plugin_entry_t entry = plugin_open(file, "cx_backend_v1");

    return entry.symbol ? entry.backend() : NULL;
}

#endif
