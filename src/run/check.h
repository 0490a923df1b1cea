/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: whether a folder of records is complete, untouched, and says what its samples say.
 * Not a rendering, and nothing is repaired. */
#ifndef CX_RUN_CHECK_H
#define CX_RUN_CHECK_H

#include "base/arena.h"
#include "base/fail.h"

#include <stddef.h>
#include <stdint.h>

/* name, slug, sentence */
#define CX_CHECK_MAP(X)                                                                           \
    X(PLAN_UNREADABLE, "plan-unreadable", "plan.json is missing or no plan")                      \
    X(PLAN_EDITED, "plan-edited", "a case of the plan does not have the digest it claims")        \
    X(MISSING_CASE, "missing-case", "a case of the plan left no record at all")                   \
    X(MISSING_RECORD, "missing-record", "a launch of a case left no record")                      \
    X(UNEXPECTED_RECORD, "unexpected-record", "a record of a case or launch that is not planned") \
    X(FOREIGN_FILE, "foreign-file", "a file that no run writes")                                  \
    X(RECORD_UNREADABLE, "record-unreadable", "a record that is not a whole JSON document")       \
    X(RECORD_INVALID, "record-invalid", "a record that breaks the schema")                        \
    X(SWAPPED_RECORD, "swapped-record", "the file's name is not the record's identity")           \
    X(IDENTITY, "identity", "a digest or key does not follow from the options and environment")   \
    X(NUMBER, "number", "a number does not follow from the samples or from other numbers")        \
    X(SAMPLES, "samples", "the sidecar is missing, damaged, or not the record's")                 \
    X(MISSING_ROW, "missing-row", "a size or component of the case has no row, or no point")      \
    X(OVER_NOMINAL, "over-nominal", "a measured limit beats what the hardware is built for")      \
    X(STATUS, "status", "a status does not follow from the rows and samples")                     \
    X(PUBLICATION, "publication", "the publication class or a reason is not what is derived")     \
    X(NOT_OK, "not-ok", "a case did not end ok")                                                  \
    X(SECRET, "secret", "something that must not be published")

typedef enum cx_check_kind {
#define CX_CHECK_ENUM(name, slug, text) CX_CHECK_##name,
    CX_CHECK_MAP(CX_CHECK_ENUM)
#undef CX_CHECK_ENUM
        CX_CHECK_KIND_COUNT
} cx_check_kind_t;

const char *cx_check_slug(cx_check_kind_t kind);
const char *cx_check_text(cx_check_kind_t kind); /* the sentence */

typedef enum cx_severity {
    CX_SEVERITY_ERROR,   /* the folder is not what it claims to be */
    CX_SEVERITY_OUTCOME, /* it is, and says that something did not work */
    CX_SEVERITY_COUNT
} cx_severity_t;

cx_severity_t cx_check_severity(cx_check_kind_t kind);

typedef struct cx_check_finding {
    cx_check_kind_t kind;
    const char     *file, *text; /* file: from the folder checked */
} cx_check_finding_t;

#define CX_CHECK_FINDING_COUNT_MAX 1000

/* Findings in the order plan, records by name, samples by name, what is missing. */
typedef struct cx_check_report {
    cx_arena_t          arena; /* holds every text */
    cx_check_finding_t *findings;
    int64_t             finding_count; /* kept; at most CX_CHECK_FINDING_COUNT_MAX */
    int64_t             total_count;   /* found */
    int64_t             case_count, record_count;
} cx_check_report_t;

/**
 * Check DIR/plan.json, DIR/records and DIR/samples. The folder is good when total_count is 0.
 *
 * memory  one record and its samples at a time per processor, and a name per planned case
 * owns    `out` is released with cx_check_fini
 * errors  CX_INVALID there is no such folder · CX_RESOURCE
 */
cx_status_t cx_check_directory(const char *dir, cx_check_report_t *out);
void        cx_check_fini(cx_check_report_t *report);

/* Add a finding; `file` and the text are copied. */
void cx_check_add(cx_check_report_t *report, cx_check_kind_t kind, const char *file,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
