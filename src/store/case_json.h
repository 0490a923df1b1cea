/* SPDX-License-Identifier: Apache-2.0 */
/* A case as the object of its options, in a record and in a plan. */
#ifndef CX_STORE_CASE_JSON_H
#define CX_STORE_CASE_JSON_H

#include "model/case.h"

#include <jansson.h>

/* Of a record: {option: {"value": text, "origin": slug}}. NULL when memory ran out. */
json_t *cx_case_to_json(const cx_case_t *one);
/* Of a plan: {option: text}. NULL when memory ran out. */
json_t *cx_case_to_texts(const cx_case_t *one);

/**
 * Read either form back and seal the case. A null value (imported, unknown) becomes the default.
 * owns    texts are copied into the arena
 * errors  CX_INVALID "PLACE: ..." a value the option does not take, or one that a sealed case
 *         cannot have (an option that means nothing for the operation) · CX_RESOURCE
 */
cx_status_t cx_case_from_json(const json_t *options, const char *place, cx_arena_t *arena,
                              cx_case_t *out);

#endif
