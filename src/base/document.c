/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's events become our tree. */
#include "base/document.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define FILE_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define DEPTH_MAX 16
#define KEY_COUNT_MAX 1000 /* duplicates are searched pairwise */

typedef struct reader {
    const char   *name;
    cx_arena_t   *arena;
    yaml_parser_t parser;
} reader_t;

/* Children of a list or map while their number is not yet known. */
typedef struct chain {
    cx_node_t     key, item;
    struct chain *next;
} chain_t;

static cx_status_t read_node(reader_t *reader, yaml_event_t *event, int depth, cx_node_t *out);

static cx_status_t next_event(reader_t *reader, yaml_event_t *event)
{
    if (!yaml_parser_parse(&reader->parser, event)) {
        return CX_FAIL(CX_INVALID, "%s:%zu:%zu: %s", reader->name,
                       reader->parser.problem_mark.line + 1, reader->parser.problem_mark.column + 1,
                       reader->parser.problem ? reader->parser.problem : "cannot be read");
    }
    return CX_OK;
}

static cx_status_t refuse(const reader_t *reader, const yaml_event_t *event, const char *why)
{
    return CX_FAIL(CX_INVALID, "%s:%zu:%zu: %s", reader->name, event->start_mark.line + 1,
                   event->start_mark.column + 1, why);
}

static cx_status_t check_duplicate(const reader_t *reader, const chain_t *first,
                                   const chain_t *last)
{
    for (const chain_t *link = first; link != last; link = link->next) {
        if (strcmp(link->key.text, last->key.text) == 0) {
            return CX_FAIL(CX_INVALID, "%s:%d:%d: duplicate key \"%s\", first given on line %d",
                           reader->name, last->key.line, last->key.column, last->key.text,
                           link->key.line);
        }
    }
    return CX_OK;
}

/* One child (for a map: key and value); *is_end when the container closed instead. */
static cx_status_t read_child(reader_t *reader, bool is_map, int depth, chain_t *child,
                              bool *is_end)
{
    yaml_event_t event;
    cx_status_t  status;

    CX_TRY(next_event(reader, &event));
    *is_end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
    if (*is_end) {
        yaml_event_delete(&event);
        return CX_OK;
    }
    if (is_map) {
        status = event.type == YAML_SCALAR_EVENT ? read_node(reader, &event, depth, &child->key)
                                                 : refuse(reader, &event, "a key must be a word");
        yaml_event_delete(&event);
        CX_TRY(status);
        CX_TRY(next_event(reader, &event));
    }
    status = read_node(reader, &event, depth, &child->item);
    yaml_event_delete(&event);
    return status;
}

static cx_status_t flatten(reader_t *reader, const chain_t *first, cx_node_t *out)
{
    size_t index = 0;

    out->items = cx_arena_grab(reader->arena, (out->item_count + 1) * sizeof *out->items);
    out->keys  = cx_arena_grab(reader->arena, (out->item_count + 1) * sizeof *out->keys);
    if (!out->items || !out->keys) {
        return CX_FAIL(CX_RESOURCE, "%s: out of memory", reader->name);
    }
    for (const chain_t *link = first; link; link = link->next, index++) {
        out->items[index] = link->item;
        out->keys[index]  = link->key;
    }
    return CX_OK;
}

static cx_status_t read_children(reader_t *reader, int depth, cx_node_t *out)
{
    chain_t  *first = NULL;
    chain_t **end   = &first;

    for (;;) {
        chain_t *child = cx_arena_grab(reader->arena, sizeof *child);
        bool     is_end;

        if (!child) {
            return CX_FAIL(CX_RESOURCE, "%s: out of memory", reader->name);
        }
        CX_TRY(read_child(reader, out->kind == CX_NODE_MAP, depth + 1, child, &is_end));
        if (is_end) {
            return flatten(reader, first, out);
        }
        if (out->kind == CX_NODE_MAP && out->item_count == KEY_COUNT_MAX) {
            return CX_FAIL(CX_INVALID, "%s:%d:%d: more than %d keys", reader->name, child->key.line,
                           child->key.column, KEY_COUNT_MAX);
        }
        *end = child;
        if (out->kind == CX_NODE_MAP) {
            CX_TRY(check_duplicate(reader, first, child));
        }
        end = &child->next;
        out->item_count++;
    }
}

static cx_status_t read_node(reader_t *reader, yaml_event_t *event, int depth, cx_node_t *out)
{
    memset(out, 0, sizeof *out);
    out->line   = (int)event->start_mark.line + 1;
    out->column = (int)event->start_mark.column + 1;
    if (depth > DEPTH_MAX) {
        return refuse(reader, event, "nested too deeply");
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length) {
            return refuse(reader, event, "a NUL byte inside a text");
        }
        out->kind = CX_NODE_SCALAR;
        out->text = cx_arena_text(reader->arena, (const char *)event->data.scalar.value);
        return out->text ? CX_OK : CX_FAIL(CX_RESOURCE, "%s: out of memory", reader->name);
    case YAML_SEQUENCE_START_EVENT:
        out->kind = CX_NODE_LIST;
        return read_children(reader, depth, out);
    case YAML_MAPPING_START_EVENT:
        out->kind = CX_NODE_MAP;
        return read_children(reader, depth, out);
    case YAML_ALIAS_EVENT:
        return refuse(reader, event, "anchors and aliases are not used here");
    default:
        return refuse(reader, event, "expected a value");
    }
}

/* Takes one event that must be of `type`. */
static cx_status_t expect(reader_t *reader, yaml_event_type_t type, const char *otherwise)
{
    yaml_event_t event;
    cx_status_t  status = CX_OK;

    CX_TRY(next_event(reader, &event));
    if (event.type != type) {
        status = refuse(reader, &event, otherwise);
    }
    yaml_event_delete(&event);
    return status;
}

static cx_status_t read_document(reader_t *reader, cx_node_t *root)
{
    yaml_event_t event;
    cx_status_t  status;

    CX_TRY(expect(reader, YAML_STREAM_START_EVENT, "expected a document"));
    CX_TRY(expect(reader, YAML_DOCUMENT_START_EVENT, "the file is empty"));
    CX_TRY(next_event(reader, &event));
    status = read_node(reader, &event, 0, root);
    yaml_event_delete(&event);
    CX_TRY(status);
    CX_TRY(expect(reader, YAML_DOCUMENT_END_EVENT, "expected the end of the document"));
    return expect(reader, YAML_STREAM_END_EVENT, "one document per file, please");
}

cx_status_t cx_document_parse(const char *name, const char *bytes, size_t byte_count,
                              cx_arena_t *arena, cx_node_t **out)
{
    reader_t    reader = {.name = name, .arena = arena};
    cx_node_t  *root   = cx_arena_grab(arena, sizeof *root);
    cx_status_t status;

    if (!root || !yaml_parser_initialize(&reader.parser)) {
        return CX_FAIL(CX_RESOURCE, "%s: out of memory", name);
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, byte_count);
    status = read_document(&reader, root);
    yaml_parser_delete(&reader.parser);
    if (status == CX_OK) {
        *out = root;
    }
    return status;
}

cx_status_t cx_document_read(const char *path, cx_arena_t *arena, cx_node_t **out)
{
    char       *bytes;
    size_t      byte_count;
    cx_status_t status;

    CX_TRY(cx_file_read(path, FILE_BYTES_MAX, &bytes, &byte_count));
    status = cx_document_parse(path, bytes, byte_count, arena, out);
    free(bytes);
    return status;
}
