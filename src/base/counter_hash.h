/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers that other programs reproduce: keyed BLAKE2b of four counters.
 * Not for bulk data (prng.h is fifty times faster), and not for identities (hash.h). */
#ifndef CX_BASE_COUNTER_HASH_H
#define CX_BASE_COUNTER_HASH_H

#include <stdalign.h>
#include <stdint.h>

#define CX_COUNTER_COUNT 4

/* A seed, ready to hash with: the key's block has gone through the compression already. */
typedef struct cx_counter_hash {
    alignas(16) unsigned char state[384];
} cx_counter_hash_t;

/* The key is the seed as eight little-endian bytes. */
void cx_counter_hash_init(cx_counter_hash_t *hash, uint64_t seed);

/**
 * The 8-byte digest of the four counters, as a little-endian number. Digest, key and counters are
 * what RFC 7693 calls BLAKE2b with nn = 8, kk = 8 and a message of 32 little-endian bytes.
 */
uint64_t cx_counter_hash_at(const cx_counter_hash_t *hash,
                            const uint64_t           counters[CX_COUNTER_COUNT]);

#endif
