/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE2b digests as lower-case hex: identities and proofs that a file is unchanged. */
#ifndef CX_BASE_HASH_H
#define CX_BASE_HASH_H

#include <stddef.h>

#define CX_HASH_HEX_BYTES 33 /* 128 bits as hex, and the NUL */

/* 128-bit BLAKE2b of `bytes`, written as 32 hex digits. Returns `hex_out`. */
char *cx_hash_hex(const void *bytes, size_t byte_count, char hex_out[CX_HASH_HEX_BYTES]);

#endif
