/* SPDX-License-Identifier: Apache-2.0 */
/* Keyed BLAKE2b with the key's block compressed once per seed. Not a second BLAKE2b: it is libb2's.
 */
#include "base/counter_hash.h"

#include <blake2.h>
#include <endian.h>
#include <string.h>

#define DIGEST_BYTES 8

_Static_assert(sizeof(blake2b_state) <= sizeof(((cx_counter_hash_t *)0)->state),
               "a state of libb2 fits");

/* A library compresses a block only when more bytes follow. So bytes are fed until the key's block
 * is through, and then forgotten: what is left is the state that every message starts from. This
 * halves the cost of a hash. */
void cx_counter_hash_init(cx_counter_hash_t *hash, uint64_t seed)
{
    const uint64_t key   = htole64(seed);
    const uint8_t  zeros = 0;
    blake2b_state  state;

    (void)blake2b_init_key(&state, DIGEST_BYTES, &key, sizeof key);
    while (state.t[0] < BLAKE2B_BLOCKBYTES) {
        (void)blake2b_update(&state, &zeros, 1);
    }
    state.buflen = 0;
    memset(hash, 0, sizeof *hash);
    memcpy(hash->state, &state, sizeof state);
}

uint64_t cx_counter_hash_at(const cx_counter_hash_t *hash,
                            const uint64_t           counters[CX_COUNTER_COUNT])
{
    blake2b_state state;
    uint64_t      message[CX_COUNTER_COUNT], digest;

    for (int i = 0; i < CX_COUNTER_COUNT; i++) {
        message[i] = htole64(counters[i]);
    }
    memcpy(&state, hash->state, sizeof state);
    (void)blake2b_update(&state, (const uint8_t *)message, sizeof message);
    (void)blake2b_final(&state, (uint8_t *)&digest, sizeof digest);
    return le64toh(digest);
}
