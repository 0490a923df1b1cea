/* SPDX-License-Identifier: Apache-2.0 */
/* Reading small files below a root. Not a parser of any of them. */
#include "target/root.h"

#include "base/fail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

cx_status_t cx_root_open(const char *path, cx_root_t *out)
{
    const bool is_live = !path || strcmp(path, "/") == 0;
    const int  fd      = open(is_live ? "/" : path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return CX_FAIL(CX_INVALID, "%s: %s", is_live ? "/" : path, strerror(errno));
    }
    *out = (cx_root_t){.fd = fd, .is_live = is_live};
    return CX_OK;
}

void cx_root_close(cx_root_t *root)
{
    (void)close(root->fd);
    root->fd = -1;
}

static bool format_path(char path[PATH_MAX], const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static bool format_path(char path[PATH_MAX], const char *format, va_list args)
{
    const int length = vsnprintf(path, PATH_MAX, format, args);

    return length >= 0 && length < PATH_MAX;
}

/* Formats the path of a variadic caller; an empty path names no file. */
#define FORMAT_PATH(path, format)                   \
    do {                                            \
        va_list args;                               \
        va_start(args, format);                     \
        if (!format_path((path), (format), args)) { \
            (path)[0] = '\0';                       \
        }                                           \
        va_end(args);                               \
    } while (0)

static int open_below(const cx_root_t *root, const char *path)
{
    return openat(root->fd, path, O_RDONLY | O_CLOEXEC);
}

static bool read_text(const cx_root_t *root, const char *path, char *out, size_t out_bytes)
{
    const int fd     = open_below(root, path);
    size_t    length = 0;
    ssize_t   got    = -1;

    if (fd >= 0) {
        do {
            got = read(fd, out + length, out_bytes - 1 - length);
            length += got > 0 ? (size_t)got : 0;
        } while (got > 0 || (got < 0 && errno == EINTR));
        (void)close(fd);
    }
    while (length > 0 && strchr(" \t\r\n", out[length - 1])) {
        length--;
    }
    out[length] = '\0';
    return got == 0;
}

int cx_root_fd(const cx_root_t *root, const char *format, ...)
{
    char path[PATH_MAX];

    FORMAT_PATH(path, format);
    return open_below(root, path);
}

bool cx_root_text(const cx_root_t *root, char *out, size_t out_bytes, const char *format, ...)
{
    char path[PATH_MAX];

    FORMAT_PATH(path, format);
    return read_text(root, path, out, out_bytes);
}

int64_t cx_root_int(const cx_root_t *root, const char *format, ...)
{
    char  path[PATH_MAX];
    char  text[64];
    char *end;

    FORMAT_PATH(path, format);
    if (!read_text(root, path, text, sizeof text) || text[0] == '\0') {
        return -1;
    }
    errno               = 0;
    const int64_t value = strtoll(text, &end, 0);

    return errno == 0 && *end == '\0' && value >= 0 ? value : -1;
}

static bool read_link(const cx_root_t *root, const char *path, char *out, size_t out_bytes)
{
    const ssize_t length = readlinkat(root->fd, path, out, out_bytes - 1);

    out[length > 0 ? length : 0] = '\0';
    return length > 0;
}

bool cx_root_link_target(const cx_root_t *root, char *out, size_t out_bytes, const char *format,
                         ...)
{
    char path[PATH_MAX];

    FORMAT_PATH(path, format);
    return read_link(root, path, out, out_bytes);
}

bool cx_root_link(const cx_root_t *root, char *out, size_t out_bytes, const char *format, ...)
{
    char path[PATH_MAX];
    char target[PATH_MAX];

    FORMAT_PATH(path, format);
    out[0] = '\0';
    if (!read_link(root, path, target, sizeof target)) {
        return false;
    }
    const char *slash = strrchr(target, '/');

    (void)snprintf(out, out_bytes, "%s", slash ? slash + 1 : target);
    return true;
}

bool cx_root_has(const cx_root_t *root, const char *path)
{
    return faccessat(root->fd, path, F_OK, 0) == 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Not alphasort: that follows the locale. */
static int compare_names(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

void cx_root_each(const cx_root_t *root, const char *folder, cx_root_entry_fn entry, void *context)
{
    struct dirent **entries = NULL;
    const int       count   = scandirat(root->fd, folder, &entries, is_visible, compare_names);

    for (int i = 0; i < count; i++) {
        entry(entries[i]->d_name, context);
        free(entries[i]);
    }
    free(entries);
}

/* Reads "3" or "0-3" and moves past it; 0 when there is neither. */
static int64_t count_range(const char **cursor)
{
    char         *end;
    const int64_t first = strtoll(*cursor, &end, 10);

    if (end == *cursor || first < 0) {
        return 0;
    }
    *cursor = end;
    if (*end != '-') {
        return 1;
    }
    const int64_t last = strtoll(*cursor + 1, &end, 10);

    if (end == *cursor + 1 || last < first || last >= INT32_MAX) {
        return 0;
    }
    *cursor = end;
    return last - first + 1;
}

int32_t cx_cpu_list_count(const char *list)
{
    const char *cursor = list;
    int64_t     total  = 0;

    if (*cursor == '\0') {
        return 0;
    }
    for (;;) {
        const int64_t count = count_range(&cursor);

        total += count;
        if (count == 0 || total > INT32_MAX) {
            return -1;
        }
        if (*cursor == '\0') {
            return (int32_t)total;
        }
        if (*cursor++ != ',') {
            return -1;
        }
    }
}

bool cx_line_value(const char *text, const char *label, char *out, size_t out_bytes)
{
    const size_t label_length = strlen(label);
    const char  *line         = text;

    out[0] = '\0';
    while (line && strncmp(line, label, label_length) != 0) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    if (!line) {
        return false;
    }
    const char *value = line + label_length;

    value += strspn(value, " \t:");
    (void)snprintf(out, out_bytes, "%.*s", (int)strcspn(value, "\n"), value);
    return true;
}
