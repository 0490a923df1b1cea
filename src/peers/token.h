/* SPDX-License-Identifier: Apache-2.0 */
/* 64 bits that stand for a text: tokens of runs, identities of hosts. Not a secret. */
#ifndef CX_PEERS_TOKEN_H
#define CX_PEERS_TOKEN_H

#include "base/hash.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline uint64_t cx_token_of(const char *text)
{
    char hex[CX_HASH_HEX_BYTES];

    (void)cx_hash_hex(text, strlen(text), hex);
    hex[16] = '\0'; /* 16 digits are 64 bits */
    return strtoull(hex, NULL, 16);
}

#endif
