/* SPDX-License-Identifier: Apache-2.0 */
/* One program from fork to the last of its processes. */
#include "launch/command.h"

#include "base/deadline.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_MS 20
#define SWEEP_MS 2
#define SWEEP_WAIT_NS (5 * CX_NS_PER_S)

/* A command under way. What it prints goes to memory files, which need no reader while it runs. */
typedef struct process {
    const cx_command_t *command;
    pid_t               pid;
    bool                has_ended;
    int                 exit_status;
    int                 streams[2]; /* its stdout and stderr */
} process_t;

static cx_status_t open_streams(process_t *process)
{
    for (int i = 0; i < 2; i++) {
        process->streams[i] = memfd_create("collectivex-command", MFD_CLOEXEC);
        if (process->streams[i] < 0) {
            return CX_FAIL(CX_RESOURCE, "no memory for what a command prints: %s", strerror(errno));
        }
    }
    return CX_OK;
}

static void close_streams(const process_t *process)
{
    for (int i = 0; i < 2; i++) {
        if (process->streams[i] >= 0) {
            (void)close(process->streams[i]);
        }
    }
}

/* The child between fork and exec. */
static void become(const process_t *process, pid_t parent)
{
    const char *const *argv    = process->command->argv;
    int                null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(null_fd, STDIN_FILENO) < 0 ||
        dup2(process->streams[0], STDOUT_FILENO) < 0 ||
        dup2(process->streams[1], STDERR_FILENO) < 0) {
        _exit(127);
    }
    (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
    (void)dprintf(STDERR_FILENO, "%s cannot be started: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static cx_status_t start(process_t *process)
{
    pid_t parent = getpid();

    process->pid = fork();
    if (process->pid < 0) {
        return CX_FAIL(CX_RESOURCE, "cannot start %s: %s", process->command->argv[0],
                       strerror(errno));
    }
    if (process->pid == 0) {
        become(process, parent);
    }
    (void)setpgid(process->pid, process->pid); /* whoever comes first */
    return CX_OK;
}

/* Reap whatever ended. False once no child is left. */
static bool reap(process_t *process)
{
    int   exit_status;
    pid_t ended;

    while ((ended = waitpid(-1, &exit_status, WNOHANG)) > 0) {
        if (ended == process->pid) {
            process->has_ended   = true;
            process->exit_status = exit_status;
        }
    }
    return ended == 0;
}

static bool is_flooded(const process_t *process)
{
    for (int i = 0; i < 2; i++) {
        struct stat facts;

        if (fstat(process->streams[i], &facts) == 0 &&
            (size_t)facts.st_size > process->command->output_bytes_max) {
            return true;
        }
    }
    return false;
}

/* Until it ends, or has to. */
static cx_command_end_t watch(process_t *process)
{
    const cx_command_t *command     = process->command;
    int64_t             deadline_ns = cx_now_ns() + command->timeout_ns;

    for (;;) {
        (void)reap(process);
        if (is_flooded(process)) {
            return CX_COMMAND_FLOODED;
        }
        if (process->has_ended) {
            return CX_COMMAND_EXITED;
        }
        if (*command->interrupts > 0) {
            return CX_COMMAND_INTERRUPTED;
        }
        if (cx_deadline_poll_ms(deadline_ns) == 0) {
            return CX_COMMAND_TIMED_OUT;
        }
        (void)poll(NULL, 0, POLL_MS);
    }
}

/* SIGKILL to each process that the file lists, on one line. */
static void kill_listed(const char *path)
{
    FILE  *file     = fopen(path, "re");
    char  *line     = NULL;
    size_t capacity = 0;

    if (!file) {
        return; /* a thread that has ended */
    }
    if (getline(&line, &capacity, file) > 0) {
        char *at = line;

        for (long pid = strtol(at, &at, 10); pid > 0; pid = strtol(at, &at, 10)) {
            (void)kill((pid_t)pid, SIGKILL);
        }
    }
    free(line);
    (void)fclose(file);
}

/* The children of this process: the command itself and, once their parents are gone, those it
 * started, wherever they put themselves. */
static void kill_children(void)
{
    DIR                 *tasks = opendir("/proc/self/task");
    const struct dirent *task;

    while (tasks && (task = readdir(tasks)) != NULL) {
        char path[64];

        (void)snprintf(path, sizeof path, "/proc/self/task/%.20s/children", task->d_name);
        kill_listed(path);
    }
    if (tasks) {
        (void)closedir(tasks);
    }
}

/* Ask the command and its group to end, then end everything. */
static cx_status_t stop(process_t *process)
{
    int64_t deadline_ns = cx_now_ns() + process->command->grace_ns;

    if (!process->has_ended) {
        (void)kill(-process->pid, SIGTERM);
    }
    while (!process->has_ended && cx_deadline_poll_ms(deadline_ns) > 0) {
        (void)poll(NULL, 0, SWEEP_MS);
        (void)reap(process);
    }
    if (!process->has_ended) {
        (void)kill(-process->pid, SIGKILL);
    }
    deadline_ns = cx_now_ns() + SWEEP_WAIT_NS;
    while (reap(process)) {
        if (cx_deadline_poll_ms(deadline_ns) == 0) {
            return CX_FAIL(CX_INTERNAL, "a process that %s started cannot be killed",
                           process->command->argv[0]);
        }
        kill_children();
        (void)poll(NULL, 0, SWEEP_MS);
    }
    return CX_OK;
}

/* At most output_bytes_max of a stream, with a NUL behind them. */
static cx_status_t read_stream(const process_t *process, int fd, char **out, size_t *count_out)
{
    size_t      limit = process->command->output_bytes_max, count = 0;
    struct stat facts = {.st_size = 0};
    char       *bytes;

    (void)fstat(fd, &facts);
    limit = (size_t)facts.st_size < limit ? (size_t)facts.st_size : limit;
    bytes = malloc(limit + 1);
    if (!bytes) {
        return CX_FAIL(CX_RESOURCE, "out of memory for what %s printed", process->command->argv[0]);
    }
    for (ssize_t got = 1; got > 0 && count<limit; count += got> 0 ? (size_t)got : 0) {
        got = pread(fd, bytes + count, limit - count, (off_t)count);
    }
    bytes[count] = '\0';
    *out         = bytes;
    *count_out   = count;
    return CX_OK;
}

static cx_status_t read_streams(const process_t *process, cx_command_result_t *out)
{
    cx_command_result_t result = *out;

    CX_TRY(read_stream(process, process->streams[0], &result.output, &result.output_bytes));
    if (read_stream(process, process->streams[1], &result.errors, &result.errors_bytes) != CX_OK) {
        cx_command_fini(&result);
        return CX_RESOURCE;
    }
    *out = result;
    return CX_OK;
}

cx_status_t cx_command_run(const cx_command_t *command, cx_command_result_t *out)
{
    process_t           process     = {.command = command, .streams = {-1, -1}};
    cx_command_result_t result      = {.end = CX_COMMAND_EXITED};
    int                 was_adopter = 0;
    cx_status_t         status;

    (void)prctl(PR_GET_CHILD_SUBREAPER, &was_adopter);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    CX_TRY_OR(close, open_streams(&process));
    CX_TRY_OR(close, start(&process));
    result.end = watch(&process);
    CX_TRY_OR(close, stop(&process));
    result.exit_status = process.exit_status;
    CX_TRY_OR(close, read_streams(&process, &result));
    *out = result;

close:
    (void)prctl(PR_SET_CHILD_SUBREAPER, was_adopter);
    close_streams(&process);
    return status;
}

void cx_command_fini(cx_command_result_t *result)
{
    free(result->output);
    free(result->errors);
    result->output = NULL;
    result->errors = NULL;
}
