/* SPDX-License-Identifier: Apache-2.0 */
/* Another tool's capture as records: same schema, origin "imported", never merged with ours.
 * Not the reading of the capture (store/import.h). */
#ifndef CX_RUN_IMPORT_H
#define CX_RUN_IMPORT_H

#include "run/import_series.h"

#include <jansson.h>

/* What every record of an import has in common. Borrowed. */
typedef struct cx_import_frame {
    const char   *started_utc; /* of the import */
    const json_t *program;     /* the member "program" of a record */
    const json_t *command;     /* the member "command" */
} cx_import_frame_t;

/**
 * Records, and the plan they are complete for.
 *
 * A record stands for one operation, types, root and placement of one run of the tool; a second run
 * of the same case is its next launch. A size printed several times in one run (-N) is one row,
 * whose samples are the printed means. Sizes without a row are in `left_out`.
 *
 * status  ok only where the tool says that it checked: a failed check or a wrong element is
 *         `incorrect`; an absent check footer, an unchecked output, a bandwidth that is zero where
 *         it cannot be, or a printed average that its own rows do not give is `invalid`; the tool's
 *         own failure is `backend`, its own time-out `timeout`
 * skipped what has no place in a record (an element type or operation we do not have), in words
 */
typedef struct cx_imported {
    json_t *plan;    /* owned */
    json_t *records; /* owned; a list */
    json_t *skipped; /* owned; a list of texts */
} cx_imported_t;

/**
 * Read a file of nccl-tests, rccl-tests or OSU, whichever it is.
 * owns    `out` is released with cx_imported_fini
 * errors  CX_INVALID nothing in it is a capture, or nothing of it can be a record · CX_RESOURCE
 */
cx_status_t cx_import_file(const char *path, const cx_import_frame_t *frame, cx_imported_t *out);

/* The same from memory; `name` is the file's. */
cx_status_t cx_import_bytes(const char *name, const char *bytes, size_t byte_count,
                            const cx_import_frame_t *frame, cx_imported_t *out);
void        cx_imported_fini(cx_imported_t *imported);

/* The members "environment" and "definition" of a record with another tool's numbers. New
 * references; busbw_factor NAN: there is none. */
json_t *cx_import_environment(const cx_import_view_t *view);
json_t *cx_import_definition(double busbw_factor);

#endif
