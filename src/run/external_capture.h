/* SPDX-License-Identifier: Apache-2.0 */
/* What a program said, as it is kept beside its record and read. Private to external.c.
 * Not the reading (external_reading.h). */
#ifndef CX_RUN_EXTERNAL_CAPTURE_H
#define CX_RUN_EXTERNAL_CAPTURE_H

#include "base/arena.h"
#include "base/hash.h"
#include "launch/command.h"

#include <stdbool.h>

/* file: the JSON it was to leave; NULL: none. folder: of the results. name: of the record. */
typedef struct cx_capture_request {
    const cx_command_result_t *result;
    const char                *file, *folder, *name;
    bool                       is_redacted;
} cx_capture_request_t;

/* Everything lives in the arena. is_file: it is the JSON, else what was printed. */
typedef struct cx_external_capture {
    const char *file; /* its name below captures/ */
    const char *bytes;
    size_t      byte_count;
    char        digest[CX_HASH_HEX_BYTES];
    bool        is_file;
} cx_external_capture_t;

/**
 * Write FOLDER/captures/NAME.json or .txt: the JSON without its "env" (the whole environment of
 * whoever ran it), or both streams, errors last. Names and secrets are replaced as in a record,
 * bytes that are no text by '?'. What is read afterwards is what was kept, so a record can be had
 * again from its capture.
 *
 * errors  CX_RESOURCE it cannot be written, or memory
 */
cx_status_t cx_external_capture(const cx_capture_request_t *request, cx_arena_t *arena,
                                cx_external_capture_t *out);

#endif
