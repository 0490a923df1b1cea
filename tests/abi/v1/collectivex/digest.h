/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes that devices and the host compute alike: what poison writes, and a digest of memory.
 * Not an identity (nobody forges a buffer), and not the data of an operation. */
#ifndef COLLECTIVEX_DIGEST_H
#define COLLECTIVEX_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What a compiler of kernels needs in front of a function that runs on both sides. */
#ifndef CX_BOTH_SIDES
#define CX_BOTH_SIDES
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Every float read from poison, of whatever width, is a NaN. */
#define CX_POISON_MASK UINT64_C(0xfff8ffc0ffc0ffc0)
#define CX_DIGEST_BLOCK_BYTES 16

/* splitmix64's finaliser; source: Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014, figure 17. */
static inline CX_BOTH_SIDES uint64_t cx_digest_mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* Bytes [8 * word_index, 8 * word_index + 8) of poison, little-endian. */
static inline CX_BOTH_SIDES uint64_t cx_poison_word(uint64_t seed, uint64_t word_index)
{
    return cx_digest_mix(seed + word_index) | CX_POISON_MASK;
}

/* What one block of 16 bytes, two little-endian words, adds to the digest. It depends on its place,
 * so blocks can be added in any order and still not change places unseen. One multiplication a word
 * keeps up with the memory of a GPU and of a CPU. source of the multiplier: degski64 */
static inline CX_BOTH_SIDES uint64_t cx_digest_block(uint64_t first, uint64_t second,
                                                     uint64_t block_index)
{
    uint64_t value = first + block_index * UINT64_C(0x9e3779b97f4a7c15);

    value = (value ^ (value >> 32)) * UINT64_C(0xd6e8feb86659fd93) + second;
    value = (value ^ (value >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return value ^ (value >> 32);
}

/* The digest, from the sum of the blocks. The last block is filled up with zeros. */
static inline CX_BOTH_SIDES uint64_t cx_digest_finish(uint64_t sum, uint64_t byte_count)
{
    return cx_digest_mix(sum ^ cx_digest_mix(byte_count));
}

/* The digest of host memory, which needs no alignment. */
static inline uint64_t cx_digest(const void *bytes, size_t byte_count)
{
    const unsigned char *from        = (const unsigned char *)bytes;
    uint64_t             sum         = 0, words[2];
    size_t               block_count = byte_count / CX_DIGEST_BLOCK_BYTES;
    size_t               tail_bytes  = byte_count % CX_DIGEST_BLOCK_BYTES;

    for (size_t i = 0; i < block_count; i++) {
        memcpy(words, from + i * CX_DIGEST_BLOCK_BYTES, sizeof words);
        sum += cx_digest_block(words[0], words[1], i);
    }
    if (tail_bytes > 0) {
        memset(words, 0, sizeof words);
        memcpy(words, from + block_count * CX_DIGEST_BLOCK_BYTES, tail_bytes);
        sum += cx_digest_block(words[0], words[1], block_count);
    }
    return cx_digest_finish(sum, byte_count);
}

#ifdef __cplusplus
}
#endif
#endif
