/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, headings and tables of a page. */
#include "cli/page.h"

#include "run/facts.h"

#include <string.h>

void cx_page_say(const cx_page_t *page, cx_meaning_t meaning, const char *text)
{
    char clean[CX_PAGE_LINE_BYTES_MAX];

    cx_style_clean(page->style, text, clean, sizeof clean);
    if (page->is_markdown) {
        fprintf(page->out, "%s", meaning == CX_MEANING_BOLD ? "- " : "");
        cx_markdown_put(page->out, clean);
        fprintf(page->out, "%s", meaning == CX_MEANING_BOLD ? "\n" : "  \n");
        return;
    }
    cx_style_wrap(page->out, page->style, meaning, 0, 2, clean);
}

void cx_page_pair(const cx_page_t *page, const char *name, cx_meaning_t meaning, const char *text)
{
    char clean[CX_PAGE_LINE_BYTES_MAX];

    if (!text || !*text) {
        return;
    }
    cx_style_clean(page->style, text, clean, sizeof clean);
    fprintf(page->out, "%s: ", name);
    if (page->is_markdown) {
        cx_markdown_put(page->out, clean);
        fprintf(page->out, "  \n");
    } else {
        cx_style_put(page->out, page->style, meaning, clean);
        fprintf(page->out, "\n");
    }
}

void cx_page_join(const cx_page_t *page, cx_text_t *line, const char *part)
{
    if (part && *part) {
        cx_text_format(line, "%s%s%s%s", line->length > 0 ? " " : "",
                       line->length > 0 ? cx_style_glyph(page->style, CX_GLYPH_DOT) : "",
                       line->length > 0 ? " " : "", part);
    }
}

void cx_page_begin(cx_text_t *line)
{
    cx_text_init(line, CX_PAGE_LINE_BYTES_MAX);
}

void cx_page_finish(const cx_page_t *page, cx_meaning_t meaning, cx_text_t *line)
{
    if (line->length > 0) {
        cx_page_say(page, meaning, line->bytes);
    }
    cx_text_fini(line);
}

void cx_page_heading(const cx_page_t *page, cx_text_t *line)
{
    fprintf(page->out, page->is_markdown ? "\n### " : "\n");
    if (page->is_markdown) {
        cx_markdown_put(page->out, line->bytes ? line->bytes : "");
        fprintf(page->out, "\n\n");
        cx_text_fini(line);
        return;
    }
    cx_page_finish(page, CX_MEANING_BOLD, line);
}

bool cx_page_has_fact(const cx_result_case_t *one, const char *name)
{
    const char *text = cx_json_text(json_object_get(one->record, "environment"), name);

    return text && strcmp(text, "true") == 0;
}

void cx_page_join_facts(const cx_page_t *page, const cx_result_case_t *one, cx_text_t *line)
{
    const bool is_imported = one->origin && strcmp(one->origin, "imported") == 0;
    char       ranks[32];

    if (one->rank_count != INT64_MIN) {
        (void)snprintf(ranks, sizeof ranks, "%lld rank%s", (long long)one->rank_count,
                       one->rank_count == 1 ? "" : "s");
        cx_page_join(page, line, ranks);
    }
    cx_page_join(page, line, is_imported ? "imported" : NULL);
    cx_page_join(page, line,
                 cx_page_has_fact(one, CX_FACTOR_MOVES_NO_DATA) ? "moves no data" : NULL);
    cx_page_join(page, line, cx_page_has_fact(one, CX_FACTOR_VIRTUAL_TIME) ? "virtual time" : NULL);
    cx_page_join(page, line,
                 cx_page_has_fact(one, CX_FACTOR_OVERSUBSCRIBED) ? "oversubscribed" : NULL);
}

void cx_page_table(const cx_page_t *page, const cx_table_t *table)
{
    fprintf(page->out, "\n");
    if (page->is_markdown) {
        cx_table_print_markdown(page->out, table);
    } else {
        cx_table_print(page->out, table);
    }
}
