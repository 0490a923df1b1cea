/* SPDX-License-Identifier: Apache-2.0 */
/* The words of expert parallelism as arrays, for option tables and printing. */
#include "model/ep_words.h"

#include "collectivex/ep.h"

#include <stddef.h>

#define SLUG(name, slug, text) slug,

const char *const cx_ep_mode_slugs[]      = {CX_EP_MODE_MAP(SLUG) NULL};
const char *const cx_ep_routing_slugs[]   = {CX_EP_ROUTING_MAP(SLUG) NULL};
const char *const cx_ep_uneven_slugs[]    = {CX_EP_UNEVEN_MAP(SLUG) NULL};
const char *const cx_ep_placement_slugs[] = {CX_EP_PLACEMENT_MAP(SLUG) NULL};
#undef SLUG

const char *const cx_ep_profile_slugs[] = {
#define SLUG(name, slug) slug,
    CX_EP_PROFILE_MAP(SLUG)
#undef SLUG
        NULL};

const char *const cx_codec_slugs[] = {
#define SLUG(name, slug, bits, scale_bytes, scale_elems) slug,
    CX_CODEC_MAP(SLUG)
#undef SLUG
        NULL};
