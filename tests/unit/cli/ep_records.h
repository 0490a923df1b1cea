/* SPDX-License-Identifier: Apache-2.0 */
/* Small records of expert parallelism from a table. Not a test itself. */
#ifndef TEST_EP_RECORDS_H
#define TEST_EP_RECORDS_H

#include "measure/pairs.h"
#include "unit/cli/records.h"

#define EP_HIDDEN 7168

/* A case: a roundtrip (steady: a pair) takes first_us at 1 token per rank, and `factor` times that
 * at each of the next sizes: 8, 64, 512. */
typedef struct ep_spec {
    const char *backend, *regime, *routing, *eplb, *precision;
    int64_t     launch, count;
    double      first_us, factor;
    const char *status, *detail; /* of the record; NULL: ok */
    int64_t     wrong_index;     /* of this size the point is not right; -1: none */
    bool        is_unverified, is_staged, is_by_expert;
    double      floor_ratio; /* of the roundtrip; 0: unknown */
} ep_spec_t;

static inline json_t *ep_row(const ep_spec_t *spec, const char *component, int64_t tokens,
                             double p50_us, bool is_wrong)
{
    cx_row_t row;

    cx_row_clear(&row);
    row.status              = is_wrong ? "incorrect" : "ok";
    row.detail              = is_wrong ? "combine-values on rank 1" : NULL;
    row.component           = component;
    row.tokens_per_rank     = tokens;
    row.requested_bytes     = tokens * EP_HIDDEN * 2;
    row.message_bytes       = row.requested_bytes;
    row.time_us_p50         = p50_us;
    row.time_us_p50_ci_low  = p50_us * 0.98;
    row.time_us_p50_ci_high = p50_us * 1.02;
    row.time_us_p90         = p50_us * 1.1;
    row.time_us_p95         = p50_us * 1.2;
    row.time_us_p99         = p50_us * 1.5;
    row.time_us_stddev      = p50_us * 0.05;
    row.ci_half_width_ratio = 0.02;
    row.floor_ratio         = spec->floor_ratio > 0 && strcmp(component, "roundtrip") == 0
                                  ? spec->floor_ratio
                                  : (double)NAN;
    row.sample_count        = 2048;
    row.timed_count         = 2048;
    row.verified_count      = spec->is_unverified ? 0 : 256;
    row.wrong_count         = is_wrong ? 3 : 0;
    return cx_fields_to_json(cx_row_fields, &row);
}

/* The rows of one size: parts of the roundtrip are 60 and 40 %. */
static inline void ep_add_rows(const ep_spec_t *spec, json_t *rows, int64_t tokens, double time_us,
                               bool is_wrong)
{
    const bool is_steady = strcmp(spec->regime, "steady") == 0;
    const struct {
        cx_component_t component;
        double         share;
        bool           is_there;
    } parts[] = {
        {CX_COMPONENT_DISPATCH, 0.66, !is_steady},
        {CX_COMPONENT_COMBINE, 0.44, !is_steady},
        {CX_COMPONENT_STAGE, 0.2, spec->is_staged},
        {CX_COMPONENT_ROUNDTRIP, 1, !is_steady},
        {CX_COMPONENT_PAIR_PERIOD, 1, is_steady},
        {CX_COMPONENT_DISPATCH_FLOOR, 0.54, is_steady},
        {CX_COMPONENT_COMBINE_FLOOR, 0.36, is_steady},
    };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].is_there) {
            json_array_append_new(rows, ep_row(spec, cx_component_slug(parts[i].component), tokens,
                                               time_us * parts[i].share, is_wrong));
        }
    }
}

static inline json_t *ep_point(const ep_spec_t *spec, int64_t tokens, double time_us, bool is_wrong)
{
    const bool is_steady = strcmp(spec->regime, "steady") == 0;

    const int64_t row_bytes = tokens * 4 * EP_HIDDEN * 2; /* of all tokens, once */
    json_t       *point =
        json_pack("{sI,sI,so,so,so,sb,ss,sf,ss}", "tokens_per_rank", (json_int_t)tokens,
                  "global_tokens", (json_int_t)(tokens * 4), "isolated_sum_us_p50",
                  is_steady ? json_null() : json_real(time_us * 1.1), "roundtrip_spread_us_p50",
                  is_steady ? json_null() : json_real(time_us * 0.03), "pair_spread_us_p50",
                  is_steady ? json_real(time_us * 0.04) : json_null(), "is_right", !is_wrong,
                  "failed_checks", is_wrong ? "combine-values" : "", "relative_error_max", 0.01,
                  "wire_basis", spec->is_by_expert ? "per-assignment" : "rank-deduplicated");

    for (int i = 0; i < 2; i++) {
        const char *const phase = i ? "combine" : "dispatch";
        char              name[64];

        (void)snprintf(name, sizeof name, "%s_logical_bytes", phase);
        json_object_set_new(point, name, json_integer(row_bytes * 3)); /* ranks of a token */
        (void)snprintf(name, sizeof name, "%s_assignment_bytes", phase);
        json_object_set_new(point, name, json_integer(row_bytes * 8)); /* experts of a token */
    }
    return point;
}

static inline json_t *ep_options(const ep_spec_t *spec)
{
    json_t *options = json_object();
    char    key[64];

    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        set_option(options, cx_option_key(row, key, sizeof key), row->default_text);
    }
    set_option(options, "family", "ep");
    set_option(options, "shape", "deepseek-v3");
    set_option(options, "hidden", "7168");
    set_option(options, "topk", "8");
    set_option(options, "experts", "256");
    set_option(options, "mode", "normal");
    set_option(options, "backend", spec->backend);
    set_option(options, "regime", spec->regime);
    set_option(options, "precision", or_text(spec->precision, "bf16"));
    set_option(options, "combine_precision", "bf16");
    set_option(options, "routing", or_text(spec->routing, "uniform"));
    set_option(options, "eplb", or_text(spec->eplb, "0"));
    return options;
}

static inline json_t *ep_record(const ep_spec_t *spec)
{
    json_t *rows = json_array(), *points = json_array(), *record;
    char    case_id[128];
    double  time_us = spec->first_us;

    (void)snprintf(case_id, sizeof case_id, "ep.%s.%s.%s.%s.%s", spec->regime,
                   or_text(spec->routing, "uniform"), or_text(spec->eplb, "0"),
                   or_text(spec->precision, "bf16"), spec->backend);
    for (int64_t i = 0; i < spec->count; i++, time_us *= spec->factor) {
        const int64_t tokens = INT64_C(1) << (3 * i);

        ep_add_rows(spec, rows, tokens, time_us, i == spec->wrong_index);
        json_array_append_new(points, ep_point(spec, tokens, time_us, i == spec->wrong_index));
    }
    record = json_pack(
        "{ss,s{ss,ss,ss,ss,si,sI,ss,sn},ss,ss?,s{ss,s[]},s{ss,si},so,so,so,s[]}", "schema",
        "collectivex-record/1", "identity", "suite", "ep-decode", "case_id", case_id, "case_digest",
        "0123", "comparison_key", case_id, "attempt", 0, "launch", (json_int_t)spec->launch,
        "origin", "measured", "source", "status", or_text(spec->status, "ok"), "detail",
        spec->detail, "publication", "class", "comparable", "reasons", "contract", "name",
        strcmp(spec->regime, "steady") == 0 ? "ep.steady.exact" : "ep.isolated.exact", "version", 1,
        "case", ep_options(spec), "rows", rows, "points", points, "left_out");
    json_object_set_new(record, "environment",
                        spec->count > 0
                            ? json_pack("{ss,ss}", "rank_count", "4", "device_model", "host")
                            : json_object());
    json_object_set_new(record, "command", json_pack("[ss]", "collectivex", "run"));
    return record;
}

static inline json_t *ep_records(const ep_spec_t *specs, int64_t count)
{
    json_t *records = json_array();

    for (int64_t i = 0; i < count; i++) {
        json_array_append_new(records, ep_record(&specs[i]));
    }
    return records;
}

#endif
