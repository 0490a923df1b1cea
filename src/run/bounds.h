/* SPDX-License-Identifier: Apache-2.0 */
/* What accelerators are built for, from registry/bounds.json, by the names of their models.
 * Nothing here was measured; what was, is in cx_limits_t (model/record.h). */
#ifndef CX_RUN_BOUNDS_H
#define CX_RUN_BOUNDS_H

#include "base/arena.h"
#include "base/fail.h"

#include <jansson.h>

/**
 * Add to the description of a machine (target/probe.h) what is built for how much:
 *
 *   accelerators  memory_nominal, peer_nominal (of all lanes to other cards, one direction)
 *   links         nominal (of the lanes of this link, one direction)
 *
 * each {"name", "bytes_per_s"}, or null: of a model or a kind of link that the registry does not
 * know, of a slice of a card, of lanes that are not counted.
 * errors  CX_INVALID the registry cannot be read, or a bound of it is none
 */
cx_status_t cx_bounds_add(json_t *description, cx_arena_t *arena);

/**
 * Set link_nominal_bytes_per_s and memory_nominal_bytes_per_s in the member "limits" of a record:
 * the highest of what ranks 0 to `rank_count` - 1 of a host have, so that none may beat it; null
 * where that is not known of all of them.
 *
 * description  with what cx_bounds_add added; NULL or another: nothing is known
 */
void cx_bounds_set(const json_t *description, const char *device, int64_t rank_count,
                   json_t *limits);

#endif
