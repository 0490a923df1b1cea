/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle's whole procedure over the naive implementation, as a runner does it over a backend:
 * checked passes with affine experts, chains of pairs with identity experts, inputs, guards.
 * Not the procedure of the program itself (run/). */
#ifndef CX_TESTS_SUPPORT_EP_DRIVE_H
#define CX_TESTS_SUPPORT_EP_DRIVE_H

#include "family/ep/oracle.h"
#include "support/ep_naive.h"

/* What is true of a slot on a rank. */
cx_ep_truth_t ep_drive_truth(const ep_naive_t *naive, int64_t rank, int32_t slot);

/* One dispatch, its checks, experts, combine, its check. One report for all ranks. */
void ep_drive_pass(ep_naive_t *naive, int32_t slot, cx_ep_report_t *report);

/* A chain of pairs from poisoned memory; then every slot's output against the digest of the right
 * one, and where that differs the check that says why. */
void ep_drive_chain(ep_naive_t *naive, int64_t pair_count, cx_ep_report_t *report);

/* Inputs and guards of every slot. */
void ep_drive_inputs(ep_naive_t *naive, cx_ep_report_t *report);

#endif
