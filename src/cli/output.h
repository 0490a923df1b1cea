/* SPDX-License-Identifier: Apache-2.0 */
/* How a result reaches stdout: the options for it, and the choice of form. */
#ifndef CX_CLI_OUTPUT_H
#define CX_CLI_OUTPUT_H

#include "cli/arguments.h"
#include "cli/result_set.h"
#include "model/run_options.h"

extern const cx_option_t     cx_output_options[];
extern const cx_short_flag_t cx_output_short_flags[];

/* Fill what can be told from the records: title, machine, program, time. Texts in the arena. */
void cx_output_describe(cx_result_set_t *set, cx_arena_t *arena);

/* Print in the form that was asked for. NDJSON prints nothing: it was printed as it happened. */
void cx_output_print(const cx_output_t *output, cx_result_set_t *set);

#endif
