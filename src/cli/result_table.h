/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a run for a person: the answer in words, then one table per kind of statistic.
 * Not the machine forms (forms.h). */
#ifndef CX_CLI_RESULT_TABLE_H
#define CX_CLI_RESULT_TABLE_H

#include "cli/result_set.h"
#include "cli/style.h"

/* A table of more rows is printed with one line per case, unless the set is verbose. */
#define CX_RESULT_ROWS_MAX 40

/* Answer, header, tables, legend, warnings, where the data is and what to do next. */
void cx_result_print(FILE *out, const cx_style_t *style, const cx_result_set_t *set);

/* The same as GitHub Markdown, for the summary of a CI job. Every row, no colour. */
void cx_result_print_markdown(FILE *out, const cx_result_set_t *set);

#endif
