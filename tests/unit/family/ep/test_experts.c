/* SPDX-License-Identifier: Apache-2.0 */
/* Staged rows are what the experts of a received row make of it; what cannot be told is left alone.
 */
#include "family/ep/oracle.h"

#include "family/common/halves.h"
#include "family/ep/transform.h"
#include "unit/family/ep/oracle_kit.h"

#include <string.h>

static kit_receive_t receive;

static void transform(int row, const cx_ep_affine_t *affine, uint16_t *out)
{
    float pattern[KIT_HIDDEN];

    cx_ep_affine_pattern(KIT_HIDDEN, pattern);
    cx_ep_affine_apply(affine, pattern, receive.rows + row * KIT_HIDDEN, KIT_HIDDEN, out);
}

static void test_rows_get_all_their_experts_with_their_gates(void **state)
{
    uint16_t       right[KIT_HIDDEN];
    cx_ep_affine_t first = {0}, last = {0};

    (void)state;
    kit_receive(&kit, &receive);
    assert_int_equal(cx_ep_apply_experts(&kit.truth, &receive.view), CX_OK);
    cx_ep_affine_add(&first, 0, 0.25f);
    cx_ep_affine_add(&first, 1, 0.75f);
    transform(0, &first, right);
    assert_memory_equal(receive.staged, right, sizeof right);
    cx_ep_affine_add(&last, 1, 0.375f);
    transform(2, &last, right);
    assert_memory_equal(receive.staged + 2 * KIT_HIDDEN, right, sizeof right);
}

/* The gates that came, not those that were due: so that a wrong one is wrong at home as well. */
static void test_received_gates_are_used(void **state)
{
    uint16_t       right[KIT_HIDDEN];
    cx_ep_affine_t affine = {0};

    (void)state;
    kit_receive(&kit, &receive);
    receive.gates[4] = 0.5f;
    assert_int_equal(cx_ep_apply_experts(&kit.truth, &receive.view), CX_OK);
    cx_ep_affine_add(&affine, 1, 0.5f);
    transform(2, &affine, right);
    assert_memory_equal(receive.staged + 2 * KIT_HIDDEN, right, sizeof right);
}

static void test_rows_of_experts_are_not_gated(void **state)
{
    uint16_t right[KIT_HIDDEN];

    (void)state;
    kit_per_expert(&kit);
    kit_receive(&kit, &receive);
    assert_int_equal(cx_ep_apply_experts(&kit.truth, &receive.view), CX_OK);
    for (int row = 0; row < 4; row++) {
        cx_ep_affine_t affine = {0};

        cx_ep_affine_add(&affine, row / 2, 1);
        transform(row, &affine, right);
        assert_memory_equal(receive.staged + row * KIT_HIDDEN, right, sizeof right);
    }
}

static void test_staged_rows_may_be_the_payload(void **state)
{
    uint16_t       right[KIT_HIDDEN];
    cx_ep_affine_t affine = {0};

    (void)state;
    kit_receive(&kit, &receive);
    cx_ep_affine_add(&affine, 0, 0.5f);
    transform(1, &affine, right);
    receive.view.staged = receive.rows;
    assert_int_equal(cx_ep_apply_experts(&kit.truth, &receive.view), CX_OK);
    assert_memory_equal(receive.rows + KIT_HIDDEN, right, sizeof right);
}

static bool is_untouched(const uint16_t *row)
{
    for (int c = 0; c < KIT_HIDDEN; c++) {
        if (row[c] != 0) {
            return false;
        }
    }
    return true;
}

static void test_what_cannot_be_told_is_left_alone(void **state)
{
    (void)state;
    kit_receive(&kit, &receive);
    receive.rows[0]    = 0x7fc0; /* spells no token */
    receive.experts[3] = 1;      /* not its expert */
    assert_int_equal(cx_ep_apply_experts(&kit.truth, &receive.view), CX_OK);
    assert_true(is_untouched(receive.staged));
    assert_true(is_untouched(receive.staged + KIT_HIDDEN));
    assert_false(is_untouched(receive.staged + 2 * KIT_HIDDEN));
    kit_receive(&kit, &receive);
    receive.view.row_gates = NULL;
    assert_int_equal(cx_ep_apply_experts(&kit.truth, &receive.view), CX_OK);
    assert_true(is_untouched(receive.staged));
    receive.view.staged = NULL;
    assert_int_equal(cx_ep_apply_experts(&kit.truth, &receive.view), CX_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_rows_get_all_their_experts_with_their_gates),
        KIT_TEST(test_received_gates_are_used),
        KIT_TEST(test_rows_of_experts_are_not_gated),
        KIT_TEST(test_staged_rows_may_be_the_payload),
        KIT_TEST(test_what_cannot_be_told_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
