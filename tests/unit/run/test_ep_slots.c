/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in slots, on the device itself and through a mirror, and what is seen of damage. */
#include "run/ep_slots.h"

#include "unit/run/ep_kit.h"

typedef struct rig {
    kit_alone_t   alone;
    ep_kit_t      ep;
    cx_ep_slots_t slots;
} rig_t;

static void open_rig(rig_t *rig, const char *words, bool is_host_ordered)
{
    kit_alone_open(&rig->alone);
    ep_kit_open(&rig->ep, words, &ep_kit_token_rank, 0, 1);
    EXPECT_OK(cx_rank_context_device(&rig->alone.context, "host"));
    EXPECT_OK(cx_ep_slots_open(&rig->alone.context.core, &rig->ep.plan, CX_MEMORY_PLAIN,
                               is_host_ordered, &rig->ep.arena, &rig->slots));
    EXPECT_OK(cx_ep_slots_fill(&rig->slots));
}

static void close_rig(rig_t *rig)
{
    cx_ep_slots_close(&rig->slots);
    ep_kit_close(&rig->ep);
    kit_alone_close(&rig->alone);
}

static cx_ep_report_t check(rig_t *rig, int32_t slot_index)
{
    cx_ep_report_t report;

    cx_ep_report_init(&report);
    EXPECT_OK(cx_ep_slots_check(&rig->slots, slot_index, &report));
    return report;
}

static void test_a_filled_slot_is_right(void **state)
{
    (void)state;
    for (int is_mirrored = 0; is_mirrored < 2; is_mirrored++) {
        rig_t rig;

        open_rig(&rig, "tokens=1,5 rotate-bytes=16KiB", !is_mirrored);
        assert_int_equal(is_mirrored, rig.slots.mirror != NULL);
        for (int32_t i = 0; i < rig.ep.plan.slot_count; i++) {
            cx_ep_report_t report = check(&rig, i);

            assert_true(cx_ep_report_is_right(&report));
            assert_true(report.is_checked[CX_EP_CHECK_GUARD]);
            assert_true(report.is_checked[CX_EP_CHECK_INPUTS]);
        }
        close_rig(&rig);
    }
}

static void test_damage_is_seen_and_named(void **state)
{
    static const struct {
        int           area; /* 0 x, 1 experts, 2 gates, 3 combined */
        int64_t       offset;
        cx_ep_check_t check;
    } rows[] = {
        {0, 0, CX_EP_CHECK_INPUTS},     {1, 1, CX_EP_CHECK_INPUTS}, {2, 3, CX_EP_CHECK_INPUTS},
        {0, -1, CX_EP_CHECK_GUARD},     {3, -1, CX_EP_CHECK_GUARD}, {3, 5 * 512, CX_EP_CHECK_GUARD},
        {1, 5 * 12, CX_EP_CHECK_GUARD},
    };

    (void)state;
    for (int is_mirrored = 0; is_mirrored < 2; is_mirrored++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            rig_t               rig;
            const cx_ep_slot_t *slot;
            cx_ep_report_t      report;

            open_rig(&rig, "tokens=5", !is_mirrored);
            slot = &rig.slots.slots[1];
            {
                char *places[] = {(char *)(uintptr_t)slot->x, (char *)(uintptr_t)slot->experts,
                                  (char *)(uintptr_t)slot->gates, (char *)slot->combined};

                places[rows[i].area][rows[i].offset] ^= 0x41;
            }
            report = check(&rig, 0);
            assert_true(cx_ep_report_is_right(&report));
            report = check(&rig, 1);
            assert_true(report.is_failed[rows[i].check]);
            assert_true(strlen(report.verdict.text) > 20);
            close_rig(&rig);
        }
    }
}

static void test_poison_is_no_number(void **state)
{
    rig_t           rig;
    const uint16_t *combined;
    size_t          bytes;

    (void)state;
    open_rig(&rig, "tokens=5", true);
    memset(rig.slots.slots[0].combined, 0, 5 * 512);
    EXPECT_OK(cx_ep_slots_poison(&rig.slots, 0));
    EXPECT_OK(cx_ep_slots_combined(&rig.slots, 0, &combined, &bytes));
    assert_int_equal(bytes, 5 * 512);
    for (size_t i = 0; i < bytes / 2; i++) {
        assert_true((combined[i] & 0x7fc0) == 0x7fc0); /* a quiet NaN in bf16 */
    }
    assert_true(rig.slots.point.ep_slots == rig.slots.slots);
    close_rig(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_filled_slot_is_right),
        cmocka_unit_test(test_damage_is_seen_and_named),
        cmocka_unit_test(test_poison_is_no_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
