/* SPDX-License-Identifier: Apache-2.0 */
/* Views are read as far as they can be right, and no further. */
#include "family/ep/reader.h"

#include "unit/family/ep/oracle_kit.h"

#include <string.h>

static kit_receive_t receive;

static void open_reader(cx_ep_reader_t *reader)
{
    assert_int_equal(cx_ep_reader_init(&kit.truth, &receive.view, &kit.arena, reader), CX_OK);
}

static void test_what_is_due_is_counted(void **state)
{
    cx_ep_reader_t reader;

    (void)state;
    kit_receive(&kit, &receive);
    open_reader(&reader);
    assert_int_equal(reader.list_count, 1);
    assert_int_equal(reader.due_row_count, 3);
    assert_int_equal(reader.due_experts[0], 2);
    assert_int_equal(reader.due_experts[1], 2);
    assert_int_equal(cx_ep_reader_readable(&reader, 0), 3);
    assert_int_equal(cx_ep_reader_local_count(&reader, 0), 2);
    assert_int_equal(cx_ep_reader_local_count(&reader, 2), 0);
    assert_int_equal(cx_ep_reader_slot(&reader, 3, 1), 0);
    assert_int_equal(cx_ep_reader_slot(&reader, 3, 0), -1);
    kit_per_expert(&kit);
    kit_receive(&kit, &receive);
    open_reader(&reader);
    assert_int_equal(reader.list_count, 2);
    assert_int_equal(reader.due_row_count, 4);
    assert_int_equal(cx_ep_reader_at(&reader, 1, 1), 3);
}

static void test_rows_are_decoded_and_spell_their_tokens(void **state)
{
    uint16_t       values[KIT_HIDDEN];
    cx_ep_reader_t reader;

    (void)state;
    kit_receive(&kit, &receive);
    open_reader(&reader);
    assert_int_equal(cx_ep_reader_token(&reader, 0), 0);
    assert_int_equal(cx_ep_reader_token(&reader, 2), 3);
    cx_ep_reader_values(&reader, 2, values);
    assert_memory_equal(values, receive.rows + 2 * KIT_HIDDEN, sizeof values);
    receive.rows[2 * KIT_HIDDEN + 2] ^= 0x8000; /* bit 2: token 7 */
    assert_int_equal(cx_ep_reader_token(&reader, 2), -1);
    receive.rows[2] = 0x7fc0;
    assert_int_equal(cx_ep_reader_token(&reader, 0), -1);
}

static void test_claims_do_not_lead_outside(void **state)
{
    static const int64_t claims[] = {-1, INT64_MIN, 4, INT64_MAX};
    cx_ep_reader_t       reader;

    (void)state;
    kit_receive(&kit, &receive);
    for (int i = 0; i < 4; i++) {
        receive.view.row_count = claims[i];
        open_reader(&reader);
        assert_int_equal(cx_ep_reader_claimed(&reader, 0), claims[i]);
        assert_int_equal(cx_ep_reader_readable(&reader, 0), claims[i] < 0 ? 0 : 3);
    }
    kit_per_expert(&kit);
    kit_receive(&kit, &receive);
    receive.counts[0] = INT32_MAX;
    receive.counts[1] = -5;
    open_reader(&reader);
    assert_int_equal(cx_ep_reader_readable(&reader, 0), 2); /* the capacity */
    assert_int_equal(cx_ep_reader_readable(&reader, 1), 0);
    receive.view.expert_row_capacity = INT64_MAX;
    open_reader(&reader);
    assert_int_equal(cx_ep_reader_readable(&reader, 0), 0);
    receive.view.expert_row_capacity = -1;
    open_reader(&reader);
    assert_int_equal(cx_ep_reader_readable(&reader, 0), 0);
    receive.view.expert_row_counts = NULL;
    open_reader(&reader);
    assert_int_equal(cx_ep_reader_claimed(&reader, 0), 0);
}

static void test_memory_that_cannot_hold_rows_is_not_read(void **state)
{
    static float   scales[3];
    cx_ep_reader_t reader;

    (void)state;
    kit_receive(&kit, &receive);
    receive.view.payload_stride_bytes--;
    open_reader(&reader);
    assert_false(reader.has_rows);
    receive.view.payload = NULL;
    open_reader(&reader);
    assert_int_equal(cx_ep_reader_readable(&reader, 0), 0);
    kit.problem.dispatch_codec = CX_CODEC_E4M3FN_BLOCK;
    kit_receive(&kit, &receive);
    open_reader(&reader);
    assert_false(reader.has_rows); /* no scales */
    receive.view.scales             = scales;
    receive.view.scale_stride_bytes = sizeof scales[0];
    open_reader(&reader);
    assert_true(reader.has_rows);
    assert_ptr_equal(cx_ep_reader_scales(&reader, 2), scales + 2);
}

static void test_unaligned_scales_are_read(void **state)
{
    uint16_t       values[KIT_HIDDEN];
    unsigned char  scales[16] = {0};
    const float    scale      = 0.5f;
    cx_ep_reader_t reader;

    (void)state;
    kit.problem.dispatch_codec = CX_CODEC_E4M3FN_BLOCK;
    kit_receive(&kit, &receive);
    memset(receive.rows, 0x38, sizeof receive.rows); /* 1 */
    memcpy(scales + 1 + 5, &scale, sizeof scale);
    receive.view.scales             = scales + 1;
    receive.view.scale_stride_bytes = 5;
    open_reader(&reader);
    cx_ep_reader_values(&reader, 1, values);
    assert_int_equal(values[0], 0x3f00);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_what_is_due_is_counted),
        KIT_TEST(test_rows_are_decoded_and_spell_their_tokens),
        KIT_TEST(test_claims_do_not_lead_outside),
        KIT_TEST(test_memory_that_cannot_hold_rows_is_not_read),
        KIT_TEST(test_unaligned_scales_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
