/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts start right and become wrong in words. Not the comparisons that decide. */
#include "family/common/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *cx_wrong_slug(cx_wrong_t wrong)
{
    static const char *const slugs[CX_WRONG_COUNT] = {
#define SLUG(name, slug, text) slug,
        CX_WRONG_MAP(SLUG)
#undef SLUG
    };

    return slugs[wrong];
}

void cx_verdict_init(cx_verdict_t *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    verdict->is_right    = true;
    verdict->first_index = -1;
}

void cx_verdict_blame(cx_verdict_t *verdict, cx_wrong_t wrong, const char *format, ...)
{
    va_list arguments;

    verdict->is_right = false;
    snprintf(verdict->kind, sizeof verdict->kind, "%s", cx_wrong_slug(wrong));
    va_start(arguments, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
    va_end(arguments);
}

static bool is_of_kind(const cx_verdict_t *verdict, cx_wrong_t wrong)
{
    return strcmp(verdict->kind, cx_wrong_slug(wrong)) == 0;
}

/* A wrong root also explains what other ranks never got. */
static int rate(const cx_verdict_t *verdict)
{
    return verdict->is_right                         ? 0
           : is_of_kind(verdict, CX_WRONG_CORRUPTED) ? 1
           : !is_of_kind(verdict, CX_WRONG_ROOT)     ? 2
                                                     : 3;
}

bool cx_verdict_says_more(const cx_verdict_t *found, const cx_verdict_t *known)
{
    return rate(found) > rate(known);
}
