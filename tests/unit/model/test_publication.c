/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the tables of classes and reasons. */
#include "model/publication.h"

#include "support/expect.h"

static void test_slugs_are_unique_and_texts_are_sentences(void **state)
{
    (void)state;
    for (int i = 0; i < CX_REASON_COUNT; i++) {
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(cx_reason_slugs[i], cx_reason_slugs[j]);
        }
        assert_true(strlen(cx_reason_text((cx_reason_t)i)) > 10);
        assert_in_range(cx_reason_best((cx_reason_t)i), CX_PUBLICATION_COMPARABLE,
                        CX_PUBLICATION_FAILED);
    }
    assert_null(cx_reason_slugs[CX_REASON_COUNT]);
    assert_null(cx_publication_slugs[CX_PUBLICATION_COUNT]);
    assert_true(CX_REASON_COUNT <= 32); /* a bit each */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slugs_are_unique_and_texts_are_sentences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
