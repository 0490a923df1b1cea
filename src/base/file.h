/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in, whole files out, and nothing half-written left behind. */
#ifndef CX_BASE_FILE_H
#define CX_BASE_FILE_H

#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Read a whole file into memory that the caller frees; a NUL stands after the last byte.
 * errors  CX_INVALID cannot be opened or read, or is larger than bytes_max
 */
cx_status_t cx_file_read(const char *path, size_t bytes_max, char **bytes_out, size_t *count_out);

/**
 * Replace a file in one step: temporary file in the same folder, fsync, rename.
 * errors  CX_RESOURCE with the system's word (disk full, permission); nothing is left behind
 */
cx_status_t cx_file_write(const char *path, const void *bytes, size_t byte_count);

/* A folder and its parents; existing ones are fine. */
cx_status_t cx_folder_make(const char *path);
bool        cx_file_exists(const char *path);

#endif
