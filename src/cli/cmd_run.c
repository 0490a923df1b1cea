/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex run`: request, run, result. */
#include "base/file.h"
#include "cli/commands.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "cli/request.h"
#include "cli/result_table.h"
#include "launch/mpirun.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupt_count;

static void count_interrupt(int signal_number)
{
    (void)signal_number;
    interrupt_count++;
}

static void heed_signals(void)
{
    struct sigaction action = {.sa_handler = count_interrupt};

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static const char *output_folder(cx_request_t *request)
{
    char        stamp[32];
    time_t      now = time(NULL);
    struct tm   parts;
    const char *suite = request->arguments.word_count > 0 ? request->plan.suite : "cases";
    const char *folder;

    if (request->options.output[0]) {
        return request->options.output;
    }
    (void)localtime_r(&now, &parts);
    (void)strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
    folder = cx_arena_format(&request->arena, "cx-results/%s-%s", suite, stamp);
    /* The run before may have begun in the same second. */
    for (int i = 2; folder && cx_file_exists(folder) && !request->options.is_resumed; i++) {
        folder = cx_arena_format(&request->arena, "cx-results/%s-%s-%d", suite, stamp, i);
    }
    return folder;
}

/* The nearest folder that is there takes new files. */
static cx_status_t check_place(const char *folder)
{
    char        place[4096];
    struct stat facts;
    int         rc;

    (void)snprintf(place, sizeof place, "%s", folder);
    while ((rc = stat(place, &facts)) != 0 && errno == ENOENT && strcmp(place, ".") != 0) {
        char *slash = strrchr(place, '/');

        if (slash) {
            slash[slash == place] = '\0';
        } else {
            (void)snprintf(place, sizeof place, ".");
        }
    }
    if (rc == 0 && !S_ISDIR(facts.st_mode)) {
        return CX_FAIL(CX_INVALID, "--output %s: %s is not a folder", folder, place);
    }
    if (rc != 0 || access(place, W_OK | X_OK) != 0) {
        return CX_FAIL(CX_INVALID, "--output %s: %s: %s", folder, place, strerror(errno));
    }
    return CX_OK;
}

/* Results of two runs must not mix in one folder. */
static cx_status_t check_folder(const cx_request_t *request, const char *folder)
{
    char plan_path[4096];

    if (request->layout.first_rank > 0) {
        return CX_OK; /* rank 0 writes, and may have begun to */
    }
    CX_TRY(check_place(folder));
    (void)snprintf(plan_path, sizeof plan_path, "%s/plan.json", folder);
    if (!request->options.is_resumed && cx_file_exists(plan_path)) {
        return CX_FAIL(CX_INVALID,
                       "%s holds the results of another run; give another --output, or --resume it",
                       folder);
    }
    if (request->options.is_resumed && !cx_file_exists(plan_path)) {
        return CX_FAIL(CX_INVALID, "--resume: there is no plan in \"%s\"; name the folder with -o",
                       folder);
    }
    return CX_OK;
}

/* A summary that cannot be written is better known before an hour of measuring. */
static cx_status_t check_summary(const cx_request_t *request)
{
    const char *path = request->options.summary;
    FILE       *file;

    if (!path[0] || request->layout.first_rank > 0) {
        return CX_OK;
    }
    file = fopen(path, "ae");
    if (!file) {
        return CX_FAIL(CX_INVALID, "--summary %s: %s", path, strerror(errno));
    }
    (void)fclose(file);
    return CX_OK;
}

static char *join_command(cx_arena_t *arena)
{
    char *joined = cx_arena_text(arena, "collectivex");

    for (size_t i = 1; joined && cx_command_line[i]; i++) {
        joined = cx_arena_format(arena, "%s %s", joined, cx_command_line[i]);
    }
    return joined;
}

/* What to do next, by priority: complete what was interrupted, or look closer. */
static void choose_hints(cx_request_t *request, const cx_run_result_t *result, const char *folder,
                         const char *hints[3])
{
    cx_arena_t *arena = &request->arena;

    hints[0] = cx_arena_format(arena, "collectivex check %s", folder);
    hints[1] = cx_arena_format(arena, "collectivex show %s --verbose", folder);
    if (result->is_interrupted && !request->options.is_resumed) {
        const char *name_it = request->options.output[0] ? "" : " -o ";

        hints[0] = cx_arena_format(arena, "%s%s%s --resume", join_command(arena), name_it,
                                   *name_it ? folder : "");
    }
}

static cx_result_set_t result_set(cx_request_t *request, const cx_run_result_t *result,
                                  const char *folder, const char *const *hints)
{
    cx_result_set_t set = {.records = result->records,
                           .title = cx_arena_format(&request->arena, "%s%s%s", request->plan.suite,
                                                    request->plan.summary[0] ? ": " : "",
                                                    request->plan.summary),
                           .data_path      = folder,
                           .repeat_command = join_command(&request->arena),
                           .hints          = request->options.is_quiet ? NULL : hints,
                           .is_partial     = result->is_interrupted};

    cx_output_describe(&set, &request->arena);
    return set;
}

static cx_status_t write_summary(const cx_request_t *request, const cx_result_set_t *set)
{
    FILE *file;

    if (!request->options.summary[0]) {
        return CX_OK;
    }
    file = fopen(request->options.summary, "ae");
    if (!file) {
        return CX_FAIL(CX_RESOURCE, "%s: the summary cannot be written", request->options.summary);
    }
    cx_result_print_markdown(file, set);
    return fclose(file) == 0 ? CX_OK
                             : CX_FAIL(CX_RESOURCE, "%s: the summary cannot be written",
                                       request->options.summary);
}

static int exit_code(const cx_request_t *request, const cx_run_result_t *result, cx_status_t status)
{
    int64_t wanted = (int64_t)request->plan.case_count * request->options.launches;

    if (status != CX_OK && !result->is_interrupted) {
        return cx_complain((int)status);
    }
    if (result->is_interrupted) {
        return CX_EXIT_INTERRUPTED;
    }
    return result->not_ok_count == 0 && result->ok_count == wanted ? CX_EXIT_OK : CX_EXIT_NOT_OK;
}

/* A launcher would end rank 0 before it has reported the loss, if another process failed first. */
static bool has_launcher(const cx_request_t *request)
{
    return strcmp(request->env.launcher, "none") != 0;
}

static int run(cx_request_t *request)
{
    const char      *folder = output_folder(request);
    cx_observation_t observation;
    cx_run_result_t  result;
    cx_run_request_t run_request;
    cx_result_set_t  set;
    cx_status_t      status;
    const char      *hints[3] = {NULL, NULL, NULL};
    int              code;

    if (!folder || check_folder(request, folder) != CX_OK || check_summary(request) != CX_OK) {
        return cx_complain(CX_INVALID);
    }
    heed_signals();
    cx_observation_init(&observation, request, folder);
    run_request = (cx_run_request_t){.plan       = &request->plan,
                                     .options    = &request->options,
                                     .env        = &request->env,
                                     .directory  = folder,
                                     .command    = cx_command_line,
                                     .observer   = &observation.observer,
                                     .interrupts = &interrupt_count};
    status      = cx_run_execute(&run_request, &result);
    if (!result.is_reporter && request->layout.first_rank > 0) {
        cx_observation_fini(&observation, 0);
        cx_run_result_fini(&result);
        return status == CX_OK || (status == CX_PEER && has_launcher(request))
                   ? CX_EXIT_OK
                   : cx_complain((int)status);
    }
    choose_hints(request, &result, folder, hints);
    set  = result_set(request, &result, folder, hints);
    code = exit_code(request, &result, status);
    cx_observation_fini(&observation, code);
    if (json_array_size(result.records) > 0) {
        cx_output_print(&request->options.shown, &set);
        if (write_summary(request, &set) != CX_OK) {
            code = cx_complain(CX_RESOURCE);
        }
    }
    cx_run_result_fini(&result);
    return code;
}

int cx_cmd_run(int argc, char **argv)
{
    static const cx_option_t *const tables[] = {cx_case_options, cx_run_options, NULL};
    cx_request_t                    request;
    cx_status_t                     status = cx_request_read("run", argc, argv, &request);
    int                             code;

    if (status != CX_OK) {
        return cx_complain((int)status);
    }
    if (request.arguments.wants_help) {
        cx_print_help("run", tables);
        code = CX_EXIT_OK;
    } else if (cx_mpirun_is_needed(&request.plan, request.env.launcher,
                                   request.layout.rank_count)) {
        code = cx_complain(
            (int)cx_mpirun_become(request.layout.rank_count, cx_command_line, &request.arena));
    } else {
        code = run(&request);
    }
    cx_request_fini(&request);
    return code;
}
