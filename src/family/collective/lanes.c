/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a recipe and their reduction, computed in chunks of 64-bit lanes.
 * Not the choice of the recipe (recipe.c), nor of the elements that are wanted (inputs.c). */
#include "family/collective/recipe.h"

#include "base/prng.h"
#include "family/common/halves.h"
#include "family/common/pattern.h"
#include "model/case.h"

#include <string.h>

/* A chunk lies in the first-level cache. */
#define CHUNK 256
#define TOP_BIT (UINT64_C(1) << 63)
typedef union lanes {
    uint64_t u[CHUNK];
    int64_t  i[CHUNK];
    double   f[CHUNK];
} lanes_t;

static int32_t bits_of(cx_dtype_t dtype)
{
    return (int32_t)cx_dtype_bytes(dtype) * 8;
}

/* Makes a rank's word out of the element's; only the upper bits of the product are mixed well.
 * source  multiplicative hashing: Knuth, TAOCP 3, 6.4; constant: rrmxmx (P. Evensen, 2018) */
static inline uint64_t mix_rank(uint64_t word, uint64_t rank_word)
{
    return (word ^ rank_word) * UINT64_C(0x9fb21c651e98df25);
}

static inline bool has_turn(const cx_recipe_t *recipe, uint64_t word, uint64_t rank)
{
    return ((word ^ rank) & recipe->turn_mask) == 0;
}

/* Keys of the order of values: signed integers of the lane whose comparison is the type's own.
 * The same function leads back. */
static inline int64_t turn_order(uint64_t sign_mask, uint64_t flip_mask, int64_t lane)
{
    uint64_t negative = (0 - ((uint64_t)lane >> 63)) >> 1;

    return (int64_t)((uint64_t)lane ^ (negative & sign_mask) ^ flip_mask);
}

typedef struct order_masks {
    uint64_t keep, set, clear, sign, flip;
} order_masks_t;

/* Element bits stand at the top of the lane. An exponent that ends in 01 is neither all zeros nor
 * all ones, so it is that of a normal number. */
static order_masks_t masks_of(cx_dtype_t dtype)
{
    order_masks_t masks = {.keep = UINT64_MAX << (64 - bits_of(dtype))};

    if (cx_dtype_is_float(dtype)) {
        masks.set   = TOP_BIT >> cx_float_formats[dtype].exponent_bits;
        masks.clear = masks.set << 1;
        masks.sign  = UINT64_MAX;
    } else if (!cx_dtype_is_signed(dtype)) {
        masks.flip = TOP_BIT;
    }
    return masks;
}

static void make_order(const cx_recipe_t *recipe, const uint64_t *words, uint64_t rank_word,
                       int64_t count, lanes_t *out)
{
    const order_masks_t masks = masks_of(recipe->dtype);

    for (int64_t i = 0; i < count; i++) {
        uint64_t bits = mix_rank(words[i], rank_word) & masks.keep;

        bits      = (bits | masks.set) & ~masks.clear;
        out->i[i] = turn_order(masks.sign, masks.flip, (int64_t)bits);
    }
}

static void make_integers(const cx_recipe_t *recipe, const uint64_t *words, uint64_t rank_word,
                          int64_t count, lanes_t *out)
{
    const int      shift = 64 - bits_of(recipe->dtype);
    const uint64_t set   = recipe->kind == CX_RECIPE_ODD ? 1 : 0;

    for (int64_t i = 0; i < count; i++) {
        out->u[i] = mix_rank(words[i], rank_word) >> shift | set;
    }
}

static void make_counts(const cx_recipe_t *recipe, const uint64_t *words, uint64_t rank_word,
                        int64_t count, lanes_t *out)
{
    const int      shift     = 63 - recipe->field_bits;
    const uint64_t sign_mask = recipe->sign_mask;

    for (int64_t i = 0; i < count; i++) {
        uint64_t magnitude = 1 + (mix_rank(words[i], rank_word) >> 1 >> shift);
        uint64_t sign      = (0 - (words[i] >> 63)) & sign_mask;

        out->u[i] = (magnitude ^ sign) - sign;
    }
}

static void make_powers(const cx_recipe_t *recipe, const uint64_t *words, uint64_t rank_word,
                        int64_t count, lanes_t *out)
{
    const uint64_t exponent_count = (uint64_t)recipe->field_bits + 1;

    for (int64_t i = 0; i < count; i++) {
        uint64_t mixed     = mix_rank(words[i], rank_word);
        uint64_t magnitude = UINT64_C(1) << ((mixed >> 48) * exponent_count >> 16);
        uint64_t sign      = 0 - (mixed >> 47 & 1);

        out->u[i] = (magnitude ^ sign) - sign;
    }
}

/* Zero where it is other ranks' turn. */
static void clear_others_turns(const cx_recipe_t *recipe, const uint64_t *words, uint64_t rank,
                               int64_t count, lanes_t *lanes)
{
    for (int64_t i = 0; i < count; i++) {
        lanes->u[i] &= 0 - (uint64_t)has_turn(recipe, words[i], rank);
    }
}

/* 2^-k for 0 <= k < 1023, by its bits. */
static inline double negative_power(uint64_t k)
{
    uint64_t bits = (UINT64_C(1023) - k) << 52;
    double   value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static void make_factors(const cx_recipe_t *recipe, const uint64_t *words, uint64_t rank_word,
                         uint64_t rank, int64_t count, lanes_t *out)
{
    const int      shift          = 64 - recipe->field_bits;
    const uint64_t exponent_count = (uint64_t)recipe->field_bits + 1;

    for (int64_t i = 0; i < count; i++) {
        uint64_t mixed    = mix_rank(words[i], rank_word);
        double   sign     = mixed >> 31 & 1 ? -1.0 : 1.0;
        double   factor   = (double)(mixed >> shift | 1);
        uint64_t exponent = (mixed >> 32 & 0xffff) * exponent_count >> 16;

        factor *= negative_power(exponent);
        out->f[i] = has_turn(recipe, words[i], rank) ? sign * factor : sign;
    }
}

static void make_lanes(const cx_recipe_t *recipe, const uint64_t *words, uint64_t key, int32_t rank,
                       int64_t count, lanes_t *out)
{
    /* Not a word of the elements' string: those are near `key`. */
    const uint64_t rank_word = cx_prng_at(~key, (uint64_t)rank);

    switch (recipe->kind) {
    case CX_RECIPE_ORDER:
        make_order(recipe, words, rank_word, count, out);
        break;
    case CX_RECIPE_COUNT:
        if (recipe->is_power) {
            make_powers(recipe, words, rank_word, count, out);
        } else {
            make_counts(recipe, words, rank_word, count, out);
        }
        if (recipe->turn_mask) {
            clear_others_turns(recipe, words, (uint64_t)rank, count, out);
        }
        break;
    case CX_RECIPE_FACTOR:
        make_factors(recipe, words, rank_word, (uint64_t)rank, count, out);
        break;
    default:
        make_integers(recipe, words, rank_word, count, out);
        break;
    }
}

static void fold_order(const cx_recipe_t *recipe, const lanes_t *lanes, int64_t count, lanes_t *acc)
{
    if (recipe->redop == CX_REDOP_MIN) {
        for (int64_t i = 0; i < count; i++) {
            acc->i[i] = lanes->i[i] < acc->i[i] ? lanes->i[i] : acc->i[i];
        }
    } else {
        for (int64_t i = 0; i < count; i++) {
            acc->i[i] = lanes->i[i] > acc->i[i] ? lanes->i[i] : acc->i[i];
        }
    }
}

static void fold_lanes(const cx_recipe_t *recipe, const lanes_t *lanes, int64_t count, lanes_t *acc)
{
    switch (recipe->kind) {
    case CX_RECIPE_ORDER:
        fold_order(recipe, lanes, count, acc);
        break;
    case CX_RECIPE_ODD:
        for (int64_t i = 0; i < count; i++) {
            acc->u[i] *= lanes->u[i];
        }
        break;
    case CX_RECIPE_FACTOR:
        for (int64_t i = 0; i < count; i++) {
            acc->f[i] *= lanes->f[i];
        }
        break;
    default:
        for (int64_t i = 0; i < count; i++) {
            acc->u[i] += lanes->u[i];
        }
        break;
    }
}

/* Low-order bits of the lanes as elements of the dtype's width. */
static void pack_integers(size_t elem_bytes, const lanes_t *lanes, int64_t count, void *out)
{
    union {
        uint8_t  u8[CHUNK];
        uint16_t u16[CHUNK];
        uint32_t u32[CHUNK];
    } packed;

    switch (elem_bytes) {
    case 1:
        for (int64_t i = 0; i < count; i++) {
            packed.u8[i] = (uint8_t)lanes->u[i];
        }
        break;
    case 2:
        for (int64_t i = 0; i < count; i++) {
            packed.u16[i] = (uint16_t)lanes->u[i];
        }
        break;
    case 4:
        for (int64_t i = 0; i < count; i++) {
            packed.u32[i] = (uint32_t)lanes->u[i];
        }
        break;
    default:
        memcpy(out, lanes, (size_t)count * sizeof lanes->u[0]);
        return;
    }
    memcpy(out, &packed, (size_t)count * elem_bytes);
}

/* Doubles as elements of a float dtype; they are exact there, so nothing rounds. */
static void pack_floats(cx_dtype_t dtype, const lanes_t *lanes, int64_t count, void *out)
{
    union {
        uint16_t u16[CHUNK];
        float    f32[CHUNK];
    } packed;

    switch (dtype) {
    case CX_DTYPE_FP16:
        for (int64_t i = 0; i < count; i++) {
            packed.u16[i] = cx_fp16_from_float((float)lanes->f[i]);
        }
        break;
    case CX_DTYPE_BF16:
        for (int64_t i = 0; i < count; i++) {
            packed.u16[i] = cx_bf16_from_float((float)lanes->f[i]);
        }
        break;
    case CX_DTYPE_FP32:
        for (int64_t i = 0; i < count; i++) {
            packed.f32[i] = (float)lanes->f[i];
        }
        break;
    default:
        memcpy(out, lanes, (size_t)count * sizeof lanes->f[0]);
        return;
    }
    memcpy(out, &packed, (size_t)count * cx_dtype_bytes(dtype));
}

/* Turn lanes into what they stand for: times unit (an input) or times scale (a result). */
static void pack_lanes(const cx_recipe_t *recipe, bool is_input, int64_t count, lanes_t *lanes,
                       void *out)
{
    const order_masks_t masks  = masks_of(recipe->dtype);
    const int64_t       unit   = is_input ? recipe->unit : 1;
    const double        factor = is_input ? (double)recipe->unit : recipe->scale;

    if (recipe->kind == CX_RECIPE_ORDER) {
        const int shift = 64 - bits_of(recipe->dtype);

        for (int64_t i = 0; i < count; i++) {
            int64_t lane = turn_order(masks.sign, masks.flip, lanes->i[i]);

            lanes->u[i] = (uint64_t)lane >> shift;
        }
    } else if (recipe->kind == CX_RECIPE_COUNT && cx_dtype_is_float(recipe->dtype)) {
        for (int64_t i = 0; i < count; i++) {
            lanes->f[i] = (double)lanes->i[i] * factor;
        }
    } else if (recipe->kind == CX_RECIPE_COUNT) {
        for (int64_t i = 0; i < count; i++) {
            lanes->i[i] *= unit;
        }
    }
    if (recipe->kind != CX_RECIPE_ORDER && cx_dtype_is_float(recipe->dtype)) {
        pack_floats(recipe->dtype, lanes, count, out);
    } else {
        pack_integers(cx_dtype_bytes(recipe->dtype), lanes, count, out);
    }
}

/* One chunk: the values of ranks [from, to) but skip_rank, folded. */
static void make_chunk(const cx_recipe_t *recipe, uint64_t key, const cx_recipe_range_t *chunk,
                       int32_t from, int32_t to, lanes_t *acc)
{
    const int64_t count = chunk->elem_count;
    uint64_t      words[CHUNK];
    lanes_t       lanes;

    cx_pattern_words(key, (uint64_t)chunk->first, (size_t)count, words);
    if (from == chunk->skip_rank) {
        from++;
    }
    make_lanes(recipe, words, key, from, count, acc);
    for (int32_t rank = from + 1; rank < to; rank++) {
        if (rank != chunk->skip_rank) {
            make_lanes(recipe, words, key, rank, count, &lanes);
            fold_lanes(recipe, &lanes, count, acc);
        }
    }
}

static void make_range(const cx_recipe_t *recipe, uint64_t key, const cx_recipe_range_t *range,
                       int32_t only_rank, unsigned char *out)
{
    const bool    is_input = only_rank >= 0;
    const int32_t from     = is_input ? only_rank : 0;
    const int32_t to       = is_input ? only_rank + 1 : recipe->rank_count;
    lanes_t       acc;

    for (int64_t done = 0; done < range->elem_count; done += CHUNK) {
        cx_recipe_range_t chunk = {range->first + done, range->elem_count - done, range->skip_rank};

        if (chunk.elem_count > CHUNK) {
            chunk.elem_count = CHUNK;
        }
        make_chunk(recipe, key, &chunk, from, to, &acc);
        pack_lanes(recipe, is_input, chunk.elem_count, &acc,
                   out + (size_t)done * cx_dtype_bytes(recipe->dtype));
    }
}

void cx_recipe_values(const cx_recipe_t *recipe, uint64_t key, int32_t rank, int64_t first,
                      int64_t elem_count, void *out)
{
    cx_recipe_range_t range = {first, elem_count, -1};

    make_range(recipe, key, &range, rank, out);
}

void cx_recipe_reduce(const cx_recipe_t *recipe, uint64_t key, const cx_recipe_range_t *range,
                      void *out)
{
    make_range(recipe, key, range, -1, out);
}
