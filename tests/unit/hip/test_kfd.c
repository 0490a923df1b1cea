/* SPDX-License-Identifier: Apache-2.0 */
/* The caches of a device in files as the kernel's driver writes them, planted in a folder.
 * Not the device hip, which looks in the kernel's own (tests/unit/gpu). */
#include "../../../devices/hip/kfd.inl"

#include "unit/target/tree.h"

/* A host, then an MI300X and one that this process may not use, as it would look to it. */
static void plant(const char *tree)
{
    char path[PATH_MAX];

    tree_write(tree, "0/properties", "cpu_cores_count 96\nlocation_id 0\ndomain 0\n");
    tree_write(tree, "0/caches/0/properties", "processor_id_low 0\nlevel 3\nsize 393216\n");
    tree_write(tree, "1/properties", "");
    tree_write(tree, "2/properties", "simd_count 1216\nlocation_id 49664\ndomain 1\n");
    tree_write(tree, "2/caches/0/properties",
               "processor_id_low 0\nlevel 1\nsize 32\ncache_line_size 524288\n");
    tree_write(tree, "2/caches/1/properties", "processor_id_low 0\nlevel 3\nsize 262144\n");
    tree_write(tree, "2/caches/2/properties", "processor_id_low 0\nlevel 2\nsize 4096\n");
    (void)tree_path(tree, "3/properties", path); /* a folder without files, between others */
    tree_write(tree, "4/properties", "location_id 1610662656\ndomain 1\n"); /* a part of a card */
    tree_write(tree, "4/caches/0/properties", "level 2\nsize 4096\n");
    tree_write(tree, "5/properties", "location_id 256\ndomain 0\n");
}

static void test_the_largest_cache_of_the_device_at_that_address_is_told(void **state)
{
    static const struct {
        const char *address;
        int64_t     cache_bytes;
    } rows[] = {
        {"0001:c2:00.0", INT64_C(256) << 20}, /* not the first, and not the last of its list */
        {"0001:C2:00.0", INT64_C(256) << 20},
        {"0000:c2:00.0", 0}, /* another domain */
        {"0001:c3:00.0", INT64_C(4)
                             << 20}, /* above the location lies which part of the card it is */
        {"0000:01:00.0", 0},         /* a device without a list */
        {"0000:00:00.0", 0},         /* a host is no device */
        {"", 0},
        {"no address", 0},
    };
    char tree[TREE_BYTES];

    (void)state;
    tree_make(tree);
    plant(tree);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(kfd_cache_bytes(tree, rows[i].address), rows[i].cache_bytes);
    }
    tree_remove(tree);
}

static void test_where_the_driver_lists_nothing_nothing_is_known(void **state)
{
    (void)state;
    assert_int_equal(kfd_cache_bytes("/nowhere", "0000:01:00.0"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_largest_cache_of_the_device_at_that_address_is_told),
        cmocka_unit_test(test_where_the_driver_lists_nothing_nothing_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
