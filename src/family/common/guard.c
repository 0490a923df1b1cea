/* SPDX-License-Identifier: Apache-2.0 */
/* Poison and guard zones in host memory. Not where areas lie. */
#include "family/common/guard.h"

#include "family/common/pattern.h"

#include <inttypes.h>
#include <stdbool.h>

/* Exponents of fp16, bf16, fp32 and fp64 all ones and a bit of the mantissa set: quiet NaNs. */
#define POISON_MASK UINT64_C(0xfff8ffc0ffc0ffc0)

void cx_poison_bytes(uint64_t seed, uint64_t first, size_t byte_count, void *out)
{
    cx_pattern_bytes(seed, POISON_MASK, first, byte_count, out);
}

void cx_poison(void *memory, size_t byte_count, uint64_t seed)
{
    cx_poison_bytes(seed, 0, byte_count, memory);
}

void cx_guard_write(void *area, size_t area_bytes, uint64_t seed)
{
    unsigned char *start = area;

    cx_pattern_bytes(seed, 0, 0, CX_GUARD_BYTES, start - CX_GUARD_BYTES);
    cx_pattern_bytes(seed, 0, CX_GUARD_BYTES, CX_GUARD_BYTES, start + area_bytes);
}

/* How many bytes of the zone differ; `first_index` is the first of them. */
static int64_t count_wrong(const unsigned char *zone, const unsigned char *right,
                           int64_t *first_index)
{
    int64_t wrong_count = 0;

    for (int64_t i = (int64_t)CX_GUARD_BYTES - 1; i >= 0; i--) {
        if (zone[i] != right[i]) {
            *first_index = i;
            wrong_count++;
        }
    }
    return wrong_count;
}

void cx_guard_check(const void *area, size_t area_bytes, uint64_t seed, const char *name,
                    cx_verdict_t *out)
{
    const unsigned char *start = area;
    unsigned char        right[2 * CX_GUARD_BYTES];
    int64_t              before_index = 0, after_index = 0, before_count, after_count;

    cx_verdict_init(out);
    cx_pattern_bytes(seed, 0, 0, sizeof right, right);
    before_count       = count_wrong(start - CX_GUARD_BYTES, right, &before_index);
    after_count        = count_wrong(start + area_bytes, right + CX_GUARD_BYTES, &after_index);
    out->checked_count = (int64_t)sizeof right;
    out->wrong_count   = before_count + after_count;
    if (before_count) {
        out->first_index = before_index - (int64_t)CX_GUARD_BYTES;
        cx_verdict_blame(out, CX_WRONG_GUARD,
                         "guard before the %s overwritten: %" PRId64
                         " bytes wrong, the first lies %" PRId64 " bytes before its start",
                         name, before_count, -out->first_index);
    } else if (after_count) {
        out->first_index = (int64_t)area_bytes + after_index;
        cx_verdict_blame(out, CX_WRONG_GUARD,
                         "guard after the %s overwritten: %" PRId64
                         " bytes wrong, the first lies %" PRId64 " bytes past its end",
                         name, after_count, after_index);
    }
}
