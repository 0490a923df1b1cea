/* SPDX-License-Identifier: Apache-2.0 */
/* Which ranks share a host, as far as sharing memory and abstract names goes.
 * Not what the host is made of (src/target/). */
#ifndef CX_PEERS_HOSTS_H
#define CX_PEERS_HOSTS_H

#include "collectivex/status.h"

#include <stdint.h>

/* The same on two processes exactly when they run on one boot of one kernel, in one network
 * namespace, under one host name. CX_UNSUPPORTED when /proc cannot be read. */
cx_status_t cx_host_identify(uint64_t *out);

/* Numbers hosts by their lowest rank: `indices` [rank_count] from `identities` [rank_count]. */
void cx_host_number(const uint64_t *identities, int32_t rank_count, int32_t *indices);

#endif
