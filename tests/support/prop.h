/* SPDX-License-Identifier: Apache-2.0 */
/* Laws that hold for all values: draw, check, and on failure shrink to a small counterexample.
 * Not for examples with known answers (tests/unit). Header-only, for tests. */
#ifndef CX_TESTS_SUPPORT_PROP_H
#define CX_TESTS_SUPPORT_PROP_H

#include "base/prng.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define PROP_VALUE_COUNT_MAX 16
#define PROP_CASE_COUNT 200
#define PROP_SEED UINT64_C(20261122)

/* What to draw: values[i] is in [min, max] of row i. A table ends with PROP_END. */
typedef struct prop_range {
    const char *name;
    int64_t     min, max;
} prop_range_t;
#define PROP_END   \
    {              \
        NULL, 0, 0 \
    }

/* True when the law holds for these values. It must depend on nothing else. */
typedef bool (*prop_law_fn)(const int64_t *values);

/* One value: the ends of the range and values near its start come more often than their share. */
static inline int64_t prop_draw(const prop_range_t *range, uint64_t random)
{
    uint64_t span = (uint64_t)(range->max - range->min);
    uint64_t kind = random % 8;

    random = cx_mix64(random);
    if (kind == 0) {
        return random % 2 ? range->max : range->min;
    }
    if (kind <= 3) {
        span >>= random % 64;
        random = cx_mix64(random);
    }
    return range->min + (int64_t)(span == UINT64_MAX ? random : cx_prng_below(random, span + 1));
}

/* Halve each value's distance to its minimum for as long as the law still fails. */
static inline void prop_shrink(const prop_range_t *gen, prop_law_fn law, int64_t *values)
{
    bool is_smaller = true;

    while (is_smaller) {
        is_smaller = false;
        for (size_t i = 0; gen[i].name; i++) {
            int64_t was  = values[i];
            int64_t step = (was - gen[i].min + 1) / 2;

            for (; step > 0; step /= 2) {
                values[i] = was - step;
                if (!law(values)) {
                    is_smaller = true;
                    break;
                }
                values[i] = was;
            }
        }
    }
}

/* Check PROP_CASE_COUNT cases of one seed. False, and a report on stderr, when one fails. */
static inline bool prop_for_all(uint64_t seed, const prop_range_t *gen, prop_law_fn law)
{
    int64_t values[PROP_VALUE_COUNT_MAX];

    for (uint64_t case_index = 0; case_index < PROP_CASE_COUNT; case_index++) {
        uint64_t case_seed = cx_prng_at(seed, case_index);

        for (size_t i = 0; gen[i].name; i++) {
            values[i] = prop_draw(&gen[i], cx_prng_at(case_seed, i));
        }
        if (law(values)) {
            continue;
        }
        prop_shrink(gen, law, values);
        fprintf(stderr, "law broken in case %" PRIu64 " of CX_PROP_SEED=%" PRIu64 ", shrunk to:",
                case_index, seed);
        for (size_t i = 0; gen[i].name; i++) {
            fprintf(stderr, " %s=%" PRId64, gen[i].name, values[i]);
        }
        fprintf(stderr, "\n");
        return false;
    }
    return true;
}

/* Both with the seed of every run and with a fresh one (or CX_PROP_SEED, to repeat a report). */
static inline bool prop_holds(const prop_range_t *gen, prop_law_fn law)
{
    const char *given = getenv("CX_PROP_SEED");
    uint64_t    fresh = PROP_SEED + 1;

    if (given) {
        return prop_for_all(strtoull(given, NULL, 10), gen, law);
    }
    if (getrandom(&fresh, sizeof fresh, GRND_NONBLOCK) != (ssize_t)sizeof fresh) {
        fprintf(stderr, "no random seed to be had: using %" PRIu64 "\n", fresh);
    }
    return prop_for_all(PROP_SEED, gen, law) && prop_for_all(fresh, gen, law);
}

#endif
