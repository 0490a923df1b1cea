/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that words and enums are in one order, and that measuring knows the words of sampling. */
#include "model/ep_words.h"

#include "collectivex/ep.h"
#include "measure/pairs.h"
#include "model/case.h"
#include "support/expect.h"

static size_t count(const char *const *slugs)
{
    size_t length = 0;

    while (slugs[length]) {
        length++;
    }
    return length;
}

static void test_every_word_has_a_number(void **state)
{
    (void)state;
    assert_int_equal(count(cx_ep_mode_slugs), CX_EP_MODE_COUNT);
    assert_int_equal(count(cx_ep_routing_slugs), CX_EP_ROUTING_COUNT);
    assert_int_equal(count(cx_ep_uneven_slugs), CX_EP_UNEVEN_COUNT);
    assert_int_equal(count(cx_ep_profile_slugs), CX_EP_PROFILE_COUNT);
    assert_int_equal(count(cx_ep_placement_slugs), CX_EP_PLACEMENT_COUNT);
    assert_int_equal(count(cx_codec_slugs), CX_CODEC_COUNT);
    assert_string_equal(cx_ep_mode_slugs[CX_EP_MODE_LOW_LATENCY], "low-latency");
    assert_string_equal(cx_ep_routing_slugs[CX_EP_ROUTING_TRACE], "trace");
    assert_string_equal(cx_ep_uneven_slugs[CX_EP_UNEVEN_EMPTY_RANK], "empty-rank");
    assert_string_equal(cx_codec_slugs[CX_CODEC_NVFP4], "nvfp4");
}

static void test_the_option_sampling_is_what_pairs_are_sampled_by(void **state)
{
    const cx_option_t *row = cx_options_find(cx_case_options, "sampling");

    (void)state;
    for (size_t i = 0; i <= CX_PAIR_PROFILE_COUNT; i++) {
        const char *word = row->choices[i];

        assert_true(word ? strcmp(word, cx_pair_profile_slugs[i]) == 0 : !cx_pair_profile_slugs[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_word_has_a_number),
        cmocka_unit_test(test_the_option_sampling_is_what_pairs_are_sampled_by),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
