/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of records as a run leaves it, with samples that give its numbers: for tests that then
 * damage it. Not a way to measure: the samples are drawn. */
#ifndef CX_TESTS_RECORD_KIT_H
#define CX_TESTS_RECORD_KIT_H

#include "base/file.h"
#include "base/prng.h"
#include "family/collective/bytes.h"
#include "measure/series.h"
#include "model/case.h"
#include "model/key.h"
#include "run/facts.h"
#include "run/row.h"
#include "stats/ranks.h"
#include "stats/warmup.h"
#include "store/case_json.h"
#include "store/fields.h"
#include "store/record.h"
#include "store/samples.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIT_RANK_COUNT 4
#define KIT_SAMPLE_COUNT 100
#define KIT_ROW_COUNT 5
#define KIT_WARMUP 5

typedef struct kit_case {
    cx_arena_t arena;
    cx_case_t  one;
} kit_case_t;

/* A folder of its own under the system's temporary one; the caller's buffer has PATH_MAX. */
static inline char *kit_folder(char *out)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(out, PATH_MAX, "%s/collectivex-kit-XXXXXX", base ? base : "/tmp");
    return mkdtemp(out);
}

static inline void kit_remove_files(const char *folder)
{
    DIR *dir = opendir(folder);

    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        char path[PATH_MAX * 2];

        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        (void)unlink(path);
    }
    if (dir) {
        (void)closedir(dir);
    }
    (void)rmdir(folder);
}

/* What kit_directory made. */
static inline void kit_remove(const char *dir)
{
    char path[PATH_MAX + 16];

    (void)snprintf(path, sizeof path, "%s/records", dir);
    kit_remove_files(path);
    (void)snprintf(path, sizeof path, "%s/samples", dir);
    kit_remove_files(path);
    kit_remove_files(dir);
}

static inline bool kit_case_init(kit_case_t *kit, int64_t index)
{
    cx_arena_init(&kit->arena);
    memset(&kit->one, 0, sizeof kit->one);
    if (cx_options_defaults(cx_case_options, &kit->one, &kit->arena) != CX_OK) {
        return false;
    }
    kit->one.backend    = "hostref";
    kit->one.device     = "host";
    kit->one.sizes      = "8B:2KiB:x4";
    kit->one.seed       = index;
    kit->one.warmup_min = KIT_WARMUP;
    return cx_case_seal(&kit->one, &kit->arena) == CX_OK;
}

/* Durations around 10 us with a little noise; the same for the same counter. */
static inline void kit_draw(cx_series_t *series, uint64_t counter)
{
    double column[KIT_RANK_COUNT];

    series->has_skew = true;
    for (int64_t i = 0; i < KIT_SAMPLE_COUNT; i++) {
        for (int32_t rank = 0; rank < KIT_RANK_COUNT; rank++) {
            uint64_t random = cx_prng_at(counter, (uint64_t)(i * KIT_RANK_COUNT + rank));
            int64_t  place  = rank * series->capacity + i;

            series->rank_us[place]    = 10.0 + 0.001 * (double)cx_prng_below(random, 1000);
            series->arrival_us[place] = 0.1 * rank;
            series->exit_us[place]    = 0.2 * rank;
            column[rank]              = series->rank_us[place];
        }
        cx_reduce_ranks(column, KIT_RANK_COUNT, 1, CX_RANK_REDUCTION_MAX, series->scratch,
                        &series->reduced_us[i]);
    }
    series->count = KIT_SAMPLE_COUNT;
}

/* The samples of a row in message form behind `*messages`. */
static inline bool kit_append_samples(const cx_series_t *series, const cx_row_t *row,
                                      char **messages, size_t *used)
{
    cx_samples_row_t sidecar = {.requested_bytes = row->requested_bytes,
                                .sample_count    = series->count,
                                .discarded_count = row->discarded_count,
                                .rank_count      = KIT_RANK_COUNT,
                                .has_skew        = series->has_skew,
                                .reduced_us      = series->reduced_us,
                                .rank_us         = series->rank_us,
                                .arrival_us      = series->arrival_us,
                                .exit_us         = series->exit_us};
    char            *grown   = realloc(*messages, *used + cx_samples_encode_bytes(&sidecar));

    if (!grown) {
        return false;
    }
    (void)snprintf(sidecar.component, sizeof sidecar.component, "%s",
                   row->component ? row->component : "");
    *messages = grown;
    cx_samples_encode(&sidecar, *messages + *used);
    *used += cx_samples_encode_bytes(&sidecar);
    return true;
}

/* One row and its samples' message form behind `*messages`. */
static inline json_t *kit_row(const cx_case_t *one, int64_t requested_bytes, uint64_t counter,
                              char **messages, size_t *used)
{
    static cx_workload_t workload;
    cx_series_t          series;
    cx_row_t             row;
    cx_outcome_t         outcome = {.sample_operation_count = 1,
                                    .stop                   = CX_STOP_BUDGET,
                                    .is_settled             = true,
                                    .block_count            = 3,
                                    .timed_count            = 400,
                                    .verified_count         = 400};
    json_t              *json;

    if (cx_series_init(&series, KIT_RANK_COUNT, KIT_SAMPLE_COUNT) != CX_OK) {
        return NULL;
    }
    kit_draw(&series, counter);
    outcome.discarded_count =
        cx_warmup_detect(series.reduced_us, series.count, KIT_WARMUP).discard_count;
    workload.shape               = cx_case_shape(one);
    workload.point.elems         = requested_bytes / 4;
    workload.point.message_bytes = requested_bytes;
    workload.busbw_factor        = cx_busbw_factor((cx_collective_t)one->op, KIT_RANK_COUNT);
    cx_row_clear(&row);
    row.status          = "ok";
    row.requested_bytes = requested_bytes;
    cx_row_fill(&workload, &series, &outcome, 0.05, &row);
    if (!kit_append_samples(&series, &row, messages, used)) {
        cx_series_fini(&series);
        return NULL;
    }
    json = cx_fields_to_json(cx_row_fields, &row);
    cx_series_fini(&series);
    return json;
}

/* Derive the member publication again, as whoever writes a record does. */
static inline void kit_judge(json_t *record, int64_t launch_count)
{
    cx_judge_facts_t facts;
    cx_publication_t publication;

    cx_facts_read(record, launch_count, &facts);
    publication = cx_judge(&facts);
    json_object_set_new(record, "publication", cx_facts_publication(&publication));
}

/* What a record is made of; all taken over. */
typedef struct kit_content {
    json_t *rows, *points;
    char   *messages;
    size_t  used;
} kit_content_t;

/* The record around the content, and its sidecar in DIR/samples (DIR NULL: none is written). */
static inline json_t *kit_document(const cx_case_t *one, int64_t launch, int64_t launch_count,
                                   const char *dir, const kit_content_t *content)
{
    char        digest[CX_HASH_HEX_BYTES], key[CX_HASH_HEX_BYTES], file[512], path[PATH_MAX + 512];
    cx_factor_t factors[] = {{"rank_count", "4"}, {"ranks_per_host", "4"}};
    double      factor    = cx_busbw_factor((cx_collective_t)one->op, KIT_RANK_COUNT);
    json_t     *record;

    cx_hash_hex("", 0, digest);
    (void)snprintf(file, sizeof file, "samples/%s.l%lld.cxs", one->case_id, (long long)launch);
    (void)snprintf(path, sizeof path, "%s/%s", dir ? dir : "", file);
    if (dir && cx_samples_write(path, content->messages, content->used, digest) != CX_OK) {
        free(content->messages);
        json_decref(content->rows);
        json_decref(content->points);
        return NULL;
    }
    free(content->messages);
    cx_key_compute(one, cx_case_contract(one), 1, factors, 2, key);
    record = json_pack(
        "{ss,s{ss,ss,ss,ss,si,si,ss,sn},ss,sn,s{ss,s[]},sn,s{ss,si},s{ss,ss,ss,ss,ss,ss,so},so,"
        "s{ss,ss},sn,so,so,s[],s{ss,ss},s{ss},s{ss,sf},s{ss,ss,ss,ss,si},s[s]}",
        "schema", "collectivex-record/1", "identity", "suite", "kit", "case_id", one->case_id,
        "case_digest", one->digest, "comparison_key", key, "attempt", 0, "launch", (int)launch,
        "origin", "measured", "source", "status", "ok", "detail", "publication", "class",
        "official", "reasons", "failure", "contract", "name", cx_case_contract(one), "version", 1,
        "definition", "sample", "drawn", "over_ranks", "max", "percentile", "nearest rank",
        "interval", "order statistics", "clock", "none", "alignment", "none", "busbw_factor",
        one->family == CX_FAMILY_EP ? json_null() : json_real(factor), "case", cx_case_to_json(one),
        "environment", "rank_count", "4", "ranks_per_host", "4", "harness", "rows", content->rows,
        "points", content->points, "left_out", "samples", "file", file, "blake2b", digest,
        "provenance", "cpu", "none", "time", "started_utc", "2026-11-22T06:10:04Z", "wall_s", 0.5,
        "program", "version", "0.1.0", "git", "abc1234", "compiler", "gcc", "build_type", "Release",
        "abi", 1, "command", "collectivex");
    kit_judge(record, launch_count);
    return record;
}

/* The record of a case, and its sidecar in DIR/samples (DIR NULL: none is written). */
static inline json_t *kit_record(const cx_case_t *one, int64_t launch, int64_t launch_count,
                                 const char *dir)
{
    kit_content_t content = {.rows = json_array(), .points = json_array()};

    for (int i = 0; i < KIT_ROW_COUNT; i++) {
        json_array_append_new(content.rows, kit_row(one, INT64_C(8) << (2 * i),
                                                    (uint64_t)(one->seed * 1000 + launch * 10 + i),
                                                    &content.messages, &content.used));
    }
    return kit_document(one, launch, launch_count, dir, &content);
}

static inline bool kit_write_record(const char *dir, const json_t *record)
{
    const json_t *identity = json_object_get(record, "identity");
    char          path[PATH_MAX + 512];

    (void)snprintf(path, sizeof path, "%s/records/%s.l%lld.json", dir,
                   json_string_value(json_object_get(identity, "case_id")),
                   (long long)json_integer_value(json_object_get(identity, "launch")));
    return cx_record_write(path, record) == CX_OK;
}

/* DIR/records and DIR/samples, empty. */
static inline bool kit_make_folders(const char *dir)
{
    char path[PATH_MAX + 16];

    (void)snprintf(path, sizeof path, "%s/samples", dir);
    if (cx_folder_make(path) != CX_OK) {
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/records", dir);
    return cx_folder_make(path) == CX_OK;
}

/* A plan of the cases, an array of {case_id, case_digest, options}, which is taken over. */
static inline bool kit_write_plan(const char *dir, int64_t launch_count, json_t *cases)
{
    char    path[PATH_MAX + 16];
    json_t *plan =
        json_pack("{ss,ss,ss,sI,si,so}", "schema", "collectivex-plan/1", "suite", "kit", "summary",
                  "A test.", "launch_count", (json_int_t)launch_count, "seed", 1, "cases", cases);
    bool is_good;

    (void)snprintf(path, sizeof path, "%s/plan.json", dir);
    is_good = cx_record_write(path, plan) == CX_OK;
    json_decref(plan);
    return is_good;
}

static inline json_t *kit_planned(const cx_case_t *one)
{
    return json_pack("{ss,ss,so}", "case_id", one->case_id, "case_digest", one->digest, "options",
                     cx_case_to_texts(one));
}

/* A complete folder: every case of the plan in every launch. */
static inline bool kit_directory(const char *dir, int64_t case_count, int64_t launch_count)
{
    json_t *cases   = json_array();
    bool    is_good = kit_make_folders(dir);

    for (int64_t i = 0; i < case_count && is_good; i++) {
        kit_case_t kit;

        is_good = kit_case_init(&kit, i);
        for (int64_t launch = 0; launch < launch_count && is_good; launch++) {
            json_t *record = kit_record(&kit.one, launch, launch_count, dir);

            is_good = record && kit_write_record(dir, record);
            json_decref(record);
        }
        json_array_append_new(cases, kit_planned(&kit.one));
        cx_arena_fini(&kit.arena);
    }
    return kit_write_plan(dir, launch_count, cases) && is_good;
}

#endif
