/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the list of loaded libraries against the files they came from. */
#include "target/libraries.h"

#include "tree.h"

#include <elf.h>
#include <link.h>

static const json_t *find_library(const json_t *list, const char *soname)
{
    const json_t *row;
    size_t        index;

    json_array_foreach(list, index, row)
    {
        const char *name = json_string_value(json_object_get(row, "soname"));

        if (name && strcmp(name, soname) == 0) {
            return row;
        }
    }
    return NULL;
}

/* The independent way: the GNU note is the name, preceded by its header, in the file's bytes. */
static void assert_file_has_build_id(const char *path, const char *hex)
{
    static uint8_t bytes[1 << 20];
    FILE          *file = fopen(path, "rb");
    char           found[128];

    assert_non_null(file);
    const size_t count = fread(bytes, 1, sizeof bytes, file);

    assert_int_equal(fclose(file), 0);
    for (size_t at = 12; at + 4 + 20 < count; at += 4) {
        const uint32_t *header = (const uint32_t *)(const void *)(bytes + at - 12);

        if (memcmp(bytes + at, "GNU", 4) == 0 && header[0] == 4 && header[2] == NT_GNU_BUILD_ID) {
            for (uint32_t i = 0; i < header[1]; i++) {
                (void)snprintf(found + 2 * i, 3, "%02x", bytes[at + 4 + i]);
            }
            assert_string_equal(found, hex);
            return;
        }
    }
    fail_msg("%s has no build id", path);
}

static void test_libc_is_listed_with_the_build_id_of_its_file(void **state)
{
    (void)state;
    json_t       *list = cx_libraries_loaded();
    const json_t *libc = find_library(list, "libc.so.6");

    assert_non_null(libc);
    const char *path = json_string_value(json_object_get(libc, "path"));
    const char *id   = json_string_value(json_object_get(libc, "build_id"));

    assert_non_null(path);
    assert_non_null(id);
    assert_file_has_build_id(path, id);
    json_decref(list);
}

static void test_libraries_without_interest_are_left_out(void **state)
{
    (void)state;
    json_t *list = cx_libraries_loaded();

    assert_non_null(find_library(list, "libc.so.6"));
    assert_null(find_library(list, "libcmocka.so.0"));
    assert_null(find_library(list, "libm.so.6"));
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libc_is_listed_with_the_build_id_of_its_file),
        cmocka_unit_test(test_libraries_without_interest_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
