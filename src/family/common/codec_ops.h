/* SPDX-License-Identifier: Apache-2.0 */
/* The reference codecs as the table that plugins get.
 * Not the codecs (codec_recipe.h). */
#ifndef CX_FAMILY_COMMON_CODEC_OPS_H
#define CX_FAMILY_COMMON_CODEC_OPS_H

#include "collectivex/ep.h"

extern const cx_codec_ops_t cx_codec_ops;

#endif
