/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of publication classes and reasons. */
#include "model/publication.h"

#include <stddef.h>

const char *const cx_publication_slugs[] = {
#define SLUG(name, slug) slug,
    CX_PUBLICATION_MAP(SLUG)
#undef SLUG
        NULL};

const char *const cx_reason_slugs[] = {
#define SLUG(name, slug, best, text) slug,
    CX_REASON_MAP(SLUG)
#undef SLUG
        NULL};

const char *cx_reason_text(cx_reason_t reason)
{
    static const char *const texts[CX_REASON_COUNT] = {
#define TEXT(name, slug, best, text) text,
        CX_REASON_MAP(TEXT)
#undef TEXT
    };

    return texts[reason];
}

cx_publication_class_t cx_reason_best(cx_reason_t reason)
{
    static const cx_publication_class_t best_of[CX_REASON_COUNT] = {
#define BEST(name, slug, best, text) CX_PUBLICATION_##best,
        CX_REASON_MAP(BEST)
#undef BEST
    };

    return best_of[reason];
}
