/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a case: its shape, its names, its digest. */
#include "model/case.h"

#include <ctype.h>
#include <string.h>

#define CANONICAL_BYTES_MAX 8192

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

bool cx_limit_moves_bytes(cx_limit_t limit)
{
    static const bool moves_bytes_of[CX_LIMIT_COUNT] = {
#define MOVES(name, slug, moves_bytes) moves_bytes,
        CX_LIMIT_MAP(MOVES)
#undef MOVES
    };

    return moves_bytes_of[limit];
}

bool cx_limit_has_blocks(cx_limit_t limit)
{
    return limit == CX_LIMIT_SM_STORE || limit == CX_LIMIT_SM_LOAD ||
           limit == CX_LIMIT_SM_STORE_ALL;
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
             .algorithm   = (cx_algorithm_t)one->algorithm,
             .limit       = (cx_limit_t)one->limits.limit,
             .block_count = (int32_t)one->limits.blocks,
    };

    if (one->family == CX_FAMILY_EP) {
        shape.root_rank = -1;
        shape.ep        = (cx_ep_problem_t){.mode           = (cx_ep_mode_t)one->ep.mode,
                                            .dispatch_codec = (cx_codec_t)one->ep.dispatch_codec,
                                            .combine_codec  = (cx_codec_t)one->ep.combine_codec,
                                            .hidden_elems   = one->ep.hidden_elems,
                                            .topk           = one->ep.topk};
    }
    return shape;
}

const char *cx_case_contract(const cx_case_t *one)
{
    static const char *const collective[CX_REGIME_COUNT] = {
#define CONTRACT(name, slug, text) "collective." slug,
        CX_REGIME_MAP(CONTRACT)
#undef CONTRACT
    };
    static const char *const allreduce[CX_REGIME_COUNT] = {
#define CONTRACT(name, slug, text) "allreduce." slug,
        CX_REGIME_MAP(CONTRACT)
#undef CONTRACT
    };
    static const char *const limits[CX_REGIME_COUNT] = {
#define CONTRACT(name, slug, text) "limits." slug,
        CX_REGIME_MAP(CONTRACT)
#undef CONTRACT
    };
    static const char *const ep[CX_PAIR_PROFILE_COUNT][CX_REGIME_COUNT] = {
#define CONTRACT(name, slug, a, b, c, d, e, f) \
    [CX_PAIR_PROFILE_##name] = {               \
        [CX_REGIME_ISOLATED] = "ep.isolated." slug, [CX_REGIME_STEADY] = "ep.steady." slug},
        CX_PAIR_SAMPLING_MAP(CONTRACT)
#undef CONTRACT
    };

    switch (one->family) {
    case CX_FAMILY_EP:
        return ep[one->ep.sampling][one->regime];
    case CX_FAMILY_ALLREDUCE:
        return allreduce[one->regime];
    case CX_FAMILY_LIMITS:
        return limits[one->regime];
    default:
        return collective[one->regime];
    }
}

/* Options every family has. */
static bool is_common(const cx_option_t *row)
{
    switch (row->offset) {
    case offsetof(cx_case_t, family):
    case offsetof(cx_case_t, backend):
    case offsetof(cx_case_t, device):
    case offsetof(cx_case_t, regime):
    case offsetof(cx_case_t, seed):
    case offsetof(cx_case_t, rotate_bytes):
    case offsetof(cx_case_t, is_verified):
    case offsetof(cx_case_t, timeout_us):
    case offsetof(cx_case_t, backend_options):
        return true;
    default:
        return false;
    }
}

/* Options of operations, of which family limits takes what has to do with size and sampling. */
static bool is_shared_by_limits(const cx_option_t *row)
{
    switch (row->offset) {
    case offsetof(cx_case_t, sizes):
    case offsetof(cx_case_t, buffers):
    case offsetof(cx_case_t, budget_us):
    case offsetof(cx_case_t, target_ratio):
    case offsetof(cx_case_t, samples_min):
    case offsetof(cx_case_t, samples_max):
    case offsetof(cx_case_t, warmup_min):
        return true;
    default:
        return is_common(row);
    }
}

bool cx_case_option_is_own(const cx_case_t *one, const cx_option_t *row)
{
    const bool is_of_ep = row->offset >= offsetof(cx_case_t, ep) &&
                          row->offset < offsetof(cx_case_t, ep) + sizeof one->ep;

    if (row->offset >= offsetof(cx_case_t, limits) &&
        row->offset < offsetof(cx_case_t, limits) + sizeof one->limits) {
        return one->family == CX_FAMILY_LIMITS;
    }
    if (one->family == CX_FAMILY_LIMITS) {
        return is_shared_by_limits(row);
    }
    if (row->offset == offsetof(cx_case_t, algorithm)) {
        return one->family == CX_FAMILY_ALLREDUCE;
    }
    if (row->offset == offsetof(cx_case_t, graph_ops)) {
        return one->regime == CX_REGIME_GRAPH;
    }
    return is_common(row) || is_of_ep == (one->family == CX_FAMILY_EP);
}

static bool applies_to_ep(const cx_case_t *one, const cx_option_t *row)
{
    switch (row->offset) {
    case offsetof(cx_case_t, ep.trace):
        return one->ep.routing == CX_EP_ROUTING_TRACE;
    case offsetof(cx_case_t, ep.zipf_exponent):
        return one->ep.routing == CX_EP_ROUTING_ZIPF;
    case offsetof(cx_case_t, ep.hot_expert):
        return one->ep.routing == CX_EP_ROUTING_HOTSPOT;
    case offsetof(cx_case_t, ep.plan_seed):
        return one->ep.redundant_count > 0;
    case offsetof(cx_case_t, ep.consume):
        return one->ep.dispatch_codec != CX_CODEC_BF16;
    default:
        return true;
    }
}

static bool applies_to_collective(const cx_case_t *one, const cx_option_t *row)
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

static bool applies_to_limits(const cx_case_t *one, const cx_option_t *row)
{
    const cx_limit_t limit       = (cx_limit_t)one->limits.limit;
    const bool       moves_bytes = cx_limit_moves_bytes(limit);

    switch (row->offset) {
    case offsetof(cx_case_t, limits.movers):
    case offsetof(cx_case_t, sizes):
    case offsetof(cx_case_t, buffers):
        return moves_bytes;
    case offsetof(cx_case_t, rotate_bytes):
        return moves_bytes && one->buffers == CX_BUFFERS_ROTATED;
    case offsetof(cx_case_t, limits.blocks):
        return cx_limit_has_blocks(limit);
    default:
        return true;
    }
}

bool cx_case_option_applies(const cx_case_t *one, const cx_option_t *row)
{
    if (!cx_case_option_is_own(one, row)) {
        return false;
    }
    switch (one->family) {
    case CX_FAMILY_EP:
        return applies_to_ep(one, row);
    case CX_FAMILY_LIMITS:
        return applies_to_limits(one, row);
    default:
        return applies_to_collective(one, row);
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
    if (one->family == CX_FAMILY_LIMITS) { /* in the words of shape.h */
        one->op = cx_limit_moves_bytes((cx_limit_t)one->limits.limit) ? CX_COLLECTIVE_ALL_TO_ALL_V
                                                                      : CX_COLLECTIVE_BARRIER;
    }
    if (one->family == CX_FAMILY_EP || !cx_collective_reduces((cx_collective_t)one->op)) {
        one->redop = CX_REDOP_NONE;
    }
    if (one->family != CX_FAMILY_EP && one->op == CX_COLLECTIVE_BARRIER) {
        one->sizes = "0B";
    }
    return CX_OK;
}

/* Every option of the family on a line of its own, in table order. */
static size_t print_canonical(const cx_case_t *one, char *out, size_t out_bytes)
{
    size_t used = 0;

    for (const cx_option_t *row = cx_case_options; row->name && used + 64 < out_bytes; row++) {
        if (!cx_case_option_is_own(one, row)) {
            continue;
        }
        used        = (size_t)(stpcpy(out + used, row->name) - out);
        out[used++] = '=';
        used += strlen(cx_option_print(row, one, out + used, out_bytes - used - 1));
        out[used++] = '\n';
    }
    return used;
}

/* The file of a shape without folder and suffix: part of a name of files. */
static char *name_of_shape(const cx_case_t *one, char *out, size_t out_bytes)
{
    const char *slash = strrchr(one->ep.shape, '/');
    const char *name  = slash ? slash + 1 : one->ep.shape;
    size_t      used  = 0;

    for (; name[used] && name[used] != '.' && used + 1 < out_bytes; used++) {
        out[used] = isalnum((unsigned char)name[used]) ? name[used] : '-';
    }
    out[used] = '\0';
    return out;
}

static const char *name_ep(const cx_case_t *one, cx_arena_t *arena)
{
    const cx_case_ep_t *ep      = &one->ep;
    const char         *combine = ep->combine_codec == CX_CODEC_BF16 ? "" : "-";
    char                shape[64];

    return cx_arena_format(
        arena, "ep.%s.%s.%s%s%s.%s%s.%s%s.%s.%s.%.8s", name_of_shape(one, shape, sizeof shape),
        cx_ep_mode_slugs[ep->mode], cx_codec_slugs[ep->dispatch_codec], combine,
        *combine ? cx_codec_slugs[ep->combine_codec] : "", cx_ep_routing_slugs[ep->routing],
        ep->redundant_count > 0 ? "-eplb" : "", cx_regime_slugs[one->regime],
        ep->sampling == CX_PAIR_PROFILE_FAST ? "-fast" : "", one->backend, one->device,
        one->digest);
}

static const char *name_allreduce(const cx_case_t *one, cx_arena_t *arena)
{
    return cx_arena_format(arena, "allreduce.%s.%s.%s.%s.%s.%.8s", cx_dtype_slugs[one->dtype],
                           cx_algorithm_slugs[one->algorithm], cx_regime_slugs[one->regime],
                           one->backend, one->device, one->digest);
}

static const char *name_limit(const cx_case_t *one, cx_arena_t *arena)
{
    const cx_limit_t limit = (cx_limit_t)one->limits.limit;
    const char *movers     = cx_limit_moves_bytes(limit) ? cx_movers_slugs[one->limits.movers] : "";
    const char *blocks     = "";

    if (cx_limit_has_blocks(limit)) {
        blocks = one->limits.blocks == 0
                     ? ".ball"
                     : cx_arena_format(arena, ".b%lld", (long long)one->limits.blocks);
    }
    return cx_arena_format(arena, "limits.%s%s%s%s.%s.%s.%s.%.8s", cx_limit_slugs[limit],
                           *movers ? "." : "", movers, blocks ? blocks : "",
                           cx_regime_slugs[one->regime], one->backend, one->device, one->digest);
}

static const char *name_collective(const cx_case_t *one, cx_arena_t *arena)
{
    const bool has_redop = one->redop != CX_REDOP_NONE;

    return cx_arena_format(arena, "%s.%s%s%s.%s.%s.%s.%s.%.8s", cx_collective_slugs[one->op],
                           cx_dtype_slugs[one->dtype], has_redop ? "." : "",
                           has_redop ? cx_redop_slugs[one->redop] : "",
                           cx_placement_slugs[one->placement], cx_regime_slugs[one->regime],
                           one->backend, one->device, one->digest);
}

static const char *name_case(const cx_case_t *one, cx_arena_t *arena)
{
    switch (one->family) {
    case CX_FAMILY_EP:
        return name_ep(one, arena);
    case CX_FAMILY_ALLREDUCE:
        return name_allreduce(one, arena);
    case CX_FAMILY_LIMITS:
        return name_limit(one, arena);
    default:
        return name_collective(one, arena);
    }
}

/* Family allreduce is one operation, so that whatever does it can be laid beside the others. */
static cx_status_t check_allreduce(const cx_case_t *one)
{
    if (one->op != CX_COLLECTIVE_ALL_REDUCE) {
        return CX_FAIL(CX_INVALID,
                       "op: family allreduce has all_reduce alone; %s is of family collective",
                       cx_collective_slugs[one->op]);
    }
    if (one->redop != CX_REDOP_SUM) {
        return CX_FAIL(CX_INVALID, "redop: family allreduce sums; %s is of family collective",
                       cx_redop_slugs[one->redop]);
    }
    if (one->placement != 0) {
        return CX_FAIL(CX_INVALID, "placement: family allreduce is out of place, as all that is "
                                   "compared in it; in_place is of family collective");
    }
    if (one->regime == CX_REGIME_LOOP_MEAN) {
        return CX_FAIL(CX_INVALID, "regime: family allreduce has no loop_mean: it is there to "
                                   "compare family collective with nccl-tests");
    }
    return CX_OK;
}

static cx_status_t check_family(const cx_case_t *one)
{
    if (one->family == CX_FAMILY_EP && one->regime == CX_REGIME_LOOP_MEAN) {
        return CX_FAIL(CX_INVALID, "regime: family ep has no loop_mean: a mean over a loop of "
                                   "pairs has no percentiles; use isolated or steady");
    }
    if (one->family == CX_FAMILY_EP && one->regime == CX_REGIME_GRAPH) {
        return CX_FAIL(CX_INVALID, "regime: family ep has no graph: its pairs are not captured "
                                   "yet; use isolated or steady");
    }
    if (one->family == CX_FAMILY_LIMITS && one->regime != CX_REGIME_ISOLATED &&
        one->regime != CX_REGIME_STEADY) {
        return CX_FAIL(CX_INVALID, "regime: family limits has isolated and steady, not %s",
                       cx_regime_slugs[one->regime]);
    }
    return one->family == CX_FAMILY_ALLREDUCE ? check_allreduce(one) : CX_OK;
}

cx_status_t cx_case_seal(cx_case_t *one, cx_arena_t *arena)
{
    char   canonical[CANONICAL_BYTES_MAX];
    size_t length;

    CX_TRY(check_family(one));
    CX_TRY(neutralise(one, arena));
    length = print_canonical(one, canonical, sizeof canonical);
    cx_hash_hex(canonical, length, one->digest);
    one->case_id = name_case(one, arena);
    return one->case_id ? CX_OK : CX_FAIL(CX_RESOURCE, "out of memory for a case");
}
