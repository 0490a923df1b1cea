/* SPDX-License-Identifier: Apache-2.0 */
/* Permutations of ranks over a machine. Not what they cost (stats.c counts locality). */
#include "family/ep/placement.h"

#include <stdbool.h>
#include <stddef.h>

static int64_t domain_count_of(const cx_ep_places_t *places)
{
    return (places->rank_count + places->domain_rank_count - 1) / places->domain_rank_count;
}

/* How many places a domain has; only the last one can have fewer. */
static int64_t room_of(const cx_ep_places_t *places, int64_t domain)
{
    const int64_t first = domain * places->domain_rank_count;
    const int64_t left  = places->rank_count - first;

    return left < places->domain_rank_count ? left : places->domain_rank_count;
}

/* Deals the ranks: place 0 of every domain, then place 1 of every domain that has one, ... */
static void stripe(const cx_ep_places_t *places, int32_t *positions)
{
    int64_t rank = 0;

    for (int64_t row = 0; row < places->domain_rank_count; row++) {
        for (int64_t domain = 0; domain < domain_count_of(places); domain++) {
            if (row < room_of(places, domain)) {
                positions[rank++] = (int32_t)(domain * places->domain_rank_count + row);
            }
        }
    }
}

/* Copies that go between two ranks, either way. */
static int64_t exchanged(const cx_ep_places_t *places, int64_t a, int64_t b)
{
    return places->copies[a * places->rank_count + b] + places->copies[b * places->rank_count + a];
}

/* The rank without a place that exchanges most with all others; its own copies do not count. */
static int64_t busiest_unplaced(const cx_ep_places_t *places, const int32_t *positions)
{
    int64_t busiest = -1, most = -1;

    for (int64_t r = 0; r < places->rank_count; r++) {
        int64_t sum = 0;

        for (int64_t other = 0; positions[r] < 0 && other < places->rank_count; other++) {
            sum += other == r ? 0 : exchanged(places, r, other);
        }
        if (positions[r] < 0 && sum > most) {
            busiest = r;
            most    = sum;
        }
    }
    return busiest;
}

/* What a rank exchanges with the ranks that a domain has already. */
static int64_t exchanged_with(const cx_ep_places_t *places, int64_t rank, int64_t domain,
                              const int32_t *positions)
{
    int64_t sum = 0;

    for (int64_t other = 0; other < places->rank_count; other++) {
        if (positions[other] >= 0 && positions[other] / places->domain_rank_count == domain) {
            sum += exchanged(places, rank, other);
        }
    }
    return sum;
}

static void separate(const cx_ep_places_t *places, int64_t *used_counts, int32_t *positions)
{
    for (int64_t r = 0; r < places->rank_count; r++) {
        positions[r] = -1;
    }
    for (int64_t i = 0; i < places->rank_count; i++) {
        const int64_t rank = busiest_unplaced(places, positions);
        int64_t       best = -1, least = 0;

        for (int64_t domain = 0; domain < domain_count_of(places); domain++) {
            int64_t sum = exchanged_with(places, rank, domain, positions);

            if (used_counts[domain] < room_of(places, domain) && (best < 0 || sum < least)) {
                best  = domain;
                least = sum;
            }
        }
        positions[rank] = (int32_t)(best * places->domain_rank_count + used_counts[best]++);
    }
}

cx_status_t cx_ep_place_ranks(cx_ep_placement_t placement, const cx_ep_places_t *places,
                              cx_arena_t *arena, int32_t *position_of_rank_out)
{
    int64_t *used_counts;

    switch (placement) {
    case CX_EP_PLACEMENT_STRIPED:
        stripe(places, position_of_rank_out);
        return CX_OK;
    case CX_EP_PLACEMENT_ADVERSARIAL:
        used_counts = cx_arena_grab(arena, (size_t)places->rank_count * sizeof *used_counts);
        if (!used_counts) {
            return CX_FAIL(CX_RESOURCE, "out of memory for a placement");
        }
        separate(places, used_counts, position_of_rank_out);
        return CX_OK;
    default:
        for (int64_t r = 0; r < places->rank_count; r++) {
            position_of_rank_out[r] = (int32_t)r;
        }
        return CX_OK;
    }
}
