/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that say what a member of a JSON document may be: the validator and the printed schema are
 * both made from them. Not the documents themselves (record.c). */
#ifndef CX_STORE_RULES_H
#define CX_STORE_RULES_H

#include "base/fail.h"
#include "collectivex/field.h"
#include "collectivex/option.h"

#include <jansson.h>
#include <stdbool.h>

typedef enum cx_rule_kind {
    CX_RULE_TEXT,          /* one of `choices` where given */
    CX_RULE_DIGEST,        /* 32 lower-case hex digits */
    CX_RULE_COUNT,         /* a whole number, not negative */
    CX_RULE_NUMBER,        /* not negative */
    CX_RULE_OBJECT,        /* exactly `members` */
    CX_RULE_FIELDS,        /* exactly the fields of a field table */
    CX_RULE_OPTIONS,       /* every option of a table by its key; each as `members[0]` says */
    CX_RULE_TEXTS_BY_NAME, /* any names, each with a text */
    CX_RULE_ANY_OBJECT,
} cx_rule_kind_t;

typedef struct cx_rule cx_rule_t;
struct cx_rule {
    const char        *name; /* NULL ends a list of members */
    cx_rule_kind_t     kind;
    bool               is_nullable, is_list; /* a list holds values of `kind` */
    bool               is_later; /* documents from before it was there lack the member */
    const char *const *choices;  /* NULL-terminated */
    const cx_rule_t   *members;
    const cx_field_t  *fields;
    const cx_option_t *options;
    const char *const *later; /* keys of options that older documents lack; NULL: none */
    const char        *help;
};

/* errors  CX_INVALID "PLACE: NAME ..." names the first member that breaks its rule */
cx_status_t cx_rules_check(const cx_rule_t *rule, const json_t *value, const char *place);

/* The JSON schema (draft 2020-12) of a value that follows the rule. NULL when memory ran out. */
json_t *cx_rules_schema(const cx_rule_t *rule);

#endif
