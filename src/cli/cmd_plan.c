/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex plan`: what a run would measure. */
#include "cli/commands.h"
#include "cli/forms.h"
#include "cli/request.h"
#include "run/plan_text.h"

#include <stdio.h>
#include <string.h>

static void print_cases(const cx_plan_t *plan)
{
    size_t longest = 0;

    (void)printf("%s: %zu case%s\n", plan->suite, plan->case_count,
                 plan->case_count == 1 ? "" : "s");
    for (size_t i = 0; i < plan->case_count; i++) {
        const size_t length = strlen(plan->cases[i].case_id);

        longest = length > longest ? length : longest;
    }
    for (size_t i = 0; i < plan->case_count; i++) {
        const cx_case_t *one   = &plan->cases[i];
        const bool       is_ep = one->family == CX_FAMILY_EP;

        (void)printf("  %-*s  %s%s\n", (int)longest, one->case_id, is_ep ? "tokens " : "",
                     is_ep ? one->ep.tokens : one->sizes);
    }
}

static int print_json(const cx_request_t *request)
{
    json_t *document =
        cx_plan_to_json(&request->plan, request->options.launches, request->options.order_seed);

    (void)json_dumpf(document, stdout, JSON_INDENT(1));
    (void)printf("\n");
    json_decref(document);
    return CX_EXIT_OK;
}

int cx_cmd_plan(int argc, char **argv)
{
    static const cx_option_t *const tables[] = {cx_case_options, cx_run_options, NULL};
    cx_request_t                    request;
    cx_status_t                     status = cx_request_read("plan", argc, argv, &request);

    if (status != CX_OK) {
        return cx_complain((int)status);
    }
    if (request.arguments.wants_help) {
        cx_print_help("plan", tables);
    } else if (request.options.shown.format == CX_FORM_JSON) {
        (void)print_json(&request);
    } else {
        print_cases(&request.plan);
    }
    cx_request_fini(&request);
    return CX_EXIT_OK;
}
