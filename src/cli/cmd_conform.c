/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex conform`: every promise of the ABI, one line each. */
#include "cli/arguments.h"
#include "cli/commands.h"
#include "launch/mpirun.h"
#include "plugin/plugin.h"
#include "run/conform.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef struct conform_options {
    int64_t     ranks;
    const char *device;
    double      timeout_us;
} conform_options_t;

static const cx_option_t rows[] = {
    CX_OPTION_INT(conform_options_t, ranks, "ranks", CX_OPTION_FREE, "0", 0, 1024,
                  "Rank processes (-n); 0: two, or as many as a launcher has started."),
    CX_OPTION_TEXT(conform_options_t, device, "device", CX_OPTION_FREE, false, "",
                   "Device to work on; empty: the first the backend works on."),
    CX_OPTION_TIME(conform_options_t, timeout_us, "timeout", CX_OPTION_FREE, "10s", 1e4, 3.6e9,
                   "Deadline of each step of a check."),
    CX_OPTION_END,
};

static const cx_short_flag_t short_flags[] = {{'n', "ranks"}, {0, NULL}};

static volatile sig_atomic_t interrupt_count;

static void count_interrupt(int signal_number)
{
    (void)signal_number;
    interrupt_count++;
}

/* Everything a request is made of; what it points at lies in the arena. */
typedef struct conformance {
    cx_arena_t           arena;
    conform_options_t    options;
    cx_arguments_t       arguments;
    cx_launch_env_t      env;
    json_t              *backend_options; /* owned */
    cx_conform_request_t request;
} conformance_t;

/* ---- request --------------------------------------------------------------------------------- */

static cx_status_t add_option(conformance_t *conformance, const cx_backend_ops_t *ops,
                              const cx_setting_t *setting, void *object)
{
    const cx_option_t *row =
        ops && ops->options ? cx_options_find(ops->options, setting->name) : NULL;

    if (!row) {
        return CX_FAIL(CX_INVALID,
                       "command line: neither conform nor backend %s has an option "
                       "--%s; see: collectivex conform --help",
                       conformance->request.backend, setting->name);
    }
    CX_TRY(cx_option_set(row, object, setting->text, setting->place, &conformance->arena));
    json_object_set_new(conformance->backend_options, row->name, json_string(setting->text));
    return CX_OK;
}

/* The environment's variables are those of `run` and mean nothing here. */
static cx_status_t read_backend_options(conformance_t *conformance, const cx_backend_ops_t *ops)
{
    void *object = cx_arena_grab(&conformance->arena, ops ? ops->options_bytes + 1 : 1);

    conformance->backend_options = json_object();
    if (!object || !conformance->backend_options) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the backend's options");
    }
    for (size_t i = 0; i < conformance->arguments.setting_count; i++) {
        const cx_setting_t *setting = &conformance->arguments.settings[i];

        if (setting->origin == CX_ORIGIN_COMMAND) {
            CX_TRY(add_option(conformance, ops, setting, object));
        }
    }
    return CX_OK;
}

/* A plugin that is there and cannot be loaded is an outcome; one that is not there is a mistake. */
static cx_status_t find_backend(conformance_t *conformance)
{
    const char             *name = conformance->arguments.words[0];
    const cx_backend_ops_t *ops  = NULL;
    cx_status_t             status;

    conformance->request.backend = name;
    status                       = cx_backend_load(name, "command line", &ops);
    if (status != CX_OK &&
        (strchr(name, '/') || !cx_plugin_path(CX_PLUGIN_BACKEND, name, &conformance->arena))) {
        return status;
    }
    cx_detail_clear();
    return read_backend_options(conformance, status == CX_OK ? ops : NULL);
}

static cx_status_t find_ranks(conformance_t *conformance)
{
    bool             is_alone;
    cx_run_options_t run_options;

    CX_TRY(cx_env_detect(&conformance->env));
    CX_TRY(cx_options_defaults(cx_run_options, &run_options, &conformance->arena));
    is_alone          = strcmp(conformance->env.launcher, "none") == 0;
    run_options.ranks = conformance->options.ranks;
    if (is_alone && run_options.ranks == 0) {
        run_options.ranks = 2;
    }
    return cx_rank_layout(&run_options, &conformance->env, &conformance->arena,
                          &conformance->request.layout);
}

static cx_status_t read_request(conformance_t *conformance, int argc, char **argv)
{
    cx_grammar_t grammar = {.command        = "conform",
                            .rows           = rows,
                            .object         = &conformance->options,
                            .short_flags    = short_flags,
                            .takes_settings = true,
                            .word_count_min = 1,
                            .word_count_max = 1};

    CX_TRY(cx_arguments_read(&grammar, argc, argv, &conformance->arena, &conformance->arguments));
    if (conformance->arguments.wants_help) {
        return CX_OK;
    }
    CX_TRY(find_backend(conformance));
    CX_TRY(find_ranks(conformance));
    conformance->request.device          = conformance->options.device;
    conformance->request.timeout_us      = conformance->options.timeout_us;
    conformance->request.backend_options = conformance->backend_options;
    conformance->request.interrupts      = &interrupt_count;
    return CX_OK;
}

/* ---- result ---------------------------------------------------------------------------------- */

static void print_check(void *context, const cx_conform_check_t *check,
                        const cx_conform_conclusion_t *conclusion)
{
    static const char *const words[CX_CONFORM_OUTCOME_COUNT] = {[CX_CONFORM_OK]     = "ok",
                                                                [CX_CONFORM_FAILED] = "FAILED",
                                                                [CX_CONFORM_NOT_APPLICABLE] =
                                                                    "not applicable"};

    (void)context;
    (void)printf("%-16s %s: %s", check->slug, words[conclusion->outcome],
                 conclusion->outcome == CX_CONFORM_OK ? check->sentence : conclusion->reason);
    if (conclusion->session_count > 0) {
        (void)printf(" [sessions: %lld, %.1f s]", (long long)conclusion->session_count,
                     conclusion->wall_s);
    }
    (void)putchar('\n');
    (void)fflush(stdout);
}

static void print_harness(const json_t *harness)
{
    size_t  i;
    json_t *field;

    if (!harness) {
        return;
    }
    (void)printf("\nthe harness, measured by itself:\n");
    json_array_foreach((json_t *)(uintptr_t)harness, i, field)
    {
        const json_t *value = json_object_get(field, "value");
        const char   *name, *unit, *help, *judgement;
        char          number[32] = "-";

        if (json_unpack(field, "{ss,ss,ss,ss}", "name", &name, "unit", &unit, "help", &help,
                        "judgement", &judgement) != 0) {
            continue;
        }
        if (json_is_number(value)) {
            (void)snprintf(number, sizeof number, "%.4g", json_number_value(value));
        }
        (void)printf("  %-22s %9s %-6s %s%s%s%s\n", name, number, unit, help,
                     judgement[0] ? " [" : "", judgement, judgement[0] ? "]" : "");
    }
}

static int conform(conformance_t *conformance)
{
    struct sigaction    action      = {.sa_handler = count_interrupt};
    bool                is_reporter = conformance->request.layout.first_rank == 0;
    cx_conform_result_t result;
    cx_status_t         status;

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    conformance->request.concluded = print_check;
    if (is_reporter) {
        (void)printf("conformance of backend %s, %d ranks\n\n", conformance->request.backend,
                     conformance->request.layout.rank_count);
    }
    status = cx_conform_run(&conformance->request, &result);
    if (is_reporter) {
        print_harness(result.harness);
        (void)printf("\n%s: %lld ok, %lld failed, %lld not applicable\n",
                     conformance->request.backend, (long long)result.counts[CX_CONFORM_OK],
                     (long long)result.counts[CX_CONFORM_FAILED],
                     (long long)result.counts[CX_CONFORM_NOT_APPLICABLE]);
    }
    cx_conform_result_fini(&result);
    if (interrupt_count > 0) {
        return CX_EXIT_INTERRUPTED;
    }
    if (status != CX_OK) {
        return cx_complain((int)status);
    }
    return result.counts[CX_CONFORM_FAILED] == 0 ? CX_EXIT_OK : CX_EXIT_NOT_OK;
}

/* MPI must have started the ranks that are to use it. */
static bool needs_mpirun(const conformance_t *conformance)
{
    cx_case_t one  = {.backend = conformance->request.backend};
    cx_plan_t plan = {.cases = &one, .case_count = 1};

    return cx_mpirun_is_needed(&plan, conformance->env.launcher,
                               conformance->request.layout.rank_count);
}

int cx_cmd_conform(int argc, char **argv)
{
    static const cx_option_t *const tables[] = {rows, NULL};
    conformance_t                   conformance;
    cx_status_t                     status;
    int                             code;

    memset(&conformance, 0, sizeof conformance);
    cx_arena_init(&conformance.arena);
    status = read_request(&conformance, argc, argv);
    if (status != CX_OK) {
        code = cx_complain((int)status);
    } else if (conformance.arguments.wants_help) {
        cx_print_help("conform", tables);
        code = CX_EXIT_OK;
    } else if (needs_mpirun(&conformance)) {
        code = cx_complain((int)cx_mpirun_become(conformance.request.layout.rank_count,
                                                 cx_command_line, &conformance.arena));
    } else {
        code = conform(&conformance);
    }
    json_decref(conformance.backend_options);
    cx_arena_fini(&conformance.arena);
    return code;
}
