/* SPDX-License-Identifier: Apache-2.0 */
/* Watching a set of rank processes. */
#include "run/supervise.h"

#include "base/deadline.h"
#include "run/plan_text.h"
#include "run/run_case.h"
#include "run/vigil.h"
#include "run/wire.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define POLL_MS 50
#define STOP_GRACE_NS (2 * CX_NS_PER_S)
#define SILENT_NS (2 * CX_NS_PER_S)

typedef struct watch {
    const cx_supervision_t *supervision;
    cx_launch_t             launch;
    cx_wire_inbox_t         inbox;
    cx_assembly_t           assembly;
    bool                    has_case; /* a case is open in `assembly` */
    size_t                  first_case_index, next_case_index;
    bool                    is_closed;
    cx_loss_t               loss;
} watch_t;

static const cx_case_t *case_at(const watch_t *watch, size_t index)
{
    return &watch->supervision->plan->cases[index];
}

/* ---- records --------------------------------------------------------------------------------- */

static void open_case(watch_t *watch, size_t index)
{
    const cx_supervision_t *supervision = watch->supervision;
    const cx_observer_t    *observer    = supervision->observer;

    if (watch->has_case) {
        return;
    }
    cx_assembly_init(&watch->assembly, supervision->facts, case_at(watch, index),
                     supervision->launch_index);
    watch->has_case = true;
    if (observer->case_started) {
        observer->case_started(observer->context, case_at(watch, index), supervision->launch_index);
    }
}

static cx_status_t close_case(watch_t *watch, const cx_ending_t *ending)
{
    const cx_supervision_t *supervision = watch->supervision;
    const cx_observer_t    *observer    = supervision->observer;
    json_t                 *record      = NULL;
    cx_status_t             status;

    open_case(watch, watch->next_case_index);
    status = cx_assembly_finish(&watch->assembly, ending, supervision->directory,
                                supervision->is_redacted, &record);
    if (record) {
        json_array_append(supervision->records, record);
        if (observer->case_ended) {
            observer->case_ended(observer->context, case_at(watch, watch->next_case_index),
                                 supervision->launch_index, record);
        }
        json_decref(record);
    }
    cx_assembly_fini(&watch->assembly);
    watch->has_case = false;
    watch->next_case_index++;
    return status;
}

/* ---- messages -------------------------------------------------------------------------------- */

static cx_status_t end_of_case(watch_t *watch, const json_t *event)
{
    const char *slug   = json_string_value(json_object_get(event, "status"));
    cx_ending_t ending = {.status = slug ? cx_status_from_slug(slug) : CX_INTERNAL,
                          .detail = json_string_value(json_object_get(event, "detail"))};

    return close_case(watch, &ending);
}

static cx_status_t take_event(watch_t *watch, const json_t *event)
{
    const cx_supervision_t *supervision = watch->supervision;
    const cx_observer_t    *observer    = supervision->observer;
    const char             *kind        = json_string_value(json_object_get(event, "event"));
    size_t                  index =
        watch->first_case_index + (size_t)json_integer_value(json_object_get(event, "case_index"));

    if (!kind || index != watch->next_case_index || index >= supervision->plan->case_count) {
        return CX_FAIL(CX_INTERNAL, "the ranks sent an event out of order");
    }
    open_case(watch, index);
    if (strcmp(kind, "case_end") == 0) {
        return end_of_case(watch, event);
    }
    cx_assembly_event(&watch->assembly, event);
    if (strcmp(kind, "row") == 0 && observer->row_measured) {
        observer->row_measured(observer->context, case_at(watch, index), supervision->launch_index,
                               json_object_get(event, "row"));
    }
    return CX_OK;
}

static cx_status_t take_message(watch_t *watch, cx_wire_kind_t kind, const char *payload,
                                size_t payload_bytes)
{
    json_t     *event;
    cx_status_t status;

    if (kind == CX_WIRE_SAMPLES && !watch->has_case) {
        return CX_FAIL(CX_INTERNAL, "the ranks sent samples of no case");
    }
    if (kind == CX_WIRE_SAMPLES) {
        cx_assembly_samples(&watch->assembly, payload, payload_bytes);
        return CX_OK;
    }
    event = json_loadb(payload, payload_bytes, 0, NULL);
    if (!event) {
        return CX_FAIL(CX_INTERNAL, "the ranks sent an event that is no JSON");
    }
    status = take_event(watch, event);
    json_decref(event);
    return status;
}

static cx_status_t take_messages(watch_t *watch)
{
    cx_wire_kind_t kind;
    const char    *payload;
    size_t         payload_bytes;

    if (watch->is_closed) {
        return CX_OK;
    }
    CX_TRY(cx_wire_receive(&watch->inbox, watch->launch.channel_fd, &watch->is_closed));
    while (cx_wire_next(&watch->inbox, &kind, &payload, &payload_bytes)) {
        cx_status_t status = take_message(watch, kind, payload, payload_bytes);

        cx_wire_pop(&watch->inbox);
        CX_TRY(status);
    }
    return CX_OK;
}

/* ---- signs of life --------------------------------------------------------------------------- */

/* For whoever watches the run: a rank that has not shown itself for a while, long before that is
 * held against it. */
static void tell_silence(const watch_t *watch)
{
    const cx_observer_t *observer = watch->supervision->observer;
    int64_t              now_ns   = cx_now_ns();

    for (int32_t i = 0; i < watch->launch.local_rank_count && observer->rank_is_silent; i++) {
        const cx_board_rank_t *rank      = &watch->launch.board->ranks[i];
        int64_t                silent_ns = now_ns - atomic_load(&rank->beat_ns);

        if (atomic_load(&rank->deadline_ns) != 0 && watch->launch.processes[i].pid > 0 &&
            silent_ns > SILENT_NS) {
            observer->rank_is_silent(observer->context, watch->launch.first_rank + i,
                                     (double)silent_ns / 1e9, rank->phase);
        }
    }
}

/* ---- the end --------------------------------------------------------------------------------- */

static json_t *post_mortem(const watch_t *watch)
{
    const cx_board_rank_t *rank = &watch->launch.board->ranks[watch->loss.local_rank];

    return json_pack("{si,ss,sI,sI}", "rank", watch->launch.first_rank + watch->loss.local_rank,
                     "phase", rank->phase, "requested_bytes",
                     (json_int_t)atomic_load(&rank->requested_bytes), "operation_index",
                     (json_int_t)atomic_load(&rank->operation_index));
}

/* The case that was running gets a record that says how far it came. */
static cx_status_t bury(watch_t *watch)
{
    json_t     *failure;
    cx_ending_t ending = {.status = watch->loss.status, .detail = watch->loss.text};
    cx_status_t status;

    if (!watch->supervision->is_reporter ||
        watch->next_case_index >= watch->supervision->plan->case_count) {
        return CX_OK;
    }
    failure        = post_mortem(watch);
    ending.failure = failure;
    status         = close_case(watch, &ending);
    json_decref(failure);
    return status;
}

static void heed_interrupts(watch_t *watch)
{
    sig_atomic_t count = *watch->supervision->interrupts;

    if (count > 0) {
        atomic_store(&watch->launch.board->is_stopping, 1);
    }
    if (count > 1) {
        cx_loss_note(&watch->loss, CX_INVALID, 0, CX_INTERRUPTED_TEXT);
    }
}

/* A message, or the end of the first rank that still runs; the others are looked at afterwards. */
static void wait_for_news(const watch_t *watch)
{
    struct pollfd fds[] = {
        {.fd = watch->is_closed ? -1 : watch->launch.channel_fd, .events = POLLIN},
        {.fd = -1, .events = POLLIN},
    };

    for (int32_t i = 0; i < watch->launch.local_rank_count && fds[1].fd < 0; i++) {
        fds[1].fd = watch->launch.processes[i].pidfd;
    }
    (void)poll(fds, sizeof fds / sizeof fds[0], POLL_MS);
}

static cx_status_t watch_ranks(watch_t *watch)
{
    int32_t running_count = 1;

    while (running_count > 0 && watch->loss.status == CX_OK) {
        wait_for_news(watch);
        CX_TRY(take_messages(watch));
        heed_interrupts(watch);
        tell_silence(watch);
        cx_vigil_hang(&watch->launch, watch->supervision->grace_s, &watch->loss);
        running_count = cx_vigil_end(&watch->launch, &watch->loss);
    }
    /* The first reason is often not the first sign: give the others the time to say theirs. */
    cx_launch_stop(&watch->launch, STOP_GRACE_NS);
    cx_vigil_blame_silent(&watch->launch, &watch->loss);
    CX_TRY(take_messages(watch));
    return CX_OK;
}

static cx_status_t start(const cx_supervision_t *supervision, size_t first_case_index,
                         cx_launch_t *launch)
{
    cx_plan_t        rest = *supervision->plan;
    cx_launch_spec_t spec = supervision->launch;
    json_t          *document;
    cx_status_t      status;

    rest.cases += first_case_index;
    rest.case_count -= first_case_index;
    document = cx_plan_to_json(&rest, 1, 0);
    if (!document) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the plan");
    }
    status = cx_plan_to_fd(document, &spec.plan_fd);
    json_decref(document);
    CX_TRY(status);
    status = cx_launch_start(&spec, launch);
    (void)close(spec.plan_fd);
    return status;
}

cx_status_t cx_supervise(const cx_supervision_t *supervision, size_t *next_case_index)
{
    watch_t     watch = {.supervision      = supervision,
                         .first_case_index = *next_case_index,
                         .next_case_index  = *next_case_index};
    cx_status_t status;

    CX_TRY(start(supervision, *next_case_index, &watch.launch));
    status = watch_ranks(&watch);
    cx_launch_stop(&watch.launch, 0);
    if (status == CX_OK && watch.loss.status != CX_OK) {
        status = bury(&watch);
        if (status == CX_OK) {
            cx_detail_clear();
            status =
                CX_FAIL(*supervision->interrupts ? CX_INVALID : CX_PEER, "%s", watch.loss.text);
        }
    } else if (status == CX_OK && *supervision->interrupts) {
        status = CX_FAIL(CX_INVALID, CX_INTERRUPTED_TEXT);
    }
    *next_case_index = watch.next_case_index;
    if (watch.has_case) {
        cx_assembly_fini(&watch.assembly);
    }
    cx_wire_fini(&watch.inbox);
    cx_launch_close(&watch.launch);
    return status;
}
