/* SPDX-License-Identifier: Apache-2.0 */
/* Captures up to valid records, for the fuzzers of each tool. */
#ifndef CX_TESTS_FUZZ_IMPORT_RECORDS_H
#define CX_TESTS_FUZZ_IMPORT_RECORDS_H

#include "run/import.h"
#include "store/record.h"

#include <stdlib.h>

/* Whatever is imported makes records that validate. */
static inline void import_records(const char *bytes, size_t byte_count)
{
    json_t *program = json_pack("{ss,ss,ss,ss,si}", "version", "0", "git", "0", "compiler", "0",
                                "build_type", "Release", "abi", 1);
    json_t *command = json_array();
    cx_import_frame_t frame = {"2026-11-22T06:10:04Z", program, command};
    cx_imported_t     imported;
    cx_status_t       status;

    cx_detail_clear();
    status = cx_import_bytes("fuzz_perf.txt", bytes, byte_count, &frame, &imported);
    if (status == CX_INTERNAL ||
        (status == CX_OK && cx_plan_validate(imported.plan, "plan") != CX_OK)) {
        abort();
    }
    if (status == CX_OK) {
        cx_imported_fini(&imported);
    }
    json_decref(program);
    json_decref(command);
}

#endif
