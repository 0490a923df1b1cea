/* SPDX-License-Identifier: Apache-2.0 */
/* Small record documents from tables, and what a printer wrote as text. Not a test itself. */
#ifndef TEST_RECORDS_H
#define TEST_RECORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/result_set.h"
#include "cli/style.h"
#include "model/case.h"
#include "model/record.h"
#include "store/fields.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int64_t)(sizeof(array) / sizeof((array)[0])))

/* cmocka compares as float, which has too few digits here. */
#define assert_near(value, expected, error) assert_true(fabs((value) - (expected)) <= (error))

/* One record: what it is called, and p50 in us at 8 B, 8 B * 4, ... `count` sizes. */
typedef struct spec {
    const char *backend, *op, *dtype, *regime;
    int64_t     launch, count;
    double      first_us, factor; /* p50 of size i: first_us * factor^i */
    double      half_width_ratio; /* of the interval */
    const char *status, *detail;  /* of the record; NULL: ok */
    int64_t     bad_index;        /* this row has `status`; -1: none, the record alone failed */
    bool        is_unverified;
    double      floor_ratio; /* of every row; 0: unknown */
    double      enqueue_us;  /* likewise */
} spec_t;

static inline const char *or_text(const char *text, const char *instead)
{
    return text ? text : instead;
}

static inline json_t *make_row(const spec_t *spec, int64_t i)
{
    const bool    is_bad     = spec->status && i == spec->bad_index;
    const bool    is_barrier = spec->op && strcmp(spec->op, "barrier") == 0;
    const double  p50_us     = spec->first_us * pow(spec->factor, (double)i);
    const int64_t bytes      = is_barrier ? 0 : INT64_C(8) << (2 * i);
    cx_row_t      row;

    cx_row_clear(&row);
    row.status              = is_bad ? spec->status : "ok";
    row.detail              = is_bad ? spec->detail : NULL;
    row.requested_bytes     = bytes;
    row.message_bytes       = bytes;
    row.time_us_p50         = p50_us;
    row.time_us_p50_ci_low  = p50_us * (1 - spec->half_width_ratio);
    row.time_us_p50_ci_high = p50_us * (1 + spec->half_width_ratio);
    row.time_us_p99         = p50_us * 1.5;
    row.time_us_stddev      = p50_us * 0.05;
    row.ci_half_width_ratio = spec->half_width_ratio;
    if (!is_barrier) {
        row.algbw_bytes_per_s = (double)bytes / p50_us * 1e6;
        row.busbw_bytes_per_s = row.algbw_bytes_per_s;
    }
    row.enqueue_us_mean     = spec->enqueue_us > 0 ? spec->enqueue_us : (double)NAN;
    row.floor_ratio         = spec->floor_ratio > 0 ? spec->floor_ratio : (double)NAN;
    row.arrival_skew_us_p50 = 0.05;
    row.sample_count        = 1000;
    row.timed_count         = 1000;
    row.verified_count      = spec->is_unverified ? 0 : 40;
    row.wrong_count         = 0;
    return cx_fields_to_json(cx_row_fields, &row);
}

static inline void set_option(json_t *options, const char *key, const char *value)
{
    json_object_set_new(options, key, json_pack("{ss,ss}", "value", value, "origin", "default"));
}

static inline json_t *make_options(const spec_t *spec)
{
    json_t *options = json_object();
    char    key[64];

    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        set_option(options, cx_option_key(row, key, sizeof key), row->default_text);
    }
    set_option(options, "backend", spec->backend);
    set_option(options, "op", or_text(spec->op, "all_reduce"));
    set_option(options, "dtype", or_text(spec->dtype, "fp32"));
    set_option(options, "regime", or_text(spec->regime, "isolated"));
    if (spec->op && strcmp(spec->op, "all_reduce") != 0) {
        set_option(options, "redop", "none");
    }
    return options;
}

static inline json_t *make_record(const spec_t *spec)
{
    const char *regime = or_text(spec->regime, "isolated");
    json_t     *rows   = json_array();
    char        case_id[128], contract[64];

    (void)snprintf(case_id, sizeof case_id, "%s.%s.%s.%s", or_text(spec->op, "all_reduce"),
                   or_text(spec->dtype, "fp32"), regime, spec->backend);
    (void)snprintf(contract, sizeof contract, "collective.%s", regime);
    for (int64_t i = 0; i < spec->count; i++) {
        json_array_append_new(rows, make_row(spec, i));
    }
    return json_pack(
        "{ss,s{ss,ss,ss,ss,si,sI,ss,sn},ss,ss?,s{ss,s[]},sn,s{ss,si},s{ss,ss,ss,ss},so,"
        "s{ss,ss},so,s[],s[sss]}",
        "schema", "collectivex-record/1", "identity", "suite", "quick", "case_id", case_id,
        "case_digest", "0123", "comparison_key", case_id, "attempt", 1, "launch",
        (json_int_t)spec->launch, "origin", "measured", "source", "status",
        or_text(spec->status, "ok"), "detail", spec->detail, "publication", "class", "comparable",
        "reasons", "failure", "contract", "name", contract, "version", 1, "definition", "sample",
        cx_regime_text(strcmp(regime, "steady") == 0 ? CX_REGIME_STEADY : CX_REGIME_ISOLATED),
        "over_ranks", strcmp(regime, "steady") == 0 ? "median" : "max", "percentile",
        "nearest rank", "interval", "95 % order statistics", "case", make_options(spec),
        "environment", "rank_count", "2", "backend_version", spec->backend, "rows", rows,
        "left_out", "command", "collectivex", "run", "it's quick");
}

static inline json_t *make_records(const spec_t *specs, int64_t count)
{
    json_t *records = json_array();

    for (int64_t i = 0; i < count; i++) {
        json_array_append_new(records, make_record(&specs[i]));
    }
    return records;
}

/* Memory as a stream: open_text, print, then read_text once. */
typedef struct capture {
    FILE  *stream;
    char  *bytes;
    size_t byte_count;
} capture_t;

static inline FILE *capture_open(capture_t *capture)
{
    capture->stream = open_memstream(&capture->bytes, &capture->byte_count);
    assert_non_null(capture->stream);
    return capture->stream;
}

/* The caller frees. */
static inline char *capture_close(capture_t *capture)
{
    assert_int_equal(fclose(capture->stream), 0);
    return capture->bytes;
}

#endif
