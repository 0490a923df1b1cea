/* SPDX-License-Identifier: Apache-2.0 */
/* One record: identity, rows, status, publication. */
#include "run/check_record.h"

#include "base/units.h"
#include "family/collective/bytes.h"
#include "model/key.h"
#include "run/check_ep.h"
#include "run/check_floor.h"
#include "run/check_rows.h"
#include "run/facts.h"
#include "store/case_json.h"
#include "store/fields.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FACTOR_COUNT_MAX 256

static const char *text_at(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text ? text : "";
}

static void add_detail(const cx_check_subject_t *subject, cx_check_kind_t kind,
                       cx_check_report_t *report)
{
    cx_check_add(report, kind, subject->name, "%s", cx_detail()->text);
    cx_detail_clear();
}

static bool name_is_identity(const cx_check_subject_t *subject, cx_check_report_t *report)
{
    const json_t *identity = json_object_get(subject->record, "identity");
    char          stem[PATH_MAX];

    (void)snprintf(stem, sizeof stem, "%s.l%lld", text_at(identity, "case_id"),
                   (long long)json_integer_value(json_object_get(identity, "launch")));
    if (strcmp(stem, subject->stem) != 0) {
        cx_check_add(report, CX_CHECK_SWAPPED_RECORD, subject->name, "it is the record of %s",
                     stem);
        return false;
    }
    return true;
}

static void check_key(const cx_check_subject_t *subject, const cx_case_t *one,
                      cx_check_report_t *report)
{
    const json_t *identity    = json_object_get(subject->record, "identity");
    json_t       *environment = json_object_get(subject->record, "environment");
    const json_t *contract    = json_object_get(subject->record, "contract");
    cx_factor_t   factors[FACTOR_COUNT_MAX];
    size_t        count = 0;
    char          key[CX_HASH_HEX_BYTES];
    const char   *name;
    json_t       *value;

    json_object_foreach(environment, name, value)
    {
        if (count < FACTOR_COUNT_MAX) {
            factors[count++] = (cx_factor_t){name, json_string_value(value)};
        }
    }
    cx_key_compute(one, text_at(contract, "name"),
                   json_integer_value(json_object_get(contract, "version")), factors, count, key);
    if (json_object_size(environment) > FACTOR_COUNT_MAX ||
        strcmp(key, text_at(identity, "comparison_key")) != 0) {
        cx_check_add(report, CX_CHECK_IDENTITY, subject->name,
                     "its options and environment give the comparison key %s, not %s", key,
                     text_at(identity, "comparison_key"));
    }
}

static void check_identity(const cx_check_subject_t *subject, const cx_case_t *one,
                           cx_check_report_t *report)
{
    const json_t *identity = json_object_get(subject->record, "identity");
    const char   *digest   = text_at(identity, "case_digest");

    if (strcmp(one->digest, digest) != 0 ||
        strcmp(one->case_id, text_at(identity, "case_id")) != 0 ||
        strcmp(digest, subject->planned_digest) != 0) {
        cx_check_add(report, CX_CHECK_IDENTITY, subject->name,
                     "its options give %s with digest %s, it claims %s, planned is %s",
                     one->case_id, one->digest, digest, subject->planned_digest);
    }
    if (strcmp(cx_case_contract(one),
               text_at(json_object_get(subject->record, "contract"), "name")) != 0) {
        cx_check_add(report, CX_CHECK_IDENTITY, subject->name,
                     "its contract is not %s, which its regime means", cx_case_contract(one));
    }
    check_key(subject, one, report);
}

/* The samples of a measured record; false when they cannot be used. */
static bool read_samples(const cx_check_subject_t *subject, cx_samples_t *samples,
                         cx_check_report_t *report)
{
    const json_t *member = json_object_get(subject->record, "samples");
    char          expected[PATH_MAX], path[PATH_MAX];

    if (json_is_null(member)) {
        return true;
    }
    (void)snprintf(expected, sizeof expected, "samples/%s.cxs", subject->stem);
    if (strcmp(text_at(member, "file"), expected) != 0) {
        cx_check_add(report, CX_CHECK_SAMPLES, subject->name, "its samples are not in %s",
                     expected);
        return false;
    }
    if (snprintf(path, sizeof path, "%s/%s", subject->dir, expected) >= (int)sizeof path ||
        cx_samples_read(path, text_at(member, "blake2b"), samples) != CX_OK) {
        add_detail(subject, CX_CHECK_SAMPLES, report);
        return false;
    }
    return true;
}

static bool has_samples(const cx_row_t *row)
{
    return row->sample_count != CX_I64_UNKNOWN;
}

static void check_rows(const cx_check_subject_t *subject, const cx_check_frame_t *frame,
                       const cx_samples_t *samples, cx_check_report_t *report)
{
    const json_t *rows = json_object_get(subject->record, "rows");
    bool          is_measured =
        strcmp(text_at(json_object_get(subject->record, "identity"), "origin"), "measured") == 0;
    int32_t    used_count = 0;
    cx_arena_t arena;

    cx_arena_init(&arena);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const cx_samples_row_t *own = NULL;
        cx_row_t                row;

        if (cx_fields_from_json(cx_row_fields, json_array_get(rows, i), subject->name, &arena,
                                &row) != CX_OK) {
            add_detail(subject, CX_CHECK_RECORD_INVALID, report);
            continue;
        }
        if (is_measured && has_samples(&row) && used_count < samples->row_count) {
            own = &samples->rows[used_count++];
        } else if (is_measured && has_samples(&row)) {
            cx_check_add(report, CX_CHECK_SAMPLES, subject->name,
                         "the row of %lld B has no samples", (long long)row.requested_bytes);
        }
        if (is_measured && !has_samples(&row) && strcmp(row.status, "ok") == 0) {
            cx_check_add(report, CX_CHECK_SAMPLES, subject->name,
                         "the row of %lld B is ok without samples", (long long)row.requested_bytes);
        }
        cx_check_row(frame, &row, own, report);
    }
    cx_arena_fini(&arena);
    if (used_count != samples->row_count) {
        cx_check_add(report, CX_CHECK_SAMPLES, subject->name,
                     "the sidecar has %d rows, the record %d", samples->row_count, used_count);
    }
}

static void check_factor(const cx_check_subject_t *subject, const cx_check_frame_t *frame,
                         cx_check_report_t *report)
{
    cx_collective_t op       = (cx_collective_t)frame->one->op;
    double          expected = cx_busbw_factor(op, frame->rank_count);
    bool            has_rows = json_array_size(json_object_get(subject->record, "rows")) > 0;

    /* The factor comes with the first row; a case that failed before has neither. */
    if (!has_rows || frame->rank_count < 1 || op == CX_COLLECTIVE_ALL_TO_ALL_V) {
        return;
    }
    expected = frame->one->family == CX_FAMILY_EP ? (double)NAN : expected;
    if (isnan(expected) ? !isnan(frame->busbw_factor)
                        : !(fabs(frame->busbw_factor - expected) <= 1e-9 * expected)) {
        cx_check_add(report, CX_CHECK_NUMBER, subject->name,
                     "busbw_factor is %.12g, but %s on %d ranks has %.12g", frame->busbw_factor,
                     cx_collective_slugs[op], frame->rank_count, expected);
    }
}

/* A record is ok only if every row is, and then there is no failure; the rest did not end ok. */
static void check_status(const cx_check_subject_t *subject, cx_check_report_t *report)
{
    const json_t *rows  = json_object_get(subject->record, "rows");
    const char   *slug  = text_at(subject->record, "status");
    bool          is_ok = cx_status_from_slug(slug) == CX_OK;

    for (size_t i = 0; i < json_array_size(rows) && is_ok; i++) {
        const char *row_slug = text_at(json_array_get(rows, i), "status");

        if (cx_status_from_slug(row_slug) != CX_OK) {
            cx_check_add(report, CX_CHECK_STATUS, subject->name,
                         "its status is ok, but that of row %zu is %s", i, row_slug);
        }
    }
    if (is_ok && !json_is_null(json_object_get(subject->record, "failure"))) {
        cx_check_add(report, CX_CHECK_STATUS, subject->name, "its status is ok, but it failed");
    }
    if (!is_ok) {
        cx_check_add(report, CX_CHECK_NOT_OK, subject->name, "%s: %.200s", slug,
                     text_at(subject->record, "detail"));
    }
}

static void check_publication(const cx_check_subject_t *subject, cx_check_report_t *report)
{
    const json_t    *claimed = json_object_get(subject->record, "publication");
    cx_judge_facts_t facts;
    cx_publication_t publication;
    json_t          *derived;

    cx_facts_read(subject->record, subject->launch_count, &facts);
    publication = cx_judge(&facts);
    derived     = cx_facts_publication(&publication);
    if (!json_equal(derived, claimed)) {
        char *reasons = json_dumps(json_object_get(derived, "reasons"), JSON_COMPACT);

        cx_check_add(report, CX_CHECK_PUBLICATION, subject->name,
                     "it claims to be %s; the facts say %s, for %s", text_at(claimed, "class"),
                     cx_publication_slugs[publication.level], reasons ? reasons : "");
        free(reasons);
    }
    json_decref(derived);
}

/* False where the record has none: its device is no accelerator, or it is from before there were
 * any. The document validates, so that they can be read. */
static bool read_limits(const cx_check_subject_t *subject, cx_limits_t *out)
{
    const json_t *limits = json_object_get(subject->record, "limits");
    cx_arena_t    arena;
    cx_status_t   status;

    if (!json_is_object(limits)) {
        return false;
    }
    cx_arena_init(&arena);
    status = cx_fields_from_json(cx_limits_fields, limits, subject->name, &arena, out);
    cx_arena_fini(&arena);
    cx_detail_clear();
    return status == CX_OK;
}

/* A factor that counts something, from 1 on; 0 when it is no such number. */
static int32_t count_at(const json_t *environment, const char *factor)
{
    int64_t count = 0;

    if (cx_units_parse_int(text_at(environment, factor), &count) != NULL || count < 1 ||
        count > INT32_MAX) {
        return 0;
    }
    return (int32_t)count;
}

static void check_case(const cx_check_subject_t *subject, const cx_case_t *one,
                       cx_check_report_t *report)
{
    const json_t    *environment = json_object_get(subject->record, "environment");
    const json_t    *definition  = json_object_get(subject->record, "definition");
    const json_t    *factor      = json_object_get(definition, "busbw_factor");
    cx_samples_t     samples     = {NULL, 0};
    cx_limits_t      limits;
    cx_check_frame_t frame = {.name            = subject->name,
                              .one             = one,
                              .rank_count      = count_at(environment, "rank_count"),
                              .node_rank_count = count_at(environment, "ranks_per_host"),
                              .receive_layout  = text_at(environment, "ep_receive_layout"),
                              .busbw_factor =
                                  json_is_null(factor) ? (double)NAN : json_number_value(factor)};

    frame.limits        = read_limits(subject, &limits) ? &limits : NULL;
    frame.moves_no_data = strcmp(text_at(environment, CX_FACTOR_MOVES_NO_DATA), "true") == 0;
    check_identity(subject, one, report);
    check_factor(subject, &frame, report);
    cx_check_limits(&frame, report);
    if (read_samples(subject, &samples, report)) {
        check_rows(subject, &frame, &samples, report);
        cx_check_points(&frame, subject->record, &samples, report);
    }
    cx_samples_fini(&samples);
}

void cx_check_record(const cx_check_subject_t *subject, cx_check_report_t *report)
{
    cx_arena_t arena;
    cx_case_t  one;

    cx_detail_clear();
    if (!name_is_identity(subject, report)) {
        return;
    }
    cx_arena_init(&arena);
    if (cx_case_from_json(json_object_get(subject->record, "case"), subject->name, &arena, &one) ==
        CX_OK) {
        check_case(subject, &one, report);
    } else {
        add_detail(subject, CX_CHECK_IDENTITY, report);
    }
    cx_arena_fini(&arena);
    check_status(subject, report);
    check_publication(subject, report);
}
