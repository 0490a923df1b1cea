/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a case and the plan of a run as documents: reading, closed validation, writing, and
 * the printed schemas. Not what the numbers in them mean, nor whether they are right (run/check.h).
 */
#ifndef CX_STORE_RECORD_H
#define CX_STORE_RECORD_H

#include "base/fail.h"

#include <jansson.h>
#include <stddef.h>

/**
 * Read one JSON document. `*out` is a new reference.
 * errors  CX_INVALID "file:line:column: ..." for syntax or a duplicate key; cannot be read
 */
cx_status_t cx_record_read(const char *path, json_t **out);
/* The same from memory; `name` stands where the path would. */
cx_status_t cx_record_parse(const char *name, const char *bytes, size_t byte_count, json_t **out);

/* The text of a member of a member of a document; NULL when there is none. */
const char *cx_record_text(const json_t *document, const char *object, const char *member);

/* Whether the document is a record (a plan), nothing missing and nothing more.
 * errors  CX_INVALID "PLACE: MEMBER: ..." */
cx_status_t cx_record_validate(const json_t *record, const char *place);
cx_status_t cx_plan_validate(const json_t *plan, const char *place);

/* The closed JSON schema (draft 2020-12) of the same tables; a new reference. */
json_t *cx_record_schema(void);
json_t *cx_plan_schema(void);

/**
 * Write a document in one step, members in the order in which they were set.
 * errors  CX_RESOURCE
 */
cx_status_t cx_record_write(const char *path, const json_t *record);

#endif
