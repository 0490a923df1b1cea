/* SPDX-License-Identifier: Apache-2.0 */
/* One start of a program as a case: before, while it runs, and its record. */
#include "run/external.h"

#include "base/deadline.h"
#include "family/collective/layout.h"
#include "launch/command.h"
#include "launch/mpirun.h"
#include "launch/places.h"
#include "model/ladder.h"
#include "run/external_capture.h"
#include "run/external_reading.h"
#include "run/import.h"
#include "run/nccltests.h"
#include "run/run_case.h"
#include "store/case_json.h"
#include "store/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_BYTES_MAX ((size_t)7 << 20)
#define WORDS_BYTES_MAX 200 /* of the program's own in a detail */

const cx_external_t *const cx_externals[] = {&cx_nccltests, NULL};

/* A case under way. */
typedef struct outing {
    const cx_supervision_t *supervision;
    const cx_external_t    *external;
    const cx_case_t        *one;
    cx_arena_t              arena;
    cx_assembly_t           assembly;
    cx_external_command_t   command;
    bool                    is_interrupted;
} outing_t;

const cx_external_t *cx_external_find(const char *name)
{
    for (const cx_external_t *const *at = cx_externals; *at; at++) {
        if (strcmp((*at)->name, name) == 0) {
            return *at;
        }
    }
    return NULL;
}

/* ---- before ---------------------------------------------------------------------------------- */

static cx_status_t check_case(const cx_external_t *external, const cx_case_t *one,
                              int32_t rank_count)
{
    cx_shape_t  shape = cx_case_shape(one);
    cx_arena_t  arena;
    cx_status_t status;

    cx_arena_init(&arena);
    status = external->check(one, &arena);
    cx_arena_fini(&arena);
    return status == CX_OK && one->family == CX_FAMILY_COLLECTIVE
               ? cx_collective_check_shape(&shape, rank_count)
               : status;
}

cx_status_t cx_external_precheck(const cx_plan_t *plan, const cx_rank_layout_t *layout)
{
    for (size_t i = 0; i < plan->case_count; i++) {
        const cx_case_t     *one      = &plan->cases[i];
        const cx_external_t *external = cx_external_find(one->backend);

        if (!external) {
            continue;
        }
        if (layout->local_rank_count != layout->rank_count ||
            cx_mpirun_is_needed(plan, "none", layout->rank_count)) {
            return CX_FAIL(CX_INVALID,
                           "backend %s starts its ranks itself, on this host; run it without a "
                           "launcher, --nodes and backend mpi",
                           external->name);
        }
        CX_TRY(check_case(external, one, layout->rank_count));
    }
    return CX_OK;
}

cx_status_t cx_external_split(cx_plan_t *plan, cx_arena_t *arena, cx_plan_t *out)
{
    size_t count = plan->case_count;

    *out            = *plan;
    out->case_count = 0;
    out->cases      = cx_arena_grab(arena, (count + 1) * sizeof *out->cases);
    if (!out->cases) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the cases of programs");
    }
    plan->case_count = 0;
    for (size_t i = 0; i < count; i++) {
        cx_case_t  one   = plan->cases[i];
        cx_plan_t *whose = cx_external_find(one.backend) ? out : plan;

        whose->cases[whose->case_count++] = one;
    }
    return CX_OK;
}

/* ---- the record ------------------------------------------------------------------------------ */

static bool is_heeded(const cx_external_t *external, const cx_option_t *row)
{
    const char *const *name = external->heeded;

    while (*name && strcmp(*name, row->name) != 0) {
        name++;
    }
    return *name != NULL;
}

/* As asked for; but what nobody asked for and the program never heard of is not known. */
static json_t *case_of(const outing_t *outing)
{
    const cx_case_t *one = outing->one;
    json_t          *out = cx_case_to_json(one);

    for (const cx_option_t *row = cx_case_options; out && row->name; row++) {
        char    key[64];
        json_t *option = json_object_get(out, cx_option_key(row, key, sizeof key));

        if (cx_case_option_applies(one, row) && !is_heeded(outing->external, row) &&
            one->origins[row - cx_case_options] == CX_ORIGIN_DEFAULT) {
            json_object_set_new(option, "value", json_null());
            json_object_set_new(option, "origin", json_string("imported"));
        }
    }
    return out;
}

/* Names of options that were asked for and did not reach the program, separated by commas. */
static const char *unheeded_of(outing_t *outing)
{
    const cx_case_t *one  = outing->one;
    const char      *list = "";

    for (const cx_option_t *row = cx_case_options; list && row->name; row++) {
        if (cx_case_option_applies(one, row) && !is_heeded(outing->external, row) &&
            one->origins[row - cx_case_options] != CX_ORIGIN_DEFAULT) {
            list = cx_arena_format(&outing->arena, "%s%s%s", list, list[0] ? "," : "", row->name);
        }
    }
    return list ? list : "";
}

static json_t *tool_of(const outing_t *outing, const char *ending)
{
    json_t *command = json_array();

    for (const char *const *word = outing->command.argv; word && *word; word++) {
        json_array_append_new(command, json_string(*word));
    }
    return json_pack("{ss,so,ss}", "program", outing->command.program, "command", command, "ending",
                     ending);
}

static json_t *source_of(const outing_t *outing, const cx_external_capture_t *capture,
                         const cx_external_outcome_t *outcome)
{
    const char *tool = outcome->tool ? outcome->tool : outing->external->name;

    return json_pack("{ss,ss?,ss,ss}", "tool", tool, "version",
                     outcome->version && outcome->version[0] ? outcome->version : NULL, "file",
                     capture->file, "file_blake2b", capture->digest);
}

static cx_status_t add_event(outing_t *outing, json_t *event)
{
    if (!event) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a record");
    }
    cx_assembly_event(&outing->assembly, event);
    json_decref(event);
    return CX_OK;
}

/* `source`, `tool` are taken over; environment is borrowed and may be NULL. */
static cx_status_t add_start(outing_t *outing, json_t *source, json_t *tool,
                             const json_t *environment, double busbw_factor)
{
    json_t     *factors = environment ? json_copy((json_t *)(uintptr_t)environment) : json_object();
    const char *unheeded = unheeded_of(outing);

    if (unheeded[0]) {
        json_object_set_new(factors, "options_without_effect", json_string(unheeded));
    }
    return add_event(outing,
                     json_pack("{ss,so,sn,s{so,so,so,so}}", "event", "case_start", "environment",
                               factors, "harness", "taken_by", "source", source, "tool", tool,
                               "definition", cx_import_definition(busbw_factor), "case",
                               case_of(outing)));
}

static cx_status_t add_row(outing_t *outing, const cx_row_t *row, double busbw_factor)
{
    const cx_observer_t *observer = outing->supervision->observer;
    json_t              *factor =
        busbw_factor == busbw_factor ? json_real(busbw_factor) : json_null(); /* NAN is not JSON */
    json_t     *document = cx_fields_to_json(cx_row_fields, row);
    cx_status_t status   = add_event(
          outing, json_pack("{ss,so,sO}", "event", "row", "busbw_factor", factor, "row", document));

    if (status == CX_OK && observer->row_measured) {
        observer->row_measured(observer->context, outing->one, outing->supervision->launch_index,
                               document);
    }
    json_decref(document);
    return status;
}

static cx_status_t add_outcome(outing_t *outing, const cx_external_outcome_t *outcome)
{
    json_t *one;
    size_t  index;

    for (int32_t i = 0; i < outcome->row_count; i++) {
        CX_TRY(add_row(outing, &outcome->rows[i], outcome->busbw_factor));
    }
    json_array_foreach(outcome->left_out, index, one)
    {
        CX_TRY(add_event(outing, json_pack("{ss,sO,sO}", "event", "left_out", "requested_bytes",
                                           json_object_get(one, "requested_bytes"), "reason",
                                           json_object_get(one, "reason"))));
    }
    return CX_OK;
}

/* ---- while it runs --------------------------------------------------------------------------- */

/* Once to start, and once per size. */
static int64_t timeout_ns(const cx_case_t *one)
{
    cx_ladder_t ladder = {.rung_count = 0};

    (void)cx_ladder_parse(one->sizes, "sizes", &ladder);
    return (int64_t)(one->timeout_us * 1e3) * (ladder.rung_count + 1);
}

/* The last line somebody wrote, for want of better words. */
static const char *last_words(outing_t *outing, const cx_command_result_t *result)
{
    const char *texts[] = {result->errors, result->output};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t end = strlen(texts[i]), start;
        char   words[WORDS_BYTES_MAX];
        char  *copy;

        while (end > 0 && strchr(" \t\r\n#", texts[i][end - 1])) {
            end--;
        }
        for (start = end; start > 0 && texts[i][start - 1] != '\n';) {
            start--;
        }
        copy = cx_arena_format(&outing->arena, "%.*s", (int)(end - start), texts[i] + start);
        if (end > 0 && copy) {
            return cx_arena_format(&outing->arena, ": %s",
                                   cx_text_printable(copy, words, sizeof words));
        }
    }
    return "";
}

/* How it ended as a status, and in words; those are also kept when it ended well. */
static cx_status_t ending_of(outing_t *outing, const cx_command_result_t *result, const char **text)
{
    const char *program = outing->command.program;
    cx_arena_t *arena   = &outing->arena;
    char        exit_text[128];

    switch (result->end) {
    case CX_COMMAND_TIMED_OUT:
        *text = cx_arena_format(arena, "%s did not end within %lld s, and was killed", program,
                                (long long)(timeout_ns(outing->one) / CX_NS_PER_S));
        return CX_TIMEOUT;
    case CX_COMMAND_FLOODED:
        *text = cx_arena_format(arena, "%s printed more than %zu MiB, and was killed", program,
                                OUTPUT_BYTES_MAX >> 20);
        return CX_BACKEND;
    default:
        (void)cx_launch_describe_exit(result->exit_status, exit_text, sizeof exit_text);
        *text = cx_arena_format(arena, "%s %s%s", program, exit_text,
                                result->exit_status ? last_words(outing, result) : "");
        return result->exit_status ? CX_BACKEND : CX_OK;
    }
}

/* What it left is kept, read and judged. */
static cx_status_t read_result(outing_t *outing, const cx_command_result_t *result)
{
    const cx_supervision_t    *supervision = outing->supervision;
    const char                *ending      = NULL;
    cx_status_t                end         = ending_of(outing, result, &ending);
    cx_external_capture_t      capture;
    cx_external_outcome_t      outcome;
    cx_external_reading_t      reading;
    const cx_capture_request_t request = {
        .result      = result,
        .file        = outing->command.file,
        .folder      = supervision->directory,
        .name        = cx_record_name(outing->one, supervision->launch_index, &outing->arena),
        .is_redacted = supervision->is_redacted};
    cx_status_t status;

    CX_TRY(cx_external_capture(&request, &outing->arena, &capture));
    if (end == CX_OK && outing->command.file && !capture.is_file) {
        end    = CX_INVALID;
        ending = cx_arena_format(&outing->arena, "%s left no whole JSON in the file of -J",
                                 outing->command.program);
    }
    reading = (cx_external_reading_t){.external   = outing->external,
                                      .one        = outing->one,
                                      .rank_count = supervision->launch.rank_count,
                                      .name       = outing->command.program,
                                      .bytes      = capture.bytes,
                                      .byte_count = capture.byte_count,
                                      .end        = end,
                                      .end_text   = ending};
    CX_TRY(cx_external_read(&reading, &outing->arena, &outcome));
    status = add_start(outing, source_of(outing, &capture, &outcome), tool_of(outing, ending),
                       outcome.environment, outcome.busbw_factor);
    if (status == CX_OK) {
        status = add_outcome(outing, &outcome);
    }
    if (status == CX_OK && outcome.status != CX_OK) {
        status = CX_FAIL(outcome.status, "%s", outcome.detail);
    }
    cx_external_outcome_fini(&outcome);
    return status;
}

static cx_status_t run_command(outing_t *outing)
{
    const cx_supervision_t *supervision = outing->supervision;
    const cx_command_t      command     = {.argv             = outing->command.argv,
                                           .timeout_ns       = timeout_ns(outing->one),
                                           .grace_ns         = (int64_t)(supervision->grace_s * 1e9),
                                           .output_bytes_max = OUTPUT_BYTES_MAX,
                                           .interrupts       = supervision->interrupts};
    cx_command_result_t     result;
    cx_status_t             status;

    CX_TRY(cx_command_run(&command, &result));
    if (result.end == CX_COMMAND_INTERRUPTED) {
        outing->is_interrupted = true;
        status                 = CX_FAIL(CX_INVALID, CX_INTERRUPTED_TEXT);
    } else {
        status = read_result(outing, &result);
    }
    cx_command_fini(&result);
    return status;
}

/* The status of the case, and its words as the detail. */
static cx_status_t attempt(outing_t *outing)
{
    const char *folder; /* lives as long as the program */
    cx_status_t status;

    CX_TRY(cx_places_make_temporary(&outing->arena, &folder));
    status = outing->external->command(outing->one, outing->supervision->launch.rank_count, folder,
                                       &outing->arena, &outing->command);
    if (status == CX_OK) {
        status = run_command(outing);
    }
    if (outing->command.file) {
        (void)unlink(outing->command.file);
    }
    (void)rmdir(folder);
    return status;
}

static cx_status_t close_case(outing_t *outing, const cx_ending_t *ending)
{
    const cx_supervision_t *supervision = outing->supervision;
    const cx_observer_t    *observer    = supervision->observer;
    json_t                 *record      = NULL;
    cx_status_t             status;

    if (!outing->assembly.taken_by) { /* it never came to a program */
        CX_TRY(add_start(outing, json_null(), json_null(), NULL, (double)NAN));
    }
    status = cx_assembly_finish(&outing->assembly, ending, supervision->directory,
                                supervision->is_redacted, &record);
    if (record) {
        json_array_append(supervision->records, record);
        if (observer->case_ended) {
            observer->case_ended(observer->context, outing->one, supervision->launch_index, record);
        }
        json_decref(record);
    }
    return status;
}

static cx_status_t run_case(outing_t *outing)
{
    const cx_observer_t *observer = outing->supervision->observer;
    cx_ending_t          ending   = {.status = CX_OK};

    if (observer->case_started) {
        observer->case_started(observer->context, outing->one, outing->supervision->launch_index);
    }
    cx_detail_clear();
    ending.status = attempt(outing);
    if (outing->is_interrupted) {
        return CX_INVALID;
    }
    ending.detail =
        ending.status == CX_OK ? NULL : cx_arena_text(&outing->arena, cx_detail()->text);
    cx_detail_clear();
    return close_case(outing, &ending);
}

cx_status_t cx_external_run(const cx_supervision_t *supervision, const cx_plan_t *plan)
{
    for (size_t i = 0; i < plan->case_count; i++) {
        outing_t    outing = {.supervision = supervision,
                              .external    = cx_external_find(plan->cases[i].backend),
                              .one         = &plan->cases[i]};
        cx_status_t status;

        if (*supervision->interrupts > 0) {
            return CX_FAIL(CX_INVALID, CX_INTERRUPTED_TEXT);
        }
        cx_arena_init(&outing.arena);
        cx_assembly_init(&outing.assembly, supervision->facts, outing.one,
                         supervision->launch_index);
        status = run_case(&outing);
        cx_assembly_fini(&outing.assembly);
        cx_arena_fini(&outing.arena);
        CX_TRY(status);
    }
    return CX_OK;
}
