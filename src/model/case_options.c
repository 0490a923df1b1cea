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

const char *const        cx_placement_slugs[] = {"out_of_place", "in_place", NULL};
static const char *const family_slugs[]       = {"collective", NULL};
static const char *const buffer_slugs[]       = {"rotated", "hot", NULL};

#define KEY CX_OPTION_KEY
#define FREE CX_OPTION_FREE

const cx_option_t cx_case_options[] = {
    CX_OPTION_ENUM(cx_case_t, family, "family", KEY, "collective", family_slugs, "Kind of work."),
    CX_OPTION_ENUM(cx_case_t, op, "op", KEY, "all_reduce", cx_collective_slugs,
                   "Collective operation."),
    CX_OPTION_ENUM(cx_case_t, dtype, "dtype", KEY, "fp32", cx_dtype_slugs, "Element type."),
    CX_OPTION_ENUM(cx_case_t, redop, "redop", KEY, "sum", cx_redop_slugs,
                   "Reduction; none where the operation does not reduce."),
    CX_OPTION_ENUM(cx_case_t, placement, "placement", KEY, "out_of_place", cx_placement_slugs,
                   "Whether input and output are one buffer."),
    CX_OPTION_INT(cx_case_t, root, "root", KEY, "0", 0, 1e6,
                  "Root rank of broadcast, reduce, gather and scatter."),
    CX_OPTION_TEXT(cx_case_t, backend, "backend", KEY, true, "auto",
                   "Library that does the work; auto takes the best one that can run here."),
    CX_OPTION_TEXT(cx_case_t, device, "device", KEY, true, "auto",
                   "Where buffers live: host, sim, or auto."),
    CX_OPTION_ENUM(cx_case_t, regime, "regime", KEY, "isolated", cx_regime_slugs,
                   "What one sample is: isolated latency, steady period, or loop_mean."),
    CX_OPTION_TEXT(cx_case_t, sizes, "sizes", KEY, false, "8B:64MiB:x4",
                   "Message sizes: 8B,1KiB or FIRST:LAST:xFACTOR or FIRST:LAST:+STEP."),
    CX_OPTION_TEXT(cx_case_t, traffic, "traffic", KEY, false, "",
                   "all_to_all_v: file with one line of weights per sending rank."),
    CX_OPTION_RATIO(cx_case_t, traffic_skew_ratio, "traffic-skew", KEY, "0", 0, 1000,
                    "all_to_all_v without a file: how far the hottest receiver is above the mean."),
    CX_OPTION_ENUM(cx_case_t, buffers, "buffers", KEY, "rotated", buffer_slugs,
                   "rotated takes turns over --rotate-bytes of buffers; hot over two sets."),
    CX_OPTION_BYTES(cx_case_t, rotate_bytes, "rotate-bytes", KEY, "64MiB", 0, 1e15,
                    "Memory per rank that rotated buffers are spread over (two sets at least)."),
    CX_OPTION_INT(cx_case_t, seed, "seed", KEY, "1", 0, 9e15, "Seed of all input data."),
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
    CX_OPTION_BOOL(cx_case_t, is_verified, "verify", KEY, "true",
                   "Check the outputs of timed operations; false makes every row diagnostic."),
    CX_OPTION_TIME(cx_case_t, timeout_us, "timeout", FREE, "60s", 1e3, 8.64e10,
                   "Deadline of one phase of one size; only ends what hangs, moves no number."),
    CX_OPTION_TEXT(cx_case_t, backend_options, "backend-options", KEY, false, "",
                   "The backend's own options as name=value;name=value."),
    CX_OPTION_END,
};
