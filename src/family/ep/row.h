/* SPDX-License-Identifier: Apache-2.0 */
/* A token's row as it travels: regenerated from its source id, and through a codec.
 * Not what a backend received (reader.h). */
#ifndef CX_FAMILY_EP_ROW_H
#define CX_FAMILY_EP_ROW_H

#include "family/ep/oracle.h"

/* Memory for one row; everything lies in the arena it was made with. */
typedef struct cx_ep_row {
    cx_codec_t     codec;
    int64_t        hidden_elems, payload_bytes, scale_bytes;
    float          tensor_scale;
    uint16_t      *values; /* bf16 [hidden_elems] */
    unsigned char *payload;
    void          *scales; /* aligned for float; NULL when there are none */
} cx_ep_row_t;

/* errors  CX_RESOURCE memory */
cx_status_t cx_ep_row_init(const cx_ep_truth_t *truth, cx_codec_t codec, cx_arena_t *arena,
                           cx_ep_row_t *out);

/* values, and from them payload and scales, of a global token. */
void cx_ep_row_fill(cx_ep_row_t *row, const cx_ep_activation_t *activation, int64_t token);

/* bf16 through the codec and back, in place. */
void cx_ep_row_quantise(cx_ep_row_t *row, uint16_t *values);

/* Back to bf16, the first `elems` of a row, which must be whole blocks: [elems]. */
void cx_ep_row_decode(const cx_ep_row_t *row, const void *payload, void *scales, int64_t elems,
                      uint16_t *values_out);

/* The least elements that hold the source id and can be decoded on their own. */
int64_t cx_ep_row_prefix_elems(cx_codec_t codec);

#endif
