/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the words of a document may be published. Not what a secret looks like
 * (target/secret.h). */
#ifndef CX_RUN_CHECK_SECRETS_H
#define CX_RUN_CHECK_SECRETS_H

#include "base/text.h"
#include "run/check.h"

#include <jansson.h>

/* More than a record has; members behind are looked at each time. */
#define CX_CHECK_MEMBER_COUNT_MAX 32

/* What each member of the document before said, if it held no secret: most records of a folder
 * describe the same machine, and what they repeat needs no second look. */
typedef struct cx_check_secrets {
    cx_text_t clean[CX_CHECK_MEMBER_COUNT_MAX]; /* owned */
} cx_check_secrets_t;

void cx_check_secrets_init(cx_check_secrets_t *secrets);
void cx_check_secrets_fini(cx_check_secrets_t *secrets);

/* Adds a finding for each member of the document's top level that holds a secret. */
void cx_check_secrets(cx_check_secrets_t *secrets, const char *file, const json_t *document,
                      cx_check_report_t *report);

#endif
