/* SPDX-License-Identifier: Apache-2.0 */
/* Ways in which an expert-parallel backend can be wrong, as a table: each with what it needs to
 * make sense and the check that must notice. Not the checks themselves. */
#ifndef CX_TESTS_SUPPORT_EP_FAULTS_H
#define CX_TESTS_SUPPORT_EP_FAULTS_H

#include "family/ep/oracle.h"
#include "support/ep_naive.h"

/* What a fault needs; bits. */
enum {
    EP_NEEDS_NOTHING      = 0,
    EP_NEEDS_TOKEN_RANK   = 1 << 0,
    EP_NEEDS_TOKEN_EXPERT = 1 << 1,
    EP_NEEDS_SCALES       = 1 << 2, /* the dispatch codec has several scales or one */
    EP_NEEDS_FP32_SCALES  = 1 << 3,
    EP_NEEDS_BLOCKS       = 1 << 4, /* more than one scale per row */
    EP_NEEDS_BLOCK_128    = 1 << 5,
    EP_NEEDS_E4M3         = 1 << 6, /* e4m3fn or e4m3fnuz, without mxfp8 */
    EP_NEEDS_CODEC        = 1 << 7, /* dispatch in anything but bf16 */
    EP_NEEDS_COMBINE      = 1 << 8, /* combine in anything but bf16 */
    EP_NEEDS_BITWISE      = 1 << 9,
    EP_NEEDS_DOMAINS      = 1 << 10,
    EP_NEEDS_RANK_FP32    = 1 << 11,
    EP_NEEDS_TREE         = 1 << 12,
    EP_NEEDS_SHARED       = 1 << 13, /* not keeps_receives */
    EP_NEEDS_KEPT         = 1 << 14,
    EP_NEEDS_TIME         = 1 << 15, /* shows only in a chain of pairs */
};

typedef struct ep_fault {
    const char   *name;
    cx_ep_check_t check;  /* must fail */
    uint32_t      others; /* bits of checks that may fail with it; every other must pass */
    uint32_t      needs;
    ep_step_t     step; /* where `plant` is called */
    ep_plant_fn   plant;
    ep_twist_t    twist;
} ep_fault_t;

#define EP_CHECK(check) (1u << CX_EP_CHECK_##check)

extern const ep_fault_t ep_faults_dispatch[], ep_faults_combine[];
extern const int        ep_fault_dispatch_count, ep_fault_combine_count;

/* What a setup offers, to be compared with needs. */
uint32_t ep_fault_offers(const ep_setup_t *setup);

#endif
