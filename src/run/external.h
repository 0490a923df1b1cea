/* SPDX-License-Identifier: Apache-2.0 */
/* Backends that are programs: they time themselves, so a case is one start of one, and its record
 * holds numbers that another tool took. Not plugins (collectivex/backend.h), and not the import of
 * a file somebody has (import.h).
 * source  docs/adr/0017-run-a-program-as-a-backend.md */
#ifndef CX_RUN_EXTERNAL_H
#define CX_RUN_EXTERNAL_H

#include "collectivex/backend.h"
#include "run/execute.h"
#include "store/import.h"

/**
 * What to start for a case; everything lives in an arena.
 *
 * argv     NULL-terminated; argv[0] is a path
 * program  its name, for messages and for whoever reads what it said
 * file     where it will leave what is to be read; NULL: it prints it
 */
typedef struct cx_external_command {
    const char *const *argv;
    const char        *program, *file;
} cx_external_command_t;

/* The functions of such a backend. None of them starts anything. */
typedef struct cx_external {
    const char        *name, *summary;
    const cx_option_t *options; /* its own, as of a plugin */
    size_t             options_bytes;
    const char *const *heeded; /* options of a case that reach the program; NULL-terminated */

    /* What is there of it? Fills library_version and library_path only.
     * errors  CX_UNSUPPORTED nothing, with a remedy */
    cx_status_t (*probe)(cx_arena_t *arena, cx_caps_t *caps);
    /* errors  CX_INVALID the request cannot be said to the program at all, in a sentence */
    cx_status_t (*check)(const cx_case_t *one, cx_arena_t *arena);
    /* `folder` is there while the program runs, for its files.
     * errors  CX_UNSUPPORTED it cannot do the case, or is not there: with a remedy · CX_RESOURCE */
    cx_status_t (*command)(const cx_case_t *one, int32_t rank_count, const char *folder,
                           cx_arena_t *arena, cx_external_command_t *out);
    /* As of store/import_nccltests.h. */
    cx_status_t (*read)(const char *name, const char *bytes, size_t byte_count, cx_import_t *out);
    /* What the program makes of a rung: the size it will print. 0: too small to move a byte. */
    int64_t (*moved_bytes)(const cx_case_t *one, int32_t rank_count, int64_t requested_bytes);
} cx_external_t;

/* All of them, NULL-terminated. */
extern const cx_external_t *const cx_externals[];

/* NULL: there is none of that name, so it may be a plugin. */
const cx_external_t *cx_external_find(const char *name);

/* errors  CX_INVALID a case for a program that means nothing to it, or ranks that are not all
 *         started here */
cx_status_t cx_external_precheck(const cx_plan_t *plan, const cx_rank_layout_t *layout);

/* Take the cases for programs out of a plan, in their order. They live in the arena. */
cx_status_t cx_external_split(cx_plan_t *plan, cx_arena_t *arena, cx_plan_t *out);

/**
 * Run cases for programs, one start each; what it said is kept in DIR/captures. `plan` has them
 * all, the members of `supervision` that are about rank processes say how many ranks there are.
 *
 * A program may take --timeout once to start and once per size. Its record is ok only if it ended
 * with exit code 0 and what it said is whole, checked, and of the ranks, device and sizes that
 * were asked for.
 *
 * errors  CX_INVALID interrupted · CX_RESOURCE a record could not be written
 */
cx_status_t cx_external_run(const cx_supervision_t *supervision, const cx_plan_t *plan);

#endif
