/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes a sidecar of samples, packed (as the file is) and, behind a first byte of 0, unpacked. */
#include "store/samples.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count);

static void parse(const void *file, size_t file_bytes)
{
    cx_samples_t samples;

    cx_detail_clear();
    if (cx_samples_parse("fuzz.cxs", file, file_bytes, NULL, &samples) == CX_OK) {
        cx_samples_fini(&samples);
    }
}

/* Gets past zlib's checksum, which a fuzzer cannot guess. */
static void parse_unpacked(const unsigned char *bytes, size_t byte_count)
{
    uLongf         packed_bytes = compressBound(byte_count);
    unsigned char *file         = malloc(8 + packed_bytes);

    if (file && compress(file + 8, &packed_bytes, bytes, byte_count) == Z_OK) {
        memcpy(file, "CXSAMP2\n", 8);
        parse(file, 8 + packed_bytes);
    }
    free(file);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count)
{
    if (byte_count > 0 && bytes[0] == 0) {
        parse_unpacked(bytes + 1, byte_count - 1);
    } else {
        parse(bytes, byte_count);
    }
    return 0;
}
