/* SPDX-License-Identifier: Apache-2.0 */
/* The words of pair measurements, and where their results are kept.
 * Not the measuring (components.c, pair_chain.c). */
#include "measure/pairs.h"

#include "measure/pair_block.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char         *slug;
    cx_rank_reduction_t over_ranks;
} components[CX_COMPONENT_COUNT] = {
#define COMPONENT(name, slug, over_ranks, text) {slug, CX_RANK_REDUCTION_##over_ranks},
    CX_COMPONENT_MAP(COMPONENT)
#undef COMPONENT
};

const cx_pair_sampling_t cx_pair_samplings[CX_PAIR_PROFILE_COUNT] = {
#define SAMPLING(name, slug, ...) {__VA_ARGS__},
    CX_PAIR_SAMPLING_MAP(SAMPLING)
#undef SAMPLING
};

const char *const cx_pair_profile_slugs[] = {
#define SLUG(name, slug, ...) slug,
    CX_PAIR_SAMPLING_MAP(SLUG)
#undef SLUG
        NULL};

const char *cx_component_slug(cx_component_t component)
{
    return components[component].slug;
}

cx_rank_reduction_t cx_component_reduction(cx_component_t component)
{
    return components[component].over_ranks;
}

bool cx_component_is_pair(cx_component_t component)
{
    return component == CX_COMPONENT_ROUNDTRIP || component == CX_COMPONENT_PAIR_PERIOD;
}

cx_component_t cx_component_find(const char *slug)
{
    int component = 0;

    while (component < CX_COMPONENT_COUNT && strcmp(components[component].slug, slug) != 0) {
        component++;
    }
    return (cx_component_t)component;
}

static cx_status_t init_gather(cx_pair_result_t *result, int32_t rank_count, size_t message_bytes)
{
    result->gather = calloc((size_t)rank_count, message_bytes);
    if (!result->gather) {
        return CX_FAIL(CX_RESOURCE, "out of memory for messages of %zu bytes of %d ranks",
                       message_bytes, rank_count);
    }
    /* So that the first exchange meets no untouched page. */
    memset(result->gather, 1, (size_t)rank_count * message_bytes);
    return CX_OK;
}

static cx_status_t init_isolated(cx_pair_result_t *result, int32_t rank_count,
                                 const cx_pair_sampling_t *sampling)
{
    int64_t capacity = sampling->iters_per_trial * sampling->trial_count;

    for (int i = CX_COMPONENT_DISPATCH; i <= CX_COMPONENT_ROUNDTRIP; i++) {
        CX_TRY(cx_series_init(&result->series[i], rank_count, capacity));
    }
    CX_TRY(cx_series_init(&result->spread, 1, capacity));
    return init_gather(result, rank_count, cx_components_message_bytes(sampling));
}

static cx_status_t init_steady(cx_pair_result_t *result, int32_t rank_count,
                               const cx_pair_sampling_t *sampling)
{
    int64_t trial_count = sampling->chain_trial_count;
    int64_t capacity    = (sampling->chain_iters - sampling->chain_drop_count) * trial_count;

    for (int i = CX_COMPONENT_PAIR_PERIOD; i <= CX_COMPONENT_COMBINE_FLOOR; i++) {
        CX_TRY(cx_series_init(&result->series[i], rank_count, capacity));
    }
    CX_TRY(cx_series_init(&result->spread, 1, capacity));
    CX_TRY(cx_series_init(&result->interpair_gap, rank_count, trial_count));
    CX_TRY(cx_series_init(&result->settle_drift, rank_count, trial_count));
    return init_gather(result, rank_count, cx_chains_message_bytes(sampling));
}

cx_status_t cx_pair_result_init(cx_pair_result_t *result, int32_t rank_count,
                                const cx_pair_sampling_t *sampling, cx_regime_t regime)
{
    cx_status_t status;

    memset(result, 0, sizeof *result);
    cx_pair_result_clear(result);
    status = regime == CX_REGIME_ISOLATED ? init_isolated(result, rank_count, sampling)
                                          : init_steady(result, rank_count, sampling);
    if (status != CX_OK) {
        cx_pair_result_fini(result);
    }
    return status;
}

void cx_pair_result_clear(cx_pair_result_t *result)
{
    for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
        cx_series_clear(&result->series[i]);
    }
    cx_series_clear(&result->spread);
    cx_series_clear(&result->interpair_gap);
    cx_series_clear(&result->settle_drift);
    result->health = (cx_chain_health_t){NAN, NAN, NAN};

    result->timed_count     = 0;
    result->verified_count  = 0;
    result->wrong_count     = 0;
    result->violation_count = 0;
    result->disturbed_count = 0;
}

void cx_pair_result_fini(cx_pair_result_t *result)
{
    for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
        cx_series_fini(&result->series[i]);
    }
    cx_series_fini(&result->spread);
    cx_series_fini(&result->interpair_gap);
    cx_series_fini(&result->settle_drift);
    free(result->gather);
    result->gather = NULL;
}
