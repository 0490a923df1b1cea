/* SPDX-License-Identifier: Apache-2.0 */
/* Record documents as what a reader compares: cases with their launches put together, points, and
 * who is ahead of whom. Not words or columns (answer.h, result_table.h), and nothing is averaged
 * over sizes. */
#ifndef CX_CLI_RESULT_SET_H
#define CX_CLI_RESULT_SET_H

#include "base/arena.h"
#include "base/fail.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What is printed: records of a run, and what stands around them. All borrowed; NULL: not known. */
typedef struct cx_result_set {
    const json_t      *records; /* array of record documents (collectivex-record/1), all launches */
    const char        *title;   /* "suite quick: one minute on any machine" */
    const char        *started_utc, *machine, *program;
    const char        *data_path, *report_path;
    const char        *repeat_command;          /* NULL: the command of the first record */
    const char *const *warnings, *const *hints; /* NULL-terminated */
    bool is_partial;                            /* stopped before all was measured */
    bool is_verbose;                            /* -v: every row, every answer */
} cx_result_set_t;

/* Where a point stands among the backends that did the same work at the same size. */
typedef enum cx_standing {
    CX_STANDING_ALONE, /* nobody to compare with, or not rankable */
    CX_STANDING_BEST,  /* its interval lies below every other */
    CX_STANDING_TIE,   /* its interval overlaps a neighbour's: order not established */
    CX_STANDING_BEHIND,
    CX_STANDING_COUNT
} cx_standing_t;

/**
 * One size of a case over its launches. Unknown: NAN, INT64_MIN, NULL.
 *
 * time_us_p50   median (nearest rank) of the launches' medians; the bandwidths are of that launch;
 *               p99 and skew likewise medians over launches
 * ci_low, high  of all launches together: from the lowest low to the highest high
 * has_output    false for what no operation leaves behind: a round trip, a launch
 * rate          busbw where the work has one, else algbw
 * status        the worst of the launches; is_ranked: all of them ok, so it may be ranked
 * vs_best_ratio p50 over the best p50 at this size
 * floor_ratio   p50 over the floor, of the launch that the bandwidths are of
 * nominal_ratio algbw over what the link, or the memory, is built for: of a limit that is of one of
 *               them alone
 * enqueue_us    what the host needed to enqueue an operation, median over launches
 */
typedef struct cx_result_point {
    int64_t       requested_bytes, message_bytes;
    double        time_us_p50, time_us_p50_ci_low, time_us_p50_ci_high, time_us_p99;
    double        ci_half_width_ratio, launch_spread_ratio;
    double        algbw_bytes_per_s, busbw_bytes_per_s, arrival_skew_us_p50;
    double        rate_bytes_per_s;
    int64_t       launch_count, sample_count, verified_count;
    const char   *status, *detail, *findings;
    bool          is_ranked, has_output;
    cx_standing_t standing;
    double        vs_best_ratio, floor_ratio, nominal_ratio, enqueue_us;
} cx_result_point_t;

/**
 * One case over its launches. Texts live as long as the records and the arena.
 *
 * label        the backend, with its algorithm and options where there are any; untrusted, as all
 *              texts here
 * differs      options beyond the named ones that vary within the table: "cache=hot seed=2"
 * table_index  equal for cases whose numbers mean the same: only these share a column
 * class_index  equal for cases that did the same work in the same place: only these are ranked
 * status       the worst of the launches' records; detail says which launch, when not all of them
 * dtype, redop, placement are NULL where they mean nothing (barrier, family ep)
 * component    family ep: what the points are of, the pair as a whole; NULL for collectives
 */
typedef struct cx_result_case {
    const json_t        *record;   /* of the first launch with rows, or else of the first */
    const json_t *const *launches; /* [launch_count] */
    const char          *case_id, *origin, *family, *component;
    const char          *op, *dtype, *redop, *placement, *regime, *label;
    const char          *differs, *status, *detail;
    int64_t              table_index, class_index, order_index;
    int64_t              rank_count, launch_count, point_count;
    cx_result_point_t   *points; /* [point_count] by requested_bytes */
} cx_result_case_t;

typedef struct cx_result_view {
    int64_t            case_count;
    cx_result_case_t **cases; /* by table, in it by class, each in order of appearance */
} cx_result_view_t;

/**
 * Read the records. Documents that lack a member are read as far as they go: printing never fails
 * for what a record does not know.
 * owns    everything new is in the arena
 * errors  CX_RESOURCE memory
 */
cx_status_t cx_result_view_read(const json_t *records, cx_arena_t *arena, cx_result_view_t *out);

/* The case is of family ep: it has points of several components (ep_result.h). */
bool cx_result_is_ep(const cx_result_case_t *one);

/* NULL when the case has no such rung. */
const cx_result_point_t *cx_result_case_at(const cx_result_case_t *one, int64_t requested_bytes);

/* Members of a document of which nothing is certain: NULL, NAN and INT64_MIN where they are not. */
const char *cx_json_text(const json_t *object, const char *key);
double      cx_json_real(const json_t *object, const char *key);
int64_t     cx_json_whole(const json_t *object, const char *key);

#endif
