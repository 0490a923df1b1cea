/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE2b digests as hex. */
#include "base/hash.h"

#include <blake2.h>
#include <stdint.h>

char *cx_hash_hex(const void *bytes, size_t byte_count, char hex_out[CX_HASH_HEX_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t           digest[16];

    (void)blake2b(digest, bytes, NULL, sizeof digest, byte_count, 0);
    for (size_t i = 0; i < sizeof digest; i++) {
        hex_out[2 * i]     = digits[digest[i] >> 4];
        hex_out[2 * i + 1] = digits[digest[i] & 15];
    }
    hex_out[32] = '\0';
    return hex_out;
}
