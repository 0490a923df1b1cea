/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes reading a ladder of sizes: what is accepted must rise. */
#include "model/ladder.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count)
{
    char       *text = malloc(byte_count + 1);
    cx_ladder_t ladder;

    if (!text) {
        return 0;
    }
    memcpy(text, bytes, byte_count);
    text[byte_count] = '\0';
    cx_detail_clear();
    if (cx_ladder_parse(text, "fuzz", &ladder) == CX_OK) {
        for (int32_t i = 1; i < ladder.rung_count; i++) {
            if (ladder.bytes[i] <= ladder.bytes[i - 1]) {
                abort();
            }
        }
    }
    free(text);
    return 0;
}
