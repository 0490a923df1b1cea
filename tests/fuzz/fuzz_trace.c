/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes routing traces, CSV and trace files; behind a first byte of 0, a trace file without its
 * digest. What is accepted must be within its range and survive being written. */
#include "base/hash.h"
#include "family/ep/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPERT_COUNT 8
#define DIGEST_BYTES 16

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count);

/* A trace is read from a path: the bytes become a file of memory. */
static cx_status_t read_bytes(const unsigned char *bytes, size_t byte_count, cx_arena_t *arena,
                              cx_ep_trace_t *out)
{
    cx_status_t status = CX_RESOURCE;
    int         fd     = memfd_create("fuzz", MFD_CLOEXEC);
    char        path[64];

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd >= 0 && write(fd, bytes, byte_count) == (ssize_t)byte_count) {
        status = cx_ep_trace_read(path, EXPERT_COUNT, arena, out);
    }
    (void)close(fd);
    return status;
}

/* Gets past the digest, which a fuzzer cannot guess. */
static cx_status_t read_signed(const unsigned char *bytes, size_t byte_count, cx_arena_t *arena,
                               cx_ep_trace_t *out)
{
    unsigned char *file = cx_arena_grab(arena, byte_count + DIGEST_BYTES);
    char           hex[CX_HASH_HEX_BYTES];

    if (!file) {
        return CX_RESOURCE;
    }
    (void)cx_hash_hex(bytes, byte_count, hex);
    memcpy(file, bytes, byte_count);
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        file[byte_count + i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return read_bytes(file, byte_count + DIGEST_BYTES, arena, out);
}

static void expect(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

static void expect_trace(const cx_ep_trace_t *trace, cx_arena_t *arena)
{
    size_t         count = (size_t)(trace->token_count * trace->topk), byte_count;
    cx_ep_trace_t  again;
    unsigned char *bytes;

    for (size_t i = 0; i < count; i++) {
        expect(trace->experts[i] >= 0 && trace->experts[i] < EXPERT_COUNT);
    }
    expect(cx_ep_trace_encode(trace, arena, &bytes, &byte_count) == CX_OK);
    expect(read_bytes(bytes, byte_count, arena, &again) == CX_OK);
    expect(again.token_count == trace->token_count && again.topk == trace->topk);
    expect(memcmp(again.experts, trace->experts, count * sizeof *again.experts) == 0);
    expect((again.weights != NULL) == (trace->weights != NULL));
    if (trace->weights) {
        expect(memcmp(again.weights, trace->weights, count * sizeof *again.weights) == 0);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count)
{
    cx_arena_t    arena;
    cx_ep_trace_t trace;
    cx_status_t   status;

    cx_detail_clear();
    cx_arena_init(&arena);
    if (byte_count > 0 && bytes[0] == 0) {
        status = read_signed(bytes + 1, byte_count - 1, &arena, &trace);
    } else {
        status = read_bytes(bytes, byte_count, &arena, &trace);
    }
    if (status == CX_OK) {
        expect_trace(&trace, &arena);
    }
    cx_arena_fini(&arena);
    return 0;
}
