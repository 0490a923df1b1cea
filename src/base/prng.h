/* SPDX-License-Identifier: Apache-2.0 */
/* Counter-based random numbers: the value of (seed, counter) needs no state, so every rank can
 * compute every other rank's data. */
#ifndef CX_BASE_PRNG_H
#define CX_BASE_PRNG_H

#include <stdint.h>

/* splitmix64's finaliser; source: Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014, figure 17. */
static inline uint64_t cx_mix64(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* A stream's value at `counter`. */
static inline uint64_t cx_prng_at(uint64_t seed, uint64_t counter)
{
    return cx_mix64(seed ^ cx_mix64(counter));
}

/* Uniform in [0, bound), bound > 0, by multiply-high (bias below 2^-32 for bounds under 2^32). */
static inline uint64_t cx_prng_below(uint64_t random, uint64_t bound)
{
    return (uint64_t)((__extension__(unsigned __int128) random * bound) >> 64);
}

#endif
