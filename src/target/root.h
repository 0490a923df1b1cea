/* SPDX-License-Identifier: Apache-2.0 */
/* The one way this folder reads /proc, /sys and /etc: below a root, so that a captured machine
 * reads like a running one. Not for files of ours (base/file.h). */
#ifndef CX_TARGET_ROOT_H
#define CX_TARGET_ROOT_H

#include "collectivex/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cx_root {
    int  fd;
    bool is_live; /* the running machine, not a capture */
} cx_root_t;

/* NULL or "/": the running machine. CX_INVALID when there is no such folder. */
cx_status_t cx_root_open(const char *path, cx_root_t *out);
void        cx_root_close(cx_root_t *root);

/* Paths are formatted and relative to the root: "sys/class/net/%s/mtu". */

/* A descriptor of the caller's, or -1. */
int cx_root_fd(const cx_root_t *root, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The beginning of a file without trailing white space; false (and "") when it cannot be read. */
bool cx_root_text(const cx_root_t *root, char *out, size_t out_bytes, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A number, decimal or 0x; -1 when it cannot be read or is negative. */
int64_t cx_root_int(const cx_root_t *root, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The last component of a link's target; false (and "") when there is none. */
bool cx_root_link(const cx_root_t *root, char *out, size_t out_bytes, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The whole of it. */
bool cx_root_link_target(const cx_root_t *root, char *out, size_t out_bytes, const char *format,
                         ...) __attribute__((format(printf, 4, 5)));
bool cx_root_has(const cx_root_t *root, const char *path);

typedef void (*cx_root_entry_fn)(const char *name, void *context);
/* Calls `entry` for each name in a folder, in byte order, but for hidden ones. */
void cx_root_each(const cx_root_t *root, const char *folder, cx_root_entry_fn entry, void *context);

/* How many processors a list such as "0-3,8" names; -1 when it is no such list. */
int32_t cx_cpu_list_count(const char *list);
/* What follows `label` at the start of a line, to the line's end; false (and "") when there is no
 * such line. White space and colons before the value are left out. */
bool cx_line_value(const char *text, const char *label, char *out, size_t out_bytes);

#endif
