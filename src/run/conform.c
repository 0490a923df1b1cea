/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor of the conformance suite: sets of ranks, one after the other, until every check
 * has an outcome. */
#include "run/conform.h"

#include "base/deadline.h"
#include "base/program.h"
#include "launch/audit.h"
#include "run/plan_text.h"
#include "run/vigil.h"
#include "run/wire.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define POLL_MS 20
#define GRACE_S 2.0
#define STOP_GRACE_NS (1 * CX_NS_PER_S)

/* One set of ranks. `pending` is the word of a check that is final once its ranks have ended; its
 * reason is kept beside it. */
typedef struct suite {
    const cx_conform_request_t *request;
    cx_conform_result_t        *result;
    cx_launch_spec_t            spec;
    cx_launch_t                 launch;
    cx_wire_inbox_t             inbox;
    cx_loss_t                   loss;
    bool                        is_reporter, is_closed, has_pending;
    size_t                      next_index;
    int64_t                     concluded_ns; /* when the last check was */
    cx_conform_conclusion_t     pending;
    char                        pending_reason[CX_CONFORM_REASON_BYTES];
} suite_t;

static void conclude(suite_t *suite, cx_conform_conclusion_t conclusion)
{
    const cx_conform_check_t *check  = &cx_conform_checks[suite->next_index++];
    int64_t                   now_ns = cx_now_ns();

    conclusion.wall_s   = (double)(now_ns - suite->concluded_ns) / 1e9;
    suite->concluded_ns = now_ns;
    suite->has_pending  = false;
    suite->result->counts[conclusion.outcome]++;
    if (suite->is_reporter) {
        suite->request->concluded(suite->request->context, check, &conclusion);
    }
}

static void conclude_lost(suite_t *suite, const char *reason)
{
    conclude(suite, (cx_conform_conclusion_t){.outcome = CX_CONFORM_FAILED, .reason = reason});
}

/* ---- messages -------------------------------------------------------------------------------- */

static cx_status_t take_outcome(suite_t *suite, const json_t *event)
{
    const json_t                 *outcome    = json_object_get(event, "outcome");
    const char                   *reason     = json_string_value(json_object_get(event, "reason"));
    json_int_t                    number     = json_integer_value(outcome);
    const cx_conform_conclusion_t conclusion = {
        .outcome       = (cx_conform_outcome_t)number,
        .reason        = reason,
        .session_count = json_integer_value(json_object_get(event, "sessions"))};

    if (!reason || number < 0 || number >= CX_CONFORM_OUTCOME_COUNT ||
        (size_t)json_integer_value(json_object_get(event, "index")) != suite->next_index) {
        return CX_FAIL(CX_INTERNAL, "the ranks sent an outcome out of order");
    }
    if (!cx_conform_checks[suite->next_index].ends_ranks) {
        conclude(suite, conclusion);
        return CX_OK;
    }
    suite->has_pending    = true;
    suite->pending        = conclusion;
    suite->pending.reason = suite->pending_reason;
    (void)snprintf(suite->pending_reason, sizeof suite->pending_reason, "%s", reason);
    return CX_OK;
}

static cx_status_t take_event(suite_t *suite, const json_t *event)
{
    json_t *harness = json_object_get(event, "harness");

    if (harness) {
        json_decref(suite->result->harness);
        suite->result->harness = json_incref(harness);
        return CX_OK;
    }
    return take_outcome(suite, event);
}

static cx_status_t take_messages(suite_t *suite)
{
    cx_wire_kind_t kind;
    const char    *payload;
    size_t         payload_bytes;

    if (suite->is_closed) {
        return CX_OK;
    }
    CX_TRY(cx_wire_receive(&suite->inbox, suite->launch.channel_fd, &suite->is_closed));
    while (cx_wire_next(&suite->inbox, &kind, &payload, &payload_bytes)) {
        json_t     *event = json_loadb(payload, payload_bytes, 0, NULL);
        cx_status_t status;

        cx_wire_pop(&suite->inbox);
        if (!event) {
            return CX_FAIL(CX_INTERNAL, "the ranks sent an event that is no JSON");
        }
        status = take_event(suite, event);
        json_decref(event);
        CX_TRY(status);
    }
    return CX_OK;
}

/* ---- one set of ranks ------------------------------------------------------------------------ */

static cx_status_t start(suite_t *suite)
{
    const cx_conform_request_t *request = suite->request;
    json_t                     *document =
        json_pack("{ss,ss,sI,sf,sO}", "backend", request->backend, "device", request->device,
                  "first_index", (json_int_t)suite->next_index, "timeout_us", request->timeout_us,
                  "options", (json_t *)(uintptr_t)request->backend_options);
    cx_status_t status;

    if (!document) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the request");
    }
    status = cx_plan_to_fd(document, &suite->spec.plan_fd);
    json_decref(document);
    CX_TRY(status);
    suite->spec.token++;
    status = cx_launch_start(&suite->spec, &suite->launch);
    (void)close(suite->spec.plan_fd);
    return status;
}

static cx_status_t watch(suite_t *suite)
{
    int32_t running_count = 1;

    while (running_count > 0 && suite->loss.status == CX_OK) {
        struct pollfd fd = {.fd     = suite->is_closed ? -1 : suite->launch.channel_fd,
                            .events = POLLIN};

        (void)poll(&fd, 1, POLL_MS);
        CX_TRY(take_messages(suite));
        if (*suite->request->interrupts > 0) {
            return CX_FAIL(CX_INVALID, "interrupted before every check had an outcome");
        }
        cx_vigil_hang(&suite->launch, GRACE_S, &suite->loss);
        running_count = cx_vigil_end(&suite->launch, &suite->loss);
    }
    /* The first reason is often not the first sign: give the others the time to say theirs. */
    cx_launch_stop(&suite->launch, STOP_GRACE_NS);
    cx_vigil_blame_silent(&suite->launch, &suite->loss);
    return take_messages(suite);
}

/* Ends a set: what is pending becomes final, what was lost fails. */
static cx_status_t settle(suite_t *suite, size_t first_index)
{
    if (suite->loss.status != CX_OK && suite->is_reporter &&
        cx_conform_checks[suite->next_index].slug) {
        conclude_lost(suite, suite->loss.text);
    } else if (suite->has_pending) {
        conclude(suite, suite->pending);
    }
    if (suite->next_index == first_index && suite->is_reporter) {
        return CX_FAIL(CX_INTERNAL, "the ranks ended before check %s",
                       cx_conform_checks[first_index].slug);
    }
    return CX_OK;
}

static cx_status_t run_set(suite_t *suite)
{
    size_t      first_index = suite->next_index;
    cx_status_t status;

    suite->is_closed = false;
    suite->loss      = (cx_loss_t){.status = CX_OK};
    CX_TRY(start(suite));
    status = watch(suite);
    cx_launch_stop(&suite->launch, 0);
    if (status == CX_OK) {
        status = settle(suite, first_index);
    }
    cx_wire_fini(&suite->inbox);
    cx_launch_close(&suite->launch);
    return status;
}

/* Under a foreign launcher there is one set: its other supervisors do not know how far this one
 * is, and a library's world may not be entered twice. */
static cx_status_t run_sets(suite_t *suite)
{
    bool is_foreign = suite->request->layout.address != NULL;

    do {
        CX_TRY(run_set(suite));
    } while (!is_foreign && cx_conform_checks[suite->next_index].slug);
    while (suite->is_reporter && cx_conform_checks[suite->next_index].slug) {
        conclude_lost(suite, "not run: the launcher's ranks were lost in an earlier check");
    }
    return CX_OK;
}

cx_status_t cx_conform_run(const cx_conform_request_t *request, cx_conform_result_t *out)
{
    const cx_rank_layout_t *layout = &request->layout;
    suite_t                 suite  = {.request      = request,
                                      .result       = out,
                                      .is_reporter  = layout->first_rank == 0,
                                      .concluded_ns = cx_now_ns()};
    cx_arena_t              arena;
    const char             *argv[] = {NULL, "__conform", NULL};
    cx_status_t             status;

    memset(out, 0, sizeof *out);
    cx_arena_init(&arena);
    argv[0]    = cx_program_path(&arena);
    suite.spec = (cx_launch_spec_t){.argv             = argv,
                                    .first_rank       = layout->first_rank,
                                    .local_rank_count = layout->local_rank_count,
                                    .rank_count       = layout->rank_count,
                                    .host_first_rank  = layout->host_first_rank,
                                    .host_rank_count  = layout->host_rank_count,
                                    .address          = layout->address,
                                    .token            = layout->token,
                                    .audit_path       = cx_audit_path(&arena)};
    if (!argv[0]) {
        status = CX_FAIL(CX_RESOURCE, "the program cannot find itself under /proc");
    } else {
        status = run_sets(&suite);
    }
    cx_arena_fini(&arena);
    return status;
}

void cx_conform_result_fini(cx_conform_result_t *result)
{
    json_decref(result->harness);
    result->harness = NULL;
}
