/* SPDX-License-Identifier: Apache-2.0 */
/* A page that a person reads, as text or as Markdown: lines, headings and tables in one hand.
 * Not what they say (result_table.h, ep_table.h). */
#ifndef CX_CLI_PAGE_H
#define CX_CLI_PAGE_H

#include "base/text.h"
#include "cli/result_rows.h"
#include "cli/result_set.h"
#include "cli/table.h"

#define CX_PAGE_LINE_BYTES_MAX 8192

/* Where the page goes, and what was seen on the way. */
typedef struct cx_page {
    FILE                  *out;
    const cx_style_t      *style;
    const cx_result_set_t *set;
    cx_arena_t            *arena;
    cx_signs_t             signs;
    bool                   is_markdown, has_full, has_compact, has_launches, has_ep;
    const char            *statistic; /* family ep: said last of what the numbers are */
} cx_page_t;

/* A line of its own in the text, a list item (bold) or a paragraph in Markdown; made safe here. */
void cx_page_say(const cx_page_t *page, cx_meaning_t meaning, const char *text);
/* "NAME: TEXT"; nothing without a text. */
void cx_page_pair(const cx_page_t *page, const char *name, cx_meaning_t meaning, const char *text);

/* A line is begun with cx_page_begin, grows by cx_text_format or by parts with a dot between them
 * (NULL and "" are passed over), and ends in cx_page_finish, which says it, or cx_page_heading. */
void cx_page_begin(cx_text_t *line);
void cx_page_join(const cx_page_t *page, cx_text_t *line, const char *part);
void cx_page_finish(const cx_page_t *page, cx_meaning_t meaning, cx_text_t *line);
void cx_page_heading(const cx_page_t *page, cx_text_t *line);

/* "4 ranks", and what its numbers are beyond the ordinary: "oversubscribed", "virtual time". */
void cx_page_join_facts(const cx_page_t *page, const cx_result_case_t *one, cx_text_t *line);
bool cx_page_has_fact(const cx_result_case_t *one, const char *name);

void cx_page_table(const cx_page_t *page, const cx_table_t *table);

#endif
