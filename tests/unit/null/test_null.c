/* SPDX-License-Identifier: Apache-2.0 */
/* The null backend: scripts, and their effect on a virtual clock. Not the clock (../sim). */
#include "support/fake_core.h"
#include "support/open_plugin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BUDGET_NS INT64_C(60000000000)

/* What the backend's option rows describe. */
typedef struct options {
    const char *script;
} options_t;

static fake_core_t             fake;
static const cx_backend_ops_t *ops;

static int set_up(void **state)
{
    (void)state;
    fake_core_init(&fake, NULL, 0, 1, BUDGET_NS);
    fake.core.device_ops = plugin_open_device("cx-device-sim.so");
    ops                  = plugin_open_backend("cx-backend-null.so");
    fake_detail_text[0]  = '\0';
    return ops && fake.core.device_ops &&
                   fake.core.device_ops->open(&fake.core, 0, &fake.core.device) == CX_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    fake.core.device_ops->close(fake.core.device);
    return 0;
}

static const cx_shape_t shape = {
    .op = CX_COLLECTIVE_ALL_REDUCE, .dtype = CX_DTYPE_FP32, .redop = CX_REDOP_SUM, .root_rank = -1};

/* The virtual nanoseconds that one operation takes. */
static int64_t operation_ns(cx_session_t *session)
{
    int64_t start_ns = fake.core.device_ops->now_ns(fake.core.device);

    assert_int_equal(ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL), CX_OK);
    return fake.core.device_ops->now_ns(fake.core.device) - start_ns;
}

static void test_table_and_option_row_fit_each_other(void **state)
{
    (void)state;
    assert_int_equal(ops->abi, CX_BACKEND_ABI);
    assert_int_equal(ops->struct_size, sizeof(cx_backend_ops_t));
    assert_int_equal(ops->options_bytes, sizeof(options_t));
    assert_string_equal(ops->options[0].name, "null-script");
    assert_int_equal(ops->options[0].offset, offsetof(options_t, script));
    assert_false(ops->options[0].is_axis);
    assert_null(ops->options[1].name);
}

static void test_caps_offer_everything_and_admit_that_nothing_moves(void **state)
{
    cx_caps_t caps;

    (void)state;
    assert_int_equal(ops->probe(&fake.core, &caps), CX_OK);
    assert_true(caps.moves_no_data);
    assert_true(caps.can_capture);
    assert_int_equal(caps.collectives, (1 << CX_COLLECTIVE_COUNT) - 1);
    assert_int_equal(caps.dtypes, (1 << CX_DTYPE_COUNT) - 1);
    assert_string_equal(caps.devices, "host sim");
}

static void test_script_is_repeated_and_starts_anew_with_each_size(void **state)
{
    static const struct {
        const char *script;
        int64_t     times_ns[5];
    } cases[] = {
        {"", {0, 0, 0, 0, 0}},
        {"12.5us", {12500, 12500, 12500, 12500, 12500}},
        {"12.5us,13us,40.25us", {12500, 13000, 40250, 12500, 13000}},
        {"7ns,1ms,2s", {7, 1000000, 2000000000, 7, 1000000}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options_t     options = {cases[i].script};
        cx_point_t    point   = {.elems = 1};
        cx_session_t *session = NULL;

        assert_int_equal(ops->open(&fake.core, &shape, &options, &session), CX_OK);
        for (int size = 0; size < 2; size++) {
            assert_int_equal(ops->prepare(session, &point), CX_OK);
            for (int j = 0; j < 5; j++) {
                assert_int_equal(operation_ns(session), cases[i].times_ns[j]);
            }
            ops->release(session);
        }
        ops->close(session);
    }
}

static void test_what_is_not_a_script_is_refused(void **state)
{
    static const char *const scripts[] = {
        "12.5", "us", "12.5us,", ",12.5us", "12.5us,,13us", "-1us", "1min", "1us 2us", "nanus",
    };
    char long_script[66 * 4] = "1us";

    (void)state;
    for (int i = 1; i < 65; i++) {
        memcpy(long_script + 4 * i - 1, ",1us", 4);
    }
    for (size_t i = 0; i <= sizeof scripts / sizeof *scripts; i++) {
        bool          is_last = i == sizeof scripts / sizeof *scripts;
        options_t     options = {is_last ? long_script : scripts[i]};
        cx_session_t *session = NULL;

        fake_detail_text[0] = '\0';
        assert_int_equal(ops->open(&fake.core, &shape, &options, &session), CX_INVALID);
        assert_non_null(strstr(fake_detail_text, options.script));
        assert_null(session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table_and_option_row_fit_each_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_caps_offer_everything_and_admit_that_nothing_moves,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_script_is_repeated_and_starts_anew_with_each_size,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_a_script_is_refused, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
