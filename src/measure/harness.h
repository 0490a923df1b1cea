/* SPDX-License-Identifier: Apache-2.0 */
/* The harness measures itself: what its own windows, spins and alignments cost on this machine.
 * The result is part of every record; nothing is subtracted from any sample. */
#ifndef CX_MEASURE_HARNESS_H
#define CX_MEASURE_HARNESS_H

#include "measure/point.h"
#include "model/record.h"

/**
 * Collective; takes about 20 ms. Uses the window, peers, gather area and clock of `job`; the gather
 * area must hold CX_HARNESS_SAMPLE_COUNT doubles of every rank, the events twice as many stamps.
 */
#define CX_HARNESS_SAMPLE_COUNT 256
cx_status_t cx_harness_measure(const cx_job_t *job, cx_harness_t *out);

#endif
