/* SPDX-License-Identifier: Apache-2.0 */
/* Captures of other tools under tests/data, read into memory. */
#ifndef CX_TESTS_CAPTURE_H
#define CX_TESTS_CAPTURE_H

#include "base/file.h"
#include "build.h"
#include "support/expect.h"

#include <stdlib.h>

/* A file of tests/data; the caller frees it. */
static inline char *read_capture(const char *name, size_t *count)
{
    char  path[512];
    char *bytes = NULL;

    (void)snprintf(path, sizeof path, "%s/tests/data/%s", CX_SOURCE_DIR, name);
    EXPECT_OK(cx_file_read(path, (size_t)1 << 24, &bytes, count));
    return bytes;
}

#endif
