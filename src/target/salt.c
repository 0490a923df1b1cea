/* SPDX-License-Identifier: Apache-2.0 */
/* Creating and reading the salt file. */
#include "target/salt.h"

#include "base/fail.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX_LENGTH ((size_t)2 * CX_SALT_BYTES)

static cx_status_t default_path(char out[PATH_MAX])
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home  = getenv("HOME");
    int         length;

    if (state && state[0] == '/') {
        length = snprintf(out, PATH_MAX, "%s/collectivex/salt", state);
    } else if (home && home[0] == '/') {
        length = snprintf(out, PATH_MAX, "%s/.local/state/collectivex/salt", home);
    } else {
        return CX_FAIL(CX_RESOURCE, "no place for the salt: set HOME or XDG_STATE_HOME");
    }
    return length < PATH_MAX ? CX_OK : CX_FAIL(CX_RESOURCE, "the path of the salt is too long");
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static cx_status_t parse_salt(const char *path, const char *text, uint8_t out[CX_SALT_BYTES])
{
    uint8_t salt[CX_SALT_BYTES];

    for (size_t i = 0; i < CX_SALT_BYTES; i++) {
        const int high = hex_digit(text[2 * i]);
        const int low  = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

        if (low < 0) {
            return CX_FAIL(CX_INVALID, "%s: not a salt of %zu hex digits", path, HEX_LENGTH);
        }
        salt[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(out, salt, sizeof salt);
    return CX_OK;
}

static cx_status_t read_salt(int fd, const char *path, uint8_t out[CX_SALT_BYTES])
{
    char        text[HEX_LENGTH + 1] = {0};
    struct stat about;

    if (fstat(fd, &about) != 0 || read(fd, text, HEX_LENGTH) < 0) {
        return CX_FAIL(CX_RESOURCE, "%s: %s", path, strerror(errno));
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return CX_FAIL(CX_INVALID, "%s: others can read it; chmod 600 it, or remove it", path);
    }
    return parse_salt(path, text, out);
}

/* Fills a temporary file and gives it its name with link(2), which fails when another process was
 * first: then theirs stands, complete. */
static cx_status_t publish_salt(int fd, const char *temporary, const char *path)
{
    uint8_t salt[CX_SALT_BYTES];
    char    text[HEX_LENGTH + 2];

    if (getrandom(salt, sizeof salt, 0) != (ssize_t)sizeof salt) {
        return CX_FAIL(CX_RESOURCE, "no random bytes for a salt: %s", strerror(errno));
    }
    for (size_t i = 0; i < sizeof salt; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", salt[i]);
    }
    text[HEX_LENGTH] = '\n';
    if (write(fd, text, HEX_LENGTH + 1) != (ssize_t)HEX_LENGTH + 1 || fsync(fd) != 0) {
        return CX_FAIL(CX_RESOURCE, "%s: cannot write the salt: %s", path, strerror(errno));
    }
    if (link(temporary, path) != 0 && errno != EEXIST) {
        return CX_FAIL(CX_RESOURCE, "%s: %s", path, strerror(errno));
    }
    return CX_OK;
}

static cx_status_t create_salt(const char *path)
{
    char  temporary[PATH_MAX];
    char *slash;

    if (snprintf(temporary, sizeof temporary, "%s.tmp-XXXXXX", path) >= (int)sizeof temporary) {
        return CX_FAIL(CX_RESOURCE, "%s: the path is too long", path);
    }
    slash = strrchr(temporary, '/');
    if (slash && slash != temporary) {
        *slash = '\0';
        CX_TRY(cx_folder_make(temporary));
        *slash = '/';
    }
    const int fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */

    if (fd < 0) {
        return CX_FAIL(CX_RESOURCE, "%s: %s", path, strerror(errno));
    }
    const cx_status_t status = publish_salt(fd, temporary, path);

    (void)close(fd);
    (void)unlink(temporary);
    return status;
}

cx_status_t cx_salt_load(const char *path, uint8_t out[CX_SALT_BYTES])
{
    char users_path[PATH_MAX];

    if (!path) {
        CX_TRY(default_path(users_path));
        path = users_path;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT) {
        CX_TRY(create_salt(path));
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0) {
        return CX_FAIL(CX_RESOURCE, "%s: %s", path, strerror(errno));
    }
    const cx_status_t status = read_salt(fd, path, out);

    (void)close(fd);
    return status;
}
