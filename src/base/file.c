/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in, whole files out. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static cx_status_t read_all(int fd, const char *path, size_t bytes_max, char **bytes_out,
                            size_t *count_out)
{
    size_t capacity = 65536;
    size_t count    = 0;
    char  *bytes    = NULL;

    for (;;) {
        char   *grown = realloc(bytes, capacity + 1);
        ssize_t got;

        if (!grown) {
            free(bytes);
            return CX_FAIL(CX_RESOURCE, "%s: out of memory", path);
        }
        bytes = grown;
        got   = read(fd, bytes + count, capacity - count);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 || count + (size_t)got > bytes_max) {
            const char *why = got < 0 ? strerror(errno) : "larger than any such file should be";

            free(bytes);
            return CX_FAIL(CX_INVALID, "%s: %s", path, why);
        }
        if (got == 0) {
            break;
        }
        count += (size_t)got;
        capacity = count == capacity ? capacity * 2 : capacity;
    }
    bytes[count] = '\0';
    *bytes_out   = bytes;
    *count_out   = count;
    return CX_OK;
}

cx_status_t cx_file_read(const char *path, size_t bytes_max, char **bytes_out, size_t *count_out)
{
    int         fd = open(path, O_RDONLY | O_CLOEXEC);
    cx_status_t status;

    if (fd < 0) {
        return CX_FAIL(CX_INVALID, "%s: %s", path, strerror(errno));
    }
    status = read_all(fd, path, bytes_max, bytes_out, count_out);
    (void)close(fd);
    return status;
}

static int write_all(int fd, const char *bytes, size_t byte_count)
{
    while (byte_count > 0) {
        ssize_t put = write(fd, bytes, byte_count);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return -1;
        }
        bytes += put;
        byte_count -= (size_t)put;
    }
    return fsync(fd);
}

cx_status_t cx_file_write(const char *path, const void *bytes, size_t byte_count)
{
    char temporary[PATH_MAX];
    int  fd, error;

    if (snprintf(temporary, sizeof temporary, "%s.tmp-%ld", path, (long)getpid()) >=
        (int)sizeof temporary) {
        return CX_FAIL(CX_INVALID, "%s: the path is too long", path);
    }
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        return CX_FAIL(CX_RESOURCE, "%s: %s", path, strerror(errno));
    }
    error = write_all(fd, bytes, byte_count) != 0 ? errno : 0;
    if (close(fd) != 0 && error == 0) {
        error = errno;
    }
    if (error == 0 && rename(temporary, path) != 0) {
        error = errno;
    }
    if (error != 0) {
        (void)unlink(temporary);
        return CX_FAIL(CX_RESOURCE, "%s: %s", path, strerror(error));
    }
    return CX_OK;
}

static bool is_folder(const char *path)
{
    struct stat facts;

    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

cx_status_t cx_folder_make(const char *path)
{
    char prefix[PATH_MAX];

    if (snprintf(prefix, sizeof prefix, "%s", path) >= (int)sizeof prefix) {
        return CX_FAIL(CX_INVALID, "%s: the path is too long", path);
    }
    for (char *slash = prefix + 1;; slash++) {
        if (*slash == '/' || *slash == '\0') {
            char kept = *slash;

            *slash = '\0';
            if (mkdir(prefix, 0755) != 0 && (errno != EEXIST || !is_folder(prefix))) {
                return CX_FAIL(CX_RESOURCE, "%s: cannot make this folder: %s", prefix,
                               strerror(errno));
            }
            *slash = kept;
            if (kept == '\0') {
                return CX_OK;
            }
        }
    }
}

bool cx_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}
