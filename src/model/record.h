/* SPDX-License-Identifier: Apache-2.0 */
/* What a case leaves behind: rows (one per size) and the outcome around them.
 * Field tables, from which JSON, CSV, schema and documentation are printed. Not I/O. */
#ifndef CX_MODEL_RECORD_H
#define CX_MODEL_RECORD_H

#include "base/fail.h"
#include "collectivex/field.h"

#define CX_RECORD_SCHEMA_VERSION 1
#define CX_I64_UNKNOWN INT64_MIN

/* Every field of the table to unknown, every other byte of the object to 0. */
void cx_fields_clear(const cx_field_t *fields, void *object, size_t object_bytes);

/* The published numbers of one size. Unknown: NAN, CX_I64_UNKNOWN, NULL. Texts are borrowed. */
typedef struct cx_row {
    const char *status, *detail;
    const char *component;       /* family ep: what of a pair was timed (measure/pairs.h) */
    int64_t     tokens_per_rank; /* family ep */
    int64_t     requested_bytes, message_bytes, elems;
    double      time_us_p50, time_us_p50_ci_low, time_us_p50_ci_high;
    double      time_us_p90, time_us_p95, time_us_p99;
    double      time_us_min, time_us_max, time_us_mean, time_us_stddev;
    double      ci_half_width_ratio;
    double      algbw_bytes_per_s, busbw_bytes_per_s;
    double      time_us_p50_fastest_rank, time_us_p50_slowest_rank, rank_spread_ratio;
    double      arrival_skew_us_p50, exit_skew_us_p50, skew_bound_us;
    int64_t     sample_count, discarded_count, block_count, repeated_block_count, outlier_count;
    double      effective_count;
    int64_t     attempt_count, slot_count, verified_count, timed_count, wrong_count;
    const char *stop_reason, *findings;
    double      wall_s;
    double      floor_us, floor_ratio;
    const char *floor_source;
    const char *accumulation; /* family allreduce, as the next two */
    int64_t     is_rank_equal, is_repeatable;
    int64_t     sample_operation_count;
    double      enqueue_us_mean;
} cx_row_t;

extern const cx_field_t cx_row_fields[];

void cx_row_clear(cx_row_t *row);

/* What the harness itself costs, measured on the machine before the first case. */
typedef struct cx_harness {
    double timer_resolution_us, empty_window_us_p50, empty_window_us_p99;
    double spin_slope_ratio, spin_intercept_us;
    double align_skew_us_p50, align_skew_us_p99;
    double barrier_us_p50;
} cx_harness_t;

extern const cx_field_t cx_harness_fields[];

void cx_harness_clear(cx_harness_t *harness);

/* What the machine can do at all, whatever the work: measured before the first case on an
 * accelerator (measure/limits.h), the best of all ranks. */
typedef struct cx_limits {
    double launch_us, launch_chain_us, launch_loop_us, graph_launch_us, graph_kernel_us;
    double barrier_us, flag_round_trip_us;
    double link_store_bytes_per_s, link_load_bytes_per_s, link_copy_bytes_per_s;
    double memory_copy_bytes_per_s;
    double link_nominal_bytes_per_s, memory_nominal_bytes_per_s; /* run/bounds.h; not measured */
} cx_limits_t;

extern const cx_field_t cx_limits_fields[];

void cx_limits_clear(cx_limits_t *limits);

#endif
