/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the digest against known values (Python's hashlib.blake2b(digest_size=16)). */
#include "base/hash.h"

#include "support/expect.h"

static void test_known_digests(void **state)
{
    (void)state;
    char hex[CX_HASH_HEX_BYTES];

    assert_string_equal(cx_hash_hex("", 0, hex), "cae66941d9efbd404e4d88758ea67670");
    assert_string_equal(cx_hash_hex("abc", 3, hex), "cf4ab791c62b8d2b2109c90275287816");
}

static void test_every_byte_counts(void **state)
{
    (void)state;
    char bytes[64] = {0}, first[CX_HASH_HEX_BYTES], other[CX_HASH_HEX_BYTES];

    cx_hash_hex(bytes, sizeof bytes, first);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 1;
        assert_string_not_equal(cx_hash_hex(bytes, sizeof bytes, other), first);
        bytes[i] = 0;
    }
    assert_string_not_equal(cx_hash_hex(bytes, sizeof bytes - 1, other), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_digests),
        cmocka_unit_test(test_every_byte_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
