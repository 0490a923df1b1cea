/* SPDX-License-Identifier: Apache-2.0 */
/* One row per published field: JSON key, CSV column, schema, documentation and web type are printed
 * from it. Not the writer itself (src/store/). */
#ifndef COLLECTIVEX_FIELD_H
#define COLLECTIVEX_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cx_field_kind {
    CX_FIELD_F64, /* double; NAN is written as null */
    CX_FIELD_I64, /* int64_t; INT64_MIN is written as null */
    CX_FIELD_BOOL,
    CX_FIELD_TEXT, /* const char *; NULL is written as null */
    CX_FIELD_KIND_COUNT
} cx_field_kind_t;

typedef struct cx_field {
    const char     *name;
    cx_field_kind_t kind;
    bool            is_later; /* records from before it was there lack it: read as unknown */
    size_t          offset;
    const char     *unit; /* "us", "bytes", "" */
    const char     *help;
} cx_field_t;

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define CX_FIELD_KIND_OF(type, member) \
    _Generic(((type *)0)->member, double: CX_FIELD_F64, int64_t: CX_FIELD_I64, bool: CX_FIELD_BOOL, \
             const char *: CX_FIELD_TEXT)
#define CX_FIELD(type, member, unit, help)                                                 \
    {                                                                                      \
#member, CX_FIELD_KIND_OF(type, member), false, offsetof(type, member), unit, help \
    }
#define CX_FIELD_LATER(type, member, unit, help)                                          \
    {                                                                                     \
#member, CX_FIELD_KIND_OF(type, member), true, offsetof(type, member), unit, help \
    }
#endif
#define CX_FIELD_END                             \
    {                                            \
        NULL, CX_FIELD_F64, false, 0, NULL, NULL \
    }

#ifdef __cplusplus
}
#endif
#endif
