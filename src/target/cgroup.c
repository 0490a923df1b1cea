/* SPDX-License-Identifier: Apache-2.0 */
/* Both versions of control groups. A limit of a parent limits its children, and inside a container
 * the own path may not exist below the mount, so the way up is walked to the mount. */
#include "target/cgroup.h"

#include "target/value.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOUNT "sys/fs/cgroup"
/* Version 1 says "no limit" with the largest multiple of a page; nobody has 4 EiB. */
#define NO_LIMIT_BYTES (INT64_C(1) << 62)

/* One folder of a hierarchy, from the process' own up to the mount. */
typedef struct walk {
    const cx_root_t *root;
    char             folder[PATH_MAX];
    size_t           mount_length;
} walk_t;

/* proc/self/cgroup has lines "4:memory:/path" (version 1: the controllers of a hierarchy, by comma)
 * and "0::/path" (version 2). An empty `controller` asks for the latter. */
static bool find_path(const char *text, const char *controller, char *out, size_t out_bytes)
{
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        const char *from = strchr(line, ':');
        const char *to   = from ? strchr(from + 1, ':') : NULL;

        if (!to) {
            continue;
        }
        char list[256];

        (void)snprintf(list, sizeof list, ",%.*s,", (int)(to - from - 1), from + 1);
        char wanted[64];

        (void)snprintf(wanted, sizeof wanted, ",%s,", controller);
        if (strstr(list, wanted)) {
            (void)snprintf(out, out_bytes, "%.*s", (int)strcspn(to + 1, "\n"), to + 1);
            return true;
        }
    }
    return false;
}

static bool walk_start(const cx_root_t *root, const char *text, const char *controller, walk_t *out)
{
    char path[PATH_MAX / 2];

    *out = (walk_t){.root = root};
    if (!find_path(text, controller, path, sizeof path)) {
        return false;
    }
    out->mount_length = (size_t)snprintf(out->folder, sizeof out->folder, "%s%s%s", MOUNT,
                                         controller[0] ? "/" : "", controller);
    (void)snprintf(out->folder + out->mount_length, sizeof out->folder - out->mount_length, "%s",
                   strcmp(path, "/") == 0 ? "" : path);
    return true;
}

static bool walk_up(walk_t *walk)
{
    char *slash = strrchr(walk->folder + walk->mount_length, '/');

    if (slash) {
        *slash = '\0';
    }
    return slash != NULL;
}

/* Processors' worth of time, or NAN without a quota: "max" is no number and reads as zero, and what
 * is unknown, or -1 in version 1, is negative. */
static double quota_here(const walk_t *walk, bool is_v2)
{
    char   text[64];
    char  *end;
    double quota, period;

    if (is_v2) {
        (void)cx_root_text(walk->root, text, sizeof text, "%s/cpu.max", walk->folder);
        quota  = strtod(text, &end);
        period = strtod(end, NULL);
    } else {
        quota  = (double)cx_root_int(walk->root, "%s/cpu.cfs_quota_us", walk->folder);
        period = (double)cx_root_int(walk->root, "%s/cpu.cfs_period_us", walk->folder);
    }
    return quota > 0.0 && period > 0.0 ? quota / period : NAN;
}

static json_t *find_quota(const cx_root_t *root, const char *text, bool is_v2)
{
    double lowest = NAN;
    walk_t walk;

    if (walk_start(root, text, is_v2 ? "" : "cpu", &walk)) {
        do {
            lowest = fmin(lowest, quota_here(&walk, is_v2));
        } while (walk_up(&walk));
    }
    return isnan(lowest) ? json_null() : json_real(lowest);
}

static json_t *find_memory_limit(const cx_root_t *root, const char *text, bool is_v2)
{
    const char *file   = is_v2 ? "memory.max" : "memory.limit_in_bytes";
    int64_t     lowest = NO_LIMIT_BYTES;
    walk_t      walk;

    if (walk_start(root, text, is_v2 ? "" : "memory", &walk)) {
        do {
            /* "max" is no number and reads as unknown */
            const int64_t here = cx_root_int(root, "%s/%s", walk.folder, file);

            lowest = here >= 0 && here < lowest ? here : lowest;
        } while (walk_up(&walk));
    }
    return cx_value_int(lowest < NO_LIMIT_BYTES ? lowest : -1);
}

static json_t *find_cpuset(const cx_root_t *root, const char *text, bool is_v2)
{
    const char *file = is_v2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus";
    char        cpus[1024];
    walk_t      walk;

    if (walk_start(root, text, is_v2 ? "" : "cpuset", &walk)) {
        do {
            if (cx_root_text(root, cpus, sizeof cpus, "%s/%s", walk.folder, file)) {
                return cx_value_text(cpus);
            }
        } while (walk_up(&walk));
    }
    return json_null();
}

json_t *cx_cgroup_describe(const cx_root_t *root)
{
    char       text[8192];
    const bool is_v2  = cx_root_has(root, MOUNT "/cgroup.controllers");
    const bool is_any = cx_root_text(root, text, sizeof text, "proc/self/cgroup");

    return json_pack(
        "{s:o, s:o, s:o, s:o}", "version", cx_value_int(!is_any ? -1 : (is_v2 ? 2 : 1)),
        "quota_cpus", find_quota(root, text, is_v2), "memory_limit_bytes",
        find_memory_limit(root, text, is_v2), "cpuset_cpus", find_cpuset(root, text, is_v2));
}
