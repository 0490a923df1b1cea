/* SPDX-License-Identifier: Apache-2.0 */
/* The folder as a whole: the plan, which files there are, which are missing. */
#include "run/check.h"

#include "base/file.h"
#include "base/parallel.h"
#include "run/check_record.h"
#include "run/check_secrets.h"
#include "store/case_json.h"
#include "store/record.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RECORD_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define LAUNCH_COUNT_MAX 10000
#define TEXT_BYTES_MAX 512

/* What is left of a planned case once its options were checked. */
typedef struct expected {
    const char *case_id, *digest;
    uint8_t    *is_there; /* by launch */
} expected_t;

typedef struct gate {
    const char        *dir;
    expected_t        *cases; /* sorted by case_id */
    size_t             case_count;
    int64_t            launch_count;
    cx_check_report_t *report;
    cx_check_secrets_t secrets;
} gate_t;

const char *cx_check_slug(cx_check_kind_t kind)
{
    static const char *const slugs[CX_CHECK_KIND_COUNT] = {
#define SLUG(name, slug, text) slug,
        CX_CHECK_MAP(SLUG)
#undef SLUG
    };

    return slugs[kind];
}

const char *cx_check_text(cx_check_kind_t kind)
{
    static const char *const texts[CX_CHECK_KIND_COUNT] = {
#define TEXT(name, slug, text) text,
        CX_CHECK_MAP(TEXT)
#undef TEXT
    };

    return texts[kind];
}

cx_severity_t cx_check_severity(cx_check_kind_t kind)
{
    return kind == CX_CHECK_NOT_OK ? CX_SEVERITY_OUTCOME : CX_SEVERITY_ERROR;
}

void cx_check_add(cx_check_report_t *report, cx_check_kind_t kind, const char *file,
                  const char *format, ...)
{
    cx_check_finding_t *finding;
    char                text[TEXT_BYTES_MAX];
    va_list             args;

    report->total_count++;
    if (report->finding_count == CX_CHECK_FINDING_COUNT_MAX) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    finding       = &report->findings[report->finding_count];
    finding->kind = kind;
    finding->file = cx_arena_text(&report->arena, file);
    finding->text = cx_arena_text(&report->arena, text);
    if (finding->file && finding->text) {
        report->finding_count++;
    }
}

static cx_status_t report_init(cx_check_report_t *report)
{
    memset(report, 0, sizeof *report);
    cx_arena_init(&report->arena);
    report->findings =
        cx_arena_grab(&report->arena, CX_CHECK_FINDING_COUNT_MAX * sizeof *report->findings);
    return report->findings ? CX_OK : CX_FAIL(CX_RESOURCE, "out of memory for findings");
}

void cx_check_fini(cx_check_report_t *report)
{
    cx_arena_fini(&report->arena);
}

static void add_detail(gate_t *gate, cx_check_kind_t kind, const char *file)
{
    cx_check_add(gate->report, kind, file, "%s", cx_detail()->text);
    cx_detail_clear();
}

/* A case of the plan, its options read back: they must give the digest and name it claims. */
static cx_status_t expect_case(gate_t *gate, const json_t *planned, expected_t *out)
{
    const char *case_id = json_string_value(json_object_get(planned, "case_id"));
    const char *digest  = json_string_value(json_object_get(planned, "case_digest"));
    cx_arena_t *arena   = &gate->report->arena;
    cx_arena_t  scratch;
    cx_case_t   one;

    cx_arena_init(&scratch);
    if (cx_case_from_json(json_object_get(planned, "options"), case_id, &scratch, &one) != CX_OK) {
        add_detail(gate, CX_CHECK_PLAN_EDITED, "plan.json");
    } else if (strcmp(one.digest, digest) != 0 || strcmp(one.case_id, case_id) != 0) {
        cx_check_add(gate->report, CX_CHECK_PLAN_EDITED, "plan.json",
                     "the options of %s give %s with digest %s", case_id, one.case_id, one.digest);
    }
    cx_arena_fini(&scratch);
    out->case_id  = cx_arena_text(arena, case_id);
    out->digest   = cx_arena_text(arena, digest);
    out->is_there = cx_arena_grab(arena, (size_t)gate->launch_count);
    return out->case_id && out->digest && out->is_there
               ? CX_OK
               : CX_FAIL(CX_RESOURCE, "%s: out of memory", gate->dir);
}

static int compare_cases(const void *a, const void *b)
{
    return strcmp(((const expected_t *)a)->case_id, ((const expected_t *)b)->case_id);
}

static cx_status_t expect_cases(gate_t *gate, const json_t *plan)
{
    const json_t *cases = json_object_get(plan, "cases");
    size_t        count = json_array_size(cases);

    gate->launch_count = json_integer_value(json_object_get(plan, "launch_count"));
    if (gate->launch_count < 1 || gate->launch_count > LAUNCH_COUNT_MAX || count == 0) {
        cx_check_add(gate->report, CX_CHECK_PLAN_EDITED, "plan.json", "no launch or no case");
        gate->launch_count = 0;
        return CX_OK;
    }
    gate->cases = cx_arena_grab(&gate->report->arena, count * sizeof *gate->cases);
    if (!gate->cases) {
        return CX_FAIL(CX_RESOURCE, "%s: out of memory", gate->dir);
    }
    for (size_t i = 0; i < count; i++) {
        CX_TRY(expect_case(gate, json_array_get(cases, i), &gate->cases[i]));
    }
    qsort(gate->cases, count, sizeof *gate->cases, compare_cases);
    gate->case_count = count;
    for (size_t i = 1; i < count; i++) {
        if (strcmp(gate->cases[i - 1].case_id, gate->cases[i].case_id) == 0) {
            cx_check_add(gate->report, CX_CHECK_PLAN_EDITED, "plan.json", "%s is planned twice",
                         gate->cases[i].case_id);
        }
    }
    return CX_OK;
}

/* "file" from the folder, with its path; NULL when the path would be too long. */
static const char *path_of(const gate_t *gate, const char *file, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/%s", gate->dir, file) < PATH_MAX ? path : NULL;
}

/* A JSON document of the folder; NULL, with a finding of `kind`, when it cannot be read. */
static json_t *read_document(gate_t *gate, const char *file, cx_check_kind_t kind)
{
    char        path[PATH_MAX];
    char       *bytes;
    size_t      byte_count;
    json_t     *document = NULL;
    cx_status_t status;

    cx_detail_clear();
    if (!path_of(gate, file, path) ||
        cx_file_read(path, RECORD_BYTES_MAX, &bytes, &byte_count) != CX_OK) {
        add_detail(gate, kind, file);
        return NULL;
    }
    status = cx_record_parse(file, bytes, byte_count, &document);
    free(bytes);
    if (status != CX_OK) {
        add_detail(gate, kind, file);
        return NULL;
    }
    cx_check_secrets(&gate->secrets, file, document, gate->report);
    return document;
}

static cx_status_t read_plan(gate_t *gate)
{
    json_t     *plan   = read_document(gate, "plan.json", CX_CHECK_PLAN_UNREADABLE);
    cx_status_t status = CX_OK;

    if (plan && cx_plan_validate(plan, "plan.json") != CX_OK) {
        add_detail(gate, CX_CHECK_PLAN_UNREADABLE, "plan.json");
    } else if (plan) {
        status = expect_cases(gate, plan);
    }
    json_decref(plan);
    return status;
}

/* "<case_id>.l<launch>" with the right ending; false for any other name. */
static bool split_name(const char *name, const char *ending, char stem[PATH_MAX], int64_t *launch)
{
    size_t length = strlen(name), ending_length = strlen(ending);
    char  *mark, *end;

    if (length <= ending_length || length >= PATH_MAX ||
        strcmp(name + length - ending_length, ending) != 0) {
        return false;
    }
    memcpy(stem, name, length - ending_length);
    stem[length - ending_length] = '\0';
    mark                         = strrchr(stem, '.');
    if (!mark || mark[1] != 'l' || mark[2] < '0' || mark[2] > '9') {
        return false;
    }
    errno   = 0;
    *launch = strtoll(mark + 2, &end, 10);
    return *end == '\0' && errno == 0 && (mark[2] != '0' || mark[3] == '\0');
}

/* The planned case a stem belongs to; NULL when neither it nor the launch is planned. */
static expected_t *find_expected(const gate_t *gate, const char *stem, int64_t launch)
{
    char       case_id[PATH_MAX];
    expected_t wanted = {.case_id = case_id};

    (void)snprintf(case_id, sizeof case_id, "%.*s", (int)(strrchr(stem, '.') - stem), stem);
    if (launch >= gate->launch_count || gate->case_count == 0) {
        return NULL;
    }
    return bsearch(&wanted, gate->cases, gate->case_count, sizeof wanted, compare_cases);
}

static void check_record_file(gate_t *gate, const char *name)
{
    char        stem[PATH_MAX], file[PATH_MAX];
    int64_t     launch;
    expected_t *expected;
    json_t     *record;

    if (snprintf(file, sizeof file, "records/%s", name) >= (int)sizeof file ||
        !split_name(name, ".json", stem, &launch)) {
        cx_check_add(gate->report, CX_CHECK_FOREIGN_FILE, file, "not the name of a record");
        return;
    }
    expected = find_expected(gate, stem, launch);
    record   = read_document(gate, file, CX_CHECK_RECORD_UNREADABLE);
    gate->report->record_count++;
    if (!expected) {
        cx_check_add(gate->report, CX_CHECK_UNEXPECTED_RECORD, file, "the plan has no such case");
    } else {
        expected->is_there[launch] = 1;
    }
    if (record && cx_record_validate(record, file) != CX_OK) {
        add_detail(gate, CX_CHECK_RECORD_INVALID, file);
    } else if (record && expected) {
        cx_check_subject_t subject = {.dir            = gate->dir,
                                      .name           = file,
                                      .stem           = stem,
                                      .planned_digest = expected->digest,
                                      .launch_count   = gate->launch_count,
                                      .record         = record};

        cx_check_record(&subject, gate->report);
    }
    json_decref(record);
}

static void check_samples_file(gate_t *gate, const char *name)
{
    char    stem[PATH_MAX], file[PATH_MAX];
    int64_t launch;

    if (snprintf(file, sizeof file, "samples/%s", name) >= (int)sizeof file ||
        !split_name(name, ".cxs", stem, &launch) || !find_expected(gate, stem, launch)) {
        cx_check_add(gate->report, CX_CHECK_FOREIGN_FILE, file,
                     "not the samples of a planned case");
    }
}

static int is_no_dot(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Files of one folder, looked at by several threads: each has a slice of the names and a report of
 * its own. */
typedef struct sweep {
    const gate_t   *gate;
    struct dirent **entries;
    void (*visit)(gate_t *, const char *);
    cx_check_report_t *parts; /* one per slice */
} sweep_t;

static void sweep_slice(void *context, size_t slice, size_t first, size_t end)
{
    const sweep_t *sweep = context;
    gate_t         gate  = *sweep->gate;

    gate.report = &sweep->parts[slice];
    cx_check_secrets_init(&gate.secrets);
    for (size_t i = first; i < end; i++) {
        sweep->visit(&gate, sweep->entries[i]->d_name);
    }
    cx_check_secrets_fini(&gate.secrets);
}

/* What a slice found, behind what the slices before it have found. */
static void take_over(cx_check_report_t *report, const cx_check_report_t *part)
{
    for (int64_t i = 0; i < part->finding_count; i++) {
        const cx_check_finding_t *finding = &part->findings[i];

        cx_check_add(report, finding->kind, finding->file, "%s", finding->text);
    }
    report->total_count += part->total_count - part->finding_count;
    report->record_count += part->record_count;
}

static cx_status_t sweep_all(sweep_t *sweep, size_t count)
{
    size_t            slice_count = cx_parallel_slice_count();
    cx_check_report_t parts[CX_PARALLEL_SLICE_COUNT_MAX];
    cx_status_t       status = CX_OK;

    sweep->parts = parts;
    for (size_t i = 0; i < slice_count; i++) {
        if (report_init(&parts[i]) != CX_OK) {
            status = CX_FAIL(CX_RESOURCE, "%s: out of memory", sweep->gate->dir);
        }
    }
    if (status == CX_OK) {
        cx_parallel(count, slice_count, sweep_slice, sweep);
    }
    for (size_t i = 0; i < slice_count; i++) {
        take_over(sweep->gate->report, &parts[i]);
        cx_check_fini(&parts[i]);
    }
    sweep->parts = NULL;
    return status;
}

/* Every file of a folder, by name. A folder that is not there has none. */
static cx_status_t walk(gate_t *gate, const char *folder, void (*visit)(gate_t *, const char *))
{
    char    path[PATH_MAX];
    sweep_t all = {.gate = gate, .visit = visit};
    int     count =
        path_of(gate, folder, path) ? scandir(path, &all.entries, is_no_dot, alphasort) : -1;
    cx_status_t status;

    if (count < 0) {
        return errno == ENOENT ? CX_OK : CX_FAIL(CX_INVALID, "%s: %s", path, strerror(errno));
    }
    status = sweep_all(&all, (size_t)count);
    for (int i = 0; i < count; i++) {
        free(all.entries[i]);
    }
    free(all.entries);
    return status;
}

static void report_missing(gate_t *gate)
{
    for (size_t i = 0; i < gate->case_count; i++) {
        const expected_t *expected = &gate->cases[i];

        if (!memchr(expected->is_there, 1, (size_t)gate->launch_count)) {
            cx_check_add(gate->report, CX_CHECK_MISSING_CASE, "plan.json", "%s left no record",
                         expected->case_id);
            continue;
        }
        for (int64_t launch = 0; launch < gate->launch_count; launch++) {
            if (!expected->is_there[launch]) {
                cx_check_add(gate->report, CX_CHECK_MISSING_RECORD, "plan.json",
                             "launch %lld of %s left no record", (long long)launch,
                             expected->case_id);
            }
        }
    }
}

static cx_status_t check_all(gate_t *gate)
{
    cx_check_report_t *report = gate->report;

    CX_TRY(read_plan(gate));
    CX_TRY(walk(gate, "records", check_record_file));
    CX_TRY(walk(gate, "samples", check_samples_file));
    report_missing(gate);
    report->case_count = (int64_t)gate->case_count;
    return CX_OK;
}

cx_status_t cx_check_directory(const char *dir, cx_check_report_t *out)
{
    cx_check_report_t report;
    gate_t            gate = {.dir = dir, .report = &report};
    struct stat       facts;
    cx_status_t       status;

    if (stat(dir, &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        return CX_FAIL(CX_INVALID, "%s: not a folder", dir);
    }
    cx_check_secrets_init(&gate.secrets);
    status = report_init(&report);
    if (status == CX_OK) {
        status = check_all(&gate);
    }
    cx_check_secrets_fini(&gate.secrets);
    if (status != CX_OK) {
        cx_check_fini(&report);
        return status;
    }
    *out = report;
    return CX_OK;
}
