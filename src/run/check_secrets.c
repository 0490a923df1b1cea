/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for secrets in the texts of documents. */
#include "run/check_secrets.h"

#include "target/secret.h"

#include <string.h>

#define TEXTS_BYTES_MAX ((size_t)256 * 1024 * 1024)

void cx_check_secrets_init(cx_check_secrets_t *secrets)
{
    for (size_t i = 0; i < CX_CHECK_MEMBER_COUNT_MAX; i++) {
        cx_text_init(&secrets->clean[i], TEXTS_BYTES_MAX);
    }
}

void cx_check_secrets_fini(cx_check_secrets_t *secrets)
{
    for (size_t i = 0; i < CX_CHECK_MEMBER_COUNT_MAX; i++) {
        cx_text_fini(&secrets->clean[i]);
    }
}

static void append(cx_text_t *text, const char *bytes)
{
    cx_text_append(text, bytes, strlen(bytes));
}

/* Every text of a document, one "name": "text" per line: numbers hold no secret, and a record is
 * mostly numbers. */
static void gather(const char *name, const json_t *value, cx_text_t *out)
{
    const char   *key;
    const json_t *member;

    if (json_is_string(value)) {
        append(out, "\"");
        append(out, name);
        append(out, "\": \"");
        append(out, json_string_value(value));
        append(out, "\"\n");
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        gather(key, member, out);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        gather(name, json_array_get(value, i), out);
    }
}

static bool is_same(const cx_text_t *a, const cx_text_t *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* False, with a finding, when there is a secret. */
static bool scan(const char *file, const cx_text_t *texts, cx_check_report_t *report)
{
    cx_secret_hit_t hit = {.kind = CX_SECRET_NONE};
    size_t          line_at;

    if (cx_secret_scan(texts->bytes, texts->length, &hit) != CX_OK || hit.kind == CX_SECRET_NONE) {
        return true;
    }
    line_at = hit.offset_bytes;
    while (line_at > 0 && texts->bytes[line_at - 1] != '\n') {
        line_at--;
    }
    cx_check_add(report, CX_CHECK_SECRET, file, "%s in member %.*s", cx_secret_slug(hit.kind),
                 (int)strcspn(texts->bytes + line_at, ":"), texts->bytes + line_at);
    return false;
}

void cx_check_secrets(cx_check_secrets_t *secrets, const char *file, const json_t *document,
                      cx_check_report_t *report)
{
    const char   *name;
    const json_t *member;
    size_t        index = 0;

    json_object_foreach((json_t *)(uintptr_t)document, name, member)
    {
        cx_text_t *clean = index < CX_CHECK_MEMBER_COUNT_MAX ? &secrets->clean[index++] : NULL;
        cx_text_t  texts;

        cx_text_init(&texts, TEXTS_BYTES_MAX);
        gather(name, member, &texts);
        if (texts.length > 0 && !(clean && is_same(&texts, clean)) && scan(file, &texts, report) &&
            clean) {
            cx_text_t last = *clean;

            *clean = texts;
            texts  = last;
        }
        cx_text_fini(&texts);
    }
}
