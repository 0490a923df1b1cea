/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4), because golden digests of others are in it. Header-only, for tests; our own
 * digests are BLAKE2b (src/base/hash.h). */
#ifndef CX_TESTS_SUPPORT_SHA256_H
#define CX_TESTS_SUPPORT_SHA256_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The first 32 bits of the fraction of a root of a prime: the standard's constants. */
static inline uint32_t sha256_root(int prime, int is_cube)
{
    long double root = is_cube ? cbrtl(prime) : sqrtl(prime);

    return (uint32_t)((root - floorl(root)) * 4294967296.0L);
}

static inline int sha256_next_prime(int prime)
{
    for (;;) {
        int divisor = 2;

        prime++;
        while (prime % divisor != 0) {
            divisor++;
        }
        if (divisor == prime) {
            return prime;
        }
    }
}

static inline uint32_t sha256_turn(uint32_t value, int bits)
{
    return value >> bits | value << (32 - bits);
}

static inline void sha256_block(const uint8_t *block, const uint32_t *round_words, uint32_t *state)
{
    uint32_t w[64], v[8];

    for (int i = 0; i < 16; i++) {
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    }
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];

        w[i] = w[i - 16] + (sha256_turn(a, 7) ^ sha256_turn(a, 18) ^ a >> 3) + w[i - 7] +
               (sha256_turn(b, 17) ^ sha256_turn(b, 19) ^ b >> 10);
    }
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t one = v[7] +
                       (sha256_turn(v[4], 6) ^ sha256_turn(v[4], 11) ^ sha256_turn(v[4], 25)) +
                       ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_words[i] + w[i];
        uint32_t two = (sha256_turn(v[0], 2) ^ sha256_turn(v[0], 13) ^ sha256_turn(v[0], 22)) +
                       ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += one;
        v[0] = one + two;
    }
    for (int i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

/* 64 hex digits into `hex_out`. */
static inline const char *sha256_hex(const void *bytes, size_t byte_count, char hex_out[65])
{
    const uint8_t *from = bytes;
    uint32_t       round_words[64], state[8];
    uint8_t        last[128] = {0};
    size_t         left = byte_count % 64, last_bytes = left < 56 ? 64 : 128;

    for (int i = 0, prime = 1; i < 64; i++) {
        prime          = sha256_next_prime(prime);
        round_words[i] = sha256_root(prime, 1);
        if (i < 8) {
            state[i] = sha256_root(prime, 0);
        }
    }
    for (size_t i = 0; i + 64 <= byte_count; i += 64) {
        sha256_block(from + i, round_words, state);
    }
    memcpy(last, from + byte_count - left, left);
    last[left] = 0x80;
    for (size_t i = 0; i < 8; i++) {
        last[last_bytes - 1 - i] = (uint8_t)((uint64_t)byte_count * 8 >> 8 * i);
    }
    for (size_t i = 0; i < last_bytes; i += 64) {
        sha256_block(last + i, round_words, state);
    }
    for (int i = 0; i < 8; i++) {
        (void)snprintf(hex_out + 8 * i, 9, "%08x", state[i]);
    }
    return hex_out;
}

#endif
