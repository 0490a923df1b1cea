/* SPDX-License-Identifier: Apache-2.0 */
/* An endless string of random bytes per key, readable from any offset.
 * Not a generator with state: byte i of key k never changes. */
#ifndef CX_FAMILY_COMMON_PATTERN_H
#define CX_FAMILY_COMMON_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Words [first, first + word_count) of the string of `key`: word i is cx_mix64(key + i). */
void cx_pattern_words(uint64_t key, uint64_t first, size_t word_count, uint64_t *out);

/* Bytes [first, first + byte_count) of the same string, words little-endian, with the bits of
 * `set_mask` set in every word. `out` needs no alignment. */
void cx_pattern_bytes(uint64_t key, uint64_t set_mask, uint64_t first, size_t byte_count,
                      void *out);

#endif
