/* SPDX-License-Identifier: Apache-2.0 */
/* Pairing two folders and comparing what they have in common. */
#include "run/compare.h"

#include "base/hash.h"
#include "model/key.h"
#include "stats/quantile.h"
#include "stats/spread.h"
#include "store/case_json.h"
#include "store/folder.h"
#include "store/record.h"

#include <stdlib.h>
#include <string.h>

/* One folder: its records by the key of their work. */
typedef struct side {
    const char *directory;
    json_t     *records; /* owned */
    json_t     *groups;  /* owned: {work key: [record, ...]} */
} side_t;

typedef struct comparer {
    cx_arena_t    *arena;
    cx_compared_t *out;
    double         threshold_ratio;
    side_t         before, after;
    json_t        *seen_changes; /* owned: a set */
    int64_t        shared_count; /* cases that both have */
    int64_t        row_room, left_out_room, change_room;
} comparer_t;

/* The medians of one row of one side, one per launch. */
typedef struct values {
    double *us; /* in the arena */
    int64_t count, room;
} values_t;

/* ---- growing arrays in the arena ------------------------------------------------------------ */

static void *grown(cx_arena_t *arena, void *old, int64_t count, int64_t *room, size_t bytes_each)
{
    void *larger;

    if (count < *room) {
        return old;
    }
    *room  = *room > 0 ? 2 * *room : 16;
    larger = cx_arena_grab(arena, (size_t)*room * bytes_each);
    if (larger && count > 0) {
        memcpy(larger, old, (size_t)count * bytes_each);
    }
    return larger;
}

static cx_status_t add_note(comparer_t *comparer, cx_compared_note_t **notes, int64_t *count,
                            int64_t *room, cx_compared_note_t note)
{
    cx_arena_t *arena = comparer->arena;

    *notes = grown(arena, *notes, *count, room, sizeof **notes);
    if (!*notes || !note.text) {
        return CX_FAIL(CX_RESOURCE, "out of memory for what is compared");
    }
    (*notes)[(*count)++] = (cx_compared_note_t){cx_arena_text(arena, note.subject), note.text};
    return CX_OK;
}

static cx_status_t leave_out(comparer_t *comparer, const char *subject, const char *text)
{
    return add_note(comparer, &comparer->out->left_out, &comparer->out->left_out_count,
                    &comparer->left_out_room,
                    (cx_compared_note_t){subject, cx_arena_text(comparer->arena, text)});
}

/* ---- reading -------------------------------------------------------------------------------- */

static cx_status_t work_key(comparer_t *comparer, const json_t *record, char *hex_out)
{
    const json_t *contract = json_object_get(record, "contract");
    cx_factor_t   ranks    = {"rank_count", cx_record_text(record, "environment", "rank_count")};
    cx_case_t     one;

    CX_TRY(cx_case_from_json(json_object_get(record, "case"), "case", comparer->arena, &one));
    cx_key_compute(&one, json_string_value(json_object_get(contract, "name")),
                   json_integer_value(json_object_get(contract, "version")), &ranks,
                   ranks.text ? 1 : 0, hex_out);
    return CX_OK;
}

static cx_status_t read_side(comparer_t *comparer, side_t *side)
{
    char    key[CX_HASH_HEX_BYTES];
    size_t  i;
    json_t *record, *group;

    side->records = json_array();
    side->groups  = json_object();
    CX_TRY(cx_folder_records(side->directory, comparer->arena, side->records));
    json_array_foreach(side->records, i, record)
    {
        CX_TRY(work_key(comparer, record, key));
        group = json_object_get(side->groups, key);
        if (!group) {
            group = json_array();
            json_object_set_new(side->groups, key, group);
        }
        json_array_append(group, record);
    }
    return CX_OK;
}

/* ---- the values of a row -------------------------------------------------------------------- */

static bool is_row(const json_t *row, const json_t *like)
{
    return json_equal(json_object_get(row, "requested_bytes"),
                      json_object_get(like, "requested_bytes")) &&
           json_equal(json_object_get(row, "component"), json_object_get(like, "component"));
}

static const json_t *find_row(const json_t *record, const json_t *like)
{
    size_t  i;
    json_t *row;

    json_array_foreach(json_object_get(record, "rows"), i, row)
    {
        if (is_row(row, like)) {
            return row;
        }
    }
    return NULL;
}

static cx_status_t add_value(comparer_t *comparer, values_t *values, double us)
{
    values->us = grown(comparer->arena, values->us, values->count, &values->room, sizeof us);
    if (!values->us) {
        return CX_FAIL(CX_RESOURCE, "out of memory for what is compared");
    }
    values->us[values->count++] = us;
    return CX_OK;
}

/* Values of a row over the launches of one side; `why` is set when it cannot be compared. */
static cx_status_t gather(comparer_t *comparer, const side_t *side, const json_t *group,
                          const json_t *like, values_t *values, const char **why)
{
    size_t  i;
    json_t *record;

    json_array_foreach((json_t *)(uintptr_t)group, i, record)
    {
        const json_t *row    = find_row(record, like);
        const char   *status = json_string_value(json_object_get(row, "status"));

        if (!row || !status || strcmp(status, "ok") != 0) {
            *why = cx_arena_format(comparer->arena, "%s: %s", side->directory,
                                   row && status ? status : "no such row");
            return CX_OK;
        }
        CX_TRY(add_value(comparer, values, json_number_value(json_object_get(row, "time_us_p50"))));
    }
    return CX_OK;
}

/* ---- comparing ------------------------------------------------------------------------------ */

static double median_of(comparer_t *comparer, const values_t *values)
{
    double *sorted = cx_arena_grab(comparer->arena, (size_t)values->count * sizeof *sorted);

    if (!sorted) {
        return 0;
    }
    cx_sort_copy(values->us, values->count, sorted);
    return cx_quantile_nearest_rank(sorted, values->count, 0.5);
}

static cx_status_t add_row(comparer_t *comparer, const json_t *record, const json_t *like,
                           const values_t *before, const values_t *after)
{
    cx_compared_t     *out       = comparer->out;
    const char        *component = json_string_value(json_object_get(like, "component"));
    double            *scratch   = cx_arena_grab(comparer->arena,
                                                 (size_t)cx_compare_scratch_count(before->count, after->count) *
                                                     sizeof(double));
    cx_compared_row_t *row;

    out->rows =
        grown(comparer->arena, out->rows, out->row_count, &comparer->row_room, sizeof *out->rows);
    if (!out->rows || !scratch) {
        return CX_FAIL(CX_RESOURCE, "out of memory for what is compared");
    }
    row  = &out->rows[out->row_count++];
    *row = (cx_compared_row_t){
        .case_id   = cx_arena_text(comparer->arena, cx_record_text(record, "identity", "case_id")),
        .component = component ? cx_arena_text(comparer->arena, component) : NULL,
        .requested_bytes = json_integer_value(json_object_get(like, "requested_bytes")),
        .before_us       = median_of(comparer, before),
        .after_us        = median_of(comparer, after),
        .before_count    = before->count,
        .after_count     = after->count,
        .comparison      = cx_compare(before->us, before->count, after->us, after->count,
                                      comparer->threshold_ratio, scratch),
    };
    out->verdict_counts[row->comparison.verdict]++;
    return CX_OK;
}

static cx_status_t compare_row(comparer_t *comparer, const json_t *before_group,
                               const json_t *after_group, const json_t *like)
{
    const json_t *record = json_array_get(before_group, 0);
    values_t      before = {NULL, 0, 0}, after = {NULL, 0, 0};
    const char   *why = NULL;

    CX_TRY(gather(comparer, &comparer->before, before_group, like, &before, &why));
    if (!why) {
        CX_TRY(gather(comparer, &comparer->after, after_group, like, &after, &why));
    }
    if (why) {
        return leave_out(
            comparer,
            cx_arena_format(
                comparer->arena, "%s at %lld B", cx_record_text(record, "identity", "case_id"),
                (long long)json_integer_value(json_object_get(like, "requested_bytes"))),
            why);
    }
    return add_row(comparer, record, like, &before, &after);
}

static cx_status_t note_changes(comparer_t *comparer, const json_t *before, const json_t *after)
{
    const json_t *old_environment = json_object_get(before, "environment");
    const json_t *new_environment = json_object_get(after, "environment");
    const char   *factor;
    json_t       *value;

    json_object_foreach((json_t *)(uintptr_t)new_environment, factor, value)
    {
        const char *old  = json_string_value(json_object_get(old_environment, factor));
        const char *text = cx_arena_format(comparer->arena, "%s -> %s", old ? old : "unknown",
                                           json_string_value(value));
        const char *mark = cx_arena_format(comparer->arena, "%s: %s", factor, text ? text : "");

        if (!mark || (old && strcmp(old, json_string_value(value)) == 0) ||
            json_object_get(comparer->seen_changes, mark)) {
            continue;
        }
        json_object_set_new(comparer->seen_changes, mark, json_true());
        CX_TRY(add_note(comparer, &comparer->out->changes, &comparer->out->change_count,
                        &comparer->change_room, (cx_compared_note_t){factor, text}));
    }
    return CX_OK;
}

static cx_status_t compare_group(comparer_t *comparer, const json_t *before, const json_t *after)
{
    const json_t *first = json_array_get(before, 0);
    size_t        i;
    json_t       *row;

    CX_TRY(note_changes(comparer, first, json_array_get(after, 0)));
    json_array_foreach(json_object_get(first, "rows"), i, row)
    {
        CX_TRY(compare_row(comparer, before, after, row));
    }
    return CX_OK;
}

/* Cases that only one side has. */
static cx_status_t note_alone(comparer_t *comparer, const side_t *side, const side_t *other)
{
    const char *key;
    json_t     *group;

    json_object_foreach(side->groups, key, group)
    {
        if (!json_object_get(other->groups, key)) {
            CX_TRY(leave_out(comparer,
                             cx_record_text(json_array_get(group, 0), "identity", "case_id"),
                             cx_arena_format(comparer->arena, "only in %s", side->directory)));
        }
    }
    return CX_OK;
}

static cx_status_t adjust(comparer_t *comparer)
{
    cx_compared_t *out = comparer->out;
    double        *p_values =
        cx_arena_grab(comparer->arena, (size_t)(out->row_count + 1) * sizeof(double));

    if (!p_values) {
        return CX_FAIL(CX_RESOURCE, "out of memory for what is compared");
    }
    for (int64_t i = 0; i < out->row_count; i++) {
        p_values[i] = out->rows[i].comparison.p_value;
    }
    cx_holm_adjust(p_values, out->row_count);
    for (int64_t i = 0; i < out->row_count; i++) {
        out->rows[i].comparison.p_value = p_values[i];
    }
    return CX_OK;
}

static cx_status_t compare_all(comparer_t *comparer)
{
    const char *key;
    json_t     *group;

    CX_TRY(read_side(comparer, &comparer->before));
    CX_TRY(read_side(comparer, &comparer->after));
    json_object_foreach(comparer->before.groups, key, group)
    {
        const json_t *other = json_object_get(comparer->after.groups, key);

        if (other) {
            comparer->shared_count++;
            CX_TRY(compare_group(comparer, group, other));
        }
    }
    CX_TRY(note_alone(comparer, &comparer->before, &comparer->after));
    CX_TRY(note_alone(comparer, &comparer->after, &comparer->before));
    if (comparer->shared_count == 0) {
        return CX_FAIL(CX_INVALID, "%s and %s have no case in common (options, contract and ranks)",
                       comparer->before.directory, comparer->after.directory);
    }
    return adjust(comparer);
}

cx_status_t cx_compare_folders(const char *before, const char *after, double threshold_ratio,
                               cx_arena_t *arena, cx_compared_t *out)
{
    comparer_t  comparer = {.arena           = arena,
                            .out             = out,
                            .threshold_ratio = threshold_ratio,
                            .before          = {.directory = before},
                            .after           = {.directory = after},
                            .seen_changes    = json_object()};
    cx_status_t status;

    *out   = (cx_compared_t){0};
    status = compare_all(&comparer);
    json_decref(comparer.before.groups);
    json_decref(comparer.before.records);
    json_decref(comparer.after.groups);
    json_decref(comparer.after.records);
    json_decref(comparer.seen_changes);
    return status;
}
