/* SPDX-License-Identifier: Apache-2.0 */
/* Latency over bytes of one work in words. Not the fit (stats/fit.h). */
#ifndef CX_CLI_EP_FIT_H
#define CX_CLI_EP_FIT_H

#include "base/text.h"
#include "cli/ep_result.h"
#include "cli/style.h"

/* "dispatch 12.1 us + bytes / (3.20 GB/s) (R2 0.990); combine ...", over bytes of a rank,
 * rank-deduplicated or where rows go by expert per assignment; isolated parts, or the chain's
 * floors where there are no others. Errors CX_RESOURCE. */
cx_status_t cx_ep_fit_say(const cx_ep_result_t *work, const cx_style_t *style, cx_arena_t *arena,
                          cx_text_t *out);

#endif
