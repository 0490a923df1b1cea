/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a case to JSON and back. */
#include "store/case_json.h"

#include <string.h>

#define KEY_BYTES_MAX 64

static json_t *to_json(const cx_case_t *one, bool has_origin)
{
    json_t *out = json_object();

    for (const cx_option_t *row = cx_case_options; out && row->name; row++) {
        char        key[KEY_BYTES_MAX], text[2 * CX_OPTION_TEXT_BYTES_MAX];
        cx_origin_t origin = (cx_origin_t)one->origins[row - cx_case_options];
        json_t     *value  = json_string(cx_option_print(row, one, text, sizeof text));

        if (has_origin) {
            value = json_pack("{so,ss}", "value", value, "origin", cx_origin_slug(origin));
        }
        if (json_object_set_new(out, cx_option_key(row, key, sizeof key), value) != 0) {
            json_decref(out);
            out = NULL;
        }
    }
    return out;
}

json_t *cx_case_to_json(const cx_case_t *one)
{
    return to_json(one, true);
}

json_t *cx_case_to_texts(const cx_case_t *one)
{
    return to_json(one, false);
}

/* The option's text in either form; NULL when it is null or not there. */
static const char *text_of(const json_t *options, const cx_option_t *row)
{
    char          key[KEY_BYTES_MAX];
    const json_t *value = json_object_get(options, cx_option_key(row, key, sizeof key));

    return json_string_value(json_is_object(value) ? json_object_get(value, "value") : value);
}

cx_status_t cx_case_from_json(const json_t *options, const char *place, cx_arena_t *arena,
                              cx_case_t *out)
{
    cx_case_t one;

    memset(&one, 0, sizeof one);
    CX_TRY(cx_options_defaults(cx_case_options, &one, arena));
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        const char *text = text_of(options, row);

        if (text) {
            CX_TRY(cx_option_set(row, &one, text, place, arena));
        }
    }
    CX_TRY(cx_case_seal(&one, arena));
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        const char *text = text_of(options, row);
        char        sealed[2 * CX_OPTION_TEXT_BYTES_MAX];

        if (text && strcmp(cx_option_print(row, &one, sealed, sizeof sealed), text) != 0) {
            return CX_FAIL(CX_INVALID, "%s: %s is \"%.80s\" where such a case has \"%.80s\"", place,
                           row->name, text, sealed);
        }
    }
    *out = one;
    return CX_OK;
}
