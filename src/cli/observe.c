/* SPDX-License-Identifier: Apache-2.0 */
/* Progress and events of a run. */
#include "cli/observe.h"

#include "base/deadline.h"
#include "cli/forms.h"
#include "cli/result_points.h"
#include "model/ladder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double elapsed_s(const cx_observation_t *observation)
{
    return (double)(cx_now_ns() - observation->started_ns) / 1e9;
}

static void emit(const cx_observation_t *observation, json_t *event)
{
    if (observation->streams_events) {
        cx_event_print(stdout, event, elapsed_s(observation));
    } else {
        json_decref(event);
    }
}

static int64_t case_total(const cx_observation_t *observation)
{
    return (int64_t)observation->request->plan.case_count * observation->request->options.launches;
}

/* Cases done, and of the running one the share of its sizes. */
static double fraction_done(const cx_observation_t *observation, const cx_case_t *one)
{
    cx_ladder_t ladder;
    double      part = 0;

    if (cx_ladder_parse(one->sizes, "sizes", &ladder) == CX_OK && ladder.rung_count > 0) {
        part = (double)observation->row_count / ladder.rung_count;
    }
    return ((double)observation->done_count + fmin(part, 1)) / (double)case_total(observation);
}

static void case_started(void *context, const cx_case_t *one, int64_t launch_index)
{
    cx_observation_t   *observation = context;
    cx_progress_point_t point       = {.label               = one->case_id,
                                       .size_bytes          = INT64_MIN,
                                       .time_us_p50         = (double)NAN,
                                       .ci_half_width_ratio = (double)NAN,
                                       .launch_index        = (int32_t)launch_index,
                                       .launch_count = (int32_t)observation->request->options.launches};

    observation->row_count = 0;
    point.fraction_done    = fraction_done(observation, one);
    cx_progress_update(&observation->progress, &point, cx_now_ns());
    emit(observation,
         cx_event_case_start(one->case_id, launch_index, observation->done_count, one->backend));
}

static void row_measured(void *context, const cx_case_t *one, int64_t launch_index,
                         const json_t *row)
{
    cx_observation_t   *observation = context;
    cx_progress_point_t point       = {.label = one->case_id,
                                       .size_bytes =
                                           json_integer_value(json_object_get(row, "message_bytes")),
                                       .time_us_p50         = cx_json_real(row, "time_us_p50"),
                                       .ci_half_width_ratio = cx_json_real(row, "ci_half_width_ratio"),
                                       .launch_index        = (int32_t)launch_index,
                                       .launch_count = (int32_t)observation->request->options.launches};

    observation->row_count++;
    point.fraction_done = fraction_done(observation, one);
    if (one->family != CX_FAMILY_EP) { /* whose rows all come at the end of the case */
        cx_progress_update(&observation->progress, &point, cx_now_ns());
    }
    emit(observation, cx_event_point(one->case_id, launch_index, row));
}

static void case_ended(void *context, const cx_case_t *one, int64_t launch_index,
                       const json_t *record)
{
    cx_observation_t *observation = context;
    const char       *slug        = cx_json_text(record, "status");
    cx_status_t       status      = slug ? cx_status_from_slug(slug) : CX_INTERNAL;
    char              path[4096];

    observation->done_count++;
    observation->ok_count += status == CX_OK;
    cx_progress_case_done(&observation->progress, one->case_id, status,
                          cx_json_text(record, "detail"), cx_now_ns());
    (void)snprintf(path, sizeof path, "%s/records/%s.l%lld.json", observation->folder, one->case_id,
                   (long long)launch_index);
    emit(observation, cx_event_case_end(one->case_id, launch_index, status,
                                        cx_json_text(record, "detail"), path));
}

static void rank_is_silent(void *context, int32_t rank, double silent_s, const char *phase)
{
    cx_progress_stalled(&((cx_observation_t *)context)->progress, rank, silent_s, phase,
                        cx_now_ns());
}

static cx_result_set_t event_set(const cx_observation_t *observation)
{
    return (cx_result_set_t){.title     = observation->request->plan.suite,
                             .data_path = observation->folder};
}

void cx_observation_init(cx_observation_t *observation, const cx_request_t *request,
                         const char *folder)
{
    cx_style_request_t style_request = request->options.shown.style;
    cx_progress_mode_t mode          = (cx_progress_mode_t)request->options.progress;
    cx_result_set_t    set;

    memset(observation, 0, sizeof *observation);
    style_request.column_count = 0; /* --width is that of tables */
    observation->request       = request;
    observation->folder        = folder;
    observation->started_ns    = cx_now_ns();
    observation->streams_events =
        request->options.shown.format == CX_FORM_NDJSON && request->layout.first_rank == 0;
    observation->observer = (cx_observer_t){.context        = observation,
                                            .case_started   = case_started,
                                            .row_measured   = row_measured,
                                            .case_ended     = case_ended,
                                            .rank_is_silent = rank_is_silent};
    if (request->options.is_quiet || request->layout.first_rank > 0) {
        mode = CX_PROGRESS_NONE;
    }
    cx_style_init(&observation->style, stderr, &style_request);
    cx_progress_init(&observation->progress, &observation->style, stderr, mode,
                     case_total(observation), observation->started_ns);
    set = event_set(observation);
    emit(observation, cx_event_run_start(&set, (int64_t)request->plan.case_count,
                                         request->options.launches, request->options.order_seed));
}

void cx_observation_fini(cx_observation_t *observation, int exit_code)
{
    cx_result_set_t set = event_set(observation);

    set.is_partial = exit_code == 130;
    cx_progress_fini(&observation->progress);
    emit(observation, cx_event_run_end(&set, exit_code, observation->ok_count,
                                       observation->done_count - observation->ok_count));
}
