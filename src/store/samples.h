/* SPDX-License-Identifier: Apache-2.0 */
/* The sidecar of raw samples: every number a statistic was taken from, compact and digested.
 * Not the statistics: those are in the record, and can be computed again from this. */
#ifndef CX_STORE_SAMPLES_H
#define CX_STORE_SAMPLES_H

#include "base/fail.h"
#include "base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CX_SAMPLES_COMPONENT_BYTES 16 /* lower-case letters and dashes, NUL-padded */

/**
 * The samples of one row. Arrays are float64 microseconds: rank_us, arrival_us and exit_us
 * [rank_count][sample_count] row-major, the last two only with has_skew; reduced_us [sample_count].
 * Warm-up is included: the first discarded_count samples of each array are not in the statistics.
 *
 * component  what of an operation was timed, where a size has several rows (family ep); else ""
 */
typedef struct cx_samples_row {
    char    component[CX_SAMPLES_COMPONENT_BYTES];
    int64_t requested_bytes;
    int64_t sample_count, discarded_count;
    int32_t rank_count;
    bool    has_skew;
    double *reduced_us, *rank_us, *arrival_us, *exit_us; /* owned by cx_samples_t */
} cx_samples_row_t;

typedef struct cx_samples {
    cx_samples_row_t *rows; /* owned */
    int32_t           row_count;
} cx_samples_t;

/* Bytes of the rows' message form, which a rank sends and a supervisor appends. */
size_t cx_samples_encode_bytes(const cx_samples_row_t *row);
void   cx_samples_encode(const cx_samples_row_t *row, void *out);

/**
 * Write a sidecar: the rows' message forms one behind the other, zlib-compressed behind an 8-byte
 * magic "CXSAMP2\n". `digest_out` is BLAKE2b-128 of the file's bytes.
 * errors  CX_RESOURCE
 */
cx_status_t cx_samples_write(const char *path, const void *messages, size_t message_bytes,
                             char digest_out[CX_HASH_HEX_BYTES]);

/* errors  CX_INVALID damaged, truncated, or its digest is not `digest` (NULL: not compared) */
cx_status_t cx_samples_read(const char *path, const char *digest, cx_samples_t *out);
/* The same from memory; `name` stands where the path would. */
cx_status_t cx_samples_parse(const char *name, const void *file, size_t file_bytes,
                             const char *digest, cx_samples_t *out);
void        cx_samples_fini(cx_samples_t *samples);

#endif
