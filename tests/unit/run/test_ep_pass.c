/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle's own pairs, on a backend that is right and on one that is not. */
#include "unit/run/ep_mock.h"

static void test_right_pairs_pass_every_check(void **state)
{
    (void)state;
    for (int is_mirrored = 0; is_mirrored < 2; is_mirrored++) {
        ep_mock_t mock;

        ep_mock_open(&mock, "tokens=3,7", !is_mirrored);
        EXPECT_OK(cx_ep_pass_all(&mock.run, CX_EP_PASS_PRE));
        for (int32_t rung = 0; rung < 2; rung++) {
            const cx_ep_findings_t *findings = &mock.findings[rung];

            assert_true(cx_ep_report_is_right(&findings->reports[CX_EP_PASS_PRE]));
            for (int check = 0; check < CX_EP_CHECK_COUNT; check++) {
                assert_true(findings->reports[CX_EP_PASS_PRE].is_checked[check]);
            }
            assert_int_equal(findings->row_count, rung == 0 ? 3 : 7);
        }
        /* The rows of the first two slots of each rung are what experts made of them. */
        assert_int_equal(mock.session.dispatch_count, 4);
        ep_mock_close(&mock);
    }
}

static void test_what_is_wrong_is_in_the_report_of_its_pass(void **state)
{
    static const struct {
        ep_mock_faults_t faults;
        int32_t          rung, slot;
        cx_ep_check_t    check;
    } rows[] = {
        {{.skipped_dispatch = 1}, 0, 0, CX_EP_CHECK_SOURCE_SET},
        {{.lost_row = 4}, 1, 1, CX_EP_CHECK_SOURCE_SET},
        {{.skipped_combine = 2}, 0, 1, CX_EP_CHECK_COMBINE},
        {{.flipped_combine = 3}, 1, 0, CX_EP_CHECK_COMBINE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ep_mock_t mock;

        ep_mock_open(&mock, "tokens=3,7", true);
        mock.session.faults = rows[i].faults;
        EXPECT_OK(cx_ep_pass_all(&mock.run, CX_EP_PASS_POST));
        for (int32_t rung = 0; rung < 2; rung++) {
            const cx_ep_report_t *report = &mock.findings[rung].reports[CX_EP_PASS_POST];

            assert_int_equal(!cx_ep_report_is_right(report), rung == rows[i].rung);
            assert_true(cx_ep_report_is_right(&mock.findings[rung].reports[CX_EP_PASS_PRE]));
        }
        assert_true(mock.findings[rows[i].rung].reports[CX_EP_PASS_POST].is_failed[rows[i].check]);
        assert_int_equal(mock.findings[rows[i].rung].wrong_slots[CX_EP_PASS_POST], rows[i].slot);
        ep_mock_close(&mock);
    }
}

static void test_a_backend_that_does_not_look_ends_the_pass(void **state)
{
    ep_mock_t mock;

    (void)state;
    ep_mock_open(&mock, "tokens=7", true);
    mock.session.faults.inspect_status = CX_BACKEND;
    EXPECT_FAIL(CX_BACKEND, "does not look", cx_ep_pass_rung(&mock.run, CX_EP_PASS_PRE, 0));
    ep_mock_close(&mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_pairs_pass_every_check),
        cmocka_unit_test(test_what_is_wrong_is_in_the_report_of_its_pass),
        cmocka_unit_test(test_a_backend_that_does_not_look_ends_the_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
