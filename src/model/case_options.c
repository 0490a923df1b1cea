/* SPDX-License-Identifier: Apache-2.0 */
/* The table of everything that can be asked of a case. */
#include "model/case.h"

const char *const cx_collective_slugs[] = {
#define SLUG(name, slug, reduces, rooted) slug,
    CX_COLLECTIVE_MAP(SLUG)
#undef SLUG
        NULL};

const char *const cx_dtype_slugs[] = {
#define SLUG(name, slug, bytes) slug,
    CX_DTYPE_MAP(SLUG)
#undef SLUG
        NULL};

const char *const cx_redop_slugs[] = {
#define SLUG(name, slug) slug,
    CX_REDOP_MAP(SLUG)
#undef SLUG
        NULL};

const char *const cx_regime_slugs[] = {
#define SLUG(name, slug, text) slug,
    CX_REGIME_MAP(SLUG)
#undef SLUG
        NULL};

const char *const cx_placement_slugs[] = {"out_of_place", "in_place", NULL};
const char *const cx_family_slugs[]    = {
#define SLUG(name, slug) slug,
    CX_FAMILY_MAP(SLUG)
#undef SLUG
        NULL};
const char *const cx_algorithm_slugs[] = {
#define SLUG(name, slug) slug,
    CX_ALGORITHM_MAP(SLUG)
#undef SLUG
        NULL};

const char *const cx_limit_slugs[] = {
#define SLUG(name, slug, moves_bytes) slug,
    CX_LIMIT_MAP(SLUG)
#undef SLUG
        NULL};
const char *const cx_movers_slugs[] = {"one", "all", NULL};

static const char *const buffer_slugs[]   = {"rotated", "hot", NULL};
static const char *const consume_slugs[]  = {"native", "dequant", NULL};
static const char *const sampling_slugs[] = {
#define SLUG(name, slug, a, b, c, d, e, f) slug,
    CX_PAIR_SAMPLING_MAP(SLUG)
#undef SLUG
        NULL};

#define KEY CX_OPTION_KEY
#define FREE CX_OPTION_FREE

const cx_option_t cx_case_options[] = {
    CX_OPTION_ENUM(cx_case_t, family, "family", KEY, "collective", cx_family_slugs,
                   "Kind of work: a collective operation, expert parallelism, the all-reduce of "
                   "inference engines, or a limit of the machine."),
    CX_OPTION_ENUM(cx_case_t, op, "op", KEY, "all_reduce", cx_collective_slugs,
                   "Collective operation."),
    CX_OPTION_ENUM(cx_case_t, algorithm, "algorithm", KEY, "default", cx_algorithm_slugs,
                   "allreduce: how the backend is to reduce; default leaves it to the library."),
    CX_OPTION_ENUM(cx_case_t, dtype, "dtype", KEY, "fp32", cx_dtype_slugs,
                   "Element type; family allreduce: bf16 unless given, as engines reduce."),
    CX_OPTION_ENUM(cx_case_t, redop, "redop", KEY, "sum", cx_redop_slugs,
                   "Reduction; none where the operation does not reduce."),
    CX_OPTION_ENUM(cx_case_t, placement, "placement", KEY, "out_of_place", cx_placement_slugs,
                   "Whether input and output are one buffer."),
    CX_OPTION_INT(cx_case_t, root, "root", KEY, "0", 0, 1e6,
                  "Root rank of broadcast, reduce, gather and scatter."),
    CX_OPTION_TEXT(cx_case_t, backend, "backend", KEY, true, "auto",
                   "Library that does the work; auto takes the best one that can run there."),
    CX_OPTION_TEXT(
        cx_case_t, device, "device", KEY, true, "auto",
        "Where buffers live: cuda, hip, host, sim; auto: on accelerators, where each rank "
        "of a host has one and a backend can use them, else on the host."),
    CX_OPTION_ENUM(cx_case_t, regime, "regime", KEY, "isolated", cx_regime_slugs,
                   "What one sample is: isolated latency, steady or graph period, or loop_mean."),
    CX_OPTION_TEXT(cx_case_t, sizes, "sizes", KEY, false, "8B:64MiB:x4",
                   "Message sizes: 8B,1KiB or FIRST:LAST:xFACTOR or FIRST:LAST:+STEP; family "
                   "allreduce: " CX_CASE_ALLREDUCE_SIZES " unless given."),
    CX_OPTION_TEXT(cx_case_t, traffic, "traffic", KEY, false, "",
                   "all_to_all_v: file with one line of weights per sending rank."),
    CX_OPTION_RATIO(cx_case_t, traffic_skew_ratio, "traffic-skew", KEY, "0", 0, 1000,
                    "all_to_all_v without a file: how far the hottest receiver is above the mean."),
    CX_OPTION_ENUM(cx_case_t, buffers, "buffers", KEY, "rotated", buffer_slugs,
                   "rotated takes turns over --rotate-bytes of buffers; hot over two sets."),
    CX_OPTION_BYTES(cx_case_t, rotate_bytes, "rotate-bytes", KEY, "64MiB", 0, 0x1p50,
                    "Memory per rank that rotated buffers are spread over (two sets at least)."),
    CX_OPTION_INT(cx_case_t, seed, "seed", KEY, "1", 0, 9e15,
                  "Seed of all input data; family ep: 67 unless given, as in published rows."),
    CX_OPTION_TIME(cx_case_t, budget_us, "budget", KEY, "250ms", 0, 8.64e10,
                   "Stop sampling a size after this long."),
    CX_OPTION_RATIO(
        cx_case_t, target_ratio, "target", KEY, "1%", 0, 1,
        "Stop earlier once the 95 % interval of the median is within this ratio of it."),
    CX_OPTION_INT(cx_case_t, samples_min, "samples-min", KEY, "30", 1, 1e7,
                  "Effective samples needed before the interval is trusted."),
    CX_OPTION_INT(cx_case_t, samples_max, "samples-max", KEY, "20000", 1, 1e7,
                  "Stop sampling a size after this many samples."),
    CX_OPTION_INT(cx_case_t, warmup_min, "warmup-min", KEY, "5", 0, 1e6,
                  "First samples that are always discarded; more when warm-up is detected."),
    CX_OPTION_INT(cx_case_t, loop_iters, "loop-iters", KEY, "20", 1, 1e6,
                  "Operations in one loop of regime loop_mean."),
    CX_OPTION_INT(cx_case_t, graph_ops, "graph-ops", KEY, "20", 1, 1e4,
                  "Operations captured in one graph of regime graph; fewer where each uses a set "
                  "of buffers up."),
    CX_OPTION_BOOL(cx_case_t, is_verified, "verify", KEY, "true",
                   "Check the outputs of timed operations; false makes every row diagnostic."),
    CX_OPTION_TIME(cx_case_t, timeout_us, "timeout", FREE, "60s", 1e3, 8.64e10,
                   "Deadline of one phase of one size; only ends what hangs, moves no number."),
    CX_OPTION_TEXT(cx_case_t, backend_options, "backend-options", KEY, false, "",
                   "The backend's own options as name=value;name=value."),
    CX_OPTION_TEXT(
        cx_case_t, ep.shape, "shape", KEY, true, "deepseek-v3",
        "ep: model of registry/shapes, or a file, that hidden, topk and experts are of."),
    CX_OPTION_INT(cx_case_t, ep.hidden_elems, "hidden", KEY, "0", 0, 1 << 20,
                  "ep: elements of a token; 0: the shape's."),
    CX_OPTION_INT(cx_case_t, ep.topk, "topk", KEY, "0", 0, 128,
                  "ep: experts of a token; 0: the shape's."),
    CX_OPTION_INT(cx_case_t, ep.expert_count, "experts", KEY, "0", 0, 1 << 20,
                  "ep: routed experts of the model; 0: the shape's."),
    CX_OPTION_ENUM(cx_case_t, ep.mode, "mode", KEY, "normal", cx_ep_mode_slugs,
                   "ep: which kernels: for throughput, or for few tokens."),
    CX_OPTION_TEXT(cx_case_t, ep.tokens, "tokens", KEY, false, "1:512:x2",
                   "ep: tokens of a rank: 1,8,64 or FIRST:LAST:xFACTOR or FIRST:LAST:+STEP."),
    CX_OPTION_ENUM(cx_case_t, ep.dispatch_codec, "precision", KEY, "bf16", cx_codec_slugs,
                   "ep: what tokens are dispatched in."),
    CX_OPTION_ENUM(cx_case_t, ep.combine_codec, "combine-precision", KEY, "bf16", cx_codec_slugs,
                   "ep: what rows come home in."),
    CX_OPTION_ENUM(cx_case_t, ep.consume, "consume", KEY, "native", consume_slugs,
                   "ep: native leaves the decoding of rows out of pairs; dequant has it in each."),
    CX_OPTION_ENUM(cx_case_t, ep.routing, "routing", KEY, "uniform", cx_ep_routing_slugs,
                   "ep: how tokens choose experts."),
    CX_OPTION_RATIO(cx_case_t, ep.zipf_exponent, "zipf-exponent", KEY, "1", 0, 64,
                    "ep, routing zipf: the expert with number e has weight (e+1)^-this."),
    CX_OPTION_INT(cx_case_t, ep.hot_expert, "hot-expert", KEY, "0", 0, 1 << 20,
                  "ep, routing hotspot: the expert in every token."),
    CX_OPTION_TEXT(cx_case_t, ep.trace, "trace", KEY, false, "",
                   "ep, routing trace: the file to replay."),
    CX_OPTION_INT(cx_case_t, ep.redundant_count, "eplb", KEY, "0", 0, 1 << 20,
                  "ep: redundant experts EPLB may add, rounded up to whole ranks; 0: no EPLB."),
    CX_OPTION_INT(cx_case_t, ep.plan_seed, "eplb-seed", KEY, "68", 0, 9e15,
                  "ep, eplb: seed of the trace that EPLB plans from."),
    CX_OPTION_ENUM(cx_case_t, ep.uneven, "uneven", KEY, "none", cx_ep_uneven_slugs,
                   "ep: how source tokens are spread over ranks."),
    CX_OPTION_ENUM(cx_case_t, ep.profile, "activations", KEY, "lattice", cx_ep_profile_slugs,
                   "ep: what tokens carry."),
    CX_OPTION_ENUM(cx_case_t, ep.placement, "rank-placement", KEY, "packed", cx_ep_placement_slugs,
                   "ep: which process plays which rank of the expert-parallel group."),
    CX_OPTION_INT(cx_case_t, ep.domain_rank_count, "domain-ranks", KEY, "0", 0, 1e6,
                  "ep: ranks of a scale-up domain; 0: all of a host."),
    CX_OPTION_ENUM(cx_case_t, ep.sampling, "sampling", KEY, "exact", sampling_slugs,
                   "ep: exact samples as often as published rows; fast is for a look."),
    CX_OPTION_ENUM(cx_case_t, limits.limit, "limit", KEY, "copy_engine", cx_limit_slugs,
                   "limits: what of the machine is measured."),
    CX_OPTION_ENUM(cx_case_t, limits.movers, "movers", KEY, "one", cx_movers_slugs,
                   "limits that move bytes: rank 0 alone, or all ranks at once, each to the next."),
    {"blocks", CX_VALUE_INT, KEY, true, CX_OPTION_CHECK(cx_case_t, limits.blocks, int64_t), "0", 0,
     65536, NULL,
     "limits, sm_*: blocks of 1024 threads that move (sm_store_all: to each peer); 0: one per "
     "multiprocessor."},
    CX_OPTION_END,
};
