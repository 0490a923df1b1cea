/* SPDX-License-Identifier: Apache-2.0 */
/* The gates: how much of each expert's answer a token takes.
 * Not where they are applied (that is the combine's semantics). */
#ifndef CX_FAMILY_EP_WEIGHTS_H
#define CX_FAMILY_EP_WEIGHTS_H

#include "family/ep/routing.h"

/**
 * Gates of tokens [first_token, first_token + token_count): float [token_count][topk].
 *
 * A gate belongs to (token, slot), not to the expert: raw = 1 + ctr(token, slot, 0, GATE) mod
 * 65535, gate = raw / (sum of the token's raws) in double, rounded once to float. A recorded trace
 * with gates has its own.
 */
void cx_ep_weights(const cx_ep_router_t *router, int64_t first_token, int64_t token_count,
                   float *weights_out);

#endif
