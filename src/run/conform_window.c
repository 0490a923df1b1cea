/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of what a backend does inside a window: nothing but its work, the same each time, and
 * right however close the operations follow each other. */
#include "run/conform_kit.h"

#include "base/prng.h"
#include "run/agree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AUDITED_COUNT 16
#define REPEAT_COUNT 8
#define FEW_SLOTS 2
#define MANY_SLOTS 32

/* One size that travels through control memory, if there is such a thing, and one that does not. */
static const int64_t block_elems[] = {17, 4099};
#define SIZE_COUNT (sizeof block_elems / sizeof block_elems[0])

typedef cx_status_t (*size_fn)(cx_trial_t *trial);

/* Does something with each size of a case. */
static cx_status_t each_size(cx_conform_t *conform, const cx_case_t *one, int32_t slot_count,
                             size_fn visit)
{
    cx_trial_t  trial;
    cx_status_t status;

    cx_trial_init(&trial, conform, one);
    trial.slot_count = slot_count;
    status           = cx_trial_open(&trial);
    for (size_t i = 0; i < SIZE_COUNT && status == CX_OK; i++) {
        CX_TRY_OR(end, cx_trial_plan(&trial, block_elems[i]));
        CX_TRY_OR(end, cx_trial_prepare(&trial));
        CX_TRY_OR(end, visit(&trial));
        cx_trial_release(&trial);
    }

end:
    return cx_trial_end(&trial, status);
}

/* ---- audit ----------------------------------------------------------------------------------- */

static cx_status_t count_violations(cx_trial_t *trial, int64_t *out)
{
    const cx_audit_t *audit  = &trial->conform->context->audit;
    int64_t           before = audit->violation_count();

    CX_TRY(cx_trial_run(trial, AUDITED_COUNT));
    *out = audit->violation_count() - before;
    return CX_OK;
}

/* Twice, as what is done at the first use alone is another fault than what is done at each. */
static cx_status_t audit(cx_trial_t *trial)
{
    cx_status_t status = CX_OK;
    int64_t     first, second;

    CX_TRY(count_violations(trial, &first));
    CX_TRY(count_violations(trial, &second));
    if (first + second > 0) {
        status = CX_FAIL(CX_INVALID,
                         "%lld allocations or file operations in a window of %d operations, %lld "
                         "elements in a block; %lld in the next",
                         (long long)first, AUDITED_COUNT, (long long)trial->workload.point.elems,
                         (long long)second);
    }
    return cx_agree(trial->conform->context, status);
}

static cx_status_t audit_case(cx_conform_t *conform, const cx_case_t *one)
{
    return each_size(conform, one, FEW_SLOTS, audit);
}

cx_status_t cx_conform_window(cx_conform_t *conform)
{
    return cx_conform_each_case(conform, CX_CONFORM_EVERY_OPERATION, true, audit_case);
}

/* ---- the same bytes -------------------------------------------------------------------------- */

/* Numbers of very different size, whose sum depends on the order of the additions: the inputs of a
 * benchmark are exact in any order, and would hide a change of it. Made in host memory of
 * `send_bytes`, as the host may not reach a device's. */
static cx_status_t fill_inexact(cx_trial_t *trial, float *host)
{
    const cx_core_t     *core     = &trial->conform->context->core;
    const cx_workload_t *workload = &trial->workload;
    size_t               count    = workload->layout.send_bytes / sizeof *host;

    if (trial->one.dtype != CX_DTYPE_FP32 || count == 0) {
        return CX_OK;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t random = cx_prng_at(UINT64_C(0x5eed) + (uint64_t)workload->data.rank, (uint64_t)i);

        host[i] = ldexpf((float)(random & 0xffff) + 1.0f, (int)(random >> 60));
    }
    return core->device_ops->copy(core->device,
                                  (char *)workload->point.region + workload->slots[0].send_offset,
                                  host, count * sizeof *host);
}

/* The bytes of slot 0 that the operation may have written: out of place those it receives into. */
static size_t output_bytes(const cx_trial_t *trial)
{
    const cx_workload_t *workload = &trial->workload;

    return trial->workload.shape.is_in_place ? workload->layout.send_bytes
                                             : workload->layout.recv_bytes;
}

/* Collective, as in family limits one rank writes into another's memory. */
static cx_status_t refill(cx_trial_t *trial, void *host)
{
    cx_status_t status = cx_workload_fill(&trial->workload, &trial->region);

    if (status == CX_OK) {
        status = fill_inexact(trial, host);
    }
    return cx_agree(trial->conform->context, status);
}

/* `host` has room for the larger of a slot's inputs and outputs, which it holds afterwards. */
static cx_status_t run_once(cx_trial_t *trial, void *host)
{
    const cx_core_t     *core     = &trial->conform->context->core;
    const cx_workload_t *workload = &trial->workload;

    CX_TRY(refill(trial, host));
    CX_TRY(cx_trial_run(trial, 1));
    return core->device_ops->copy(core->device, host,
                                  (char *)workload->point.region + workload->slots[0].recv_offset,
                                  output_bytes(trial));
}

static cx_status_t compare_runs(cx_trial_t *trial, unsigned char *first, unsigned char *now)
{
    cx_status_t status = CX_OK;

    CX_TRY(run_once(trial, first));
    for (int i = 1; i < REPEAT_COUNT; i++) {
        CX_TRY(run_once(trial, now));
        if (memcmp(first, now, output_bytes(trial)) != 0) {
            status = CX_FAIL(CX_INCORRECT,
                             "run %d of the same input gave other bytes than the first, %lld "
                             "elements in a block",
                             i + 1, (long long)trial->workload.point.elems);
        }
        CX_TRY(cx_agree(trial->conform->context, status));
    }
    return CX_OK;
}

static cx_status_t repeat(cx_trial_t *trial)
{
    size_t         bytes = trial->workload.slot_bytes;
    unsigned char *hosts;
    cx_status_t    status;

    if (trial->workload.layout.region_bytes == 0) {
        return CX_OK; /* a barrier has no outputs */
    }
    hosts = calloc(2, bytes);
    if (!hosts) {
        return CX_FAIL(CX_RESOURCE, "out of memory for two times %zu bytes", bytes);
    }
    status = compare_runs(trial, hosts, hosts + bytes);
    free(hosts);
    return status;
}

static cx_status_t repeat_case(cx_conform_t *conform, const cx_case_t *one)
{
    return each_size(conform, one, FEW_SLOTS, repeat);
}

cx_status_t cx_conform_same_bytes(cx_conform_t *conform)
{
    return cx_conform_each_case(conform, CX_CONFORM_EVERY_OPERATION, true, repeat_case);
}

/* ---- back to back ---------------------------------------------------------------------------- */

/* Every slot once where operations use their input up, else every slot twice. */
static cx_status_t chain(cx_trial_t *trial)
{
    int64_t slot_count = trial->workload.point.slot_count;

    CX_TRY(cx_trial_run(trial, trial->workload.is_consumed ? slot_count : 2 * slot_count));
    return cx_trial_verify(trial, slot_count);
}

static cx_status_t chain_case(cx_conform_t *conform, const cx_case_t *one)
{
    return each_size(conform, one, MANY_SLOTS, chain);
}

cx_status_t cx_conform_back_to_back(cx_conform_t *conform)
{
    return cx_conform_each_case(conform, CX_CONFORM_EVERY_OPERATION, true, chain_case);
}
