/* SPDX-License-Identifier: Apache-2.0 */
/* Which form a capture of nccl-tests has, and what both forms must bring. */
#include "store/import_nccltests.h"

#include <string.h>

/* Where no run says what it is, the file's name may. */
static cx_status_t name_operations(const char *name, cx_import_t *import)
{
    const char *base = strrchr(name, '/');
    const char *op   = cx_import_program(import, base ? base + 1 : name);

    for (int32_t i = 0; i < import->series_count; i++) {
        cx_import_series_t *series = &import->series[i];

        series->op = import->runs[series->run_index].op;
        series->op = series->op[0] ? series->op : op;
        if (!series->op[0]) {
            return CX_FAIL(CX_INVALID,
                           "%s: it does not say which operation it is of; name the file after the "
                           "program, such as all_reduce_perf.txt",
                           name);
        }
    }
    return CX_OK;
}

static cx_status_t read_form(const char *name, const char *bytes, size_t byte_count,
                             cx_import_t *import)
{
    size_t blank_count = 0;

    while (blank_count < byte_count && strchr(" \t\r\n", bytes[blank_count]) &&
           bytes[blank_count] != '\0') {
        blank_count++;
    }
    if (blank_count < byte_count && bytes[blank_count] == '{') {
        CX_TRY(cx_import_nccltests_json(name, bytes, byte_count, import));
    } else {
        CX_TRY(cx_import_nccltests_text(name, bytes, byte_count, import));
    }
    if (import->series_count == 0) {
        return CX_FAIL(CX_INVALID, "%s: there is no row of nccl-tests or rccl-tests in it", name);
    }
    return name_operations(name, import);
}

cx_status_t cx_import_nccltests(const char *name, const char *bytes, size_t byte_count,
                                cx_import_t *out)
{
    cx_import_t import;
    cx_status_t status;

    cx_import_init(&import);
    status = read_form(name, bytes, byte_count, &import);
    if (status != CX_OK) {
        cx_import_fini(&import);
        return status;
    }
    *out = import;
    return CX_OK;
}
