/* SPDX-License-Identifier: Apache-2.0 */
/* The accelerators of this machine, how they are linked, and which network is near: what device
 * plugins say (collectivex/card.h), and /sys where they say nothing. Opens no device. */
#ifndef CX_TARGET_ACCELERATORS_H
#define CX_TARGET_ACCELERATORS_H

#include "target/root.h"

#include "collectivex/core.h"

#include <jansson.h>

/* Which plugins are asked; `devices` ends with NULL, and itself may be NULL: none. Plugins without
 * cards (host, sim) are passed over, as are those that see no device; why is the catalogue's to
 * say.
 */
typedef struct cx_accelerators {
    const cx_device_ops_t *const *devices;
    const cx_core_t              *core;
} cx_accelerators_t;

/* {"accelerators": [...], "links": [...]}, see probe.h. NULL: memory ran out. */
json_t *cx_accelerators_describe(const cx_root_t *root, const cx_accelerators_t *accelerators);

/**
 * What of it can move a number, as factors of the comparison key: set in `environment` where ranks
 * 0 to `rank_count` - 1 of this host have a device each, as its plugin numbers them.
 *
 *   accelerators           "2 x NVIDIA H200", or "1 x A, 1 x B"
 *   accelerator_links      "nvlink x 18", "pcie PIX", "unknown"; several with commas; "none" for
 * one accelerator_partition  "none", "mig", ...; "unknown"
 *
 * `description` is a whole one (probe.h); one without accelerators of `device` sets nothing.
 */
void cx_accelerators_set_factors(const json_t *description, const char *device, int64_t rank_count,
                                 json_t *environment);

/* A card, by the key "index", or a link, by "to_index", is of `device` and of those ranks. */
bool cx_accelerators_is_of(const json_t *one, const char *device, const char *index_key,
                           int64_t rank_count);

/* The models of those ranks' devices are not one. */
bool cx_accelerators_are_mixed(const json_t *description, const char *device, int64_t rank_count);

#endif
