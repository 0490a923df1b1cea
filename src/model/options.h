/* SPDX-License-Identifier: Apache-2.0 */
/* What an option table means: defaults, reading, printing, and the nearest name for a mistake.
 * Not the tables themselves (case_options.c, run_options.c, a backend's own). */
#ifndef CX_MODEL_OPTIONS_H
#define CX_MODEL_OPTIONS_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/text.h"
#include "collectivex/option.h"

#define CX_OPTION_TEXT_BYTES_MAX 512

/* Where an effective value came from; a later origin wins. */
#define CX_ORIGIN_MAP(X)          \
    X(DEFAULT, "default")         \
    X(SUITE, "suite")             \
    X(ENVIRONMENT, "environment") \
    X(COMMAND, "command line")

typedef enum cx_origin {
#define CX_ORIGIN_ENUM(name, slug) CX_ORIGIN_##name,
    CX_ORIGIN_MAP(CX_ORIGIN_ENUM)
#undef CX_ORIGIN_ENUM
        CX_ORIGIN_COUNT
} cx_origin_t;

const char *cx_origin_slug(cx_origin_t origin);

size_t cx_options_count(const cx_option_t *rows);

/* The row called `name` ("warmup-iters" or "warmup_iters"); NULL when there is none. */
const cx_option_t *cx_options_find(const cx_option_t *rows, const char *name);

/* Every option to its default. Texts are borrowed from the table. */
cx_status_t cx_options_defaults(const cx_option_t *rows, void *object, cx_arena_t *arena);

/**
 * Read one value into its place in `object`.
 *
 * owns    a text is copied into the arena
 * errors  CX_INVALID "PLACE: NAME: what was expected, got "TEXT"; did you mean X?". `place` is what
 *         stands before the colon: "command line", "suite.yaml:3:9".
 */
cx_status_t cx_option_set(const cx_option_t *row, void *object, const char *text, const char *place,
                          cx_arena_t *arena);

/* The value as text that cx_option_set reads back as the same value. Returns `out`. */
char *cx_option_print(const cx_option_t *row, const void *object, char *out, size_t out_bytes);

/* name_at for cx_text_nearest over a table; cx_options_key_at gives names with '_'. */
const char *cx_options_name_at(const void *rows, size_t index);

/* The option's name with '_' for '-': JSON key, suite key. Returns `out`. */
char *cx_option_key(const cx_option_t *row, char *out, size_t out_bytes);
/* CX_WARMUP_ITERS: the environment variable. Returns `out`. */
char *cx_option_variable(const cx_option_t *row, char *out, size_t out_bytes);

#endif
