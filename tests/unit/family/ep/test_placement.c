/* SPDX-License-Identifier: Apache-2.0 */
/* Placements are permutations, and each moves ranks the way it says. */
#include "family/ep/placement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void place(cx_ep_placement_t placement, const cx_ep_places_t *places, int32_t *positions)
{
    cx_arena_t arena;

    cx_arena_init(&arena);
    assert_int_equal(cx_ep_place_ranks(placement, places, &arena, positions), CX_OK);
    cx_arena_fini(&arena);
}

static void test_packed_keeps_the_order(void **state)
{
    int32_t positions[5];

    (void)state;
    place(CX_EP_PLACEMENT_PACKED, &(cx_ep_places_t){5, 2, NULL}, positions);
    for (int r = 0; r < 5; r++) {
        assert_int_equal(positions[r], r);
    }
}

static void test_striped_deals_ranks_over_domains(void **state)
{
    static const int32_t even[] = {0, 4, 1, 5, 2, 6, 3, 7}, odd[] = {0, 2, 4, 1, 3};
    int32_t              positions[8];

    (void)state;
    place(CX_EP_PLACEMENT_STRIPED, &(cx_ep_places_t){8, 4, NULL}, positions);
    assert_memory_equal(positions, even, sizeof even);
    place(CX_EP_PLACEMENT_STRIPED, &(cx_ep_places_t){5, 2, NULL}, positions); /* last domain: one */
    assert_memory_equal(positions, odd, sizeof odd);
}

static void test_adversarial_separates_pairs_that_talk(void **state)
{
    /* Ranks 0 and 1 talk most, then 2 and 3. */
    static const int64_t copies[16] = {5,      9, 0, 0, /**/ 9, 5, 0, 0,
                                       /**/ 0, 0, 5, 3, /**/ 0, 0, 3, 5};
    int32_t              positions[4];

    (void)state;
    place(CX_EP_PLACEMENT_ADVERSARIAL, &(cx_ep_places_t){4, 2, copies}, positions);
    assert_int_not_equal(positions[0] / 2, positions[1] / 2);
    assert_int_not_equal(positions[2] / 2, positions[3] / 2);
}

static void test_every_placement_is_a_permutation(void **state)
{
    static int64_t copies[24 * 24];

    (void)state;
    for (int i = 0; i < 24 * 24; i++) {
        copies[i] = i * 7919 % 101;
    }
    for (int placement = 0; placement < CX_EP_PLACEMENT_COUNT; placement++) {
        for (int64_t domain = 1; domain <= 25; domain++) {
            int32_t positions[24];
            int     seen = 0;

            place((cx_ep_placement_t)placement, &(cx_ep_places_t){24, domain, copies}, positions);
            for (int r = 0; r < 24; r++) {
                assert_in_range(positions[r], 0, 23);
                seen |= 1 << positions[r];
            }
            assert_int_equal(seen, (1 << 24) - 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed_keeps_the_order),
        cmocka_unit_test(test_striped_deals_ranks_over_domains),
        cmocka_unit_test(test_adversarial_separates_pairs_that_talk),
        cmocka_unit_test(test_every_placement_is_a_permutation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
