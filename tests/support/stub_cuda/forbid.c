/* SPDX-License-Identifier: Apache-2.0 */
/* A machine on which this user may not open some device files, for tests only: loaded ahead of libc
 * (LD_PRELOAD), it refuses access() to what begins with $STUB_FORBIDDEN. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((visibility("default"))) int access(const char *path, int mode);
int                                        access(const char *path, int mode)
{
    const char *forbidden = getenv("STUB_FORBIDDEN");

    if (forbidden && *forbidden && strncmp(path, forbidden, strlen(forbidden)) == 0) {
        errno = EACCES;
        return -1;
    }
    return faccessat(AT_FDCWD, path, mode, 0);
}
