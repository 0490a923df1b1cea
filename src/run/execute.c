/* SPDX-License-Identifier: Apache-2.0 */
/* Launches, restarts, resuming. */
#include "run/execute.h"

#include "base/deadline.h"
#include "base/file.h"
#include "base/program.h"
#include "launch/audit.h"
#include "launch/local.h"
#include "measure/order.h"
#include "run/external.h"
#include "run/machine.h"
#include "run/plan_text.h"
#include "store/record.h"

#include <stdlib.h>
#include <string.h>

typedef struct execution {
    const cx_run_request_t *request;
    cx_rank_layout_t        layout;
    cx_arena_t              arena;
    cx_run_facts_t          facts;
    json_t                 *provenance, *command; /* owned */
    const char             *audit_path;
    cx_run_result_t        *result;
} execution_t;

static cx_status_t find_audit(execution_t *execution)
{
    if (!execution->request->options->is_audited) {
        return CX_OK;
    }
    execution->audit_path = cx_audit_path(&execution->arena);
    return execution->audit_path
               ? CX_OK
               : CX_FAIL(CX_INVALID, "--audit: cx-audit.so is not installed beside the program");
}

/* ---- resuming -------------------------------------------------------------------------------- */

/* The record of a case and launch, if it is there, valid, ok and of the same case. */
static json_t *kept_record(execution_t *execution, const cx_case_t *one, int64_t launch_index)
{
    const char   *name = cx_record_name(one, launch_index, &execution->arena);
    const char   *path = cx_arena_format(&execution->arena, "%s/records/%s.json",
                                         execution->request->directory, name);
    const json_t *identity;
    json_t       *record;
    const char   *digest, *status;

    if (!path || !cx_file_exists(path) || cx_record_read(path, &record) != CX_OK) {
        cx_detail_clear();
        return NULL;
    }
    identity = json_object_get(record, "identity");
    digest   = json_string_value(json_object_get(identity, "case_digest"));
    status   = json_string_value(json_object_get(record, "status"));
    if (!digest || !status || strcmp(digest, one->digest) != 0 || strcmp(status, "ok") != 0) {
        json_decref(record);
        return NULL;
    }
    return record;
}

/* The cases of one launch in their order, without those that are already there. */
static cx_status_t plan_launch(execution_t *execution, int64_t launch_index, cx_plan_t *out)
{
    const cx_run_request_t *request = execution->request;
    size_t                  count   = request->plan->case_count;
    size_t                 *order   = cx_arena_grab(&execution->arena, count * sizeof *order);

    *out            = *request->plan;
    out->case_count = 0;
    out->cases      = cx_arena_grab(&execution->arena, count * sizeof *out->cases);
    if (!order || !out->cases) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a launch");
    }
    cx_trial_order((uint64_t)request->options->order_seed, launch_index, count, order);
    for (size_t i = 0; i < count; i++) {
        const cx_case_t *one = &request->plan->cases[order[i]];
        json_t          *kept =
            request->options->is_resumed ? kept_record(execution, one, launch_index) : NULL;

        if (kept) {
            json_array_append_new(execution->result->records, kept);
            execution->result->kept_count++;
        } else {
            out->cases[out->case_count++] = *one;
        }
    }
    return CX_OK;
}

/* ---- launches -------------------------------------------------------------------------------- */

static cx_supervision_t supervision_of(const execution_t *execution, const cx_plan_t *plan,
                                       int64_t launch_index, const char *const *argv)
{
    const cx_run_request_t *request = execution->request;
    const cx_rank_layout_t *layout  = &execution->layout;

    return (cx_supervision_t){
        .launch       = {.argv             = argv,
                         .first_rank       = layout->first_rank,
                         .local_rank_count = layout->local_rank_count,
                         .rank_count       = layout->rank_count,
                         .host_first_rank  = layout->host_first_rank,
                         .host_rank_count  = layout->host_rank_count,
                         .address          = layout->address,
                         .token            = layout->token + (uint64_t)launch_index,
                         .plan_fd          = -1,
                         .audit_path       = execution->audit_path},
        .facts        = &execution->facts,
        .plan         = plan,
        .launch_index = launch_index,
        .directory    = request->directory,
        .is_reporter  = execution->result->is_reporter,
        .is_redacted  = request->options->is_redacted,
        .grace_s      = request->options->grace_us / 1e6,
        .observer     = request->observer,
        .interrupts   = request->interrupts,
        .records      = execution->result->records,
    };
}

/* Ranks that were lost are started again for the rest, as long as that leads anywhere. Ranks of a
 * foreign launcher cannot be. */
static cx_status_t run_launch(execution_t *execution, int64_t launch_index, const char *const *argv)
{
    cx_plan_t        plan, programs;
    cx_supervision_t supervision;
    size_t           next = 0;

    CX_TRY(plan_launch(execution, launch_index, &plan));
    CX_TRY(cx_external_split(&plan, &execution->arena, &programs));
    supervision = supervision_of(execution, &plan, launch_index, argv);
    while (next < plan.case_count) {
        size_t      before = next;
        cx_status_t status;

        cx_detail_clear();
        status = cx_supervise(&supervision, &next);
        if (status == CX_OK && !execution->result->is_reporter) {
            return CX_OK;
        }
        if (status != CX_OK && (status != CX_PEER || execution->layout.address || next == before)) {
            return status;
        }
        if (status == CX_OK && next == before) {
            return CX_FAIL(CX_INTERNAL, "the ranks ended before case %zu of %zu", next + 1,
                           plan.case_count);
        }
    }
    return cx_external_run(&supervision, &programs);
}

static void count_results(cx_run_result_t *result)
{
    for (size_t i = 0; i < json_array_size(result->records); i++) {
        const json_t *record = json_array_get(result->records, i);
        const char   *status = json_string_value(json_object_get(record, "status"));
        bool          is_ok  = status && strcmp(status, "ok") == 0;

        result->ok_count += is_ok;
        result->not_ok_count += !is_ok;
    }
}

/* A resumed plan is the one the folder has: the same cases, as often; only free options differ. */
static bool is_same_plan(const json_t *kept, const json_t *wanted)
{
    const json_t *kept_cases   = json_object_get(kept, "cases");
    const json_t *wanted_cases = json_object_get(wanted, "cases");
    bool          is_same =
        json_array_size(kept_cases) == json_array_size(wanted_cases) &&
        json_equal(json_object_get(kept, "launch_count"), json_object_get(wanted, "launch_count"));

    for (size_t i = 0; i < json_array_size(wanted_cases) && is_same; i++) {
        is_same = json_equal(json_object_get(json_array_get(kept_cases, i), "case_digest"),
                             json_object_get(json_array_get(wanted_cases, i), "case_digest"));
    }
    return is_same;
}

static cx_status_t check_plan(const char *path, const json_t *wanted)
{
    json_t *kept;
    bool    is_same;

    CX_TRY(cx_record_read(path, &kept));
    is_same = is_same_plan(kept, wanted);
    json_decref(kept);
    return is_same ? CX_OK
                   : CX_FAIL(CX_INVALID,
                             "--resume: %s is another plan; repeat the command that made it", path);
}

static cx_status_t make_folders(execution_t *execution)
{
    const cx_run_request_t *request = execution->request;
    const char *records = cx_arena_format(&execution->arena, "%s/records", request->directory);
    const char *samples = cx_arena_format(&execution->arena, "%s/samples", request->directory);
    const char *path    = cx_arena_format(&execution->arena, "%s/plan.json", request->directory);
    json_t     *document =
        cx_plan_to_json(request->plan, request->options->launches, request->options->order_seed);
    cx_status_t status;

    if (!records || !samples || !path || !document) {
        json_decref(document);
        return CX_FAIL(CX_RESOURCE, "out of memory for the results' folder");
    }
    if (request->options->is_resumed) {
        CX_TRY_OR(free_document, check_plan(path, document));
    }
    CX_TRY_OR(free_document, cx_folder_make(records));
    CX_TRY_OR(free_document, cx_folder_make(samples));
    CX_TRY_OR(free_document, cx_record_write(path, document));

free_document:
    json_decref(document);
    return status;
}

static cx_status_t run_all(execution_t *execution)
{
    const cx_run_request_t *request = execution->request;
    const char             *program = cx_program_path(&execution->arena);
    const char *const       argv[]  = {program, "__rank", NULL};

    if (!program) {
        return CX_FAIL(CX_RESOURCE, "the program cannot find itself under /proc");
    }
    CX_TRY(cx_rank_layout(request->options, request->env, &execution->arena, &execution->layout));
    CX_TRY(cx_machine_check(request->plan, execution->layout.host_rank_count,
                            request->options->takes_mixed_devices, execution->provenance));
    CX_TRY(find_audit(execution));
    execution->result->is_reporter = execution->layout.first_rank == 0;
    if (execution->result->is_reporter) {
        CX_TRY(make_folders(execution));
    }
    for (int64_t launch = 0; launch < request->options->launches; launch++) {
        CX_TRY(run_launch(execution, launch, argv));
    }
    return CX_OK;
}

static cx_status_t collect_facts(execution_t *execution)
{
    const cx_run_request_t *request = execution->request;

    CX_TRY(cx_machine_describe(request->plan, &execution->arena, &execution->provenance));
    execution->command = json_array();
    for (size_t i = 0; request->command[i]; i++) {
        json_array_append_new(execution->command, json_string(request->command[i]));
    }
    execution->facts = (cx_run_facts_t){.suite        = request->plan->suite,
                                        .launch_count = request->options->launches,
                                        .provenance   = execution->provenance,
                                        .command      = execution->command,
                                        .launcher     = request->env->launcher};
    return CX_OK;
}

cx_status_t cx_run_execute(const cx_run_request_t *request, cx_run_result_t *out)
{
    execution_t execution = {.request = request, .result = out};
    cx_status_t status;

    memset(out, 0, sizeof *out);
    out->records = json_array();
    cx_arena_init(&execution.arena);
    status = collect_facts(&execution);
    if (status == CX_OK) {
        status = run_all(&execution);
    }
    out->is_interrupted = *request->interrupts > 0;
    count_results(out);
    json_decref(execution.provenance);
    json_decref(execution.command);
    cx_arena_fini(&execution.arena);
    return out->is_interrupted && status == CX_INVALID ? CX_OK : status;
}

void cx_run_result_fini(cx_run_result_t *result)
{
    json_decref(result->records);
    result->records = NULL;
}
