/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of `run` and `plan`. */
#include "cli/request.h"

#include "cli/style.h"
#include "peers/address.h"
#include "run/catalog.h"
#include "run/precheck.h"

#include <string.h>

#define RANK_COUNT_MIN 2

static const cx_short_flag_t short_flags[] = {
    {'n', "ranks"}, {'o', "output"}, {'q', "quiet"}, {'v', "verbose"}, {0, NULL}};

static cx_status_t auto_choice(void *context, cx_family_t family, cx_plan_choice_t *in_out)
{
    cx_request_t *request = context;

    return cx_catalog_choose(request->layout.host_rank_count, family, &request->arena, in_out);
}

static cx_status_t expand(cx_request_t *request)
{
    cx_plan_request_t plan_request = {.overrides      = request->arguments.settings,
                                      .override_count = request->arguments.setting_count,
                                      .auto_choice    = auto_choice,
                                      .backend_rows   = cx_catalog_backend_rows,
                                      .check_device   = cx_catalog_check_device,
                                      .shape_numbers  = cx_catalog_shape,
                                      .context        = request};
    cx_node_t        *suite        = NULL;

    if (request->arguments.word_count > 0) {
        CX_TRY(
            cx_suite_path(request->arguments.words[0], &request->arena, &plan_request.suite_path));
        CX_TRY(cx_document_read(plan_request.suite_path, &request->arena, &suite));
        plan_request.suite = suite;
    }
    CX_TRY(cx_plan_expand(&plan_request, &request->arena, &request->plan));
    return cx_precheck(&request->plan, &request->layout);
}

/* What the command line or the environment says; "auto" where neither does. */
static const char *find_setting(const cx_arguments_t *arguments, const char *name)
{
    const char *text = "auto";

    for (size_t i = 0; i < arguments->setting_count; i++) {
        text = strcmp(arguments->settings[i].name, name) == 0 ? arguments->settings[i].text : text;
    }
    return text;
}

/* Where nobody says how many ranks, and all goes to accelerators: one for each of them. What cannot
 * be chosen is refused by the plan, in its own words. */
static cx_status_t plan_ranks(cx_request_t *request)
{
    cx_run_options_t options = request->options;
    cx_plan_choice_t choice  = {find_setting(&request->arguments, "backend"),
                                find_setting(&request->arguments, "device")};

    if (options.ranks == 0 && strcmp(request->env.launcher, "none") == 0 &&
        cx_catalog_choose(RANK_COUNT_MIN, CX_FAMILY_COLLECTIVE, &request->arena, &choice) ==
            CX_OK) {
        options.ranks = cx_catalog_accelerator_count(choice.device);
    }
    cx_detail_clear();
    return cx_rank_layout(&options, &request->env, &request->arena, &request->layout);
}

/* Ranks would find out, too, but after they were started. */
static cx_status_t check_rendezvous(const cx_request_t *request)
{
    const char  *place = request->options.rendezvous;
    cx_address_t address;

    if (place[0] && cx_address_parse(request->layout.address, &address) != CX_OK) {
        cx_detail_clear();
        return CX_FAIL(CX_INVALID,
                       "command line: rendezvous: expected HOST:PORT, such as a:24000, got \"%s\"",
                       place);
    }
    return CX_OK;
}

static cx_status_t read_all(const char *command, int argc, char **argv, cx_request_t *request)
{
    cx_style_request_t *style   = &request->options.shown.style;
    cx_grammar_t        grammar = {.command        = command,
                                   .rows           = cx_run_options,
                                   .object         = &request->options,
                                   .short_flags    = short_flags,
                                   .takes_settings = true,
                                   .word_count_max = 1};

    CX_TRY(cx_arguments_read(&grammar, argc, argv, &request->arena, &request->arguments));
    if (request->arguments.wants_help) {
        return CX_OK;
    }
    CX_TRY(cx_env_detect(&request->env));
    /* The terminal that a launcher gives its ranks may end in a file. */
    if (strcmp(request->env.launcher, "none") != 0 && style->color == CX_COLOR_AUTO) {
        style->color = CX_COLOR_NEVER;
    }
    CX_TRY(plan_ranks(request));
    CX_TRY(check_rendezvous(request));
    return expand(request);
}

cx_status_t cx_request_read(const char *command, int argc, char **argv, cx_request_t *request)
{
    cx_status_t status;

    memset(request, 0, sizeof *request);
    cx_arena_init(&request->arena);
    status = read_all(command, argc, argv, request);
    if (status != CX_OK) {
        cx_request_fini(request);
    }
    return status;
}

void cx_request_fini(cx_request_t *request)
{
    cx_arena_fini(&request->arena);
}
