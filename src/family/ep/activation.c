/* SPDX-License-Identifier: Apache-2.0 */
/* Activation rows by (seed, source id, column). Not their quantisation (family/common/codec_*). */
#include "family/ep/activation.h"

#include "base/prng.h"
#include "family/common/halves.h"

#include <stddef.h>
#include <string.h>

#define LATTICE_PERIOD 257
#define COLUMN_STEP 17
#define COLUMN_STEP_INVERSE 121 /* 17 * 121 = 8 * 257 + 1 */

#define SPIKE_RATE 100
#define SPIKE_FACTOR 250.0f
#define SMALL_FACTOR 0.01f
#define SATURATION 672.0f /* 1.5 * 448 */

/* All rows of the lattice are one periodic row, read from different places on. */
static void fill_lattice(const cx_ep_activation_t *activation, uint32_t first_id, int64_t row_count,
                         uint16_t *rows)
{
    const uint64_t shift = activation->seed % LATTICE_PERIOD * 19;
    uint16_t       period[2 * LATTICE_PERIOD];

    for (int i = 0; i < 2 * LATTICE_PERIOD; i++) {
        period[i] = cx_bf16_from_float((float)(i * COLUMN_STEP % LATTICE_PERIOD - 128) * 0.015625f);
    }
    for (int64_t row = 0; row < row_count; row++) {
        const uint64_t at   = ((uint64_t)first_id + (uint64_t)row) * 131 + shift;
        const uint64_t from = at % LATTICE_PERIOD * COLUMN_STEP_INVERSE % LATTICE_PERIOD;

        for (int64_t c = 0; c < activation->hidden_elems; c += LATTICE_PERIOD) {
            int64_t left  = activation->hidden_elems - c;
            size_t  count = (size_t)(left < LATTICE_PERIOD ? left : LATTICE_PERIOD);

            memcpy(rows + row * activation->hidden_elems + c, period + from, count * sizeof *rows);
        }
    }
}

/* The sum of the four 16-bit numbers of a word, about its mean. */
static int32_t centred_sum(uint64_t word)
{
    return (int32_t)((word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) +
                     (word >> 48)) -
           2 * 0xffff;
}

/* Eight uniform numbers of variance 2^32/12 each, scaled to variance 1: a product of exact values,
 * so that all machines agree. */
static float normal_at(uint64_t key, uint64_t column)
{
    const int32_t sum =
        centred_sum(cx_mix64(key + 2 * column)) + centred_sum(cx_mix64(key + 2 * column + 1));

    return (float)sum * 0x1.3988e2p-16f; /* sqrt(12/8) / 2^16 */
}

static float value_at(cx_ep_profile_t profile, uint64_t key, uint64_t column)
{
    switch (profile) {
    case CX_EP_PROFILE_NORMAL:
        return normal_at(key, column);
    case CX_EP_PROFILE_SMALL_AMPLITUDE:
        return normal_at(key, column) * SMALL_FACTOR;
    case CX_EP_PROFILE_WIDE_DYNAMIC_RANGE:
        return cx_prng_below(cx_prng_at(key, column), SPIKE_RATE) == 0
                   ? normal_at(key, column) * SPIKE_FACTOR
                   : normal_at(key, column);
    case CX_EP_PROFILE_FP8_SATURATION:
        return cx_prng_at(key, column) >> 63 ? SATURATION : -SATURATION;
    default:
        return 0;
    }
}

static void fill_random(const cx_ep_activation_t *activation, uint32_t first_id, int64_t row_count,
                        uint16_t *rows)
{
    for (int64_t row = 0; row < row_count; row++) {
        const uint64_t key = cx_prng_at(activation->seed, (uint64_t)first_id + (uint64_t)row);

        for (int64_t c = 0; c < activation->hidden_elems; c++) {
            *rows++ = cx_bf16_from_float(value_at(activation->profile, key, (uint64_t)c));
        }
    }
}

void cx_ep_activations(const cx_ep_activation_t *activation, uint32_t first_id, int64_t row_count,
                       uint16_t *rows_out)
{
    const uint16_t set = cx_bf16_from_float(1), clear = cx_bf16_from_float(-1);

    if (activation->profile == CX_EP_PROFILE_LATTICE) {
        fill_lattice(activation, first_id, row_count, rows_out);
    } else {
        fill_random(activation, first_id, row_count, rows_out);
    }
    for (int64_t row = 0; row < row_count; row++) {
        for (int bit = 0; bit < CX_EP_SOURCE_ID_ELEMS; bit++) {
            rows_out[row * activation->hidden_elems + bit] =
                (first_id + (uint64_t)row) >> bit & 1 ? set : clear;
        }
    }
}

bool cx_ep_source_id(const uint16_t *row, uint32_t *id_out)
{
    const uint16_t quarter = cx_bf16_from_float(0.25f), infinity = 0x7f80;
    uint32_t       id = 0;

    for (int bit = 0; bit < CX_EP_SOURCE_ID_ELEMS; bit++) {
        uint16_t magnitude = row[bit] & 0x7fff;

        if (magnitude < quarter || magnitude >= infinity) {
            return false;
        }
        id |= (uint32_t)(row[bit] >> 15 ^ 1) << bit;
    }
    *id_out = id;
    return true;
}
