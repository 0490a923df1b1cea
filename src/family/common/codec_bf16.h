/* SPDX-License-Identifier: Apache-2.0 */
/* bf16 arrays to and from float: exact one way, to nearest even the other.
 * Not single values (halves.h). */
#ifndef CX_FAMILY_COMMON_CODEC_BF16_H
#define CX_FAMILY_COMMON_CODEC_BF16_H

#include <stdint.h>

void cx_bf16_widen(const uint16_t *values, int64_t elems, float *out);
void cx_bf16_round(const float *values, int64_t elems, uint16_t *out);

#endif
