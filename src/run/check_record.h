/* SPDX-License-Identifier: Apache-2.0 */
/* One record against itself and its samples. Private to the gate (check.h). */
#ifndef CX_RUN_CHECK_RECORD_H
#define CX_RUN_CHECK_RECORD_H

#include "run/check.h"

#include <jansson.h>

typedef struct cx_check_subject {
    const char   *dir;
    const char   *name; /* "records/<case_id>.l<launch>.json" */
    const char   *stem; /* "<case_id>.l<launch>" */
    const char   *planned_digest;
    int64_t       launch_count;
    const json_t *record; /* validates */
} cx_check_subject_t;

void cx_check_record(const cx_check_subject_t *subject, cx_check_report_t *report);

#endif
