/* SPDX-License-Identifier: Apache-2.0 */
/* Back-to-back operations: the period of each (steady) or the mean of a loop (loop_mean).
 * Not latency from an idle start (isolated.h). */
#ifndef CX_MEASURE_CHAIN_H
#define CX_MEASURE_CHAIN_H

#include "measure/regimes.h"

/* First stamps of a chain that fill the pipeline and are no samples: two, or fewer in a chain too
 * short to spare them. */
int64_t cx_chain_head_count(int64_t stamp_count);

/* Align once, then a chain; stamp i is the period of one of the operations behind it: start to
 * start (the last: to the end) over the window's stamp_operation_count, of which operation_count is
 * a multiple. */
cx_status_t cx_measure_chain(const cx_job_t *job, int64_t operation_count, cx_stamp_t *stamps);

/* Operations of a loop's block that run ahead of it, untimed. */
#define CX_LOOP_HEAD_COUNT 1

/* The first operation, untimed, and the device is drained; the hosts meet; then a loop of the
 * others, without waiting in it. stamps[0].duration_us is its time over their count.
 * source  as nccl-tests does it, so that the two can be laid beside each other */
cx_status_t cx_measure_loop(const cx_job_t *job, int64_t operation_count, cx_stamp_t *stamps);

#endif
