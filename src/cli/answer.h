/* SPDX-License-Identifier: Apache-2.0 */
/* What the records say about the question behind the run, per kind of work: latency, peak, and who
 * wins where. The first lines of the terminal and `answer` of the JSON form are printed from it. */
#ifndef CX_CLI_ANSWER_H
#define CX_CLI_ANSWER_H

#include "base/text.h"
#include "cli/result_set.h"
#include "cli/style.h"

/**
 * Neighbouring sizes with one outcome between the two lowest medians.
 * leader      label of the lower median
 * runner_up   the other one; NULL: not the same at all of these sizes
 * is_tie      the leader's interval overlaps another's: the order is not established
 * ratio_...   the runner-up's p50 over the leader's: smallest and largest over these sizes
 */
typedef struct cx_answer_span {
    int64_t     first_bytes, last_bytes;
    const char *leader, *runner_up;
    bool        is_tie;
    double      ratio_min, ratio_max;
} cx_answer_span_t;

/* One class of comparable cases (collectives; expert parallelism: ep_answer.h). A case and its
 * point are NULL where there is no such number. */
typedef struct cx_answer {
    const cx_result_case_t  *sample; /* the first of the class: op, dtype, ...; its failure */
    const cx_result_case_t  *fastest_case, *peak_case;
    const cx_result_point_t *fastest, *peak; /* p50 at the smallest size; highest busbw */
    bool                     is_verified;    /* every number that is said */
    int64_t                  span_count;
    cx_answer_span_t        *spans;
} cx_answer_t;

typedef struct cx_answer_list {
    int64_t      count;
    cx_answer_t *answers;
} cx_answer_list_t;

/* errors  CX_RESOURCE memory */
cx_status_t cx_answer_derive(const cx_result_view_t *view, cx_arena_t *arena,
                             cx_answer_list_t *out);

/* The answer as one sentence. */
void cx_answer_say(const cx_answer_t *answer, const cx_style_t *style, cx_text_t *out);

/* [{op, dtype, redop, placement, regime, rank_count, differs, fastest, peak, spans, ...}]
 * NULL when memory ran out. */
json_t *cx_answer_groups_to_json(const cx_answer_list_t *list);

#endif
