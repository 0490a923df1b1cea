/* SPDX-License-Identifier: Apache-2.0 */
/* Received rows in both memories, and the one number that stands for all of them. */
#include "unit/run/ep_mock.h"

static void open_view(ep_mock_t *mock, int32_t slot, cx_ep_host_view_t *view)
{
    EXPECT_OK(cx_ep_view_open(&ep_mock_ops, &mock->session, &mock->run.slots, slot, view));
}

static uint64_t digest_of(ep_mock_t *mock, int32_t slot)
{
    cx_ep_host_view_t view;
    uint64_t          digest;

    open_view(mock, slot, &view);
    EXPECT_OK(cx_ep_view_digest(&view, &digest));
    cx_ep_view_close(&view);
    return digest;
}

static void test_the_digest_is_that_of_what_was_due_in_any_order(void **state)
{
    (void)state;
    for (int is_mirrored = 0; is_mirrored < 2; is_mirrored++) {
        for (int is_reversed = 0; is_reversed < 2; is_reversed++) {
            ep_mock_t mock;

            ep_mock_open(&mock, "tokens=7", !is_mirrored);
            mock.session.faults.is_reversed = is_reversed;
            ep_mock_pairs(&mock, 0, 2);
            for (int32_t slot = 0; slot < 2; slot++) {
                assert_true(digest_of(&mock, slot) == mock.expectations[slot].received_digest);
            }
            assert_true(digest_of(&mock, 0) != digest_of(&mock, 1));
            ep_mock_close(&mock);
        }
    }
}

static void test_every_change_changes_the_digest(void **state)
{
    ep_mock_t mock;
    uint64_t  right;

    (void)state;
    ep_mock_open(&mock, "tokens=7", true);
    ep_mock_pairs(&mock, 0, 1);
    right = mock.expectations[0].received_digest;
    for (int64_t at = 0; at < 7 * 256; at += 131) {
        mock.session.received[0].rows[at] ^= 1;
        assert_true(digest_of(&mock, 0) != right);
        mock.session.received[0].rows[at] ^= 1;
    }
    assert_true(digest_of(&mock, 0) == right);
    mock.session.received[0].row_count = 6;
    assert_true(digest_of(&mock, 0) != right);
    mock.session.received[0].row_count = 8; /* one more than there can be */
    assert_true(digest_of(&mock, 0) != right);
    mock.session.received[0].row_count = 7;
    memcpy(mock.session.received[0].rows, mock.session.received[0].rows + 256, 512);
    assert_true(digest_of(&mock, 0) != right); /* a row twice */
    ep_mock_close(&mock);
}

static void test_poison_reaches_every_row(void **state)
{
    (void)state;
    for (int is_mirrored = 0; is_mirrored < 2; is_mirrored++) {
        cx_ep_host_view_t view;
        ep_mock_t         mock;

        ep_mock_open(&mock, "tokens=7", !is_mirrored);
        ep_mock_pairs(&mock, 0, 1);
        open_view(&mock, 0, &view);
        EXPECT_OK(cx_ep_view_poison(&view, true));
        cx_ep_view_close(&view);
        for (int64_t at = 0; at < 7 * 256; at++) {
            assert_true((mock.session.received[0].rows[at] & 0x7fc0) == 0x7fc0);
        }
        ep_mock_close(&mock);
    }
}

static void test_what_experts_say_reaches_the_backend(void **state)
{
    (void)state;
    for (int is_mirrored = 0; is_mirrored < 2; is_mirrored++) {
        cx_ep_host_view_t view;
        ep_mock_t         mock;

        ep_mock_open(&mock, "tokens=7", !is_mirrored);
        ep_mock_pairs(&mock, 0, 1);
        open_view(&mock, 0, &view);
        ((uint16_t *)view.host.staged)[6 * 256 + 3] = 0x1234;
        EXPECT_OK(cx_ep_view_store_staged(&view));
        cx_ep_view_close(&view);
        assert_int_equal(mock.session.received[0].rows[6 * 256 + 3], 0x1234);
        ep_mock_close(&mock);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_digest_is_that_of_what_was_due_in_any_order),
        cmocka_unit_test(test_every_change_changes_the_digest),
        cmocka_unit_test(test_poison_reaches_every_row),
        cmocka_unit_test(test_what_experts_say_reaches_the_backend),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
