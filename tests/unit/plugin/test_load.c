/* SPDX-License-Identifier: Apache-2.0 */
/* Loading plugins, and every reason to refuse one. Damaged ones are made of the real null backend.
 */
#include "plugin/plugin.h"

#include "base/file.h"
#include "support/expect.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];     /* with plugins of this test */
static char real[PATH_MAX]; /* with those of the build */
static char search[PATH_MAX * 2];

static char *place(const char *file)
{
    static char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    return path;
}

static void write_text(const char *file, const char *text)
{
    EXPECT_OK(cx_file_write(place(file), text, strlen(text)));
}

/* The null backend with other first words in its table. */
static void write_altered(const char *file, uint32_t abi, uint32_t struct_size)
{
    const uint32_t wanted[]  = {CX_BACKEND_ABI, sizeof(cx_backend_ops_t)};
    const uint32_t altered[] = {abi, struct_size};
    char           path[PATH_MAX + 32];
    char          *bytes;
    size_t         count, found = 0;

    (void)snprintf(path, sizeof path, "%s/cx-backend-null.so", real);
    EXPECT_OK(cx_file_read(path, 1 << 26, &bytes, &count));
    for (size_t i = 0; i + sizeof wanted <= count; i += sizeof(void *)) {
        if (memcmp(bytes + i, wanted, sizeof wanted) == 0) {
            memcpy(bytes + i, altered, sizeof altered);
            found++;
        }
    }
    assert_int_equal(found, 1);
    EXPECT_OK(cx_file_write(place(file), bytes, count));
    free(bytes);
}

static int set_up(void **state)
{
    const char *path = getenv("CX_PLUGIN_PATH");

    (void)state;
    (void)snprintf(real, sizeof real, "%s", path ? path : "plugins");
    (void)snprintf(folder, sizeof folder, "/tmp/collectivex-plugins-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    (void)snprintf(search, sizeof search, "%s:%s", folder, real);
    return setenv("CX_PLUGIN_PATH", search, 1);
}

static int tear_down(void **state)
{
    static const char *const files[] = {"cx-backend-damaged.so", "cx-backend-symbolless.so",
                                        "cx-backend-newer.so",   "cx-backend-small.so",
                                        "cx-device-damaged.so",  "cx-backend-null.so",
                                        "cx-backend-.so",        "backend-x.so",
                                        "cx-backend-mpi.txt",    "cx-device-newer.so"};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)unlink(place(files[i]));
    }
    return rmdir(folder);
}

static void test_real_plugins_load(void **state)
{
    const cx_backend_ops_t *backend, *again;
    const cx_device_ops_t  *device;

    (void)state;
    EXPECT_OK(cx_backend_load("null", "test", &backend));
    EXPECT_OK(cx_backend_load("null", "test", &again));
    assert_ptr_equal(backend, again);
    assert_string_equal(backend->name, "null");
    EXPECT_OK(cx_device_load("sim", "test", &device));
    assert_string_equal(device->name, "sim");
}

static void test_an_unknown_name_gets_the_nearest(void **state)
{
    const cx_backend_ops_t *backend = NULL;
    const cx_device_ops_t  *device  = NULL;

    (void)state;
    EXPECT_FAIL(CX_INVALID, "line 3: no backend called \"nul\"; did you mean \"null\"?",
                cx_backend_load("nul", "line 3", &backend));
    EXPECT_FAIL(CX_INVALID, "no backend called \"zzzzzz\"; see: collectivex list backends",
                cx_backend_load("zzzzzz", "test", &backend));
    EXPECT_FAIL(CX_INVALID, "no device called \"hosst\"; did you mean \"host\"?",
                cx_device_load("hosst", "test", &device));
    EXPECT_FAIL(CX_INVALID, "see: collectivex list devices",
                cx_device_load("\x1b[31m", "test", &device));
    assert_null(strchr(cx_detail()->text, '\x1b'));
    assert_null(backend);
    assert_null(device);
}

static void test_a_name_is_no_path(void **state)
{
    const cx_backend_ops_t *backend;
    char                    name[PATH_MAX + 32];

    (void)state;
    (void)snprintf(name, sizeof name, "x/../../..%s/cx-backend-null", real);
    EXPECT_FAIL(CX_INVALID, "no backend called", cx_backend_load(name, "test", &backend));
}

static void test_what_is_no_plugin_is_refused_with_its_reason(void **state)
{
    const cx_backend_ops_t *backend = NULL;
    const cx_device_ops_t  *device  = NULL;
    char                    target[PATH_MAX + 32];

    (void)state;
    write_text("cx-backend-damaged.so", "this is text");
    EXPECT_FAIL(CX_INVALID, "cx-backend-damaged.so: cannot be loaded: ",
                cx_backend_load("damaged", "test", &backend));
    write_text("cx-device-damaged.so", "");
    EXPECT_FAIL(CX_INVALID, "cx-device-damaged.so: cannot be loaded: ",
                cx_device_load("damaged", "test", &device));
    (void)snprintf(target, sizeof target, "%s/cx-device-sim.so", real);
    assert_int_equal(symlink(target, place("cx-backend-symbolless.so")), 0);
    EXPECT_FAIL(CX_INVALID, "exports no cx_backend_v1, so it was built for another ABI",
                cx_backend_load("symbolless", "test", &backend));
    write_altered("cx-backend-newer.so", CX_BACKEND_ABI + 1, sizeof(cx_backend_ops_t));
    EXPECT_FAIL(CX_INVALID, "is of ABI 2, this program needs 1",
                cx_backend_load("newer", "test", &backend));
    assert_null(backend);
    assert_null(device);
}

/* A table without its last member would be called through what lies behind it. */
static void test_a_table_that_lacks_members_is_refused(void **state)
{
    const cx_backend_ops_t *backend = NULL;

    (void)state;
    write_altered("cx-backend-small.so", CX_BACKEND_ABI, offsetof(cx_backend_ops_t, close));
    EXPECT_FAIL(CX_INVALID, "backend small: its table is too small for ABI 1",
                cx_backend_load("small", "test", &backend));
    assert_null(backend);
}

static bool has_name(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

static void test_names_are_those_of_all_folders_once_and_sorted(void **state)
{
    cx_arena_t   arena;
    const char **names;

    (void)state;
    cx_arena_init(&arena);
    write_text("cx-backend-null.so", "hides the real one");
    write_text("cx-backend-.so", "has no name");
    write_text("backend-x.so", "is no plugin");
    write_text("cx-backend-mpi.txt", "is none either");
    EXPECT_OK(cx_plugin_names(CX_PLUGIN_BACKEND, &arena, &names));
    assert_true(has_name(names, "null"));
    assert_true(has_name(names, "hostref"));
    assert_false(has_name(names, ""));
    assert_false(has_name(names, "sim"));
    for (size_t i = 0; names[i + 1]; i++) {
        assert_true(strcmp(names[i], names[i + 1]) < 0);
    }
    EXPECT_OK(cx_plugin_names(CX_PLUGIN_DEVICE, &arena, &names));
    assert_true(has_name(names, "sim"));
    assert_false(has_name(names, "null"));
    cx_arena_fini(&arena);
}

static void test_the_first_folder_wins(void **state)
{
    cx_arena_t arena;

    (void)state;
    cx_arena_init(&arena);
    assert_non_null(strstr(cx_plugin_path(CX_PLUGIN_BACKEND, "null", &arena), folder));
    assert_int_equal(unlink(place("cx-backend-null.so")), 0);
    assert_non_null(strstr(cx_plugin_path(CX_PLUGIN_BACKEND, "null", &arena), real));
    assert_null(cx_plugin_path(CX_PLUGIN_DEVICE, "null", &arena));
    cx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_plugins_load),
        cmocka_unit_test(test_an_unknown_name_gets_the_nearest),
        cmocka_unit_test(test_a_name_is_no_path),
        cmocka_unit_test(test_what_is_no_plugin_is_refused_with_its_reason),
        cmocka_unit_test(test_a_table_that_lacks_members_is_refused),
        cmocka_unit_test(test_names_are_those_of_all_folders_once_and_sorted),
        cmocka_unit_test(test_the_first_folder_wins),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
