/* SPDX-License-Identifier: Apache-2.0 */
/* The words that all checks of expert parallelism share.
 * Not the checks (received.c, combined.c, inputs.c) and not the report itself (oracle.h). */
#ifndef CX_FAMILY_EP_REPORT_H
#define CX_FAMILY_EP_REPORT_H

#include "family/ep/oracle.h"

typedef struct cx_ep_token_name {
    char text[64];
} cx_ep_token_name_t;

/* "token 17 of rank 2" for a global token that exists. */
cx_ep_token_name_t cx_ep_token_name(const cx_ep_work_t *work, int64_t token);

#endif
