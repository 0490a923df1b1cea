/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of telling hosts apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peers/hosts.h"

static void this_host_is_the_same_twice(void **state)
{
    uint64_t one = 0, other = 1;

    (void)state;
    assert_int_equal(cx_host_identify(&one), CX_OK);
    assert_int_equal(cx_host_identify(&other), CX_OK);
    assert_int_equal(one, other);
    assert_int_not_equal(one, UINT64_MAX);
    assert_int_not_equal(one, 0);
}

static void hosts_are_numbered_by_their_lowest_rank(void **state)
{
    static const uint64_t identities[] = {9, 4, 9, 7, 4, 4, 9};
    static const int32_t  expected[]   = {0, 1, 0, 2, 1, 1, 0};
    int32_t               indices[7];

    (void)state;
    cx_host_number(identities, 7, indices);
    assert_memory_equal(indices, expected, sizeof expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_host_is_the_same_twice),
        cmocka_unit_test(hosts_are_numbered_by_their_lowest_rank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
