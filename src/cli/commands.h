/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the program. Each takes the words behind its name and returns the exit code. */
#ifndef CX_CLI_COMMANDS_H
#define CX_CLI_COMMANDS_H

#include "cli/arguments.h"
#include "cli/style.h"

/* 0 all ok · 1 some case not ok · 2 bad request, nothing ran · 3 a bug of ours · 4 compare
 * --fail-on exceeded · 130 interrupted, what was measured is saved */
typedef enum cx_exit {
    CX_EXIT_OK          = 0,
    CX_EXIT_NOT_OK      = 1,
    CX_EXIT_BAD_REQUEST = 2,
    CX_EXIT_BUG         = 3,
    CX_EXIT_THRESHOLD   = 4,
    CX_EXIT_INTERRUPTED = 130
} cx_exit_t;

/* name, function, summary, usage */
#define CX_COMMAND_MAP(X)                                                                     \
    X("run", cx_cmd_run, "measure a suite, or one case given by options",                     \
      "run [SUITE] [--OPTION VALUE ...]")                                                     \
    X("plan", cx_cmd_plan, "show the cases a run would measure, and run nothing",             \
      "plan [SUITE] [--OPTION VALUE ...]")                                                    \
    X("list", cx_cmd_list, "show backends, devices, suites or options",                       \
      "list backends|devices|suites|options")                                                 \
    X("probe", cx_cmd_probe, "show the machine, its accelerators, and what is missing",       \
      "probe [--format json]")                                                                \
    X("check", cx_cmd_check, "the gate: is every requested case there, ok, and unchanged?",   \
      "check DIR")                                                                            \
    X("show", cx_cmd_show, "print the tables of a results folder again", "show DIR")          \
    X("compare", cx_cmd_compare, "is the same work slower or faster than before?",            \
      "compare BEFORE AFTER [--threshold R] [--fail-on R]")                                   \
    X("workload", cx_cmd_workload, "show an expert-parallel workload, and run nothing",       \
      "workload [--shape S] [--routing R] [--what W] [--OPTION VALUE ...]")                   \
    X("import", cx_cmd_import, "read nccl-tests, rccl-tests or OSU output into records",      \
      "import FILE --output DIR")                                                             \
    X("conform", cx_cmd_conform, "check that a backend keeps the promises of the ABI",        \
      "conform BACKEND")                                                                      \
    X("print-tables", cx_cmd_print_tables, "print schemas and reference pages of all tables", \
      "print-tables DIR")

#define CX_COMMAND_DECLARE(name, function, summary, usage) int function(int argc, char **argv);
CX_COMMAND_MAP(CX_COMMAND_DECLARE)
#undef CX_COMMAND_DECLARE

/* Says what went wrong on stderr, in one line, and returns the exit code that belongs to it. */
int cx_complain(int status);

/* Name, meaning, choices and default. */
void cx_print_option(const cx_style_t *style, const cx_option_t *row);

/* What stands behind "usage: collectivex"; of no command: its name. */
const char *cx_command_usage(const char *command);

/* Prints usage and options of a command; tables end with NULL. */
void cx_print_help(const char *command, const cx_option_t *const *tables);

/* The work of a command whose line has been read into the grammar's object; `*code_in_out` is
 * CX_EXIT_OK. */
typedef cx_status_t (*cx_command_fn)(const cx_grammar_t *grammar, const cx_arguments_t *arguments,
                                     cx_arena_t *arena, int *code_in_out);

/* A whole command: reads its line, prints the help it asks for or does the work, complains where
 * either fails. Returns the exit code. */
int cx_grammar_serve(const cx_grammar_t *grammar, int argc, char **argv, cx_command_fn work);

/* The whole command line, for records; set by main. */
extern const char *const *cx_command_line;

#endif
