/* SPDX-License-Identifier: Apache-2.0 */
/* Refusing early. */
#include "run/precheck.h"

#include "base/units.h"
#include "family/collective/layout.h"
#include "family/collective/traffic.h"
#include "model/ladder.h"
#include "plugin/plugin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFERS_PER_SLOT 2
#define SLOTS_AT_LEAST 2

static int64_t physical_memory_bytes(void)
{
    return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

/* The largest rung needs two sets of two buffers on each rank of this host. */
static cx_status_t check_memory(const cx_case_t *one, const cx_rank_layout_t *layout,
                                int64_t memory_bytes)
{
    int64_t     copies = (int64_t)BUFFERS_PER_SLOT * SLOTS_AT_LEAST * layout->host_rank_count;
    int64_t     largest_bytes;
    cx_ladder_t ladder;
    char        asked[32], limit[32];

    CX_TRY(cx_ladder_parse(one->sizes, "sizes", &ladder));
    largest_bytes = ladder.bytes[ladder.rung_count - 1];
    if (largest_bytes <= memory_bytes / copies) {
        return CX_OK;
    }
    return CX_FAIL(
        CX_INVALID,
        "sizes: %s needs %lld buffers of that size on this host, which has memory for at "
        "most %s each",
        cx_units_print_bytes(largest_bytes, asked, sizeof asked), (long long)copies,
        cx_units_print_bytes(memory_bytes / copies / (1 << 20) * (1 << 20), limit, sizeof limit));
}

static cx_status_t check_traffic(const cx_case_t *one, int32_t rank_count)
{
    int64_t    *counts = calloc((size_t)rank_count * (size_t)rank_count, sizeof *counts);
    cx_status_t status;

    if (!counts) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the traffic of %d ranks", rank_count);
    }
    status = one->traffic[0] ? cx_traffic_from_file(one->traffic, rank_count, 1, counts)
                             : cx_traffic_from_skew(rank_count, 1, one->traffic_skew_ratio, counts);
    free(counts);
    return status;
}

/* What a case names must be there; neighbours in a plan mostly name the same. */
static cx_status_t check_names(const cx_case_t *one, const cx_case_t *last, int32_t rank_count)
{
    const cx_device_ops_t *device_ops;

    if (!last || strcmp(one->device, last->device) != 0) {
        CX_TRY(cx_device_load(one->device, "device", &device_ops));
    }
    if (one->op == CX_COLLECTIVE_ALL_TO_ALL_V) {
        CX_TRY(check_traffic(one, rank_count));
    }
    return CX_OK;
}

/* A default is no wish, and cannot contradict one. */
static cx_status_t check_samples(const cx_case_t *one)
{
    const cx_option_t *least = cx_options_find(cx_case_options, "samples-min");

    if (one->samples_min <= one->samples_max ||
        one->origins[least - cx_case_options] == CX_ORIGIN_DEFAULT) {
        return CX_OK;
    }
    return CX_FAIL(CX_INVALID, "samples-min %lld is above samples-max %lld",
                   (long long)one->samples_min, (long long)one->samples_max);
}

cx_status_t cx_precheck(const cx_plan_t *plan, const cx_rank_layout_t *layout)
{
    int64_t memory_bytes = physical_memory_bytes();

    for (size_t i = 0; i < plan->case_count; i++) {
        cx_shape_t shape = cx_case_shape(&plan->cases[i]);

        CX_TRY(cx_collective_check_shape(&shape, layout->rank_count));
        CX_TRY(check_memory(&plan->cases[i], layout, memory_bytes));
        CX_TRY(check_samples(&plan->cases[i]));
        CX_TRY(
            check_names(&plan->cases[i], i > 0 ? &plan->cases[i - 1] : NULL, layout->rank_count));
    }
    return CX_OK;
}
