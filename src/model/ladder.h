/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder of a case, as text and as numbers: of sizes, or of tokens. */
#ifndef CX_MODEL_LADDER_H
#define CX_MODEL_LADDER_H

#include "base/fail.h"

#include <stdint.h>

#define CX_LADDER_RUNG_COUNT_MAX 256

#define CX_TOKEN_LADDER_RUNG_COUNT_MAX 32
#define CX_TOKEN_COUNT_MAX 10000000

/* Rungs rise. */
typedef struct cx_ladder {
    union {
        int64_t bytes[CX_LADDER_RUNG_COUNT_MAX];
        int64_t tokens[CX_LADDER_RUNG_COUNT_MAX];
    };
    int32_t rung_count;
} cx_ladder_t;

/**
 * Read "8B,1KiB", "8B:64MiB:x4", "1KiB:8KiB:+1KiB" or a comma-separated mix. Rungs must rise.
 * LAST is a rung only if the steps reach it.
 * errors  CX_INVALID "PLACE: sizes: ..."
 */
cx_status_t cx_ladder_parse(const char *text, const char *place, cx_ladder_t *out);

/**
 * The same for tokens per rank, which are plain numbers from 1 on: "1,8,64", "1:512:x2".
 * errors  CX_INVALID "PLACE: tokens: ..."
 */
cx_status_t cx_token_ladder_parse(const char *text, const char *place, cx_ladder_t *out);

#endif
