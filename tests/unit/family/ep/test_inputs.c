/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that are as they were filled, and each way in which they are not. */
#include "family/ep/oracle.h"

#include "unit/family/ep/oracle_kit.h"

#include <string.h>

typedef struct inputs {
    uint16_t     x[2 * KIT_HIDDEN];
    int32_t      experts[4];
    float        gates[4];
    cx_ep_slot_t slot;
} inputs_t;

static void fill(inputs_t *inputs)
{
    *inputs = (inputs_t){.experts = {0, 1, 0, 2}, .gates = {0.25f, 0.75f, 0.5f, 0.5f}};
    cx_ep_activations(&kit.truth.activation, 0, 2, inputs->x);
    inputs->slot =
        (cx_ep_slot_t){.x = inputs->x, .experts = inputs->experts, .gates = inputs->gates};
}

static cx_ep_report_t check(const inputs_t *inputs)
{
    cx_ep_report_t report;

    cx_ep_report_init(&report);
    assert_int_equal(cx_ep_check_inputs(&kit.truth, &inputs->slot, &report), CX_OK);
    assert_true(report.is_checked[CX_EP_CHECK_INPUTS]);
    return report;
}

static void test_untouched_inputs_are_right(void **state)
{
    inputs_t       inputs;
    cx_ep_report_t report;

    (void)state;
    fill(&inputs);
    report = check(&inputs);
    assert_true(cx_ep_report_is_right(&report));
}

static void test_each_changed_input_is_named(void **state)
{
    inputs_t       inputs;
    cx_ep_report_t report;

    (void)state;
    fill(&inputs);
    inputs.x[KIT_HIDDEN + 7] ^= 1;
    report = check(&inputs);
    assert_string_equal(report.verdict.kind, "inputs-unchanged");
    assert_non_null(strstr(report.verdict.text,
                           "token 1 of rank 0, column 7 of the activations is -1.0078125, "
                           "filled with -1"));
    fill(&inputs);
    inputs.experts[3] = 3;
    report            = check(&inputs);
    assert_string_equal(report.verdict.text,
                        "inputs-unchanged: token 1 of rank 0, slot 1: expert 3, filled with 2");
    fill(&inputs);
    inputs.gates[1] = 0.5f;
    report          = check(&inputs);
    assert_string_equal(report.verdict.text,
                        "inputs-unchanged: token 0 of rank 0, slot 1: gate 0.5, filled with 0.75");
}

/* A slot with another seed has other activations. */
static void test_inputs_of_another_slot_are_wrong(void **state)
{
    inputs_t       inputs;
    cx_ep_report_t report;

    (void)state;
    fill(&inputs);
    kit.truth.activation.seed++;
    report = check(&inputs);
    assert_true(report.is_failed[CX_EP_CHECK_INPUTS]);
}

static void test_a_rank_without_tokens_has_nothing_to_change(void **state)
{
    cx_ep_report_t     report;
    const cx_ep_slot_t slot = {0};

    (void)state;
    kit.work.first_tokens[1] = 0;
    cx_ep_report_init(&report);
    assert_int_equal(cx_ep_check_inputs(&kit.truth, &slot, &report), CX_OK);
    assert_true(cx_ep_report_is_right(&report));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_untouched_inputs_are_right),
        KIT_TEST(test_each_changed_input_is_named),
        KIT_TEST(test_inputs_of_another_slot_are_wrong),
        KIT_TEST(test_a_rank_without_tokens_has_nothing_to_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
