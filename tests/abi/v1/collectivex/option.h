/* SPDX-License-Identifier: Apache-2.0 */
/* One row per option: parser, --help, suite keys, environment variable, record entry, comparison
 * key and documentation are all printed from it.
 * Not the parser itself (src/model/options.c). */
#ifndef COLLECTIVEX_OPTION_H
#define COLLECTIVEX_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cx_value_kind {
    CX_VALUE_INT,   /* int64_t, a plain number */
    CX_VALUE_BYTES, /* int64_t, written with a unit: 8B 64KiB 1MB */
    CX_VALUE_TIME,  /* double microseconds, written with a unit: 250us 10s */
    CX_VALUE_RATIO, /* double, 0.02 or 2% */
    CX_VALUE_BOOL,  /* bool, true or false */
    CX_VALUE_ENUM,  /* int32_t index into `choices` */
    CX_VALUE_TEXT,  /* const char *, lives as long as the run */
    CX_VALUE_KIND_COUNT
} cx_value_kind_t;

/* What a change of this option does to the comparison key. */
typedef enum cx_option_role {
    CX_OPTION_KEY,  /* two rows that differ here never merge */
    CX_OPTION_FREE, /* declared unable to move a number (with the reason in `help`) */
} cx_option_role_t;

typedef struct cx_option {
    const char        *name; /* flag --name, environment CX_NAME, key name with '_' */
    cx_value_kind_t    kind;
    cx_option_role_t   role;
    bool               is_axis; /* a comma-separated list or JSON array multiplies the cases */
    size_t             offset;
    const char        *default_text;
    double             min, max; /* of numbers, in the unit of `kind`; equal: unbounded */
    const char *const *choices;  /* CX_VALUE_ENUM: NULL-terminated */
    const char        *help;
} cx_option_t;

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define CX_OPTION_CHECK(type, member, ctype) \
    (offsetof(type, member) + 0 * sizeof(char[_Generic(((type *)0)->member, ctype : 1)]))
#else
#define CX_OPTION_CHECK(type, member, ctype) offsetof(type, member)
#endif

#define CX_OPTION_INT(type, member, name, role, text, min, max, help)                            \
    {                                                                                            \
        name, CX_VALUE_INT, role, false, CX_OPTION_CHECK(type, member, int64_t), text, min, max, \
            NULL, help                                                                           \
    }
#define CX_OPTION_BYTES(type, member, name, role, text, min, max, help)                            \
    {                                                                                              \
        name, CX_VALUE_BYTES, role, false, CX_OPTION_CHECK(type, member, int64_t), text, min, max, \
            NULL, help                                                                             \
    }
#define CX_OPTION_TIME(type, member, name, role, text, min, max, help)                           \
    {                                                                                            \
        name, CX_VALUE_TIME, role, false, CX_OPTION_CHECK(type, member, double), text, min, max, \
            NULL, help                                                                           \
    }
#define CX_OPTION_RATIO(type, member, name, role, text, min, max, help)                           \
    {                                                                                             \
        name, CX_VALUE_RATIO, role, false, CX_OPTION_CHECK(type, member, double), text, min, max, \
            NULL, help                                                                            \
    }
#define CX_OPTION_BOOL(type, member, name, role, text, help)                                     \
    {                                                                                            \
        name, CX_VALUE_BOOL, role, false, CX_OPTION_CHECK(type, member, bool), text, 0, 0, NULL, \
            help                                                                                 \
    }
#define CX_OPTION_ENUM(type, member, name, role, text, choices, help)                        \
    {                                                                                        \
        name, CX_VALUE_ENUM, role, true, CX_OPTION_CHECK(type, member, int32_t), text, 0, 0, \
            choices, help                                                                    \
    }
#define CX_OPTION_TEXT(type, member, name, role, is_axis, text, help)                             \
    {                                                                                             \
        name, CX_VALUE_TEXT, role, is_axis, CX_OPTION_CHECK(type, member, const char *), text, 0, \
            0, NULL, help                                                                         \
    }
#define CX_OPTION_END                                                        \
    {                                                                        \
        NULL, CX_VALUE_INT, CX_OPTION_FREE, false, 0, NULL, 0, 0, NULL, NULL \
    }

#ifdef __cplusplus
}
#endif
#endif
