/* SPDX-License-Identifier: Apache-2.0 */
/* Our words for NCCL's interface against the header of NCCL, where this machine has one.
 * Read as text: it includes CUDA's headers, which nothing here needs. */
#include "../../../backends/xccl/xccl_api.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEADER_BYTES_MAX (1 << 20)
#define SKIPPED 77

static char header[HEADER_BYTES_MAX];

static bool read_header(const char *folder, const char *name)
{
    char   path[4096];
    FILE  *file;
    size_t count;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "re");
    if (!file) {
        return false;
    }
    count         = fread(header, 1, sizeof header - 1, file);
    header[count] = '\0';
    (void)fclose(file);
    return count > 0;
}

/* The place behind a whole word, with blanks skipped; NULL when the header does not have it. */
static const char *behind(const char *from, const char *word)
{
    const size_t length = strlen(word);

    for (const char *at = strstr(from, word); at; at = strstr(at + 1, word)) {
        const char before = at == header ? ' ' : at[-1], after = at[length];

        if (!isalnum((unsigned char)before) && before != '_' && !isalnum((unsigned char)after) &&
            after != '_') {
            return at + length + strspn(at + length, " \t\n");
        }
    }
    return NULL;
}

/* Of `name = value` in an enum or `#define name value`; fails where there is none. */
static long value_of(const char *name)
{
    const char *at = behind(header, name);

    while (at && *at != '=' && !isdigit((unsigned char)*at)) {
        at = behind(at, name);
    }
    if (!at) {
        print_error("nccl.h has no value for %s\n", name);
        fail();
        return -1;
    }
    return strtol(at + (*at == '='), NULL, 0);
}

static void test_values_are_those_of_the_header(void **state)
{
    static const struct {
        const char *name;
        long        value;
    } rows[] = {
#define RESULT(name, theirs, value) {#theirs, value},
#define WORD(name, theirs, value, version_min) {#theirs, value},
        XCCL_RESULT_MAP(RESULT) XCCL_DTYPE_MAP(WORD) XCCL_REDOP_MAP(WORD)
#undef RESULT
#undef WORD
            {"NCCL_UNIQUE_ID_BYTES", XCCL_UNIQUE_ID_BYTES},
        {"NCCL_WIN_COLL_SYMMETRIC", XCCL_WINDOW_SYMMETRIC},
        {"NCCL_WIN_REQUIRED_ALIGNMENT", XCCL_WINDOW_ALIGNMENT_BYTES},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strncmp(rows[i].name, "NCCL_WIN", 8) != 0 || behind(header, rows[i].name)) {
            assert_int_equal(value_of(rows[i].name), rows[i].value);
        }
    }
}

/* Members that a later version appends are not ours to set. */
static void test_the_configuration_begins_with_the_same_members(void **state)
{
    static const char *const members[] = {
        "size_t size",  "unsigned int magic",  "unsigned int version",
        "int blocking", "int cgaClusterSize",  "int minCTAs",
        "int maxCTAs",  "const char *netName", "int splitShare"};
    const char *at = strstr(header, "typedef struct ncclConfig_v");

    (void)state;
    assert_non_null(at);
    at = strchr(at, '{') + 1;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const char *end;

        at += strspn(at, " \t\n");
        while (strncmp(at, "/*", 2) == 0) {
            at = strstr(at, "*/") + 2;
            at += strspn(at, " \t\n");
        }
        end = strchr(at, ';');
        assert_non_null(end);
        assert_int_equal((size_t)(end - at), strlen(members[i]));
        assert_memory_equal(at, members[i], strlen(members[i]));
        at = end + 1;
    }
    assert_non_null(strstr(header, "0xcafebeef"));
    assert_int_equal(offsetof(xccl_config_t, blocking), 16);
    assert_int_equal(offsetof(xccl_config_t, net_name), 32);
}

static int count_parameters(const char *opening)
{
    int count = 1;

    for (const char *at = opening; *at && *at != ')'; at++) {
        count += *at == ',';
    }
    return count;
}

/* The count of parameters is all that text can tell; C does not check it through dlsym either. */
static void test_functions_take_as_many_parameters(void **state)
{
    static const struct {
        const char *symbol, *parameters;
    } rows[] = {
#define FUNCTION(member, symbol, is_required, result, parameters) {symbol, #parameters},
        XCCL_FUNCTION_MAP(FUNCTION)
#undef FUNCTION
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *at = behind(header, rows[i].symbol);

        while (at && *at != '(') {
            at = behind(at, rows[i].symbol);
        }
        if (at) { /* an older header lacks the newer functions */
            assert_int_equal(count_parameters(at), count_parameters(rows[i].parameters));
        }
    }
    assert_non_null(behind(header, "ncclAllReduce"));
}

int main(void)
{
    static const char *const folders[] = {"/usr/local/cuda/include", "/usr/include",
                                          "/opt/rocm/include/rccl"};
    const struct CMUnitTest  tests[]   = {
           cmocka_unit_test(test_values_are_those_of_the_header),
           cmocka_unit_test(test_the_configuration_begins_with_the_same_members),
           cmocka_unit_test(test_functions_take_as_many_parameters),
    };

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (read_header(folders[i], "nccl.h") || read_header(folders[i], "rccl.h")) {
            return cmocka_run_group_tests(tests, NULL, NULL);
        }
    }
    return SKIPPED;
}
