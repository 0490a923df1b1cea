/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what nccl-tests and rccl-tests print (text, and JSON of -J). */
#ifndef CX_STORE_IMPORT_NCCLTESTS_H
#define CX_STORE_IMPORT_NCCLTESTS_H

#include "store/import.h"

/**
 * Read a capture, text or JSON. Of a text: columns are taken from its header; several runs may
 * follow each other; foreign lines between and inside rows are stepped over, and a row that cannot
 * be put together again is listed as lost.
 *
 * name    of the file: for messages, and for the operation ("all_gather_perf.txt") where an old
 *         release did not print it
 * owns    `out` is released with cx_import_fini
 * errors  CX_INVALID there is no table, the operation cannot be known, or the JSON is cut short ·
 *         CX_RESOURCE
 */
cx_status_t cx_import_nccltests(const char *name, const char *bytes, size_t byte_count,
                                cx_import_t *out);

/* The two forms, into an initialised import. Private to the reader. */
cx_status_t cx_import_nccltests_text(const char *name, const char *bytes, size_t byte_count,
                                     cx_import_t *import);
cx_status_t cx_import_nccltests_json(const char *name, const char *bytes, size_t byte_count,
                                     cx_import_t *import);

#endif
