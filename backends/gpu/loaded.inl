/* SPDX-License-Identifier: Apache-2.0 */
/* Which libraries this process has loaded already, by the beginning of their file's name: a driver
 * is the one that the device has opened, whatever path it was found at. Loads nothing. */
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

typedef struct loaded {
    const char *stem; /* what the file's name begins with */
    char        path[PATH_MAX];
} loaded_t;

static int match_loaded(struct dl_phdr_info *info, size_t info_bytes, void *context)
{
    loaded_t   *loaded = context;
    const char *slash  = strrchr(info->dlpi_name, '/');
    const char *name   = slash ? slash + 1 : info->dlpi_name;

    (void)info_bytes;
    if (strncmp(name, loaded->stem, strlen(loaded->stem)) != 0) {
        return 0;
    }
    (void)snprintf(loaded->path, sizeof loaded->path, "%s", info->dlpi_name);
    return 1;
}

/* The path of a loaded object whose file name begins with `stem`; empty when there is none. */
static void find_loaded(const char *stem, loaded_t *out)
{
    out->stem    = stem;
    out->path[0] = '\0';
    (void)dl_iterate_phdr(match_loaded, out);
}
