/* SPDX-License-Identifier: Apache-2.0 */
/* What memory holds or shall hold, as a few numbers from which devices and the host compute the
 * same bytes: random bytes (poison is some of them), the inputs of one rank of an exact reduction,
 * and the reduction over all ranks. Not which of them belongs where: that a family knows. */
#ifndef COLLECTIVEX_CONTENT_H
#define COLLECTIVEX_CONTENT_H

#include "collectivex/digest.h"
#include "collectivex/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the values of a reduction are made; src/family/collective/recipe.h says why they are exact.
 */
typedef enum cx_recipe_kind {
    CX_RECIPE_NONE,   /* no values: random bytes */
    CX_RECIPE_ODD,    /* integer prod */
    CX_RECIPE_ORDER,  /* min, max */
    CX_RECIPE_COUNT,  /* sum, avg */
    CX_RECIPE_FACTOR, /* float prod */
    CX_RECIPE_KIND_COUNT
} cx_recipe_kind_t;

typedef struct cx_recipe {
    cx_recipe_kind_t kind;
    cx_dtype_t       dtype;
    cx_redop_t       redop;
    int32_t          rank_count;
    int32_t          elem_bits;
    int32_t          exponent_bits; /* of a float dtype; 0: integers */
    int32_t          field_bits;    /* COUNT: of the magnitude; FACTOR: of the significand */
    bool             is_power;      /* COUNT: magnitudes are powers of two */
    uint64_t         turn_mask;     /* residue classes minus one */
    uint64_t         sign_mask;     /* all ones where the dtype has negative values */
    int64_t          unit;          /* COUNT: of an input */
    double           scale;         /* COUNT: of a result */
} cx_recipe_t;

/**
 * An endless string of bytes, from one of its places on.
 *
 * key         of the random words the string is made of: word i is cx_digest_mix(key + i)
 * set_mask    bits that are set in every word of random bytes: CX_POISON_MASK for poison, else 0
 * first_byte  of the string, where the content begins
 * rank        whose values: a rank, or CX_CONTENT_ALL_RANKS for the reduction of all ranks' values
 * recipe      of the values; random bytes have kind CX_RECIPE_NONE and use neither rank nor the
 * rest
 */
#define CX_CONTENT_ALL_RANKS (-1)
typedef struct cx_content {
    uint64_t    key, set_mask, first_byte;
    int32_t     rank;
    cx_recipe_t recipe;
} cx_content_t;

/* A stretch of a device's memory, and its content. Needs no alignment. */
typedef struct cx_span {
    cx_content_t content;
    void        *memory;
    uint64_t     byte_count;
} cx_span_t;

/* How memory differs from its content, in bytes. */
typedef struct cx_difference {
    int64_t wrong_count;
    int64_t first_wrong; /* from the start of the span; -1: nothing is wrong */
} cx_difference_t;

/* ---- one value of one rank, as a lane of 64 bits: an integer, or the bits of a double ----------
 */

static inline CX_BOTH_SIDES uint64_t cx_double_bits(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline CX_BOTH_SIDES double cx_double_from_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A rank's own word; not one of the string's words, which are near the key. */
static inline CX_BOTH_SIDES uint64_t cx_recipe_rank_word(uint64_t key, uint64_t rank)
{
    return cx_digest_mix(~key ^ cx_digest_mix(rank));
}

/* Makes a rank's word out of the element's; only the upper bits of the product are mixed well.
 * source  multiplicative hashing: Knuth, TAOCP 3, 6.4; constant: rrmxmx (P. Evensen, 2018) */
static inline CX_BOTH_SIDES uint64_t cx_recipe_mix(uint64_t word, uint64_t rank_word)
{
    return (word ^ rank_word) * UINT64_C(0x9fb21c651e98df25);
}

/* Keys of the order of values: signed integers of the lane whose comparison is the type's own.
 * The same function leads back. */
static inline CX_BOTH_SIDES uint64_t cx_recipe_turn_order(const cx_recipe_t *recipe, uint64_t lane)
{
    const uint64_t negative = (0 - (lane >> 63)) >> 1;

    return recipe->exponent_bits > 0 ? lane ^ negative
                                     : lane ^ (~recipe->sign_mask & UINT64_C(1) << 63);
}

/* Element bits stand at the top of the lane. An exponent that ends in 01 is neither all zeros nor
 * all ones, so it is that of a normal number. */
static inline CX_BOTH_SIDES uint64_t cx_recipe_order_lane(const cx_recipe_t *recipe, uint64_t mixed)
{
    uint64_t bits = mixed & UINT64_MAX << (64 - recipe->elem_bits);

    if (recipe->exponent_bits > 0) {
        const uint64_t lowest = UINT64_C(1) << (63 - recipe->exponent_bits);

        bits = (bits | lowest) & ~(lowest << 1);
    }
    return cx_recipe_turn_order(recipe, bits);
}

static inline CX_BOTH_SIDES uint64_t cx_recipe_count_lane(const cx_recipe_t *recipe, uint64_t word,
                                                          uint64_t mixed)
{
    const uint64_t exponent_count = (uint64_t)recipe->field_bits + 1;
    uint64_t       magnitude, sign;

    if (recipe->is_power) {
        magnitude = UINT64_C(1) << ((mixed >> 48) * exponent_count >> 16);
        sign      = 0 - (mixed >> 47 & 1);
    } else {
        magnitude = 1 + (mixed >> 1 >> (63 - recipe->field_bits));
        sign      = (0 - (word >> 63)) & recipe->sign_mask;
    }
    return (magnitude ^ sign) - sign;
}

static inline CX_BOTH_SIDES uint64_t cx_recipe_factor_lane(const cx_recipe_t *recipe,
                                                           uint64_t mixed, bool has_turn)
{
    const uint64_t exponent_count = (uint64_t)recipe->field_bits + 1;
    const uint64_t exponent       = (mixed >> 32 & 0xffff) * exponent_count >> 16;
    const double   power          = cx_double_from_bits((UINT64_C(1023) - exponent) << 52);
    const double   significand    = (double)(int64_t)(mixed >> (64 - recipe->field_bits) | 1);
    const double   value          = has_turn ? significand * power : 1.0;

    return cx_double_bits(value) | (mixed >> 31 & 1) << 63;
}

/* The value of a rank. The recipe is not CX_RECIPE_NONE. */
static inline CX_BOTH_SIDES uint64_t cx_recipe_lane(const cx_recipe_t *recipe, uint64_t word,
                                                    uint64_t rank_word, uint64_t rank)
{
    const uint64_t mixed    = cx_recipe_mix(word, rank_word);
    const bool     has_turn = ((word ^ rank) & recipe->turn_mask) == 0;

    switch (recipe->kind) {
    case CX_RECIPE_ORDER:
        return cx_recipe_order_lane(recipe, mixed);
    case CX_RECIPE_COUNT:
        return cx_recipe_count_lane(recipe, word, mixed) & (0 - (uint64_t)has_turn);
    case CX_RECIPE_FACTOR:
        return cx_recipe_factor_lane(recipe, mixed, has_turn);
    default:
        return mixed >> (64 - recipe->elem_bits) | 1;
    }
}

/* The reduction of two. */
static inline CX_BOTH_SIDES uint64_t cx_recipe_fold(const cx_recipe_t *recipe, uint64_t left,
                                                    uint64_t right)
{
    switch (recipe->kind) {
    case CX_RECIPE_ORDER:
        return ((int64_t)left < (int64_t)right) == (recipe->redop == CX_REDOP_MIN) ? left : right;
    case CX_RECIPE_COUNT:
        return left + right;
    case CX_RECIPE_FACTOR:
        return cx_double_bits(cx_double_from_bits(left) * cx_double_from_bits(right));
    default:
        return left * right;
    }
}

/* ---- lanes as elements -------------------------------------------------------------------------
 */

/* The bits of a number that the float type of so many bits has exactly: nothing is rounded. */
static inline CX_BOTH_SIDES uint64_t cx_recipe_float_bits(const cx_recipe_t *recipe, double value)
{
    float    narrow = (float)value;
    uint32_t bits, magnitude;

    if (recipe->elem_bits == 64) {
        return cx_double_bits(value);
    }
    memcpy(&bits, &narrow, sizeof bits);
    if (recipe->elem_bits == 32) {
        return bits;
    }
    if (recipe->exponent_bits == 8) {
        return bits >> 16; /* bf16 */
    }
    magnitude = bits & 0x7fffffffu;
    if (magnitude < 0x38800000u) { /* 2^-14: below lie multiples of 2^-24, and zero */
        narrow    = narrow < 0 ? -narrow : narrow;
        magnitude = (uint32_t)(narrow * 16777216.0f);
    } else {
        magnitude = (magnitude >> 13) - (112u << 10); /* the exponent's bias is smaller by 112 */
    }
    return (bits >> 16 & 0x8000u) | magnitude;
}

/* The element that a lane stands for, in the low bits; those above are zero. */
static inline CX_BOTH_SIDES uint64_t cx_recipe_pack(const cx_recipe_t *recipe, bool is_input,
                                                    uint64_t lane)
{
    const uint64_t elem_mask = UINT64_MAX >> (64 - recipe->elem_bits);

    switch (recipe->kind) {
    case CX_RECIPE_ORDER:
        return cx_recipe_turn_order(recipe, lane) >> (64 - recipe->elem_bits);
    case CX_RECIPE_FACTOR:
        return cx_recipe_float_bits(recipe, cx_double_from_bits(lane));
    case CX_RECIPE_COUNT:
        if (recipe->exponent_bits > 0) {
            const double factor = is_input ? (double)recipe->unit : recipe->scale;

            return cx_recipe_float_bits(recipe, (double)(int64_t)lane * factor);
        }
        return (is_input ? lane * (uint64_t)recipe->unit : lane) & elem_mask;
    default:
        return lane & elem_mask;
    }
}

/* ---- the string --------------------------------------------------------------------------------
 */

/* Words of ranks that are made once for many elements; those of further ranks are made each time.
 */
#define CX_CONTENT_RANK_WORDS 1024

/* Ranks whose values are in an element. */
static inline CX_BOTH_SIDES int32_t cx_content_rank_count(const cx_content_t *content)
{
    return content->recipe.kind == CX_RECIPE_NONE  ? 0
           : content->rank == CX_CONTENT_ALL_RANKS ? content->recipe.rank_count
                                                   : 1;
}

/* The word of the i-th of them. */
static inline CX_BOTH_SIDES uint64_t cx_content_rank_word(const cx_content_t *content, int32_t i)
{
    const int32_t rank = content->rank == CX_CONTENT_ALL_RANKS ? i : content->rank + i;

    return cx_recipe_rank_word(content->key, (uint64_t)rank);
}

/* Element `index` of the string of values. rank_words[i] is cx_content_rank_word(content, i), for
 * as many ranks as there are and up to CX_CONTENT_RANK_WORDS. */
static inline CX_BOTH_SIDES uint64_t cx_content_element(const cx_content_t *content,
                                                        const uint64_t *rank_words, uint64_t index)
{
    const cx_recipe_t *recipe = &content->recipe;
    const uint64_t     word   = cx_digest_mix(content->key + index);
    uint64_t           lane;

    if (content->rank != CX_CONTENT_ALL_RANKS) {
        lane = cx_recipe_lane(recipe, word, rank_words[0], (uint64_t)content->rank);
        return cx_recipe_pack(recipe, true, lane);
    }
    lane = cx_recipe_lane(recipe, word, rank_words[0], 0);
    for (int32_t rank = 1; rank < recipe->rank_count; rank++) {
        uint64_t rank_word =
            rank < CX_CONTENT_RANK_WORDS ? rank_words[rank] : cx_content_rank_word(content, rank);

        lane =
            cx_recipe_fold(recipe, lane, cx_recipe_lane(recipe, word, rank_word, (uint64_t)rank));
    }
    return cx_recipe_pack(recipe, false, lane);
}

/* Bytes [8 * word_index, 8 * word_index + 8) of the string, little-endian. */
static inline CX_BOTH_SIDES uint64_t cx_content_word(const cx_content_t *content,
                                                     const uint64_t     *rank_words,
                                                     uint64_t            word_index)
{
    const int32_t elem_bits = content->recipe.elem_bits;
    uint64_t      word      = 0;

    if (content->recipe.kind == CX_RECIPE_NONE) {
        return cx_digest_mix(content->key + word_index) | content->set_mask;
    }
    word_index *= 64 / (uint64_t)elem_bits;
    for (int32_t bit = 0; bit < 64; bit += elem_bits) {
        word |= cx_content_element(content, rank_words, word_index++) << bit;
    }
    return word;
}

/* The eight bytes of the string from any byte on. */
static inline CX_BOTH_SIDES uint64_t cx_content_at(const cx_content_t *content,
                                                   const uint64_t *rank_words, uint64_t byte_index)
{
    const uint64_t low   = cx_content_word(content, rank_words, byte_index / 8);
    const uint32_t shift = (uint32_t)(byte_index % 8) * 8;

    if (shift == 0) {
        return low;
    }
    return low >> shift | cx_content_word(content, rank_words, byte_index / 8 + 1) << (64 - shift);
}

#ifdef __cplusplus
}
#endif
#endif
