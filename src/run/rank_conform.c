/* SPDX-License-Identifier: Apache-2.0 */
/* The whole life of a rank process of the conformance suite. */
#include "base/log.h"
#include "base/units.h"
#include "launch/local.h"
#include "run/agree.h"
#include "run/conform_kit.h"
#include "run/plan_text.h"
#include "run/wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEETING_TIMEOUT_NS (INT64_C(60) * 1000 * 1000 * 1000)

static cx_status_t read_document(json_t **out)
{
    const char *text = getenv(CX_ENV_PLAN_FD);
    int64_t     fd;

    *out = NULL;
    if (!text || cx_units_parse_int(text, &fd) != NULL) {
        return CX_FAIL(CX_INTERNAL, "a rank process was started without a request");
    }
    return cx_plan_document_from_fd((int)fd, out);
}

static const char *unmet_need(const cx_conform_t *conform, uint32_t needs)
{
    if ((needs & CX_CONFORM_NEEDS_CASES) && !conform->has_case) {
        return "no collective is offered, and no limit";
    }
    if ((needs & CX_CONFORM_NEEDS_DATA) && conform->caps.moves_no_data) {
        return "the backend moves no data";
    }
    if ((needs & CX_CONFORM_NEEDS_PEERS) && conform->context->core.rank_count < 2) {
        return "there is one rank";
    }
    if ((needs & CX_CONFORM_NEEDS_AUDIT) && !conform->context->audit.enter) {
        return "cx-audit.so is not there (a sanitizer build has none)";
    }
    return NULL;
}

/* The check itself, once there is something to be checked. */
static cx_status_t run_check(cx_conform_t *conform, const cx_conform_check_t *check)
{
    const char *unmet;

    if ((check->needs & CX_CONFORM_NEEDS_TABLE) && !conform->ops) {
        return CX_FAIL(CX_INVALID, "nothing to check: %s", conform->why_not);
    }
    if (check->needs & CX_CONFORM_NEEDS_BACKEND) {
        CX_TRY(cx_conform_probe(conform));
        if (!conform->can_run) {
            return CX_FAIL(CX_UNSUPPORTED, "it cannot run here: %s", conform->why_not);
        }
    }
    unmet = unmet_need(conform, check->needs);
    if (unmet) {
        return cx_conform_skip(conform, "%s", unmet);
    }
    (void)cx_rank_context_phase(conform->context, check->slug);
    return check->run(conform);
}

static cx_status_t report(const cx_conform_t *conform, size_t index, cx_status_t status)
{
    cx_conform_outcome_t outcome = CX_CONFORM_OK;
    const char          *reason  = "";

    if (status != CX_OK) {
        outcome = CX_CONFORM_FAILED;
        reason  = cx_detail()->text[0] ? cx_detail()->text : cx_status_text(status);
    } else if (conform->skipped[0]) {
        outcome = CX_CONFORM_NOT_APPLICABLE;
        reason  = conform->skipped;
    }
    return cx_wire_send_event(conform->context->channel_fd,
                              json_pack("{sI,si,ss%,sI}", "index", (json_int_t)index, "outcome",
                                        (int)outcome, "reason", reason, strlen(reason), "sessions",
                                        (json_int_t)conform->session_count));
}

/* A check after which the ranks can go on together, or else the failure that ends them. */
static cx_status_t conclude(cx_conform_t *conform, size_t index)
{
    const cx_conform_check_t *check = &cx_conform_checks[index];
    cx_status_t               status;

    cx_detail_clear();
    conform->skipped[0]    = '\0';
    conform->session_count = 0;
    atomic_store(&conform->context->own->case_index, (int64_t)index);
    status = run_check(conform, check);
    if (!check->ends_ranks && !cx_conform_is_out_of_step(status)) {
        status = cx_agree(conform->context, status);
    }
    if (cx_conform_is_out_of_step(status)) {
        return status;
    }
    return report(conform, index, status);
}

static cx_status_t run_checks(cx_conform_t *conform, size_t first_index)
{
    for (size_t i = first_index; cx_conform_checks[i].slug; i++) {
        CX_TRY(conclude(conform, i));
        if (cx_conform_checks[i].ends_ranks) {
            return CX_OK;
        }
    }
    return CX_OK;
}

static cx_status_t live(cx_conform_t *conform, const json_t *document)
{
    double timeout_us = json_number_value(json_object_get(document, "timeout_us"));
    size_t first      = (size_t)json_integer_value(json_object_get(document, "first_index"));

    conform->backend  = json_string_value(json_object_get(document, "backend"));
    conform->device   = json_string_value(json_object_get(document, "device"));
    conform->settings = json_object_get(document, "options");
    if (!conform->backend || !conform->device || !conform->settings) {
        return CX_FAIL(CX_INTERNAL, "the request of a rank process is not whole");
    }
    CX_TRY(cx_rank_context_open(conform->context, MEETING_TIMEOUT_NS));
    conform->context->timeout_ns = (int64_t)(timeout_us * 1e3);
    cx_bench_init(&conform->bench, conform->context);
    cx_conform_load(conform);
    return run_checks(conform, first);
}

int cx_rank_conform_main(void)
{
    static cx_rank_context_t context; /* waiting loops may look at it until the very end */
    static cx_conform_t      conform;
    json_t                  *document;
    cx_status_t              status;

    /* The supervisor decides when to stop; a Ctrl-C goes to the whole group. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    conform.context = &context;
    cx_arena_init(&conform.arena);
    status = read_document(&document);
    if (status == CX_OK) {
        status = live(&conform, document);
    }
    if (status != CX_OK && context.own) {
        cx_rank_context_give_up(&context, status);
    } else if (status != CX_OK) {
        cx_log(CX_LOG_ERROR, "rank", "%s", cx_detail()->text);
    }
    cx_rank_context_close(&context);
    cx_arena_fini(&conform.arena);
    json_decref(document);
    return status == CX_OK ? 0 : 1;
}
