/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of one record, computed again. Private to the gate (check.h). */
#ifndef CX_RUN_CHECK_ROWS_H
#define CX_RUN_CHECK_ROWS_H

#include "model/case.h"
#include "model/record.h"
#include "run/check.h"
#include "store/samples.h"

/* What the rows of a record have in common. */
typedef struct cx_check_frame {
    const char        *name; /* of the record's file */
    const cx_case_t   *one;
    int32_t            rank_count;      /* 0: unknown */
    int32_t            node_rank_count; /* likewise: ranks of a host */
    const char        *receive_layout;  /* family ep: slug of cx_ep_layout_t; empty: unknown */
    double             busbw_factor;
    const cx_limits_t *limits;        /* NULL: unknown */
    bool               moves_no_data; /* the backend may be as fast as it likes */
} cx_check_frame_t;

/* `samples` is NULL for a row without any. */
void cx_check_row(const cx_check_frame_t *frame, const cx_row_t *row,
                  const cx_samples_row_t *samples, cx_check_report_t *report);

/* Equal as far as a record has digits; two unknown numbers are. */
bool cx_check_equal(double a, double b);

/* A finding when a number or text is not what it is when computed again: "at PLACE ... is ...". */
void cx_check_field(const cx_check_frame_t *frame, const char *place, const cx_field_t *field,
                    const void *claimed, const void *again, cx_check_report_t *report);

#endif
