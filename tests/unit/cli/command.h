/* SPDX-License-Identifier: Apache-2.0 */
/* A command's exit code and what it wrote, without a process of its own. Not a test itself. */
#ifndef TESTS_UNIT_CLI_COMMAND_H
#define TESTS_UNIT_CLI_COMMAND_H

#include "support/expect.h"

#include "cli/commands.h"

#include <stdlib.h>
#include <unistd.h>

#define COMMAND_WORD_COUNT_MAX 32

typedef struct heard {
    int  code;
    char out[1 << 20], err[1 << 14];
} heard_t;

typedef struct diversion {
    FILE *file;
    int   fd, kept_fd;
} diversion_t;

static inline diversion_t command_divert(int fd)
{
    diversion_t diversion = {.file = tmpfile(), .fd = fd, .kept_fd = dup(fd)};

    assert_non_null(diversion.file);
    assert_true(dup2(fileno(diversion.file), fd) == fd);
    return diversion;
}

static inline void command_restore(diversion_t *diversion, char *out, size_t out_bytes)
{
    ssize_t got;

    assert_true(dup2(diversion->kept_fd, diversion->fd) == diversion->fd);
    close(diversion->kept_fd);
    got = pread(fileno(diversion->file), out, out_bytes - 1, 0);
    assert_true(got >= 0 && got < (ssize_t)out_bytes - 1);
    out[got] = '\0';
    fclose(diversion->file);
}

/* The command with the words of `line`, which are separated by single blanks. */
static inline void command_run(int (*command)(int argc, char **argv), const char *line,
                               heard_t *heard)
{
    static char        copy[4096];
    static const char *whole[COMMAND_WORD_COUNT_MAX + 2];
    char              *words[COMMAND_WORD_COUNT_MAX + 1];
    char              *rest;
    int                count = 0;
    diversion_t        out, err;

    (void)snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        assert_true(count < COMMAND_WORD_COUNT_MAX);
        words[count++] = word;
    }
    words[count] = NULL;
    whole[0]     = "collectivex";
    memcpy(whole + 1, words, (size_t)(count + 1) * sizeof words[0]);
    cx_command_line = whole;
    cx_detail_clear();
    (void)fflush(NULL);
    out         = command_divert(STDOUT_FILENO);
    err         = command_divert(STDERR_FILENO);
    heard->code = command(count, words);
    (void)fflush(NULL);
    command_restore(&out, heard->out, sizeof heard->out);
    command_restore(&err, heard->err, sizeof heard->err);
}

#endif
