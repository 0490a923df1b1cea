/* SPDX-License-Identifier: Apache-2.0 */
/* Refusing early. */
#include "run/precheck.h"

#include "base/units.h"
#include "family/collective/layout.h"
#include "model/ladder.h"

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

cx_status_t cx_precheck(const cx_plan_t *plan, const cx_rank_layout_t *layout)
{
    int64_t memory_bytes = physical_memory_bytes();

    for (size_t i = 0; i < plan->case_count; i++) {
        cx_shape_t shape = cx_case_shape(&plan->cases[i]);

        CX_TRY(cx_collective_check_shape(&shape, layout->rank_count));
        CX_TRY(check_memory(&plan->cases[i], layout, memory_bytes));
    }
    return CX_OK;
}
