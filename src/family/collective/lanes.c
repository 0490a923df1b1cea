/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a recipe and their reduction, computed in chunks of 64-bit lanes.
 * Not a value by itself (collectivex/content.h), the choice of the recipe (recipe.c), nor which
 * elements are wanted (inputs.c). */
#include "family/collective/recipe.h"

#include "family/common/pattern.h"
#include "model/case.h"

#include <string.h>

/* A chunk lies in the first-level cache. */
#define CHUNK 256

/* A loop over lanes is compiled for each kind of recipe, and once more where each rank has a number
 * of its own in each element, which is the common case: what it asks of the recipe is a constant.
 */
#define LOOP static inline __attribute__((always_inline)) void
#define CALL_FOR_KIND(loop, recipe, ...)                                        \
    do {                                                                        \
        const bool is_plain_ = !(recipe)->is_power && (recipe)->turn_mask == 0; \
        if ((recipe)->kind == CX_RECIPE_COUNT && is_plain_) {                   \
            loop(constrain(*(recipe), CX_RECIPE_COUNT, true), __VA_ARGS__);     \
        } else if ((recipe)->kind == CX_RECIPE_COUNT) {                         \
            loop(constrain(*(recipe), CX_RECIPE_COUNT, false), __VA_ARGS__);    \
        } else if ((recipe)->kind == CX_RECIPE_FACTOR) {                        \
            loop(constrain(*(recipe), CX_RECIPE_FACTOR, false), __VA_ARGS__);   \
        } else if ((recipe)->kind == CX_RECIPE_ORDER) {                         \
            loop(constrain(*(recipe), CX_RECIPE_ORDER, false), __VA_ARGS__);    \
        } else {                                                                \
            loop(constrain(*(recipe), CX_RECIPE_ODD, false), __VA_ARGS__);      \
        }                                                                       \
    } while (0)

static inline cx_recipe_t constrain(cx_recipe_t recipe, cx_recipe_kind_t kind, bool is_plain)
{
    recipe.kind = kind;
    if (is_plain) {
        recipe.is_power  = false;
        recipe.turn_mask = 0;
    }
    return recipe;
}

/* What a chunk is made of: the elements' words, and the rank whose values are wanted. */
typedef struct source {
    uint64_t words[CHUNK];
    int64_t  count;
    uint64_t rank, rank_word;
} source_t;

LOOP make_lanes(cx_recipe_t recipe, const source_t *source, uint64_t *lanes)
{
    const uint64_t rank = source->rank, rank_word = source->rank_word;
    const int64_t  count = source->count;

    for (int64_t i = 0; i < count; i++) {
        lanes[i] = cx_recipe_lane(&recipe, source->words[i], rank_word, rank);
    }
}

LOOP fold_lanes(cx_recipe_t recipe, const source_t *source, uint64_t *lanes)
{
    const uint64_t rank = source->rank, rank_word = source->rank_word;
    const int64_t  count = source->count;

    for (int64_t i = 0; i < count; i++) {
        uint64_t lane = cx_recipe_lane(&recipe, source->words[i], rank_word, rank);

        lanes[i] = cx_recipe_fold(&recipe, lanes[i], lane);
    }
}

LOOP pack_width(cx_recipe_t recipe, bool is_input, int32_t elem_bits, const uint64_t *lanes,
                int64_t count, unsigned char *out)
{
    const size_t elem_bytes = (size_t)elem_bits / 8;

    recipe.elem_bits = elem_bits;
    for (int64_t i = 0; i < count; i++) {
        uint64_t bits = cx_recipe_pack(&recipe, is_input, lanes[i]);

        memcpy(out + (size_t)i * elem_bytes, &bits, elem_bytes); /* little-endian */
    }
}

LOOP pack_lanes(cx_recipe_t recipe, bool is_input, const uint64_t *lanes, int64_t count,
                unsigned char *out)
{
    switch (recipe.elem_bits) {
    case 8:
        pack_width(recipe, is_input, 8, lanes, count, out);
        break;
    case 16:
        pack_width(recipe, is_input, 16, lanes, count, out);
        break;
    case 32:
        pack_width(recipe, is_input, 32, lanes, count, out);
        break;
    default:
        pack_width(recipe, is_input, 64, lanes, count, out);
        break;
    }
}

/* The values of ranks [from, to) but skip_rank, folded. */
static void make_chunk(const cx_recipe_t *recipe, uint64_t key, const cx_recipe_range_t *chunk,
                       int32_t from, int32_t to, uint64_t *lanes)
{
    source_t source = {.count = chunk->elem_count};

    cx_pattern_words(key, (uint64_t)chunk->first, (size_t)chunk->elem_count, source.words);
    if (from == chunk->skip_rank) {
        from++;
    }
    source.rank      = (uint64_t)from;
    source.rank_word = cx_recipe_rank_word(key, source.rank);
    CALL_FOR_KIND(make_lanes, recipe, &source, lanes);
    for (int32_t rank = from + 1; rank < to; rank++) {
        if (rank != chunk->skip_rank) {
            source.rank      = (uint64_t)rank;
            source.rank_word = cx_recipe_rank_word(key, source.rank);
            CALL_FOR_KIND(fold_lanes, recipe, &source, lanes);
        }
    }
}

static void make_range(const cx_recipe_t *recipe, uint64_t key, const cx_recipe_range_t *range,
                       int32_t only_rank, unsigned char *out)
{
    const bool    is_input     = only_rank >= 0;
    const int32_t from         = is_input ? only_rank : 0;
    const int32_t to           = is_input ? only_rank + 1 : recipe->rank_count;
    const size_t  elem_bytes   = cx_dtype_bytes(recipe->dtype);
    uint64_t      lanes[CHUNK] = {0};

    for (int64_t done = 0; done < range->elem_count; done += CHUNK) {
        cx_recipe_range_t chunk = {range->first + done, range->elem_count - done, range->skip_rank};

        if (chunk.elem_count > CHUNK) {
            chunk.elem_count = CHUNK;
        }
        make_chunk(recipe, key, &chunk, from, to, lanes);
        CALL_FOR_KIND(pack_lanes, recipe, is_input, lanes, chunk.elem_count,
                      out + (size_t)done * elem_bytes);
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
