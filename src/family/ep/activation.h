/* SPDX-License-Identifier: Apache-2.0 */
/* What tokens carry: bf16 rows that depend on (seed, source id, column) alone, and whose first 32
 * columns spell the source id, so that a payload says where it came from after any quantisation.
 * Not which rank has which token (workload.h).
 *
 *   lattice             ((id*131 + c*17 + seed*19) mod 257 - 128) / 64; the published rows
 *   normal              about normal: the sum of 8 uniform numbers, standard deviation 1
 *   zeros               0
 *   small-amplitude     0.01 x normal
 *   wide-dynamic-range  normal, one element of 100 times 250
 *   fp8-saturation      +672 or -672, one and a half times what e4m3fn can hold
 *
 * The prefix is +1 for a set bit and -1 for a clear one, bit b in column b, in every profile.
 */
#ifndef CX_FAMILY_EP_ACTIVATION_H
#define CX_FAMILY_EP_ACTIVATION_H

#include "model/ep_words.h"

#include <stdbool.h>
#include <stdint.h>

#define CX_EP_SOURCE_ID_ELEMS 32

typedef struct cx_ep_activation {
    cx_ep_profile_t profile;
    uint64_t        seed;
    int64_t         hidden_elems; /* at least CX_EP_SOURCE_ID_ELEMS */
} cx_ep_activation_t;

/* Rows of source ids [first_id, first_id + row_count): bf16 [row_count][hidden_elems]. */
void cx_ep_activations(const cx_ep_activation_t *activation, uint32_t first_id, int64_t row_count,
                       uint16_t *rows_out);

/* The source id that a bf16 row spells; false when a prefix value is not finite or below 1/4 in
 * magnitude. */
bool cx_ep_source_id(const uint16_t *row, uint32_t *id_out);

#endif
