/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of launches to points. Reads documents, prints nothing. */
#include "cli/result_points.h"

#include "cli/result_keys.h"
#include "stats/launches.h"
#include "stats/quantile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Room for what the launches say about one size; every array [launch_count]. */
typedef struct bench {
    const json_t *const *launches;
    const char          *component;
    int64_t              launch_count, row_count;
    const json_t       **rows; /* those with a median */
    double              *medians, *deviations, *scratch;
    cx_arena_t          *arena;
} bench_t;

const char *cx_json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

double cx_json_real(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

int64_t cx_json_whole(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_integer(value) ? json_integer_value(value) : INT64_MIN;
}

int cx_result_severity(const char *status)
{
    if (!status || strcmp(status, "ok") == 0) {
        return 0;
    }
    if (strcmp(status, "unstable") == 0) {
        return 1;
    }
    return strcmp(status, "incorrect") == 0 ? 3 : 2;
}

void cx_worst_add(cx_worst_t *worst, const char *status, const char *detail, int64_t launch_index)
{
    const int severity = cx_result_severity(status);

    worst->bad_count += severity > 0;
    if (!worst->status || severity > cx_result_severity(worst->status)) {
        worst->status       = status;
        worst->detail       = detail;
        worst->launch_index = launch_index;
    }
}

const char *cx_worst_explain(const cx_worst_t *worst, int64_t launch_count, cx_arena_t *arena)
{
    if (worst->bad_count == 0 || worst->bad_count == launch_count) {
        return worst->detail;
    }
    return cx_arena_format(arena, "launch %lld of %lld%s%s", (long long)worst->launch_index + 1,
                           (long long)launch_count, worst->detail ? ": " : "",
                           worst->detail ? worst->detail : "");
}

static bool is_component(const json_t *row, const char *component)
{
    const char *own = cx_json_text(row, "component");

    return own && component ? strcmp(own, component) == 0 : own == component;
}

const json_t *cx_result_row_find(const json_t *record, const char *list, const char *component,
                                 int64_t requested_bytes)
{
    size_t  i;
    json_t *row;

    json_array_foreach(json_object_get(record, list), i, row)
    {
        if (cx_json_whole(row, "requested_bytes") == requested_bytes &&
            is_component(row, component)) {
            return row;
        }
    }
    return NULL;
}

/* Median over launches of a field that a launch may lack; NAN when all do. */
static double median_of(const bench_t *bench, const char *key)
{
    int64_t count = 0;

    for (int64_t i = 0; i < bench->row_count; i++) {
        const double value = cx_json_real(bench->rows[i], key);

        if (isfinite(value)) {
            bench->scratch[count++] = value;
        }
    }
    cx_sort(bench->scratch, count);
    return cx_quantile_nearest_rank(bench->scratch, count, 0.5);
}

/* Unknown as soon as one part is. */
static int64_t sum_of(const bench_t *bench, const char *key)
{
    int64_t total = bench->row_count > 0 ? 0 : INT64_MIN;

    for (int64_t i = 0; i < bench->row_count; i++) {
        const int64_t part = cx_json_whole(bench->rows[i], key);

        total = part == INT64_MIN || total == INT64_MIN ? INT64_MIN : total + part;
    }
    return total;
}

/* From the lowest low to the highest high; unknown as soon as one launch has none. */
static void join_intervals(const bench_t *bench, cx_result_point_t *out)
{
    double low = INFINITY, high = -INFINITY;

    for (int64_t i = 0; i < bench->row_count; i++) {
        const double row_low  = cx_json_real(bench->rows[i], "time_us_p50_ci_low");
        const double row_high = cx_json_real(bench->rows[i], "time_us_p50_ci_high");
        const bool   is_known = isfinite(row_low) && isfinite(row_high);

        low  = is_known ? fmin(low, row_low) : -INFINITY;
        high = is_known ? fmax(high, row_high) : INFINITY;
        if (!is_known) {
            break;
        }
    }
    out->time_us_p50_ci_low  = isfinite(low) ? low : (double)NAN;
    out->time_us_p50_ci_high = isfinite(high) ? high : (double)NAN;
    out->ci_half_width_ratio =
        (out->time_us_p50_ci_high - out->time_us_p50_ci_low) / 2 / out->time_us_p50;
}

static bool is_of_limits(const json_t *record)
{
    return strcmp(cx_text_or_empty(cx_result_option(record, "family")), "limits") == 0;
}

/* What the one link, or the memory, of a limit is built for; NAN of other work, and where no
 * record says. */
static double nominal_bytes_per_s(const bench_t *bench)
{
    static const struct {
        const char *limit, *member;
    } rates[]               = {{"copy_engine", "link_nominal_bytes_per_s"},
                               {"sm_store", "link_nominal_bytes_per_s"},
                               {"sm_load", "link_nominal_bytes_per_s"},
                               {"memory_copy", "memory_nominal_bytes_per_s"}};
    const char *limit       = cx_text_or_empty(cx_result_option(bench->launches[0], "limit"));
    double      bytes_per_s = (double)NAN;

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        for (int64_t j = 0; j < bench->launch_count && strcmp(limit, rates[i].limit) == 0; j++) {
            bytes_per_s =
                fmax(bytes_per_s,
                     cx_json_real(json_object_get(bench->launches[j], "limits"), rates[i].member));
        }
    }
    return is_of_limits(bench->launches[0]) ? bytes_per_s : (double)NAN;
}

static void join_rows(const bench_t *bench, cx_result_point_t *out)
{
    cx_launch_spread_t spread;

    for (int64_t i = 0; i < bench->row_count; i++) {
        bench->medians[i]    = cx_json_real(bench->rows[i], "time_us_p50");
        bench->deviations[i] = cx_json_real(bench->rows[i], "time_us_stddev");
    }
    cx_launch_spread(bench->medians, bench->deviations, bench->row_count, bench->scratch, &spread);
    out->time_us_p50         = spread.median;
    out->launch_spread_ratio = spread.spread_ratio;
    for (int64_t i = bench->row_count - 1; i >= 0; i--) {
        if (bench->medians[i] == spread.median) {
            out->message_bytes     = cx_json_whole(bench->rows[i], "message_bytes");
            out->algbw_bytes_per_s = cx_json_real(bench->rows[i], "algbw_bytes_per_s");
            out->busbw_bytes_per_s = cx_json_real(bench->rows[i], "busbw_bytes_per_s");
            out->rate_bytes_per_s =
                isfinite(out->busbw_bytes_per_s) ? out->busbw_bytes_per_s : out->algbw_bytes_per_s;
            out->floor_ratio = cx_json_real(bench->rows[i], "floor_ratio");
        }
    }
    join_intervals(bench, out);
    out->nominal_ratio       = out->algbw_bytes_per_s / nominal_bytes_per_s(bench);
    out->time_us_p99         = median_of(bench, "time_us_p99");
    out->arrival_skew_us_p50 = median_of(bench, "arrival_skew_us_p50");
    out->enqueue_us          = median_of(bench, "enqueue_us_mean");
}

/* What every launch says about one size: rows with a median into the bench, the worst status. */
static void collect_rung(bench_t *bench, cx_result_point_t *out)
{
    cx_worst_t worst = {0};

    bench->row_count = 0;
    for (int64_t i = 0; i < bench->launch_count; i++) {
        const json_t *record = bench->launches[i];
        const json_t *row =
            cx_result_row_find(record, "rows", bench->component, out->requested_bytes);
        const json_t *left = cx_result_row_find(record, "left_out", NULL, out->requested_bytes);

        if (row) {
            cx_worst_add(&worst, cx_json_text(row, "status"), cx_json_text(row, "detail"), i);
            out->findings = out->findings ? out->findings : cx_json_text(row, "findings");
        } else if (left) {
            cx_worst_add(&worst, "left out", cx_json_text(left, "reason"), i);
        }
        if (row && isfinite(cx_json_real(row, "time_us_p50"))) {
            bench->rows[bench->row_count++] = row;
        }
    }
    out->status = worst.status;
    out->detail = cx_worst_explain(&worst, bench->launch_count, bench->arena);
}

/* A limit that moves no bytes: where a collective barrier could be judged, and is not, this one
 * leaves nothing to judge. */
static bool is_launch_alone(const json_t *record)
{
    return is_of_limits(record) &&
           strcmp(cx_text_or_empty(cx_result_option(record, "op")), "barrier") == 0;
}

static void read_rung(bench_t *bench, int64_t requested_bytes, cx_result_point_t *out)
{
    *out = (cx_result_point_t){
        .requested_bytes     = requested_bytes,
        .message_bytes       = requested_bytes,
        .time_us_p50         = NAN,
        .time_us_p50_ci_low  = NAN,
        .time_us_p50_ci_high = NAN,
        .time_us_p99         = NAN,
        .ci_half_width_ratio = NAN,
        .launch_spread_ratio = NAN,
        .algbw_bytes_per_s   = NAN,
        .busbw_bytes_per_s   = NAN,
        .rate_bytes_per_s    = NAN,
        .arrival_skew_us_p50 = NAN,
        .vs_best_ratio       = NAN,
        .floor_ratio         = NAN,
        .nominal_ratio       = NAN,
        .enqueue_us          = NAN,
    };
    collect_rung(bench, out);
    out->launch_count   = bench->row_count;
    out->has_output     = !is_launch_alone(bench->launches[0]);
    out->sample_count   = sum_of(bench, "sample_count");
    out->verified_count = sum_of(bench, "verified_count");
    if (bench->row_count > 0) {
        join_rows(bench, out);
        out->is_ranked = cx_result_severity(out->status) == 0;
    }
}

static int compare_whole(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static int64_t append_rungs(const json_t *record, const char *list, int64_t *rungs, int64_t count)
{
    size_t  i;
    json_t *row;

    json_array_foreach(json_object_get(record, list), i, row)
    {
        rungs[count++] = cx_json_whole(row, "requested_bytes");
    }
    return count;
}

/* Sizes that any launch has measured or left out, ascending, each once. */
static int64_t list_rungs(const bench_t *bench, int64_t *rungs)
{
    int64_t count = 0, kept_count = 0;

    for (int64_t i = 0; i < bench->launch_count; i++) {
        count = append_rungs(bench->launches[i], "rows", rungs, count);
        count = append_rungs(bench->launches[i], "left_out", rungs, count);
    }
    qsort(rungs, (size_t)count, sizeof rungs[0], compare_whole);
    for (int64_t i = 0; i < count; i++) {
        if (kept_count == 0 || rungs[kept_count - 1] != rungs[i]) {
            rungs[kept_count++] = rungs[i];
        }
    }
    return kept_count;
}

static size_t count_mentions(const json_t *const *launches, int64_t launch_count)
{
    size_t count = 1;

    for (int64_t i = 0; i < launch_count; i++) {
        count += json_array_size(json_object_get(launches[i], "rows")) +
                 json_array_size(json_object_get(launches[i], "left_out"));
    }
    return count;
}

static cx_status_t bench_init(bench_t *bench, const cx_result_case_t *one, const char *component,
                              cx_arena_t *arena)
{
    const size_t doubles_bytes = (size_t)one->launch_count * sizeof(double);

    *bench = (bench_t){
        .launches     = one->launches,
        .component    = component,
        .launch_count = one->launch_count,
        .rows         = cx_arena_grab(arena, (size_t)one->launch_count * sizeof(json_t *)),
        .medians      = cx_arena_grab(arena, doubles_bytes),
        .deviations   = cx_arena_grab(arena, doubles_bytes),
        .scratch      = cx_arena_grab(arena, doubles_bytes),
        .arena        = arena,
    };
    return bench->rows && bench->medians && bench->deviations && bench->scratch
               ? CX_OK
               : CX_FAIL(CX_RESOURCE, "out of memory for the points of a case");
}

cx_status_t cx_result_points_read(cx_result_case_t *one, cx_arena_t *arena)
{
    const size_t       mention_count = count_mentions(one->launches, one->launch_count);
    int64_t           *rungs         = cx_arena_grab(arena, mention_count * sizeof *rungs);
    cx_result_point_t *points        = cx_arena_grab(arena, mention_count * sizeof *points);
    bench_t            bench;

    CX_TRY(bench_init(&bench, one, one->component, arena));
    if (!rungs || !points) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the points of a case");
    }
    one->point_count = list_rungs(&bench, rungs);
    one->points      = points;
    for (int64_t i = 0; i < one->point_count; i++) {
        read_rung(&bench, rungs[i], &points[i]);
    }
    return CX_OK;
}

cx_status_t cx_result_point_read(const cx_result_case_t *one, const char *component,
                                 int64_t requested_bytes, cx_arena_t *arena, cx_result_point_t *out)
{
    bench_t bench;

    CX_TRY(bench_init(&bench, one, component, arena));
    read_rung(&bench, requested_bytes, out);
    return CX_OK;
}
