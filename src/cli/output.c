/* SPDX-License-Identifier: Apache-2.0 */
/* A result on stdout. */
#include "cli/output.h"

#include "cli/forms.h"
#include "cli/result_table.h"
#include "cli/style.h"
#include "store/record.h"

#include <stdio.h>
#include <string.h>

const cx_option_t cx_output_options[] = {
    CX_OPTION_ENUM(cx_output_t, format, "format", CX_OPTION_FREE, "table", cx_format_slugs,
                   "What stdout gets."),
    CX_STYLE_OPTIONS(cx_output_t, style),
    CX_OPTION_BOOL(cx_output_t, is_verbose, "verbose", CX_OPTION_FREE, "false",
                   "Every row of every case (-v)."),
    CX_OPTION_END,
};

const cx_short_flag_t cx_output_short_flags[] = {{'v', "verbose"}, {0, NULL}};

void cx_output_describe(cx_result_set_t *set, cx_arena_t *arena)
{
    const json_t *first      = json_array_get(set->records, 0);
    const json_t *provenance = json_object_get(first, "provenance");
    const char   *suite      = cx_record_text(first, "identity", "suite");
    const char   *model      = cx_record_text(provenance, "cpu", "model");
    const char   *ranks      = cx_record_text(first, "environment", "rank_count");
    const char   *version    = cx_record_text(first, "program", "version");
    const char   *git        = cx_record_text(first, "program", "git");

    if (!set->title) {
        set->title = suite;
    }
    set->started_utc = cx_record_text(first, "time", "started_utc");
    set->machine =
        cx_arena_format(arena, "%s, %s rank%s", model ? model : "unknown machine",
                        ranks ? ranks : "?", ranks && strcmp(ranks, "1") == 0 ? "" : "s");
    set->program =
        cx_arena_format(arena, "collectivex %s (%s)", version ? version : "?", git ? git : "?");
}

static void print_json(const cx_result_set_t *set)
{
    json_t *document = cx_form_result(set);

    (void)json_dumpf(document, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    (void)printf("\n");
    json_decref(document);
}

void cx_output_print(const cx_output_t *output, cx_result_set_t *set)
{
    cx_style_t style;

    set->is_verbose = output->is_verbose;
    switch (output->format) {
    case CX_FORM_JSON:
        print_json(set);
        break;
    case CX_FORM_CSV:
        cx_form_print_csv(stdout, set->records);
        break;
    case CX_FORM_MD:
        cx_result_print_markdown(stdout, set);
        break;
    case CX_FORM_TABLE:
        cx_style_init(&style, stdout, &output->style);
        cx_result_print(stdout, &style, set);
        break;
    default:
        break;
    }
}
