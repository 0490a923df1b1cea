/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex workload`: an expert-parallel workload, shown or written, and nothing run. */
#include "base/file.h"
#include "cli/commands.h"
#include "cli/workload_forms.h"
#include "run/catalog.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_SHAPE "deepseek-v3"
#define ROW_COUNT_MAX 64

typedef struct options {
    const char      *shape, *output;
    int64_t          rank;
    int32_t          what, format;
    cx_ep_workload_t workload;
} options_t;

static const cx_option_t own_rows[] = {
    CX_OPTION_TEXT(options_t, shape, "shape", CX_OPTION_FREE, false, "",
                   "Model of the registry, or a file; else --hidden, --topk and --experts. Without "
                   "any: " DEFAULT_SHAPE "."),
    CX_OPTION_ENUM(options_t, what, "what", CX_OPTION_FREE, "routing", cx_workload_what_slugs,
                   "What to show."),
    CX_OPTION_ENUM(options_t, format, "format", CX_OPTION_FREE, "json", cx_workload_form_slugs,
                   "How; trace is the file that --routing trace reads."),
    CX_OPTION_INT(options_t, rank, "rank", CX_OPTION_FREE, "-1", -1, CX_EP_RANK_COUNT_MAX,
                  "Only the tokens of this rank; -1: of all."),
    CX_OPTION_TEXT(options_t, output, "output", CX_OPTION_FREE, false, "",
                   "File to write instead of stdout (-o)."),
    CX_OPTION_END,
};
static const cx_short_flag_t short_flags[] = {{'o', "output"}, {0, NULL}};

/* One table for the parser: our rows, then the workload's, which lie further in. */
static void join_rows(cx_option_t *rows)
{
    size_t count = 0;

    for (const cx_option_t *row = own_rows; row->name; row++) {
        rows[count++] = *row;
    }
    for (const cx_option_t *row = cx_ep_workload_options; row->name; row++) {
        rows[count] = *row;
        rows[count++].offset += offsetof(options_t, workload);
    }
    rows[count] = (cx_option_t)CX_OPTION_END;
}

/* hidden, topk and experts, from the shape or all three by hand. */
static cx_status_t apply_shape(options_t *options, cx_arena_t *arena, cx_ep_shape_t *shape,
                               bool *has_shape)
{
    cx_ep_workload_t *workload = &options->workload;
    const int         given =
        (workload->hidden_elems > 0) + (workload->topk > 0) + (workload->expert_count > 0);
    const char *folder;

    if (options->shape[0] && given > 0) {
        return CX_FAIL(CX_INVALID, "command line: give --shape, or --hidden, --topk and --experts, "
                                   "but not both");
    }
    if (given > 0 && given < 3) {
        return CX_FAIL(CX_INVALID, "command line: --hidden, --topk and --experts go together");
    }
    *has_shape = given == 0;
    if (given == 3) {
        return CX_OK;
    }
    folder = cx_arena_format(arena, "%s/shapes", cx_registry_folder(arena));
    if (!folder) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a path");
    }
    CX_TRY(
        cx_ep_shape_read(folder, options->shape[0] ? options->shape : DEFAULT_SHAPE, arena, shape));
    workload->hidden_elems = shape->hidden_elems;
    workload->topk         = shape->topk;
    workload->expert_count = shape->expert_count;
    return CX_OK;
}

/* Data to a file with its digest on stdout, or data on stdout with its digest beside it. */
static cx_status_t hand_out(const options_t *options, const cx_ep_work_t *work, const char *bytes,
                            size_t byte_count)
{
    if (options->output[0]) {
        CX_TRY(cx_file_write(options->output, bytes, byte_count));
        (void)printf("%s: %lld tokens, digest %s\n", options->output,
                     (long long)work->trace.token_count, work->digest);
        return CX_OK;
    }
    if (fwrite(bytes, 1, byte_count, stdout) != byte_count || fflush(stdout) != 0) {
        return CX_FAIL(CX_RESOURCE, "stdout does not take the workload");
    }
    (void)fprintf(stderr, "digest %s\n", work->digest);
    return CX_OK;
}

static cx_status_t show(const cx_grammar_t *grammar, const cx_arguments_t *arguments,
                        cx_arena_t *arena, int *code_in_out)
{
    options_t            *options = grammar->object;
    cx_ep_shape_t         shape;
    cx_workload_request_t request = {.what = (cx_workload_what_t)options->what,
                                     .form = (cx_workload_form_t)options->format,
                                     .rank = options->rank};
    cx_ep_work_t          work;
    const char           *bytes;
    size_t                byte_count;
    bool                  has_shape;

    (void)arguments;
    (void)code_in_out;
    CX_TRY(apply_shape(options, arena, &shape, &has_shape));
    request.shape = has_shape ? &shape : NULL;
    CX_TRY(cx_ep_work_build(&options->workload, arena, &work));
    CX_TRY(cx_workload_form(&request, &work, arena, &bytes, &byte_count));
    return hand_out(options, &work, bytes, byte_count);
}

int cx_cmd_workload(int argc, char **argv)
{
    static const cx_option_t *const tables[] = {own_rows, cx_ep_workload_options, NULL};
    cx_option_t                     rows[ROW_COUNT_MAX];
    options_t                       options;
    const cx_grammar_t              grammar = {.command     = "workload",
                                               .rows        = rows,
                                               .object      = &options,
                                               .short_flags = short_flags,
                                               .help_tables = tables};

    join_rows(rows);
    return cx_grammar_serve(&grammar, argc, argv, show);
}
