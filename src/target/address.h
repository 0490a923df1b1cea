/* SPDX-License-Identifier: Apache-2.0 */
/* Finders of what tells who and where: addresses, GUIDs and e-mail addresses.
 * Each answers whether one begins exactly at `at`, and then fills `out`. */
#ifndef CX_TARGET_ADDRESS_H
#define CX_TARGET_ADDRESS_H

#include "target/secret.h"
#include "target/view.h"

/* Four groups of four digits (InfiniBand), or GPU-/MIG- and a UUID. */
bool cx_guid_find(cx_view_t view, size_t at, cx_secret_hit_t *out);
/* Six or more pairs, by ':' (Ethernet, EUI-64, IP over InfiniBand), or exactly six by '-'. */
bool cx_mac_find(cx_view_t view, size_t at, cx_secret_hit_t *out);
bool cx_ip6_find(cx_view_t view, size_t at, cx_secret_hit_t *out);
/* See cx_secret_scan on versions. */
bool cx_ip4_find(cx_view_t view, size_t at, cx_secret_hit_t *out);
bool cx_email_find(cx_view_t view, size_t at, cx_secret_hit_t *out);

#endif
