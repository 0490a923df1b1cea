/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a case: its shape, its names, its digest. */
#include "model/case.h"

#include <stdio.h>
#include <string.h>

#define CANONICAL_BYTES_MAX 4096

size_t cx_dtype_bytes(cx_dtype_t dtype)
{
    static const size_t bytes_of[CX_DTYPE_COUNT] = {
#define BYTES(name, slug, bytes) bytes,
        CX_DTYPE_MAP(BYTES)
#undef BYTES
    };

    return bytes_of[dtype];
}

bool cx_collective_reduces(cx_collective_t op)
{
    static const bool reduces_of[CX_COLLECTIVE_COUNT] = {
#define REDUCES(name, slug, reduces, rooted) reduces,
        CX_COLLECTIVE_MAP(REDUCES)
#undef REDUCES
    };

    return reduces_of[op];
}

bool cx_collective_is_rooted(cx_collective_t op)
{
    static const bool rooted_of[CX_COLLECTIVE_COUNT] = {
#define ROOTED(name, slug, reduces, rooted) rooted,
        CX_COLLECTIVE_MAP(ROOTED)
#undef ROOTED
    };

    return rooted_of[op];
}

const char *cx_regime_text(cx_regime_t regime)
{
    static const char *const texts[CX_REGIME_COUNT] = {
#define TEXT(name, slug, text) text,
        CX_REGIME_MAP(TEXT)
#undef TEXT
    };

    return texts[regime];
}

cx_shape_t cx_case_shape(const cx_case_t *one)
{
    cx_collective_t op    = (cx_collective_t)one->op;
    cx_shape_t      shape = {
             .family      = (cx_family_t)one->family,
             .op          = op,
             .dtype       = (cx_dtype_t)one->dtype,
             .redop       = (cx_redop_t)one->redop,
             .root_rank   = cx_collective_is_rooted(op) ? (int32_t)one->root : -1,
             .is_in_place = one->placement == 1,
    };

    return shape;
}

const char *cx_case_contract(const cx_case_t *one)
{
    static const char *const contracts[CX_REGIME_COUNT] = {
#define CONTRACT(name, slug, text) "collective." slug,
        CX_REGIME_MAP(CONTRACT)
#undef CONTRACT
    };

    return contracts[one->regime];
}

bool cx_case_option_applies(const cx_case_t *one, const cx_option_t *row)
{
    cx_collective_t op = (cx_collective_t)one->op;

    switch (row->offset) {
    case offsetof(cx_case_t, redop):
        return cx_collective_reduces(op);
    case offsetof(cx_case_t, root):
        return cx_collective_is_rooted(op);
    case offsetof(cx_case_t, traffic):
    case offsetof(cx_case_t, traffic_skew_ratio):
        return op == CX_COLLECTIVE_ALL_TO_ALL_V;
    case offsetof(cx_case_t, dtype):
    case offsetof(cx_case_t, sizes):
    case offsetof(cx_case_t, buffers):
    case offsetof(cx_case_t, placement):
        return op != CX_COLLECTIVE_BARRIER;
    case offsetof(cx_case_t, rotate_bytes):
        return op != CX_COLLECTIVE_BARRIER && one->buffers == CX_BUFFERS_ROTATED;
    case offsetof(cx_case_t, loop_iters):
        return one->regime == CX_REGIME_LOOP_MEAN;
    default:
        return true;
    }
}

static cx_status_t neutralise(cx_case_t *one, cx_arena_t *arena)
{
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        if (!cx_case_option_applies(one, row)) {
            CX_TRY(cx_option_set(row, one, row->default_text, "default", arena));
            one->origins[row - cx_case_options] = CX_ORIGIN_DEFAULT;
        }
    }
    if (!cx_collective_reduces((cx_collective_t)one->op)) {
        one->redop = CX_REDOP_NONE;
    }
    if (one->op == CX_COLLECTIVE_BARRIER) {
        one->sizes = "0B";
    }
    return CX_OK;
}

/* Every option on a line of its own, in table order. */
static size_t print_canonical(const cx_case_t *one, char *out, size_t out_bytes)
{
    size_t used = 0;

    for (const cx_option_t *row = cx_case_options; row->name && used + 64 < out_bytes; row++) {
        used        = (size_t)(stpcpy(out + used, row->name) - out);
        out[used++] = '=';
        used += strlen(cx_option_print(row, one, out + used, out_bytes - used - 1));
        out[used++] = '\n';
    }
    return used;
}

cx_status_t cx_case_seal(cx_case_t *one, cx_arena_t *arena)
{
    char   canonical[CANONICAL_BYTES_MAX];
    size_t length;

    CX_TRY(neutralise(one, arena));
    length = print_canonical(one, canonical, sizeof canonical);
    cx_hash_hex(canonical, length, one->digest);
    one->case_id =
        cx_arena_format(arena, "%s.%s%s%s.%s.%s.%s.%s.%.8s", cx_collective_slugs[one->op],
                        cx_dtype_slugs[one->dtype], one->redop == CX_REDOP_NONE ? "" : ".",
                        one->redop == CX_REDOP_NONE ? "" : cx_redop_slugs[one->redop],
                        cx_placement_slugs[one->placement], cx_regime_slugs[one->regime],
                        one->backend, one->device, one->digest);
    return one->case_id ? CX_OK : CX_FAIL(CX_RESOURCE, "out of memory for a case");
}
