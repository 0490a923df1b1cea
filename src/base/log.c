/* SPDX-License-Identifier: Apache-2.0 */
/* Chatter on stderr: level filter per component and the line's shape. */
#include "base/log.h"

#include "base/deadline.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct {
    char    spec[256];
    int32_t rank;
    int64_t start_ns;
} state = {"warn", -1, 0};

static const char *const level_names[CX_LOG_LEVEL_COUNT] = {"error", "warn", "info", "debug"};

static cx_log_level_t level_of(const char *name, size_t length, cx_log_level_t fallback)
{
    for (int level = 0; level < CX_LOG_LEVEL_COUNT; level++) {
        if (strlen(level_names[level]) == length &&
            strncmp(name, level_names[level], length) == 0) {
            return (cx_log_level_t)level;
        }
    }
    return fallback;
}

/* The level in force for a component: the last matching entry of the spec. */
static cx_log_level_t threshold(const char *component)
{
    cx_log_level_t level = CX_LOG_WARN;
    const char    *entry = state.spec;

    while (*entry) {
        size_t      length = strcspn(entry, ",");
        const char *equals = memchr(entry, '=', length);

        if (!equals) {
            level = level_of(entry, length, level);
        } else if (strlen(component) == (size_t)(equals - entry) &&
                   strncmp(entry, component, (size_t)(equals - entry)) == 0) {
            return level_of(equals + 1, length - (size_t)(equals + 1 - entry), level);
        }
        entry += length + (entry[length] == ',');
    }
    return level;
}

/* What sets nothing is told once, by the process that the user started. */
static void warn_of_unknown_levels(void)
{
    const char *entry = state.spec;

    while (*entry) {
        size_t      length = strcspn(entry, ",");
        const char *equals = memchr(entry, '=', length);
        const char *level  = equals ? equals + 1 : entry;

        if (length > 0 && level_of(level, (size_t)(entry + length - level), CX_LOG_LEVEL_COUNT) ==
                              CX_LOG_LEVEL_COUNT) {
            cx_log(CX_LOG_WARN, "log",
                   "CX_LOG: \"%.*s\" is no level; one of error, warn, info, debug, or such as "
                   "info,plugin=debug",
                   (int)(entry + length - level), level);
        }
        entry += length + (entry[length] == ',');
    }
}

void cx_log_init(const char *spec, int32_t rank)
{
    (void)snprintf(state.spec, sizeof state.spec, "%s", spec && *spec ? spec : "warn");
    state.rank     = rank;
    state.start_ns = cx_now_ns();
    if (rank < 0) {
        warn_of_unknown_levels();
    }
}

void cx_log(cx_log_level_t level, const char *component, const char *format, ...)
{
    char    line[1024];
    int     used;
    va_list args;

    if (level > threshold(component)) {
        return;
    }
    if (state.rank >= 0) {
        used = snprintf(line, sizeof line,
                        "%9.3f rank %d %s: ", (double)(cx_now_ns() - state.start_ns) / 1e9,
                        state.rank, component);
    } else {
        used = snprintf(line, sizeof line, "collectivex: %s: ", level_names[level]);
    }
    va_start(args, format);
    (void)vsnprintf(line + used, sizeof line - (size_t)used, format, args);
    va_end(args);
    (void)fprintf(stderr, "%s\n", line);
}
