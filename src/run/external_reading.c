/* SPDX-License-Identifier: Apache-2.0 */
/* The series of the case, its rows by rung, and every reason why it is not ok. */
#include "run/external_reading.h"

#include "model/ladder.h"
#include "run/import.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A reading under way. */
typedef struct reader {
    const cx_external_reading_t *reading;
    cx_arena_t                  *arena;
    cx_import_t                  import;
    cx_import_view_t             view;
    bool                         has_view;
    cx_ladder_t                  ladder;
    int32_t                      lost_count; /* rungs whose row should be there */
    cx_external_outcome_t       *out;
} reader_t;

static cx_status_t out_of_memory(void)
{
    return CX_FAIL(CX_RESOURCE, "out of memory for what a program said");
}

static bool is_same_work(const cx_case_t *a, const cx_case_t *b)
{
    return a->op == b->op && a->dtype == b->dtype && a->redop == b->redop &&
           a->placement == b->placement && a->root == b->root;
}

/* The series of the case; none is no error. */
static cx_status_t find_view(reader_t *reader)
{
    const cx_import_t *import = &reader->import;

    for (int32_t i = 0; i < import->series_count && !reader->has_view; i++) {
        const char *why;

        CX_TRY(cx_import_view(import, &import->series[i], reader->arena, &reader->view, &why));
        reader->has_view = !why && is_same_work(&reader->view.one, reader->reading->one);
    }
    return CX_OK;
}

static void leave_out(reader_t *reader, int64_t requested_bytes, const char *reason)
{
    json_array_append_new(
        reader->out->left_out,
        json_pack("{sI,ss}", "requested_bytes", (json_int_t)requested_bytes, "reason", reason));
}

/* Why a rung has no row of its own. `nearest` is the last row that is not above it; NULL: none. */
static void explain_absence(reader_t *reader, int64_t rung_bytes, int64_t moved_bytes,
                            const cx_row_t *nearest)
{
    const cx_import_run_t *run = reader->view.run;

    if (moved_bytes == 0) {
        leave_out(reader, rung_bytes, "the program moves nothing at a size that small");
    } else if (nearest && nearest->message_bytes == moved_bytes) {
        leave_out(reader, rung_bytes, "the program rounds it down to a size that has a row");
    } else if (run->reduced_max_bytes >= 0 && rung_bytes > run->reduced_max_bytes) {
        leave_out(reader, rung_bytes, "the program reduced the largest size: memory");
    } else {
        leave_out(reader, rung_bytes, "the program left no row of it");
        reader->lost_count++;
    }
}

/* A row is known by the rung it was asked as. Both rise, and a program only rounds down, at most to
 * what moved_bytes says; so it is the last row that is not above its rung and not of a rung before.
 * Rows of no rung are of a size that nobody asked for. */
static void assign_rungs(reader_t *reader)
{
    const cx_external_reading_t *reading = reader->reading;
    cx_import_view_t            *view    = &reader->view;
    int32_t                      taken = -1, kept_count = 0;

    for (int32_t i = 0; i < reader->ladder.rung_count; i++) {
        int64_t rung_bytes = reader->ladder.bytes[i];
        int64_t moved_bytes =
            reading->external->moved_bytes(reading->one, reading->rank_count, rung_bytes);
        int32_t at = taken;

        while (at + 1 < view->row_count && view->rows[at + 1].message_bytes <= rung_bytes) {
            at++;
        }
        if (at > taken && view->rows[at].message_bytes >= moved_bytes) {
            view->rows[at].requested_bytes = rung_bytes;
            view->rows[kept_count++]       = view->rows[at];
            taken                          = at;
        } else {
            explain_absence(reader, rung_bytes, moved_bytes, at < 0 ? NULL : &view->rows[at]);
        }
    }
    view->row_count = kept_count;
}

/* What the program said of something else than it was asked for; NULL: nothing. */
static const char *find_mismatch(const reader_t *reader)
{
    const cx_external_reading_t *reading   = reader->reading;
    int32_t                      run_count = reader->import.run_count;
    const cx_import_run_t       *run       = &reader->import.runs[0];
    const char                  *device    = strstr(run->tool, "rccl") ? "hip" : "cuda";

    if (run_count != 1) {
        return cx_arena_format(reader->arena,
                               "it printed the tables of %d runs; without MPI in it each process "
                               "runs alone",
                               run_count);
    }
    if (run->rank_count == 0) {
        return "it does not say how many ranks it had";
    }
    if (run->rank_count != reading->rank_count) {
        return cx_arena_format(reader->arena, "%d ranks were asked for, but it had %d",
                               reading->rank_count, run->rank_count);
    }
    if (reader->view.row_count == 0) {
        return "it printed no row of the operation, types, placement and sizes that were asked for";
    }
    /* Old releases do not say which of the two they are. */
    if (run->version[0] && strcmp(device, reading->one->device) != 0) {
        return cx_arena_format(reader->arena, "device %s was asked for, but it is of %s",
                               reading->one->device, run->tool);
    }
    return reader->lost_count > 0
               ? cx_arena_format(reader->arena, "%d of %d sizes have no row: it is incomplete",
                                 reader->lost_count, reader->ladder.rung_count)
               : NULL;
}

/* The whole is not ok, so no row is. */
static void spoil(reader_t *reader, cx_status_t status, const char *detail)
{
    for (int32_t i = 0; i < reader->view.row_count; i++) {
        cx_row_t *row = &reader->view.rows[i];

        if (strcmp(row->status, cx_status_slug(CX_OK)) == 0) {
            row->status = cx_status_slug(status);
            row->detail = detail;
        }
    }
    reader->out->status = status;
    reader->out->detail = detail;
}

/* Its own words about what went wrong are better than its exit code. */
static bool says_more(cx_status_t said, cx_status_t end)
{
    return end == CX_OK || (end == CX_BACKEND &&
                            (said == CX_INCORRECT || said == CX_BACKEND || said == CX_TIMEOUT));
}

static void judge(reader_t *reader)
{
    const cx_external_reading_t *reading  = reader->reading;
    cx_external_outcome_t       *out      = reader->out;
    const char                  *mismatch = find_mismatch(reader);

    out->status = reader->has_view ? reader->view.status : CX_OK;
    out->detail = reader->view.detail;
    if (!says_more(out->status, reading->end)) {
        spoil(reader, reading->end, reading->end_text);
    } else if (mismatch && out->status == CX_OK) {
        spoil(reader, CX_INVALID, mismatch);
    }
    /* The texts of the capture go with it. */
    out->detail = out->detail ? cx_arena_text(reader->arena, out->detail) : NULL;
}

/* The first run stands for all: more than one is a mismatch anyway. */
static void describe(reader_t *reader)
{
    cx_external_outcome_t *out = reader->out;

    if (!reader->has_view) {
        reader->view = (cx_import_view_t){.run = &reader->import.runs[0], .busbw_factor = NAN};
    }
    out->tool         = reader->view.run->tool;
    out->version      = cx_arena_text(reader->arena, reader->view.run->version);
    out->environment  = cx_import_environment(&reader->view);
    out->busbw_factor = reader->view.busbw_factor;
    out->rows         = reader->view.rows;
    out->row_count    = reader->view.row_count;
}

static cx_status_t read_import(reader_t *reader)
{
    CX_TRY(cx_ladder_parse(reader->reading->one->sizes, "sizes", &reader->ladder));
    CX_TRY(find_view(reader));
    if (reader->has_view) {
        assign_rungs(reader);
    }
    describe(reader);
    judge(reader);
    for (int32_t i = 0; i < reader->view.row_count; i++) {
        cx_row_t *row = &reader->view.rows[i];

        row->detail = row->detail ? cx_arena_text(reader->arena, row->detail) : NULL;
    }
    return reader->out->environment ? CX_OK : out_of_memory();
}

cx_status_t cx_external_read(const cx_external_reading_t *reading, cx_arena_t *arena,
                             cx_external_outcome_t *out)
{
    cx_external_outcome_t outcome = {.left_out = json_array(), .busbw_factor = (double)NAN};
    reader_t              reader  = {.reading = reading, .arena = arena, .out = &outcome};
    cx_status_t           status;

    if (!outcome.left_out) {
        return out_of_memory();
    }
    status =
        reading->external->read(reading->name, reading->bytes, reading->byte_count, &reader.import);
    if (status == CX_OK) {
        status = read_import(&reader);
        cx_import_fini(&reader.import);
    } else if (status != CX_RESOURCE) {
        outcome.status = reading->end == CX_OK ? status : reading->end;
        outcome.detail =
            reading->end == CX_OK ? cx_arena_text(arena, cx_detail()->text) : reading->end_text;
        cx_detail_clear();
        status = CX_OK;
    }
    if (status != CX_OK) {
        cx_external_outcome_fini(&outcome);
        return status;
    }
    *out = outcome;
    return CX_OK;
}

void cx_external_outcome_fini(cx_external_outcome_t *outcome)
{
    json_decref(outcome->environment);
    json_decref(outcome->left_out);
    outcome->environment = NULL;
    outcome->left_out    = NULL;
}
