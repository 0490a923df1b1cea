/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of timed pairs: what they leave is checked on every slot they used, and every way to leave
 * something wrong is seen, in the words of the check it breaks. */
#include "unit/run/ep_mock.h"

/* A block of pairs between the hooks. */
static cx_block_report_t run_block(ep_mock_t *mock, int32_t rung, int64_t pair_count)
{
    cx_block_report_t report = {0};

    EXPECT_OK(cx_ep_before_block(&mock->run, rung, pair_count));
    ep_mock_pairs(mock, rung, pair_count);
    EXPECT_OK(cx_ep_after_block(&mock->run, rung, pair_count, &report));
    return report;
}

static const cx_ep_report_t *timed(const ep_mock_t *mock, int32_t rung)
{
    return &mock->findings[rung].reports[CX_EP_PASS_TIMED];
}

static void test_right_pairs_are_all_seen(void **state)
{
    static const int64_t pair_counts[] = {1, 3, 8, 20};

    (void)state;
    for (int is_mirrored = 0; is_mirrored < 2; is_mirrored++) {
        for (int is_reversed = 0; is_reversed < 2; is_reversed++) {
            ep_mock_t mock;

            ep_mock_open(&mock, "tokens=3,7", !is_mirrored);
            mock.session.faults.is_reversed = is_reversed;
            for (size_t i = 0; i < 4; i++) {
                for (int32_t rung = 0; rung < 2; rung++) {
                    cx_block_report_t report = run_block(&mock, rung, pair_counts[i]);
                    int32_t           slots  = mock.run.plan.rungs[rung].slot_count;

                    assert_int_equal(slots, 8);
                    assert_int_equal(report.verified_count,
                                     pair_counts[i] < 8 ? pair_counts[i] : 8);
                    assert_int_equal(report.wrong_count, 0);
                    assert_true(cx_ep_report_is_right(timed(&mock, rung)));
                }
            }
            ep_mock_close(&mock);
        }
    }
}

static void test_one_wrong_pair_is_found_on_its_slot(void **state)
{
    static const struct {
        ep_mock_faults_t faults;
        cx_ep_check_t    check;
        int32_t          slot;
    } rows[] = {
        {{.skipped_combine = 7}, CX_EP_CHECK_COMBINE, 6},
        {{.flipped_combine = 3}, CX_EP_CHECK_COMBINE, 2},
        {{.skipped_dispatch = 7}, CX_EP_CHECK_SOURCE_SET, 6},
        {{.lost_row = 5}, CX_EP_CHECK_SOURCE_SET, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_block_report_t report;
        ep_mock_t         mock;

        ep_mock_open(&mock, "tokens=3,7", true);
        ep_mock_pairs(&mock, 1, 8); /* every slot has been received into: it can be stale */
        mock.session.dispatch_count = mock.session.combine_count = 0;
        mock.session.faults                                      = rows[i].faults;
        report                                                   = run_block(&mock, 1, 8);
        assert_int_equal(report.verified_count, 8);
        assert_int_equal(report.wrong_count, 1);
        assert_int_equal(mock.findings[1].wrong_slots[CX_EP_PASS_TIMED], rows[i].slot);
        assert_true(timed(&mock, 1)->is_failed[rows[i].check] ||
                    timed(&mock, 1)->is_failed[CX_EP_CHECK_COMBINE]);
        assert_true(strlen(timed(&mock, 1)->verdict.text) > 20);
        assert_true(cx_ep_report_is_right(timed(&mock, 0)));
        /* The words are kept, and the next blocks are counted. */
        report = run_block(&mock, 1, 8);
        assert_int_equal(report.wrong_count, 0);
        assert_int_equal(mock.findings[1].wrong_slots[CX_EP_PASS_TIMED], rows[i].slot);
        ep_mock_close(&mock);
    }
}

/* Hoisted pairs send home what was staged before, so that only the receive says what was sent. */
static void test_a_skipped_dispatch_is_seen_where_staging_is_hoisted(void **state)
{
    cx_block_report_t report = {0};
    ep_mock_t         mock;

    (void)state;
    ep_mock_open(&mock, "tokens=7", true);
    ep_mock_pairs(&mock, 0, 8);
    mock.run.plan.is_hoisted = true;
    EXPECT_OK(cx_ep_before_block(&mock.run, 0, 4));
    for (int32_t slot = 0; slot < 4; slot++) { /* right outputs, and a receive that is poison */
        memcpy(mock.session.slots[slot].combined, mock.session.slots[slot].x, 7 * 512);
    }
    EXPECT_OK(cx_ep_after_block(&mock.run, 0, 4, &report));
    assert_int_equal(report.wrong_count, 4);
    assert_false(timed(&mock, 0)->is_failed[CX_EP_CHECK_COMBINE]);
    assert_true(timed(&mock, 0)->is_failed[CX_EP_CHECK_SOURCE_SET] ||
                timed(&mock, 0)->is_failed[CX_EP_CHECK_PAYLOAD]);
    ep_mock_close(&mock);
}

static void test_outputs_within_tolerance_are_right_unless_bitwise(void **state)
{
    (void)state;
    for (int is_bitwise = 0; is_bitwise < 2; is_bitwise++) {
        cx_block_report_t report;
        ep_mock_t         mock;

        ep_mock_open(&mock, "tokens=7", true);
        mock.run.plan.caps.is_bitwise       = is_bitwise;
        mock.session.faults.flipped_combine = 2; /* the lowest bit of one element */
        report                              = run_block(&mock, 0, 4);
        assert_int_equal(report.wrong_count, is_bitwise);
        mock.session.faults.skipped_combine = mock.session.combine_count + 1;
        report                              = run_block(&mock, 0, 4);
        assert_int_equal(report.wrong_count, 1);
        assert_true(timed(&mock, 0)->is_failed[CX_EP_CHECK_COMBINE]);
        ep_mock_close(&mock);
    }
}

static void test_nothing_is_checked_where_it_is_switched_off(void **state)
{
    cx_block_report_t report;
    ep_mock_t         mock;

    (void)state;
    ep_mock_open(&mock, "tokens=7 verify=false", true);
    mock.session.faults.skipped_combine = 1;
    report                              = run_block(&mock, 0, 4);
    assert_int_equal(report.verified_count, 0);
    assert_int_equal(report.wrong_count, 0);
    ep_mock_close(&mock);
}

static void test_a_backend_that_does_not_look_fails_the_block(void **state)
{
    cx_block_report_t report = {0};
    ep_mock_t         mock;

    (void)state;
    ep_mock_open(&mock, "tokens=7", true);
    ep_mock_pairs(&mock, 0, 8);
    mock.session.faults.inspect_status = CX_BACKEND;
    EXPECT_FAIL(CX_BACKEND, "does not look", cx_ep_before_block(&mock.run, 0, 4));
    EXPECT_FAIL(CX_BACKEND, "does not look", cx_ep_after_block(&mock.run, 0, 4, &report));
    ep_mock_close(&mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_pairs_are_all_seen),
        cmocka_unit_test(test_one_wrong_pair_is_found_on_its_slot),
        cmocka_unit_test(test_a_skipped_dispatch_is_seen_where_staging_is_hoisted),
        cmocka_unit_test(test_outputs_within_tolerance_are_right_unless_bitwise),
        cmocka_unit_test(test_nothing_is_checked_where_it_is_switched_off),
        cmocka_unit_test(test_a_backend_that_does_not_look_fails_the_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
