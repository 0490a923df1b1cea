/* SPDX-License-Identifier: Apache-2.0 */
/* The program: find the command, run it. */
#include "base/fail.h"
#include "base/log.h"
#include "base/patience.h"
#include "base/text.h"
#include "base/units.h"
#include "build.h"
#include "cli/commands.h"
#include "collectivex/backend.h"
#include "model/record.h"
#include "run/conform.h"
#include "run/rank_main.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_S 60 /* a driver that starts eight cards that slept takes some 20 */

typedef struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} command_t;

static const command_t commands[] = {
#define COMMAND(name, function, summary, usage) {name, function, summary},
    CX_COMMAND_MAP(COMMAND)
#undef COMMAND
        {NULL, NULL, NULL},
};

static const char *command_name_at(const void *names, size_t index)
{
    return ((const command_t *)names)[index].name;
}

static void print_usage(FILE *out)
{
    (void)fprintf(out, "collectivex measures how fast a machine moves data the way AI systems move "
                       "it,\nand proves that what it timed was right.\n\n"
                       "usage: collectivex COMMAND ...\n\n");
    for (const command_t *command = commands; command->name; command++) {
        (void)fprintf(out, "  %-13s %s\n", command->name, command->summary);
    }
    (void)fprintf(out,
                  "\nStart with:            collectivex run quick\n"
                  "Options of a command:  collectivex COMMAND --help\n\n"
                  "Exit codes: 0 all ok, 1 some case not ok, 2 bad request and nothing ran, 3 a "
                  "bug,\n4 compare --fail-on exceeded, 130 interrupted with all that was "
                  "finished saved\n");
}

static int print_version(void)
{
    (void)printf("collectivex %s (%s), record schema %d, ABI %u, %s, %s\n", CX_VERSION,
                 CX_GIT_DESCRIBE, CX_RECORD_SCHEMA_VERSION, CX_BACKEND_ABI, CX_COMPILER,
                 CX_BUILD_TYPE);
    return CX_EXIT_OK;
}

static int refuse(const char *name)
{
    const char *nearest = cx_text_nearest(name, commands, command_name_at);
    char        shown[64];

    (void)fprintf(stderr, "collectivex: command line: unknown command \"%s\"%s%s%s\n",
                  cx_text_printable(name, shown, sizeof shown),
                  nearest ? "; did you mean \"" : "; see: collectivex --help",
                  nearest ? nearest : "", nearest ? "\"?" : "");
    return CX_EXIT_BAD_REQUEST;
}

static void say(const char *text)
{
    (void)!write(STDERR_FILENO, text, strlen(text));
}

/* In a handler of a signal, in the middle of the driver's library: nothing can be cleaned up. */
static void on_lost_device(const char *name)
{
    say("collectivex: device ");
    say(name);
    say(": its driver does not answer; nvidia-smi or rocm-smi may hang as well, and dmesg tell "
        "why. "
        "CX_DRIVER_PATIENCE=600s would wait longer\n");
    _exit(CX_EXIT_NOT_OK);
}

/* $CX_DRIVER_PATIENCE, in whole seconds. */
static unsigned driver_patience_s(void)
{
    const char *text        = getenv("CX_DRIVER_PATIENCE");
    double      patience_us = 0;

    return text && !cx_units_parse_time(text, &patience_us) && patience_us >= 1e6
               ? (unsigned)(patience_us / 1e6)
               : PATIENCE_S;
}

/* What was printed and did not arrive is no success. */
static int finish(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return code;
    }
    (void)fprintf(stderr, "collectivex: stdout: %s\n", strerror(errno));
    return code == CX_EXIT_OK ? CX_EXIT_NOT_OK : code;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";

    if (strcmp(name, "__rank") == 0) {
        return cx_rank_main();
    }
    if (strcmp(name, "__conform") == 0) {
        return cx_rank_conform_main();
    }
    (void)setlocale(LC_CTYPE, "");
    (void)signal(SIGPIPE, SIG_IGN);
    cx_patience_init(driver_patience_s(), on_lost_device);
    cx_log_init(getenv("CX_LOG"), -1);
    cx_command_line = (const char *const *)argv;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout);
        return argc > 1 ? CX_EXIT_OK : CX_EXIT_BAD_REQUEST;
    }
    if (strcmp(name, "--version") == 0) {
        return print_version();
    }
    for (const command_t *command = commands; command->name; command++) {
        if (strcmp(command->name, name) == 0) {
            return finish(command->run(argc - 2, argv + 2));
        }
    }
    return refuse(name);
}
