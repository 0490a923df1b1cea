/* SPDX-License-Identifier: Apache-2.0 */
/* The precisions a row of activations can travel in: what each is called, how many bytes it makes,
 * and its codec. A name implies its payload: what has one scale per row ships one scale per row.
 * Not the arithmetic (codec_fp8.h, codec_mxfp8.h, codec_nvfp4.h). */
#ifndef CX_FAMILY_COMMON_CODEC_RECIPE_H
#define CX_FAMILY_COMMON_CODEC_RECIPE_H

#include "base/fail.h"
#include "collectivex/ep.h"
#include "model/ep_words.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of codes and of scales of a row; nvfp4's one fp32 scale per tensor is in neither. */
int64_t cx_codec_payload_bytes(cx_codec_t codec, int64_t elems);
int64_t cx_codec_scale_bytes(cx_codec_t codec, int64_t elems);
/* Both. */
int64_t cx_codec_row_bytes(cx_codec_t codec, int64_t elems);

/* Whether a row is a whole number of blocks. */
bool cx_codec_fits(cx_codec_t codec, int64_t elems);
/* errors  CX_INVALID it is not */
cx_status_t cx_codec_check(cx_codec_t codec, int64_t elems);

/* A row between bf16 and the wire. */
typedef struct cx_codec_row {
    int64_t elems;        /* one that cx_codec_check passes */
    float   tensor_scale; /* nvfp4 alone: cx_nvfp4_tensor_scale */
    void   *payload;      /* cx_codec_payload_bytes */
    void   *scales;       /* cx_codec_scale_bytes, aligned for float; NULL when there are none */
} cx_codec_row_t;

void cx_codec_encode(cx_codec_t codec, const uint16_t *values, const cx_codec_row_t *row);
void cx_codec_decode(cx_codec_t codec, const cx_codec_row_t *row, uint16_t *values_out);

#endif
