/* SPDX-License-Identifier: Apache-2.0 */
/* How far a run is, on stderr: one line redrawn on a terminal, appended lines elsewhere.
 * Reads no clock (the caller passes the time) and is called between points, never within one. */
#ifndef CX_CLI_PROGRESS_H
#define CX_CLI_PROGRESS_H

#include "base/fail.h"
#include "cli/sparkline.h"

#define CX_PROGRESS_RUNG_COUNT_MAX 40
#define CX_PROGRESS_LABEL_BYTES_MAX 160

/* --progress; the order is that of the option's choices. */
typedef enum cx_progress_mode {
    CX_PROGRESS_AUTO, /* bar on a live terminal, else line */
    CX_PROGRESS_BAR,
    CX_PROGRESS_LINE,
    CX_PROGRESS_NONE,
    CX_PROGRESS_MODE_COUNT
} cx_progress_mode_t;

/* What was just measured. fraction_done is of the whole run's cost, not of its case count. */
typedef struct cx_progress_point {
    const char *label;                            /* of the case; borrowed for the call */
    int64_t     size_bytes;                       /* INT64_MIN: the case has only begun */
    double      time_us_p50, ci_half_width_ratio; /* NAN unknown */
    double      fraction_done;
    int32_t     launch_index, launch_count; /* shown when there are several */
} cx_progress_point_t;

typedef struct cx_progress {
    FILE               *stream; /* borrowed */
    const cx_style_t   *style;  /* borrowed */
    cx_progress_mode_t  mode;   /* never AUTO */
    int64_t             case_count, done_count;
    int64_t             start_ns, drawn_ns, said_ns, stall_said_ns, eta_raised_ns;
    double              eta_s; /* as shown; NAN: not yet */
    cx_progress_point_t point;
    char                label[CX_PROGRESS_LABEL_BYTES_MAX];
    double              rungs[CX_PROGRESS_RUNG_COUNT_MAX];
    int64_t             rung_count;
    bool                is_drawn; /* the terminal's last line is ours */
} cx_progress_t;

void cx_progress_init(cx_progress_t *progress, const cx_style_t *style, FILE *stream,
                      cx_progress_mode_t mode, int64_t case_count, int64_t now_ns);
/* Draws at most ten times a second; as lines, says something at most every 30 s. */
void cx_progress_update(cx_progress_t *progress, const cx_progress_point_t *point, int64_t now_ns);
/* A rank is silent for long: the line turns yellow and names it; as lines, at most every 30 s. */
void cx_progress_stalled(cx_progress_t *progress, int32_t rank, double silent_s, const char *phase,
                         int64_t now_ns);
/* One permanent line: "ok  all_reduce ...". `detail` may be NULL. */
void cx_progress_case_done(cx_progress_t *progress, const char *label, cx_status_t status,
                           const char *detail, int64_t now_ns);
/* Before anything else is written to the stream: takes the drawn line away. Draws again later. */
void cx_progress_hide(cx_progress_t *progress);
/* Leaves the cursor at the start of an empty line. */
void cx_progress_fini(cx_progress_t *progress);

#endif
