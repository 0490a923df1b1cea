/* SPDX-License-Identifier: Apache-2.0 */
/* A series in our words: case, rows, status. */
#include "run/import_series.h"

#include "base/units.h"
#include "family/collective/bytes.h"
#include "stats/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A tool's word and ours. */
typedef struct word {
    const char *theirs, *ours;
} word_t;

static const word_t ops[] = {
    {"all_reduce", "all_reduce"},
    {"Allreduce", "all_reduce"},
    {"all_gather", "all_gather"},
    {"Allgather", "all_gather"},
    {"reduce_scatter", "reduce_scatter"},
    {"Reduce_scatter", "reduce_scatter"},
    {"alltoall", "all_to_all"},
    {"All-to-All Personalized Exchange", "all_to_all"},
    {"Alltoall", "all_to_all"},
    {"alltoallv", "all_to_all_v"},
    {"All-to-Allv Personalized Exchange", "all_to_all_v"},
    {"Alltoallv", "all_to_all_v"},
    {"broadcast", "broadcast"},
    {"Broadcast", "broadcast"},
    {"Bcast", "broadcast"},
    {"reduce", "reduce"},
    {"Reduce", "reduce"},
    {"gather", "gather"},
    {"Gather", "gather"},
    {"scatter", "scatter"},
    {"Scatter", "scatter"},
    {"sendrecv", "send_recv"},
    {"Barrier", "barrier"},
    {NULL, NULL},
};

static const word_t dtypes[] = {
    {"int8", "int8"},      {"char", "int8"},     {"uint8", "uint8"},    {"int32", "int32"},
    {"int", "int32"},      {"uint32", "uint32"}, {"int64", "int64"},    {"uint64", "uint64"},
    {"half", "fp16"},      {"float", "fp32"},    {"double", "fp64"},    {"bfloat16", "bf16"},
    {"MPI_CHAR", "int8"},  {"MPI_INT", "int32"}, {"MPI_FLOAT", "fp32"}, {"MPI_DOUBLE", "fp64"},
    {"ncclFloat", "fp32"}, {"ncclInt8", "int8"}, {"MPI_BYTE", "uint8"}, {NULL, NULL},
};

static const word_t tools[] = {
    {"nccl-tests", "nccl"}, {"rccl-tests", "rccl"}, {"osu-nccl", "nccl"},
    {"osu-rccl", "rccl"},   {"osu", "mpi"},         {NULL, NULL},
};

static const char *translate(const word_t *words, const char *theirs)
{
    while (words->theirs && strcmp(words->theirs, theirs) != 0) {
        words++;
    }
    return words->ours;
}

static bool is_osu(const cx_import_run_t *run)
{
    return strncmp(run->tool, "osu", 3) == 0;
}

/* OSU before 7 does not print the type; source: its collective programs, MPI_FLOAT where they
 * reduce and MPI_CHAR where they do not. */
static const char *dtype_of(const cx_import_view_t *view, const char *op)
{
    bool reduces = strstr(op, "reduce") != NULL;

    if (view->series->dtype[0] == '\0' && is_osu(view->run)) {
        return reduces ? "fp32" : "int8";
    }
    return translate(dtypes, view->series->dtype);
}

static const char *redop_of(const cx_import_view_t *view)
{
    const char *redop = view->series->redop;

    /* OSU always sums; releases of nccl-tests that print no column did too. */
    return redop[0] == '\0' || strcmp(redop, "none") == 0 ? "sum" : redop;
}

static cx_status_t set(cx_import_view_t *view, const char *name, const char *text,
                       cx_arena_t *arena)
{
    const cx_option_t *row = cx_options_find(cx_case_options, name);

    CX_TRY(cx_option_set(row, &view->one, text, view->run->tool, arena));
    view->is_known[row - cx_case_options] = true;
    return CX_OK;
}

static cx_status_t set_number(cx_import_view_t *view, const char *name, int64_t value,
                              cx_arena_t *arena)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return set(view, name, text, arena);
}

/* The sizes as a ladder; unknown when they are too many for one. */
static cx_status_t set_sizes(cx_import_view_t *view, cx_arena_t *arena)
{
    char   text[CX_OPTION_TEXT_BYTES_MAX];
    size_t used = 0;

    for (int32_t i = 0; i < view->row_count && used < sizeof text; i++) {
        char size_bytes[32];

        cx_units_print_bytes(view->rows[i].requested_bytes, size_bytes, sizeof size_bytes);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "," : "", size_bytes);
    }
    return used > 0 && used < sizeof text ? set(view, "sizes", text, arena) : CX_OK;
}

static cx_status_t fill_case(cx_import_view_t *view, const char *op, const char *dtype,
                             cx_arena_t *arena)
{
    const cx_import_run_t *run    = view->run;
    bool                   is_gpu = strcmp(run->tool, "osu") != 0;

    CX_TRY(cx_options_defaults(cx_case_options, &view->one, arena));
    CX_TRY(set(view, "family", "collective", arena));
    CX_TRY(set(view, "op", op, arena));
    CX_TRY(set(view, "dtype", dtype, arena));
    CX_TRY(set(view, "redop", redop_of(view), arena));
    CX_TRY(set(view, "placement", view->series->is_in_place ? "in_place" : "out_of_place", arena));
    CX_TRY(set(view, "backend", translate(tools, run->tool), arena));
    CX_TRY(set(view, "regime", "loop_mean", arena));
    CX_TRY(set_sizes(view, arena));
    if (is_gpu) {
        CX_TRY(set(view, "device", strstr(run->tool, "rccl") ? "hip" : "cuda", arena));
    }
    if (view->series->root_rank >= 0) {
        CX_TRY(set_number(view, "root", view->series->root_rank, arena));
    }
    if (run->iters > 0 && run->iters <= 1000000) {
        CX_TRY(set_number(view, "loop-iters", run->iters, arena));
    }
    if (run->is_validated != CX_IMPORT_UNKNOWN) {
        CX_TRY(set(view, "verify", run->is_validated ? "true" : "false", arena));
    }
    CX_TRY(cx_case_seal(&view->one, arena));
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        /* What means nothing for the operation has one value, and that is known. */
        view->is_known[row - cx_case_options] |= !cx_case_option_applies(&view->one, row);
    }
    return CX_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const cx_import_row_t *first = a, *second = b;

    return (first->message_bytes > second->message_bytes) -
           (first->message_bytes < second->message_bytes);
}

/* Zero where the printed digits could not have hidden it. */
static bool is_dead(const cx_import_row_t *row)
{
    return row->time_us <= 0 || (row->algbw_bytes_per_s == 0 &&
                                 (double)row->message_bytes / (row->time_us * 1e-6) > 1e7);
}

static cx_status_t row_status(const cx_import_row_t *printed, const char **why)
{
    if (printed->is_checked && printed->wrong_count != CX_IMPORT_UNKNOWN &&
        printed->wrong_count != 0) {
        *why = "the tool found wrong elements";
        return CX_INCORRECT;
    }
    if (is_dead(printed)) {
        *why = "the time or the bandwidth is zero";
        return CX_INVALID;
    }
    if (!printed->is_checked) {
        *why = "the tool did not check the output";
        return CX_INVALID;
    }
    return CX_OK;
}

/* Lines of one size become a row: their means are its samples. Returns how many lines it took. */
static int32_t fill_row(const cx_import_view_t *view, const cx_import_row_t *printed, int32_t count,
                        double *samples, cx_row_t *row)
{
    bool         has_bytes = !is_osu(view->run);
    cx_summary_t summary;
    cx_status_t  status      = CX_OK;
    int64_t      wrong_count = 0;
    int32_t      same        = 0;

    cx_row_clear(row);
    while (same < count && printed[same].message_bytes == printed->message_bytes) {
        const char *why   = NULL;
        cx_status_t worse = row_status(&printed[same], &why);
        samples[same]     = printed[same].time_us;
        wrong_count += printed[same].wrong_count > 0 ? 1 : 0;
        status      = status == CX_INCORRECT || worse == CX_OK ? status : worse;
        row->detail = why ? why : row->detail;
        same++;
    }
    cx_summarize(samples, same, samples + count, &summary);
    row->status              = cx_status_slug(status);
    row->requested_bytes     = printed->message_bytes;
    row->message_bytes       = has_bytes ? printed->message_bytes : CX_I64_UNKNOWN;
    row->elems               = printed->elems < 0 ? CX_I64_UNKNOWN : printed->elems;
    row->time_us_p50         = summary.p50;
    row->time_us_p50_ci_low  = summary.p50_ci_low;
    row->time_us_p50_ci_high = summary.p50_ci_high;
    row->ci_half_width_ratio = summary.p50_half_width_ratio;
    row->time_us_min         = summary.min;
    row->time_us_max         = summary.max;
    row->time_us_mean        = summary.mean;
    row->time_us_stddev      = summary.stddev;
    row->sample_count        = summary.sample_count;
    row->wrong_count         = printed->is_checked ? wrong_count : CX_I64_UNKNOWN;
    if (has_bytes) {
        row->algbw_bytes_per_s = cx_algbw_bytes_per_s(row->message_bytes, row->time_us_p50);
        row->busbw_bytes_per_s = row->algbw_bytes_per_s * view->busbw_factor;
    }
    return same;
}

static cx_status_t fill_rows(cx_import_view_t *view, cx_arena_t *arena)
{
    int32_t          count    = view->series->row_count;
    cx_import_row_t *sorted   = cx_arena_grab(arena, (size_t)count * sizeof *sorted);
    double          *samples  = cx_arena_grab(arena, 2 * (size_t)count * sizeof *samples);
    bool             has_size = view->one.op != CX_COLLECTIVE_BARRIER;

    view->rows = cx_arena_grab(arena, (size_t)count * sizeof *view->rows);
    if (!sorted || !samples || !view->rows) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d rows", count);
    }
    memcpy(sorted, view->series->rows, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_rows);
    for (int32_t at = 0; at < count;) {
        if (sorted[at].message_bytes == 0 && has_size) {
            view->empty_count++; /* too few bytes for every rank: nothing was moved */
            at++;
            continue;
        }
        at += fill_row(view, &sorted[at], count - at, samples, &view->rows[view->row_count++]);
    }
    return CX_OK;
}

/* What holds for the whole run; CX_OK leaves it to the rows. */
static cx_status_t run_status(const cx_import_run_t *run, bool average_fits, const char **why)
{
    if (run->error[0]) {
        *why = run->error;
        return strcasestr(run->error, "timeout") ? CX_TIMEOUT : CX_BACKEND;
    }
    if (run->footer == CX_IMPORT_FOOTER_FAILED) {
        *why = "the tool's check of the run failed";
        return CX_INCORRECT;
    }
    if (run->footer == CX_IMPORT_FOOTER_ABSENT) {
        *why = "the check footer is absent: was the run cut short?";
        return CX_INVALID;
    }
    if (run->footer == CX_IMPORT_FOOTER_UNCHECKED) {
        *why = "the tool did not check the run";
        return CX_INVALID;
    }
    if (!average_fits) {
        *why = "the printed average does not follow from the rows: some are missing or edited";
        return CX_INVALID;
    }
    return CX_OK;
}

/* The run's status is every row's, but for rows that were found wrong; the worst is the record's.
 */
static void conclude(cx_import_view_t *view, bool average_fits)
{
    const char *why    = NULL;
    cx_status_t of_run = run_status(view->run, average_fits, &why);

    view->status = of_run;
    view->detail = why;
    for (int32_t i = 0; i < view->row_count; i++) {
        cx_row_t   *row = &view->rows[i];
        cx_status_t own = cx_status_from_slug(row->status);

        if (own == CX_OK && of_run != CX_OK) {
            row->status = cx_status_slug(of_run);
            row->detail = why;
        } else if (own == CX_INCORRECT || (own != CX_OK && view->status == CX_OK)) {
            view->status = own;
            view->detail = row->detail;
        }
    }
}

bool cx_import_average_fits(const cx_import_t *import, int32_t run_index)
{
    const cx_import_run_t *run   = &import->runs[run_index];
    double                 sum   = 0;
    int64_t                count = 0;

    for (int32_t i = 0; i < import->series_count; i++) {
        const cx_import_series_t *series = &import->series[i];

        for (int32_t j = 0; j < series->row_count && series->run_index == run_index; j++) {
            sum += series->rows[j].busbw_bytes_per_s;
            count++;
        }
    }
    if (isnan(run->busbw_bytes_per_s_mean) || isnan(sum) || count == 0 || run->lost_count > 0 ||
        run->error[0]) {
        return true;
    }
    /* Rows have two decimals of 1e9, the average six digits. */
    return fabs(sum / (double)count - run->busbw_bytes_per_s_mean) <=
           0.0051e9 + 1e-4 * run->busbw_bytes_per_s_mean;
}

cx_status_t cx_import_view(const cx_import_t *import, const cx_import_series_t *series,
                           cx_arena_t *arena, cx_import_view_t *out, const char **why)
{
    cx_import_view_t view = {.run = &import->runs[series->run_index], .series = series};
    const char      *op   = translate(ops, series->op[0] ? series->op : view.run->op);
    const char      *dtype;
    char             text[256];

    *why  = NULL;
    dtype = op ? dtype_of(&view, op) : NULL;
    if (!dtype) {
        (void)snprintf(text, sizeof text, "%s %s: no such %s here", series->op, series->dtype,
                       op ? "element type" : "operation");
        *why = cx_arena_text(arena, text);
        return *why ? CX_OK : CX_FAIL(CX_RESOURCE, "out of memory");
    }
    for (int32_t i = 0; cx_collective_slugs[i]; i++) {
        view.one.op = strcmp(cx_collective_slugs[i], op) == 0 ? i : view.one.op;
    }
    view.busbw_factor = view.run->rank_count > 0
                            ? cx_busbw_factor((cx_collective_t)view.one.op, view.run->rank_count)
                            : (double)NAN;
    CX_TRY(fill_rows(&view, arena));
    if (view.row_count == 0) {
        *why = "every size was too small to move a byte";
        return CX_OK;
    }
    if (fill_case(&view, op, dtype, arena) != CX_OK) {
        *why = cx_arena_text(arena, cx_detail()->text);
        cx_detail_clear();
        return *why ? CX_OK : CX_FAIL(CX_RESOURCE, "out of memory");
    }
    conclude(&view, cx_import_average_fits(import, series->run_index));
    *out = view;
    return CX_OK;
}
