/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex check`: the gate, for people and for CI. */
#include "cli/arguments.h"
#include "cli/commands.h"
#include "run/check.h"

#include <stdio.h>

typedef struct check_result {
    int64_t error_count, outcome_count;
} check_result_t;

static void print_report(const char *folder, const cx_check_report_t *report,
                         check_result_t *result)
{
    for (int64_t i = 0; i < report->finding_count; i++) {
        const cx_check_finding_t *finding  = &report->findings[i];
        bool                      is_error = cx_check_severity(finding->kind) == CX_SEVERITY_ERROR;

        result->error_count += is_error;
        result->outcome_count += !is_error;
        (void)printf("%s %s: %s: %s\n", is_error ? "error  " : "outcome", finding->file,
                     cx_check_slug(finding->kind), finding->text);
    }
    if (report->total_count > report->finding_count) {
        (void)printf("and %lld more\n", (long long)(report->total_count - report->finding_count));
    }
    (void)printf("%s: %lld cases planned, %lld records checked, %lld findings%s\n", folder,
                 (long long)report->case_count, (long long)report->record_count,
                 (long long)report->total_count,
                 report->total_count == 0 ? ": complete, unchanged, all ok" : "");
}

static cx_status_t check(int argc, char **argv, cx_arena_t *arena, check_result_t *result)
{
    static const cx_option_t none[]  = {CX_OPTION_END};
    cx_grammar_t             grammar = {.command        = "check",
                                        .rows           = none,
                                        .object         = &grammar,
                                        .word_count_min = 1,
                                        .word_count_max = 1};
    cx_arguments_t           arguments;
    cx_check_report_t        report;

    CX_TRY(cx_arguments_read(&grammar, argc, argv, arena, &arguments));
    if (arguments.wants_help) {
        cx_print_help("check", NULL);
        return CX_OK;
    }
    CX_TRY(cx_check_directory(arguments.words[0], &report));
    print_report(arguments.words[0], &report, result);
    cx_check_fini(&report);
    return CX_OK;
}

int cx_cmd_check(int argc, char **argv)
{
    cx_arena_t     arena;
    check_result_t result = {0, 0};
    cx_status_t    status;

    cx_arena_init(&arena);
    status = check(argc, argv, &arena, &result);
    cx_arena_fini(&arena);
    if (status != CX_OK) {
        return cx_complain((int)status);
    }
    return result.error_count + result.outcome_count == 0 ? CX_EXIT_OK : CX_EXIT_NOT_OK;
}
