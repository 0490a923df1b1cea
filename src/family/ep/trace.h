/* SPDX-License-Identifier: Apache-2.0 */
/* Which experts each global token goes to, and with which gate: in memory and in files.
 * Not how a trace comes about (routing.h).
 *
 * Trace file (extension .cxtrace), all numbers little-endian:
 *   8 bytes   "CXTRACE1"
 *   u64       token_count
 *   u32 u32   topk, expert_count
 *   u32 u32   1 if gates follow, else 0 · zero
 *   u32       [token_count][topk] experts in slot order
 *   f32       [token_count][topk] gates, if there are any
 *   16 bytes  BLAKE2b-128 of everything before
 *
 * CSV: one line per token: its index (0, 1, 2, ... in order), its experts in slot order and, if
 * there are gates, as many gates. Empty lines and lines that begin with '#' do not count.
 */
#ifndef CX_FAMILY_EP_TRACE_H
#define CX_FAMILY_EP_TRACE_H

#include "base/arena.h"
#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cx_ep_trace {
    int64_t  token_count, topk, expert_count;
    int64_t *experts; /* [token_count][topk], slot order; distinct within a token */
    float   *weights; /* the same; NULL when the trace has no gates */
} cx_ep_trace_t;

/**
 * Read a trace file or a CSV (told apart by the first bytes). A CSV does not say how many experts
 * there are: expert_count is then `expert_count`; a trace file's own count must be the same.
 *
 * errors  CX_INVALID "FILE:LINE: ..." or "FILE: ...": not readable, damaged, an expert out of range
 *         or twice in one token, lines of different lengths · CX_RESOURCE memory
 */
cx_status_t cx_ep_trace_read(const char *path, int64_t expert_count, cx_arena_t *arena,
                             cx_ep_trace_t *out);

/* The trace as a trace file; `bytes_out` lies in the arena. */
cx_status_t cx_ep_trace_encode(const cx_ep_trace_t *trace, cx_arena_t *arena,
                               unsigned char **bytes_out, size_t *byte_count_out);

/* Memory for a trace, in the arena. errors CX_RESOURCE */
cx_status_t cx_ep_trace_grab(cx_arena_t *arena, bool has_weights, cx_ep_trace_t *in_out);

#endif
