/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of results read as a whole: every record of it.
 * Not whether it is complete or right (run/check.h). */
#ifndef CX_STORE_FOLDER_H
#define CX_STORE_FOLDER_H

#include "base/arena.h"
#include "base/fail.h"

#include <jansson.h>

/**
 * Append every record of DIRECTORY/records to the array `records`, in the order of their names.
 * errors  CX_INVALID no such folder, no record in it, or one that is no valid record · CX_RESOURCE
 */
cx_status_t cx_folder_records(const char *directory, cx_arena_t *arena, json_t *records);

#endif
