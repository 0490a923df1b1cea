/* SPDX-License-Identifier: Apache-2.0 */
/* Trace files and what is wrong with them. Not CSV (trace_csv.c). */
#include "family/ep/trace.h"

#include "base/file.h"
#include "base/hash.h"
#include "family/ep/trace_csv.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)4 << 30)
#define MAGIC "CXTRACE1"
#define MAGIC_BYTES 8
#define HEADER_BYTES 32
#define DIGEST_BYTES 16
#define TOPK_MAX 128

cx_status_t cx_ep_trace_grab(cx_arena_t *arena, bool has_weights, cx_ep_trace_t *in_out)
{
    const size_t count = (size_t)in_out->token_count * (size_t)in_out->topk;

    in_out->experts = cx_arena_grab(arena, count * sizeof *in_out->experts);
    in_out->weights = has_weights ? cx_arena_grab(arena, count * sizeof *in_out->weights) : NULL;
    if (!in_out->experts || (has_weights && !in_out->weights)) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a trace of %lld tokens",
                       (long long)in_out->token_count);
    }
    return CX_OK;
}

static uint64_t read_number(const char *bytes, size_t byte_count)
{
    uint64_t value = 0;

    memcpy(&value, bytes, byte_count);
    return le64toh(value);
}

static void write_number(unsigned char **to, uint64_t value, size_t byte_count)
{
    value = htole64(value);
    memcpy(*to, &value, byte_count);
    *to += byte_count;
}

/* The digest as bytes, from its hex. */
static void digest_bytes(const void *bytes, size_t byte_count, unsigned char *out)
{
    char hex[CX_HASH_HEX_BYTES], pair[3] = "";

    (void)cx_hash_hex(bytes, byte_count, hex);
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        memcpy(pair, hex + 2 * i, 2);
        out[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
}

static cx_status_t check_header(const char *path, const cx_ep_trace_t *trace, size_t has_weights,
                                size_t byte_count)
{
    size_t row_bytes = (size_t)trace->topk * (has_weights ? 8 : 4);

    if (trace->topk < 1 || trace->topk > TOPK_MAX || has_weights > 1) {
        return CX_FAIL(CX_INVALID, "%s: the trace's header is damaged", path);
    }
    if (byte_count < HEADER_BYTES + DIGEST_BYTES ||
        (byte_count - HEADER_BYTES - DIGEST_BYTES) / row_bytes != (size_t)trace->token_count ||
        (byte_count - HEADER_BYTES - DIGEST_BYTES) % row_bytes != 0) {
        return CX_FAIL(CX_INVALID, "%s: the trace names %lld tokens, but the file has %zu bytes",
                       path, (long long)trace->token_count, byte_count);
    }
    return CX_OK;
}

static cx_status_t check_digest(const char *path, const char *bytes, size_t byte_count)
{
    unsigned char digest[DIGEST_BYTES];

    digest_bytes(bytes, byte_count - DIGEST_BYTES, digest);
    if (memcmp(digest, bytes + byte_count - DIGEST_BYTES, DIGEST_BYTES) != 0) {
        return CX_FAIL(CX_INVALID, "%s: the trace is damaged: its digest does not fit", path);
    }
    return CX_OK;
}

static cx_status_t check_row(const char *path, const cx_ep_trace_t *trace, int64_t token)
{
    const int64_t *row = trace->experts + token * trace->topk;

    for (int64_t slot = 0; slot < trace->topk; slot++) {
        if (row[slot] < 0 || row[slot] >= trace->expert_count) {
            return CX_FAIL(CX_INVALID, "%s: token %lld: there is no expert %lld among %lld", path,
                           (long long)token, (long long)row[slot], (long long)trace->expert_count);
        }
        for (int64_t other = 0; other < slot; other++) {
            if (row[other] == row[slot]) {
                return CX_FAIL(CX_INVALID, "%s: token %lld: expert %lld stands twice", path,
                               (long long)token, (long long)row[slot]);
            }
        }
    }
    return CX_OK;
}

static cx_status_t decode(const char *path, const char *bytes, size_t byte_count, cx_arena_t *arena,
                          cx_ep_trace_t *trace)
{
    const char *next;
    size_t      count, has_weights;

    if (byte_count < HEADER_BYTES) {
        return CX_FAIL(CX_INVALID, "%s: the trace ends in its header", path);
    }
    trace->token_count  = (int64_t)read_number(bytes + 8, 8);
    trace->topk         = (int64_t)read_number(bytes + 16, 4);
    trace->expert_count = (int64_t)read_number(bytes + 20, 4);
    has_weights         = (size_t)read_number(bytes + 24, 4);
    CX_TRY(check_header(path, trace, has_weights, byte_count));
    CX_TRY(check_digest(path, bytes, byte_count));
    CX_TRY(cx_ep_trace_grab(arena, has_weights == 1, trace));
    count = (size_t)trace->token_count * (size_t)trace->topk;
    next  = bytes + HEADER_BYTES;
    for (size_t i = 0; i < count; i++, next += 4) {
        trace->experts[i] = (int64_t)read_number(next, 4);
    }
    for (size_t i = 0; i < count && trace->weights; i++, next += 4) {
        uint32_t bits = (uint32_t)read_number(next, 4);

        memcpy(&trace->weights[i], &bits, sizeof bits);
    }
    return CX_OK;
}

cx_status_t cx_ep_trace_read(const char *path, int64_t expert_count, cx_arena_t *arena,
                             cx_ep_trace_t *out)
{
    cx_ep_trace_t trace = {.expert_count = expert_count};
    char         *bytes;
    size_t        byte_count;
    cx_status_t   status;

    CX_TRY(cx_file_read(path, FILE_BYTES_MAX, &bytes, &byte_count));
    if (byte_count >= MAGIC_BYTES && memcmp(bytes, MAGIC, MAGIC_BYTES) == 0) {
        status = decode(path, bytes, byte_count, arena, &trace);
    } else {
        status = cx_ep_trace_parse_csv(path, bytes, arena, &trace);
    }
    free(bytes);
    CX_TRY(status);
    if (trace.expert_count != expert_count) {
        return CX_FAIL(CX_INVALID, "%s: the trace is of %lld experts, the workload of %lld", path,
                       (long long)trace.expert_count, (long long)expert_count);
    }
    for (int64_t token = 0; token < trace.token_count; token++) {
        CX_TRY(check_row(path, &trace, token));
    }
    *out = trace;
    return CX_OK;
}

cx_status_t cx_ep_trace_encode(const cx_ep_trace_t *trace, cx_arena_t *arena,
                               unsigned char **bytes_out, size_t *byte_count_out)
{
    const size_t   count      = (size_t)trace->token_count * (size_t)trace->topk;
    const size_t   byte_count = HEADER_BYTES + count * (trace->weights ? 8 : 4) + DIGEST_BYTES;
    unsigned char *bytes      = cx_arena_grab(arena, byte_count);
    unsigned char *next       = bytes;

    if (!bytes) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a trace file");
    }
    memcpy(next, MAGIC, MAGIC_BYTES); /* NOLINT(bugprone-not-null-terminated-result) */
    next += MAGIC_BYTES;
    write_number(&next, (uint64_t)trace->token_count, 8);
    write_number(&next, (uint64_t)trace->topk, 4);
    write_number(&next, (uint64_t)trace->expert_count, 4);
    write_number(&next, trace->weights != NULL, 4);
    write_number(&next, 0, 4);
    for (size_t i = 0; i < count; i++) {
        write_number(&next, (uint64_t)trace->experts[i], 4);
    }
    for (size_t i = 0; i < count && trace->weights; i++) {
        uint32_t bits;

        memcpy(&bits, &trace->weights[i], sizeof bits);
        write_number(&next, bits, 4);
    }
    digest_bytes(bytes, byte_count - DIGEST_BYTES, next);
    *bytes_out      = bytes;
    *byte_count_out = byte_count;
    return CX_OK;
}
