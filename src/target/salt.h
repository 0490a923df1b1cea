/* SPDX-License-Identifier: Apache-2.0 */
/* The secret that makes a user's hashes their own: 32 random bytes in a file of mode 0600.
 * Not the hashing (redact.c). */
#ifndef CX_TARGET_SALT_H
#define CX_TARGET_SALT_H

#include "collectivex/status.h"

#include <stdint.h>

#define CX_SALT_BYTES 32

/**
 * Read the salt file at `path`, and create it first where there is none. NULL: the user's,
 * ${XDG_STATE_HOME:-$HOME/.local/state}/collectivex/salt; its folders are created too.
 * Ranks that start together get the same salt.
 *
 * errors  CX_RESOURCE no such place, or it cannot be written or read · CX_INVALID the file holds
 *         something else, or others can read it
 */
cx_status_t cx_salt_load(const char *path, uint8_t out[CX_SALT_BYTES]);

#endif
