/* SPDX-License-Identifier: Apache-2.0 */
/* Every planted fault is noticed, by the right check, in every precision and mode in which it makes
 * sense; and nothing is noticed where nothing is planted. */
#include "support/ep_drive.h"
#include "support/ep_faults.h"
#include "unit/family/ep/workloads.h"

#include "family/common/codec_recipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HIDDEN 256
#define TOPK 6
#define RANKS 6
#define SLOTS 2
#define CHAIN_SLOTS 8

/* A mode with one of the reductions that a backend may declare in it. */
static const struct {
    const char       *name;
    cx_ep_mode_t      mode;
    cx_ep_layout_t    layout;
    cx_ep_weighting_t weighting;
    cx_ep_reduction_t reduction;
    bool              keeps_receives;
} modes[] = {
    {"normal, domain-fp32", CX_EP_MODE_NORMAL, CX_EP_LAYOUT_TOKEN_RANK, CX_EP_WEIGHTING_RANK_SUM,
     CX_EP_REDUCTION_DOMAIN_FP32, false},
    {"normal, topk-slot-tree", CX_EP_MODE_NORMAL, CX_EP_LAYOUT_TOKEN_RANK, CX_EP_WEIGHTING_RANK_SUM,
     CX_EP_REDUCTION_TOPK_SLOT_TREE, true},
    {"low-latency, rank-fp32", CX_EP_MODE_LOW_LATENCY, CX_EP_LAYOUT_TOKEN_RANK,
     CX_EP_WEIGHTING_RANK_SUM, CX_EP_REDUCTION_RANK_FP32, false},
    {"low-latency, slot-fp32", CX_EP_MODE_LOW_LATENCY, CX_EP_LAYOUT_TOKEN_EXPERT,
     CX_EP_WEIGHTING_KERNEL_SUM, CX_EP_REDUCTION_SLOT_FP32, true},
};
#define MODE_COUNT ((int)(sizeof modes / sizeof modes[0]))

static cx_ep_work_t work;
static cx_arena_t   work_arena;
static int          planted_count, caught_count, kind_count;

static int build_work(void **state)
{
    cx_ep_workload_t workload = ep_v3(RANKS, 4);

    (void)state;
    workload.hidden_elems      = HIDDEN;
    workload.topk              = TOPK;
    workload.expert_count      = 4 * RANKS;
    workload.domain_rank_count = RANKS / 2;
    cx_arena_init(&work_arena);
    return cx_ep_work_build(&workload, &work_arena, &work) == CX_OK ? 0 : -1;
}

static int drop_work(void **state)
{
    (void)state;
    cx_arena_fini(&work_arena);
    return 0;
}

/* Combine in bf16, or in the codec of dispatch; lattice, or numbers of all sizes. */
static ep_setup_t make_setup(int mode, int codec, bool is_quantised)
{
    const cx_codec_t quantised = codec == CX_CODEC_BF16 ? CX_CODEC_E4M3FN_BLOCK : (cx_codec_t)codec;
    ep_setup_t       setup     = {
                  .work         = &work,
                  .problem      = {.mode              = modes[mode].mode,
                                   .dispatch_codec    = (cx_codec_t)codec,
                                   .combine_codec     = is_quantised ? quantised : CX_CODEC_BF16,
                                   .hidden_elems      = HIDDEN,
                                   .topk              = TOPK,
                                   .expert_count      = 4 * RANKS,
                                   .token_count_max   = 4,
                                   .domain_rank_count = RANKS / 2},
                  .caps         = {.is_supported   = true,
                                   .layout         = modes[mode].layout,
                                   .weighting      = modes[mode].weighting,
                                   .reduction      = modes[mode].reduction,
                                   .is_bitwise     = true,
                                   .keeps_receives = modes[mode].keeps_receives},
                  .profile      = is_quantised ? CX_EP_PROFILE_NORMAL : CX_EP_PROFILE_LATTICE,
                  .seed         = 67,
                  .slot_count   = SLOTS,
                  .tensor_scale = 1,
                  .is_reversed  = is_quantised,
    };
    const cx_ep_truth_t truth = {.work       = &work,
                                 .problem    = &setup.problem,
                                 .activation = {setup.profile, setup.seed, HIDDEN}};

    assert_int_equal(cx_ep_tensor_scale(&truth, &setup.tensor_scale), CX_OK);
    return setup;
}

/* Passes, chains and final checks. A fault of dispatch must be seen in a pass; the others get a
 * chain as well. Returns the digest of all outputs. */
static uint64_t run_setup(const ep_setup_t *setup, const ep_fault_t *fault, bool takes_time,
                          cx_ep_report_t *report, bool *is_planted)
{
    const bool has_chain = !fault || fault->check == CX_EP_CHECK_COMBINE;
    ep_setup_t used      = *setup;
    ep_naive_t naive;
    cx_arena_t arena;

    cx_arena_init(&arena);
    used.slot_count = takes_time ? CHAIN_SLOTS : SLOTS;
    assert_true(ep_naive_init(&used, &arena, &naive));
    if (fault) {
        naive.plant      = fault->plant;
        naive.plant_step = fault->step;
        naive.twist      = fault->twist;
    }
    cx_ep_report_init(report);
    ep_drive_pass(&naive, 1, report);
    assert_true(!takes_time || cx_ep_report_is_right(report));
    if (has_chain) {
        ep_drive_chain(&naive, used.slot_count, report);
    }
    if (takes_time && cx_ep_report_is_right(report)) {
        ep_drive_chain(&naive, used.slot_count, report);
    }
    ep_drive_inputs(&naive, report);
    cx_arena_fini(&arena);
    *is_planted = naive.is_planted;
    return naive.outputs;
}

static bool is_caught(const ep_fault_t *fault, const cx_ep_report_t *report)
{
    if (!report->is_failed[fault->check] || report->verdict.is_right) {
        return false;
    }
    for (int check = 0; check < CX_EP_CHECK_COUNT; check++) {
        if (report->is_failed[check] && check != (int)fault->check &&
            !(fault->others >> check & 1)) {
            return false;
        }
    }
    return true;
}

static void print_miss(const ep_fault_t *fault, const ep_setup_t *setup, int mode,
                       const cx_ep_report_t *report)
{
    fprintf(stderr, "MISSED: %s, %s, %s, combine %s%s:", fault->name, modes[mode].name,
            cx_codec_slugs[setup->problem.dispatch_codec],
            cx_codec_slugs[setup->problem.combine_codec],
            setup->caps.is_bitwise ? "" : ", with a tolerance");
    for (int check = 0; check < CX_EP_CHECK_COUNT; check++) {
        if (report->is_failed[check]) {
            fprintf(stderr, " %s", cx_ep_check_slug((cx_ep_check_t)check));
        }
    }
    fprintf(stderr, " | %s\n", report->verdict.text);
}

/* What the naive implementation makes of a setup when nothing is planted; by mode, codec, combine
 * and length. */
static uint64_t clean_outputs[MODE_COUNT][CX_CODEC_COUNT][2][2];

/* Whether the fault did anything. One of combine that changes no bit of any output (a sum in
 * another order that happens to be exact) is none. */
static bool plant_once(const ep_fault_t *fault, const ep_setup_t *setup, uint64_t clean,
                       cx_ep_report_t *report)
{
    const bool takes_time = (fault->needs & EP_NEEDS_TIME) != 0;
    bool       is_planted;
    uint64_t   outputs;

    if ((fault->needs & ~ep_fault_offers(setup)) != 0) {
        return false;
    }
    outputs = run_setup(setup, fault, takes_time, report, &is_planted);
    return fault->check == CX_EP_CHECK_COMBINE ? outputs != clean : is_planted;
}

static int judge_fault(const ep_fault_t *fault, const ep_setup_t *setup, int mode, uint64_t clean)
{
    cx_ep_report_t report;

    if (!plant_once(fault, setup, clean, &report)) {
        return 0;
    }
    planted_count++;
    if (is_caught(fault, &report)) {
        caught_count++;
    } else {
        print_miss(fault, setup, mode, &report);
    }
    return 1;
}

static void plant_in_all_setups(const ep_fault_t *fault)
{
    int count = 0;

    for (int mode = 0; mode < MODE_COUNT; mode++) {
        for (int codec = 0; codec < CX_CODEC_COUNT; codec++) {
            for (int is_quantised = 0; is_quantised < 2; is_quantised++) {
                const uint64_t clean =
                    clean_outputs[mode][codec][is_quantised][(fault->needs & EP_NEEDS_TIME) != 0];
                ep_setup_t setup = make_setup(mode, codec, is_quantised);

                count += judge_fault(fault, &setup, mode, clean);
                setup.caps.is_bitwise = false;
                if (codec == CX_CODEC_BF16 || codec == CX_CODEC_E4M3FN_BLOCK) {
                    count += judge_fault(fault, &setup, mode, clean);
                }
            }
        }
    }
    if (count == 0) {
        fprintf(stderr, "NEVER PLANTED: %s\n", fault->name);
    }
    kind_count += count > 0;
}

static void test_every_planted_fault_is_caught_by_the_right_check(void **state)
{
    (void)state;
    for (int i = 0; i < ep_fault_dispatch_count; i++) {
        plant_in_all_setups(&ep_faults_dispatch[i]);
    }
    for (int i = 0; i < ep_fault_combine_count; i++) {
        plant_in_all_setups(&ep_faults_combine[i]);
    }
    printf("planted faults: caught %d of %d (%d kinds, %d codecs, %d modes)\n", caught_count,
           planted_count, kind_count, CX_CODEC_COUNT, MODE_COUNT);
    assert_int_equal(kind_count, ep_fault_dispatch_count + ep_fault_combine_count);
    assert_true(kind_count >= 40);
    assert_int_equal(caught_count, planted_count);
}

static void check_clean(int mode, int codec, int is_quantised, int takes_time)
{
    const ep_setup_t setup = make_setup(mode, codec, is_quantised);
    cx_ep_report_t   report;
    bool             is_planted;

    clean_outputs[mode][codec][is_quantised][takes_time] =
        run_setup(&setup, NULL, takes_time, &report, &is_planted);
    assert_string_equal(report.verdict.text, "");
    assert_true(cx_ep_report_is_right(&report));
}

static void test_nothing_is_found_where_nothing_is_planted(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        for (int codec = 0; codec < CX_CODEC_COUNT; codec++) {
            for (int i = 0; i < 4; i++) {
                check_clean(mode, codec, i / 2, i % 2);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_found_where_nothing_is_planted),
        cmocka_unit_test(test_every_planted_fault_is_caught_by_the_right_check),
    };

    return cmocka_run_group_tests(tests, build_work, drop_work);
}
