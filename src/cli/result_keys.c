/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of records, read from documents that may lack any member. */
#include "cli/result_keys.h"

#include "base/text.h"
#include "cli/result_set.h"
#include "model/case.h"

#include <string.h>

#define KEY_BYTES_MAX 65536
#define NAME_BYTES_MAX 64

/* What a backend brings along, so that it separates no classes (also every "backend_..."), and what
 * follows from options that are in the key anyway. */
static const char *const passed_factors[] = {"memory_kind", "ep_workload", NULL};

const char *cx_text_or_empty(const char *text)
{
    return text ? text : "";
}

bool cx_name_is_listed(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

const char *cx_result_option(const json_t *record, const char *key)
{
    return cx_json_text(json_object_get(json_object_get(record, "case"), key), "value");
}

bool cx_result_option_is_asked(const json_t *record, const char *key)
{
    const json_t *option = json_object_get(json_object_get(record, "case"), key);

    return strcmp(cx_text_or_empty(cx_json_text(option, "origin")), "default") != 0;
}

static const char *finish_key(cx_text_t *text, cx_arena_t *arena)
{
    const char *key = text->is_cut ? NULL : cx_arena_text(arena, cx_text_or_empty(text->bytes));

    cx_text_fini(text);
    return key;
}

const char *cx_result_options_key(const json_t *record, const char *const *without,
                                  cx_arena_t *arena)
{
    cx_text_t text;

    cx_text_init(&text, KEY_BYTES_MAX);
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        char key[NAME_BYTES_MAX];

        cx_option_key(row, key, sizeof key);
        if (row->role == CX_OPTION_KEY && !cx_name_is_listed(without, key)) {
            cx_text_format(&text, "%s\n", cx_text_or_empty(cx_result_option(record, key)));
        }
    }
    return finish_key(&text, arena);
}

static void add_place(const json_t *record, cx_text_t *text)
{
    const char *name;
    json_t     *value;

    json_object_foreach(json_object_get(record, "environment"), name, value)
    {
        if (strncmp(name, "backend", 7) != 0 && !cx_name_is_listed(passed_factors, name)) {
            cx_text_format(text, "%s=%s\n", name, cx_text_or_empty(json_string_value(value)));
        }
    }
}

const char *cx_result_place_key(const json_t *record, cx_arena_t *arena)
{
    cx_text_t text;

    cx_text_init(&text, KEY_BYTES_MAX);
    add_place(record, &text);
    return finish_key(&text, arena);
}

const char *cx_result_measure_key(const json_t *record, cx_arena_t *arena)
{
    static const char *const meanings[] = {"sample", "over_ranks", "percentile", "interval",
                                           "clock",  "alignment",  NULL};
    const json_t            *contract   = json_object_get(record, "contract");
    const json_t            *identity   = json_object_get(record, "identity");
    cx_text_t                text;

    cx_text_init(&text, KEY_BYTES_MAX);
    cx_text_format(&text, "%s/%lld\n%s\n%s\n", cx_text_or_empty(cx_json_text(contract, "name")),
                   (long long)cx_json_whole(contract, "version"),
                   cx_text_or_empty(cx_json_text(identity, "origin")),
                   cx_text_or_empty(cx_json_text(json_object_get(identity, "source"), "tool")));
    for (const char *const *key = meanings; *key; key++) {
        cx_text_format(&text, "%s\n",
                       cx_text_or_empty(cx_json_text(json_object_get(record, "definition"), *key)));
    }
    add_place(record, &text);
    return finish_key(&text, arena);
}
