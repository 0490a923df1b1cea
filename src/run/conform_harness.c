/* SPDX-License-Identifier: Apache-2.0 */
/* The check of the harness by itself, for the backend that does nothing: what is left then is what
 * the harness costs. The numbers themselves are in every record. */
#include "run/conform_kit.h"

#include "run/agree.h"
#include "run/wire.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ATTEMPT_COUNT_MAX 5

/* What a field may be. The slope is the promise of DESIGN section 6; the other two only tell a
 * harness that works from one that does not, as every number has them beside it. */
static const struct {
    const char *name;
    double      least, most;
    bool        needs_processors; /* means little with more ranks than processors */
} limits[] = {
    {"timer_resolution_us", 0, 1, false},
    {"spin_slope_ratio", 0.99, 1.01, false},
    {"align_skew_us_p50", 0, 100, true},
};
#define LIMIT_COUNT (sizeof limits / sizeof limits[0])

static double value_of(const cx_harness_t *harness, const cx_field_t *field)
{
    double value;

    memcpy(&value, (const char *)harness + field->offset, sizeof value);
    return value;
}

/* The limit of a field; -1 where it has none here. */
static int limit_of(const cx_conform_t *conform, const cx_field_t *field)
{
    for (int i = 0; i < (int)LIMIT_COUNT; i++) {
        if (strcmp(limits[i].name, field->name) == 0) {
            return limits[i].needs_processors && conform->context->core.is_oversubscribed ? -1 : i;
        }
    }
    return -1;
}

/* An unknown number (a virtual clock has no resolution) breaks no limit. */
static bool is_within(int limit, double value)
{
    return limit < 0 || isnan(value) ||
           (value >= limits[limit].least && value <= limits[limit].most);
}

static cx_status_t judge(const cx_conform_t *conform)
{
    for (const cx_field_t *field = cx_harness_fields; field->name; field++) {
        int    limit = limit_of(conform, field);
        double value = value_of(&conform->bench.harness, field);

        if (!is_within(limit, value)) {
            return CX_FAIL(CX_INVALID, "%s is %.4g, which is not within %g and %g", field->name,
                           value, limits[limit].least, limits[limit].most);
        }
    }
    return CX_OK;
}

static json_t *describe(const cx_conform_t *conform, const cx_field_t *field)
{
    int    limit = limit_of(conform, field);
    double value = value_of(&conform->bench.harness, field);
    char   judgement[64];

    judgement[0] = '\0';
    if (limit >= 0 && !isnan(value)) {
        (void)snprintf(judgement, sizeof judgement, "%s, %g to %g",
                       is_within(limit, value) ? "ok" : "FAILED", limits[limit].least,
                       limits[limit].most);
    }
    return json_pack("{ss,so,ss,ss,ss}", "name", field->name, "value",
                     isnan(value) ? json_null() : json_real(value), "unit", field->unit, "help",
                     field->help, "judgement", judgement);
}

static cx_status_t report(const cx_conform_t *conform)
{
    json_t *fields = json_array();

    for (const cx_field_t *field = cx_harness_fields; field->name; field++) {
        json_array_append_new(fields, describe(conform, field));
    }
    return cx_wire_send_event(conform->context->channel_fd, json_pack("{so}", "harness", fields));
}

/* A machine that was busy for a moment is measured again; one that always is, fails. */
cx_status_t cx_conform_harness(cx_conform_t *conform)
{
    cx_status_t status = CX_UNSTABLE;
    cx_job_t    job;

    if (strcmp(conform->backend, "null") != 0) {
        return cx_conform_skip(conform, "the harness is measured with backend null");
    }
    cx_bench_job(&conform->bench, &job);
    for (int i = 0; i < ATTEMPT_COUNT_MAX && status != CX_OK; i++) {
        cx_detail_clear();
        CX_TRY(cx_harness_measure(&job, &conform->bench.harness));
        status = cx_agree(conform->context, judge(conform));
        if (cx_conform_is_out_of_step(status)) {
            return status;
        }
    }
    CX_TRY(report(conform));
    return status;
}
