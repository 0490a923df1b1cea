/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of every published field. */
#include "model/record.h"

#include <math.h>
#include <string.h>

#define ROW(member, unit, help) CX_FIELD(cx_row_t, member, unit, help)
#define LATER(member, unit, help) CX_FIELD_LATER(cx_row_t, member, unit, help)

const cx_field_t cx_row_fields[] = {
    ROW(status, "", "What to conclude: ok, incorrect, unstable, ... (docs/reference/statuses.md)."),
    ROW(detail, "", "Why the status is not ok; null when it is."),
    ROW(component, "", "Family ep: dispatch, combine, roundtrip, pair-period, ...; else null."),
    ROW(tokens_per_rank, "tokens", "Family ep: tokens each rank starts with; else null."),
    ROW(requested_bytes, "bytes", "The rung of the ladder that was asked for."),
    ROW(message_bytes, "bytes",
        "Message size really moved: larger of one rank's send and receive bytes."),
    ROW(elems, "elements", "Elements of one block (include/collectivex/shape.h)."),
    ROW(time_us_p50, "us",
        "Median of the samples, nearest rank; a sample is what the regime says."),
    ROW(time_us_p50_ci_low, "us", "Lower end of the 95 % order-statistic interval of the median."),
    ROW(time_us_p50_ci_high, "us", "Upper end of that interval."),
    ROW(time_us_p90, "us", "90th percentile, nearest rank; null when the count cannot support it."),
    ROW(time_us_p95, "us", "95th percentile, likewise."),
    ROW(time_us_p99, "us", "99th percentile, likewise."),
    ROW(time_us_min, "us", "Smallest sample."),
    ROW(time_us_max, "us", "Largest sample."),
    ROW(time_us_mean, "us", "Arithmetic mean of the samples."),
    ROW(time_us_stddev, "us", "Standard deviation of the samples."),
    ROW(ci_half_width_ratio, "ratio", "Half width of the median's interval over the median."),
    ROW(algbw_bytes_per_s, "bytes/s", "message_bytes over the median time (docs/measurement.md)."),
    ROW(busbw_bytes_per_s, "bytes/s", "algbw times the bus factor of the operation."),
    ROW(time_us_p50_fastest_rank, "us", "Smallest of the ranks' own medians."),
    ROW(time_us_p50_slowest_rank, "us", "Largest of the ranks' own medians."),
    ROW(rank_spread_ratio, "ratio", "Their difference over their median."),
    ROW(arrival_skew_us_p50, "us", "Median over samples of last start minus first start."),
    ROW(exit_skew_us_p50, "us", "Median over samples of last end minus first end."),
    ROW(skew_bound_us, "us",
        "Error bound of the common clock; a smaller skew is not claimed (null instead)."),
    ROW(sample_count, "samples", "Samples the statistics are taken from."),
    ROW(discarded_count, "samples", "First samples discarded as warm-up."),
    ROW(block_count, "blocks", "Blocks those samples came from."),
    ROW(repeated_block_count, "blocks", "Blocks thrown away because the machine was disturbed."),
    ROW(outlier_count, "samples", "Samples beyond three interquartile ranges; kept, not dropped."),
    ROW(effective_count, "samples", "Independent samples the series is worth (autocorrelation)."),
    ROW(attempt_count, "attempts",
        "Times the size was measured until its series settled; the last one is this row."),
    ROW(slot_count, "slots", "Sets of buffers the iterations rotated over."),
    ROW(verified_count, "operations", "Timed operations whose whole output was checked."),
    ROW(timed_count, "operations", "Operations of the timed blocks, their heads included."),
    ROW(wrong_count, "operations", "Of the verified operations, those with wrong output."),
    ROW(stop_reason, "", "Why sampling ended: target, budget, samples-max or failure."),
    ROW(findings, "", "Disturbances that stayed in the data, by id; null when none."),
    LATER(sample_operation_count, "operations",
          "Operations that a sample is the mean of: 1, or those between two stamps."),
    LATER(enqueue_us_mean, "us",
          "steady and loop_mean on an accelerator: what the host of the slowest rank needed to "
          "enqueue an operation."),
    LATER(floor_us, "us", "The least the work can take on this machine (docs/floors.md)."),
    LATER(floor_ratio, "ratio", "Median time over the floor: 1 is what the machine allows."),
    LATER(floor_source, "", "Where the floor's limits are from: measured; null without a floor."),
    LATER(accumulation, "",
          "Family allreduce: what outputs prove of how sums were taken: exact, fp32, dtype; null "
          "where nothing (docs/measurement.md)."),
    LATER(is_rank_equal, "", "Family allreduce: 1 where all ranks got the same bits, else 0."),
    LATER(is_repeatable, "", "Family allreduce: 1 where repeats gave the same bits, else 0."),
    ROW(wall_s, "s", "Wall time spent on this size, everything included."),
    CX_FIELD_END,
};

#define HARNESS(member, unit, help) CX_FIELD(cx_harness_t, member, unit, help)

const cx_field_t cx_harness_fields[] = {
    HARNESS(timer_resolution_us, "us", "Smallest non-zero step between two time stamps."),
    HARNESS(empty_window_us_p50, "us", "A window around nothing: what every sample contains."),
    HARNESS(empty_window_us_p99, "us", "99th percentile of the same."),
    HARNESS(spin_slope_ratio, "ratio", "Slope of measured over asked spin time, 10 us to 1 ms."),
    HARNESS(spin_intercept_us, "us", "Intercept of the same line."),
    HARNESS(align_skew_us_p50, "us", "Median spread of the ranks' starts after alignment."),
    HARNESS(align_skew_us_p99, "us", "99th percentile of the same."),
    HARNESS(barrier_us_p50, "us", "Median cost of one control-plane barrier."),
    CX_FIELD_END,
};

#define LIMIT(member, unit, help) CX_FIELD(cx_limits_t, member, unit, help)
#define NOMINAL(member, unit, help) CX_FIELD_LATER(cx_limits_t, member, unit, help)

const cx_field_t cx_limits_fields[] = {
    LIMIT(launch_us, "us", "Median window around an empty kernel, the device kept busy before it."),
    LIMIT(launch_chain_us, "us", "Median step of a chain of empty kernels, a stamp before each."),
    LIMIT(launch_loop_us, "us", "Period of empty kernels without stamps, likewise never waiting."),
    LIMIT(graph_launch_us, "us", "Median window around a graph of one empty kernel."),
    LIMIT(graph_kernel_us, "us", "Period of the empty kernels of a long graph."),
    LIMIT(barrier_us, "us", "Period of the barrier of all ranks on their devices."),
    LIMIT(flag_round_trip_us, "us", "Of a flag between the devices of two ranks, and back."),
    LIMIT(link_store_bytes_per_s, "bytes/s",
          "Kernels' stores to the next rank's device, all ranks at once."),
    LIMIT(link_load_bytes_per_s, "bytes/s", "Kernels' loads from it, likewise."),
    LIMIT(link_copy_bytes_per_s, "bytes/s",
          "The copy engine's copy to it, alone or of all ranks at once, whichever is faster."),
    LIMIT(memory_copy_bytes_per_s, "bytes/s", "Read plus written by a copy on the device itself."),
    NOMINAL(link_nominal_bytes_per_s, "bytes/s",
            "What the link is built for, one direction (docs/floors.md); null where not known."),
    NOMINAL(memory_nominal_bytes_per_s, "bytes/s",
            "What the device's memory is built for, read plus written; null where not known."),
    CX_FIELD_END,
};

void cx_fields_clear(const cx_field_t *fields, void *object, size_t object_bytes)
{
    memset(object, 0, object_bytes);
    for (; fields->name; fields++) {
        double  real    = (double)NAN;
        int64_t whole   = CX_I64_UNKNOWN;
        char   *address = (char *)object + fields->offset;

        if (fields->kind == CX_FIELD_F64) {
            memcpy(address, &real, sizeof real);
        } else if (fields->kind == CX_FIELD_I64) {
            memcpy(address, &whole, sizeof whole);
        }
    }
}

void cx_row_clear(cx_row_t *row)
{
    cx_fields_clear(cx_row_fields, row, sizeof *row);
}

void cx_harness_clear(cx_harness_t *harness)
{
    cx_fields_clear(cx_harness_fields, harness, sizeof *harness);
}

void cx_limits_clear(cx_limits_t *limits)
{
    cx_fields_clear(cx_limits_fields, limits, sizeof *limits);
}
