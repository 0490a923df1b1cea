/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a content in host memory, from the ABI and libc alone: what a device must have made.
 * Not fast. Header-only, for tests. */
#ifndef CX_TESTS_SUPPORT_CONTENT_BYTES_H
#define CX_TESTS_SUPPORT_CONTENT_BYTES_H

#include "collectivex/content.h"

static inline void content_bytes(const cx_content_t *content, size_t byte_count, void *out)
{
    const int32_t rank_count = cx_content_rank_count(content);
    uint64_t      rank_words[CX_CONTENT_RANK_WORDS];

    for (int32_t i = 0; i < rank_count && i < CX_CONTENT_RANK_WORDS; i++) {
        rank_words[i] = cx_content_rank_word(content, i);
    }
    for (size_t at = 0; at < byte_count; at += 8) {
        uint64_t word = cx_content_at(content, rank_words, content->first_byte + at);

        memcpy((char *)out + at, &word, byte_count - at < 8 ? byte_count - at : 8);
    }
}

#endif
