/* SPDX-License-Identifier: Apache-2.0 */
/* Building a record document. */
#include "run/assemble.h"

#include "base/deadline.h"
#include "base/file.h"
#include "base/units.h"
#include "build.h"
#include "collectivex/backend.h"
#include "model/key.h"
#include "run/bounds.h"
#include "run/contracts.h"
#include "run/facts.h"
#include "store/case_json.h"
#include "store/record.h"
#include "store/samples.h"
#include "target/accelerators.h"
#include "target/redact.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SAMPLES_BYTES_MAX ((size_t)1 << 32)
#define FACTOR_COUNT_MAX 64

/* What a sample is in each family and regime, in the words of a record. */
typedef struct definition {
    const char *sample, *over_ranks, *alignment; /* sample NULL: what the regime says */
} definition_t;

static const definition_t definitions[CX_FAMILY_COUNT][CX_REGIME_COUNT] = {
    [CX_FAMILY_COLLECTIVE] =
        {[CX_REGIME_ISOLATED] = {NULL, "max", "barrier of the control plane before each operation"},
         [CX_REGIME_STEADY]   = {NULL, "median", "barrier of the control plane before each chain"},
         [CX_REGIME_GRAPH]    = {NULL, "median", "barrier of the control plane before each replay"},
         [CX_REGIME_LOOP_MEAN] = {NULL, "mean", "barrier of the control plane before each loop"}},
    [CX_FAMILY_LIMITS] = {[CX_REGIME_STEADY] = {"period of back-to-back operations, slowest rank",
                                                "max",
                                                "barrier of the control plane before each chain"}},
    [CX_FAMILY_EP] =
        {[CX_REGIME_ISOLATED] = {"one component of a pair of dispatch and combine, from an idle "
                                 "start",
                                 "by component", "barrier of the control plane before each sample"},
         [CX_REGIME_STEADY]   = {"one pair of a free-running chain; floors: its dispatch, its "
                                   "combine",
                                 "by component", "barrier of the control plane before each chain"}},
};

void cx_assembly_init(cx_assembly_t *assembly, const cx_run_facts_t *facts, const cx_case_t *one,
                      int64_t launch_index)
{
    memset(assembly, 0, sizeof *assembly);
    assembly->facts        = facts;
    assembly->one          = one;
    assembly->launch_index = launch_index;
    assembly->rows         = json_array();
    assembly->points       = json_array();
    assembly->left_out     = json_array();
    assembly->busbw_factor = (double)NAN;
    assembly->started_ns   = cx_now_ns();
    cx_text_init(&assembly->samples, SAMPLES_BYTES_MAX);
    cx_utc_now(assembly->started_utc, sizeof assembly->started_utc);
}

void cx_assembly_fini(cx_assembly_t *assembly)
{
    json_decref(assembly->rows);
    json_decref(assembly->points);
    json_decref(assembly->left_out);
    json_decref(assembly->environment);
    json_decref(assembly->harness);
    json_decref(assembly->limits);
    json_decref(assembly->libraries);
    json_decref(assembly->backend_open_us);
    json_decref(assembly->taken_by);
    cx_text_fini(&assembly->samples);
    memset(assembly, 0, sizeof *assembly);
}

static json_t *keep(const json_t *object, const char *key)
{
    return json_incref(json_object_get(object, key));
}

void cx_assembly_event(cx_assembly_t *assembly, const json_t *event)
{
    const char *kind = json_string_value(json_object_get(event, "event"));

    if (strcmp(kind, "case_start") == 0) {
        assembly->environment     = keep(event, "environment");
        assembly->harness         = keep(event, "harness");
        assembly->limits          = keep(event, "limits");
        assembly->libraries       = keep(event, "libraries");
        assembly->backend_open_us = keep(event, "backend_open_us");
        assembly->taken_by        = keep(event, "taken_by");
    } else if (strcmp(kind, "row") == 0) {
        const json_t *factor = json_object_get(event, "busbw_factor");

        json_array_append_new(assembly->rows, keep(event, "row"));
        assembly->busbw_factor = json_is_number(factor) ? json_number_value(factor) : (double)NAN;
    } else if (strcmp(kind, "ep_point") == 0) {
        json_array_append_new(assembly->points, keep(event, "point"));
    } else if (strcmp(kind, "left_out") == 0) {
        json_array_append_new(assembly->left_out, json_pack("{so,so}", "requested_bytes",
                                                            keep(event, "requested_bytes"),
                                                            "reason", keep(event, "reason")));
    }
}

void cx_assembly_samples(cx_assembly_t *assembly, const void *message, size_t message_bytes)
{
    cx_text_append(&assembly->samples, message, message_bytes);
}

char *cx_record_name(const cx_case_t *one, int64_t launch_index, cx_arena_t *arena)
{
    return cx_arena_format(arena, "%s.l%lld", one->case_id, (long long)launch_index);
}

static json_t *identity_of(const cx_assembly_t *assembly)
{
    const cx_case_t *one = assembly->one;

    return json_pack("{ss,ss,ss,ss,sI,sI,ss,so}", "suite", assembly->facts->suite, "case_id",
                     one->case_id, "case_digest", one->digest, "comparison_key", "", "attempt",
                     (json_int_t)0, "launch", (json_int_t)assembly->launch_index, "origin",
                     assembly->taken_by ? "imported" : "measured", "source",
                     assembly->taken_by ? keep(assembly->taken_by, "source") : json_null());
}

/* A family without words of its own takes its samples as family collective does. */
static const definition_t *definition_words(const cx_case_t *one)
{
    const definition_t *own = &definitions[one->family][one->regime];

    return own->over_ranks ? own : &definitions[CX_FAMILY_COLLECTIVE][one->regime];
}

static json_t *definition_of(const cx_assembly_t *assembly)
{
    const cx_case_t    *one          = assembly->one;
    const definition_t *words        = definition_words(one);
    bool                is_on_device = one->regime != CX_REGIME_LOOP_MEAN &&
                        json_object_get(assembly->environment, CX_FACTOR_ALIGNMENT) != NULL;
    json_t *factor = isfinite(assembly->busbw_factor) && one->op != CX_COLLECTIVE_ALL_TO_ALL_V
                         ? json_real(assembly->busbw_factor)
                         : json_null();

    if (assembly->taken_by) {
        json_decref(factor);
        return keep(assembly->taken_by, "definition");
    }
    return json_pack("{ss,ss,ss,ss,ss,so,so}", "sample",
                     words->sample ? words->sample : cx_regime_text((cx_regime_t)one->regime),
                     "over_ranks", words->over_ranks, "percentile", "nearest rank", "interval",
                     "95 %, order statistics, effective sample count", "clock",
                     "stamps of the device around the work", "alignment",
                     json_sprintf("%s%s", words->alignment,
                                  is_on_device ? ", then of the devices, behind a spin" : ""),
                     "busbw_factor", factor);
}

/* A provenance value as the text of a factor: "unknown" is a value, too. */
static json_t *factor_text(const json_t *provenance, const char *object, const char *member)
{
    const json_t *value = json_object_get(json_object_get(provenance, object), member);
    char          text[32];

    if (json_is_string(value)) {
        return json_string(json_string_value(value));
    }
    if (json_is_boolean(value)) {
        return json_string(json_is_true(value) ? "true" : "false");
    }
    if (!json_is_number(value)) {
        return json_string("unknown");
    }
    (void)snprintf(text, sizeof text, "%.12g", json_number_value(value));
    return json_string(text);
}

/* The machine's factors of the key beside those a rank reported. */
static json_t *environment_of(const cx_assembly_t *assembly)
{
    static const struct {
        const char *factor, *object, *member;
    } factors[] = {
        {"cpu_model", "cpu", "model"},
        {"cpu_governor", "cpu", "governor"},
        {"cpu_boost", "cpu", "is_boost_enabled"},
        {"cpu_smt", "cpu", "is_smt_active"},
        {"cpu_allowed_count", "cpu", "allowed_cpu_count"},
        {"kernel", "host", "kernel"},
        {"is_virtual_machine", "virtualisation", "is_virtual"},
        {"hugepages", "memory", "transparent_hugepages"},
    };
    json_t *environment = json_object();

    if (assembly->environment) {
        json_object_update(environment, assembly->environment);
    }
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
        json_object_set_new(
            environment, factors[i].factor,
            factor_text(assembly->facts->provenance, factors[i].object, factors[i].member));
    }
    json_object_set_new(environment, "launcher", json_string(assembly->facts->launcher));
    cx_accelerators_set_factors(assembly->facts->provenance, assembly->one->device,
                                cx_facts_host_rank_count(environment), environment);
    return environment;
}

/* Worst first among what a row can be. */
static cx_status_t status_of_rows(const json_t *rows, const char **detail)
{
    static const cx_status_t order[] = {CX_INCORRECT, CX_INVALID, CX_UNSTABLE};

    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const json_t *row    = json_array_get(rows, i);
            const char   *status = json_string_value(json_object_get(row, "status"));

            if (status && cx_status_from_slug(status) == order[k]) {
                *detail = json_string_value(json_object_get(row, "detail"));
                return order[k];
            }
        }
    }
    return CX_OK;
}

static json_t *provenance_of(const cx_assembly_t *assembly)
{
    json_t *provenance;

    if (!assembly->facts->provenance) {
        return json_null();
    }
    provenance = json_copy((json_t *)(uintptr_t)assembly->facts->provenance);
    if (assembly->libraries) {
        json_object_set(provenance, "libraries", assembly->libraries);
    }
    if (assembly->taken_by) {
        json_object_set(provenance, "tool", json_object_get(assembly->taken_by, "tool"));
    }
    return provenance;
}

json_t *cx_program_to_json(void)
{
    return json_pack("{ss,ss,ss,ss,si}", "version", CX_VERSION, "git", CX_GIT_DESCRIBE, "compiler",
                     CX_COMPILER, "build_type", CX_BUILD_TYPE, "abi", (int)CX_BACKEND_ABI);
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *case_of(const cx_assembly_t *assembly)
{
    return assembly->taken_by ? keep(assembly->taken_by, "case") : cx_case_to_json(assembly->one);
}

/* What ranks measured, with what their devices are built for: that no rank needs to know. */
static json_t *limits_of(const cx_assembly_t *assembly)
{
    json_t *limits;

    if (!json_is_object(assembly->limits)) {
        return json_null();
    }
    limits = json_copy(assembly->limits);
    cx_bounds_set(assembly->facts->provenance, assembly->one->device,
                  cx_facts_host_rank_count(assembly->environment), limits);
    return limits;
}

static json_t *build(const cx_assembly_t *assembly, const cx_ending_t *ending)
{
    const cx_case_t *one         = assembly->one;
    json_t          *environment = environment_of(assembly);
    const char      *detail      = ending->detail;
    cx_status_t      status      = ending->status;
    const char      *contract    = cx_case_contract(one);

    if (status == CX_OK) {
        status = status_of_rows(assembly->rows, &detail);
    }
    return json_pack(
        "{ss,so,ss,so,so,sO?,s{ss,sI},so,so,so,so,so,sO,sO,sO,so,so,s{ss,so,sf},so,sO}", "schema",
        "collectivex-record/1", "identity", identity_of(assembly), "status", cx_status_slug(status),
        "detail", text_or_null(detail), "publication", json_null(), "failure", ending->failure,
        "contract", "name", contract, "version", (json_int_t)cx_contract_version(contract),
        "definition", definition_of(assembly), "case", case_of(assembly), "environment",
        environment, "harness", assembly->harness ? json_incref(assembly->harness) : json_null(),
        "limits", limits_of(assembly), "rows", assembly->rows, "points", assembly->points,
        "left_out", assembly->left_out, "samples", json_null(), "provenance",
        provenance_of(assembly), "time", "started_utc", assembly->started_utc, "backend_open_us",
        assembly->backend_open_us ? json_incref(assembly->backend_open_us) : json_null(), "wall_s",
        (double)(cx_now_ns() - assembly->started_ns) / 1e9, "program", cx_program_to_json(),
        "command", assembly->facts->command);
}

/* From the record as it will be read: a key that anybody can compute again. */
static void set_key(const cx_assembly_t *assembly, json_t *record)
{
    const char *contract = cx_case_contract(assembly->one);
    cx_factor_t factors[FACTOR_COUNT_MAX];
    size_t      count = 0;
    char        key[CX_HASH_HEX_BYTES];
    const char *name;
    json_t     *value;

    json_object_foreach(json_object_get(record, "environment"), name, value)
    {
        if (count < FACTOR_COUNT_MAX) {
            factors[count++] = (cx_factor_t){name, json_string_value(value)};
        }
    }
    cx_key_compute(assembly->one, contract, cx_contract_version(contract), factors, count, key);
    json_object_set_new(json_object_get(record, "identity"), "comparison_key", json_string(key));
}

/* One more than the record that this one replaces, when a run is resumed; else 0. */
static void set_attempt(const char *record_path, json_t *record)
{
    json_t *earlier;

    if (!cx_file_exists(record_path)) {
        return;
    }
    if (cx_record_read(record_path, &earlier) != CX_OK) {
        cx_detail_clear();
        return;
    }
    json_object_set_new(json_object_get(record, "identity"), "attempt",
                        json_integer(json_integer_value(json_object_get(
                                         json_object_get(earlier, "identity"), "attempt")) +
                                     1));
    json_decref(earlier);
}

static void set_publication(json_t *record, int64_t launch_count)
{
    cx_judge_facts_t facts;
    cx_publication_t publication;

    cx_facts_read(record, launch_count, &facts);
    publication = cx_judge(&facts);
    json_object_set_new(record, "publication", cx_facts_publication(&publication));
}

static cx_status_t write_files(const cx_assembly_t *assembly, const char *directory,
                               cx_arena_t *arena, json_t *record)
{
    const char *name         = cx_record_name(assembly->one, assembly->launch_index, arena);
    const char *file         = name ? cx_arena_format(arena, "samples/%s.cxs", name) : NULL;
    const char *samples_path = file ? cx_arena_format(arena, "%s/%s", directory, file) : NULL;
    const char *record_path =
        name ? cx_arena_format(arena, "%s/records/%s.json", directory, name) : NULL;
    char digest[CX_HASH_HEX_BYTES];

    if (!samples_path || !record_path) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the name of a record");
    }
    if (assembly->samples.length > 0) {
        CX_TRY(cx_samples_write(samples_path, assembly->samples.bytes, assembly->samples.length,
                                digest));
        json_object_set_new(record, "samples",
                            json_pack("{ss,ss}", "file", file, "blake2b", digest));
    }
    set_attempt(record_path, record);
    return cx_record_write(record_path, record);
}

cx_status_t cx_assembly_finish(cx_assembly_t *assembly, const cx_ending_t *ending,
                               const char *directory, bool is_redacted, json_t **out)
{
    json_t     *record = build(assembly, ending);
    cx_arena_t  arena;
    cx_status_t status = CX_OK;

    if (!record) {
        return CX_FAIL(CX_INTERNAL, "the record of case %s cannot be built",
                       assembly->one->case_id);
    }
    *out = record;
    if (is_redacted) {
        CX_TRY(cx_redact(record, NULL));
    }
    set_key(assembly, record);
    set_publication(record, assembly->facts->launch_count);
    cx_arena_init(&arena);
    status = write_files(assembly, directory, &arena, record);
    cx_arena_fini(&arena);
    return status;
}
