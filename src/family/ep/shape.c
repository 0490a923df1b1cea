/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes from files. Not their use. */
#include "family/ep/shape.h"

#include "base/document.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"

#include <dirent.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SHAPE_COUNT_MAX 256
#define ENDING ".json"

typedef enum kind { TEXT, NUMBER, TRUTH } kind_t;

/* Every key that a shape may have. */
static const struct {
    const char *key;
    kind_t      kind;
    bool        is_needed;
    size_t      offset;
} keys[] = {
    {"name", TEXT, true, offsetof(cx_ep_shape_t, name)},
    {"version", NUMBER, true, offsetof(cx_ep_shape_t, version)},
    {"model", TEXT, true, offsetof(cx_ep_shape_t, model)},
    {"source", TEXT, true, offsetof(cx_ep_shape_t, source)},
    {"hidden", NUMBER, true, offsetof(cx_ep_shape_t, hidden_elems)},
    {"topk", NUMBER, true, offsetof(cx_ep_shape_t, topk)},
    {"experts", NUMBER, true, offsetof(cx_ep_shape_t, expert_count)},
    {"to_verify", TRUTH, false, offsetof(cx_ep_shape_t, is_to_verify)},
};
#define KEY_COUNT (sizeof keys / sizeof keys[0])

static const char *key_at(const void *names, size_t index)
{
    (void)names;
    return index < KEY_COUNT ? keys[index].key : NULL;
}

static cx_status_t set_value(const char *path, const cx_node_t *node, size_t key,
                             cx_ep_shape_t *shape)
{
    char       *place = (char *)shape + keys[key].offset;
    const char *text  = node->kind == CX_NODE_SCALAR ? node->text : "";
    const char *why   = NULL;
    int64_t     number;
    bool        is_true = strcmp(text, "true") == 0;

    switch (keys[key].kind) {
    case TEXT:
        memcpy(place, &text, sizeof text);
        why = text[0] ? NULL : "expected a text";
        break;
    case NUMBER:
        why = cx_units_parse_int(text, &number);
        why = !why && number < 1 ? "expected at least 1" : why;
        if (!why) {
            memcpy(place, &number, sizeof number);
        }
        break;
    case TRUTH:
        why = is_true || strcmp(text, "false") == 0 ? NULL : "expected true or false";
        memcpy(place, &is_true, sizeof is_true);
        break;
    }
    if (why) {
        return CX_FAIL(CX_INVALID, "%s:%d:%d: %s: %s", path, node->line, node->column,
                       keys[key].key, why);
    }
    return CX_OK;
}

static cx_status_t read_key(const char *path, const cx_node_t *map, size_t index,
                            cx_ep_shape_t *shape, bool *is_given)
{
    const cx_node_t *name = &map->keys[index];
    const char      *nearest;

    for (size_t key = 0; key < KEY_COUNT; key++) {
        if (strcmp(keys[key].key, name->text) == 0) {
            is_given[key] = true;
            return set_value(path, &map->items[index], key, shape);
        }
    }
    nearest = cx_text_nearest(name->text, NULL, key_at);
    return CX_FAIL(CX_INVALID, "%s:%d:%d: unknown key \"%s\"%s%s%s", path, name->line, name->column,
                   name->text, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                   nearest ? "\"?" : "");
}

static cx_status_t read_shape(const char *path, cx_arena_t *arena, cx_ep_shape_t *out)
{
    cx_ep_shape_t shape               = {0};
    bool          is_given[KEY_COUNT] = {false};
    cx_node_t    *map;

    CX_TRY(cx_document_read(path, arena, &map));
    if (map->kind != CX_NODE_MAP) {
        return CX_FAIL(CX_INVALID, "%s: a shape is one object", path);
    }
    for (size_t i = 0; i < map->item_count; i++) {
        CX_TRY(read_key(path, map, i, &shape, is_given));
    }
    for (size_t key = 0; key < KEY_COUNT; key++) {
        if (keys[key].is_needed && !is_given[key]) {
            return CX_FAIL(CX_INVALID, "%s: the shape has no \"%s\"", path, keys[key].key);
        }
    }
    *out = shape;
    return CX_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

cx_status_t cx_ep_shape_names(const char *folder, cx_arena_t *arena, const char ***out)
{
    const char         **names = cx_arena_grab(arena, (SHAPE_COUNT_MAX + 1) * sizeof *names);
    const size_t         ending_length = strlen(ENDING);
    size_t               count         = 0;
    const struct dirent *entry;
    DIR                 *handle;

    if (!names) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the names of shapes");
    }
    handle = opendir(folder);
    if (!handle) {
        return CX_FAIL(CX_INVALID, "%s: there is no such folder; set CX_REGISTRY", folder);
    }
    while ((entry = readdir(handle)) != NULL && count < SHAPE_COUNT_MAX) {
        size_t length = strlen(entry->d_name);

        if (length > ending_length && strcmp(entry->d_name + length - ending_length, ENDING) == 0) {
            names[count++] =
                cx_arena_format(arena, "%.*s", (int)(length - ending_length), entry->d_name);
        }
    }
    (void)closedir(handle);
    qsort(names, count, sizeof *names, compare_names);
    *out = names;
    return CX_OK;
}

static cx_status_t refuse_name(const char *folder, const char *name, cx_arena_t *arena)
{
    const char **names;
    const char  *nearest;
    cx_text_t    text;
    char         shown[64];
    const char  *list;

    CX_TRY(cx_ep_shape_names(folder, arena, &names));
    nearest = cx_text_nearest(name, names, cx_text_name_at);
    (void)cx_text_printable(name, shown, sizeof shown);
    if (nearest) {
        return CX_FAIL(CX_INVALID, "no shape called \"%s\"; did you mean \"%s\"?", shown, nearest);
    }
    cx_text_init(&text, 300);
    for (size_t i = 0; names[i]; i++) {
        cx_text_format(&text, "%s%s", i ? ", " : "", names[i]);
    }
    list = text.length ? cx_arena_text(arena, text.bytes) : "nothing";
    cx_text_fini(&text);
    return CX_FAIL(CX_INVALID, "no shape called \"%s\"; there are %s", shown, list ? list : "");
}

cx_status_t cx_ep_shape_read(const char *folder, const char *name, cx_arena_t *arena,
                             cx_ep_shape_t *out)
{
    const size_t length = strlen(name), ending_length = strlen(ENDING);
    const char  *path;

    if (strchr(name, '/') ||
        (length > ending_length && strcmp(name + length - ending_length, ENDING) == 0)) {
        return read_shape(name, arena, out);
    }
    path = cx_arena_format(arena, "%s/%s" ENDING, folder, name);
    if (!path) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a path");
    }
    return cx_file_exists(path) ? read_shape(path, arena, out) : refuse_name(folder, name, arena);
}
