/* SPDX-License-Identifier: Apache-2.0 */
/* Which processors the ranks of this host have together, and which of them are this rank's own.
 * Not the description of the machine (target/topology.h). */
#ifndef CX_RUN_PROCESSORS_H
#define CX_RUN_PROCESSORS_H

#include "run/rank_context.h"

/**
 * Whether the ranks of this host have fewer processors than they are, into context->core, and this
 * rank's share of them, into context->processors. Collective.
 *
 * The share of ranks that nobody has bound is a block of whole cores each, where there are enough;
 * of others, and of ranks that a launcher has bound, it is what they have.
 * errors  those of peers
 */
cx_status_t cx_processors_share(cx_rank_context_t *context);

/* Keep this process on its share from now on: two ranks on one processor measure the scheduler. */
void cx_processors_bind(cx_rank_context_t *context);

#endif
