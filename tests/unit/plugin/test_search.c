/* SPDX-License-Identifier: Apache-2.0 */
/* Where plugins may be, in which order. */
#include "plugin/search.h"

#include "support/expect.h"

#include <stdlib.h>

/* The folders, each followed by '|'; those beside the program by their last part. */
static char *folders(char *out, size_t out_bytes)
{
    cx_arena_t  arena;
    const char *folder;
    size_t      used = 0;

    cx_arena_init(&arena);
    out[0] = '\0';
    for (size_t i = 0; (folder = cx_plugin_folder(i, &arena)) != NULL; i++) {
        const char *plugins = strstr(folder, "/plugins"), *lib = strstr(folder, "/../lib");

        used += (size_t)snprintf(out + used, out_bytes - used, "%s|",
                                 plugins ? "beside"
                                 : lib   ? lib
                                         : folder);
    }
    cx_arena_fini(&arena);
    return out;
}

static void test_the_path_comes_before_the_program(void **state)
{
    static const struct {
        const char *path, *folders;
    } rows[] = {
        {NULL, "beside|/../lib/collectivex|"},
        {"", "beside|/../lib/collectivex|"},
        {"/a", "/a|beside|/../lib/collectivex|"},
        {"/a:/b c", "/a|/b c|beside|/../lib/collectivex|"},
        {":/a::/b:", "/a|/b|beside|/../lib/collectivex|"},
        {":", "beside|/../lib/collectivex|"},
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(rows[i].path ? setenv("CX_PLUGIN_PATH", rows[i].path, 1)
                                      : unsetenv("CX_PLUGIN_PATH"),
                         0);
        assert_string_equal(folders(text, sizeof text), rows[i].folders);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_path_comes_before_the_program)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
