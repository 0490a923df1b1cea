/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex check`: the gate, for people and for CI. */
#include "cli/commands.h"
#include "run/check.h"

#include <stdio.h>

/* Whether all was as it should be. */
static bool print_report(const char *folder, const cx_check_report_t *report)
{
    for (int64_t i = 0; i < report->finding_count; i++) {
        const cx_check_finding_t *finding  = &report->findings[i];
        bool                      is_error = cx_check_severity(finding->kind) == CX_SEVERITY_ERROR;

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
    return report->total_count == 0;
}

static cx_status_t check(const cx_grammar_t *grammar, const cx_arguments_t *arguments,
                         cx_arena_t *arena, int *code_in_out)
{
    cx_check_report_t report;

    (void)grammar;
    (void)arena;
    CX_TRY(cx_check_directory(arguments->words[0], &report));
    if (!print_report(arguments->words[0], &report)) {
        *code_in_out = CX_EXIT_NOT_OK;
    }
    cx_check_fini(&report);
    return CX_OK;
}

int cx_cmd_check(int argc, char **argv)
{
    static const cx_grammar_t grammar = {
        .command = "check", .word_count_min = 1, .word_count_max = 1};

    return cx_grammar_serve(&grammar, argc, argv, check);
}
