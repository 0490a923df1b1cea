/* SPDX-License-Identifier: Apache-2.0 */
/* The sidecar's bytes: rows, compression, digest.
 * Trusts no byte it reads: a damaged sidecar is an error, never a crash or a wrong number. */
#include "store/samples.h"

#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MAGIC "CXSAMP2\n"
#define MAGIC_BYTES (sizeof MAGIC - 1)
#define FILE_BYTES_MAX ((size_t)1 << 30)
#define ROW_COUNT_MAX 100000

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a sidecar is little-endian");

/* What stands before a row's arrays; its size keeps them aligned. */
typedef struct row_header {
    int64_t requested_bytes, sample_count, discarded_count;
    int32_t rank_count, has_skew;
    char    component[CX_SAMPLES_COMPONENT_BYTES];
} row_header_t;

_Static_assert(sizeof(row_header_t) == 48, "a row's header has no padding");

/* Numbers of all arrays of a row together. */
static uint64_t number_count(int64_t sample_count, int32_t rank_count, bool has_skew)
{
    return (uint64_t)sample_count * (1 + (uint64_t)rank_count * (has_skew ? 3 : 1));
}

size_t cx_samples_encode_bytes(const cx_samples_row_t *row)
{
    return sizeof(row_header_t) +
           (size_t)number_count(row->sample_count, row->rank_count, row->has_skew) * sizeof(double);
}

static char *put(char *to, const void *bytes, size_t byte_count)
{
    if (byte_count > 0) {
        memcpy(to, bytes, byte_count);
    }
    return to + byte_count;
}

void cx_samples_encode(const cx_samples_row_t *row, void *out)
{
    size_t       reduced_bytes = (size_t)row->sample_count * sizeof(double);
    size_t       rank_bytes    = reduced_bytes * (size_t)row->rank_count;
    row_header_t header        = {row->requested_bytes, row->sample_count, row->discarded_count,
                                  row->rank_count,      row->has_skew,     ""};
    char        *end;

    memcpy(header.component, row->component, sizeof header.component);
    end = put(out, &header, sizeof header);
    end = put(end, row->reduced_us, reduced_bytes);
    end = put(end, row->rank_us, rank_bytes);
    if (row->has_skew) {
        end = put(end, row->arrival_us, rank_bytes);
        (void)put(end, row->exit_us, rank_bytes);
    }
}

cx_status_t cx_samples_write(const char *path, const void *messages, size_t message_bytes,
                             char digest_out[CX_HASH_HEX_BYTES])
{
    uLongf         packed_bytes = compressBound(message_bytes);
    unsigned char *file         = malloc(MAGIC_BYTES + packed_bytes);
    cx_status_t    status       = CX_OK;

    if (!file || compress2(file + MAGIC_BYTES, &packed_bytes, messages, message_bytes,
                           Z_DEFAULT_COMPRESSION) != Z_OK) {
        CX_TRY_OR(free_file, CX_FAIL(CX_RESOURCE, "%s: out of memory for %zu bytes of samples",
                                     path, message_bytes));
    }
    memcpy(file, MAGIC, MAGIC_BYTES);
    CX_TRY_OR(free_file, cx_file_write(path, file, MAGIC_BYTES + packed_bytes));
    cx_hash_hex(file, MAGIC_BYTES + packed_bytes, digest_out);

free_file:
    free(file);
    return status;
}

/* Everything zlib gives for `packed`, in memory that the caller frees. NULL: with the reason. */
static unsigned char *inflate_all(const void *packed, size_t packed_bytes, size_t *count_out,
                                  const char **why)
{
    size_t         capacity = 65536 + 2 * packed_bytes;
    unsigned char *bytes    = malloc(capacity);
    z_stream       stream = {.next_in = (Bytef *)(uintptr_t)packed, .avail_in = (uInt)packed_bytes};
    int            outcome = bytes ? inflateInit(&stream) : Z_MEM_ERROR;

    *why = "out of memory";
    while (outcome == Z_OK) {
        stream.next_out  = bytes + stream.total_out;
        stream.avail_out = (uInt)(capacity - stream.total_out);
        outcome          = inflate(&stream, Z_NO_FLUSH);
        if (outcome == Z_OK && stream.avail_out == 0) {
            unsigned char *grown =
                capacity < FILE_BYTES_MAX * 2 ? realloc(bytes, capacity * 2) : NULL;

            outcome = grown ? Z_OK : Z_MEM_ERROR;
            bytes   = grown ? grown : bytes;
            capacity *= 2;
        }
    }
    *count_out = stream.total_out;
    if (outcome != Z_STREAM_END || stream.avail_in > 0) {
        *why = outcome == Z_MEM_ERROR    ? *why
               : outcome == Z_STREAM_END ? "bytes follow its end"
               : outcome == Z_BUF_ERROR  ? "truncated"
                                         : "damaged";
        free(bytes);
        bytes = NULL;
    }
    (void)inflateEnd(&stream);
    return bytes;
}

/* "" or a slug, and nothing but NULs behind it. */
static bool is_component(const char text[CX_SAMPLES_COMPONENT_BYTES])
{
    size_t length = strnlen(text, CX_SAMPLES_COMPONENT_BYTES);

    for (size_t i = 0; i < length; i++) {
        if (text[i] != '-' && (text[i] < 'a' || text[i] > 'z')) {
            return false;
        }
    }
    for (size_t i = length; i < CX_SAMPLES_COMPONENT_BYTES; i++) {
        if (text[i] != '\0') {
            return false;
        }
    }
    return length < CX_SAMPLES_COMPONENT_BYTES;
}

/* Reads one row from `bytes`; its length, or 0 when it is none. */
static size_t parse_header(const unsigned char *bytes, size_t left_bytes, row_header_t *header)
{
    uint64_t numbers, room;

    if (left_bytes < sizeof *header) {
        return 0;
    }
    memcpy(header, bytes, sizeof *header);
    room = (left_bytes - sizeof *header) / sizeof(double);
    if (header->sample_count < 0 || (uint64_t)header->sample_count > room ||
        header->rank_count < 1 || header->discarded_count < 0 ||
        header->discarded_count > header->sample_count || header->requested_bytes < 0 ||
        (header->has_skew != 0 && header->has_skew != 1) || !is_component(header->component)) {
        return 0;
    }
    numbers = number_count(header->sample_count, header->rank_count, header->has_skew);
    return numbers > room ? 0 : sizeof *header + (size_t)numbers * sizeof(double);
}

static bool are_finite(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

static cx_status_t fill_row(const char *name, const unsigned char *bytes, size_t row_bytes,
                            const row_header_t *header, cx_samples_row_t *row)
{
    size_t  value_bytes = row_bytes - sizeof *header;
    size_t  rank_stride = (size_t)header->sample_count * (size_t)header->rank_count;
    double *values      = malloc(value_bytes + sizeof *values);

    if (!values) {
        return CX_FAIL(CX_RESOURCE, "%s: out of memory", name);
    }
    memcpy(values, bytes + sizeof *header, value_bytes);
    *row = (cx_samples_row_t){
        .requested_bytes = header->requested_bytes,
        .sample_count    = header->sample_count,
        .discarded_count = header->discarded_count,
        .rank_count      = header->rank_count,
        .has_skew        = header->has_skew == 1,
        .reduced_us      = values, /* the one to free: the other arrays lie behind it */
        .rank_us         = values + header->sample_count,
    };
    memcpy(row->component, header->component, sizeof row->component);
    if (row->has_skew) {
        row->arrival_us = row->rank_us + rank_stride;
        row->exit_us    = row->arrival_us + rank_stride;
    }
    return are_finite(values, value_bytes / sizeof *values)
               ? CX_OK
               : CX_FAIL(CX_INVALID, "%s: a sample is not a finite number", name);
}

static cx_status_t parse_rows(const char *name, const unsigned char *bytes, size_t byte_count,
                              cx_samples_t *samples)
{
    row_header_t header;
    int32_t      row_count = 0;
    size_t       row_bytes;

    for (size_t at = 0; at < byte_count; at += row_bytes, row_count++) {
        row_bytes = parse_header(bytes + at, byte_count - at, &header);
        if (row_bytes == 0 || row_count == ROW_COUNT_MAX) {
            return CX_FAIL(CX_INVALID, "%s: row %d of the samples is damaged", name, row_count);
        }
    }
    samples->rows = calloc((size_t)row_count + 1, sizeof *samples->rows);
    if (!samples->rows) {
        return CX_FAIL(CX_RESOURCE, "%s: out of memory", name);
    }
    for (size_t at = 0; at < byte_count; at += row_bytes) {
        row_bytes = parse_header(bytes + at, byte_count - at, &header);
        CX_TRY(
            fill_row(name, bytes + at, row_bytes, &header, &samples->rows[samples->row_count++]));
    }
    return CX_OK;
}

cx_status_t cx_samples_parse(const char *name, const void *file, size_t file_bytes,
                             const char *digest, cx_samples_t *out)
{
    char           found[CX_HASH_HEX_BYTES];
    cx_samples_t   samples = {NULL, 0};
    unsigned char *bytes;
    size_t         byte_count;
    const char    *why;
    cx_status_t    status;

    if (file_bytes < MAGIC_BYTES || memcmp(file, MAGIC, MAGIC_BYTES) != 0) {
        return CX_FAIL(CX_INVALID, "%s: not a file of samples", name);
    }
    if (digest && strcmp(cx_hash_hex(file, file_bytes, found), digest) != 0) {
        return CX_FAIL(CX_INVALID, "%s: its digest is %s, not %.32s: the file was changed", name,
                       found, digest);
    }
    bytes =
        inflate_all((const char *)file + MAGIC_BYTES, file_bytes - MAGIC_BYTES, &byte_count, &why);
    if (!bytes) {
        return CX_FAIL(CX_INVALID, "%s: the samples cannot be unpacked: %s", name, why);
    }
    status = parse_rows(name, bytes, byte_count, &samples);
    free(bytes);
    if (status != CX_OK) {
        cx_samples_fini(&samples);
        return status;
    }
    *out = samples;
    return CX_OK;
}

cx_status_t cx_samples_read(const char *path, const char *digest, cx_samples_t *out)
{
    char       *file;
    size_t      file_bytes;
    cx_status_t status;

    CX_TRY(cx_file_read(path, FILE_BYTES_MAX, &file, &file_bytes));
    status = cx_samples_parse(path, file, file_bytes, digest, out);
    free(file);
    return status;
}

void cx_samples_fini(cx_samples_t *samples)
{
    for (int32_t i = 0; i < samples->row_count; i++) {
        free(samples->rows[i].reduced_us);
    }
    free(samples->rows);
    *samples = (cx_samples_t){NULL, 0};
}
