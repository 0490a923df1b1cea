/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML or JSON file as a tree that remembers where everything stood (JSON is read as YAML).
 * Not for records: those are ours, written and read with jansson. */
#ifndef CX_BASE_DOCUMENT_H
#define CX_BASE_DOCUMENT_H

#include "base/arena.h"
#include "base/fail.h"

typedef enum cx_node_kind { CX_NODE_SCALAR, CX_NODE_LIST, CX_NODE_MAP } cx_node_kind_t;

typedef struct cx_node cx_node_t;
struct cx_node {
    cx_node_kind_t kind;
    int            line, column; /* counted from 1 */
    const char    *text;         /* scalar */
    size_t         item_count;   /* list, map */
    cx_node_t     *items, *keys; /* map: keys[i] (scalar) has items[i] */
};

/**
 * Read a document into the arena.
 *
 * errors  CX_INVALID "file:line:column: ..." for syntax, duplicate keys, anchors, a second
 *         document, nesting over 16, a key that is no scalar, over 1000 keys in a map, or a file
 * over 8 MiB · CX_RESOURCE memory
 */
cx_status_t cx_document_read(const char *path, cx_arena_t *arena, cx_node_t **out);
/* The same from memory; `name` stands where the path would. */
cx_status_t cx_document_parse(const char *name, const char *bytes, size_t byte_count,
                              cx_arena_t *arena, cx_node_t **out);

#endif
