/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes by position. Not their meaning. */
#include "family/common/pattern.h"

#include "base/prng.h"

#include <string.h>

void cx_pattern_words(uint64_t key, uint64_t first, size_t word_count, uint64_t *out)
{
    for (size_t i = 0; i < word_count; i++) {
        out[i] = cx_mix64(key + first + i);
    }
}

void cx_pattern_bytes(uint64_t key, uint64_t set_mask, uint64_t first, size_t byte_count, void *out)
{
    unsigned char *to   = out;
    size_t         skip = first % 8;

    key += first / 8;
    if (skip && byte_count) {
        uint64_t word  = cx_mix64(key++) | set_mask;
        size_t   count = byte_count < 8 - skip ? byte_count : 8 - skip;

        memcpy(to, (unsigned char *)&word + skip, count);
        to += count;
        byte_count -= count;
    }
    for (; byte_count >= 8; byte_count -= 8, to += 8) {
        uint64_t word = cx_mix64(key++) | set_mask;

        memcpy(to, &word, 8);
    }
    if (byte_count) {
        uint64_t word = cx_mix64(key) | set_mask;

        memcpy(to, &word, byte_count);
    }
}
